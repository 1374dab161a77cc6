// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Shows: types that only modules have, and a type that vmlinux has as well: then no module is asked.
// The bundled modules are nf_conntrack, veth and overlay.

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define CORE __attribute__((preserve_access_index))

struct veth_priv {
	void *peer;
} CORE;

struct ovl_fs {
	unsigned numlayer;
	_Bool no_such_member;
} CORE;

struct ovl_layer {
	void *mnt;
	int idx;
} CORE;

struct nf_conntrack_net_ecache___any {
	int x;
};

struct nf_conntrack_net {
	unsigned users4, users6;
} CORE;

// In vmlinux (or in each module that uses it, where it is not).
struct nf_conn {
	__u32 mark;
	unsigned long status;
} CORE;

struct task_struct {
	int tgid;
} CORE;

enum ovl_path_type___any { NO_SUCH };

SEC("raw_tp/fields")
int fields(struct bpf_raw_tracepoint_args *ctx)
{
	struct veth_priv *veth = (void *)ctx->args[0];
	struct ovl_fs *ovl = (void *)ctx->args[1];
	struct ovl_layer *layer = (void *)ctx->args[2];
	struct nf_conntrack_net *net = (void *)ctx->args[3];
	struct nf_conn *conn = (void *)ctx->args[4];
	struct task_struct *task = (void *)ctx->args[5];
	int sum = (veth->peer != 0) + task->tgid;

	if (bpf_core_field_exists(ovl->numlayer))
		sum += ovl->numlayer;
	if (bpf_core_field_exists(ovl->no_such_member))
		sum += ovl->no_such_member;
	return sum + (layer->mnt != 0) + layer->idx + BPF_CORE_READ(net, users4) +
	       BPF_CORE_READ(conn, status) + bpf_core_field_offset(conn->mark);
}

// A module's type id is one of its own numbering: 0 where the type is nowhere.
SEC("raw_tp/types")
int types(void *ctx)
{
	return bpf_core_type_exists(struct veth_priv) + bpf_core_type_size(struct ovl_fs) * 3 +
	       bpf_core_type_id_kernel(struct veth_priv) * 5 +
	       bpf_core_type_id_kernel(struct task_struct) * 7 +
	       bpf_core_type_exists(struct nf_conntrack_net_ecache___any) * 9 +
	       bpf_core_type_exists(enum ovl_path_type___any) * 11;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
