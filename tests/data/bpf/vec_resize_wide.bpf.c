// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Shows: a load of a field that became 16 bytes, for which there is no instruction. libbpf refuses the
// object for target_resize; where only its size is asked, all is well.

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

struct wide {
	__u32 u32_u128;
} __attribute__((preserve_access_index));

SEC("raw_tp/load")
int load(struct bpf_raw_tracepoint_args *ctx)
{
	return ((struct wide *)ctx->args[0])->u32_u128;
}

SEC("raw_tp/asked")
int asked(struct bpf_raw_tracepoint_args *ctx)
{
	struct wide *w = (void *)ctx->args[0];

	return bpf_core_field_size(w->u32_u128) + bpf_core_field_offset(w->u32_u128);
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
