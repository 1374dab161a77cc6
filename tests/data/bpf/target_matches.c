// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Target for vec_matches.

struct inner {
	long more;
	int x;
};
struct declared;

struct shape {
	int list[3];
	int (*call)(int renamed, const struct inner *in);
	union {
		unsigned v;
		long more_u;
		int u;
	};
	struct declared *declared;
	struct inner *ptr;
	struct inner in;
	unsigned two;
	const int one;
	int more;
} keep_shape;

struct holder {
	struct declared *declared;
} keep_holder;

enum level { HIGH = 5, LOW = 6 } keep_level;

typedef int number_t;
number_t keep_number;
typedef double real_t;
real_t keep_real;
typedef int row_t[4];
row_t keep_row;
typedef int function_t(int, struct inner *);
function_t *keep_function;
typedef struct inner *pointer_t;
pointer_t keep_pointer;
typedef const void *void_pointer_t;
void_pointer_t keep_void_pointer;
typedef struct shape shape_t;
shape_t keep_shape_t;
