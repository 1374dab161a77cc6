// SPDX-License-Identifier: MIT OR Apache-2.0
// elf: elf32-i386
//
// The kernel of another machine: registers of s390x, and, in an ELF file of 32 bits, narrow pointers.

struct pt_regs {
	unsigned long args[1];
	unsigned long gprs[16];
	unsigned long orig_gpr2;
} keep_pt_regs;

struct jiffies_box {
	int pad;
	int last; // `long` has 4 bytes there
} keep_jiffies_box;

typedef void (*btf_trace_sched_switch)(void *, _Bool);
btf_trace_sched_switch keep_sched_switch;
