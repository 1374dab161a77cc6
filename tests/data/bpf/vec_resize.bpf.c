// SPDX-License-Identifier: MIT OR Apache-2.0
// cpus: v4
//
// Shows: a field of another size than here. Loads and stores of unsigned integers and pointers take the
// target's width; of anything else they are poisoned; an offset alone is right whatever the size.
// sk_buff, task_struct, pid are in every kernel; `sizes` is in target_resize.

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define CORE __attribute__((preserve_access_index))

struct sk_buff {
	__u64 len; // unsigned int in the kernel
	__u8 truesize; // unsigned int
	__u32 protocol; // __be16
	__u16 hash; // __u32
	__u64 data_len; // unsigned int
	__u32 data; // a pointer: PTR is not INT, so no match
	__u8 mark; // __u32
} CORE;

struct task_struct {
	long tgid; // a signed int: poisoned
	short exit_code; // a signed int: poisoned
	__u64 pid; // INT is INT, but the kernel's is signed: poisoned
	void *mm; // a pointer to another type: as it is
	__u16 flags; // unsigned int
} CORE;

enum small { SMALL } __attribute__((mode(byte)));

struct sizes {
	__u64 u64_u32, u64_u16, u64_u8;
	__u32 u32_u64;
	__u16 u16_u32;
	__u8 u8_u64;
	int s32_s64, s32_u64;
	unsigned u32_s64;
	_Bool bool_u8, bool_u32;
	__u32 u32_bool;
	char char_u32; // plain char of BPF is signed
	enum small enum1_enum4;
	__u64 list[4]; // elements of 4 bytes in the target
	long signed_list[2]; // idem
	__u64 in_list_of_3; // an array of 3 bytes in the target
	void *pointer;
} CORE;

SEC("raw_tp/kernel")
__u64 kernel_loads(struct bpf_raw_tracepoint_args *ctx)
{
	struct sk_buff *skb = (void *)ctx->args[0];

	return skb->len + skb->truesize + skb->protocol + skb->hash + skb->data_len;
}

SEC("raw_tp/kernel")
int kernel_stores(struct bpf_raw_tracepoint_args *ctx)
{
	struct sk_buff *skb = (void *)ctx->args[0];

	skb->len = ctx->args[1];
	skb->mark = 1;
	skb->protocol = 8;
	return 0;
}

SEC("raw_tp/signed")
__u64 kernel_signed(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)ctx->args[0];

	task->exit_code = 1;
	return task->tgid + task->exit_code + task->pid + (__u64)task->mm + task->flags;
}

// Sizes and offsets of the same fields, which no instruction's width depends on.
SEC("raw_tp/asked")
int kernel_asked(struct bpf_raw_tracepoint_args *ctx)
{
	struct sk_buff *skb = (void *)ctx->args[0];
	struct task_struct *task = (void *)ctx->args[1];

	return bpf_core_field_size(skb->len) + bpf_core_field_offset(skb->len) +
	       bpf_core_field_exists(skb->data) + bpf_core_field_size(skb->protocol) +
	       bpf_core_field_size(task->tgid) + bpf_core_field_offset(task->tgid) +
	       __builtin_preserve_field_info(task->pid, BPF_FIELD_SIGNED);
}

SEC("raw_tp/target")
__u64 target_loads(struct bpf_raw_tracepoint_args *ctx)
{
	struct sizes *s = (void *)ctx->args[0];

	return s->u64_u32 + s->u64_u16 + s->u64_u8 + s->u32_u64 + s->u16_u32 + s->u8_u64 +
	       s->s32_s64 + s->s32_u64 + s->u32_s64 + s->bool_u8 + s->bool_u32 + s->u32_bool +
	       s->char_u32 + s->enum1_enum4 + s->list[2] + s->signed_list[1] + s->in_list_of_3 +
	       (__u64)s->pointer;
}

SEC("raw_tp/target")
int target_stores(struct bpf_raw_tracepoint_args *ctx)
{
	struct sizes *s = (void *)ctx->args[0];

	s->u64_u32 = 1;
	s->u32_u64 = (__u32)ctx->args[1];
	s->s32_s64 = 2;
	s->u8_u64 = 3;
	s->list[3] = 4;
	s->bool_u32 = 1;
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
