//! Candidates: the target types that a root may stand for.
//!
//! Enters: one candidate after the other, in the order of targets and ids. Leaves: each root's
//! candidates side by side in the caller's buffer, in that order.

use crate::error::{Error, ErrorKind, Result, Site, What};
use crate::units::TypeId;

use super::outcome::TargetType;
use super::roots::Root;

/// A target type that a root may stand for. Callers make room for them with [`Candidate::EMPTY`].
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Candidate {
    root: u32,
    /// How many candidates of its root were met before it.
    rank: u32,
    pub(super) id: TypeId,
    pub(super) btf: u16,
    pub(super) state: State,
}

/// What earlier records of the root have made of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) enum State {
    /// Still one of them.
    Open,
    /// Matches the record that is being answered.
    Matches,
    /// Did not match where another did.
    Dropped,
}

impl Candidate {
    /// For buffers that are filled later.
    pub const EMPTY: Self = Self {
        root: u32::MAX,
        rank: 0,
        id: TypeId::VOID,
        btf: 0,
        state: State::Open,
    };

    /// The type that it is.
    pub(super) const fn target(self) -> TargetType {
        TargetType {
            btf: self.btf,
            id: self.id,
        }
    }

    pub(super) const fn new(id: TypeId, btf: u16) -> Self {
        Self {
            id,
            btf,
            ..Self::EMPTY
        }
    }
}

/// The buffer, and how many candidates there are, also beyond its end.
#[derive(Debug)]
pub(super) struct Found<'s> {
    buffer: &'s mut [Candidate],
    count: usize,
}

impl<'s> Found<'s> {
    pub(super) const fn new(buffer: &'s mut [Candidate]) -> Self {
        Self { buffer, count: 0 }
    }

    /// The candidates, after [`settle`](Self::settle).
    pub(super) fn into_candidates(self) -> &'s mut [Candidate] {
        self.buffer.get_mut(..self.count).unwrap_or_default()
    }

    /// Notes a candidate of root number `number`. Beyond the buffer's end it is only counted.
    pub(super) fn push(&mut self, number: usize, root: &mut Root, candidate: Candidate) {
        if let Some(slot) = self.buffer.get_mut(self.count) {
            *slot = Candidate {
                root: u32::try_from(number).unwrap_or(u32::MAX),
                rank: root.met,
                ..candidate
            };
            root.met = root.met.saturating_add(1);
        }
        self.count = self.count.saturating_add(1);
    }

    /// Groups the candidates by root, and tells each root its range: they were met in the order
    /// of targets and ids, and each knows how many of its root came before it.
    ///
    /// # Errors
    /// `BufferTooSmall`, with the number of candidates.
    pub(super) fn settle(&mut self, roots: &mut [Root]) -> Result<()> {
        let needed = self.count as u64;
        let Some(found) = self.buffer.get_mut(..self.count) else {
            let kind = ErrorKind::BufferTooSmall {
                what: What::CandidateBuffer,
                needed,
            };
            return Err(Error::new(kind, Site::Call));
        };
        let mut first = 0u32;
        for root in roots.iter_mut() {
            (root.first, root.len) = (first, root.met);
            first = first.saturating_add(root.met);
        }
        let home = |one: &Candidate| {
            let first = roots.get(one.root as usize).map_or(0, |root| root.first);
            first.saturating_add(one.rank) as usize
        };
        // Whoever is not at home changes places with the one who sits there: each exchange brings
        // one home.
        for at in 0..found.len() {
            for _ in 0..needed {
                let Some(&one) = found.get(at) else { break };
                let home = home(&one);
                let Some(&other) = found.get(home) else { break };
                if home == at {
                    break;
                }
                put(found, home, one);
                put(found, at, other);
            }
        }
        Ok(())
    }
}

fn put(found: &mut [Candidate], at: usize, one: Candidate) {
    if let Some(slot) = found.get_mut(at) {
        *slot = one;
    }
}
