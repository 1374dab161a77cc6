// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Shows: what no kernel has. Unguarded, the instruction is poisoned and stays reachable; guarded by the
// answer to an existence question it is poisoned too, but dead once that answer is a constant 0.

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define CORE __attribute__((preserve_access_index))

struct no_such_struct {
	int field;
	unsigned bits : 3;
} CORE;

struct task_struct {
	int tgid;
	int no_such_field;
	struct no_such_struct *no_such_pointer;
	unsigned no_such_bits : 5;
	char comm[4096]; // as an array it matches: the length does not count, an index does
	int mm; // a pointer in the kernel: the kind differs
	void *pid; // an int in the kernel
} CORE;

// A flavor with a member that the kernel has as an array.
struct task_struct___int {
	int comm;
} CORE;

enum no_such_enum { NO_SUCH = 3 };

SEC("raw_tp/unguarded")
int unguarded_load(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)ctx->args[0];

	return task->tgid + task->no_such_field;
}

SEC("raw_tp/unguarded")
int unguarded_rest(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)ctx->args[0];
	struct no_such_struct *s = (void *)ctx->args[1];

	task->no_such_field = 1;
	s->field = 2;
	return s->field + BPF_CORE_READ(task, no_such_pointer, field) +
	       BPF_CORE_READ_BITFIELD_PROBED(task, no_such_bits) + bpf_core_field_size(s->field) +
	       bpf_core_enum_value(enum no_such_enum, NO_SUCH) +
	       bpf_core_type_size(struct no_such_struct) + bpf_core_type_id_kernel(struct no_such_struct);
}

SEC("raw_tp/guarded")
int guarded(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)ctx->args[0];
	struct no_such_struct *s = (void *)ctx->args[1];
	int sum = 0;

	if (bpf_core_field_exists(task->no_such_field))
		sum += task->no_such_field;
	if (bpf_core_type_exists(struct no_such_struct))
		sum += s->field + BPF_CORE_READ_BITFIELD_PROBED(s, bits);
	if (bpf_core_enum_value_exists(enum no_such_enum, NO_SUCH))
		sum += bpf_core_enum_value(enum no_such_enum, NO_SUCH);
	if (bpf_core_field_exists(task->no_such_pointer))
		sum += BPF_CORE_READ(task, no_such_pointer, field);
	if (bpf_core_type_matches(struct no_such_struct))
		sum += 5;
	return sum;
}

SEC("raw_tp/kinds")
int kinds(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)ctx->args[0];
	struct task_struct___int *other = (void *)task;
	int sum = bpf_core_field_exists(task->comm) + bpf_core_field_exists(task->comm[4000]);

	if (bpf_core_field_exists(task->mm))
		sum += task->mm;
	if (bpf_core_field_exists(task->pid))
		sum += (long)task->pid;
	if (bpf_core_field_exists(other->comm))
		sum += other->comm;
	return sum + task->comm[4000];
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
