// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Shows: existence and value of enumerators. Flavored enums and enumerators, negative values, ENUM here
// and ENUM64 in the target and the reverse (target_enums), enumerators that no kernel has.

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define BOTH(type, name)                                                                           \
	(bpf_core_enum_value_exists(type, name) + bpf_core_enum_value(type, name) * 3)

// In every kernel: all values but PIDTYPE_PID are wrong here.
enum pid_type { PIDTYPE_MAX = 77, PIDTYPE_PID = 0, PIDTYPE_NO_SUCH = 5 };

// A flavored enum with flavored enumerators.
enum pid_type___again { PIDTYPE_TGID___again = 9, PIDTYPE_NO_SUCH___again = 6 };

enum no_such_enum { NO_SUCH = 3 };

// Negative down to the lowest; in the target two of the signs are the other way round.
enum signs { MINUS_ONE = -1, MINUS_MIN = -0x7fffffff - 1, PLUS = 0x7fffffff };

// 64 bits here, 32 in the target.
enum wide_here { WIDE_SMALL = 1, WIDE_BIG = 0x123456789aULL, WIDE_TOP = 0xfedcba9876543210ULL };

// 32 bits here, 64 in the target.
enum wide_there { THERE_SMALL = 1, THERE_BIG = 2, THERE_NEGATIVE = -2 };

// 64 bits on both sides, negative.
enum wide_both { BOTH_LOW = -0x123456789aLL, BOTH_HIGH = 0x123456789aLL };

// An enum without a name behind a typedef: the root is the typedef.
typedef enum { TYPED_A = 4, TYPED_NO_SUCH = 5 } typed_t;

// A struct in the target: no enum, no candidate.
enum not_an_enum { NOT_AN_ENUM = 1 };

// In every kernel, with another value.
enum btf_func_linkage { BTF_FUNC_EXTERN = 40 };

SEC("raw_tp/kernel")
__u64 in_kernels(void *ctx)
{
	return BOTH(enum pid_type, PIDTYPE_MAX) + BOTH(enum pid_type, PIDTYPE_PID) +
	       BOTH(enum pid_type, PIDTYPE_NO_SUCH) +
	       BOTH(enum pid_type___again, PIDTYPE_TGID___again) +
	       BOTH(enum pid_type___again, PIDTYPE_NO_SUCH___again) +
	       BOTH(enum no_such_enum, NO_SUCH) + BOTH(enum btf_func_linkage, BTF_FUNC_EXTERN);
}

SEC("raw_tp/target")
__u64 in_target(void *ctx)
{
	return BOTH(enum signs, MINUS_ONE) + BOTH(enum signs, MINUS_MIN) + BOTH(enum signs, PLUS) +
	       BOTH(enum wide_here, WIDE_SMALL) + BOTH(enum wide_here, WIDE_BIG) +
	       BOTH(enum wide_here, WIDE_TOP) + BOTH(enum wide_there, THERE_SMALL) +
	       BOTH(enum wide_there, THERE_BIG) + BOTH(enum wide_there, THERE_NEGATIVE) +
	       BOTH(enum wide_both, BOTH_LOW) + BOTH(enum wide_both, BOTH_HIGH) +
	       BOTH(typed_t, TYPED_A) + BOTH(typed_t, TYPED_NO_SUCH) +
	       BOTH(enum not_an_enum, NOT_AN_ENUM);
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
