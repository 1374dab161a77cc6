//! Answering records, one after the other.
//!
//! Enters: the local BTF, the targets, the records, and a [`Workspace`]. Leaves: a [`Resolution`]
//! for each record. Records are to be answered in the order of the object, each once: a record
//! that only some candidates of its root match settles the root on these, for all later records,
//! so that layouts are never mixed in one object (libbpf narrows its candidate list the same way).

use core::ops::Range;

use crate::btf::Btf;
use crate::error::Result;
use crate::ext::CoreRelo;
use crate::units::TypeId;

use super::candidates::{Candidate, State};
use super::compat::{Budget, Pair};
use super::direct;
use super::kind::RelocKind;
use super::outcome::{Failure, Mismatch, Outcome, Reason, Resolution, TargetType, Validate};
use super::path;
use super::roots::{self, Root};
use super::spec::{Leaf, Spec};
use super::survey::Survey;
use super::trace::trace;
use super::value::{self, Value};

/// The memory that a [`Relocator`] works in.
#[derive(Debug)]
pub struct Workspace<'s> {
    /// One for each distinct root type; as many as records is always enough.
    pub roots: &'s mut [Root],
    /// One for each target type that a root may stand for: mostly one or two a root.
    pub candidates: &'s mut [Candidate],
}

/// Does any record ask about the target? If not, the kernel's BTF need not even be opened.
pub fn needs_target(mut records: impl Iterator<Item = CoreRelo>) -> bool {
    records.any(|record| record.kind != RelocKind::TypeIdLocal as u32)
}

/// Answers the records of one object.
#[derive(Debug)]
pub struct Relocator<'a, 's> {
    local: Btf<'a>,
    targets: &'a [Btf<'a>],
    roots: &'s [Root],
    candidates: &'s mut [Candidate],
    budget: Budget,
    /// The last root asked for, and its candidates: records of one root mostly stand together.
    last: (TypeId, Range<usize>),
    /// The record's spec, and the candidate's that is being tried: kept here for their size.
    own: Spec,
    tried: Spec,
}

/// Steps of work that any object may ask for, and more for each record: far beyond what real ones
/// take, and an end for hostile ones.
const BUDGET: u64 = 1 << 22;
const BUDGET_A_RECORD: u64 = 1 << 12;

/// A candidate that matched, and what it amounts to.
#[derive(Clone, Copy, Debug)]
struct Matched {
    target: TargetType,
    bit_offset: u32,
    value: Value,
}

