//! Numbers of attach types, as in the kernel's `linux/bpf.h` up to Linux 7.2.

/// Where a program attaches, for program types that have more than one place: `BPF_`. Types that
/// are not listed here can be used by number.
///
/// The default, 0, is also what program types without attach types take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct AttachType(pub u32);

impl AttachType {
    /// Packets that a cgroup's sockets receive.
    pub const CGROUP_INET_INGRESS: Self = Self(0);
    /// Packets that a cgroup's sockets send.
    pub const CGROUP_INET_EGRESS: Self = Self(1);
    /// A socket is made in a cgroup.
    pub const CGROUP_INET_SOCK_CREATE: Self = Self(2);
    /// TCP events in a cgroup.
    pub const CGROUP_SOCK_OPS: Self = Self(3);
    /// Finding the messages in a stream of a sockmap.
    pub const SK_SKB_STREAM_PARSER: Self = Self(4);
    /// Deciding about messages of a stream of a sockmap.
    pub const SK_SKB_STREAM_VERDICT: Self = Self(5);
    /// A device is opened or made in a cgroup.
    pub const CGROUP_DEVICE: Self = Self(6);
    /// Deciding about messages sent by a sockmap's sockets.
    pub const SK_MSG_VERDICT: Self = Self(7);
    /// `bind` to IPv4 in a cgroup.
    pub const CGROUP_INET4_BIND: Self = Self(8);
    /// `bind` to IPv6 in a cgroup.
    pub const CGROUP_INET6_BIND: Self = Self(9);
    /// `connect` to IPv4 in a cgroup.
    pub const CGROUP_INET4_CONNECT: Self = Self(10);
    /// `connect` to IPv6 in a cgroup.
    pub const CGROUP_INET6_CONNECT: Self = Self(11);
    /// After `bind` to IPv4 in a cgroup.
    pub const CGROUP_INET4_POST_BIND: Self = Self(12);
    /// After `bind` to IPv6 in a cgroup.
    pub const CGROUP_INET6_POST_BIND: Self = Self(13);
    /// Sending UDP over IPv4 in a cgroup.
    pub const CGROUP_UDP4_SENDMSG: Self = Self(14);
    /// Sending UDP over IPv6 in a cgroup.
    pub const CGROUP_UDP6_SENDMSG: Self = Self(15);
    /// Decoding infrared pulses.
    pub const LIRC_MODE2: Self = Self(16);
    /// Flow dissector of a network namespace.
    pub const FLOW_DISSECTOR: Self = Self(17);
    /// A sysctl is read or written in a cgroup.
    pub const CGROUP_SYSCTL: Self = Self(18);
    /// Receiving UDP over IPv4 in a cgroup.
    pub const CGROUP_UDP4_RECVMSG: Self = Self(19);
    /// Receiving UDP over IPv6 in a cgroup.
    pub const CGROUP_UDP6_RECVMSG: Self = Self(20);
    /// `getsockopt` in a cgroup.
    pub const CGROUP_GETSOCKOPT: Self = Self(21);
    /// `setsockopt` in a cgroup.
    pub const CGROUP_SETSOCKOPT: Self = Self(22);
    /// A tracepoint by its BTF (`tp_btf`).
    pub const TRACE_RAW_TP: Self = Self(23);
    /// Entry of a function.
    pub const TRACE_FENTRY: Self = Self(24);
    /// Exit of a function.
    pub const TRACE_FEXIT: Self = Self(25);
    /// Before a function, deciding whether it runs.
    pub const MODIFY_RETURN: Self = Self(26);
    /// A security hook.
    pub const LSM_MAC: Self = Self(27);
    /// An iterator over objects of the kernel.
    pub const TRACE_ITER: Self = Self(28);
    /// `getpeername` of IPv4 in a cgroup.
    pub const CGROUP_INET4_GETPEERNAME: Self = Self(29);
    /// `getpeername` of IPv6 in a cgroup.
    pub const CGROUP_INET6_GETPEERNAME: Self = Self(30);
    /// `getsockname` of IPv4 in a cgroup.
    pub const CGROUP_INET4_GETSOCKNAME: Self = Self(31);
    /// `getsockname` of IPv6 in a cgroup.
    pub const CGROUP_INET6_GETSOCKNAME: Self = Self(32);
    /// Packets redirected by a device map.
    pub const XDP_DEVMAP: Self = Self(33);
    /// A socket is released in a cgroup.
    pub const CGROUP_INET_SOCK_RELEASE: Self = Self(34);
    /// Packets redirected by a CPU map.
    pub const XDP_CPUMAP: Self = Self(35);
    /// Choosing a socket in a network namespace.
    pub const SK_LOOKUP: Self = Self(36);
    /// Packets of a network device, at its driver.
    pub const XDP: Self = Self(37);
    /// Deciding about packets of a sockmap's sockets.
    pub const SK_SKB_VERDICT: Self = Self(38);
    /// Choosing a socket of a reuseport group.
    pub const SK_REUSEPORT_SELECT: Self = Self(39);
    /// The same, also when a connection has to move.
    pub const SK_REUSEPORT_SELECT_OR_MIGRATE: Self = Self(40);
    /// A perf event: samples, tracepoints, probes.
    pub const PERF_EVENT: Self = Self(41);
    /// Many kernel functions at once.
    pub const TRACE_KPROBE_MULTI: Self = Self(42);
    /// A security hook, for processes of a cgroup.
    pub const LSM_CGROUP: Self = Self(43);
    /// Operations of the kernel.
    pub const STRUCT_OPS: Self = Self(44);
    /// A netfilter hook.
    pub const NETFILTER: Self = Self(45);
    /// Packets that a network device received, at tc.
    pub const TCX_INGRESS: Self = Self(46);
    /// Packets that a network device sends, at tc.
    pub const TCX_EGRESS: Self = Self(47);
    /// Many places of user programs at once.
    pub const TRACE_UPROBE_MULTI: Self = Self(48);
    /// `connect` to a Unix socket in a cgroup.
    pub const CGROUP_UNIX_CONNECT: Self = Self(49);
    /// Sending by a Unix socket in a cgroup.
    pub const CGROUP_UNIX_SENDMSG: Self = Self(50);
    /// Receiving by a Unix socket in a cgroup.
    pub const CGROUP_UNIX_RECVMSG: Self = Self(51);
    /// `getpeername` of a Unix socket in a cgroup.
    pub const CGROUP_UNIX_GETPEERNAME: Self = Self(52);
    /// `getsockname` of a Unix socket in a cgroup.
    pub const CGROUP_UNIX_GETSOCKNAME: Self = Self(53);
    /// Packets that the host's end of a netkit pair sends.
    pub const NETKIT_PRIMARY: Self = Self(54);
    /// Packets that the other end of a netkit pair sends.
    pub const NETKIT_PEER: Self = Self(55);
    /// Entry and exit of many kernel functions.
    pub const TRACE_KPROBE_SESSION: Self = Self(56);
    /// Entry and exit of many functions of user programs.
    pub const TRACE_UPROBE_SESSION: Self = Self(57);
    /// Entry and exit of a function.
    pub const TRACE_FSESSION: Self = Self(58);
    /// Entry of many functions.
    pub const TRACE_FENTRY_MULTI: Self = Self(59);
    /// Exit of many functions.
    pub const TRACE_FEXIT_MULTI: Self = Self(60);
    /// Entry and exit of many functions.
    pub const TRACE_FSESSION_MULTI: Self = Self(61);
}
