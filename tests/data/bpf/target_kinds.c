// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Target for vec_kinds: what each member became stands in its name.

enum shade { LIGHT };
enum colour { RED };
enum shade___two { LIGHTER };
struct other {
	long y;
};
struct declared {
	int known;
};

struct kinds {
	struct other struct_other;
	union {
		int x;
	} struct_union;
	struct other *struct_ptr;
	float float_shorter;
	long float_int;
	void *int_ptr;
	enum shade int_enum;
	struct other int_struct;
	int int_array[1];
	_Bool int_bool;
	float int_float;
	long ptr_int;
	struct other *ptr_ptr;
	int enum_int;
	enum colour enum_renamed;
	enum shade___two enum_flavor;
	enum { UNNAMED } enum_unnamed;
	int array_int;
	int array_longer[9];
	void *array_of_ptr[2];
	long array_of_long[2];
	struct declared *declared_defined;
	int qualified;
} keep_kinds;
