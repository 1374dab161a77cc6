//! Texts over BTF built by hand: expected ones are written down as a person would want them.

extern crate std;

mod failures;
mod names;
mod reasons;
mod types;

use std::string::{String, ToString};

use super::{OutcomeText, Subject};
use crate::ext::CoreRelo;
use crate::relo::RelocKind;
use crate::testing::{Builder, with_answers};
use crate::units::{Endian, TypeId};

/// What is said of one record.
fn said(local: &Builder, targets: &[&Builder], record: CoreRelo) -> String {
    said_of_last(local, targets, &[record])
}

/// What is said of the last of these records.
fn said_of_last(local: &Builder, targets: &[&Builder], records: &[CoreRelo]) -> String {
    with_answers(
        Endian::Little,
        local,
        targets,
        records,
        |local, targets, answers| {
            let (record, answer) = records.iter().zip(answers).next_back().unwrap();
            let subject = Subject::new(local, targets, record);
            OutcomeText::new(subject, answer.outcome).to_string()
        },
    )
}

/// The same, for a record made here.
fn says(local: &Builder, target: &Builder, ty: TypeId, access: &str, kind: RelocKind) -> String {
    let mut local = local.clone();
    let record = local.record(ty, access, kind);
    said(&local, &[target], record)
}
