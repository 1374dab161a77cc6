//! The first kernel of the main line that knows a type of map or program, and what they are called
//! in documentation. Distributions take some over into older kernels, so these numbers explain a
//! refusal; they never decide.

use super::{AttachType, MapType, ProgType};

/// A kernel's version: major and minor number.
pub type Since = (u32, u32);

impl MapType {
    /// Its name (`bpftool` writes it so) and the first kernel that has it; `None` for types that
    /// are not known here.
    #[must_use]
    pub const fn known_as(self) -> Option<(&'static str, Since)> {
        Some(match self {
            Self::HASH => ("hash", (3, 19)),
            Self::ARRAY => ("array", (3, 19)),
            Self::PROG_ARRAY => ("prog_array", (4, 2)),
            Self::PERF_EVENT_ARRAY => ("perf_event_array", (4, 3)),
            Self::PERCPU_HASH => ("percpu_hash", (4, 6)),
            Self::PERCPU_ARRAY => ("percpu_array", (4, 6)),
            Self::STACK_TRACE => ("stack_trace", (4, 6)),
            Self::CGROUP_ARRAY => ("cgroup_array", (4, 8)),
            Self::LRU_HASH => ("lru_hash", (4, 10)),
            Self::LRU_PERCPU_HASH => ("lru_percpu_hash", (4, 10)),
            Self::LPM_TRIE => ("lpm_trie", (4, 11)),
            Self::ARRAY_OF_MAPS => ("array_of_maps", (4, 12)),
            Self::HASH_OF_MAPS => ("hash_of_maps", (4, 12)),
            Self::DEVMAP => ("devmap", (4, 14)),
            Self::SOCKMAP => ("sockmap", (4, 14)),
            Self::CPUMAP => ("cpumap", (4, 15)),
            Self::XSKMAP => ("xskmap", (4, 18)),
            Self::SOCKHASH => ("sockhash", (4, 18)),
            Self::CGROUP_STORAGE => ("cgroup_storage", (4, 19)),
            Self::REUSEPORT_SOCKARRAY => ("reuseport_sockarray", (4, 19)),
            Self::PERCPU_CGROUP_STORAGE => ("percpu_cgroup_storage", (4, 20)),
            Self::QUEUE => ("queue", (4, 20)),
            Self::STACK => ("stack", (4, 20)),
            Self::SK_STORAGE => ("sk_storage", (5, 2)),
            Self::DEVMAP_HASH => ("devmap_hash", (5, 4)),
            Self::STRUCT_OPS => ("struct_ops", (5, 6)),
            Self::RINGBUF => ("ringbuf", (5, 8)),
            Self::INODE_STORAGE => ("inode_storage", (5, 10)),
            Self::TASK_STORAGE => ("task_storage", (5, 11)),
            Self::BLOOM_FILTER => ("bloom_filter", (5, 16)),
            Self::USER_RINGBUF => ("user_ringbuf", (6, 1)),
            Self::CGRP_STORAGE => ("cgrp_storage", (6, 2)),
            Self::ARENA => ("arena", (6, 9)),
            Self::INSN_ARRAY => ("insn_array", (6, 19)),
            _ => return None,
        })
    }
}

impl ProgType {
    /// Its name (`bpftool` writes it so) and the first kernel that has it; `None` for types that
    /// are not known here.
    #[must_use]
    pub const fn known_as(self) -> Option<(&'static str, Since)> {
        Some(match self {
            Self::SOCKET_FILTER => ("socket_filter", (3, 19)),
            Self::KPROBE => ("kprobe", (4, 1)),
            Self::SCHED_CLS => ("sched_cls", (4, 1)),
            Self::SCHED_ACT => ("sched_act", (4, 1)),
            Self::TRACEPOINT => ("tracepoint", (4, 7)),
            Self::XDP => ("xdp", (4, 8)),
            Self::PERF_EVENT => ("perf_event", (4, 9)),
            Self::CGROUP_SKB => ("cgroup_skb", (4, 10)),
            Self::CGROUP_SOCK => ("cgroup_sock", (4, 10)),
            Self::LWT_IN => ("lwt_in", (4, 10)),
            Self::LWT_OUT => ("lwt_out", (4, 10)),
            Self::LWT_XMIT => ("lwt_xmit", (4, 10)),
            Self::SOCK_OPS => ("sock_ops", (4, 13)),
            Self::SK_SKB => ("sk_skb", (4, 14)),
            Self::CGROUP_DEVICE => ("cgroup_device", (4, 15)),
            Self::SK_MSG => ("sk_msg", (4, 17)),
            Self::RAW_TRACEPOINT => ("raw_tracepoint", (4, 17)),
            Self::CGROUP_SOCK_ADDR => ("cgroup_sock_addr", (4, 17)),
            Self::LWT_SEG6LOCAL => ("lwt_seg6local", (4, 18)),
            Self::LIRC_MODE2 => ("lirc_mode2", (4, 18)),
            Self::SK_REUSEPORT => ("sk_reuseport", (4, 19)),
            Self::FLOW_DISSECTOR => ("flow_dissector", (4, 20)),
            Self::CGROUP_SYSCTL => ("cgroup_sysctl", (5, 2)),
            Self::RAW_TRACEPOINT_WRITABLE => ("raw_tracepoint_writable", (5, 2)),
            Self::CGROUP_SOCKOPT => ("cgroup_sockopt", (5, 3)),
            Self::TRACING => ("tracing", (5, 5)),
            Self::STRUCT_OPS => ("struct_ops", (5, 6)),
            Self::EXT => ("ext", (5, 6)),
            Self::LSM => ("lsm", (5, 7)),
            Self::SK_LOOKUP => ("sk_lookup", (5, 9)),
            Self::SYSCALL => ("syscall", (5, 14)),
            Self::NETFILTER => ("netfilter", (6, 4)),
            _ => return None,
        })
    }
}

