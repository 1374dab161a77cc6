//! Types by kind, with their names: the first look of a search over a whole kernel.
//!
//! Enters: the places of records. Leaves: [`Named`], some at a time. Most records are none that a
//! search wants, and which ones are can't be foreseen, so nothing here branches on it: every
//! record is noted, and the note is kept or written over.

use zerocopy::FromBytes;

use crate::error::Result;
use crate::units::{StrOff, TypeId};

use super::header::Sections;
use super::kind::{Group, Info, Kind};
use super::raw::RawType;
use super::walk::Place;

/// A type that has a name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named {
    pub(crate) id: TypeId,
    pub(crate) kind: Kind,
    pub(crate) name: StrOff,
}

/// Types handed over at once.
pub(crate) const CHUNK: usize = 128;

/// Picks types of certain kinds out of places.
#[derive(Debug)]
pub(super) struct Picker<'a> {
    sections: Sections<'a>,
    /// Bit *k*: kind number *k*.
    kinds: u128,
    /// Bit *g*: group *g*, which some of these kinds are in.
    groups: u8,
}

impl<'a> Picker<'a> {
    pub(super) fn new(sections: Sections<'a>, kinds: u128) -> Self {
        let of = |kind: u8| u8::from(kinds >> kind & 1 != 0) << Group::of(kind);
        let groups = (0..128).fold(0, |groups, kind| groups | of(kind));
        Self {
            sections,
            kinds,
            groups,
        }
    }

    /// Hands over what it picks of `places`, the first of which is of type `first`.
    pub(super) fn pick(
        &self,
        first: u32,
        places: &[u32],
        each: &mut impl FnMut(&[Named]) -> Result<()>,
    ) -> Result<()> {
        let mut first = first;
        for places in places.chunks(CHUNK) {
            let mut in_group = [(0u32, 0u32); CHUNK];
            let mut count = 0usize;
            for (id, &place) in (first..).zip(places) {
                if let Some(slot) = in_group.get_mut(count) {
                    *slot = (id, place);
                }
                let wanted = self.groups >> Place::group(place) & 1;
                count = count.wrapping_add(usize::from(wanted));
            }
            first = first.wrapping_add(u32::try_from(places.len()).unwrap_or(0));
            let chunk = self.look(in_group.get(..count).unwrap_or(&[]));
            each(chunk.0.get(..chunk.1).unwrap_or(&[]))?;
        }
        Ok(())
    }

    /// Reads the heads of records whose group is right, and keeps the right kinds with a name.
    #[inline(always)]
    fn look(&self, in_group: &[(u32, u32)]) -> ([Named; CHUNK], usize) {
        const NONE: Named = Named {
            id: TypeId::VOID,
            kind: Kind::Void,
            name: StrOff::EMPTY,
        };
        let mut chunk = [NONE; CHUNK];
        let mut count = 0usize;
        let endian = self.sections.endian;
        for &(id, place) in in_group {
            let record = self.sections.types.get(Place::bytes(place)..);
            let head = record.and_then(|record| RawType::ref_from_prefix(record).ok());
            let Some((raw, _)) = head else { continue };
            let kind = Info::new(raw.info.get(endian)).raw_kind();
            let name = StrOff(raw.name.get(endian));
            if let Some(slot) = chunk.get_mut(count) {
                *slot = Named {
                    id: TypeId(id),
                    kind: Kind::from_raw(kind),
                    name,
                };
            }
            let wanted = self.kinds >> kind & 1 != 0 && name != StrOff::EMPTY;
            count = count.wrapping_add(usize::from(wanted));
        }
        (chunk, count)
    }
}
