// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Shows: what goes by the kernel that it was compiled for, without a record that would adapt it, and
// names of old; beside each the same as it should be, which must not be told.

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

// As <linux/version.h> has it, but the same on all machines.
#define LINUX_VERSION_CODE 0x060100

#define CORE __attribute__((preserve_access_index))

// Nothing says that its layout may differ.
struct mm_struct {
	long users;
	long pages;
};

struct task_struct {
	long flags;
	int pid;
	struct mm_struct *mm;
};

struct dentry {
	long d_flags;
	long d_name[8];
} CORE;

// Of sched:sched_switch; the first 8 bytes are every tracepoint's own.
struct switch_record {
	unsigned long long common;
	char prev_comm[16];
	int prev_pid;
};

struct switch_record___core {
	unsigned long long common;
	char prev_comm[16];
	int prev_pid;
} CORE;

unsigned int compiled_for SEC("version") = LINUX_VERSION_CODE;
long out;

SEC("tp_btf/sched_switch")
int fixed_load(unsigned long long *ctx)
{
	struct task_struct *task = (void *)ctx[1];

	return task->pid;
}

SEC("raw_tp/sched_switch")
int fixed_read(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)ctx->args[1];
	int pid;

	bpf_probe_read_kernel(&pid, sizeof(pid), &task->pid);
	return pid;
}

SEC("kprobe/do_exit")
int fixed_chain(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task_btf();

	return task->mm->pages;
}

SEC("tp/sched/sched_switch")
int fixed_record(struct switch_record *record)
{
	return record->prev_pid;
}

SEC("raw_tp/sched_switch")
int fixed_size(struct bpf_raw_tracepoint_args *ctx)
{
	struct dentry dentry;

	if (bpf_core_field_exists(dentry.d_flags))
		bpf_probe_read_kernel(&dentry, sizeof(struct dentry), (void *)ctx->args[0]);
	return dentry.d_name[1];
}

SEC("raw_tp/sched_switch")
int fixed_version(struct bpf_raw_tracepoint_args *ctx)
{
	return ctx->args[0] < LINUX_VERSION_CODE;
}

SEC("tp_btf/sched_switch")
int adapted(unsigned long long *ctx)
{
	struct dentry *dentry = (void *)ctx[1];
	struct dentry copy;

	if (bpf_core_type_size(struct dentry) <= sizeof(copy))
		bpf_probe_read_kernel(&copy, bpf_core_type_size(struct dentry), dentry);
	return dentry->d_name[2] + BPF_CORE_READ(dentry, d_flags);
}

SEC("tp/sched/sched_switch")
int adapted_record(struct switch_record___core *record)
{
	return record->prev_pid;
}

SEC("classifier")
int old_name(struct __sk_buff *skb)
{
	return skb->len;
}

SEC("xdp_drop/eth0")
int old_prefix(struct xdp_md *ctx)
{
	return 0;
}

SEC("tracing/whatever")
int unknown_name(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
