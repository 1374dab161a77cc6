//! One type record, and the walk over all of them.
//!
//! Enters: the type section. Leaves: [`Type`], whose head is decoded and whose tail is known to
//! lie inside the input, so that no accessor of it can fail; [`Records`] yields them in order.

use core::fmt;

use zerocopy::FromBytes;

use crate::error::{Error, ErrorKind, Result, Site, What};
use crate::steps;
use crate::units::{Endian, StrOff, TypeId};

use super::header::Sections;
use super::kind::{HEAD_BYTES, HEAD_WORDS, Info, Kind, step, tail_bytes};
use super::raw::RawType;

/// A type: its record's head and tail, in place. What only some kinds have
/// (members, elements, enumerators) is asked by methods that give nothing for the others.
#[derive(Clone, Copy)]
pub struct Type<'a> {
    pub(super) id: TypeId,
    head: &'a RawType,
    /// Decoded beforehand: every question starts with the kind.
    pub(super) info: Info,
    /// What follows the head, at least to the record's end; of unknown kinds, just to there.
    rest: &'a [u8],
    pub(super) endian: Endian,
}

// By hand: `rest` goes on to the end of all types.
impl fmt::Debug for Type<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Type")
            .field("id", &self.id)
            .field("kind", &self.kind())
            .field("kind_flag", &self.kind_flag())
            .field("vlen", &self.vlen())
            .field("name", &self.name())
            .field("size_or_type", &self.own_size_bytes())
            .field("tail", &self.tail())
            .finish()
    }
}

impl<'a> Type<'a> {
    /// `void`, the type that has no record.
    pub(super) const fn void(endian: Endian) -> Self {
        Self {
            id: TypeId::VOID,
            head: &RawType::VOID,
            info: Info::new(0),
            rest: &[],
            endian,
        }
    }

    #[inline(always)]
    fn new(endian: Endian, id: TypeId, head: &'a RawType, info: Info, rest: &'a [u8]) -> Self {
        Self {
            id,
            head,
            info,
            rest,
            endian,
        }
    }

    /// The type's id.
    #[must_use]
    pub const fn id(&self) -> TypeId {
        self.id
    }

    /// The type's kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.info.kind()
    }

    /// Where its name is; [`StrOff::EMPTY`] for an anonymous type.
    #[must_use]
    pub const fn name(&self) -> StrOff {
        StrOff(self.head.name.get(self.endian))
    }

    /// Number of members, enumerators, parameters or variables; the linkage of a function.
    #[must_use]
    pub const fn vlen(&self) -> u32 {
        self.info.vlen()
    }

    /// The bit whose meaning depends on the kind: a struct with bitfields, a signed enum, a
    /// forward-declared union, a tag that is a real attribute.
    #[must_use]
    pub const fn kind_flag(&self) -> bool {
        self.info.kind_flag()
    }

    /// The size word, in bytes. Meaningful for int, float, enum, struct, union and datasec;
    /// [`Btf::size_bytes`](super::Btf::size_bytes) answers for every type.
    #[must_use]
    pub const fn own_size_bytes(&self) -> u32 {
        self.head.size_or_type.get(self.endian)
    }

    /// The type that a pointer, typedef, modifier, tag, variable or function refers to; the
    /// return type of a function type.
    #[must_use]
    pub const fn referred(&self) -> TypeId {
        TypeId(self.head.size_or_type.get(self.endian))
    }

    /// The record's bytes after its head, for kinds that have no accessor here.
    #[must_use]
    #[inline]
    pub fn tail(&self) -> &'a [u8] {
        let rest = self.rest;
        match step(self.info).0.checked_sub(HEAD_WORDS) {
            Some(words) => rest.get(..words.wrapping_mul(4)).unwrap_or(&[]),
            None => rest,
        }
    }
}

/// What a walk needs of a record at `at`: its head and where its tail ends.
///
/// # Errors
/// The record is cut off, or of a kind whose length is unknown.
#[inline(always)]
pub(super) fn extent<'a>(sections: &Sections<'a>, at: usize) -> Result<(&'a RawType, usize)> {
    let head = sections
        .types
        .get(at..)
        .and_then(|rest| RawType::ref_from_prefix(rest).ok());
    if let Some((raw, _)) = head
        && let Some(tail) = tail_bytes(raw.info, sections.endian, sections.layout)
    {
        // At most 32-bit data and a tail of 2^24 × 255 bytes: a sum in u64 can't wrap.
        let end = (at as u64)
            .wrapping_add(HEAD_BYTES as u64)
            .wrapping_add(tail);
        if end <= sections.types.len() as u64 {
            return Ok((raw, usize::try_from(end).unwrap_or(usize::MAX)));
        }
    }
    Err(bad_extent(sections, at))
}

