//! What differs between machines: the instruction that enters the kernel, the numbers of its calls
//! (the kernel's `syscall.tbl` and `asm-generic/unistd.h`), and the way into the program.

use core::arch::{asm, global_asm};

/// Numbers in the order of the constants: one table a machine, so that a line is one machine's.
macro_rules! numbers {
    ($($name:ident = $x86_64:literal $aarch64:literal $s390x:literal,)*) => {
        pub(super) mod number {
            $(pub const $name: usize = if cfg!(target_arch = "x86_64") {
                $x86_64
            } else if cfg!(target_arch = "aarch64") {
                $aarch64
            } else {
                $s390x
            };)*
        }
    };
}

numbers! {
    // x86-64, arm64, s390x
    WRITE = 1 64 4,
    CLOSE = 3 57 6,
    MMAP = 9 222 90,
    MPROTECT = 10 226 125,
    RT_SIGACTION = 13 134 174,
    IOCTL = 16 29 54,
    PREAD64 = 17 67 180,
    GETPID = 39 172 20,
    CLONE = 56 220 120,
    EXECVE = 59 221 11,
    WAIT4 = 61 260 114,
    UNAME = 63 160 122,
    MOUNT = 165 40 21,
    REBOOT = 169 142 88,
    CLOCK_GETTIME = 228 113 260,
    EXIT_GROUP = 231 94 248,
    OPENAT = 257 56 288,
    MKDIRAT = 258 34 289,
    PRLIMIT64 = 302 261 334,
    MEMFD_CREATE = 319 279 350,
    BPF = 321 280 351,
    STATX = 332 291 379,
}

/// The machine's name.
pub const MACHINE: &str = if cfg!(target_arch = "x86_64") {
    "x86_64"
} else if cfg!(target_arch = "aarch64") {
    "aarch64"
} else {
    "s390x"
};

/// Where a signal handler returns to.
pub const SIGRETURN: unsafe extern "C" fn() = sigreturn;

unsafe extern "C" {
    fn sigreturn();
}

/// Enters the kernel.
///
/// # Safety
/// The arguments are right for the call of that number.
#[cfg(target_arch = "x86_64")]
pub(super) unsafe fn call(number: usize, [a, b, c, d, e, f]: [usize; 6]) -> isize {
    let value;
    // SAFETY: the caller's promise; the kernel changes rcx and r11 besides the result.
    unsafe {
        asm!("syscall", inlateout("rax") number => value, in("rdi") a, in("rsi") b, in("rdx") c,
            in("r10") d, in("r8") e, in("r9") f, lateout("rcx") _, lateout("r11") _,
            options(nostack));
    }
    value
}

/// Enters the kernel.
///
/// # Safety
/// The arguments are right for the call of that number.
#[cfg(target_arch = "aarch64")]
pub(super) unsafe fn call(number: usize, [a, b, c, d, e, f]: [usize; 6]) -> isize {
    let value;
    // SAFETY: the caller's promise; the kernel changes nothing but the result.
    unsafe {
        asm!("svc 0", in("x8") number, inlateout("x0") a => value, in("x1") b, in("x2") c,
            in("x3") d, in("x4") e, in("x5") f, options(nostack));
    }
    value
}

/// Enters the kernel.
///
/// # Safety
/// The arguments are right for the call of that number.
#[cfg(target_arch = "s390x")]
pub(super) unsafe fn call(number: usize, [a, b, c, d, e, f]: [usize; 6]) -> isize {
    let value;
    // SAFETY: the caller's promise; the kernel changes nothing but the result.
    unsafe {
        asm!("svc 0", in("r1") number, inlateout("r2") a => value, in("r3") b, in("r4") c,
            in("r5") d, in("r6") e, in("r7") f, options(nostack));
    }
    value
}

// The kernel enters with the arguments' number at the stack pointer. From here on the stack is the
// agent's own, whose size it knows; the kernel's stays for the arguments.
#[cfg(target_arch = "x86_64")]
global_asm!(
    ".globl _start", "_start:",
    "mov rdi, rsp",
    "lea rsp, [rip + {stack} + {size}]",
    "call {start}",
    "ud2",
    "sigreturn:", "mov eax, 15", "syscall",
    stack = sym crate::stack::STACK, size = const crate::stack::BYTES, start = sym crate::start,
);

#[cfg(target_arch = "aarch64")]
global_asm!(
    ".globl _start", "_start:",
    "mov x0, sp",
    "adrp x1, {stack}", "add x1, x1, :lo12:{stack}",
    "mov x2, {size}", "add sp, x1, x2",
    "mov x29, xzr", "mov x30, xzr",
    "b {start}",
    "sigreturn:", "mov x8, 139", "svc 0",
    stack = sym crate::stack::STACK, size = const crate::stack::BYTES, start = sym crate::start,
);

// A caller's frame has 160 bytes for the called one's registers.
#[cfg(target_arch = "s390x")]
global_asm!(
    ".globl _start", "_start:",
    "lgr %r2, %r15",
    "larl %r15, {stack}",
    "agfi %r15, {size} - 160",
    "brasl %r14, {start}",
    "sigreturn:", "svc 173",
    stack = sym crate::stack::STACK, size = const crate::stack::BYTES, start = sym crate::start,
);
