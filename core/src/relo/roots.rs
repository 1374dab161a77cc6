//! The distinct root types of an object's records.
//!
//! Enters: records, in any number. Leaves: one [`Root`] for each local type that they start from,
//! sorted by the hash of their name for the one pass over the target ([`survey`](super::survey)), and found
//! by id for each record. All in the caller's buffer: the tree that finds a root by id lives in
//! the roots themselves.

use core::cmp::Ordering;

use crate::btf::{Btf, Kind, essential_name};
use crate::error::{Error, ErrorKind, Result, Site, What};
use crate::names::Names;
use crate::sort::sort_by;
use crate::units::{StrOff, TypeId};

use super::filter::hash;

/// A local type that records start from. Callers make room for them with [`Root::EMPTY`].
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Root {
    id: TypeId,
    /// Children in the tree over ids: the n-th bit of an id decides at depth n, so that no input
    /// makes it deeper than 32.
    children: [u32; 2],
    /// Hash of the essential name: roots are sorted by it, and so mostly without a look at names.
    pub(super) hash: u64,
    name: StrOff,
    /// Length of the essential name at `name`, in bytes.
    essential_bytes: u32,
    /// Kind that candidates must have; `Void` if there can be none.
    pub(super) kind: Kind,
    /// Its candidates, as a range of the candidate buffer.
    pub(super) first: u32,
    pub(super) len: u32,
    /// Candidates met so far, until the search is over and `len` says it.
    pub(super) met: u32,
}

const NO_CHILD: u32 = u32::MAX;

impl Root {
    /// For buffers that are filled later.
    pub const EMPTY: Self = Self {
        id: TypeId::VOID,
        children: [NO_CHILD; 2],
        hash: 0,
        name: StrOff::EMPTY,
        essential_bytes: 0,
        kind: Kind::Void,
        first: 0,
        len: 0,
        met: 0,
    };

    const fn new(id: TypeId) -> Self {
        Self { id, ..Self::EMPTY }
    }

    /// Name, kind and hash, from the local BTF. A type that is missing or anonymous has no
    /// candidates; the record that names it gets the error.
    fn describe(&mut self, local: &Btf<'_>, names: &mut Names) {
        let Ok(ty) = local.type_by_id(self.id) else {
            return;
        };
        let Ok(name) = local.name(ty.name()) else {
            return;
        };
        if !name.is_empty() && names.take(name.len()) {
            let essential = essential_name(name);
            self.hash = hash(essential);
            self.name = ty.name();
            self.essential_bytes = u32::try_from(essential.len()).unwrap_or(0);
            self.kind = class(ty.kind());
        }
    }

    /// May it have candidates, and none has been found?
    pub(super) fn wants(&self) -> bool {
        self.len == 0 && self.kind != Kind::Void
    }

    /// The name without its flavor.
    pub(super) fn essential<'a>(&self, local: &Btf<'a>) -> &'a [u8] {
        let text = local.text(self.name).unwrap_or(&[]);
        text.get(..self.essential_bytes as usize).unwrap_or(&[])
    }

    /// How the root orders against a target type's essential name (and its hash) and class of
    /// kind.
    pub(super) fn order(
        &self,
        local: &Btf<'_>,
        names: &mut Names,
        (hash, name, kind): (u64, &[u8], Kind),
    ) -> Ordering {
        self.hash
            .cmp(&hash)
            .then_with(|| names.compare(self.essential(local), name))
            .then_with(|| self.kind.number().cmp(&kind.number()))
    }
}

/// Kinds that may be each other's candidates have one class: the two enums.
pub(super) const fn class(kind: Kind) -> Kind {
    match kind {
        Kind::Enum64 => Kind::Enum,
        kind => kind,
    }
}

