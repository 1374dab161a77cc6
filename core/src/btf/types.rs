//! What each kind of type holds: members, elements, enumerators, parameters, variables.
//!
//! Enters: a [`Type`], whose tail is known to be whole. Leaves: plain values by index or in order;
//! asking a type for what its kind has not gives an empty list or `None`.

use core::marker::PhantomData;

use zerocopy::FromBytes;

use crate::steps;
use crate::units::{Bits, Endian, StrOff, TypeId};

use super::kind::Kind;
use super::raw::{Raw2, Raw3, Word};
use super::record::Type;

/// The elements in a record's tail, decoded one by one.
#[derive(Clone, Copy, Debug)]
pub struct Elements<'a, T> {
    tail: &'a [u8],
    each: usize,
    how: How,
    element: PhantomData<T>,
}

/// What decides how an element is decoded.
#[derive(Clone, Copy, Debug)]
pub struct How {
    endian: Endian,
    kind_flag: bool,
    wide: bool,
}

/// An element of a record's tail.
pub trait Element: Sized {
    #[doc(hidden)]
    fn decode(bytes: &[u8], how: How) -> Option<Self>;
}

/// Members of a struct or union.
pub type Members<'a> = Elements<'a, Member>;
/// Enumerators of an enum of either width.
pub type Enumerators<'a> = Elements<'a, Enumerator>;
/// Parameters of a function type.
pub type Params<'a> = Elements<'a, Param>;
/// Variables of a data section.
pub type SectionVars<'a> = Elements<'a, SectionVar>;

impl<T: Element> Elements<'_, T> {
    /// Number of elements.
    #[must_use]
    pub fn len(&self) -> u32 {
        // `each` is never 0; a tail is under 4 GiB.
        u32::try_from(self.tail.len().checked_div(self.each).unwrap_or(0)).unwrap_or(u32::MAX)
    }

    /// No elements.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.tail.is_empty()
    }

    /// The element of that number, from 0.
    #[must_use]
    #[inline]
    pub fn get(&self, nth: u32) -> Option<T> {
        let at = (nth as usize).checked_mul(self.each)?;
        steps::count(1);
        T::decode(self.tail.get(at..)?, self.how)
    }
}

impl<T: Element> Iterator for Elements<'_, T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        steps::count(1);
        let item = T::decode(self.tail, self.how)?;
        self.tail = self.tail.get(self.each..).unwrap_or(&[]);
        Some(item)
    }
}

/// A member of a struct or union.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Member {
    /// Its name; empty for an anonymous struct or union.
    pub name: StrOff,
    /// Its type.
    pub ty: TypeId,
    /// Its place from the start of the struct.
    pub offset: Bits,
    /// Width of a bitfield; 0 bits for an ordinary member.
    pub bitfield: Bits,
}

impl Element for Member {
    #[inline]
    fn decode(bytes: &[u8], how: How) -> Option<Self> {
        let (Raw3(name, ty, offset), _) = Raw3::ref_from_prefix(bytes).ok()?;
        let word = offset.get(how.endian);
        let (offset, bitfield) = if how.kind_flag {
            (word & 0x00ff_ffff, word >> 24)
        } else {
            (word, 0)
        };
        Some(Self {
            name: StrOff(name.get(how.endian)),
            ty: TypeId(ty.get(how.endian)),
            offset: Bits(offset),
            bitfield: Bits(bitfield),
        })
    }
}

/// An enumerator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Enumerator {
    /// Its name.
    pub name: StrOff,
    /// Its value in 64 bits: sign-extended if the enum is signed, zero-extended if not.
    pub value: u64,
}

impl Element for Enumerator {
    #[inline]
    fn decode(bytes: &[u8], how: How) -> Option<Self> {
        let (name, value) = if how.wide {
            let (Raw3(name, low, high), _) = Raw3::ref_from_prefix(bytes).ok()?;
            (
                name,
                u64::from(high.get(how.endian)) << 32 | u64::from(low.get(how.endian)),
            )
        } else {
            let (Raw2(name, value), _) = Raw2::ref_from_prefix(bytes).ok()?;
            (name, grow(value.get(how.endian), how.kind_flag))
        };
        Some(Self {
            name: StrOff(name.get(how.endian)),
            value,
        })
    }
}

/// Value of a 32-bit enumerator in 64 bits. The enum's own signedness decides how it grows;
/// libbpf always sign-extends, and so fails on unsigned values from 2^31.
fn grow(word: u32, signed: bool) -> u64 {
    if signed {
        i64::from(word.cast_signed()).cast_unsigned()
    } else {
        u64::from(word)
    }
}

/// A parameter of a function type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Param {
    /// Its name, often empty.
    pub name: StrOff,
    /// Its type; `void` for the `...` at the end of a variadic function.
    pub ty: TypeId,
}

impl Element for Param {
    #[inline]
    fn decode(bytes: &[u8], how: How) -> Option<Self> {
        let (Raw2(name, ty), _) = Raw2::ref_from_prefix(bytes).ok()?;
        Some(Self {
            name: StrOff(name.get(how.endian)),
            ty: TypeId(ty.get(how.endian)),
        })
    }
}

