// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Target for vec_dups: two types of one essential name, as deduplication leaves them where translation
// units disagreed. They agree on `same` (and on its size), not on `moved`, and `only_one`, `only_two`
// are in one of them each.

struct foo {
	int same;
	int moved;
	int only_one;
} keep_foo;

struct foo___2 {
	int same;
	long moved;
	int only_two;
} keep_foo_2;

// The offset agrees, the size does not: 12 in both.
struct sized {
	int before[3];
	unsigned field;
} keep_sized;

struct sized___2 {
	int before[3];
	unsigned char field;
} keep_sized_2;

enum dup { DUP_SAME = 4, DUP_MOVED = 5 } keep_dup;
enum dup___2 { DUP_SAME___2 = 4, DUP_MOVED___2 = 6 } keep_dup_2;

struct total {
	int x;
} keep_total;

struct total___2 {
	int x, y;
} keep_total_2;
