//! The kinds of BTF types and how long their records are.
//!
//! Enters: the `info` word of a record. Leaves: [`Kind`], `vlen`, `kind_flag` and the length of
//! the tail, from which the next record's place follows.

use crate::units::Endian;

use super::raw::{RawLayout, Word};

/// Kind of a BTF type (`BTF_KIND_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Kind {
    /// `void`: id 0, which has no record.
    Void,
    /// Integer, also `char` and `bool`.
    Int,
    /// Pointer.
    Ptr,
    /// Array.
    Array,
    /// Struct.
    Struct,
    /// Union.
    Union,
    /// Enum with 32-bit values.
    Enum,
    /// Forward declaration of a struct or (`kind_flag`) a union.
    Fwd,
    /// `typedef`.
    Typedef,
    /// `volatile`.
    Volatile,
    /// `const`.
    Const,
    /// `restrict`.
    Restrict,
    /// Function: a name for a [`Kind::FuncProto`].
    Func,
    /// Function type.
    FuncProto,
    /// Global variable.
    Var,
    /// Data section: variables with their places.
    Datasec,
    /// Floating-point number.
    Float,
    /// `btf_decl_tag` attribute of a declaration.
    DeclTag,
    /// `btf_type_tag` attribute of a pointee.
    TypeTag,
    /// Enum with 64-bit values.
    Enum64,
    /// A kind newer than this crate, stepped over by the kind-layout section.
    Unknown(u8),
}

impl Kind {
    pub(crate) const fn from_raw(raw: u8) -> Self {
        match raw {
            0 => Self::Void,
            1 => Self::Int,
            2 => Self::Ptr,
            3 => Self::Array,
            4 => Self::Struct,
            5 => Self::Union,
            6 => Self::Enum,
            7 => Self::Fwd,
            8 => Self::Typedef,
            9 => Self::Volatile,
            10 => Self::Const,
            11 => Self::Restrict,
            12 => Self::Func,
            13 => Self::FuncProto,
            14 => Self::Var,
            15 => Self::Datasec,
            16 => Self::Float,
            17 => Self::DeclTag,
            18 => Self::TypeTag,
            19 => Self::Enum64,
            other => Self::Unknown(other),
        }
    }

    /// The kind's number in BTF.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Void => 0,
            Self::Int => 1,
            Self::Ptr => 2,
            Self::Array => 3,
            Self::Struct => 4,
            Self::Union => 5,
            Self::Enum => 6,
            Self::Fwd => 7,
            Self::Typedef => 8,
            Self::Volatile => 9,
            Self::Const => 10,
            Self::Restrict => 11,
            Self::Func => 12,
            Self::FuncProto => 13,
            Self::Var => 14,
            Self::Datasec => 15,
            Self::Float => 16,
            Self::DeclTag => 17,
            Self::TypeTag => 18,
            Self::Enum64 => 19,
            Self::Unknown(number) => number,
        }
    }

    /// The kind's word, as people and libbpf write it: `struct`, `ptr`, `func_proto`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Void => "void",
            Self::Int => "int",
            Self::Ptr => "ptr",
            Self::Array => "array",
            Self::Struct => "struct",
            Self::Union => "union",
            Self::Enum => "enum",
            Self::Fwd => "fwd",
            Self::Typedef => "typedef",
            Self::Volatile => "volatile",
            Self::Const => "const",
            Self::Restrict => "restrict",
            Self::Func => "func",
            Self::FuncProto => "func_proto",
            Self::Var => "var",
            Self::Datasec => "datasec",
            Self::Float => "float",
            Self::DeclTag => "decl_tag",
            Self::TypeTag => "type_tag",
            Self::Enum64 => "enum64",
            Self::Unknown(_) => "unknown",
        }
    }

    /// Struct or union.
    #[must_use]
    pub const fn is_composite(self) -> bool {
        matches!(self, Self::Struct | Self::Union)
    }

    /// Enum of either width.
    #[must_use]
    pub const fn is_enum(self) -> bool {
        matches!(self, Self::Enum | Self::Enum64)
    }

    /// Typedef, qualifier or type tag: what CO-RE looks through (libbpf:
    /// `skip_mods_and_typedefs`).
    #[must_use]
    pub const fn is_modifier(self) -> bool {
        matches!(
            self,
            Self::Typedef | Self::Volatile | Self::Const | Self::Restrict | Self::TypeTag
        )
    }

    /// Equal kinds, or two enums of whatever width (libbpf: `btf_kind_core_compat`).
    #[must_use]
    pub fn is_compatible(self, other: Self) -> bool {
        self == other || self.is_enum() && other.is_enum()
    }
}

/// The `info` word of a record, with the masks of 2026: 7-bit kind, 24-bit vlen. Older BTF has
/// zeros in the bits that they add, so it reads the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Info(u32);

impl Info {
    pub(crate) const fn new(word: u32) -> Self {
        Self(word)
    }

    #[inline(always)]
    pub(crate) const fn raw_kind(self) -> u8 {
        (self.0 >> 24 & 0x7f) as u8
    }

    #[inline(always)]
    pub(crate) const fn kind(self) -> Kind {
        Kind::from_raw(self.raw_kind())
    }

    #[inline(always)]
    pub(crate) const fn vlen(self) -> u32 {
        self.0 & 0x00ff_ffff
    }

