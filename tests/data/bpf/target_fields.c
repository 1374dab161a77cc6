// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Target for vec_fields, vec_zero_index, vec_anon_root: its .BTF plays the kernel's. The same names in
// other places, some of other lengths; `middle` has its zero-length array last, and `tail` in the middle.

struct in {
	int y[4];
	long pad;
	int x;
};

struct S {
	long before[5];
	struct in arr[3];
	union {
		long z;
		struct {
			char other;
			union {
				char q;
				int r;
			};
			short p;
		};
	};
	int b2 : 7;
	unsigned b1 : 3;
	int a;
	unsigned long long b3 : 40;
	char flex[];
};

struct grid {
	struct in deep[3][2];
	int rows;
	short cell[4][3]; // as wide as the local rows: the compiler added the inner index
};

struct middle {
	int after;
	int count;
	int none[0];
};

struct tail {
	int count;
	int items[0];
	int more;
};

struct holder {
	long pad;
	union {
		int x;
		int y;
	} u[4];
};

struct S keep_s;
struct grid keep_grid;
struct middle keep_middle;
struct tail keep_tail;
struct holder keep_holder;
