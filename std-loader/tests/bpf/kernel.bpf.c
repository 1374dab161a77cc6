// SPDX-License-Identifier: MIT OR Apache-2.0
//
// What is the kernel's: its functions (kfuncs), operations that programs implement (struct_ops),
// exceptions.
//
// Rebuilt by std-loader/tests/bpf/build.sh.

#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

typedef __u32 u32;
typedef __u64 u64;

const volatile u32 only_tgid;
u64 sum, has_missing, thrown;

static __always_inline bool is_ours(void)
{
	return bpf_get_current_pid_tgid() >> 32 == only_tgid;
}

// Functions of the kernel since Linux 6.4; one of them under another name.
struct bpf_iter_num {
	u64 opaque[1];
} __attribute__((aligned(8)));

extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __ksym __weak;
extern int *bpf_iter_num_next___mine(struct bpf_iter_num *it) __ksym __weak;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __ksym __weak;
// Of another type than the kernel's: as good as none.
extern int bpf_rcu_read_lock___other(u64 a, u64 b) __ksym __weak;
extern int relocore_no_such_kfunc(u64) __ksym __weak;
extern int relocore_strong_kfunc(u64) __ksym;
extern const int relocore_strong_variable __ksym;

SEC("raw_tp/sys_enter")
int calls_kernel(void *ctx)
{
	struct bpf_iter_num it;
	int *each;
	u64 total = 0;

	if (!is_ours())
		return 0;
	bpf_iter_num_new(&it, 1, 5);
	while ((each = bpf_iter_num_next___mine(&it)))
		total += *each;
	bpf_iter_num_destroy(&it);
	sum = total;
	if (bpf_iter_num_new)
		has_missing |= 2;
	if (relocore_no_such_kfunc)
		has_missing |= 1 + relocore_no_such_kfunc(1);
	if (bpf_rcu_read_lock___other)
		has_missing |= 4 + bpf_rcu_read_lock___other(1, 2);
	return 0;
}

SEC("?raw_tp/sys_enter")
int needs_function(void *ctx)
{
	return relocore_strong_kfunc(1);
}

SEC("?raw_tp/sys_enter")
int needs_variable(void *ctx)
{
	return relocore_strong_variable;
}

// Targets by BTF that there are not.
SEC("?tp_btf/relocore_no_such_tracepoint")
int no_tracepoint(void *ctx)
{
	return 0;
}

SEC("?fentry/relocore_no_such_module:schedule")
int no_module(void *ctx)
{
	return 0;
}

SEC("?fentry")
int no_target(void *ctx)
{
	return 0;
}

SEC("?freplace/something")
int no_program(void *ctx)
{
	return 0;
}

SEC("?tp_btf/sched_switch")
int by_type(void *ctx)
{
	return 0;
}

SEC("?socket")
int of_user(void *ctx)
{
	return 7;
}

// Operations of the kernel. Members in another order than there, and one that no kernel has.
struct sock;

struct tcp_congestion_ops {
	char name[16];
	u32 (*ssthresh)(struct sock *sk);
	u32 (*undo_cwnd)(struct sock *sk);
	void (*cong_avoid)(struct sock *sk, u32 ack, u32 acked);
};

struct tcp_congestion_ops___more {
	void (*relocore_no_such_operation)(struct sock *sk);
	u32 (*ssthresh)(struct sock *sk);
	u32 (*undo_cwnd)(struct sock *sk);
	void (*cong_avoid)(struct sock *sk, u32 ack, u32 acked);
	char name[16];
};

struct tcp_congestion_ops___bad {
	u32 relocore_no_such_number;
};

SEC("struct_ops")
u32 BPF_PROG(ssthresh, struct sock *sk)
{
	return 2;
}

SEC("struct_ops")
u32 BPF_PROG(undo_cwnd, struct sock *sk)
{
	return 3;
}

SEC("struct_ops/cong_avoid")
void BPF_PROG(cong_avoid, struct sock *sk, u32 ack, u32 acked)
{
}

SEC("struct_ops")
void BPF_PROG(no_such_operation, struct sock *sk)
{
}

SEC("struct_ops")
u32 BPF_PROG(other_undo, struct sock *sk)
{
	return 4;
}

SEC("?struct_ops")
u32 BPF_PROG(nowhere, struct sock *sk)
{
	return 5;
}

SEC(".struct_ops.link")
struct tcp_congestion_ops linked = {
	.name = "relocore_linked",
	.ssthresh = (void *)ssthresh,
	.undo_cwnd = (void *)undo_cwnd,
	.cong_avoid = (void *)cong_avoid,
};

SEC("?.struct_ops")
struct tcp_congestion_ops___more optional = {
	.relocore_no_such_operation = (void *)no_such_operation,
	.ssthresh = (void *)ssthresh,
	.undo_cwnd = (void *)other_undo,
	.cong_avoid = (void *)cong_avoid,
	.name = "relocore_more",
};

SEC("?.struct_ops.link")
struct tcp_congestion_ops___bad bad = {
	.relocore_no_such_number = 1,
};

// Throws, and is caught by a function that nothing calls; since Linux 6.7.
extern void bpf_throw(u64 cookie) __ksym __weak;

__attribute__((noinline)) int on_exception(u64 cookie)
{
	return cookie + 3;
}

SEC("?tc")
__attribute__((btf_decl_tag("exception_callback:on_exception")))
int throws(struct __sk_buff *skb)
{
	bpf_throw(4);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
