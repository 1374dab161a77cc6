// SPDX-License-Identifier: MIT OR Apache-2.0
// drop-symbol: dropped
//
// Shows: records whose instructions belong to no program. A static linker leaves such code behind when it
// takes another object's definition of a weak function; here a symbol is taken out. Both libbpf and
// relocore pass over it, even though its record could only be poisoned.

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define CORE __attribute__((preserve_access_index))

struct task_struct {
	int tgid;
	int no_such_member;
} CORE;

SEC("raw_tp/one")
int kept_before(struct bpf_raw_tracepoint_args *ctx)
{
	return ((struct task_struct *)ctx->args[0])->tgid;
}

SEC("raw_tp/one")
int dropped(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)ctx->args[0];

	return task->no_such_member + task->tgid;
}

SEC("raw_tp/one")
int kept_behind(struct bpf_raw_tracepoint_args *ctx)
{
	return ((struct task_struct *)ctx->args[0])->tgid + bpf_core_type_size(struct task_struct);
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
