// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Shows: a member of the same name and another kind (target_kinds): which differences still match, which
// make the member another one. Each question is followed by what a program would do with the answer.

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define CORE __attribute__((preserve_access_index))

enum shade { LIGHT };
struct point {
	int x;
};
struct declared; // nowhere defined

struct kinds {
	int int_ptr, int_enum, int_struct, int_array, int_bool, int_float;
	void *ptr_int, *ptr_ptr;
	enum shade enum_int, enum_renamed, enum_flavor, enum_unnamed;
	struct point struct_ptr, struct_union, struct_other;
	int array_int[2], array_longer[2], array_of_ptr[2], array_of_long[2];
	double float_shorter, float_int;
	struct declared *declared_defined;
	const volatile int qualified;
} CORE;

#define IF(field) (bpf_core_field_exists(field) ? bpf_core_field_offset(field) : 0)

SEC("raw_tp/numbers")
int numbers(struct bpf_raw_tracepoint_args *ctx)
{
	struct kinds *k = (void *)ctx->args[0];

	return IF(k->int_ptr) + IF(k->int_enum) + IF(k->int_struct) + IF(k->int_array) +
	       IF(k->int_bool) + IF(k->int_float) + IF(k->ptr_int) + IF(k->ptr_ptr) +
	       IF(k->float_shorter) + IF(k->float_int) + IF(k->declared_defined) + IF(k->qualified);
}

SEC("raw_tp/enums")
int enums(struct bpf_raw_tracepoint_args *ctx)
{
	struct kinds *k = (void *)ctx->args[0];

	return IF(k->enum_int) + IF(k->enum_renamed) + IF(k->enum_flavor) + IF(k->enum_unnamed);
}

SEC("raw_tp/aggregates")
int aggregates(struct bpf_raw_tracepoint_args *ctx)
{
	struct kinds *k = (void *)ctx->args[0];

	return IF(k->struct_ptr) + IF(k->struct_union) + IF(k->struct_other) +
	       IF(k->struct_other.x) + IF(k->array_int) + IF(k->array_longer) +
	       IF(k->array_longer[1]) + IF(k->array_of_ptr) + IF(k->array_of_long[1]);
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
