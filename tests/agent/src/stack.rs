//! The agent's stack: memory of a known size, painted so that its use can be told.
//!
//! Enters: nothing. Leaves: bytes used at most so far. The stack holds every buffer of the
//! relocation, so its size and that of [the pager's pages](crate::pager) bound the agent's memory.

use core::cell::UnsafeCell;

use crate::sys;

/// Size of the stack, its guard included.
pub const BYTES: usize = 64 << 10;
/// The lowest page: whoever needs more stack ends there, and does not write elsewhere.
const GUARD_BYTES: usize = 4096;

/// What `_start` makes the stack. Only painted and looked at as a whole, below its used part.
#[repr(C, align(4096))]
pub struct Stack(UnsafeCell<[u64; BYTES / 8]>);

// SAFETY: there is one thread.
unsafe impl Sync for Stack {}

pub static STACK: Stack = Stack(UnsafeCell::new([0; BYTES / 8]));

/// Makes the guard. On kernels with larger pages there is none.
pub fn guard() {
    let _ = sys::protect(STACK.0.get() as usize, GUARD_BYTES, sys::PROT_NONE);
}

/// Bytes from the deepest place that was ever written to the stack's end. The stack lies in
/// `.bss`, which the kernel gives zeroed: unwritten is 0.
pub fn used_bytes() -> usize {
    let words: *const u64 = STACK.0.get().cast();
    let mut unused = GUARD_BYTES / 8;
    // SAFETY: inside the array; volatile, because the stack is in use meanwhile.
    while unused < BYTES / 8 && unsafe { words.add(unused).read_volatile() } == 0 {
        unused += 1;
    }
    BYTES - unused * 8
}
