//! Records resolved over BTF built by hand.
//!
//! Enters: builders and records. Leaves: the resolutions, with the views that they count in.

extern crate std;

use std::vec;
use std::vec::Vec;

use super::Builder;
use crate::btf::Btf;
use crate::ext::CoreRelo;
use crate::relo::{
    Candidate, Failure, Outcome, Reason, RelocKind, Relocator, Resolution, Root, Workspace,
};
use crate::units::{Endian, TypeId};

/// Resolves `records`, in their order, and shows the answers to `then`. The local side is of the
/// targets' byte order; the targets after the first are modules.
pub(crate) fn with_answers<R>(
    endian: Endian,
    local: &Builder,
    targets: &[&Builder],
    records: &[CoreRelo],
    then: impl FnOnce(&Btf<'_>, &[Btf<'_>], &[Resolution]) -> R,
) -> R {
    let local = local.finish(endian);
    let mut local_slots = vec![0; 64];
    let local = Btf::parse(&local, &mut local_slots)
        .unwrap()
        .with_pointer_bytes(8);
    let bytes: Vec<_> = targets.iter().map(|target| target.finish(endian)).collect();
    let mut slots = vec![vec![0; 1 << 14]; targets.len()];
    let targets: Vec<_> = bytes
        .iter()
        .zip(&mut slots)
        .map(|(bytes, slots)| Btf::parse(bytes, slots).unwrap())
        .collect();
    let mut roots = vec![Root::EMPTY; records.len()];
    let mut candidates = vec![Candidate::EMPTY; 64];
    let workspace = Workspace {
        roots: &mut roots,
        candidates: &mut candidates,
    };
    let mut relocator =
        Relocator::new(local, &targets, records.iter().copied(), workspace).unwrap();
    let answers: Vec<_> = records
        .iter()
        .map(|record| relocator.resolve(record))
        .collect();
    then(&local, &targets, &answers)
}

/// The answers alone.
pub(crate) fn answers(
    endian: Endian,
    local: &Builder,
    targets: &[&Builder],
    records: &[CoreRelo],
) -> Vec<Resolution> {
    with_answers(endian, local, targets, records, |_, _, answers| {
        answers.to_vec()
    })
}

/// The outcome of one little-endian record against one target.
pub(crate) fn outcome(
    local: &mut Builder,
    target: &Builder,
    ty: TypeId,
    access: &str,
    kind: RelocKind,
) -> Outcome {
    let record = local.record(ty, access, kind);
    answers(Endian::Little, local, &[target], &[record])[0].outcome
}

pub(crate) const fn poison(outcome: Outcome) -> Reason {
    match outcome {
        Outcome::Poison(reason) | Outcome::Absent(reason) => reason,
        _ => panic!("neither poisoned nor absent"),
    }
}

pub(crate) const fn failure(outcome: Outcome) -> Failure {
    match outcome {
        Outcome::Failed(failure) => failure,
        _ => panic!("not failed"),
    }
}
