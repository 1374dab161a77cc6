//! Many records checked at once: is anything wrong among them?
//!
//! Enters: the places of some records. Leaves: no, or perhaps, and then
//! [`validate`](super::validate) examines them one by one. Which kind comes next can't be foreseen,
//! so records are first sorted by what they hold, and each sort is gone over in a loop of its own;
//! what is found wrong is only remembered until the end.

use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use crate::steps;
use crate::units::Endian;

use super::header::Sections;
use super::kind::{Group, HEAD_BYTES, Info};
use super::raw::{Raw2, Raw3, RawType, Word};
use super::walk::Place;

/// Records checked at once, at most: as many as a `u8` counts, so that sorting needs no test.
pub(super) const CHUNK: usize = 255;

/// What names and ids must stay below.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds<'p> {
    /// The last type id.
    pub(super) last: u32,
    /// Length of the strings, the base's included, in bytes.
    pub(super) strings: u32,
    /// Places of the own types, where all are indexed, and the first one's id.
    pub(super) places: &'p [u32],
    pub(super) first: u32,
}

/// Kinds whose third word is a type id: ptr, typedef, volatile, const, restrict, func, func_proto,
/// var, decl_tag, type_tag.
const REFERRING: u32 =
    1 << 2 | 1 << 8 | 1 << 9 | 1 << 10 | 1 << 11 | 1 << 12 | 1 << 13 | 1 << 14 | 1 << 17 | 1 << 18;

/// What has to be looked at behind a record's head.
mod sort {
    /// Nothing.
    pub(super) const PLAIN: u8 = 0;
    /// A function: its type must be a function type.
    pub(super) const FUNC: u8 = 1;
    /// Members: name and type.
    pub(super) const COMPOSITE: u8 = 2;
    /// Parameters: name and type.
    pub(super) const PROTO: u8 = 3;
    /// Two type ids.
    pub(super) const ARRAY: u8 = 4;
    /// Enumerators: a name.
    pub(super) const ENUM: u8 = 5;
    /// Enumerators of 64 bits: a name.
    pub(super) const ENUM64: u8 = 6;
    /// Variables of a section: a type id.
    pub(super) const DATASEC: u8 = 7;
    /// Anything else.
    pub(super) const UNKNOWN: u8 = 8;
    pub(super) const COUNT: usize = 9;
}

/// The sort of each kind, as far as 5 bits count.
const SORTS: [u8; 32] = {
    use sort::{ARRAY, COMPOSITE, DATASEC, ENUM, ENUM64, FUNC, PLAIN, PROTO, UNKNOWN};
    let mut sorts = [UNKNOWN; 32];
    let known = [
        UNKNOWN, PLAIN, PLAIN, ARRAY, COMPOSITE, COMPOSITE, ENUM, PLAIN, PLAIN, PLAIN, PLAIN,
        PLAIN, FUNC, PROTO, PLAIN, DATASEC, PLAIN, PLAIN, PLAIN, ENUM64,
    ];
    let (mut known, mut rest) = (known.as_slice(), sorts.as_mut_slice());
    while let (Some((&sort, after)), Some((slot, slots))) =
        (known.split_first(), rest.split_first_mut())
    {
        *slot = sort;
        (known, rest) = (after, slots);
    }
    sorts
};

/// A check of many records.
#[derive(Debug)]
pub(super) struct Bulk<'a> {
    sections: Sections<'a>,
    bounds: Bounds<'a>,
    /// Places by sort.
    sorted: [[u32; 256]; sort::COUNT],
}

impl<'a> Bulk<'a> {
    pub(super) fn new(sections: Sections<'a>, bounds: Bounds<'a>) -> Self {
        // The empty name needs no string section.
        let strings = bounds.strings.max(1);
        Self {
            sections,
            bounds: Bounds { strings, ..bounds },
            sorted: [[0; 256]; sort::COUNT],
        }
    }

    /// May something be wrong with one of these records?
    pub(super) fn suspicious(&mut self, places: &[u32]) -> bool {
        match self.sections.endian {
            Endian::Little => self.suspicious_in::<false>(places),
            Endian::Big => self.suspicious_in::<true>(places),
        }
    }

    fn suspicious_in<const BIG: bool>(&mut self, places: &[u32]) -> bool {
        steps::count(places.len());
        let (heads, used) = self.heads::<BIG>(places);
        let all = |vlen: usize| vlen;
        let mut bad = heads;
        for (sort, (places, &used)) in (0u8..).zip(self.sorted.iter().zip(&used)) {
            let places = places.get(..usize::from(used)).unwrap_or(places);
            bad |= match sort {
                sort::FUNC => places.iter().fold(false, |bad, &place| {
                    let head = self.head(place);
                    bad | head.is_none_or(|head| self.no_proto(get::<BIG>(head.size_or_type)))
                }),
                sort::COMPOSITE => self.any::<BIG, Raw3>(places, all, |Raw3(name, ty, _)| {
                    self.bad_name::<BIG>(*name) | self.bad_id::<BIG>(*ty)
                }),
                sort::PROTO => self.any_param::<BIG>(places),
                sort::ARRAY => self.any::<BIG, Raw3>(
                    places,
                    |_| 1,
                    |Raw3(element, index, _)| {
                        self.bad_id::<BIG>(*element) | self.bad_id::<BIG>(*index)
                    },
                ),
                sort::ENUM => {
                    let is_bad = |Raw2(name, _): &Raw2| self.bad_name::<BIG>(*name);
                    self.any::<BIG, Raw2>(places, all, is_bad)
                }
                sort::ENUM64 => {
                    let is_bad = |Raw3(name, ..): &Raw3| self.bad_name::<BIG>(*name);
                    self.any::<BIG, Raw3>(places, all, is_bad)
                }
                sort::DATASEC => {
                    let is_bad = |Raw3(var, ..): &Raw3| self.bad_id::<BIG>(*var);
                    self.any::<BIG, Raw3>(places, all, is_bad)
                }
                sort::UNKNOWN => !places.is_empty(),
                _ => false,
            };
        }
        bad
    }

