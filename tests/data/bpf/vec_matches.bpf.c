// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Shows: what bpf_core_type_matches compares. Members by essential name, whatever their order; numbers by
// name, size and sign; aggregates member by member, behind a pointer by name only. Each flavor here differs
// from target_matches in one thing, named by the flavor; (no) marks what does not match.

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define CORE __attribute__((preserve_access_index))

struct inner {
	int x;
};
struct declared;

struct shape {
	int one;
	const volatile unsigned two;
	struct inner in;
	struct inner *ptr;
	struct declared *declared;
	union {
		int u;
		unsigned v;
	};
	int list[3];
	int (*call)(int number, struct inner *in);
};
struct shape___subset { // fewer members
	unsigned two;
};
struct shape___none {};
struct shape___more { // (no)
	int one, not_there;
};
struct shape___sign { // (no)
	unsigned one;
};
struct shape___size { // (no)
	short one;
};
struct shape___pointer { // (no)
	int *one;
};
struct shape___list { // (no)
	int list[4];
};
struct shape___elements { // (no)
	short list[3];
};
struct inner___other {
	long x;
};
struct shape___inner { // (no)
	struct inner___other in;
};
struct shape___behind { // behind a pointer the members do not count
	struct inner___other *ptr;
};
struct shape___member { // here members have flavors
	int one___v2;
};
struct shape___anonymous { // (no): not in a union there
	union {
		unsigned two;
	};
};
struct shape___call { // (no)
	int (*call)(int number);
};
struct shape___result { // (no)
	long (*call)(int number, struct inner *in);
};
union shape___union { // (no): another kind
	int one;
};

struct declared___defined { // only declared there
	int known;
};
struct holder {
	struct declared___defined *declared;
};

enum level { LOW, HIGH };
enum level___less { HIGH___again = 77 }; // values do not count
enum level___more { LOW___a, HIGH___a, HIGHER___a }; // (no)
enum level___wide { LOW___b = 0x100000000 }; // (no): its size

typedef int number_t;
typedef unsigned number_t___unsigned; // (no)
typedef long number_t___long; // (no)
typedef double real_t; // (no): no rule for it
typedef int row_t[4];
typedef int row_t___longer[5]; // (no)
typedef int function_t(int number, struct inner *in);
typedef int function_t___less(int number); // (no)
typedef void function_t___void(int number, struct inner *in); // (no)
typedef struct inner *pointer_t;
typedef struct other_name *pointer_t___other; // (no)
typedef void *void_pointer_t;
typedef struct shape shape_t;

#define YES(type) bpf_core_type_matches(type)

SEC("raw_tp/structs")
int structs(void *ctx)
{
	return YES(struct shape) + YES(struct shape___subset) + YES(struct shape___none) * 3 +
	       YES(struct shape___more) + YES(struct shape___sign) * 5 + YES(struct shape___size) +
	       YES(struct shape___pointer) + YES(struct shape___list) * 7 +
	       YES(struct shape___elements) + YES(struct shape___inner) * 9 +
	       YES(struct shape___behind) + YES(struct shape___member) * 11 +
	       YES(struct shape___anonymous) + YES(struct shape___call) * 13 +
	       YES(struct shape___result) + YES(union shape___union) * 15 + YES(struct holder) +
	       YES(struct declared___defined);
}

SEC("raw_tp/enums")
int enums(void *ctx)
{
	return YES(enum level) + YES(enum level___less) * 3 + YES(enum level___more) * 5 +
	       YES(enum level___wide) * 7;
}

SEC("raw_tp/typedefs")
int typedefs(void *ctx)
{
	return YES(number_t) + YES(number_t___unsigned) * 3 + YES(number_t___long) * 5 +
	       YES(real_t) * 7 + YES(row_t) * 9 + YES(row_t___longer) * 11 + YES(function_t) * 13 +
	       YES(function_t___less) * 15 + YES(function_t___void) * 17 + YES(pointer_t) * 19 +
	       YES(pointer_t___other) * 21 + YES(void_pointer_t) * 23 + YES(shape_t) * 25;
}

// Existence asks less: the kinds on the way, but no sizes, signs and members.
SEC("raw_tp/exist")
int exist(void *ctx)
{
	return bpf_core_type_exists(struct shape___more) + bpf_core_type_exists(union shape___union) * 3 +
	       bpf_core_type_exists(enum level___wide) * 5 + bpf_core_type_exists(real_t) * 7 +
	       bpf_core_type_exists(number_t___long) * 9 + bpf_core_type_exists(row_t___longer) * 11 +
	       bpf_core_type_exists(function_t) * 13 + bpf_core_type_exists(function_t___less) * 15 +
	       bpf_core_type_exists(pointer_t___other) * 17;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
