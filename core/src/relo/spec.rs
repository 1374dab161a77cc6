//! Access specs: from `"0:1:2"` to the members and indices that it means.
//!
//! Enters: a record's root type and access string, over the local BTF. Leaves: [`Spec`]: every
//! number with the offset it leads to (`raw`), and the turning points that matching goes by
//! (`accessors`): the root's index, named members, array indices, but not the anonymous structs
//! and unions between. Rule: libbpf's `bpf_core_parse_spec`.

use heapless::Vec;

use crate::btf::{Btf, Member, Type};
use crate::units::{StrOff, TypeId};

use super::kind::RelocKind;
use super::outcome::Failure;

/// Numbers that an access string may have (libbpf: `BPF_CORE_SPEC_MAX_LEN`).
pub const MAX_ACCESSORS: usize = 64;

/// A turning point of an access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Accessor {
    /// Named member: the struct or union that has it. Enumerator: the enum. Else the type of the
    /// element. Modifiers skipped.
    pub ty: TypeId,
    /// Number of the member, enumerator or element.
    pub index: u32,
    /// Name of the member or enumerator; `None` for an element.
    pub name: Option<StrOff>,
}

/// What an access ends at: looked up on the way there, so that nothing looks it up again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leaf<'a> {
    /// Type of the field or element, modifiers skipped; the enum of an enumerator; for records
    /// about a type as a whole, that type as it is.
    pub(super) ty: Type<'a>,
    /// The member that the access ends with.
    pub(super) member: Option<Member>,
}

impl<'a> Leaf<'a> {
    pub(super) const fn new(ty: Type<'a>) -> Self {
        Self { ty, member: None }
    }
}

/// An access, worked out over one BTF.
#[derive(Clone, Debug, Default)]
pub struct Spec {
    root: TypeId,
    pub(super) accessors: Vec<Accessor, MAX_ACCESSORS>,
    pub(super) raw: Vec<u32, MAX_ACCESSORS>,
    pub(super) bit_offset: u32,
}

// By hand: `heapless` would need its own feature for it.
#[cfg(feature = "defmt")]
impl defmt::Format for Spec {
    fn format(&self, f: defmt::Formatter<'_>) {
        let (accessors, raw) = (self.accessors(), self.raw());
        defmt::write!(
            f,
            "{} {} (raw {}, bit {})",
            self.root,
            accessors,
            raw,
            self.bit_offset
        );
    }
}

impl Spec {
    pub(super) fn start(&mut self, root: TypeId) {
        self.root = root;
        self.accessors.clear();
        self.raw.clear();
        self.bit_offset = 0;
    }

    /// The type that the access starts from.
    #[must_use]
    pub const fn root(&self) -> TypeId {
        self.root
    }

    /// The turning points. Empty for records about a type as a whole.
    #[must_use]
    pub fn accessors(&self) -> &[Accessor] {
        &self.accessors
    }

    /// Every number on the way, anonymous members included.
    #[must_use]
    pub fn raw(&self) -> &[u32] {
        &self.raw
    }

    /// Offset from the root's start, in bits.
    #[must_use]
    pub const fn bit_offset(&self) -> u32 {
        self.bit_offset
    }

    /// Works out a record's access over its own BTF.
    ///
    /// # Errors
    /// The access string is no such string, does not fit the type, or the BTF is wrong.
    pub fn parse(
        local: &Btf<'_>,
        root: TypeId,
        access: &[u8],
        kind: RelocKind,
    ) -> Result<Self, Failure> {
        let mut spec = Self::default();
        let root = local.type_by_id(root).map_err(Failure::Local)?;
        spec.set(local, root, access, kind)?;
        Ok(spec)
    }

