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
    /// Bit *k*: kind number *k*. Kinds from 32 on can't be asked for.
    kinds: u32,
    /// Bit *g*: group *g*, which some of these kinds are in.
    groups: u8,
    /// Numbers, in the chunk, of the places whose group is right. As long as a `u8` counts, so that
    /// noting one needs no test.
    in_group: [u8; 256],
    named: [Named; 256],
}

impl<'a> Picker<'a> {
    pub(super) fn new(sections: Sections<'a>, kinds: u32) -> Self {
        const NONE: Named = Named {
            id: TypeId::VOID,
            kind: 0,
            name: StrOff::EMPTY,
        };
        let of = |kind: u8| u8::from(kinds >> kind & 1 != 0) << Group::of(kind);
        let groups = (0..32).fold(0, |groups, kind| groups | of(kind));
        Self {
            sections,
            kinds,
            groups,
            in_group: [0; 256],
            named: [NONE; 256],
        }
    }

    /// Hands over what it picks of `places`, the first of which is of type `first`: the types
    /// whose name `perhaps` is wanted.
    pub(super) fn pick(
        &mut self,
        first: u32,
        places: &[u32],
        perhaps: &impl Fn(StrOff) -> bool,
        each: &mut impl FnMut(&[Named]) -> Result<()>,
    ) -> Result<()> {
        let mut first = first;
        for places in places.chunks(CHUNK) {
            let in_group = self.in_group(places);
            let count = self.look(first, places, in_group, perhaps);
            if let Some(types) = self.named.get(..count)
                && !types.is_empty()
            {
                each(types)?;
            }
            first = first.wrapping_add(u32::try_from(places.len()).unwrap_or(0));
        }
        Ok(())
    }

    /// Notes which of a chunk's places are of the right group: their number.
    #[inline(always)]
    fn in_group(&mut self, places: &[u32]) -> usize {
        let mut count = 0u8;
        let mut note = |number: u8, place: u32| {
            if let Some(slot) = self.in_group.get_mut(usize::from(count)) {
                *slot = number;
            }
            count = count.wrapping_add(self.groups >> Place::group(place) & 1);
        };
        // By the eight, so that the loop is unrolled.
        let (eights, rest) = places.as_chunks::<8>();
        let mut number = 0u8;
        for eight in eights {
            for (nth, &place) in (0u8..).zip(eight) {
                note(number.wrapping_add(nth), place);
            }
            number = number.wrapping_add(8);
        }
        for (nth, &place) in (number..).zip(rest) {
            note(nth, place);
        }
        usize::from(count)
    }

    /// Reads the heads of the records whose group is right, and keeps the right kinds with a
    /// name that may be wanted: their number.
    #[inline(always)]
    fn look(
        &mut self,
        first: u32,
        places: &[u32],
        in_group: usize,
        perhaps: &impl Fn(StrOff) -> bool,
    ) -> usize {
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
            // Not `&&`: nothing to be foreseen.
            let of_kind = (self.kinds >> (kind & 31) & 1 != 0) & (kind < 32);
            let wanted = of_kind & (name != StrOff::EMPTY) & perhaps(name);
            count = count.wrapping_add(u8::from(wanted));
        }
        usize::from(count)
    }
}
