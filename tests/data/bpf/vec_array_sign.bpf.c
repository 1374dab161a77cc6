// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Shows: an array's element has an offset, a size and existence, but no sign and no shifts: libbpf refuses
// the object, on every kernel.

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define CORE __attribute__((preserve_access_index))

struct task_struct {
	int tgid;
	char comm[16];
} CORE;

SEC("raw_tp/element")
int element(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)ctx->args[0];

	return bpf_core_field_offset(task->comm[3]) + bpf_core_field_size(task->comm[3]) +
	       bpf_core_field_exists(task->comm[3]) +
	       __builtin_preserve_field_info(task->comm[3], BPF_FIELD_SIGNED);
}

// A member has all of it, though no bitfield. (Of an array as a whole clang does not let you ask.)
SEC("raw_tp/member")
int member(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)ctx->args[0];

	return __builtin_preserve_field_info(task->tgid, BPF_FIELD_SIGNED) * 3 +
	       __builtin_preserve_field_info(task->tgid, BPF_FIELD_LSHIFT_U64);
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