    /// [`parse`](Self::parse) in place, as a spec has over a kilobyte.
    pub(super) fn set<'a>(
        &mut self,
        local: &Btf<'a>,
        root: Type<'a>,
        access: &[u8],
        kind: RelocKind,
    ) -> Result<Leaf<'a>, Failure> {
        self.start(root.id());
        if !kind.is_field() && !kind.is_enumval() {
            return if access == b"0" {
                Ok(Leaf::new(root))
            } else {
                Err(Failure::AccessSyntax)
            };
        }
        for part in access.split(|&byte| byte == b':') {
            self.raw
                .push(number(part)?)
                .map_err(|_| Failure::AccessTooLong)?;
        }
        let ty = local.skip_mods_of(root).map_err(Failure::Local)?;
        // `split` yields at least one part.
        let first = self.raw.first().copied().unwrap_or(0);
        if kind.is_enumval() {
            self.enumerator(&ty, first)?;
            return Ok(Leaf::new(ty));
        }
        self.turn(Accessor {
            ty: ty.id(),
            index: first,
            name: None,
        })?;
        let bytes = local.size_of(ty).map_err(Failure::Local)?;
        self.advance(first, bytes)?;
        self.descend(local, ty)
    }

    fn enumerator(&mut self, ty: &Type<'_>, index: u32) -> Result<(), Failure> {
        let mismatch = Failure::AccessMismatch {
            position: 0,
            at: ty.id(),
        };
        let enumerator = ty.enumerators().get(index).ok_or(mismatch)?;
        if self.raw.len() > 1 {
            return Err(mismatch);
        }
        self.turn(Accessor {
            ty: ty.id(),
            index,
            name: Some(enumerator.name),
        })
    }

    /// Goes down from the root by the numbers after the first. The access ends at its last turning
    /// point, though anonymous members may follow it and count for the offset.
    fn descend<'a>(&mut self, local: &Btf<'a>, root: Type<'a>) -> Result<Leaf<'a>, Failure> {
        let (mut ty, mut leaf) = (root, Leaf::new(root));
        for position in 1..self.raw.len() {
            let index = self.raw.get(position).copied().unwrap_or(0);
            let at = ty.id();
            let position = u8::try_from(position).unwrap_or(u8::MAX);
            let mismatch = Failure::AccessMismatch { position, at };
            if ty.kind().is_composite() {
                let member = ty.members().get(index).ok_or(mismatch)?;
                self.advance_bits(u64::from(member.offset.0))?;
                ty = local.skip_mods(member.ty).map_err(Failure::Local)?;
                if member.name != StrOff::EMPTY {
                    // A name that is there but empty would match any anonymous member.
                    if local.name_is(member.name, b"").map_err(Failure::Local)? {
                        return Err(mismatch);
                    }
                    self.turn(Accessor {
                        ty: at,
                        index,
                        name: Some(member.name),
                    })?;
                    let member = Some(member);
                    leaf = Leaf { ty, member };
                }
            } else if let Some(array) = ty.array() {
                let element = local.skip_mods(array.element).map_err(Failure::Local)?;
                if index >= array.len
                    && !self.is_flexible(local, array.len).map_err(Failure::Local)?
                {
                    return Err(mismatch);
                }
                self.turn(Accessor {
                    ty: element.id(),
                    index,
                    name: None,
                })?;
                let bytes = local.size_of(element).map_err(Failure::Local)?;
                self.advance(index, bytes)?;
                (ty, leaf) = (element, Leaf::new(element));
            } else {
                return Err(mismatch);
            }
        }
        Ok(leaf)
    }

    /// Is an array of that length, reached by the last accessor, a flexible one: without
    /// elements, and the last member of its struct (libbpf: `is_flex_arr`)?
    pub(super) fn is_flexible(&self, btf: &Btf<'_>, len: u32) -> crate::Result<bool> {
        match self.accessors.last() {
            Some(&Accessor {
                ty,
                index,
                name: Some(_),
            }) if len == 0 => {
                let owner = btf.type_by_id(ty)?;
                Ok(index == owner.vlen().wrapping_sub(1))
            }
            _ => Ok(false),
        }
    }

    pub(super) fn turn(&mut self, accessor: Accessor) -> Result<(), Failure> {
        self.accessors
            .push(accessor)
            .map_err(|_| Failure::AccessTooLong)
    }

    /// Moves on by `count` elements of `bytes`.
    pub(super) fn advance(&mut self, count: u32, bytes: u32) -> Result<(), Failure> {
        let bits = u64::from(count)
            .saturating_mul(u64::from(bytes))
            .saturating_mul(8);
        self.advance_bits(bits)
    }

    /// Offsets beyond 512 MiB fit no instruction; libbpf lets them wrap.
    pub(super) fn advance_bits(&mut self, bits: u64) -> Result<(), Failure> {
        let sum = bits.saturating_add(u64::from(self.bit_offset));
        self.bit_offset = u32::try_from(sum).map_err(|_| Failure::OffsetTooLarge(sum / 8))?;
        Ok(())
    }

    /// The last turning point: what the record is about.
    #[must_use]
    pub fn last(&self) -> Option<Accessor> {
        self.accessors.last().copied()
    }
}

/// A decimal number without sign or blanks.
fn number(text: &[u8]) -> Result<u32, Failure> {
    if text.is_empty() {
        return Err(Failure::AccessSyntax);
    }
    let mut value = 0u32;
    for &byte in text {
        let digit = match byte {
            b'0'..=b'9' => u32::from(byte.wrapping_sub(b'0')),
            _ => return Err(Failure::AccessSyntax),
        };
        value = value
            .checked_mul(10)
            .and_then(|value| value.checked_add(digit))
            .ok_or(Failure::AccessSyntax)?;
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!(number(b"0"), Ok(0));
        assert_eq!(number(b"4294967295"), Ok(u32::MAX));
        for bad in [&b""[..], b"-1", b"+1", b" 1", b"1 ", b"4294967296", b"0x1"] {
            assert_eq!(number(bad), Err(Failure::AccessSyntax), "{bad:?}");
        }
    }
}
