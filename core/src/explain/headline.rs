//! The end of a finding's first sentence: how the access fares on this kernel.
//!
//! Enters: a [`Finding`]. Leaves: words that stand after its name.

use crate::relo::{Failure, Outcome, Reason, RelocKind, Why};

use super::finding::Finding;

pub(super) fn of(finding: &Finding) -> &'static str {
    match finding.outcome {
        Outcome::Poison(reason) => missing(reason),
        Outcome::Absent(_) if finding.kind == Some(RelocKind::TypeMatches) => {
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
