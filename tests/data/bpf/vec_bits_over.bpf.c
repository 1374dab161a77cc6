// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Shows: a bitfield that no load of 8 bytes covers. Harmless here (`u60` fits a word), in target_bits_over
// it begins at bit 5 of a word and ends in the next: libbpf refuses the object.

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

struct over {
	unsigned long long u60 : 60;
} __attribute__((preserve_access_index));

SEC("raw_tp/over")
int over(struct bpf_raw_tracepoint_args *ctx)
{
	struct over *o = (void *)ctx->args[0];

	return BPF_CORE_READ_BITFIELD_PROBED(o, u60) + bpf_core_field_exists(o->u60);
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
