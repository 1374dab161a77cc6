// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Shows: which names are one. A flavor is what follows the last ___ that stands between two other
// characters; types have flavors, members have none. Roots may be typedefs and unions. target_names has
// `flavor`, `flavor___a___x`, `suffix` and the rest in other layouts.

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define CORE __attribute__((preserve_access_index))

struct flavor___v1 { // gone: an older kernel's
	int old_name;
} CORE;

struct flavor___v2 {
	int new_name;
} CORE;

struct flavor___a___b { // is flavor___a, which is another type than flavor
	int new_name;
} CORE;

struct flavor____four { // is itself: no ___ has other characters on both sides
	int new_name;
} CORE;

struct flavor___ { // is itself
	int new_name;
} CORE;

struct ___flavor { // is itself
	int new_name;
} CORE;

struct suffix {
	int plain;
	int member___v1; // only `member` there
} CORE;

// Without a tag: the records are rooted at the typedef.
typedef struct {
	int one, two;
} CORE untagged_t;
typedef untagged_t untagged_again_t; // a typedef of a typedef there
typedef untagged_t typedef_to_struct_t; // of another struct there, with its own `two`

struct tagged_type { // only a typedef there: no candidate
	int one;
} CORE;

union choice {
	__u32 word;
	__u8 bytes[4];
} CORE;

// On the way, a struct may become a union, and a level without a name a deeper one.
struct path_of_kinds {
	struct {
		int in_union;
	} turns;
	int flat;
	union {
		int level_one;
		struct {
			int level_two;
		};
	};
} CORE;

SEC("raw_tp/flavors")
int flavors(struct bpf_raw_tracepoint_args *ctx)
{
	struct flavor___v1 *v1 = (void *)ctx->args[0];
	struct flavor___v2 *v2 = (void *)v1;

	if (bpf_core_field_exists(v2->new_name))
		return v2->new_name;
	if (bpf_core_field_exists(v1->old_name))
		return v1->old_name;
	return 0;
}

SEC("raw_tp/flavors")
int separators(struct bpf_raw_tracepoint_args *ctx)
{
	struct flavor___a___b *twice = (void *)ctx->args[0];
	struct flavor____four *four = (void *)ctx->args[1];
	struct flavor___ *after = (void *)ctx->args[2];
	struct ___flavor *before = (void *)ctx->args[3];

	return twice->new_name + four->new_name + after->new_name + before->new_name;
}

SEC("raw_tp/members")
int members(struct bpf_raw_tracepoint_args *ctx)
{
	struct suffix *s = (void *)ctx->args[0];

	return s->plain + bpf_core_field_exists(s->member___v1);
}

SEC("raw_tp/roots")
int roots(struct bpf_raw_tracepoint_args *ctx)
{
	untagged_t *once = (void *)ctx->args[0];
	untagged_again_t *twice = (void *)ctx->args[1];
	typedef_to_struct_t *other = (void *)ctx->args[2];
	struct tagged_type *tagged = (void *)ctx->args[3];
	union choice *choice = (void *)ctx->args[4];

	return once->one + once->two + twice->two + other->two +
	       bpf_core_field_exists(tagged->one) + choice->word + choice->bytes[2];
}

SEC("raw_tp/kinds")
int kinds(struct bpf_raw_tracepoint_args *ctx)
{
	struct path_of_kinds *p = (void *)ctx->args[0];

	return p->turns.in_union + p->flat + p->level_one + p->level_two;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
