// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Shows: through a typedef of a struct without a tag, `->` is rooted at the typedef, which has a name, and
// an index at the struct, which has none and so no candidates. libbpf refuses the object, on every kernel.

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

typedef struct {
	int one, two;
} __attribute__((preserve_access_index)) untagged_t;

SEC("raw_tp/named")
int named(struct bpf_raw_tracepoint_args *ctx)
{
	return ((untagged_t *)ctx->args[0])->one;
}

SEC("raw_tp/unnamed")
int unnamed(struct bpf_raw_tracepoint_args *ctx)
{
	untagged_t *two = (void *)ctx->args[0];

	return two->one + two[1].two;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