/// A variable of a data section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SectionVar {
    /// The variable, a type of kind [`Kind::Var`].
    pub var: TypeId,
    /// Its place in the section, in bytes. 0 for globals in an object as clang wrote it.
    pub offset_bytes: u32,
    /// Its size in bytes.
    pub size_bytes: u32,
}

impl Element for SectionVar {
    #[inline]
    fn decode(bytes: &[u8], how: How) -> Option<Self> {
        let (Raw3(var, offset, size), _) = Raw3::ref_from_prefix(bytes).ok()?;
        Some(Self {
            var: TypeId(var.get(how.endian)),
            offset_bytes: offset.get(how.endian),
            size_bytes: size.get(how.endian),
        })
    }
}

/// How an integer is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Encoding {
    /// No encoding bit: unsigned.
    Unsigned,
    /// Signed.
    Signed,
    /// `char`.
    Char,
    /// `bool`.
    Bool,
    /// Several bits at once, which the kernel refuses: the raw bits.
    Other(u8),
}

impl Encoding {
    /// The signed bit is set, alone or not (libbpf: `encoding & BTF_INT_SIGNED`).
    #[must_use]
    pub const fn is_signed(self) -> bool {
        match self {
            Self::Signed => true,
            Self::Other(bits) => bits & 1 != 0,
            Self::Unsigned | Self::Char | Self::Bool => false,
        }
    }
}

/// The word after an integer's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct IntInfo {
    /// Encoding.
    pub encoding: Encoding,
    /// Offset inside its storage: 0 but for bitfields as compilers wrote them before 2018.
    pub offset: Bits,
    /// Width.
    pub bits: Bits,
}

/// The words after an array's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ArrayInfo {
    /// Element type.
    pub element: TypeId,
    /// Type of the index.
    pub index: TypeId,
    /// Number of elements; 0 for a flexible array.
    pub len: u32,
}

impl<'a> Type<'a> {
    fn elements<T>(&self, each: usize, is_kind: bool, wide: bool) -> Elements<'a, T> {
        let tail = if is_kind { self.tail() } else { &[] };
        let how = How {
            endian: self.endian,
            kind_flag: self.kind_flag(),
            wide,
        };
        Elements {
            tail,
            each,
            how,
            element: PhantomData,
        }
    }

    /// Members, if it is a struct or union.
    #[must_use]
    #[inline]
    pub fn members(&self) -> Members<'a> {
        self.elements(12, self.kind().is_composite(), false)
    }

    /// Enumerators, if it is an enum of either width.
    #[must_use]
    #[inline]
    pub fn enumerators(&self) -> Enumerators<'a> {
        let wide = self.kind() == Kind::Enum64;
        self.elements(if wide { 12 } else { 8 }, self.kind().is_enum(), wide)
    }

    /// Parameters, if it is a function type.
    #[must_use]
    pub fn params(&self) -> Params<'a> {
        self.elements(8, self.kind() == Kind::FuncProto, false)
    }

    /// Variables, if it is a data section.
    #[must_use]
    pub fn section_vars(&self) -> SectionVars<'a> {
        self.elements(12, self.kind() == Kind::Datasec, false)
    }

    /// Encoding and width, if it is an integer.
    #[must_use]
    pub fn int(&self) -> Option<IntInfo> {
        let word = self.tail_word(self.kind() == Kind::Int)?;
        let encoding = match word >> 24 & 0xf {
            0 => Encoding::Unsigned,
            1 => Encoding::Signed,
            2 => Encoding::Char,
            4 => Encoding::Bool,
            bits => Encoding::Other((bits & 0xf) as u8),
        };
        Some(IntInfo {
            encoding,
            offset: Bits(word >> 16 & 0xff),
            bits: Bits(word & 0xff),
        })
    }

    /// Element type and length, if it is an array.
    #[must_use]
    #[inline]
    pub fn array(&self) -> Option<ArrayInfo> {
        if self.kind() != Kind::Array {
            return None;
        }
        let (Raw3(element, index, len), _) = Raw3::ref_from_prefix(self.tail()).ok()?;
        Some(ArrayInfo {
            element: TypeId(element.get(self.endian)),
            index: TypeId(index.get(self.endian)),
            len: len.get(self.endian),
        })
    }

    /// Linkage, if it is a variable: 0 static, 1 global, 2 extern.
    #[must_use]
    pub fn linkage(&self) -> Option<u32> {
        self.tail_word(self.kind() == Kind::Var)
    }

    /// What a declaration tag is on: -1 for the whole type, else a member or parameter.
    #[must_use]
    pub fn component(&self) -> Option<i32> {
        self.tail_word(self.kind() == Kind::DeclTag)
            .map(u32::cast_signed)
    }

    #[inline]
    fn tail_word(&self, is_kind: bool) -> Option<u32> {
        if !is_kind {
            return None;
        }
        let (word, _) = Word::ref_from_prefix(self.tail()).ok()?;
        Some(word.get(self.endian))
    }
}
