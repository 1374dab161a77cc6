// SPDX-License-Identifier: MIT OR Apache-2.0
//
// What maps can be: maps of maps and of programs that are filled from the start, pinned maps,
// sections that grow, an arena with variables. The program reports what it found in them.
//
// Rebuilt by std-loader/tests/bpf/build.sh.

#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>

typedef __u8 u8;
typedef __u32 u32;
typedef __u64 u64;

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
};

struct inner inner_a SEC(".maps"), inner_b SEC(".maps");

// Before and after what it holds, in order and with a gap.
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, u32);
	__array(values, struct inner);
} outer SEC(".maps") = {
	.values = { [1] = &inner_b, [3] = &inner_a },
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 4);
	__uint(key_size, 4);
	__array(values, struct inner);
} outer_hash SEC(".maps") = {
	.values = { [2] = &inner_a },
};

int tail_target(void *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 3);
	__type(key, u32);
	__array(values, int(void *));
} jumps SEC(".maps") = {
	.values = { [2] = (void *)&tail_target },
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, u32);
	__type(value, u64);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} pinned SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__uint(numa_node, 0);
	__uint(map_flags, BPF_F_NUMA_NODE | BPF_F_NO_PREALLOC);
	__type(key, u32);
	__type(value, u64);
} not_created SEC(".maps");

struct {
	__uint(type, 33); // BPF_MAP_TYPE_ARENA, since Linux 6.9
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 4); // pages
} arena SEC(".maps");

#define ARENA __attribute__((address_space(1)))

u64 ARENA arena_in = 5;
u64 ARENA arena_out;

const volatile u32 only_tgid;
const volatile bool use_not_created;
u64 runs, tail_runs, from_outer, from_hash, pinned_runs;
u64 grown[1] SEC(".data.grown");
u64 grown_sum;
const volatile u32 grown_length = 1;

static __always_inline bool is_ours(void)
{
	return bpf_get_current_pid_tgid() >> 32 == only_tgid;
}

SEC("raw_tp/sys_enter")
int on_enter(void *ctx)
{
	u32 zero = 0, one = 1, two = 2;
	u64 first = 1, *value;
	void *map;

	if (!is_ours())
		return 0;
	runs++;
	map = bpf_map_lookup_elem(&outer, &one);
	value = map ? bpf_map_lookup_elem(map, &zero) : 0;
	if (value)
		from_outer = *value;
	map = bpf_map_lookup_elem(&outer_hash, &two);
	value = map ? bpf_map_lookup_elem(map, &zero) : 0;
	if (value)
		from_hash = *value;
	value = bpf_map_lookup_elem(&pinned, &zero);
	if (value)
		pinned_runs = ++*value;
	else
		bpf_map_update_elem(&pinned, &zero, &first, BPF_ANY);
	if (use_not_created)
		bpf_map_lookup_elem(&not_created, &zero);

	// As many as the loader has made room for.
	u64 *all = grown, sum = 0;
	asm volatile("" : "+r"(all));
	for (u32 i = 0; i < grown_length; i++)
		sum += all[i];
	grown_sum = sum;
	bpf_tail_call(ctx, &jumps, 2);
	return 0;
}

SEC("raw_tp/sys_enter")
int tail_target(void *ctx)
{
	tail_runs++;
	return 0;
}

// Needs an arena.
SEC("?raw_tp/sys_enter")
int use_arena(void *ctx)
{
	if (is_ours())
		arena_out = arena_in + 2;
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
