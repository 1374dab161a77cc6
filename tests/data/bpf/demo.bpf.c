// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The demo of relocore: who executes what. Compiled once, it runs on any kernel from 5.8 on,
// because every fact that differs between kernels is written as a question that the loader answers
// before the program is loaded (CO-RE: compile once, run everywhere).
//
// Kernel types are declared here as far as they are used, in any order and size: the attribute
// `preserve_access_index` makes clang note each access instead of fixing its offset.

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

typedef __u8 u8;
typedef __u32 u32;
typedef __u64 u64;

#define CORE __attribute__((preserve_access_index))

struct inode {
	unsigned long i_ino;
} CORE;

struct file {
	struct inode *f_inode;
} CORE;

struct mm_struct {
	struct file *exe_file;
} CORE;

struct task_struct {
	unsigned int __state; // since 5.14
	struct mm_struct *mm;
	struct task_struct *real_parent;
	int tgid;
	char comm[16];
	unsigned sched_reset_on_fork : 1;
} CORE;

// A flavor: what follows ___ is not part of the name. The field's name and type until 5.13.
struct task_struct___old {
	volatile long state;
} CORE;

// Not a flavor to read through but a description to compare with: does the kernel's task_struct have
// such members, of these types?
struct task_struct___new {
	unsigned int __state;
} CORE;

// Only there since 6.9: what it counts is beside the point, that it is missing before is not.
struct bpf_arena {
	void *map;
} CORE;

// Only the names matter: the value is the kernel's. NR_SHMEM is 23 up to 6.12 and 22 in 7.2.
enum node_stat_item {
	NR_SHMEM = 0,
	NR_NO_SUCH_COUNTER = 1,
};

// What user space gets. Its layout is the same everywhere, so it needs no CO-RE.
struct event {
	u64 inode; // of the executable
	u32 pid;
	u32 parent;
	u32 state; // of the task: 0 is running
	u32 kernel_version;
	u32 hz; // ticks a second, 0 if the kernel's configuration is not known
	u32 nr_shmem; // value of an enumerator in this kernel
	u32 comm_bytes; // size of task_struct.comm
	u8 reset_on_fork;
	u8 has_arena;
	u8 old_state; // the flavor's field was read
	u8 new_state; // task_struct matches the description task_struct___new
	char comm[16];
	u32 task_bytes; // size of task_struct
	u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
} events SEC(".maps");

// Events that found no room: one counter.
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} lost SEC(".maps");

extern int LINUX_KERNEL_VERSION __kconfig;
extern int CONFIG_HZ __kconfig __weak;

// Set by the loader before the verifier sees the program, constant for it from then on.
const volatile u32 only_tgid = 0; // report only this process; 0: all
const volatile u8 with_inode = 1; // 0: the verifier drops the code that follows the pointers

u64 seen; // .bss: executions seen
u32 largest_pid = 1; // .data: largest process id reported

SEC("raw_tp/sched_process_exec")
int handle_exec(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)ctx->args[0];
	u32 pid = BPF_CORE_READ(task, tgid);
	struct event *event;

	__sync_fetch_and_add(&seen, 1);
	if (only_tgid && pid != only_tgid)
		return 0;

	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		u32 zero = 0;
		u64 *count = bpf_map_lookup_elem(&lost, &zero);

		if (count)
			__sync_fetch_and_add(count, 1);
		return 0;
	}
	__builtin_memset(event, 0, sizeof(*event));

	event->pid = pid;
	if (pid > largest_pid)
		largest_pid = pid;
	event->parent = BPF_CORE_READ(task, real_parent, tgid);
	BPF_CORE_READ_STR_INTO(&event->comm, task, comm);
	// Four pointers deep, and each struct is laid out differently on each kernel.
	if (with_inode)
		event->inode = BPF_CORE_READ(task, mm, exe_file, f_inode, i_ino);

	// A field that was renamed: the branch for other kernels is poisoned, and never reached.
	if (bpf_core_field_exists(task->__state)) {
		event->state = BPF_CORE_READ(task, __state);
	} else {
		struct task_struct___old *old = (void *)task;

		event->state = BPF_CORE_READ(old, state);
		event->old_state = 1;
	}

	event->reset_on_fork = BPF_CORE_READ_BITFIELD_PROBED(task, sched_reset_on_fork);
	event->comm_bytes = bpf_core_field_size(task->comm);
	event->task_bytes = bpf_core_type_size(struct task_struct);
	event->new_state = bpf_core_type_matches(struct task_struct___new);
	event->has_arena = bpf_core_type_exists(struct bpf_arena);
	if (bpf_core_enum_value_exists(enum node_stat_item, NR_SHMEM))
		event->nr_shmem = bpf_core_enum_value(enum node_stat_item, NR_SHMEM);

	event->kernel_version = LINUX_KERNEL_VERSION;
	event->hz = CONFIG_HZ;
	bpf_ringbuf_submit(event, 0);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
