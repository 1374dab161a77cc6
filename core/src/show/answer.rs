//! What became of a record, in words.
//!
//! Enters: a value and the kind of its record, or an [`Outcome`]. Leaves: `at byte 1234`,
//! `8 bytes`, `exists`; or why there is no value.

use core::fmt;

use crate::relo::{Outcome, RelocKind};

use super::failure::FailureText;
use super::reason::ReasonText;
use super::subject::Subject;

/// A value with its meaning, which the record's kind decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    kind: RelocKind,
    value: u64,
}

impl Answer {
    /// `value` as the answer to a record of `kind`.
    #[must_use]
    pub const fn new(kind: RelocKind, value: u64) -> Self {
        Self { kind, value }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value;
        let yes = value != 0;
        match self.kind {
            RelocKind::FieldByteOffset => write!(f, "at byte {value}"),
            RelocKind::FieldByteSize | RelocKind::TypeSize if value == 1 => f.write_str("1 byte"),
            RelocKind::FieldByteSize | RelocKind::TypeSize => write!(f, "{value} bytes"),
            RelocKind::FieldExists | RelocKind::TypeExists | RelocKind::EnumvalExists => {
                f.write_str(if yes { "exists" } else { "does not exist" })
            }
            RelocKind::TypeMatches => f.write_str(if yes { "matches" } else { "does not match" }),
            RelocKind::FieldSigned => f.write_str(if yes { "signed" } else { "unsigned" }),
            RelocKind::FieldLshift => write!(f, "shifted left by {value} bits"),
            RelocKind::FieldRshift => write!(f, "shifted right by {value} bits"),
            RelocKind::TypeIdLocal => write!(f, "type {value} of the object"),
            RelocKind::TypeIdTarget => write!(f, "type {value} of the kernel"),
            RelocKind::EnumvalValue => write!(f, "equal to {}", value.cast_signed()),
        }
    }
}

/// What became of a record: its value with its meaning, or why it has none.
#[derive(Clone, Copy, Debug)]
pub struct OutcomeText<'a> {
    subject: Subject<'a>,
    outcome: Outcome,
}

impl<'a> OutcomeText<'a> {
    /// The text of a record's outcome.
    #[must_use]
    pub const fn new(subject: Subject<'a>, outcome: Outcome) -> Self {
        Self { subject, outcome }
    }
}

impl fmt::Display for OutcomeText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.outcome {
            Outcome::Skipped => {
                f.write_str("its instruction belongs to no program, or to one that is not loaded")
            }
            Outcome::Value(value) => match self.subject.kind() {
                Some(kind) => Answer::new(kind, value).fmt(f),
                None => write!(f, "{value}"),
            },
            Outcome::Absent(reason) | Outcome::Poison(reason) => {
                ReasonText::new(self.subject, reason).fmt(f)
            }
            Outcome::Failed(failure) => FailureText::new(self.subject, failure).fmt(f),
        }
    }
}
