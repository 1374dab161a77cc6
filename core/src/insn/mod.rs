//! Instructions: from a resolution to patched bytes.
//!
//! Enters: one section's instructions, in a buffer of the caller's, and a
//! [`Resolution`](crate::relo::Resolution). Leaves: the buffer with one instruction rewritten, or
//! untouched with the reason. Goes next: to the kernel.

mod patch;
mod view;

pub use patch::{Applied, Place, apply};
pub use view::{INSN_BYTES, Insn, POISON_IMM};

#[cfg(test)]
mod tests;
