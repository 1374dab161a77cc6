// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Shows: whether the order of records counts. target_narrow has two candidates for `pair`, one with `a`,
// one with `b`. libbpf takes the one that the first record fits, here the one with `b`; vec_narrow_ab
// asks the other way round.

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

struct pair {
	int a, b, common;
} __attribute__((preserve_access_index));

SEC("raw_tp/narrow")
int narrow(struct bpf_raw_tracepoint_args *ctx)
{
	struct pair *p = (void *)ctx->args[0];
	int sum = 0;

	if (bpf_core_field_exists(p->b))
		sum += p->b;
	if (bpf_core_field_exists(p->a))
		sum += p->a;
	return sum + p->common;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
