//! The table of section names, as data.
//!
//! Rows as in libbpf 1.8's `section_defs`; the first that matches counts, so specific names come
//! first. `TARGET`: `/something` may follow. `BY_BTF`: that something is looked up in the kernel's
//! BTF at load. `optional`: the attach type may be left out where the kernel does not check it.

use crate::sys::{AttachType, ProgType};

use super::sec::SecKind;

/// `BPF_F_SLEEPABLE`.
const SLEEPABLE: u32 = 1 << 4;
/// `BPF_F_XDP_HAS_FRAGS`.
const FRAGS: u32 = 1 << 5;
/// No flag.
const NONE: u32 = 0;

const TARGET: bool = true;
const EXACT: bool = false;
const BY_BTF: bool = true;
const PLAIN: bool = false;

const fn row(
    name: &'static str,
    target: bool,
    prog_type: ProgType,
    attach_type: AttachType,
    flags: u32,
    by_btf: bool,
) -> SecKind {
    SecKind {
        name,
        target,
        prog_type,
        attach_type,
        flags,
        by_btf,
        attach_type_optional: false,
    }
}

const fn optional(mut row: SecKind) -> SecKind {
    row.attach_type_optional = true;
    row
}

type P = ProgType;
type A = AttachType;

/// For program types without attach types.
const NO: AttachType = AttachType(0);

