// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Shows: an index into a zero-length array. Last in its struct (`tail`, here) it is a flexible array, and
// in target_fields the same name lies in the middle, so no index fits. In the middle already here
// (`middle`), the record itself is wrong: libbpf refuses the object.

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define CORE __attribute__((preserve_access_index))

struct tail {
	int count;
	int items[0];
} CORE;

struct middle {
	int count;
	int none[0];
	int after;
} CORE;

SEC("raw_tp/tail")
int last(struct bpf_raw_tracepoint_args *ctx)
{
	struct tail *t = (void *)ctx->args[0];

	return t->count + bpf_core_field_exists(t->items) + bpf_core_field_exists(t->items[2]) +
	       t->items[0];
}

SEC("raw_tp/middle")
int in_the_middle(struct bpf_raw_tracepoint_args *ctx)
{
	struct middle *m = (void *)ctx->args[0];

	return m->count + m->none[1];
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
