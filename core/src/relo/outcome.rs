//! What becomes of a record.
//!
//! Enters: nothing. Leaves: [`Resolution`], plain and `Copy`, which [`insn`](crate::insn) applies
//! and [`show`](crate::show) prints. Three levels that are never mixed: the kernel has it
//! ([`Outcome::Value`]), the kernel lacks it ([`Outcome::Absent`], [`Outcome::Poison`]), and the
//! object can't be relocated ([`Outcome::Failed`]).

use crate::btf::Kind;
use crate::error::Error;
use crate::units::TypeId;

use super::kind::RelocKind;

/// The answer to one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Resolution {
    /// What the record asked for; `None` if its kind is unknown.
    pub kind: Option<RelocKind>,
    /// What became of it.
    pub outcome: Outcome,
    /// The value that the compiler worked out from the local types. Its unit follows the kind:
    /// bytes, bits to shift by, a type id, 0 or 1.
    pub local: u64,
    /// How the instruction's present value must relate to `local`.
    pub validate: Validate,
    /// For [`RelocKind::FieldByteOffset`]: size of the local field in bytes (of an array, its
    /// element), else 0.
    pub local_bytes: u32,
    /// The same of the target's field.
    pub target_bytes: u32,
    /// If these sizes differ: a load or store may be made wider or narrower, since both fields
    /// are pointers or unsigned integers.
    pub adjustable: bool,
    /// The type that answered: the first that matched.
    pub target: Option<TargetType>,
}

/// A type in one of the targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct TargetType {
    /// Which target: 0 for vmlinux, from 1 for modules in the caller's order.
    pub btf: u16,
    /// The type there.
    pub id: TypeId,
}

/// What becomes of a record's instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Outcome {
    /// The record belongs to no program (a weak function that static linking dropped), or to one
    /// that is not loaded: its bytes stay.
    Skipped,
    /// The target answers with this value.
    Value(u64),
    /// The target lacks it, and says so by a 0: existence checks, sizes and ids of types.
    Absent(Reason),
    /// The target lacks it and no value could say so: the instruction becomes one that the
    /// verifier refuses, unless it proves it unreachable.
    Poison(Reason),
    /// The record or the types are wrong: the program can't be relocated.
    Failed(Failure),
}

/// How the instruction's present value is checked before it is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Validate {
    /// Not at all: bitfields, which compilers lay out differently, and type ids, which static
    /// linking changes.
    No,
    /// Equal in 64 bits.
    Full,
    /// Equal in the low 32 bits: values of 4-byte enums, which compilers extend differently.
    Low32,
}

/// Why the target lacks something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Reason {
    /// No target type has that kind and essential name.
    NoCandidate,
    /// Types of that name exist, but none fits.
    NoMatch {
        /// How many there are.
        candidates: u32,
        /// The first of them.
        first: TargetType,
        /// Why the first does not fit.
        mismatch: Mismatch,
    },
    /// A type fits, but an earlier record of the same root has settled on other types of that
    /// name: layouts are never mixed in one object.
    Narrowed {
        /// The type that would fit.
        would_fit: TargetType,
    },
    /// The field is there in another size, and its load or store can't be made to fit: it is a
    /// signed integer, an enum, a float or no scalar.
    SizeDiffers {
        /// Size of the local field in bytes.
        local_bytes: u32,
        /// Size of the target's field in bytes.
        target_bytes: u32,
    },
}

/// Why a candidate does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Mismatch {
    /// The accessor of the local spec that it fails at; 0 is the root.
    pub accessor: u8,
    /// In what.
    pub why: Why,
}

/// In what a candidate does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Why {
    /// The struct or union has no member of that name, not in anonymous ones either.
    NoMember {
        /// The struct or union.
        owner: TypeId,
    },
    /// A member was asked of a type that has none.
    NotComposite {
        /// What it is instead.
        found: Kind,
    },
    /// An element was asked of a type that is no array.
    NotArray {
        /// What it is instead.
        found: Kind,
    },
    /// The array is too short.
    ArrayBound {
        /// Its number of elements.
        len: u32,
    },
    /// The types are of different kinds.
    Kinds {
        /// The local one.
        local: Kind,
        /// The target's.
        target: Kind,
    },
    /// Types of one kind but of different names.
    Names {
        /// The local type.
        local: TypeId,
        /// The target's.
        target: TypeId,
    },
    /// The enum has no enumerator of that name.
    NoEnumerator {
        /// The enum.
        owner: TypeId,
    },
    /// Sizes, signs or lengths differ where they must not.
    Shapes {
        /// The local type.
        local: TypeId,
        /// The target's.
        target: TypeId,
    },
}

/// Why an object can't be relocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Failure {
    /// The object's own BTF is wrong.
    Local(Error),
    /// The target's BTF is wrong.
    Target(Error),
    /// A record kind newer than this crate.
    UnknownKind(u32),
    /// The access string is not numbers separated by single colons.
    AccessSyntax,
    /// The access string is longer than [`MAX_ACCESSORS`](super::MAX_ACCESSORS) numbers, or the
    /// target needs more to reach the field.
    AccessTooLong,
    /// The access string does not fit the local type at this number of it.
    AccessMismatch {
        /// Which number of the access string, from 0.
        position: u8,
        /// The type there.
        at: TypeId,
    },
    /// The root has no name to search candidates by.
    AnonymousRoot,
    /// The kind can't be asked of an array element.
    NotOfElement,
    /// A bitfield that no load of up to 8 bytes covers, or of a type without a size.
    Bitfield {
        /// Its type.
        ty: TypeId,
    },
    /// Several candidates match and disagree.
    Ambiguous {
        /// The first.
        first: TargetType,
        /// The one that disagrees with it.
        second: TargetType,
        /// Offset or value by the first.
        first_value: u64,
        /// By the second.
        second_value: u64,
    },
    /// Types so intertwined that comparing them was given up.
    TooComplex,
    /// The record's offset is not that of an instruction of its section.
    NoInsn,
    /// The instruction is none that has something to relocate.
    Insn {
        /// Its opcode.
        code: u8,
    },
    /// The instruction does not hold what the compiler should have put there.
    InsnValue {
        /// What it should hold.
        expected: u64,
        /// What it holds.
        found: u64,
    },
    /// The new offset does not fit the instruction's 16 bits (at most 32,767).
    OffsetTooLarge(u64),
    /// The new value does not fit the instruction's 32 bits.
    ImmTooLarge(u64),
    /// The load or store is not of the local field's size, so it can't be made the target's.
    InsnSize {
        /// Bytes that the instruction moves.
        insn_bytes: u32,
        /// Bytes that the local field has.
        field_bytes: u32,
    },
    /// No load or store is as wide as the target's field.
    NoInsnOfSize(u32),
}

impl From<Outcome> for Option<u64> {
    /// The value that the instruction gets, if any.
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Value(value) => Some(value),
            Outcome::Absent(_) => Some(0),
            Outcome::Skipped | Outcome::Poison(_) | Outcome::Failed(_) => None,
        }
    }
}

impl Resolution {
    /// An answer that says nothing of an instruction.
    #[must_use]
    pub const fn new(kind: Option<RelocKind>, outcome: Outcome) -> Self {
        Self {
            kind,
            outcome,
            local: 0,
            validate: Validate::No,
            local_bytes: 0,
            target_bytes: 0,
            adjustable: false,
            target: None,
        }
    }

    /// For buffers that are filled later.
    pub const EMPTY: Self = Self::new(None, Outcome::Skipped);
}
