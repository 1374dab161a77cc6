// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Target for vec_bitfields: moved, of other widths and declared types. Some straddle the word of their
// declared type, so that a load must be widened; one is no bitfield any more, one became one.

enum shade { LIGHT, DARK = 5 };
enum turn { LEFT = -1, RIGHT = 1 };

struct bits {
	long pad;
	long long s33 : 20;
	unsigned u3 : 13; // bits 84 to 96: ends in the next word, widened to 8 bytes
	unsigned short c5 : 7;
	int s7 : 20;
	enum turn turn : 4;
	enum shade shade : 3;
	_Bool flag : 1;
	unsigned u40 : 31; // bits 132 to 162: widened to 8 bytes
	unsigned whole : 11;
	short to_plain;
} __attribute__((packed)) keep_bits;

struct straddle {
	unsigned char first : 6;
	unsigned char tiny : 5; // widened to 2 bytes
	unsigned short u20 : 15; // widened to 4 bytes
	unsigned over : 31; // widened to 8 bytes
	unsigned long long wide : 7;
} __attribute__((packed)) keep_straddle;
