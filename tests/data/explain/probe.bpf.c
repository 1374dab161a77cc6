// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Shows: one way in which a kernel may not be what a program takes it for, in each program. The kernel
// is target_kernel.c, for `narrow` and `registers` target_machine.c.

#define __TARGET_ARCH_x86

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define CORE __attribute__((preserve_access_index))

struct file {
	long f_count;
	char f_name[24];
} CORE;

struct mm_struct {
	struct file *exe_file;
	long rss_pages;
} CORE;

struct task_struct {
	int thread_id;
	int exit_state;
	long state;
	void *stack;
	struct mm_struct *mm;
	unsigned long long start_time;
} CORE;

struct signal_struct {
	struct {
		int nr_threads;
	} threads;
} CORE;

struct block_dev {
	int bd_dev;
} CORE;

struct request {
	struct gendisk *rq_disk;
	unsigned int rq_sectors;
} CORE;

struct gendisk {
	int major;
} CORE;

struct nf_conn {
	unsigned int mark;
	unsigned int timeout;
} CORE;

struct net_device {
	int ifindex;
} CORE;

struct sk_buff___wanted {
	unsigned int len;
	unsigned int tstamp;
} CORE;

struct pt_regs {
	unsigned long di;
	unsigned long ax;
	unsigned long orig_ax;
} CORE;

struct jiffies_box {
	long last;
} CORE;

enum memory_event { MEMORY_LOW, MEMORY_OOM_KILL };

int out;

SEC("raw_tp/type_missing")
int type_missing(struct bpf_raw_tracepoint_args *ctx)
{
	struct block_dev *bdev = (void *)ctx->args[0];

	return BPF_CORE_READ(bdev, bd_dev);
}

SEC("raw_tp/member_missing")
int member_missing(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)ctx->args[0];

	return BPF_CORE_READ(task, thread_id);
}

SEC("raw_tp/member_renamed")
int member_renamed(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)ctx->args[0];

	return BPF_CORE_READ(task, state);
}

SEC("raw_tp/member_deeper")
int member_deeper(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)ctx->args[0];

	out = BPF_CORE_READ(task, mm, rss_pages);
	return 0;
}

SEC("raw_tp/member_behind_pointer")
int member_behind_pointer(struct bpf_raw_tracepoint_args *ctx)
{
	struct request *rq = (void *)ctx->args[0];

	return BPF_CORE_READ(rq, rq_disk, major);
}

SEC("raw_tp/struct_dissolved")
int struct_dissolved(struct bpf_raw_tracepoint_args *ctx)
{
	struct signal_struct *signal = (void *)ctx->args[0];

	return BPF_CORE_READ(signal, threads.nr_threads);
}

SEC("raw_tp/other_kind")
int other_kind(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)ctx->args[0];

	return BPF_CORE_READ(task, stack) != 0;
}

SEC("raw_tp/beyond_array")
int beyond_array(struct bpf_raw_tracepoint_args *ctx)
{
	struct file *file = (void *)ctx->args[0];

	return BPF_CORE_READ(file, f_name[20]);
}

// Reads without a helper, as programs with typed arguments do.
SEC("tp_btf/sched_switch")
int size_differs(unsigned long long *ctx)
{
	struct file *file = (void *)ctx[0];

	return file->f_count != 0;
}

SEC("raw_tp/ambiguous")
int ambiguous(struct bpf_raw_tracepoint_args *ctx)
{
	struct nf_conn *ct = (void *)ctx->args[0];

	return BPF_CORE_READ(ct, mark);
}

SEC("tp_btf/sched_switch")
int far_away(unsigned long long *ctx)
{
	struct net_device *dev = (void *)ctx[0];

	return dev->ifindex;
}

SEC("raw_tp/enumerator_missing")
int enumerator_missing(struct bpf_raw_tracepoint_args *ctx)
{
	return ctx->args[0] == bpf_core_enum_value(enum memory_event, MEMORY_OOM_KILL);
}

SEC("raw_tp/guarded")
int guarded(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)ctx->args[0];

	if (bpf_core_field_exists(task->thread_id))
		return BPF_CORE_READ(task, thread_id);
	return BPF_CORE_READ(task, start_time);
}

// Looks guarded: the check is of another field, which this kernel has.
SEC("raw_tp/guarded_wrongly")
int guarded_wrongly(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)ctx->args[0];

	if (bpf_core_field_exists(task->start_time))
		return BPF_CORE_READ(task, exit_state);
	return 0;
}

SEC("raw_tp/type_differs")
int type_differs(struct bpf_raw_tracepoint_args *ctx)
{
	return bpf_core_type_exists(struct sk_buff___wanted) * 2 +
	       bpf_core_type_matches(struct sk_buff___wanted);
}

SEC("tp_btf/sched_switch")
int narrow(unsigned long long *ctx)
{
	struct jiffies_box *box = (void *)ctx[0];

	return box->last != 0;
}

SEC("kprobe/registers")
int registers(struct pt_regs *regs)
{
	return regs->di + regs->ax;
}

// Two of the above, after more work than the first buffer for the verifier's log has room for.
SEC("raw_tp/two_missing")
int two_missing(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)ctx->args[0];
	struct mm_struct *mm = (void *)ctx->args[1];
	unsigned long long sum = 0;

#pragma clang loop unroll(disable)
	for (int i = 0; i < 2000; i++)
		sum += bpf_get_prandom_u32() ^ i;
	out = sum + BPF_CORE_READ(task, thread_id);
	return BPF_CORE_READ(mm, rss_pages);
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