/// Collects the roots of `ids` and sorts them by their names' hashes.
///
/// # Errors
/// `BufferTooSmall`; as many roots as records is always enough. `OutOfRange` for too many names
/// that are alike.
pub(super) fn collect<'s>(
    local: &Btf<'_>,
    ids: impl Iterator<Item = TypeId> + Clone,
    names: &mut Names,
    buffer: &'s mut [Root],
) -> Result<&'s mut [Root]> {
    let mut used = 0usize;
    let mut last = None; // records of one root mostly stand together
    for id in ids.clone() {
        if last.replace(id) == Some(id) {
            continue;
        }
        let Err(place) = search(buffer.get(..used).unwrap_or(&[]), id) else {
            continue;
        };
        let Some(slot) = buffer.get_mut(used) else {
            let needed = ids.count() as u64;
            let kind = ErrorKind::BufferTooSmall {
                what: What::RootBuffer,
                needed,
            };
            return Err(Error::new(kind, Site::Call));
        };
        *slot = Root::new(id);
        slot.describe(local, names);
        hang(buffer, place, used);
        used = used.wrapping_add(1);
    }
    let roots = buffer.get_mut(..used).unwrap_or_default();
    sort_by(roots, |a, b| {
        a.order(local, names, (b.hash, b.essential(local), b.kind))
            .then_with(|| a.id.cmp(&b.id))
    });
    names.check()?;
    // Sorting has torn the tree: tie it again over the same roots.
    for root in roots.iter_mut() {
        root.children = [NO_CHILD; 2];
    }
    for nth in 1..roots.len() {
        let Some(&Root { id, .. }) = roots.get(nth) else {
            break;
        };
        if let Err(place) = search(roots.get(..nth).unwrap_or(&[]), id) {
            hang(roots, place, nth);
        }
    }
    Ok(roots)
}

/// Where in the tree an id that is not there belongs.
#[derive(Clone, Copy, Debug)]
struct Place {
    parent: usize,
    side: usize,
}

/// The root of that id, or where it would hang. At most 32 steps.
fn search(roots: &[Root], id: TypeId) -> core::result::Result<usize, Place> {
    let (mut place, mut bits) = (Place { parent: 0, side: 0 }, id.0);
    let mut at = 0;
    while let Some(root) = roots.get(at) {
        if root.id == id {
            return Ok(at);
        }
        let [zero, one] = root.children;
        let (side, child) = if bits & 1 == 0 { (0, zero) } else { (1, one) };
        bits >>= 1;
        place = Place { parent: at, side };
        at = child as usize;
    }
    Err(place)
}

/// Hangs the root number `nth` there; the first one needs no parent.
fn hang(roots: &mut [Root], place: Place, nth: usize) {
    if nth == 0 {
        return;
    }
    let child = roots
        .get_mut(place.parent)
        .and_then(|root| root.children.get_mut(place.side));
    if let Some(child) = child {
        *child = u32::try_from(nth).unwrap_or(NO_CHILD);
    }
}

/// Number of the root of that id.
pub(super) fn find(roots: &[Root], id: TypeId) -> Option<usize> {
    search(roots, id).ok()
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    /// A BTF with one `int` and nothing else to say: names don't matter to the tree.
    fn void_btf() -> [u8; 25] {
        let mut btf = [0; 25];
        btf[..8].copy_from_slice(&[0x9f, 0xeb, 1, 0, 24, 0, 0, 0]);
        btf[20] = 1;
        btf
    }

    #[test]
    fn every_id_is_found_after_sorting() {
        let bytes = void_btf();
        let local = Btf::open(&bytes).unwrap();
        let ids: std::vec::Vec<_> = (0..500u32)
            .map(|n| TypeId(n.wrapping_mul(2_654_435_761) % 301))
            .collect();
        let mut distinct = ids.clone();
        distinct.sort();
        distinct.dedup();
        let mut buffer = std::vec![Root::EMPTY; distinct.len()];
        let roots = collect(&local, ids.iter().copied(), &mut Names::new(), &mut buffer).unwrap();
        assert_eq!(roots.len(), distinct.len());
        for id in &distinct {
            let at = find(roots, *id).unwrap();
            assert_eq!(roots[at].id, *id);
        }
        assert_eq!(find(roots, TypeId(1 << 31)), None);
        let mut short = std::vec![Root::EMPTY; distinct.len() - 1];
        let error =
            collect(&local, ids.iter().copied(), &mut Names::new(), &mut short).unwrap_err();
        assert!(matches!(
            error.kind(),
            ErrorKind::BufferTooSmall { needed: 500, .. }
        ));
    }
}
