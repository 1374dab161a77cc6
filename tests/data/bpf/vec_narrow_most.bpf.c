// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Shows: the candidate that the first record fits is not the one that most records fit. Of target_narrow's
// two, `a` is in one, `b` and `b2` in the other; vec_narrow_ab and vec_narrow_ba ask for as many of each.

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define CORE __attribute__((preserve_access_index))

struct pair {
	int a, b, b2;
} CORE;

SEC("raw_tp/narrow")
int narrow(struct bpf_raw_tracepoint_args *ctx)
{
	struct pair *p = (void *)ctx->args[0];
	int sum = 0;

	if (bpf_core_field_exists(p->a))
		sum += p->a;
	if (bpf_core_field_exists(p->b))
		sum += p->b + p->b2;
	return sum;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
