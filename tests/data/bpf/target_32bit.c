// SPDX-License-Identifier: MIT OR Apache-2.0
// elf: elf32-i386
//
// Target for vec_resize and vec_types whose pointers have 4 bytes. BTF itself does not say so: with a `long`
// of 4 bytes it could be guessed, but clang has none for BPF; the ELF file's class says it, so
// 32bit.elf32-i386.o differs from 32bit.bpfel.o in nothing else. Offsets are those of 64 bits.

struct sizes {
	unsigned u64_u32; // where the kernel says unsigned long
	void *pointer;
	unsigned u64_u16;
	int s32_s64;
	unsigned long long u32_u64;
} keep_sizes;

struct list_head {
	struct list_head *next, *prev;
} keep_list_head;

typedef struct list_head *task_pointer_t;
task_pointer_t keep_task_pointer;
typedef struct list_head list_pair_t[2];
list_pair_t keep_list_pair;
