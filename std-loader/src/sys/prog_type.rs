//! Numbers of program types, as in the kernel's `linux/bpf.h` up to Linux 7.2.

/// What kind of program: `BPF_PROG_TYPE_`. Types that are not listed here can be used by number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ProgType(pub u32);

impl ProgType {
    /// No type.
    pub const UNSPEC: Self = Self(0);
    /// Cuts or drops what a socket receives.
    pub const SOCKET_FILTER: Self = Self(1);
    /// Kernel and user probes, at entry or return.
    pub const KPROBE: Self = Self(2);
    /// Classifies packets in tc; with direct action it decides.
    pub const SCHED_CLS: Self = Self(3);
    /// An action of tc.
    pub const SCHED_ACT: Self = Self(4);
    /// Tracepoints, with their formatted record as context.
    pub const TRACEPOINT: Self = Self(5);
    /// Packets as the driver received them.
    pub const XDP: Self = Self(6);
    /// Samples and overflows of perf events.
    pub const PERF_EVENT: Self = Self(7);
    /// Packets of a cgroup.
    pub const CGROUP_SKB: Self = Self(8);
    /// Making, binding and releasing sockets in a cgroup.
    pub const CGROUP_SOCK: Self = Self(9);
    /// Packets that enter by a lightweight tunnel route.
    pub const LWT_IN: Self = Self(10);
    /// Packets that leave by a lightweight tunnel route.
    pub const LWT_OUT: Self = Self(11);
    /// Packets just before sending by a lightweight tunnel route.
    pub const LWT_XMIT: Self = Self(12);
    /// Events in the life of TCP connections.
    pub const SOCK_OPS: Self = Self(13);
    /// Packets of sockets in a sockmap.
    pub const SK_SKB: Self = Self(14);
    /// Access to devices in a cgroup.
    pub const CGROUP_DEVICE: Self = Self(15);
    /// Messages sent by sockets in a sockmap.
    pub const SK_MSG: Self = Self(16);
    /// Tracepoints, with their bare arguments as context.
    pub const RAW_TRACEPOINT: Self = Self(17);
    /// Addresses in socket calls of a cgroup.
    pub const CGROUP_SOCK_ADDR: Self = Self(18);
    /// IPv6 segment routing.
    pub const LWT_SEG6LOCAL: Self = Self(19);
    /// Infrared decoders.
    pub const LIRC_MODE2: Self = Self(20);
    /// Choosing a socket of a reuseport group.
    pub const SK_REUSEPORT: Self = Self(21);
    /// Taking packets apart into flow keys.
    pub const FLOW_DISSECTOR: Self = Self(22);
    /// Access to sysctls in a cgroup.
    pub const CGROUP_SYSCTL: Self = Self(23);
    /// [`RAW_TRACEPOINT`](Self::RAW_TRACEPOINT) that may write to a buffer of the tracepoint.
    pub const RAW_TRACEPOINT_WRITABLE: Self = Self(24);
    /// Socket options in a cgroup.
    pub const CGROUP_SOCKOPT: Self = Self(25);
    /// Functions, tracepoints and iterators by their BTF.
    pub const TRACING: Self = Self(26);
    /// A function of a `struct_ops` map.
    pub const STRUCT_OPS: Self = Self(27);
    /// Replaces a function of another program.
    pub const EXT: Self = Self(28);
    /// Security hooks.
    pub const LSM: Self = Self(29);
    /// Choosing a socket for a connection.
    pub const SK_LOOKUP: Self = Self(30);
    /// Run by a system call; may make some itself.
    pub const SYSCALL: Self = Self(31);
    /// Netfilter hooks.
    pub const NETFILTER: Self = Self(32);
}
