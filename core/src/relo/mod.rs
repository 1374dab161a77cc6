//! The relocations themselves: record → spec → candidates → match → value → resolution.
//!
//! Enters: the object's own BTF ("local"), the kernel's ("target"), and the records of
//! [`.BTF.ext`](crate::ext). Leaves: one [`Resolution`] a record. Goes next:
//! [`insn`](crate::insn) writes it into the instruction.
//!
//! ```text
//! record ─ spec ─▶ local spec ┐
//! records ─ roots ─▶ roots ─ survey ─▶ candidates ┴─ path │ compat │ matches ─▶ target spec
//!                                                        ─ value ─▶ Value │ Absent │ Poison │ Failed
//! ```
//!
//! The rules are libbpf's `relo_core.c`; where we differ, `core/DESIGN.md` says so and why.

mod candidates;
mod compat;
mod direct;
mod filter;
mod kind;
mod matches;
mod outcome;
mod path;
mod relocator;
mod roots;
mod spec;
mod survey;
mod trace;
mod value;

pub use candidates::Candidate;
pub use compat::types_compatible;
pub use kind::RelocKind;
pub use outcome::{Failure, Mismatch, Outcome, Reason, Resolution, TargetType, Validate, Why};
pub use relocator::{Relocator, Workspace, needs_target};
pub use roots::Root;
pub use spec::{Accessor, MAX_ACCESSORS, Spec};
pub use survey::Survey;

#[cfg(test)]
mod tests;
