// SPDX-License-Identifier: MIT OR Apache-2.0
//
// What a loader has to put together: functions of all sorts, variables in all sections, externs of
// all classes. One program that works, and some that must not be looked at unless asked for.
//
// Rebuilt by std-loader/tests/bpf/build.sh.

#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;

#define HIDDEN __attribute__((visibility("hidden")))
#define KEEP __attribute__((noinline))

struct task_struct {
	int pid;
	int tgid;
} __attribute__((preserve_access_index));

struct task_struct___none {
	int relocore_has_no_such_field;
} __attribute__((preserve_access_index));

// Maps: every way to say something.
struct key {
	u32 a, b;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 7);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct key);
	__uint(value_size, 12);
} sized SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 7);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct key);
	__type(value, struct { u32 of[3]; });
} table SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
} samples SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
	__uint(max_entries, 100);
	__type(value, u64);
	enum { bloom_hashes = 3 } map_extra; // __ulong(map_extra, 3) of newer libbpf
} bloom SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 5000);
} ring SEC(".maps");

// Variables.
const volatile u32 only_tgid;
const volatile u64 limit SEC(".rodata.limits") = 10;
const volatile bool wide = true;
u64 hits;
u64 initialised = 40;
u32 own SEC(".data.own") = 5;
static volatile u64 private_hits;
HIDDEN u64 hidden_hits SEC(".bss.hidden");
u8 bytes[5];

// Externs.
extern int LINUX_KERNEL_VERSION __kconfig;
extern bool LINUX_HAS_SYSCALL_WRAPPER __kconfig;
extern int LINUX_RELOCORE_UNKNOWN __kconfig __weak;
extern int CONFIG_RELOCORE_INT __kconfig;
extern bool CONFIG_RELOCORE_BOOL __kconfig;
extern char CONFIG_RELOCORE_LETTER __kconfig;
extern enum libbpf_tristate CONFIG_RELOCORE_TRI __kconfig;
extern char CONFIG_RELOCORE_TEXT[9] __kconfig;
extern u16 CONFIG_RELOCORE_MISSING __kconfig __weak;
extern const void schedule __ksym;
extern const void relocore_no_such_symbol __ksym __weak;
extern const struct task_struct relocore_no_such_variable __ksym __weak;
extern int relocore_no_such_kfunc(struct task_struct *task, u64) __ksym __weak;

u64 version, wrapper, unknown, option_int, option_bool, option_letter, option_tri, option_missing;
char option_text[9];
u64 address, no_address;
u64 sum, looped, called_static;

// A static function with a caller in its own section: no relocation.
static KEEP u64 twice(u64 value)
{
	called_static++;
	return value * 2;
}

// Global: the verifier checks it on its own.
KEEP u64 add(u64 a, u64 b)
{
	return twice(a) / 2 + b;
}

// Global by name, static to the verifier.
KEEP HIDDEN u64 add_hidden(u64 *value)
{
	return *value + 1;
}

static long on_loop(u32 nth, void *context)
{
	*(u64 *)context += nth;
	return 0;
}

// In no .text: libbpf refuses it, here it is a subprogram like others.
static KEEP SEC("raw_tp/sys_enter") u64 neighbour(u64 value)
{
	return value + 1000;
}

static __always_inline bool is_ours(void)
{
	return bpf_get_current_pid_tgid() >> 32 == only_tgid;
}

SEC("raw_tp/sys_enter")
int on_enter(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	u64 value = 1, total = 0, index = 0;

	if (!is_ours() || hits >= limit)
		return 0;
	hits++;
	private_hits++;
	hidden_hits++;
	initialised += own;
	bytes[4] = 9;

	sum = add(twice(BPF_CORE_READ(task, tgid)), 3) + add_hidden(&value) + neighbour(0);
	bpf_loop(5, on_loop, &total, 0);
	looped = total;
	bpf_map_push_elem(&bloom, &index, 0);

	version = LINUX_KERNEL_VERSION;
	wrapper = LINUX_HAS_SYSCALL_WRAPPER;
	unknown = LINUX_RELOCORE_UNKNOWN;
	option_int = CONFIG_RELOCORE_INT;
	option_bool = CONFIG_RELOCORE_BOOL;
	option_letter = CONFIG_RELOCORE_LETTER;
	option_tri = CONFIG_RELOCORE_TRI;
	option_missing = CONFIG_RELOCORE_MISSING;
	__builtin_memcpy(option_text, CONFIG_RELOCORE_TEXT, sizeof(option_text));
	address = (u64)&schedule;
	no_address = (u64)&relocore_no_such_symbol;
	if (&relocore_no_such_variable)
		no_address = 1;
	if (relocore_no_such_kfunc)
		no_address += relocore_no_such_kfunc(0, 1);

	struct task_struct___none *none = (void *)task;
	if (bpf_core_field_exists(none->relocore_has_no_such_field))
		sum = BPF_CORE_READ(none, relocore_has_no_such_field);
	return 0;
}

// Reads a field that no kernel has, unguarded: the verifier refuses it.
SEC("?raw_tp/sys_enter")
int unguarded(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct___none *none = (void *)bpf_get_current_task();

	hits += BPF_CORE_READ(none, relocore_has_no_such_field);
	return 0;
}

// Calls a function that no kernel has, unguarded.
SEC("?raw_tp/sys_enter")
int calls_missing(struct bpf_raw_tracepoint_args *ctx)
{
	return relocore_no_such_kfunc(0, 1);
}

// Takes the address of a symbol that no kernel has.
extern const void relocore_strong_symbol __ksym;

SEC("?raw_tp/sys_enter")
int needs_symbol(struct bpf_raw_tracepoint_args *ctx)
{
	hits = (u64)&relocore_strong_symbol;
	return 0;
}

// A section's name that nobody knows.
SEC("?relocore/unknown")
int unknown_section(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
