//! A finding's first sentence: how the access fares on this kernel.
//!
//! Enters: a [`Finding`]. Leaves: its name and what is the matter with it.

use core::fmt;

use crate::relo::{Failure, Outcome, Reason, RelocKind, Why};

use super::finding::{Effect, Finding};

/// [`Finding::summary`].
#[derive(Clone, Copy, Debug)]
pub struct Summary<'a>(pub(super) &'a Finding);

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(finding) = self;
        let name = if finding.is_whole_type() {
            &finding.root
        } else {
            &finding.access
        };
        match finding.effect {
            Effect::Found => write!(f, "`{name}` {}", Found(finding.kind, &finding.why)),
            Effect::Unused => write!(f, "`{name}`: {}", finding.why),
            _ => write!(f, "`{name}` {}", ending(finding)),
        }
    }
}

/// The value that was found, as the end of a sentence.
struct Found<'a>(Option<RelocKind>, &'a str);

impl fmt::Display for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(kind, text) = *self;
        match kind {
            Some(RelocKind::FieldByteSize | RelocKind::TypeSize) => write!(f, "has {text}"),
            Some(
                RelocKind::FieldExists
                | RelocKind::TypeExists
                | RelocKind::EnumvalExists
                | RelocKind::TypeMatches,
            ) => f.write_str(text),
            _ => write!(f, "is {text}"),
        }
    }
}

const fn ending(finding: &Finding) -> &'static str {
    match finding.outcome {
        Outcome::Poison(reason) => missing(reason),
        Outcome::Absent(_) if matches!(finding.kind, Some(RelocKind::TypeMatches)) => {
            "does not match this kernel's"
        }
        Outcome::Absent(reason) => missing(reason),
        Outcome::Failed(failure) => failed(failure),
        Outcome::Value(_) | Outcome::Skipped => "is as it should be",
    }
}

const fn missing(reason: Reason) -> &'static str {
    match reason {
        Reason::NoCandidate => "is not in this kernel",
        Reason::NoMatch { mismatch, .. } => match mismatch.why {
            Why::NoMember { .. } | Why::NoEnumerator { .. } => "is not in this kernel",
            Why::ArrayBound { .. } => "is beyond the end of the array in this kernel",
            _ => "is something else in this kernel",
        },
        Reason::Narrowed { .. } => "is in another type of that name than the rest of the program",
        Reason::SizeDiffers { .. } => "has another size in this kernel",
    }
}

const fn failed(failure: Failure) -> &'static str {
    match failure {
        Failure::Ambiguous { .. } => "can be two things in this kernel",
        Failure::OffsetTooLarge(_) => "is too far from the start of its struct in this kernel",
        Failure::ImmTooLarge(_) => "is too large a number in this kernel",
        Failure::InsnSize { .. } | Failure::NoInsnOfSize(_) => "has another size in this kernel",
        Failure::Target(_) => "can't be looked up: this kernel's type information is damaged",
        _ => "can't be adapted to any kernel",
    }
}