/// Says why there is no record at `at`.
#[cold]
#[inline(never)]
fn bad_extent(sections: &Sections<'_>, at: usize) -> Error {
    let rest = sections.types.get(at..).unwrap_or(&[]);
    let site = Site::Btf(
        sections
            .types_at
            .wrapping_add(u32::try_from(at).unwrap_or(u32::MAX)),
    );
    let available = rest.len() as u64;
    let truncated = |needed| {
        Error::new(
            ErrorKind::Truncated {
                what: What::TypeRecord,
                needed,
                available,
            },
            site,
        )
    };
    let Ok((raw, _)) = RawType::ref_from_prefix(rest) else {
        return truncated(12);
    };
    match tail_bytes(raw.info, sections.endian, sections.layout) {
        Some(tail) => truncated(tail.wrapping_add(12)),
        None => {
            let found = u64::from(Info::new(raw.info.get(sections.endian)).raw_kind());
            Error::new(
                ErrorKind::Unsupported {
                    what: What::Kind,
                    found,
                },
                site,
            )
        }
    }
}

/// The type at `at`, whose id the caller knows, and where the next record starts.
#[inline]
pub(super) fn read<'a>(
    sections: &Sections<'a>,
    at: usize,
    id: TypeId,
) -> Result<(Type<'a>, usize)> {
    let record = sections.types.get(at..).unwrap_or(&[]);
    if let Ok((raw, rest)) = RawType::ref_from_prefix(record) {
        let info = Info::new(raw.info.get(sections.endian));
        // The length of a known kind comes out of a table; 0 says that it is none.
        let tail = step(info)
            .0
            .checked_sub(HEAD_WORDS)
            .map(|words| words.wrapping_mul(4));
        if let Some(tail) = tail.and_then(|bytes| rest.get(..bytes)) {
            let end = at.wrapping_add(HEAD_BYTES).wrapping_add(tail.len());
            return Ok((Type::new(sections.endian, id, raw, info, tail), end));
        }
    }
    read_unknown(sections, at, id)
}

/// The type at `at`, where a walk has met a whole record.
#[inline(always)]
pub(super) fn known<'a>(sections: &Sections<'a>, at: usize, id: TypeId) -> Result<Type<'a>> {
    let record = sections.types.get(at..).unwrap_or(&[]);
    if let Ok((raw, rest)) = RawType::ref_from_prefix(record) {
        let info = Info::new(raw.info.get(sections.endian));
        if !matches!(info.kind(), Kind::Void | Kind::Unknown(_)) {
            return Ok(Type::new(sections.endian, id, raw, info, rest));
        }
    }
    read_unknown(sections, at, id).map(|(ty, _)| ty)
}

/// [`read`] for a kind that only the layout section knows, or for the error.
#[cold]
fn read_unknown<'a>(sections: &Sections<'a>, at: usize, id: TypeId) -> Result<(Type<'a>, usize)> {
    let (raw, end) = extent(sections, at)?;
    let info = Info::new(raw.info.get(sections.endian));
    let tail = sections
        .types
        .get(at.wrapping_add(HEAD_BYTES)..end)
        .unwrap_or(&[]);
    Ok((Type::new(sections.endian, id, raw, info, tail), end))
}

/// All types of one BTF (of split BTF: its own), in id order. The first bad record ends the walk
/// with its error.
#[derive(Clone, Debug)]
pub struct Records<'a> {
    sections: Sections<'a>,
    at: usize,
    next: u32,
}

impl<'a> Records<'a> {
    pub(super) const fn new(sections: Sections<'a>, at: usize, first: u32) -> Self {
        Self {
            sections,
            at,
            next: first,
        }
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Type<'a>>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.sections.types.len() {
            return None;
        }
        steps::count(1);
        let item = read(&self.sections, self.at, TypeId(self.next));
        match &item {
            Ok((_, end)) => {
                self.at = *end;
                self.next = self.next.wrapping_add(1);
            }
            Err(_) => self.at = usize::MAX,
        }
        Some(item.map(|(ty, _)| ty))
    }
}
