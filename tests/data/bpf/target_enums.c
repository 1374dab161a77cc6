// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Target for vec_enums and vec_enum_high.

enum signs { PLUS = -5, MINUS_ONE = 5, MINUS_MIN = -0x7fffffff - 1 } keep_signs;

enum wide_here { WIDE_TOP = 3, WIDE_SMALL = 0x7ffffffe, WIDE_BIG = 4 } keep_wide_here;

enum wide_there {
	THERE_NEGATIVE = -0x100000000LL,
	THERE_SMALL = 0x1000000001LL,
	THERE_BIG = 0x7fffffffffffffffLL
} keep_wide_there;

enum wide_both { BOTH_HIGH = 1, BOTH_LOW = -0x7fffffffffffffffLL - 1 } keep_wide_both;

typedef enum { TYPED_BEFORE, TYPED_A = 44 } typed_t;
typed_t keep_typed;

struct not_an_enum {
	int NOT_AN_ENUM;
} keep_not_an_enum;

// A flavored enum, and a flavored enumerator before the plain one: the first that fits is taken.
enum pid_type___here { PIDTYPE_MAX___first = 12, PIDTYPE_MAX = 13, PIDTYPE_PID = 14 } keep_pid_type;

enum high { HIGH_FIRST = 0x80000000U, HIGH_LAST = 0xffffffffU, HIGH_NOT = 0xfffffff7U } keep_high;
enum low_here { LOW_HERE = 0xc0000000U } keep_low_here;
enum high_here { HIGH_HERE = 1 } keep_high_here;