impl AttachType {
    /// Its name and the first kernel that has it, where that is later than its program type's;
    /// else `None`.
    #[must_use]
    pub const fn known_as(self) -> Option<(&'static str, Since)> {
        Some(match self {
            Self::CGROUP_UDP4_RECVMSG => ("cgroup_udp4_recvmsg", (5, 2)),
            Self::CGROUP_UDP6_RECVMSG => ("cgroup_udp6_recvmsg", (5, 2)),
            Self::MODIFY_RETURN => ("modify_return", (5, 7)),
            Self::TRACE_ITER => ("trace_iter", (5, 8)),
            Self::CGROUP_INET4_GETPEERNAME => ("cgroup_inet4_getpeername", (5, 8)),
            Self::CGROUP_INET6_GETPEERNAME => ("cgroup_inet6_getpeername", (5, 8)),
            Self::CGROUP_INET4_GETSOCKNAME => ("cgroup_inet4_getsockname", (5, 8)),
            Self::CGROUP_INET6_GETSOCKNAME => ("cgroup_inet6_getsockname", (5, 8)),
            Self::XDP_DEVMAP => ("xdp_devmap", (5, 8)),
            Self::XDP_CPUMAP => ("xdp_cpumap", (5, 9)),
            Self::CGROUP_INET_SOCK_RELEASE => ("cgroup_inet_sock_release", (5, 9)),
            Self::SK_SKB_VERDICT => ("sk_skb_verdict", (5, 13)),
            Self::SK_REUSEPORT_SELECT_OR_MIGRATE => ("sk_reuseport_select_or_migrate", (5, 14)),
            Self::TRACE_KPROBE_MULTI => ("trace_kprobe_multi", (5, 18)),
            Self::LSM_CGROUP => ("lsm_cgroup", (6, 0)),
            Self::TCX_INGRESS => ("tcx_ingress", (6, 6)),
            Self::TCX_EGRESS => ("tcx_egress", (6, 6)),
            Self::TRACE_UPROBE_MULTI => ("trace_uprobe_multi", (6, 6)),
            Self::CGROUP_UNIX_CONNECT => ("cgroup_unix_connect", (6, 7)),
            Self::CGROUP_UNIX_SENDMSG => ("cgroup_unix_sendmsg", (6, 7)),
            Self::CGROUP_UNIX_RECVMSG => ("cgroup_unix_recvmsg", (6, 7)),
            Self::CGROUP_UNIX_GETPEERNAME => ("cgroup_unix_getpeername", (6, 7)),
            Self::CGROUP_UNIX_GETSOCKNAME => ("cgroup_unix_getsockname", (6, 7)),
            Self::NETKIT_PRIMARY => ("netkit_primary", (6, 7)),
            Self::NETKIT_PEER => ("netkit_peer", (6, 7)),
            Self::TRACE_KPROBE_SESSION => ("trace_kprobe_session", (6, 10)),
            Self::TRACE_UPROBE_SESSION => ("trace_uprobe_session", (6, 13)),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers have the order in which the types came.
    #[test]
    fn later_types_came_with_later_kernels() {
        let maps: Vec<_> = (1..=34).map(|n| MapType(n).known_as().unwrap()).collect();
        let programs: Vec<_> = (1..=32).map(|n| ProgType(n).known_as().unwrap()).collect();
        for list in [maps, programs] {
            let mut newest = (0, 0);
            for (name, since) in list {
                // Devmap hashes are the one type that was late.
                assert!(since >= newest, "{name}");
                newest = since;
            }
        }
        assert_eq!(MapType(0).known_as(), None);
        let attach: Vec<_> = (0..62).filter_map(|n| AttachType(n).known_as()).collect();
        assert_eq!(attach.len(), 27);
    }
}
