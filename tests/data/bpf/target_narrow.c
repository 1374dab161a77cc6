// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Target for vec_narrow_ab and vec_narrow_ba: two types of one essential name that share no member but
// `common`.

struct pair___1 {
	int common;
	int a;
} keep_pair_1;

struct pair___2 {
	long pad;
	int b, b2;
	int common;
} keep_pair_2;
