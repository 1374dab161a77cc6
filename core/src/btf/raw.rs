//! Wire structs of BTF, exactly as the kernel's `include/uapi/linux/btf.h` lays them out.
//!
//! Enters: bytes. Leaves: structs of [`Word`]s with alignment 1, viewed in place by `zerocopy`;
//! a word is decoded when it is read, in the byte order that the magic told. The views in
//! [`types`](super::types) are what the rest of the crate uses.

use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use crate::units::Endian;

/// Four bytes whose order is known only at run time.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(transparent)]
pub(crate) struct Word([u8; 4]);

impl Word {
    #[inline(always)]
    pub(crate) const fn get(self, endian: Endian) -> u32 {
        endian.u32(self.0)
    }
}

/// `struct btf_header` up to the string section; magic, version and flags are read apart.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct RawHeader {
    pub(crate) magic: [u8; 2],
    pub(crate) version: u8,
    pub(crate) flags: u8,
    pub(crate) hdr_len: Word,
    pub(crate) type_off: Word,
    pub(crate) type_len: Word,
    pub(crate) str_off: Word,
    pub(crate) str_len: Word,
}

/// The two words that a header of 32 bytes or more has besides (kind layout, 2026).
#[derive(Clone, Copy, Debug, FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct RawLayoutFields {
    pub(crate) layout_off: Word,
    pub(crate) layout_len: Word,
}

/// `struct btf_type`: the head of every record.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct RawType {
    pub(crate) name: Word,
    pub(crate) info: Word,
    pub(crate) size_or_type: Word,
}

impl RawType {
    /// Of `void`, which has no record: nothing but zeros.
    pub(super) const VOID: Self = {
        let zero = Word([0; 4]);
        Self {
            name: zero,
            info: zero,
            size_or_type: zero,
        }
    };
}

/// Three words: `struct btf_member` (name, type, offset), `btf_array` (type, index type, nelems),
/// `btf_var_secinfo` (type, offset, size) and `btf_enum64` (name, low half, high half).
#[derive(Clone, Copy, Debug, FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct Raw3(pub(crate) Word, pub(crate) Word, pub(crate) Word);

/// Two words: `struct btf_param` (name, type) and `btf_enum` (name, value).
#[derive(Clone, Copy, Debug, FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct Raw2(pub(crate) Word, pub(crate) Word);

/// Layout of one kind in the kind-layout section.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct RawLayout {
    /// Bytes right after the record's head.
    pub(crate) info_size: u8,
    /// Bytes for each of `vlen` elements.
    pub(crate) elem_size: u8,
    pub(crate) flags: [u8; 2],
}
