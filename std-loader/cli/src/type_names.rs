//! Words for numbers of program and map types, as `bpftool` has them.
//!
//! Enters: a number of `linux/bpf.h`. Leaves: its word, or nothing for a newer one.

const PROGRAMS: [&str; 33] = [
    "unspecified",
    "socket_filter",
    "kprobe",
    "sched_cls",
    "sched_act",
    "tracepoint",
    "xdp",
    "perf_event",
    "cgroup_skb",
    "cgroup_sock",
    "lwt_in",
    "lwt_out",
    "lwt_xmit",
    "sock_ops",
    "sk_skb",
    "cgroup_device",
    "sk_msg",
    "raw_tracepoint",
    "cgroup_sock_addr",
    "lwt_seg6local",
    "lirc_mode2",
    "sk_reuseport",
    "flow_dissector",
    "cgroup_sysctl",
    "raw_tracepoint_writable",
    "cgroup_sockopt",
    "tracing",
    "struct_ops",
    "ext",
    "lsm",
    "sk_lookup",
    "syscall",
    "netfilter",
];

const MAPS: [&str; 35] = [
    "unspecified",
    "hash",
    "array",
    "prog_array",
    "perf_event_array",
    "percpu_hash",
    "percpu_array",
    "stack_trace",
    "cgroup_array",
    "lru_hash",
    "lru_percpu_hash",
    "lpm_trie",
    "array_of_maps",
    "hash_of_maps",
    "devmap",
    "sockmap",
    "cpumap",
    "xskmap",
    "sockhash",
    "cgroup_storage",
    "reuseport_sockarray",
    "percpu_cgroup_storage",
    "queue",
    "stack",
    "sk_storage",
    "devmap_hash",
    "struct_ops",
    "ringbuf",
    "inode_storage",
    "task_storage",
    "bloom_filter",
    "user_ringbuf",
    "cgrp_storage",
    "arena",
    "insn_array",
];

/// A program type's word.
pub(crate) fn program(number: u32) -> Option<&'static str> {
    PROGRAMS.get(number as usize).copied()
}

/// A map type's word.
pub(crate) fn map(number: u32) -> Option<&'static str> {
    MAPS.get(number as usize).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use relocore_loader::sys::{MapType, ProgType};

    #[test]
    fn numbers_are_the_kernels() {
        assert_eq!(program(ProgType::TRACING.0), Some("tracing"));
        assert_eq!(program(ProgType::NETFILTER.0), Some("netfilter"));
        assert_eq!(program(33), None);
        assert_eq!(map(MapType::ARRAY.0), Some("array"));
        assert_eq!(map(MapType::RINGBUF.0), Some("ringbuf"));
        assert_eq!(map(MapType::ARENA.0), Some("arena"));
    }
}
