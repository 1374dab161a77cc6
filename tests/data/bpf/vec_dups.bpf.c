// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Shows: several candidates that agree (target_dups). Each root asks for one thing, so that no other
// record narrows its candidates: one answer for both, or one candidate only. vec_dups_clash has the rest.

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define CORE __attribute__((preserve_access_index))

struct foo___agree {
	int same;
} CORE;

struct foo___one {
	int only_one, moved;
} CORE;

struct foo___two {
	int only_two;
} CORE;

struct foo___none {
	int absent;
} CORE;

// Offsets agree and sizes do not: the first candidate's size is taken.
struct sized {
	unsigned field;
} CORE;

enum dup { DUP_SAME = 1 };

SEC("raw_tp/dups")
int agreeing(struct bpf_raw_tracepoint_args *ctx)
{
	struct foo___agree *a = (void *)ctx->args[0];
	struct foo___two *two = (void *)ctx->args[1];
	struct foo___none *none = (void *)ctx->args[2];

	return a->same + two->only_two + bpf_core_field_exists(none->absent) +
	       bpf_core_enum_value(enum dup, DUP_SAME) + bpf_core_type_exists(struct foo___none);
}

// `only_one` narrows to the first candidate: then `moved` is no question any more.
SEC("raw_tp/dups")
int narrowed(struct bpf_raw_tracepoint_args *ctx)
{
	struct foo___one *one = (void *)ctx->args[0];

	return one->only_one + one->moved;
}

SEC("raw_tp/sized")
int sized(struct bpf_raw_tracepoint_args *ctx)
{
	return ((struct sized *)ctx->args[0])->field;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
