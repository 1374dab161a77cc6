// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Shows: the questions about whole types (exists, size, local and target id, matches), on every kind that
// may be asked about; the names with `no_such` are in no kernel.

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

struct list_head {
	struct list_head *next, *prev;
};

struct list_head___other { // the kernel's members are pointers
	int next;
};

struct list_head___less {
	struct list_head *prev;
};

struct list_head___more {
	struct list_head *next, *prev, *up;
};

// Only declared, so FWDs: the kernel too only declares the second.
struct task_struct;
struct tipc_bearer;

struct no_such_struct {
	int x;
};

union sigval___other {
	int sival_int;
};

union no_such_union {
	int x;
};

// atomic_t is a typedef of an anonymous struct.
typedef struct {
	int counter;
} atomic_t;

typedef struct {
	long counter;
} atomic_t___wider;

typedef struct {
	int x;
} no_such_t;

typedef unsigned int gfp_t;
typedef int gfp_t___signed;
typedef unsigned short umode_t;

// Enums with a name, and without one behind a typedef.
enum pid_type { PIDTYPE_PID, PIDTYPE_TGID };
enum pid_type___other { PIDTYPE_NO_SUCH };
enum no_such_enum { NO_SUCH };
typedef enum { PHY_INTERFACE_MODE_NA } phy_interface_t;
typedef enum { NO_SUCH_EITHER } no_such_enum_t;

typedef void (*irq_flow_handler_t___none)(int);
struct notifier_block {
	int priority;
};
typedef int (*notifier_fn_t)(struct notifier_block *nb, unsigned long action, void *data);
typedef int (*notifier_fn_t___two)(struct notifier_block *nb, unsigned long action);
typedef int (*notifier_fn_t___void)(void *nb, unsigned long action, void *data);
typedef int (*initcall_t)(void);
typedef void (*initcall_t___void)(void);
typedef void (*no_such_fn_t)(int);

typedef unsigned char guid_bytes_t[16];
typedef struct task_struct *task_pointer_t;
typedef struct list_head list_pair_t[2];
typedef __u32 u32;
typedef __u64 u64;
typedef u32 u32___again;

#define ASK(type)                                                                                  \
	(bpf_core_type_exists(type) + bpf_core_type_size(type) * 3 +                               \
	 bpf_core_type_id_local(type) * 5 + bpf_core_type_id_kernel(type) * 7 +                    \
	 bpf_core_type_matches(type) * 11)

SEC("raw_tp/composites")
int composites(void *ctx)
{
	return ASK(struct list_head) + ASK(struct list_head___other) + ASK(struct list_head___less) +
	       ASK(struct list_head___more) + ASK(struct no_such_struct) +
	       ASK(union sigval___other) + ASK(union no_such_union);
}

SEC("raw_tp/typedefs")
int typedefs(void *ctx)
{
	return ASK(atomic_t) + ASK(atomic_t___wider) + ASK(no_such_t) + ASK(gfp_t) +
	       ASK(gfp_t___signed) + ASK(umode_t) + ASK(u32) + ASK(u64) + ASK(u32___again);
}

SEC("raw_tp/enums")
int enums(void *ctx)
{
	return ASK(enum pid_type) + ASK(enum pid_type___other) + ASK(enum no_such_enum) +
	       ASK(phy_interface_t) + ASK(no_such_enum_t);
}

SEC("raw_tp/functions")
int functions(void *ctx)
{
	return ASK(notifier_fn_t) + ASK(notifier_fn_t___two) +
	       ASK(notifier_fn_t___void) + ASK(initcall_t) + ASK(initcall_t___void) + ASK(no_such_fn_t) + ASK(irq_flow_handler_t___none);
}

SEC("raw_tp/others")
int others(void *ctx)
{
	return ASK(guid_bytes_t) + ASK(task_pointer_t) + ASK(list_pair_t) +
	       bpf_core_type_exists(struct task_struct) + bpf_core_type_matches(struct task_struct) +
	       bpf_core_type_exists(struct tipc_bearer) + bpf_core_type_matches(struct tipc_bearer);
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
