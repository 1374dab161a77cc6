// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Target for vec_far: the offsets are in the names.

struct far {
	unsigned char first[32760];
	unsigned at_32760;
	unsigned char fill[3];
	unsigned char at_32767;
	unsigned char at_32768;
	unsigned char more[32767];
	unsigned at_65536;
} keep_far;

// Sizes beyond what 31 bits hold: only arrays can have them, as clang counts a struct's bits in 32 bits.
typedef unsigned char huge_t[0x90000000];
huge_t *keep_huge;
