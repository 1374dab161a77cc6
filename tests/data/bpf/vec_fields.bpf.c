// SPDX-License-Identifier: MIT OR Apache-2.0
// cpus: v1 v2 v3 v4
//
// Shows: every shape of an access path. The kernel has none of the types S, grid, middle; target_fields
// has them, laid out otherwise. -mcpu=v4 gives stores of a constant (ST) and sign-extending loads (MEMSX).

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define CORE __attribute__((preserve_access_index))

struct in {
	int x;
	int y[4];
} CORE;

struct S {
	int a;
	unsigned b1 : 3;
	int b2 : 7;
	unsigned long long b3 : 40;
	struct in arr[3];
	union {
		struct {
			short p;
			char q;
		};
		long z;
	};
	char flex[];
} CORE;

// The inner index of an array of arrays is no part of the access string: clang adds it itself.
struct grid {
	int rows;
	short cell[2][3];
	struct in deep[2][2];
} CORE;

struct middle {
	int count;
	int none[0]; // named as a whole only: see vec_zero_index for an index into it
	int after;
} CORE;

// As far as kernels have them.
struct dentry {
	struct dentry *d_parent;
} CORE;

struct path {
	struct dentry *dentry;
} CORE;

struct file {
	struct path f_path;
} CORE;

struct task_struct {
	char comm[16];
	struct task_struct *group_leader, *real_parent;
	int exit_code, tgid;
} CORE;

// A static and a global subprogram, both in .text: their records are not in a program's section.
static __noinline int static_part(struct S *s)
{
	return s->a + s->arr[1].y[3];
}

__noinline int global_part(struct S *s)
{
	return s ? s[2].arr[1].y[3] + static_part(s) : 0;
}

SEC("raw_tp/loads")
int scalar_loads(struct bpf_raw_tracepoint_args *ctx)
{
	struct S *s = (void *)ctx->args[0];

	return s->a + s[2].a + s->p + s->q + (int)s->z;
}

SEC("raw_tp/loads")
int array_loads(struct bpf_raw_tracepoint_args *ctx)
{
	struct S *s = (void *)ctx->args[0];

	return s->arr[0].x + s->arr[2].y[0] + s->flex[0] + s->flex[7] + global_part(s);
}

SEC("raw_tp/loads")
int grids(struct bpf_raw_tracepoint_args *ctx)
{
	struct grid *g = (void *)ctx->args[0];
	struct middle *m = (void *)ctx->args[1];

	return g->rows + g->cell[1][2] + g->deep[1][1].y[2] + g[1].cell[0][0] + m->count + m->after;
}

SEC("raw_tp/stores")
int stores(struct bpf_raw_tracepoint_args *ctx)
{
	struct S *s = (void *)ctx->args[0];

	s->a = 7;
	s->p = -2;
	s->q = 'q';
	s->z = 1;
	s->arr[1].y[2] = (int)ctx->args[1];
	s->flex[3] = (char)ctx->args[2];
	return 0;
}

SEC("raw_tp/chains")
int chains(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)ctx->args[0];
	struct file *file = (void *)ctx->args[1];
	struct dentry *up = BPF_CORE_READ(file, f_path.dentry, d_parent, d_parent);
	int tgid = BPF_CORE_READ(task, group_leader, real_parent, tgid);

	task->exit_code = 3;
	return tgid + task->comm[5] + task->group_leader->real_parent->comm[1] + (up != 0);
}

SEC("raw_tp/questions")
int questions(struct bpf_raw_tracepoint_args *ctx)
{
	struct S *s = (void *)ctx->args[0];
	struct grid *g = (void *)ctx->args[1];
	struct middle *m = (void *)ctx->args[2];
	struct task_struct *task = (void *)ctx->args[3];

	return bpf_core_field_exists(s->q) + bpf_core_field_exists(s->flex) +
	       bpf_core_field_exists(s->flex[7]) + bpf_core_field_exists(s->arr[2].y[3]) +
	       bpf_core_field_size(s->arr) + bpf_core_field_size(s->arr[1]) +
	       bpf_core_field_size(g->cell) + bpf_core_field_size(g->cell[1]) +
	       bpf_core_field_size(g->cell[1][2]) + bpf_core_field_offset(g->deep[1]) +
	       bpf_core_field_exists(m->none) + bpf_core_field_size(m->none) +
	       bpf_core_field_offset(m->none) + bpf_core_field_size(task->comm) +
	       bpf_core_field_offset(task->comm[5]) + bpf_core_field_exists(task->comm[15]);
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
