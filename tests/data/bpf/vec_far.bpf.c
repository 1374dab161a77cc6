// SPDX-License-Identifier: MIT OR Apache-2.0
// cpus: v4
//
// Shows: offsets that a load or a store cannot hold (beyond 32767), and that its place in an addition can.
// The offsets in target_far are in the names; here all are small. libbpf refuses the object.

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define CORE __attribute__((preserve_access_index))

struct far {
	unsigned at_32760;
	unsigned char at_32767, at_32768;
	unsigned at_65536;
} CORE;

typedef unsigned char huge_t[16]; // 0x90000000 bytes in the target

SEC("raw_tp/near")
int near(struct bpf_raw_tracepoint_args *ctx)
{
	struct far *f = (void *)ctx->args[0];

	f->at_32760 = 1;
	return f->at_32760 + f->at_32767;
}

SEC("raw_tp/far_load")
int far_load(struct bpf_raw_tracepoint_args *ctx)
{
	struct far *f = (void *)ctx->args[0];

	return f->at_32768 + f->at_65536;
}

SEC("raw_tp/far_store")
int far_store(struct bpf_raw_tracepoint_args *ctx)
{
	struct far *f = (void *)ctx->args[0];

	f->at_32768 = 1;
	f->at_65536 = (unsigned)ctx->args[1];
	return 0;
}

// The offset is an operand of its own: nothing is too far.
SEC("raw_tp/far_read")
int far_read(struct bpf_raw_tracepoint_args *ctx)
{
	struct far *f = (void *)ctx->args[0];

	return BPF_CORE_READ(f, at_32768) + BPF_CORE_READ(f, at_65536) +
	       bpf_core_field_offset(f->at_65536);
}

// An immediate of 2^31 and more would be sign-extended in a 64-bit move: libbpf writes it all the same.
SEC("raw_tp/huge")
__u64 huge(void *ctx)
{
	return bpf_core_type_size(huge_t);
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
