//! Explanations for a person who does not know BTF (feature `alloc`).
//!
//! Enters: a relocated object ([`Relocated`](crate::owned::Relocated)) with its plan and targets.
//! Leaves: a [`Report`]: one [`Finding`] for each thing that the kernel lacks, with the source
//! line, the access as C has it, what the kernel has instead, whether a check guards it, and what
//! to do. [`FindingText`] prints one; its fields are there for other forms.
//!
//! | file | question |
//! |---|---|
//! | `source` | where in the source is it, and what does the source call it |
//! | `similar`, `nearest`, `members` | what has nearly that name, or moved where |
//! | `layout` | how do both sides declare it |
//! | `value`, `flow`, `reach` | can the program get there on this kernel |
//! | `advice` | what can be done |
//! | `describe`, `report` | all of it, put together |
//! | `lint` | what goes by one kernel without saying so |
//! | `headline`, `text`, `wrap` | the words on the screen |
//!
//! All work is bounded, since objects and types come from anyone: so many findings, so many
//! members looked at, so many instructions followed. What is beyond is counted, not told.

mod advice;
mod describe;
mod finding;
mod flow;
mod headline;
mod layout;
mod lint;
mod members;
mod nearest;
mod reach;
mod report;
mod similar;
mod source;
mod text;
mod value;
mod wrap;

pub use finding::{Candidate, Effect, Finding, Guard, Use};
pub use headline::Summary;
pub use lint::{Lint, LintKind, lint};
pub use report::{Input, Report, Which};
pub use source::SourceLine;
pub use text::{FindingText, Style};

#[cfg(test)]
mod tests;
