//! One change to the types of a BTF.
//!
//! Enters: [`Edit`]s, which `arbitrary` makes, and [`Types`]. Leaves: those types, changed where the
//! numbers of the edit lead, modulo what is there; what leads nowhere changes nothing.

use arbitrary::Arbitrary;

use crate::types::{Record, Types, element_words};

/// One change to types.
#[derive(Clone, Copy, Debug, Arbitrary)]
pub(super) enum Edit {
    /// A type takes another's name.
    Name { ty: u16, of: u16 },
    /// A type's name gets a flavor, or loses it.
    Flavor { ty: u16, with: bool },
    /// A type becomes another kind; what follows its head stays.
    Kind { ty: u16, kind: u8 },
    /// The kind's flag turns over: bitfields, signed enums, unions.
    Flag { ty: u16 },
    /// The size, or the type that is referred to.
    Word { ty: u16, word: Word },
    /// The type that is referred to is one that exists.
    Refer { ty: u16, to: u16 },
    /// A word of the tail.
    Tail { ty: u16, at: u16, word: Word },
    /// A member, enumerator or parameter takes another name, of any type's.
    ElementName {
        ty: u16,
        at: u16,
        of: u16,
        element: u16,
    },
    /// A member or parameter is of another type, that exists.
    ElementType { ty: u16, at: u16, to: u16 },
    /// An element goes.
    Drop { ty: u16, at: u16 },
    /// An element comes again.
    Repeat { ty: u16, at: u16, times: u8 },
    /// Two elements change places.
    Swap { ty: u16, at: u16, with: u16 },
    /// Members from here on go into an anonymous struct or union in their place.
    Wrap { ty: u16, at: u16, union: bool },
    /// A copy of a type behind the last.
    Copy { ty: u16 },
    /// A type goes; ids behind it mean the next ones.
    Gone { ty: u16 },
    /// A byte of a name.
    Letter { at: u16, byte: u8 },
}

/// A word of the sort that matters: small, or near a power of two.
#[derive(Clone, Copy, Debug, Arbitrary)]
pub(super) enum Word {
    /// A small one.
    Small(u8),
    /// 2^n and a little.
    Near { bits: u8, off: i8 },
    /// Any.
    Any(u32),
}

/// Elements that an edit may bring a type to, and bytes that the strings may grow to: enough.
const MAX_ELEMENTS: usize = 512;
const MAX_STRINGS: usize = 1 << 16;

impl Word {
    pub(super) const fn value(self) -> u32 {
        match self {
            Self::Small(value) => value as u32,
            Self::Near { bits, off } => (1_u32 << (bits & 31)).wrapping_add_signed(off as i32),
            Self::Any(value) => value,
        }
    }
}

impl Types {
    pub(super) fn some_id(&self, number: u16) -> u32 {
        // One too many, now and then.
        let count = u32::try_from(self.records.len()).expect("some thousands") + 2;
        u32::from(number) % count
    }

    fn some(&mut self, number: u16) -> Option<&mut Record> {
        let count = self.records.len().max(1);
        self.records.get_mut(usize::from(number) % count)
    }
}

impl Record {
    /// Where the element of that number is in the tail.
    fn element(&self, at: u16) -> Option<core::ops::Range<usize>> {
        let each = element_words(self.kind());
        let count = self.tail.len().checked_div(each)?;
        let start = usize::from(at).checked_rem(count)? * each;
        Some(start..start + each)
    }

    /// Which word of an element is a type.
    const fn type_word(&self) -> Option<usize> {
        match self.kind() {
            4 | 5 | 13 => Some(1),
            15 => Some(0),
            _ => None,
        }
    }
}

impl Edit {
    pub(super) fn apply(self, types: &mut Types) {
        // What names something that isn't there changes nothing.
        let _ = self.try_apply(types);
    }

