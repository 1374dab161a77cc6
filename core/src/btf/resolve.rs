//! Following types: through typedefs and modifiers, to sizes and alignments.
//!
//! Enters: a type id. Leaves: the type behind its typedefs ([`Btf::skip_mods`]), its size
//! ([`Btf::size_bytes`]) or alignment in bytes. Chains are bounded, so cycles end in an error.

use core::ops::RangeInclusive;

use crate::error::{Error, ErrorKind, Result, Site, What};
use crate::units::{Bits, TypeId};

use super::kind::Kind;
use super::record::Type;
use super::view::Btf;

/// Steps after which a chain of types is taken for a cycle (libbpf: `MAX_RESOLVE_DEPTH`).
pub const MAX_CHAIN: u32 = 32;

/// Members that one question about alignment may look at: many times any real struct's, nested
/// ones included, and an end for hostile ones.
const MAX_MEMBERS: u32 = 1 << 16;

/// An integer of any of these names has the size of a pointer (libbpf: `long_aliases`).
pub(super) fn is_long(name: &[u8]) -> bool {
    const LONG: [&[u8]; 11] = [
        b"long",
        b"long int",
        b"int long",
        b"unsigned long",
        b"long unsigned",
        b"unsigned long int",
        b"unsigned int long",
        b"long unsigned int",
        b"long int unsigned",
        b"int unsigned long",
        b"int long unsigned",
    ];
    LONG.contains(&name)
}

fn too_deep(id: TypeId) -> Error {
    let kind = ErrorKind::TooDeep {
        what: What::TypeChain,
        limit: MAX_CHAIN,
    };
    Error::new(kind, Site::Type(id))
}

fn too_large(value: u64, id: TypeId) -> Error {
    let limit = u64::from(u32::MAX);
    Error::new(
        ErrorKind::OutOfRange {
            what: What::TypeSize,
            value,
            limit,
        },
        Site::Type(id),
    )
}

impl<'a> Btf<'a> {
    /// The type behind typedefs, `const`, `volatile`, `restrict` and type tags (libbpf:
    /// `skip_mods_and_typedefs`).
    ///
    /// # Errors
    /// `OutOfRange` for an id that does not exist; `TooDeep` after [`MAX_CHAIN`] steps.
    pub fn skip_mods(&self, id: TypeId) -> Result<Type<'a>> {
        self.behind_mods(id, 0..=MAX_CHAIN)
    }

    /// [`skip_mods`](Self::skip_mods) of a type that has been looked up.
    #[inline]
    pub(crate) fn skip_mods_of(&self, ty: Type<'a>) -> Result<Type<'a>> {
        if !ty.kind().is_modifier() {
            return Ok(ty);
        }
        self.behind_mods(ty.referred(), 1..=MAX_CHAIN)
    }

    fn behind_mods(&self, id: TypeId, steps: RangeInclusive<u32>) -> Result<Type<'a>> {
        let mut at = id;
        for _ in steps {
            let ty = self.type_by_id(at)?;
            if !ty.kind().is_modifier() {
                return Ok(ty);
            }
            at = ty.referred();
        }
        Err(too_deep(id))
    }

    /// The innermost element type of an array of arrays, modifiers skipped; the type itself,
    /// modifiers skipped, if it is no array.
    ///
    /// # Errors
    /// As [`skip_mods`](Self::skip_mods).
    pub fn innermost_element(&self, id: TypeId) -> Result<Type<'a>> {
        self.innermost(self.skip_mods(id)?)
    }

    /// [`innermost_element`](Self::innermost_element) of a type behind its modifiers.
    pub(crate) fn innermost(&self, ty: Type<'a>) -> Result<Type<'a>> {
        let mut inner = ty;
        for _ in 0..=MAX_CHAIN {
            match inner.array() {
                None => return Ok(inner),
                Some(array) => inner = self.skip_mods(array.element)?,
            }
        }
        Err(too_deep(ty.id()))
    }

    /// Size in bytes: typedefs followed, arrays multiplied, pointers as wide as
    /// [`pointer_bytes`](Self::pointer_bytes) (libbpf: `btf__resolve_size`).
    ///
    /// # Errors
    /// `Malformed(TypeWithoutSize)` for void, functions and forward declarations; `TooDeep`;
    /// `OutOfRange` for sizes from 4 GiB.
    pub fn size_bytes(&self, id: TypeId) -> Result<u32> {
        self.size_of(self.type_by_id(id)?)
    }

    /// [`size_bytes`](Self::size_bytes) of a type that has been looked up.
    pub(crate) fn size_of(&self, ty: Type<'a>) -> Result<u32> {
        let (id, mut ty, mut count) = (ty.id(), ty, 1u32);
        for _ in 0..MAX_CHAIN {
            let one = match ty.kind() {
                Kind::Int
                | Kind::Struct
                | Kind::Union
                | Kind::Enum
                | Kind::Enum64
                | Kind::Datasec
                | Kind::Float => ty.own_size_bytes(),
                Kind::Ptr => u32::from(self.pointer_bytes()),
                Kind::Array => {
                    let Some(array) = ty.array() else { break };
                    let product = u64::from(count).wrapping_mul(u64::from(array.len));
                    count = u32::try_from(product).map_err(|_| too_large(product, id))?;
                    ty = self.type_by_id(array.element)?;
                    continue;
                }
                kind if kind.is_modifier() || matches!(kind, Kind::Var | Kind::DeclTag) => {
                    ty = self.type_by_id(ty.referred())?;
                    continue;
                }
                _ => {
                    let kind = ErrorKind::Malformed(What::TypeWithoutSize);
                    return Err(Error::new(kind, Site::Type(ty.id())));
                }
            };
            let product = u64::from(one).wrapping_mul(u64::from(count));
            return u32::try_from(product).map_err(|_| too_large(product, id));
        }
        Err(too_deep(id))
    }

    /// Alignment in bytes that C gives the type; 1 for a packed struct (libbpf: `btf__align_of`).
    ///
    /// # Errors
    /// As [`size_bytes`](Self::size_bytes).
    pub fn align_bytes(&self, id: TypeId) -> Result<u32> {
        self.align_within(id, MAX_CHAIN, &mut { MAX_MEMBERS })
    }

    /// Structs nest, so this recurses: `depth` bounds the nesting, `members` the whole work.
    fn align_within(&self, id: TypeId, depth: u32, members: &mut u32) -> Result<u32> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(too_deep(id));
        };
        let ty = self.innermost_element(id)?;
        let pointer = u32::from(self.pointer_bytes());
        match ty.kind() {
            Kind::Int | Kind::Enum | Kind::Enum64 | Kind::Float => {
                Ok(ty.own_size_bytes().min(pointer).max(1))
            }
            Kind::Ptr => Ok(pointer),
            Kind::Struct | Kind::Union => {
                let mut largest = 1;
                for member in ty.members() {
                    *members = members.checked_sub(1).ok_or_else(|| too_deep(id))?;
                    let align = self.align_within(member.ty, depth, members)?;
                    largest = largest.max(align);
                    let unit = align.saturating_mul(8);
                    if member.bitfield == Bits(0) && !member.offset.0.is_multiple_of(unit) {
                        return Ok(1);
                    }
                }
                Ok(if ty.own_size_bytes().is_multiple_of(largest) {
                    largest
                } else {
                    1
                })
            }
            _ => {
                let kind = ErrorKind::Malformed(What::TypeWithoutSize);
                Err(Error::new(kind, Site::Type(id)))
            }
        }
    }
}
