// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The kernel of probe.bpf.c. What it has instead stands beside each.

struct pid {
	int level;
};

struct file {
	char f_name[16]; // shorter
	int f_count; // narrower, and signed
} keep_file;

// `rss_pages` has moved into it.
struct mm_rss_stat {
	long rss_events;
	long rss_pages;
};

struct mm_struct {
	struct file *exe_file;
	struct mm_rss_stat rss_stat;
} keep_mm;

struct task_struct {
	unsigned int __state; // once `state`
	int stack; // no pointer
	struct pid *thread_pid;
	int thread_info;
	int exit_code;
	int exit_signal;
	struct mm_struct *mm;
	unsigned long long start_time;
} keep_task;

// `threads` is no struct of its own any more.
struct signal_struct {
	int live;
	int nr_threads;
} keep_signal;

struct block_device { // once `block_dev`, and there is a `block_dev_ops`
	int bd_dev;
} keep_block_device;

struct block_dev_ops {
	void *open;
} keep_block_dev_ops;

struct gendisk {
	int major;
} keep_disk;

struct request_queue {
	struct gendisk *disk; // where requests had it
} keep_queue;

struct request {
	struct request_queue *q;
	unsigned int rq_sectors;
} keep_request;

// Two layouts, as modules bring them that were built apart.
struct nf_conn {
	unsigned int use;
	unsigned int mark;
	unsigned int timeout;
} keep_nf_conn;

struct nf_conn___other {
	unsigned int use;
	unsigned int status;
	void *ext;
	unsigned int mark;
	unsigned int timeout;
} keep_nf_conn_other;

struct net_device {
	char queues[40000];
	int ifindex;
} keep_net_device;

enum memory_event { MEMORY_LOW, MEMORY_HIGH, MEMORY_OOM } keep_memory_event;
enum memory_kill_event { MEMORY_OOM_GROUP, MEMORY_OOM_KILL } keep_memory_kill_event;

typedef void (*btf_trace_sched_switch)(void *, _Bool);
btf_trace_sched_switch keep_sched_switch;

struct sk_buff {
	unsigned int len;
	unsigned long long tstamp; // wider
} keep_sk_buff;
