// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Shows: a load that reads a part of its field, as the compiler also makes them out of whole ones whose
// upper part nobody uses. Where the kernel's field has another size than the one here, the width cannot be
// corrected, and libbpf refuses the object: sk_buff.len has 4 bytes on all kernels. Of data_len, whose size
// is right here, a part may be read.

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define CORE __attribute__((preserve_access_index))

struct sk_buff {
	__u64 len;
	__u32 data_len;
} CORE;

SEC("raw_tp/part_of_same")
int part_of_same(struct bpf_raw_tracepoint_args *ctx)
{
	return *(__u8 *)&((struct sk_buff *)ctx->args[0])->data_len;
}

SEC("raw_tp/part_of_resized")
int part_of_resized(struct bpf_raw_tracepoint_args *ctx)
{
	return *(__u8 *)&((struct sk_buff *)ctx->args[0])->len;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