#[rustfmt::skip]
pub(super) static TABLE: &[SecKind] = &[
    row("socket", EXACT, P::SOCKET_FILTER, NO, NONE, PLAIN),
    row("sk_reuseport/migrate", EXACT, P::SK_REUSEPORT, A::SK_REUSEPORT_SELECT_OR_MIGRATE, NONE, PLAIN),
    row("sk_reuseport", EXACT, P::SK_REUSEPORT, A::SK_REUSEPORT_SELECT, NONE, PLAIN),
    row("kprobe", TARGET, P::KPROBE, NO, NONE, PLAIN),
    row("uprobe", TARGET, P::KPROBE, NO, NONE, PLAIN),
    row("uprobe.s", TARGET, P::KPROBE, NO, SLEEPABLE, PLAIN),
    row("kretprobe", TARGET, P::KPROBE, NO, NONE, PLAIN),
    row("uretprobe", TARGET, P::KPROBE, NO, NONE, PLAIN),
    row("uretprobe.s", TARGET, P::KPROBE, NO, SLEEPABLE, PLAIN),
    row("kprobe.multi", TARGET, P::KPROBE, A::TRACE_KPROBE_MULTI, NONE, PLAIN),
    row("kretprobe.multi", TARGET, P::KPROBE, A::TRACE_KPROBE_MULTI, NONE, PLAIN),
    row("kprobe.session", TARGET, P::KPROBE, A::TRACE_KPROBE_SESSION, NONE, PLAIN),
    row("uprobe.multi", TARGET, P::KPROBE, A::TRACE_UPROBE_MULTI, NONE, PLAIN),
    row("uretprobe.multi", TARGET, P::KPROBE, A::TRACE_UPROBE_MULTI, NONE, PLAIN),
    row("uprobe.session", TARGET, P::KPROBE, A::TRACE_UPROBE_SESSION, NONE, PLAIN),
    row("uprobe.multi.s", TARGET, P::KPROBE, A::TRACE_UPROBE_MULTI, SLEEPABLE, PLAIN),
    row("uretprobe.multi.s", TARGET, P::KPROBE, A::TRACE_UPROBE_MULTI, SLEEPABLE, PLAIN),
    row("uprobe.session.s", TARGET, P::KPROBE, A::TRACE_UPROBE_SESSION, SLEEPABLE, PLAIN),
    row("ksyscall", TARGET, P::KPROBE, NO, NONE, PLAIN),
    row("kretsyscall", TARGET, P::KPROBE, NO, NONE, PLAIN),
    row("usdt", TARGET, P::KPROBE, NO, NONE, PLAIN),
    row("usdt.s", TARGET, P::KPROBE, NO, SLEEPABLE, PLAIN),
    row("tc/ingress", EXACT, P::SCHED_CLS, A::TCX_INGRESS, NONE, PLAIN),
    row("tc/egress", EXACT, P::SCHED_CLS, A::TCX_EGRESS, NONE, PLAIN),
    row("tcx/ingress", EXACT, P::SCHED_CLS, A::TCX_INGRESS, NONE, PLAIN),
    row("tcx/egress", EXACT, P::SCHED_CLS, A::TCX_EGRESS, NONE, PLAIN),
    row("tc", EXACT, P::SCHED_CLS, NO, NONE, PLAIN),
    row("classifier", EXACT, P::SCHED_CLS, NO, NONE, PLAIN),
    row("action", EXACT, P::SCHED_ACT, NO, NONE, PLAIN),
    row("netkit/primary", EXACT, P::SCHED_CLS, A::NETKIT_PRIMARY, NONE, PLAIN),
    row("netkit/peer", EXACT, P::SCHED_CLS, A::NETKIT_PEER, NONE, PLAIN),
    row("tracepoint", TARGET, P::TRACEPOINT, NO, NONE, PLAIN),
    row("tracepoint.s", TARGET, P::TRACEPOINT, NO, SLEEPABLE, PLAIN),
    row("tp", TARGET, P::TRACEPOINT, NO, NONE, PLAIN),
    row("tp.s", TARGET, P::TRACEPOINT, NO, SLEEPABLE, PLAIN),
    row("raw_tracepoint", TARGET, P::RAW_TRACEPOINT, NO, NONE, PLAIN),
    row("raw_tracepoint.s", TARGET, P::RAW_TRACEPOINT, NO, SLEEPABLE, PLAIN),
    row("raw_tp", TARGET, P::RAW_TRACEPOINT, NO, NONE, PLAIN),
    row("raw_tp.s", TARGET, P::RAW_TRACEPOINT, NO, SLEEPABLE, PLAIN),
    row("raw_tracepoint.w", TARGET, P::RAW_TRACEPOINT_WRITABLE, NO, NONE, PLAIN),
    row("raw_tp.w", TARGET, P::RAW_TRACEPOINT_WRITABLE, NO, NONE, PLAIN),
    row("tp_btf", TARGET, P::TRACING, A::TRACE_RAW_TP, NONE, BY_BTF),
    row("tp_btf.s", TARGET, P::TRACING, A::TRACE_RAW_TP, SLEEPABLE, BY_BTF),
    row("fentry", TARGET, P::TRACING, A::TRACE_FENTRY, NONE, BY_BTF),
    row("fmod_ret", TARGET, P::TRACING, A::MODIFY_RETURN, NONE, BY_BTF),
    row("fexit", TARGET, P::TRACING, A::TRACE_FEXIT, NONE, BY_BTF),
    row("fentry.s", TARGET, P::TRACING, A::TRACE_FENTRY, SLEEPABLE, BY_BTF),
    row("fmod_ret.s", TARGET, P::TRACING, A::MODIFY_RETURN, SLEEPABLE, BY_BTF),
    row("fexit.s", TARGET, P::TRACING, A::TRACE_FEXIT, SLEEPABLE, BY_BTF),
    row("fsession", TARGET, P::TRACING, A::TRACE_FSESSION, NONE, BY_BTF),
    row("fsession.s", TARGET, P::TRACING, A::TRACE_FSESSION, SLEEPABLE, BY_BTF),
    row("fentry.multi", TARGET, P::TRACING, A::TRACE_FENTRY_MULTI, NONE, PLAIN),
    row("fexit.multi", TARGET, P::TRACING, A::TRACE_FEXIT_MULTI, NONE, PLAIN),
    row("fsession.multi", TARGET, P::TRACING, A::TRACE_FSESSION_MULTI, NONE, PLAIN),
    row("fentry.multi.s", TARGET, P::TRACING, A::TRACE_FENTRY_MULTI, SLEEPABLE, PLAIN),
    row("fexit.multi.s", TARGET, P::TRACING, A::TRACE_FEXIT_MULTI, SLEEPABLE, PLAIN),
    row("fsession.multi.s", TARGET, P::TRACING, A::TRACE_FSESSION_MULTI, SLEEPABLE, PLAIN),
    row("freplace", TARGET, P::EXT, NO, NONE, BY_BTF),
    row("lsm", TARGET, P::LSM, A::LSM_MAC, NONE, BY_BTF),
    row("lsm.s", TARGET, P::LSM, A::LSM_MAC, SLEEPABLE, BY_BTF),
    row("lsm_cgroup", TARGET, P::LSM, A::LSM_CGROUP, NONE, BY_BTF),
    row("iter", TARGET, P::TRACING, A::TRACE_ITER, NONE, BY_BTF),
    row("iter.s", TARGET, P::TRACING, A::TRACE_ITER, SLEEPABLE, BY_BTF),
    row("syscall", EXACT, P::SYSCALL, NO, SLEEPABLE, PLAIN),
    row("xdp.frags/devmap", EXACT, P::XDP, A::XDP_DEVMAP, FRAGS, PLAIN),
    row("xdp/devmap", EXACT, P::XDP, A::XDP_DEVMAP, NONE, PLAIN),
    row("xdp.frags/cpumap", EXACT, P::XDP, A::XDP_CPUMAP, FRAGS, PLAIN),
    row("xdp/cpumap", EXACT, P::XDP, A::XDP_CPUMAP, NONE, PLAIN),
    row("xdp.frags", EXACT, P::XDP, A::XDP, FRAGS, PLAIN),
    optional(row("xdp", EXACT, P::XDP, A::XDP, NONE, PLAIN)),
    row("perf_event", EXACT, P::PERF_EVENT, NO, NONE, PLAIN),
    row("lwt_in", EXACT, P::LWT_IN, NO, NONE, PLAIN),
    row("lwt_out", EXACT, P::LWT_OUT, NO, NONE, PLAIN),
    row("lwt_xmit", EXACT, P::LWT_XMIT, NO, NONE, PLAIN),
    row("lwt_seg6local", EXACT, P::LWT_SEG6LOCAL, NO, NONE, PLAIN),
    optional(row("sockops", EXACT, P::SOCK_OPS, A::CGROUP_SOCK_OPS, NONE, PLAIN)),
    optional(row("sk_skb/stream_parser", EXACT, P::SK_SKB, A::SK_SKB_STREAM_PARSER, NONE, PLAIN)),
    optional(row("sk_skb/stream_verdict", EXACT, P::SK_SKB, A::SK_SKB_STREAM_VERDICT, NONE, PLAIN)),
    optional(row("sk_skb/verdict", EXACT, P::SK_SKB, A::SK_SKB_VERDICT, NONE, PLAIN)),
    row("sk_skb", EXACT, P::SK_SKB, NO, NONE, PLAIN),
    optional(row("sk_msg", EXACT, P::SK_MSG, A::SK_MSG_VERDICT, NONE, PLAIN)),
    optional(row("lirc_mode2", EXACT, P::LIRC_MODE2, A::LIRC_MODE2, NONE, PLAIN)),
    optional(row("flow_dissector", EXACT, P::FLOW_DISSECTOR, A::FLOW_DISSECTOR, NONE, PLAIN)),
    optional(row("cgroup_skb/ingress", EXACT, P::CGROUP_SKB, A::CGROUP_INET_INGRESS, NONE, PLAIN)),
    optional(row("cgroup_skb/egress", EXACT, P::CGROUP_SKB, A::CGROUP_INET_EGRESS, NONE, PLAIN)),
    row("cgroup/skb", EXACT, P::CGROUP_SKB, NO, NONE, PLAIN),
    row("cgroup/sock_create", EXACT, P::CGROUP_SOCK, A::CGROUP_INET_SOCK_CREATE, NONE, PLAIN),
    row("cgroup/sock_release", EXACT, P::CGROUP_SOCK, A::CGROUP_INET_SOCK_RELEASE, NONE, PLAIN),
    optional(row("cgroup/sock", EXACT, P::CGROUP_SOCK, A::CGROUP_INET_SOCK_CREATE, NONE, PLAIN)),
    row("cgroup/post_bind4", EXACT, P::CGROUP_SOCK, A::CGROUP_INET4_POST_BIND, NONE, PLAIN),
    row("cgroup/post_bind6", EXACT, P::CGROUP_SOCK, A::CGROUP_INET6_POST_BIND, NONE, PLAIN),
    row("cgroup/bind4", EXACT, P::CGROUP_SOCK_ADDR, A::CGROUP_INET4_BIND, NONE, PLAIN),
    row("cgroup/bind6", EXACT, P::CGROUP_SOCK_ADDR, A::CGROUP_INET6_BIND, NONE, PLAIN),
    row("cgroup/connect4", EXACT, P::CGROUP_SOCK_ADDR, A::CGROUP_INET4_CONNECT, NONE, PLAIN),
    row("cgroup/connect6", EXACT, P::CGROUP_SOCK_ADDR, A::CGROUP_INET6_CONNECT, NONE, PLAIN),
    row("cgroup/connect_unix", EXACT, P::CGROUP_SOCK_ADDR, A::CGROUP_UNIX_CONNECT, NONE, PLAIN),
    row("cgroup/sendmsg4", EXACT, P::CGROUP_SOCK_ADDR, A::CGROUP_UDP4_SENDMSG, NONE, PLAIN),
    row("cgroup/sendmsg6", EXACT, P::CGROUP_SOCK_ADDR, A::CGROUP_UDP6_SENDMSG, NONE, PLAIN),
    row("cgroup/sendmsg_unix", EXACT, P::CGROUP_SOCK_ADDR, A::CGROUP_UNIX_SENDMSG, NONE, PLAIN),
    row("cgroup/recvmsg4", EXACT, P::CGROUP_SOCK_ADDR, A::CGROUP_UDP4_RECVMSG, NONE, PLAIN),
    row("cgroup/recvmsg6", EXACT, P::CGROUP_SOCK_ADDR, A::CGROUP_UDP6_RECVMSG, NONE, PLAIN),
    row("cgroup/recvmsg_unix", EXACT, P::CGROUP_SOCK_ADDR, A::CGROUP_UNIX_RECVMSG, NONE, PLAIN),
    row("cgroup/getpeername4", EXACT, P::CGROUP_SOCK_ADDR, A::CGROUP_INET4_GETPEERNAME, NONE, PLAIN),
    row("cgroup/getpeername6", EXACT, P::CGROUP_SOCK_ADDR, A::CGROUP_INET6_GETPEERNAME, NONE, PLAIN),
    row("cgroup/getpeername_unix", EXACT, P::CGROUP_SOCK_ADDR, A::CGROUP_UNIX_GETPEERNAME, NONE, PLAIN),
    row("cgroup/getsockname4", EXACT, P::CGROUP_SOCK_ADDR, A::CGROUP_INET4_GETSOCKNAME, NONE, PLAIN),
    row("cgroup/getsockname6", EXACT, P::CGROUP_SOCK_ADDR, A::CGROUP_INET6_GETSOCKNAME, NONE, PLAIN),
    row("cgroup/getsockname_unix", EXACT, P::CGROUP_SOCK_ADDR, A::CGROUP_UNIX_GETSOCKNAME, NONE, PLAIN),
    row("cgroup/sysctl", EXACT, P::CGROUP_SYSCTL, A::CGROUP_SYSCTL, NONE, PLAIN),
    row("cgroup/getsockopt", EXACT, P::CGROUP_SOCKOPT, A::CGROUP_GETSOCKOPT, NONE, PLAIN),
    row("cgroup/setsockopt", EXACT, P::CGROUP_SOCKOPT, A::CGROUP_SETSOCKOPT, NONE, PLAIN),
    optional(row("cgroup/dev", EXACT, P::CGROUP_DEVICE, A::CGROUP_DEVICE, NONE, PLAIN)),
    row("struct_ops", TARGET, P::STRUCT_OPS, NO, NONE, PLAIN),
    row("struct_ops.s", TARGET, P::STRUCT_OPS, NO, SLEEPABLE, PLAIN),
    row("sk_lookup", EXACT, P::SK_LOOKUP, A::SK_LOOKUP, NONE, PLAIN),
    row("netfilter", EXACT, P::NETFILTER, A::NETFILTER, NONE, PLAIN),
];