    fn try_apply(self, types: &mut Types) -> Option<()> {
        match self {
            Self::Name { ty, of } => {
                let name = types.some(of)?.name;
                types.some(ty)?.name = name;
            }
            Self::Flavor { ty, with } => {
                let name = types.some(ty)?.name;
                let mut name = types.name_at(name).to_vec();
                if with {
                    name.extend(b"___x");
                } else {
                    let essential = relocore::btf::essential_name(&name).len();
                    name.truncate(essential);
                }
                if types.strings.len() < MAX_STRINGS {
                    let name = types.name(&name);
                    types.some(ty)?.name = name;
                }
            }
            Self::Kind { ty, kind } => {
                let record = types.some(ty)?;
                record.info = record.info & 0x80ff_ffff | u32::from(kind % 20) << 24;
                let words = match kind % 20 {
                    1 | 14 | 17 => 1,
                    3 => 3,
                    kind => record.tail.len() / element_words(kind).max(1) * element_words(kind),
                };
                record.tail.resize(words, 1);
                record.recount();
            }
            Self::Flag { ty } => types.some(ty)?.info ^= 1 << 31,
            Self::Word { ty, word } => types.some(ty)?.word = word.value(),
            Self::Refer { ty, to } => {
                let to = types.some_id(to);
                types.some(ty)?.word = to;
            }
            Self::Tail { ty, at, word } => {
                let tail = &mut types.some(ty)?.tail;
                let at = usize::from(at).checked_rem(tail.len())?;
                tail[at] = word.value();
            }
            Self::ElementName {
                ty,
                at,
                of,
                element,
            } => {
                let from = types.some(of)?;
                let name = match from.element(element) {
                    Some(range) => from.tail[range.start],
                    None => from.name,
                };
                let record = types.some(ty)?;
                let at = record.element(at)?.start;
                record.tail[at] = name;
            }
            Self::ElementType { ty, at, to } => {
                let to = types.some_id(to);
                let record = types.some(ty)?;
                let at = match record.type_word() {
                    Some(word) => record.element(at)?.start + word,
                    None => 0,
                };
                *record.tail.get_mut(at)? = to;
            }
            Self::Drop { ty, at } => {
                let record = types.some(ty)?;
                let range = record.element(at)?;
                record.tail.drain(range);
                record.recount();
            }
            Self::Repeat { ty, at, times } => {
                let record = types.some(ty)?;
                let element = record.tail[record.element(at)?].to_vec();
                for _ in 0..times {
                    if record.tail.len() < MAX_ELEMENTS * element.len() {
                        record.tail.extend(&element);
                    }
                }
                record.recount();
            }
            Self::Swap { ty, at, with } => {
                let record = types.some(ty)?;
                let (one, other) = (record.element(at)?, record.element(with)?);
                for (one, other) in one.zip(other) {
                    record.tail.swap(one, other);
                }
            }
            Self::Wrap { ty, at, union } => {
                let id = u32::try_from(types.records.len()).expect("some thousands") + 1;
                let record = types.some(ty)?;
                if !matches!(record.kind(), 4 | 5) {
                    return None;
                }
                let inner = record.tail.split_off(record.element(at)?.start);
                record.tail.extend([0, id, 0]);
                record.recount();
                let kind = if union { 5 << 24 } else { 4 << 24 };
                let (info, word) = (record.info & 1 << 31 | kind, record.word);
                let mut inner = Record {
                    name: 0,
                    info,
                    word,
                    tail: inner,
                };
                inner.recount();
                types.records.push(inner);
            }
            Self::Copy { ty } => {
                let copy = types.some(ty)?.clone();
                types.records.push(copy);
            }
            Self::Gone { ty } => {
                let at = usize::from(ty).checked_rem(types.records.len())?;
                types.records.remove(at);
            }
            Self::Letter { at, byte } => {
                // The first and the last byte are the section's own.
                let inside = types.strings.len().checked_sub(2)?;
                let at = usize::from(at).checked_rem(inside)? + 1;
                types.strings[at] = byte;
            }
        }
        Some(())
    }
}
