// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Target for vec_bits_over: `u60` takes bits 5 to 64.

struct over {
	unsigned char first : 5;
	unsigned long long u60 : 60;
} __attribute__((packed)) keep_over;