    /// Checks what all records have, and sorts them. Returns whether something is wrong, and how
    /// many there are of each sort.
    #[inline(always)]
    fn heads<const BIG: bool>(&mut self, places: &[u32]) -> (bool, [u8; sort::COUNT]) {
        let mut used = [0u8; sort::COUNT];
        let mut bad = false;
        for &place in places {
            let Some(head) = self.head(place) else {
                return (true, used);
            };
            let kind = Info::new(get::<BIG>(head.info)).raw_kind();
            let refers = REFERRING >> (kind & 31) & 1 != 0;
            bad |= (kind >= 32)
                | self.bad_name::<BIG>(head.name)
                | (refers & self.bad_id::<BIG>(head.size_or_type));
            let sort = SORTS.get(usize::from(kind & 31)).copied().unwrap_or(0);
            if let Some(list) = self.sorted.get_mut(usize::from(sort))
                && let Some(used) = used.get_mut(usize::from(sort))
                && let Some(slot) = list.get_mut(usize::from(*used))
            {
                *slot = place;
                *used = used.wrapping_add(1);
            }
        }
        (bad, used)
    }

    /// The head of the record there.
    #[inline(always)]
    fn head(&self, place: u32) -> Option<&'a RawType> {
        let at = Place::bytes(place);
        let head = self.sections.types.get(at..at.wrapping_add(HEAD_BYTES))?;
        RawType::ref_from_bytes(head).ok()
    }

    /// So many elements behind the head of the record there.
    #[inline(always)]
    fn elements<T>(&self, place: u32, count: usize) -> Option<&'a [T]>
    where
        T: FromBytes + Immutable + Unaligned + KnownLayout,
    {
        let start = Place::bytes(place).wrapping_add(HEAD_BYTES);
        let end = start.wrapping_add(count.wrapping_mul(size_of::<T>()));
        <[T]>::ref_from_bytes(self.sections.types.get(start..end)?).ok()
    }

    /// Is any element of these records bad? All are looked at, without a branch for each.
    #[inline(always)]
    fn any<const BIG: bool, T>(
        &self,
        places: &[u32],
        count: impl Fn(usize) -> usize,
        is_bad: impl Fn(&T) -> bool,
    ) -> bool
    where
        T: FromBytes + Immutable + Unaligned + KnownLayout,
    {
        let mut bad = false;
        for &place in places {
            let Some(head) = self.head(place) else {
                return true;
            };
            let count = count(Info::new(get::<BIG>(head.info)).vlen() as usize);
            let Some(elements) = self.elements::<T>(place, count) else {
                return true;
            };
            steps::count(elements.len());
            for element in elements {
                bad |= is_bad(element);
            }
        }
        bad
    }

    /// Is any parameter of these function types bad? Their number is small and can't be foreseen:
    /// the first few are looked at whether they are there or not.
    #[inline(always)]
    fn any_param<const BIG: bool>(&self, places: &[u32]) -> bool {
        const FEW: usize = 4;
        let is_bad = |param: &Raw2| self.bad_name::<BIG>(param.0) | self.bad_id::<BIG>(param.1);
        let mut bad = false;
        for &place in places {
            let Some(head) = self.head(place) else {
                return true;
            };
            let vlen = Info::new(get::<BIG>(head.info)).vlen() as usize;
            match self.elements::<Raw2>(place, FEW) {
                Some(few) if vlen <= FEW => {
                    for (nth, param) in few.iter().enumerate() {
                        bad |= (nth < vlen) & is_bad(param);
                    }
                }
                _ => bad |= self.any::<BIG, Raw2>(&[place], |vlen| vlen, is_bad),
            }
        }
        bad
    }

    /// Is the type of that id no function type, as far as its place tells?
    #[inline(always)]
    fn no_proto(&self, id: u32) -> bool {
        let nth = id.wrapping_sub(self.bounds.first) as usize;
        let place = self.bounds.places.get(nth);
        place.is_none_or(|&place| Place::group(place) != Group::PROTO)
    }

    #[inline(always)]
    fn bad_id<const BIG: bool>(&self, id: Word) -> bool {
        get::<BIG>(id) > self.bounds.last
    }

    /// The last string has its NUL, so whatever starts inside the section ends there too.
    #[inline(always)]
    fn bad_name<const BIG: bool>(&self, name: Word) -> bool {
        get::<BIG>(name) >= self.bounds.strings
    }
}

#[inline(always)]
fn get<const BIG: bool>(word: Word) -> u32 {
    word.get(if BIG { Endian::Big } else { Endian::Little })
}
