// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Target for vec_types: some of its types are here as the vector has them, some are of another shape, and
// list_head has one member more, in another order.

struct list_head {
	struct list_head *prev;
	long stamp;
	struct list_head *next;
} keep_list_head;

union sigval {
	void *sival_ptr;
	int sival_int;
} keep_sigval;

typedef struct {
	long counter;
} atomic_t;
atomic_t keep_atomic;

typedef int gfp_t; // signed here
gfp_t keep_gfp;

enum pid_type { PIDTYPE_PID, PIDTYPE_NO_SUCH = 9, PIDTYPE_TGID } keep_pid_type;

typedef enum { PHY_INTERFACE_MODE_MAX, PHY_INTERFACE_MODE_NA } phy_interface_t;
phy_interface_t keep_phy_interface;

struct notifier_block {
	int priority;
};
typedef int (*notifier_fn_t)(struct notifier_block *nb, unsigned long action, void *data);
notifier_fn_t keep_notifier_fn;

typedef void (*initcall_t)(void); // no result here
initcall_t keep_initcall;

typedef unsigned char guid_bytes_t[20];
guid_bytes_t keep_guid_bytes;

typedef struct list_head *task_pointer_t; // to something else
task_pointer_t keep_task_pointer;

typedef struct list_head list_pair_t[2];
list_pair_t keep_list_pair;

struct tipc_bearer; // only declared
struct tipc_bearer *keep_tipc_bearer;

typedef unsigned long u64;
u64 keep_u64;
