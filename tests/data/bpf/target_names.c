// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Target for vec_names.

struct flavor {
	long pad;
	int new_name;
} keep_flavor;

struct flavor___a___x { // its essential name is flavor___a
	long pad[2];
	int new_name;
} keep_flavor_a;

struct flavor____four {
	long pad[3];
	int new_name;
} keep_flavor_four;

struct flavor___ {
	long pad[4];
	int new_name;
} keep_flavor_after;

struct ___flavor {
	long pad[5];
	int new_name;
} keep_flavor_before;

struct suffix {
	int member, plain;
} keep_suffix;

typedef struct {
	int more, two, one;
} untagged_t;
typedef untagged_t untagged_again_t;
struct other {
	long pad[3];
	int two;
};
typedef struct other typedef_to_struct_t;
untagged_again_t keep_untagged;
typedef_to_struct_t keep_typedef;

typedef struct {
	int one;
} tagged_type;
tagged_type keep_tagged;

union choice {
	long more;
	unsigned char bytes[8];
	unsigned word;
} keep_choice;

struct path_of_kinds {
	long pad;
	union {
		long other;
		struct {
			union {
				struct {
					int level_two, flat;
				};
			};
			int level_one;
		};
	};
	union {
		long other_too;
		int in_union;
	} turns;
} keep_path_of_kinds;
