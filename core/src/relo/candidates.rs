//! Candidates: the target types that a root may stand for.
//!
//! Enters: all roots of an object at once, and the targets. Leaves: each root's candidates, side
//! by side in the caller's buffer, in the order of targets and ids. One pass over a target serves
//! every root. Rule: libbpf's `bpf_core_find_cands`: equal kind, equal essential name, and modules
//! only for roots of which vmlinux has none.

use core::cmp::Ordering;

use crate::btf::{Btf, Kind, Named, essential_name};
use crate::error::{Error, ErrorKind, Result, Site, What};
use crate::units::TypeId;

use super::filter::{Filter, hash, head_of_text};
use super::roots::{Root, class};
use super::trace::trace;

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
}

/// Finds the candidates of all roots. Returns how many of the buffer's elements are used.
///
/// # Errors
/// A target's record or name is bad; `BufferTooSmall` with the number of candidates.
pub(super) fn find(
    local: &Btf<'_>,
    targets: &[Btf<'_>],
    roots: &mut [Root],
    buffer: &mut [Candidate],
) -> Result<usize> {
    let mut search = Search {
        local,
        found: Found { buffer, count: 0 },
    };
    let Some((vmlinux, modules)) = targets.split_first() else {
        return Ok(0);
    };
    search.scan(vmlinux, 0, roots)?;
    let used = search.found.settle(roots)?;
    // Most objects end here: every root is known to vmlinux, or to nobody.
    let wanting = |root: &Root| root.len == 0 && root.kind != Kind::Void;
    if modules.is_empty() || !roots.iter().any(wanting) {
        return Ok(used);
    }
    for (btf, module) in (1..).zip(modules) {
        search.scan(module, btf, roots)?;
    }
    search.found.settle(roots)
}

/// The buffer, and how many candidates there are, also beyond its end.
#[derive(Debug)]
struct Found<'s> {
    buffer: &'s mut [Candidate],
    count: usize,
}

impl Found<'_> {
    /// Groups the candidates by root, and tells each root its range: they were met in the order
    /// of targets and ids, and each knows how many of its root came before it.
    fn settle(&mut self, roots: &mut [Root]) -> Result<usize> {
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
        Ok(self.count)
    }
}

fn put(found: &mut [Candidate], at: usize, one: Candidate) {
    if let Some(slot) = found.get_mut(at) {
        *slot = one;
    }
}

#[derive(Debug)]
struct Search<'p, 'a, 's> {
    local: &'p Btf<'a>,
    found: Found<'s>,
}

impl Search<'_, '_, '_> {
    /// One pass over a target's own types, for every root that has no candidate yet.
    fn scan(&mut self, target: &Btf<'_>, btf: u16, roots: &mut [Root]) -> Result<()> {
        let mut filter = Filter::new();
        let mut kinds = 0u128;
        for root in roots
            .iter()
            .filter(|root| root.len == 0 && root.kind != Kind::Void)
        {
            filter.add(root.essential(self.local));
            kinds |= 1 << root.kind.number();
            if root.kind == Kind::Enum {
                kinds |= 1 << Kind::Enum64.number();
            }
        }
        let mut likely = [0u8; 256];
        target.named(kinds, |types| {
            // The heads of names lie all over the strings: ask for many before judging any.
            let mut count = 0u8;
            for (number, ty) in (0u8..).zip(types) {
                if let Some(slot) = likely.get_mut(usize::from(count)) {
                    *slot = number;
                }
                let passes = filter.passes(head_of_text(target.text(ty.name)?));
                count = count.wrapping_add(u8::from(passes));
            }
            for &number in likely.get(..usize::from(count)).unwrap_or(&[]) {
                if let Some(ty) = types.get(usize::from(number))
                    && filter.passes_long(target.text(ty.name)?)
                {
                    self.judge(target, btf, ty, roots)?;
                }
            }
            Ok(())
        })
    }

    fn judge(&mut self, target: &Btf<'_>, btf: u16, ty: &Named, roots: &mut [Root]) -> Result<()> {
        let name = essential_name(target.name(ty.name)?);
        if !name.is_empty() {
            let candidate = Candidate {
                id: ty.id,
                btf,
                ..Candidate::EMPTY
            };
            self.add(name, class(Kind::from_raw(ty.kind)), candidate, roots);
        }
        Ok(())
    }

    /// Adds `candidate` to every root of that name and kind: they stand side by side.
    fn add(&mut self, name: &[u8], kind: Kind, candidate: Candidate, roots: &mut [Root]) {
        let hash = hash(name);
        let order = |root: &Root| root.order(self.local, hash, || name, kind);
        let start = roots.partition_point(|root| order(root) == Ordering::Less);
        let same = roots.get(start..).unwrap_or(&[]);
        let same = same.partition_point(|root| order(root) == Ordering::Equal);
        for number in start..start.saturating_add(same) {
            let Some(root) = roots.get_mut(number).filter(|root| root.len == 0) else {
                continue;
            };
            let Some(slot) = self.found.buffer.get_mut(self.found.count) else {
                // Only the number matters now, and is one a root.
                self.found.count = self
                    .found
                    .count
                    .saturating_add(start.saturating_add(same).wrapping_sub(number));
                return;
            };
            trace!(
                "candidate: type {} of target {}",
                candidate.id, candidate.btf
            );
            *slot = Candidate {
                root: u32::try_from(number).unwrap_or(u32::MAX),
                rank: root.met,
                ..candidate
            };
            root.met = root.met.saturating_add(1);
            self.found.count = self.found.count.saturating_add(1);
        }
    }
}
