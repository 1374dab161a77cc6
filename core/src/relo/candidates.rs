//! Candidates: the target types that a root may stand for.
//!
//! Enters: all roots of an object at once, and the targets. Leaves: each root's candidates, side
//! by side in the caller's buffer, in the order of targets and ids. One pass over a target serves
//! every root. Rule: libbpf's `bpf_core_find_cands`: equal kind, equal essential name, and modules
//! only for roots of which vmlinux has none.

use core::cmp::Ordering;

use crate::btf::{Btf, CHUNK, Kind, Named, essential_name};
use crate::error::{Error, ErrorKind, Result, Site, What};
use crate::names::Names;
use crate::sort::sort_by;
use crate::units::TypeId;

use super::filter::{Filter, hash, head_of_text};
use super::roots::{Root, class};
use super::trace::trace;

/// A target type that a root may stand for. Callers make room for them with [`Candidate::EMPTY`].
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Candidate {
    root: u32,
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
        id: TypeId::VOID,
        btf: 0,
        state: State::Open,
    };
}

/// Finds the candidates of all roots. Returns how many of the buffer's elements are used.
///
/// # Errors
/// A target's record or name is bad; `BufferTooSmall` with the number of candidates; `OutOfRange`
/// for too many names that are alike.
pub(super) fn find(
    local: &Btf<'_>,
    targets: &[Btf<'_>],
    names: &mut Names,
    roots: &mut [Root],
    buffer: &mut [Candidate],
) -> Result<usize> {
    let mut search = Search {
        local,
        names,
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
    /// Groups the candidates by root, and tells each root its range.
    fn settle(&mut self, roots: &mut [Root]) -> Result<usize> {
        let needed = self.count as u64;
        let Some(found) = self.buffer.get_mut(..self.count) else {
            let kind = ErrorKind::BufferTooSmall {
                what: What::CandidateBuffer,
                needed,
            };
            return Err(Error::new(kind, Site::Call));
        };
        let place = |one: &Candidate| (one.root, one.btf, one.id);
        sort_by(found, |a, b| place(a).cmp(&place(b)));
        let mut rest = &*found;
        let mut first = 0u32;
        for (number, root) in (0u32..).zip(roots) {
            let len = rest
                .iter()
                .take_while(|candidate| candidate.root == number)
                .count();
            rest = rest.get(len..).unwrap_or(&[]);
            root.first = first;
            root.len = u32::try_from(len).unwrap_or(u32::MAX);
            first = first.saturating_add(root.len);
        }
        Ok(self.count)
    }
}

#[derive(Debug)]
struct Search<'p, 'a, 's> {
    local: &'p Btf<'a>,
    names: &'p mut Names,
    found: Found<'s>,
}

impl Search<'_, '_, '_> {
    /// One pass over a target's own types, for every root that has no candidate yet.
    fn scan(&mut self, target: &Btf<'_>, btf: u16, roots: &[Root]) -> Result<()> {
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
        target.named(kinds, |types| {
            // The heads of names lie all over the strings: ask for many before judging any.
            let mut likely = [0u8; CHUNK];
            let mut count = 0usize;
            for (number, ty) in (0u8..).zip(types) {
                if let Some(slot) = likely.get_mut(count) {
                    *slot = number;
                }
                let passes = filter.passes(head_of_text(target.text(ty.name)?));
                count = count.wrapping_add(usize::from(passes));
            }
            for &number in likely.get(..count).unwrap_or(&[]) {
                if let Some(ty) = types.get(usize::from(number))
                    && filter.passes_long(target.text(ty.name)?)
                {
                    self.judge(target, btf, ty, roots)?;
                }
            }
            Ok(())
        })
    }

    fn judge(&mut self, target: &Btf<'_>, btf: u16, ty: &Named, roots: &[Root]) -> Result<()> {
        let name = target.name(ty.name)?;
        self.names.take(name.len());
        let name = essential_name(name);
        if !name.is_empty() {
            let candidate = Candidate {
                id: ty.id,
                btf,
                ..Candidate::EMPTY
            };
            self.add(name, class(ty.kind), candidate, roots);
        }
        self.names.check()
    }

    /// Adds `candidate` to every root of that name and kind: they stand side by side.
    fn add(&mut self, name: &[u8], kind: Kind, candidate: Candidate, roots: &[Root]) {
        let hash = hash(name);
        let mut order = |root: &Root| root.order(self.local, self.names, (hash, name, kind));
        let start = roots.partition_point(|root| order(root) == Ordering::Less);
        let same = roots.get(start..).unwrap_or(&[]);
        let same = same.partition_point(|root| order(root) == Ordering::Equal);
        for number in start..start.saturating_add(same) {
            if roots.get(number).is_none_or(|root| root.len > 0) {
                continue;
            }
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
                ..candidate
            };
            self.found.count = self.found.count.saturating_add(1);
        }
    }
}
