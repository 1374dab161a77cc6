// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Shows: unsigned 32-bit enumerators from 2^31 on. They are to be zero-extended; libbpf sign-extends them,
// finds the object's own value to differ, and refuses the object. init_ns_ino is in kernels from 6.18 on,
// the others in target_enums.

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define BOTH(type, name)                                                                           \
	(bpf_core_enum_value_exists(type, name) + bpf_core_enum_value(type, name) * 3)

enum init_ns_ino { IPC_NS_INIT_INO = 0xEFFFFFFFU, NO_SUCH_INO = 0xEFFFFFF0U };
enum high { HIGH_FIRST = 0x80000000U, HIGH_LAST = 0xffffffffU, HIGH_NOT = 7, HIGH_GONE = 0xfffffff0U };
enum low_here { LOW_HERE = 1, LOW_ABSENT = 2 }; // high in the target only: no validation fails
enum high_here { HIGH_HERE = 0x90000000U }; // high here only

SEC("raw_tp/kernel")
__u64 in_kernels(void *ctx)
{
	return BOTH(enum init_ns_ino, IPC_NS_INIT_INO) + BOTH(enum init_ns_ino, NO_SUCH_INO);
}

SEC("raw_tp/high")
__u64 high(void *ctx)
{
	return BOTH(enum high, HIGH_FIRST) + BOTH(enum high, HIGH_LAST) + BOTH(enum high, HIGH_NOT) +
	       BOTH(enum high, HIGH_GONE);
}

SEC("raw_tp/one_side")
__u64 one_side(void *ctx)
{
	return BOTH(enum low_here, LOW_HERE) + BOTH(enum high_here, HIGH_HERE);
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
