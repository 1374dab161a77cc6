//! From a spec to the number that an instruction gets.
//!
//! Enters: the local spec, and the target's if a candidate matched. Leaves: [`Value`]. Rule:
//! libbpf's `bpf_core_calc_field_relo` and its two sisters; of shifts, the byte order of the BTF
//! decides, not this machine's.

use crate::btf::{Btf, Encoding, Kind, Member, Type};
use crate::units::{Bits, Endian};

use super::kind::RelocKind;
use super::outcome::{Failure, Outcome, Resolution, TargetType, Validate};
use super::spec::{Leaf, Spec};

/// What a spec amounts to, over its own BTF.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value {
    pub(super) number: u64,
    pub(super) validate: Validate,
    pub(super) access: Access,
}

/// The load or store of a field that a record of its offset is about; of bitfields and of other
/// records, none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Access {
    /// Its size; 0 if there is none.
    pub(super) bytes: u32,
    pub(super) class: Class,
}

/// What an access moves, as far as it decides whether another size would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Pointer,
    Unsigned,
    Other,
}

impl Access {
    const NONE: Self = Self {
        bytes: 0,
        class: Class::Other,
    };

    fn new(bytes: u32, ty: &Type<'_>) -> Self {
        let class = match (ty.kind(), ty.int()) {
            (Kind::Ptr, _) => Class::Pointer,
            (_, Some(int)) if int.encoding != Encoding::Signed => Class::Unsigned,
            _ => Class::Other,
        };
        Self { bytes, class }
    }
}

impl Class {
    /// May an access of this become one of the target's, which has another size? Only where
    /// zero-extension keeps the value: pointers, and integers that are not signed.
    pub(super) fn adjusts_to(self, target: Self) -> bool {
        self == target && self != Self::Other
    }
}

impl Value {
    fn of(number: u64, validate: Validate) -> Self {
        Self {
            number,
            validate,
            access: Access::NONE,
        }
    }
}

/// Which side a spec is of: errors of its BTF say so.
type Side = fn(crate::Error) -> Failure;

/// The value of `spec`, which matched and ended at `leaf`.
pub(super) fn of_spec(
    btf: &Btf<'_>,
    kind: RelocKind,
    spec: &Spec,
    leaf: &Leaf<'_>,
    side: Side,
) -> Result<Value, Failure> {
    Ok(match kind {
        RelocKind::TypeExists | RelocKind::TypeMatches | RelocKind::EnumvalExists => {
            Value::of(1, Validate::Full)
        }
        // Static linking renumbers types, so the instruction's id may be out of date.
        RelocKind::TypeIdLocal | RelocKind::TypeIdTarget => {
            Value::of(u64::from(spec.root().0), Validate::No)
        }
        RelocKind::TypeSize => {
            let size = btf.size_of(leaf.ty).map_err(side)?;
            Value::of(u64::from(size), Validate::Full)
        }
        RelocKind::EnumvalValue => enumerator(spec, &leaf.ty)?,
        _ => of_field(btf, kind, spec.bit_offset, leaf, side)?,
    })
}

/// The value of an access to a field: what is at `leaf`, so many bits from the root.
pub(super) fn of_field(
    btf: &Btf<'_>,
    kind: RelocKind,
    bit_offset: u32,
    leaf: &Leaf<'_>,
    side: Side,
) -> Result<Value, Failure> {
    match leaf.member {
        _ if kind == RelocKind::FieldExists => Ok(Value::of(1, Validate::Full)),
        None => element(btf, kind, bit_offset, leaf.ty, side),
        Some(member) => field(btf, kind, bit_offset, leaf.ty, member, side),
    }
}

/// The answer to a record that matched: its own value, and the target's.
pub(super) fn answer(
    kind: RelocKind,
    own: &Value,
    target: TargetType,
    value: &Value,
) -> Resolution {
    Resolution {
        kind: Some(kind),
        outcome: Outcome::Value(value.number),
        local: own.number,
        validate: own.validate,
        local_bytes: own.access.bytes,
        target_bytes: value.access.bytes,
        adjustable: own.access.class.adjusts_to(value.access.class),
        target: Some(target),
    }
}

fn enumerator(spec: &Spec, ty: &Type<'_>) -> Result<Value, Failure> {
    let index = spec.last().map(|last| last.index);
    let enumerator = index.and_then(|index| ty.enumerators().get(index));
    let enumerator = enumerator.ok_or(Failure::AccessSyntax)?;
    let narrow = ty.kind() == Kind::Enum && ty.own_size_bytes() <= 4;
    let validate = if narrow {
        Validate::Low32
    } else {
        Validate::Full
    };
    Ok(Value::of(enumerator.value, validate))
}

/// `a[n]`: offset and size only.
fn element(
    btf: &Btf<'_>,
    kind: RelocKind,
    bit_offset: u32,
    ty: Type<'_>,
    side: Side,
) -> Result<Value, Failure> {
    match kind {
        RelocKind::FieldByteOffset => Ok(Value {
            number: u64::from(bit_offset / 8),
            validate: Validate::Full,
            access: access(btf, ty, side)?,
        }),
        RelocKind::FieldByteSize => {
            let size = btf.size_of(ty).map_err(side)?;
            Ok(Value::of(u64::from(size), Validate::Full))
        }
        _ => Err(Failure::NotOfElement),
    }
}

/// What a load or store of that type moves: of arrays, one innermost element, though the array is
/// no type to adjust sizes of.
fn access(btf: &Btf<'_>, ty: Type<'_>, side: Side) -> Result<Access, Failure> {
    let one = btf.innermost(ty).map_err(side)?;
    Ok(Access::new(btf.size_of(one).map_err(side)?, &ty))
}

