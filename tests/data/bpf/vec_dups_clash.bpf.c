// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Shows: candidates that disagree (target_dups): offset, enumerator value, type size. Ambiguous, libbpf
// refuses the object.

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define CORE __attribute__((preserve_access_index))

struct foo {
	int moved;
} CORE;

enum dup { DUP_MOVED = 1 };

struct total {
	int x;
} CORE;

SEC("raw_tp/offset")
int offset(struct bpf_raw_tracepoint_args *ctx)
{
	return ((struct foo *)ctx->args[0])->moved;
}

SEC("raw_tp/value")
__u64 value(void *ctx)
{
	return bpf_core_enum_value(enum dup, DUP_MOVED);
}

SEC("raw_tp/size")
int size(void *ctx)
{
	return bpf_core_type_size(struct total);
}

SEC("raw_tp/fine")
int fine(void *ctx)
{
	return bpf_core_type_exists(struct total);
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
