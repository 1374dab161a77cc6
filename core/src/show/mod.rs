//! Words for a person: names, paths, and why a record did not get its value.
//!
//! Enters: the plain values of the other modules and the BTFs that they count in. Leaves: adapters
//! that implement [`Display`](core::fmt::Display); nothing is allocated, and nothing can fail but
//! the writer. They go to error messages, reports and logs.
//!
//! | adapter | prints |
//! |---|---|
//! | [`Name`] | bytes of a name, safe for a terminal |
//! | [`TypeName`] | a type as C has it: `struct task_struct *` |
//! | [`Declaration`] | a member as C declares it: `char comm[16]` |
//! | [`Path`], [`RecordPath`] | an access as C has it: `task_struct.mm`, `S.arr[1].y[3]`, `E::EB` |
//! | [`Answer`] | a value with its meaning: `at byte 1234`, `8 bytes`, `exists` |
//! | [`OutcomeText`] | what became of a record, of whichever sort |
//! | [`ReasonText`], [`MismatchText`] | why the target lacks it |
//! | [`FailureText`], [`ErrorText`] | what is wrong with the object or the target |
//!
//! The sentences have no full stop and no capital, so that they stand after a colon or in
//! brackets; type ids and offsets into sections are looked up, not printed. Names come from
//! untrusted bytes: what is not printable is escaped, and length and depth have bounds, so that no
//! input makes a text long.
//!
//! ```
//! use relocore::btf::Btf;
//! use relocore::ext::CoreRelo;
//! use relocore::relo::Resolution;
//! use relocore::show::{OutcomeText, Subject};
//!
//! fn report(local: &Btf<'_>, targets: &[Btf<'_>], record: &CoreRelo, answer: &Resolution) {
//!     let subject = Subject::new(local, targets, record);
//!     // task_struct.mm: the kernel has no struct named `task_struct`
//!     # #[cfg(any())]
//!     println!("{}: {}", subject.path(), OutcomeText::new(subject, answer.outcome));
//!     # let _ = (subject.path(), OutcomeText::new(subject, answer.outcome));
//! }
//! ```

mod answer;
mod bounded;
mod failure;
mod mismatch;
mod name;
mod path;
mod reason;
mod shapes;
mod subject;
mod type_name;

#[cfg(test)]
mod tests;

pub use answer::{Answer, OutcomeText};
pub use failure::{ErrorText, FailureText};
pub use mismatch::MismatchText;
pub use name::Name;
pub use path::{Path, RecordPath};
pub use reason::ReasonText;
pub use subject::Subject;
#[cfg(feature = "alloc")]
pub(crate) use type_name::keyword;
pub use type_name::{Declaration, TypeName};
