//! Types by kind, with their names: the first look of a search over a whole kernel.
//!
//! Enters: the places of records. Leaves: [`Named`], some at a time. Most records are none that a
//! search wants, and which ones are can't be foreseen, so nothing here branches on it: every
//! record is noted, and the note is kept or written over.

use zerocopy::FromBytes;

use crate::error::Result;
use crate::units::{StrOff, TypeId};

use super::header::Sections;
use super::kind::{Group, Info};
use super::raw::RawType;
use super::walk::Place;

/// A type that has a name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named {
    pub(crate) id: TypeId,
    /// Number of its kind.
    pub(crate) kind: u8,
    pub(crate) name: StrOff,
}

/// Types handed over at once, at most.
const CHUNK: usize = 128;

/// Picks types of certain kinds out of places.
#[derive(Debug)]
pub(super) struct Picker<'a> {
    sections: Sections<'a>,
    /// Bit *k*: kind number *k*.
    kinds: u128,
    /// Bit *g*: group *g*, which some of these kinds are in.
    groups: u8,
    /// Numbers, in the chunk, of the places whose group is right. As long as a `u8` counts, so that
    /// noting one needs no test.
    in_group: [u8; 256],
    named: [Named; 256],
}

impl<'a> Picker<'a> {
    pub(super) fn new(sections: Sections<'a>, kinds: u128) -> Self {
        const NONE: Named = Named {
            id: TypeId::VOID,
            kind: 0,
            name: StrOff::EMPTY,
        };
        let of = |kind: u8| u8::from(kinds >> kind & 1 != 0) << Group::of(kind);
        let groups = (0..128).fold(0, |groups, kind| groups | of(kind));
        Self {
            sections,
            kinds,
            groups,
            in_group: [0; 256],
            named: [NONE; 256],
        }
    }

    /// Hands over what it picks of `places`, the first of which is of type `first`.
    pub(super) fn pick(
        &mut self,
        first: u32,
        places: &[u32],
        each: &mut impl FnMut(&[Named]) -> Result<()>,
    ) -> Result<()> {
        let mut first = first;
        for places in places.chunks(CHUNK) {
            let mut count = 0u8;
            for (number, &place) in (0u8..).zip(places) {
                if let Some(slot) = self.in_group.get_mut(usize::from(count)) {
                    *slot = number;
                }
                count = count.wrapping_add(self.groups >> Place::group(place) & 1);
            }
            let count = self.look(first, places, usize::from(count));
            each(self.named.get(..count).unwrap_or(&[]))?;
            first = first.wrapping_add(u32::try_from(places.len()).unwrap_or(0));
        }
        Ok(())
    }

    /// Reads the heads of the records whose group is right, and keeps the right kinds with a
    /// name: their number.
    #[inline(always)]
    fn look(&mut self, first: u32, places: &[u32], in_group: usize) -> usize {
        let mut count = 0u8;
        let endian = self.sections.endian;
        for &number in self.in_group.get(..in_group).unwrap_or(&[]) {
            let place = places.get(usize::from(number)).copied().unwrap_or(0);
            let record = self.sections.types.get(Place::bytes(place)..);
            let head = record.and_then(|record| RawType::ref_from_prefix(record).ok());
            let Some((raw, _)) = head else { continue };
            let kind = Info::new(raw.info.get(endian)).raw_kind();
            let name = StrOff(raw.name.get(endian));
            if let Some(slot) = self.named.get_mut(usize::from(count)) {
                *slot = Named {
                    id: TypeId(first.wrapping_add(u32::from(number))),
                    kind,
                    name,
                };
            }
            let wanted = self.kinds >> kind & 1 != 0 && name != StrOff::EMPTY;
            count = count.wrapping_add(u8::from(wanted));
        }
        usize::from(count)
    }
}
