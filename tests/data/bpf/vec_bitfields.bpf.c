// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Shows: all five questions about a bitfield (offset, size, shifts, sign), asked one by one and through
// BPF_CORE_READ_BITFIELD(_PROBED). target_bits has `bits` laid out otherwise; task_struct and sk_buff
// are in every kernel.

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define CORE __attribute__((preserve_access_index))

enum shade { LIGHT, DARK = 5 };
enum turn { LEFT = -1, RIGHT = 1 };

struct bits {
	unsigned u3 : 3;
	int s7 : 7;
	enum shade shade : 4;
	enum turn turn : 2;
	unsigned char c5 : 5;
	_Bool flag : 1;
	unsigned long long u40 : 40;
	long long s33 : 33;
	unsigned whole; // a bitfield in the target
	int to_plain : 9; // no bitfield in the target
} CORE;

// packed: `over` begins in one word of its declared type and ends in the next.
struct straddle {
	unsigned u20 : 20;
	unsigned over : 20;
	unsigned long long wide : 24;
	short tiny : 9;
} __attribute__((packed, aligned(8))) CORE; // clang refuses what is wider than the alignment

struct task_struct {
	unsigned sched_reset_on_fork : 1;
	unsigned no_new_bits_here : 2;
	unsigned in_execve : 1;
} CORE;

struct sk_buff {
	__u8 cloned : 1;
	__u8 pkt_type : 3;
	__u8 ip_summed : 2;
} CORE;

#define ASK(field)                                                                                 \
	(bpf_core_field_exists(field) + bpf_core_field_offset(field) * 3 +                         \
	 bpf_core_field_size(field) * 5 + __builtin_preserve_field_info(field, BPF_FIELD_SIGNED) * 7 + \
	 __builtin_preserve_field_info(field, BPF_FIELD_LSHIFT_U64) * 11 +                         \
	 __builtin_preserve_field_info(field, BPF_FIELD_RSHIFT_U64) * 13)

SEC("raw_tp/asked")
int asked(struct bpf_raw_tracepoint_args *ctx)
{
	struct bits *b = (void *)ctx->args[0];

	return ASK(b->u3) + ASK(b->s7) + ASK(b->shade) + ASK(b->turn) + ASK(b->c5) + ASK(b->flag) +
	       ASK(b->u40) + ASK(b->s33) + ASK(b->whole) + ASK(b->to_plain);
}

SEC("raw_tp/asked")
int asked_straddling(struct bpf_raw_tracepoint_args *ctx)
{
	struct straddle *s = (void *)ctx->args[0];

	return ASK(s->u20) + ASK(s->over) + ASK(s->wide) + ASK(s->tiny);
}

SEC("raw_tp/direct")
int direct(struct bpf_raw_tracepoint_args *ctx)
{
	struct bits *b = (void *)ctx->args[0];

	return BPF_CORE_READ_BITFIELD(b, u3) + BPF_CORE_READ_BITFIELD(b, s7) +
	       BPF_CORE_READ_BITFIELD(b, turn) + BPF_CORE_READ_BITFIELD(b, s33);
}

SEC("raw_tp/probed")
int probed(struct bpf_raw_tracepoint_args *ctx)
{
	struct bits *b = (void *)ctx->args[0];
	struct straddle *s = (void *)ctx->args[1];
	struct task_struct *task = (void *)ctx->args[2];
	struct sk_buff *skb = (void *)ctx->args[3];

	return BPF_CORE_READ_BITFIELD_PROBED(b, u40) + BPF_CORE_READ_BITFIELD_PROBED(s, over) +
	       BPF_CORE_READ_BITFIELD_PROBED(task, sched_reset_on_fork) +
	       BPF_CORE_READ_BITFIELD_PROBED(skb, pkt_type);
}

SEC("raw_tp/kernel")
int kernel(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)ctx->args[0];
	struct sk_buff *skb = (void *)ctx->args[1];

	return ASK(task->sched_reset_on_fork) + ASK(task->no_new_bits_here) + ASK(task->in_execve) +
	       ASK(skb->cloned) + ASK(skb->pkt_type) + ASK(skb->ip_summed);
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