impl<'a, 's> Relocator<'a, 's> {
    /// Collects the roots of `records` and finds all their candidates in one pass over each
    /// target that is needed: a [`Survey`] of targets that are parsed already. `targets[0]` is vmlinux, or whatever is to stand for it; the rest
    /// are modules over it, which are looked at only for roots that it lacks.
    ///
    /// # Errors
    /// `BufferTooSmall` for a part of the workspace; a target's record or name is bad; more than
    /// 65,535 targets; more than 128 MiB of names to be compared.
    pub fn new(
        local: Btf<'a>,
        targets: &'a [Btf<'a>],
        records: impl Iterator<Item = CoreRelo> + Clone,
        workspace: Workspace<'s>,
    ) -> Result<Self> {
        Survey::new(local, records, workspace)?.relocator(targets)
    }

    pub(super) fn of(
        local: Btf<'a>,
        targets: &'a [Btf<'a>],
        roots: &'s [Root],
        candidates: &'s mut [Candidate],
        records: u64,
    ) -> Self {
        Self {
            local,
            targets,
            roots,
            candidates,
            budget: Budget(BUDGET.saturating_add(records.saturating_mul(BUDGET_A_RECORD))),
            last: (TypeId::VOID, 0..0),
            own: Spec::default(),
            tried: Spec::default(),
        }
    }

    /// Roots that no target has a type for. If the targets were vmlinux alone, modules may have
    /// some of them.
    #[must_use]
    pub fn unmatched_roots(&self) -> usize {
        self.roots.iter().filter(|root| root.wants()).count()
    }

    /// Answers a record. Never fails as a call: what is wrong with the record or its types is the
    /// answer's [`Outcome::Failed`], and the other records can still be answered.
    pub fn resolve(&mut self, record: &CoreRelo) -> Resolution {
        let direct = RelocKind::from_raw(record.kind).and_then(|kind| self.directly(kind, record));
        let answer = direct.unwrap_or_else(|| self.resolve_generally(record));
        trace!(
            "{} at byte {}: {}",
            answer.kind, record.insn_off, answer.outcome
        );
        answer
    }

    /// What [`resolve`](Self::resolve) answers, by the general way whatever the record is: what
    /// tests hold the direct way against.
    #[doc(hidden)]
    pub fn resolve_generally(&mut self, record: &CoreRelo) -> Resolution {
        let Some(kind) = RelocKind::from_raw(record.kind) else {
            return Resolution::new(None, Outcome::Failed(Failure::UnknownKind(record.kind)));
        };
        self.answer(kind, record)
            .unwrap_or_else(|failure| Resolution::new(Some(kind), Outcome::Failed(failure)))
    }

    fn answer(&mut self, kind: RelocKind, record: &CoreRelo) -> Result<Resolution, Failure> {
        let root = self
            .local
            .type_by_id(record.type_id)
            .map_err(Failure::Local)?;
        let access = self.local.name(record.access).map_err(Failure::Local)?;
        let leaf = self.own.set(&self.local, root, access, kind)?;
        let own = value::of_spec(&self.local, kind, &self.own, &leaf, Failure::Local)?;
        let mut answer = Resolution {
            local: own.number,
            validate: own.validate,
            local_bytes: own.access.bytes,
            ..Resolution::new(Some(kind), Outcome::Value(own.number))
        };
        if kind == RelocKind::TypeIdLocal {
            return Ok(answer);
        }
        let anonymous = self.local.name_is(root.name(), b"");
        if anonymous.map_err(Failure::Local)? {
            return Err(Failure::AnonymousRoot);
        }
        let range = self.range_of(record.type_id);
        match self.first_match(kind, &leaf, range)? {
            Ok(Matched { target, value, .. }) => {
                return Ok(value::answer(kind, &own, target, &value));
            }
            Err(reason) if kind.absent_is_zero() => answer.outcome = Outcome::Absent(reason),
            Err(reason) => {
                answer.outcome = Outcome::Poison(reason);
                answer.validate = Validate::No;
            }
        }
        Ok(answer)
    }

    /// The answer by the shorter way, if the record is one for it.
    fn directly(&mut self, kind: RelocKind, record: &CoreRelo) -> Option<Resolution> {
        let range = self.range_of(record.type_id);
        let candidates = self.candidates.get(range)?;
        let [candidate] = candidates else { return None };
        let mut budget = self.budget;
        let mut pair = Pair {
            local: &self.local,
            target: self.targets.get(usize::from(candidate.btf))?,
            budget: &mut budget,
        };
        let answer = direct::resolve(&mut pair, kind, record, *candidate)?;
        self.budget = budget;
        Some(answer)
    }

    /// Shows `each` every candidate of the record's root with what it would answer alone, whatever
    /// earlier records have settled on: the value, or why it does not fit. For who explains an
    /// answer; changes none.
    ///
    /// # Errors
    /// As [`resolve`](Self::resolve) would fail, but for disagreement among candidates.
    pub fn verdicts(
        &mut self,
        record: &CoreRelo,
        mut each: impl FnMut(TargetType, Result<u64, Mismatch>),
    ) -> Result<(), Failure> {
        let kind = RelocKind::from_raw(record.kind).ok_or(Failure::UnknownKind(record.kind))?;
        let root = self.local.type_by_id(record.type_id);
        let access = self.local.name(record.access).map_err(Failure::Local)?;
        let root = root.map_err(Failure::Local)?;
        let leaf = self.own.set(&self.local, root, access, kind)?;
        for at in self.range_of(record.type_id) {
            let Some(&candidate) = self.candidates.get(at) else {
                break;
            };
            let verdict = self.try_candidate(kind, &leaf, candidate)?;
            let verdict = verdict.map(|matched| matched.value.number);
            each(candidate.target(), verdict);
        }
        Ok(())
    }

    /// The root's candidates, as a range of all.
    fn range_of(&mut self, id: TypeId) -> Range<usize> {
        if self.last.0 != id {
            let root = roots::find(self.roots, id).and_then(|at| self.roots.get(at));
            let range = root.map_or(0..0, |root| {
                let first = root.first as usize;
                first..first.saturating_add(root.len as usize)
            });
            self.last = (id, range);
        }
        self.last.1.clone()
    }

    /// The first candidate that matches, all others agreeing; those that do not match are dropped.
    fn first_match(
        &mut self,
        kind: RelocKind,
        leaf: &Leaf<'a>,
        range: Range<usize>,
    ) -> Result<Result<Matched, Reason>, Failure> {
        let outcome = self.compare(kind, leaf, range.clone());
        let narrowed = matches!(outcome, Ok(Ok(_)));
        // Whatever went wrong, the next record finds no marks of this one.
        for candidate in self.candidates.get_mut(range).unwrap_or_default() {
            candidate.state = match candidate.state {
                State::Open if narrowed => State::Dropped,
                State::Matches => State::Open,
                state => state,
            };
        }
        outcome
    }

    fn compare(
        &mut self,
        kind: RelocKind,
        leaf: &Leaf<'a>,
        range: Range<usize>,
    ) -> Result<Result<Matched, Reason>, Failure> {
        let mut first: Option<Matched> = None;
        let mut mismatch = None;
        let mut open = 0u32;
        for at in range.clone() {
            let Some(&candidate) = self.candidates.get(at) else {
                break;
            };
            if candidate.state == State::Dropped {
                continue;
            }
            open = open.saturating_add(1);
            let matched = match self.try_candidate(kind, leaf, candidate)? {
                Ok(matched) => matched,
                Err(why) => {
                    mismatch = mismatch.or_else(|| Some((candidate.target(), why)));
                    continue;
                }
            };
            if let Some(candidate) = self.candidates.get_mut(at) {
                candidate.state = State::Matches;
            }
            match &first {
                None => first = Some(matched),
                Some(first) => agree(first, &matched)?,
            }
        }
        if let Some(first) = first {
            return Ok(Ok(first));
        }
        let Some((first, mismatch)) = mismatch else {
            return Ok(Err(Reason::NoCandidate));
        };
        // Would a dropped one have matched? Then the order of records has decided. What is wrong
        // with it is nobody's failure.
        for at in range {
            let Some(&candidate) = self.candidates.get(at) else {
                break;
            };
            if candidate.state == State::Dropped
                && matches!(self.try_candidate(kind, leaf, candidate), Ok(Ok(_)))
            {
                return Ok(Err(Reason::Narrowed {
                    would_fit: candidate.target(),
                }));
            }
        }
        Ok(Err(Reason::NoMatch {
            candidates: open,
            first,
            mismatch,
        }))
    }

    fn try_candidate(
        &mut self,
        kind: RelocKind,
        leaf: &Leaf<'a>,
        candidate: Candidate,
    ) -> Result<Result<Matched, Mismatch>, Failure> {
        self.budget.spend()?;
        let Some(target) = self.targets.get(usize::from(candidate.btf)) else {
            return Err(Failure::TooComplex);
        };
        let (local, spec) = ((&self.own, leaf), &mut self.tried);
        let mut pair = Pair {
            local: &self.local,
            target,
            budget: &mut self.budget,
        };
        let ended = match path::match_candidate(&mut pair, kind, local, candidate.id, spec)? {
            Ok(ended) => ended,
            Err(mismatch) => return Ok(Err(mismatch)),
        };
        let value = value::of_spec(target, kind, spec, &ended, Failure::Target)?;
        Ok(Ok(Matched {
            target: candidate.target(),
            bit_offset: spec.bit_offset,
            value,
        }))
    }
}

/// Two candidates that match must mean the same: else either could be the wrong one.
fn agree(first: &Matched, second: &Matched) -> Result<(), Failure> {
    let ambiguous = |first_value, second_value| Failure::Ambiguous {
        first: first.target,
        second: second.target,
        first_value,
        second_value,
    };
    if first.bit_offset != second.bit_offset {
        return Err(ambiguous(
            u64::from(first.bit_offset / 8),
            u64::from(second.bit_offset / 8),
        ));
    }
    if first.value.number != second.value.number {
        return Err(ambiguous(first.value.number, second.value.number));
    }
    Ok(())
}
