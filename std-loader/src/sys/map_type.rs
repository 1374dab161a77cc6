//! Numbers of map types and flags, as in the kernel's `linux/bpf.h` up to Linux 7.2.

/// What kind of map: `BPF_MAP_TYPE_`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct MapType(pub u32);

impl MapType {
    /// No type.
    pub const UNSPEC: Self = Self(0);
    /// Any key, any value.
    pub const HASH: Self = Self(1);
    /// Values by number, all present from the start.
    pub const ARRAY: Self = Self(2);
    /// Programs to tail-call, by number.
    pub const PROG_ARRAY: Self = Self(3);
    /// Perf events, by number; as a perf buffer one a CPU.
    pub const PERF_EVENT_ARRAY: Self = Self(4);
    /// [`HASH`](Self::HASH) with a value for each CPU.
    pub const PERCPU_HASH: Self = Self(5);
    /// [`ARRAY`](Self::ARRAY) with a value for each CPU.
    pub const PERCPU_ARRAY: Self = Self(6);
    /// Call stacks, by the hash that `bpf_get_stackid` returns.
    pub const STACK_TRACE: Self = Self(7);
    /// Cgroups, by number.
    pub const CGROUP_ARRAY: Self = Self(8);
    /// [`HASH`](Self::HASH) that drops what was not used for longest when it is full.
    pub const LRU_HASH: Self = Self(9);
    /// [`LRU_HASH`](Self::LRU_HASH) with a value for each CPU.
    pub const LRU_PERCPU_HASH: Self = Self(10);
    /// Values by the longest matching prefix of the key.
    pub const LPM_TRIE: Self = Self(11);
    /// Maps, by number.
    pub const ARRAY_OF_MAPS: Self = Self(12);
    /// Maps, by any key.
    pub const HASH_OF_MAPS: Self = Self(13);
    /// Network devices to redirect to, by number.
    pub const DEVMAP: Self = Self(14);
    /// Sockets, by number.
    pub const SOCKMAP: Self = Self(15);
    /// CPUs to redirect packets to.
    pub const CPUMAP: Self = Self(16);
    /// `AF_XDP` sockets, by number.
    pub const XSKMAP: Self = Self(17);
    /// Sockets, by any key.
    pub const SOCKHASH: Self = Self(18);
    /// Storage of a cgroup and attach type (the older kind).
    pub const CGROUP_STORAGE: Self = Self(19);
    /// Sockets of a reuseport group, by number.
    pub const REUSEPORT_SOCKARRAY: Self = Self(20);
    /// [`CGROUP_STORAGE`](Self::CGROUP_STORAGE) with a value for each CPU.
    pub const PERCPU_CGROUP_STORAGE: Self = Self(21);
    /// First in, first out; no keys.
    pub const QUEUE: Self = Self(22);
    /// Last in, first out; no keys.
    pub const STACK: Self = Self(23);
    /// Storage of a socket.
    pub const SK_STORAGE: Self = Self(24);
    /// Network devices to redirect to, by any number.
    pub const DEVMAP_HASH: Self = Self(25);
    /// Operations of the kernel that programs implement.
    pub const STRUCT_OPS: Self = Self(26);
    /// Records from programs to user space; no keys.
    pub const RINGBUF: Self = Self(27);
    /// Storage of an inode.
    pub const INODE_STORAGE: Self = Self(28);
    /// Storage of a task.
    pub const TASK_STORAGE: Self = Self(29);
    /// A set that may say "perhaps"; no keys.
    pub const BLOOM_FILTER: Self = Self(30);
    /// Records from user space to programs; no keys.
    pub const USER_RINGBUF: Self = Self(31);
    /// Storage of a cgroup.
    pub const CGRP_STORAGE: Self = Self(32);
    /// Memory that programs and user space address alike.
    pub const ARENA: Self = Self(33);
    /// Instructions to jump to.
    pub const INSN_ARRAY: Self = Self(34);
    /// [`HASH`](Self::HASH) that grows.
    pub const RHASH: Self = Self(35);

    /// The last type whose values' length is known here.
    pub(super) const LAST: Self = Self::RHASH;

    /// Whether a lookup gives a value for each possible CPU.
    #[must_use]
    pub const fn is_per_cpu(self) -> bool {
        matches!(
            self,
            Self::PERCPU_HASH
                | Self::PERCPU_ARRAY
                | Self::LRU_PERCPU_HASH
                | Self::PERCPU_CGROUP_STORAGE
        )
    }

    /// Whether values are descriptors (or ids, when looked up) of 4 bytes, whatever its
    /// `value_size`; the kernel's `IS_FD_MAP`.
    #[must_use]
    pub const fn holds_fds(self) -> bool {
        matches!(
            self,
            Self::PERF_EVENT_ARRAY
                | Self::PROG_ARRAY
                | Self::CGROUP_ARRAY
                | Self::ARRAY_OF_MAPS
                | Self::HASH_OF_MAPS
        )
    }
}

/// Flags of a map's creation, those that the loader sets or looks at.
pub mod map_flags {
    /// Programs cannot write it: for `.rodata`.
    pub const RDONLY_PROG: u32 = 1 << 7;
    /// An array whose values can be mapped.
    pub const MMAPABLE: u32 = 1 << 10;
    /// Operations that are attached by a link.
    pub const LINK: u32 = 1 << 13;
    /// Operations of a module: the map's creation gets its BTF.
    pub const VTYPE_BTF_OBJ_FD: u32 = 1 << 15;
    /// The creation gets a BPF token.
    pub const TOKEN_FD: u32 = 1 << 16;
    /// An arena in which user space faults on pages that programs have not allocated.
    pub const SEGV_ON_FAULT: u32 = 1 << 17;
    /// A ring buffer whose producers overwrite the oldest records instead of failing.
    pub const RB_OVERWRITE: u32 = 1 << 19;
}

/// What an update demands of the key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UpdateMode(pub u64);

impl UpdateMode {
    /// Nothing: insert or replace.
    pub const ANY: Self = Self(0);
    /// That it is absent.
    pub const NO_EXIST: Self = Self(1);
    /// That it is present.
    pub const EXIST: Self = Self(2);
}
