// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Shows: pointer arithmetic on an anonymous aggregate gives a record whose root has no name, and so no
// candidates. libbpf refuses the object.

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define CORE __attribute__((preserve_access_index))

struct holder {
	union {
		int x;
		int y;
	} u[2];
} CORE;

SEC("raw_tp/named")
int named(struct bpf_raw_tracepoint_args *ctx)
{
	struct holder *h = (void *)ctx->args[0];

	return h->u[1].y;
}

SEC("raw_tp/unnamed")
int unnamed(struct bpf_raw_tracepoint_args *ctx)
{
	struct holder *h = (void *)ctx->args[0];

	return (&h->u[0])[1].y;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