    #[inline(always)]
    pub(crate) const fn kind_flag(self) -> bool {
        self.0 >> 31 == 1
    }
}

/// Bytes of a record's head: name, info, and size or type.
pub(crate) const HEAD_BYTES: usize = 12;
/// The same in words.
pub(crate) const HEAD_WORDS: usize = HEAD_BYTES / 4;

/// Bytes after the head of a record: a fixed part and a part for each of `vlen` elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Tail {
    fixed: u8,
    each: u8,
}

const fn tail(fixed: u8, each: u8) -> Tail {
    Tail { fixed, each }
}

/// Indexed by kind number. Kind 0 is `void` and never has a record.
const TAILS: [Tail; 20] = [
    tail(0, 0),  // void
    tail(4, 0),  // int: encoding, offset, bits
    tail(0, 0),  // ptr
    tail(12, 0), // array: type, index type, nelems
    tail(0, 12), // struct: name, type, offset
    tail(0, 12), // union
    tail(0, 8),  // enum: name, value
    tail(0, 0),  // fwd
    tail(0, 0),  // typedef
    tail(0, 0),  // volatile
    tail(0, 0),  // const
    tail(0, 0),  // restrict
    tail(0, 0),  // func (vlen is its linkage)
    tail(0, 8),  // func_proto: name, type
    tail(4, 0),  // var: linkage
    tail(0, 12), // datasec: var, offset, size
    tail(0, 0),  // float
    tail(4, 0),  // decl_tag: component index
    tail(0, 0),  // type_tag
    tail(0, 12), // enum64: name, low half, high half
];

/// Length of a record's tail in bytes, or `None` for a kind that neither we nor `layout` know.
/// `layout` is the kind-layout section; at most 24 bits × 255 + 255, so `u64` can't overflow.
#[inline(always)]
pub(crate) fn tail_bytes(info: Word, endian: Endian, layout: &[RawLayout]) -> Option<u64> {
    let info = Info::new(info.get(endian));
    let kind = usize::from(info.raw_kind());
    let (fixed, each) = match TAILS.get(kind) {
        Some(_) if kind == 0 => return None,
        Some(tail) => (tail.fixed, tail.each),
        None => {
            let layout = layout.get(kind)?;
            // Records are a sequence of words; sizes that break it can't be stepped over.
            if !layout.info_size.is_multiple_of(4) || !layout.elem_size.is_multiple_of(4) {
                return None;
            }
            (layout.info_size, layout.elem_size)
        }
    };
    Some(
        u64::from(info.vlen())
            .wrapping_mul(u64::from(each))
            .wrapping_add(u64::from(fixed)),
    )
}

/// What the walk over a whole kernel needs of a record's head: its length in words, head
/// included, and its [`Group`]. 0 words for kinds that only a layout section could tell. The
/// lengths are those of [`tail_bytes`].
#[inline(always)]
pub(crate) fn step(info: Info) -> (usize, u8) {
    // One load tells all three: the walk has no register to spare.
    let step = *STEPS.get(usize::from(info.raw_kind())).unwrap_or(&0);
    let (each, fixed) = (usize::from(step >> 8), usize::from(step >> 2 & 63));
    let words = (info.vlen() as usize).wrapping_mul(each);
    (words.wrapping_add(fixed), (step & 3) as u8)
}

/// A coarse class of kinds, in two bits: what a search by name can pass over unseen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Group;

impl Group {
    /// Structs: mostly all that is searched for.
    const STRUCT: u8 = 1;
    /// Other types that names are searched for: unions, enums, forward declarations, typedefs,
    /// scalars.
    const NAMED: u8 = 2;
    /// Function types: what a function must refer to.
    pub(crate) const PROTO: u8 = 3;

    /// The group of kinds of that number; 0 for all others.
    pub(crate) const fn of(kind: u8) -> u8 {
        match kind {
            4 => Self::STRUCT,
            1 | 5..=8 | 16 | 19 => Self::NAMED,
            13 => Self::PROTO,
            _ => 0,
        }
    }
}

/// [`TAILS`] in words, the head's 3 added, and the group: `each << 8 | fixed << 2 | group`. 0 for
/// what is unknown. As long as 7 bits count, so that looking a kind up needs no test.
#[expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "worked out at compile time, where a panic is a compile error"
)]
const STEPS: [u16; 128] = {
    let mut steps = [0; 128];
    let mut kind = 1;
    while kind < TAILS.len() {
        let Tail { fixed, each } = TAILS[kind];
        let (each, fixed) = (each as u16 / 4, 3 + fixed as u16 / 4);
        steps[kind] = each << 8 | fixed << 2 | Group::of(kind as u8) as u16;
        kind += 1;
    }
    steps
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn info_word_old_and_new() {
        // 6.18's task_struct: kind_flag set, STRUCT, 266 members, in the old masks' bits only.
        let info = Info::new(0x8400_010a);
        assert_eq!(
            (info.kind(), info.vlen(), info.kind_flag()),
            (Kind::Struct, 266, true)
        );
        // New masks: bit 16 of vlen and bit 5 of the kind.
        let info = Info::new(0x2501_0000);
        assert_eq!(
            (info.kind(), info.vlen(), info.kind_flag()),
            (Kind::Unknown(37), 65536, false)
        );
    }

    #[test]
    fn numbers_round_trip() {
        for number in 0..=127 {
            assert_eq!(Kind::from_raw(number).number(), number);
        }
    }
}
