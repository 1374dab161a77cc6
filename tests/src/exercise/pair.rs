//! Objects and targets together.

use arbitrary::{Arbitrary as _, Unstructured};
use relocore::btf::Btf;
use relocore::error::ErrorKind;
use relocore::plan::Plan;
use relocore::relo::{
    Failure, MAX_ACCESSORS, Mismatch, Outcome, Reason, Resolution, TargetType, Why,
};
use relocore::show::{Answer, OutcomeText, Subject};
use relocore::{Error, TypeId};

use crate::edit::Case;
use crate::relocate::{BadObject, Relocated, relocate_twice, with_plan};

use super::bound::{Bound, bounded};
use super::{printed, told, two};

/// The core's own bounds: 2^22 steps and 2^12 a record of 16 bytes, with a look-up or a member for
/// each; names of 128 MiB, of which 16 bytes are a step here. All of it for two relocations.
const RELOCATE: Bound = Bound {
    each: 2 * (3 << 8),
    besides: 2 * ((3 << 22) + (8 << 20)),
};

/// Relocates, in bounded steps, with a slot for every type.
///
/// # Errors
/// The object or the target is malformed as a whole.
pub fn relocated(object: &[u8], target: &[u8]) -> Result<Relocated, BadObject> {
    let mut slots = vec![0; target.len() / 12 + 1];
    let target = [Btf::parse(target, &mut slots)?];
    let len = object.len() + slots_len(&target[0]);
    bounded("relocate", len, RELOCATE, || {
        crate::relocate::relocate(object, &target)
    })
}

/// Bytes that a BTF's types take at least.
fn slots_len(btf: &Btf<'_>) -> usize {
    btf.last_id().map_or(0, |last| last.0 as usize * 12)
}

/// A whole object against a target: parsed, resolved with three sizes of index, printed, patched.
pub fn object(object: &[u8], target: &[u8]) {
    let mut results: Vec<Result<Relocated, Error>> = Vec::new();
    for slots in [target.len() / 12 + 1, 8, 0] {
        let mut slots = vec![0x5555_5555; slots];
        let target = match Btf::parse(target, &mut slots) {
            Ok(parsed) => parsed,
            Err(error) => return told(error, target.len()),
        };
        let targets = [target];
        let result = if results.is_empty() {
            first(object, &targets)
        } else {
            crate::relocate::relocate(object, &targets).map_err(|BadObject(error)| error)
        };
        // What takes its bound of steps with an index takes as many walks without.
        let spent = result.as_ref().is_ok_and(|relocated| {
            let answers = relocated.resolutions.iter();
            answers
                .into_iter()
                .any(|one| one.outcome == Outcome::Failed(Failure::TooComplex))
        });
        results.push(result);
        if spent {
            break;
        }
    }
    assert!(results.windows(2).all(|pair| pair[0] == pair[1]));
}