/// A named member, whose type behind its modifiers is `ty`.
fn field(
    btf: &Btf<'_>,
    kind: RelocKind,
    bit_offset: u32,
    ty: Type<'_>,
    member: Member,
    side: Side,
) -> Result<Value, Failure> {
    let is_bitfield = member.bitfield != Bits(0);
    let place = if is_bitfield {
        // Of other kinds the size word is no size.
        let sized = matches!(ty.kind(), Kind::Int | Kind::Enum | Kind::Enum64);
        let declared_bytes = if sized { ty.own_size_bytes() } else { 0 };
        Place::bitfield(bit_offset, member.bitfield.0, declared_bytes)
            .ok_or_else(|| Failure::Bitfield { ty: ty.id() })?
    } else {
        let bytes = btf.size_of(ty).map_err(side)?;
        Place::whole(bit_offset, bytes)
    };
    let validate = if is_bitfield {
        Validate::No
    } else {
        Validate::Full
    };
    Ok(match kind {
        RelocKind::FieldByteOffset => Value {
            number: place.byte_off,
            validate,
            access: match ty.kind() {
                _ if is_bitfield => Access::NONE,
                Kind::Array => access(btf, ty, side)?,
                _ => Access::new(place.size(), &ty),
            },
        },
        RelocKind::FieldByteSize => Value::of(place.bytes, validate),
        // Sign and right shift are no choice of the compiler's.
        RelocKind::FieldSigned => Value::of(u64::from(is_signed(&ty)), Validate::Full),
        RelocKind::FieldRshift => Value::of(place.rshift(), Validate::Full),
        _ => Value::of(place.lshift(btf.endian()), validate),
    })
}

fn is_signed(ty: &Type<'_>) -> bool {
    ty.kind().is_enum() && ty.kind_flag() || ty.int().is_some_and(|int| int.encoding.is_signed())
}

/// Where a field is, and the load that covers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    bit_off: u64,
    bits: u64,
    /// Start of the load.
    byte_off: u64,
    /// Size of the load.
    bytes: u64,
}

impl Place {
    /// The load's size, in bytes.
    fn size(self) -> u32 {
        u32::try_from(self.bytes).unwrap_or(u32::MAX)
    }

    fn whole(bit_off: u32, bytes: u32) -> Self {
        let bytes = u64::from(bytes);
        Self {
            bit_off: u64::from(bit_off),
            bits: bytes.wrapping_mul(8),
            byte_off: u64::from(bit_off / 8),
            bytes,
        }
    }

    /// The smallest aligned load that covers the bitfield, from its declared size up to 8 bytes.
    fn bitfield(bit_off: u32, bits: u32, declared_bytes: u32) -> Option<Self> {
        let (bit_off, bits) = (u64::from(bit_off), u64::from(bits));
        let mut bytes = u64::from(declared_bytes);
        loop {
            // Sums of 32-bit numbers times 8 fit 64 bits.
            let byte_off = (bit_off / 8).checked_div(bytes)?.wrapping_mul(bytes);
            let end = bit_off
                .wrapping_add(bits)
                .wrapping_sub(byte_off.wrapping_mul(8));
            if end <= bytes.wrapping_mul(8) {
                return Some(Self {
                    bit_off,
                    bits,
                    byte_off,
                    bytes,
                });
            }
            if bytes >= 8 {
                return None;
            }
            bytes = bytes.wrapping_mul(2);
        }
    }

    /// Bits from the load's start to the field's.
    const fn inset(self) -> u64 {
        self.bit_off.wrapping_sub(self.byte_off.wrapping_mul(8))
    }

    /// Shifts of fields wider than 64 bits mean nothing; they wrap in 32 bits as libbpf's do.
    fn lshift(self, endian: Endian) -> u64 {
        let shift = match endian {
            Endian::Little => 64u64.wrapping_sub(self.inset().wrapping_add(self.bits)),
            Endian::Big => 8u64
                .wrapping_sub(self.bytes)
                .wrapping_mul(8)
                .wrapping_add(self.inset()),
        };
        shift & u64::from(u32::MAX)
    }

    const fn rshift(self) -> u64 {
        64u64.wrapping_sub(self.bits) & 0xffff_ffff
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of design notes: struct S { int a; unsigned b1:3; int b2:7; u64 b3:40; ... },
    /// worked by hand and seen in clang's output.
    #[test]
    fn bitfields_of_both_byte_orders() {
        let place = Place::bitfield;
        let b2 = place(35, 7, 4);
        let b2 = b2.map(|p| (p.byte_off, p.bytes, p.lshift(Endian::Little), p.rshift()));
        assert_eq!(b2, Some((4, 4, 64 - (35 + 7 - 32), 57)));
        let b3 = place(64, 40, 8);
        let b3 = b3.map(|p| {
            (
                p.byte_off,
                p.bytes,
                p.lshift(Endian::Little),
                p.lshift(Endian::Big),
            )
        });
        assert_eq!(b3, Some((8, 8, 24, 0)));
        // sched_reset_on_fork of 6.18: bit 9504, 1 bit, u32.
        let bit = place(9504, 1, 4);
        let bit = bit.map(|p| (p.byte_off, p.bytes, p.lshift(Endian::Little), p.rshift()));
        assert_eq!(bit, Some((1188, 4, 63, 63)));
        // Straddles its int: 4 bytes at 0 don't cover bits 30..33, 8 do.
        let wide = place(30, 4, 4);
        assert_eq!(wide.map(|p| (p.byte_off, p.bytes)), Some((0, 8)));
        // Straddles 8 bytes: no load does it.
        assert_eq!(place(60, 8, 8), None);
        assert_eq!(place(0, 1, 0), None);
    }
}
