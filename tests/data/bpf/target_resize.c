// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Target for vec_resize and vec_resize_wide: what each field becomes stands in its name.

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;

enum small { SMALL };

struct sizes {
	u8 first;
	u32 u64_u32;
	u16 u64_u16;
	u8 u64_u8;
	u64 u32_u64;
	u32 u16_u32;
	u64 u8_u64;
	long s32_s64;
	u64 s32_u64;
	long u32_s64;
	u8 bool_u8;
	u32 bool_u32;
	_Bool u32_bool;
	u32 char_u32;
	enum small enum1_enum4;
	u32 list[4];
	int signed_list[2];
	u8 in_list_of_3[3];
	const volatile void *const pointer;
} keep_sizes;

struct wide {
	unsigned __int128 u32_u128;
} keep_wide;
