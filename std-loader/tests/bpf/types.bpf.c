// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Types in BTF that only newer kernels know: floating point (5.13), tags (5.16, 5.17), signed and
// 64-bit enums (6.0). The program is one that every kernel takes.
//
// Rebuilt by std-loader/tests/bpf/build.sh.

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define TAG __attribute__((btf_type_tag("relocore")))
#define NOTE __attribute__((btf_decl_tag("relocore")))

enum negative { MINUS = -1 };
enum wide { WIDE = 1ULL << 40 };

struct NOTE newer {
	double number;
	float small NOTE;
	int TAG *pointer;
	enum negative negative;
	enum wide wide;
};

struct newer newer;
const volatile __u32 only_tgid;
__u64 runs;

__attribute__((noinline)) int add(__u64 *value NOTE)
{
	if (!value)
		return 1;
	*value += newer.wide == WIDE ? 2 : 1;
	return 0;
}

SEC("raw_tp/sys_enter")
int on_enter(void *ctx)
{
	__u64 value = 0;

	if (bpf_get_current_pid_tgid() >> 32 != only_tgid)
		return 0;
	if (!add(&value))
		runs += value;
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