/// The first time, in all detail; and once more.
fn first(object: &[u8], targets: &[Btf<'_>; 1]) -> Result<Relocated, Error> {
    let [target] = targets;
    let len = object.len() + slots_len(target);
    let twice = bounded("relocate", len, RELOCATE, || {
        relocate_twice(object, targets)
    });
    let (relocated, again) = match twice {
        Err(BadObject(error)) => {
            printed(&error);
            return Err(error);
        }
        Ok(twice) => twice,
    };
    let checked = with_plan(object, |plan| {
        let mut places = Vec::new();
        for (entry, resolution) in plan.records().zip(&relocated.resolutions) {
            let subject = Subject::new(plan.local(), targets, &entry.record);
            printed(&subject.path());
            printed(&OutcomeText::new(subject, resolution.outcome));
            if let Some(kind) = resolution.kind {
                printed(&Answer::new(kind, resolution.local));
            }
            there(plan.local(), target, resolution);
            places.push((entry.section.0, entry.record.insn_off));
        }
        only_there(plan, &relocated)?;
        in_one_call(plan, targets, &relocated)?;
        // Two records of one instruction may undo each other: A makes 1 to 2, B makes 2 to 1.
        places.sort_unstable();
        let apart = places.windows(2).all(|pair| {
            let [(section, at), (other, next)] = [pair[0], pair[1]];
            section == other && at.saturating_add(16) <= next
        });
        if apart && relocated.first_failure().is_none() {
            assert_eq!(relocated.sections, again.sections, "not the same again");
        }
        Ok(())
    });
    assert_eq!(checked, Ok(()), "it was read before");
    for (one, other) in relocated.resolutions.iter().zip(&again.resolutions) {
        // Only the instruction is another now.
        let answer = |one: &Resolution| (one.kind, one.local, one.target, one.target_bytes);
        assert_eq!(answer(one), answer(other));
    }
    Ok(relocated)
}

/// The same in one call, into vectors.
fn in_one_call(
    plan: &Plan<'_>,
    targets: &[Btf<'_>],
    relocated: &Relocated,
) -> Result<(), BadObject> {
    match relocore::owned::relocate(plan, targets) {
        Ok(owned) => {
            assert_eq!(owned.resolutions, relocated.resolutions);
            for (index, bytes) in &owned.sections {
                let name = plan.object().section(*index)?.name()?;
                let name = String::from_utf8_lossy(name);
                let same = relocated.sections.iter().find(|(known, _)| *known == name);
                assert_eq!(same.map(|(_, bytes)| bytes), Some(bytes));
            }
        }
        // It has a limit where the caller's own buffers have none.
        Err(error) => assert!(matches!(error.kind(), ErrorKind::BufferTooSmall { .. })),
    }
    Ok(())
}

/// No byte has changed but in instructions that records name.
fn only_there(plan: &Plan<'_>, relocated: &Relocated) -> Result<(), BadObject> {
    for (name, bytes) in &relocated.sections {
        let mut named = vec![false; bytes.len()];
        let mut before: &[u8] = &[];
        for planned in plan.sections() {
            let planned = planned?;
            if String::from_utf8_lossy(planned.name) != *name {
                continue;
            }
            if let Some(index) = planned.programs.index() {
                before = plan.object().section(index)?.data()?;
            }
            for record in planned.records {
                let start = record.insn_off as usize;
                let end = start.saturating_add(16).min(named.len());
                named.get_mut(start..end).unwrap_or_default().fill(true);
            }
        }
        assert_eq!(before.len(), bytes.len());
        for (at, (before, after)) in before.iter().zip(bytes).enumerate() {
            assert!(before == after || named[at], "{name}: byte {at}");
        }
    }
    Ok(())
}

/// Every type and position that an answer names is there.
fn there(local: &Btf<'_>, target: &Btf<'_>, resolution: &Resolution) {
    let ours = |id: TypeId| assert!(local.type_by_id(id).is_ok(), "local {id}");
    let theirs = |id: TypeId| assert!(target.type_by_id(id).is_ok(), "target {id}");
    let candidate = |ty: TargetType| {
        assert_eq!(ty.btf, 0, "there is one target");
        theirs(ty.id);
    };
    let either = |id: TypeId| {
        assert!(
            local.type_by_id(id).is_ok() || target.type_by_id(id).is_ok(),
            "{id}"
        );
    };
    if let Some(ty) = resolution.target {
        candidate(ty);
    }
    match resolution.outcome {
        Outcome::Absent(reason) | Outcome::Poison(reason) => match reason {
            Reason::NoMatch {
                candidates,
                first,
                mismatch: Mismatch { accessor, why },
            } => {
                assert!(candidates > 0 && usize::from(accessor) < MAX_ACCESSORS);
                candidate(first);
                match why {
                    Why::NoMember { owner } | Why::NoEnumerator { owner } => theirs(owner),
                    Why::Names { local, target } | Why::Shapes { local, target } => {
                        ours(local);
                        theirs(target);
                    }
                    _ => {}
                }
            }
            Reason::Narrowed { would_fit } => candidate(would_fit),
            Reason::NoCandidate | Reason::SizeDiffers { .. } => {}
        },
        Outcome::Failed(failure) => match failure {
            Failure::AccessMismatch { position, at } => {
                assert!(usize::from(position) < MAX_ACCESSORS);
                ours(at);
            }
            Failure::Bitfield { ty } => either(ty),
            Failure::Ambiguous { first, second, .. } => {
                candidate(first);
                candidate(second);
                assert_ne!(first, second);
            }
            _ => {}
        },
        Outcome::Skipped | Outcome::Value(_) => {}
    }
}

/// What the first byte says: the letter `r`, an object and a target as they are, the object's
/// length in two bytes, little-endian, before both; any other, a real object and its target with
/// the changes that the rest asks for.
pub fn relocate(bytes: &[u8]) {
    match bytes.split_first() {
        Some((b'r', rest)) => {
            if let Some((one, target)) = two(rest) {
                object(one, target);
            }
        }
        Some((_, rest)) => edited(rest),
        None => {}
    }
}

/// A real object and its target, with the changes that any bytes ask for.
pub fn edited(bytes: &[u8]) {
    if let Ok(case) = Case::arbitrary_take_rest(Unstructured::new(bytes)) {
        let built = case.build();
        object(&built.object, &built.target);
    }
}
