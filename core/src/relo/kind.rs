//! The 13 kinds of CO-RE relocation.
//!
//! Enters: the number in a record. Leaves: [`RelocKind`], and which rules it goes by.

/// What a record asks for (`enum bpf_core_relo_kind`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum RelocKind {
    /// Offset of a field, in bytes.
    FieldByteOffset = 0,
    /// Size of a field, in bytes.
    FieldByteSize = 1,
    /// Does the field exist: 1 or 0.
    FieldExists = 2,
    /// Is the field signed: 1 or 0.
    FieldSigned = 3,
    /// Left shift that brings a bitfield to the top of 64 bits.
    FieldLshift = 4,
    /// Right shift that brings it down again.
    FieldRshift = 5,
    /// Type id in the object's own BTF.
    TypeIdLocal = 6,
    /// Type id in the target's BTF.
    TypeIdTarget = 7,
    /// Does the type exist: 1 or 0.
    TypeExists = 8,
    /// Size of a type, in bytes.
    TypeSize = 9,
    /// Does the enumerator exist: 1 or 0.
    EnumvalExists = 10,
    /// Value of an enumerator.
    EnumvalValue = 11,
    /// Does the type match in every local member: 1 or 0.
    TypeMatches = 12,
}

impl RelocKind {
    /// The kind of that number, or `None` for one newer than this crate.
    #[must_use]
    pub const fn from_raw(raw: u32) -> Option<Self> {
        Some(match raw {
            0 => Self::FieldByteOffset,
            1 => Self::FieldByteSize,
            2 => Self::FieldExists,
            3 => Self::FieldSigned,
            4 => Self::FieldLshift,
            5 => Self::FieldRshift,
            6 => Self::TypeIdLocal,
            7 => Self::TypeIdTarget,
            8 => Self::TypeExists,
            9 => Self::TypeSize,
            10 => Self::EnumvalExists,
            11 => Self::EnumvalValue,
            12 => Self::TypeMatches,
            _ => return None,
        })
    }

    /// libbpf's label, as its logs have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FieldByteOffset => "byte_off",
            Self::FieldByteSize => "byte_sz",
            Self::FieldExists => "field_exists",
            Self::FieldSigned => "signed",
            Self::FieldLshift => "lshift_u64",
            Self::FieldRshift => "rshift_u64",
            Self::TypeIdLocal => "local_type_id",
            Self::TypeIdTarget => "target_type_id",
            Self::TypeExists => "type_exists",
            Self::TypeSize => "type_size",
            Self::EnumvalExists => "enumval_exists",
            Self::EnumvalValue => "enumval_value",
            Self::TypeMatches => "type_matches",
        }
    }

    /// Goes by a path of members and array indices.
    #[must_use]
    pub const fn is_field(self) -> bool {
        (self as u8) <= Self::FieldRshift as u8
    }

    /// Goes by an enumerator.
    #[must_use]
    pub const fn is_enumval(self) -> bool {
        matches!(self, Self::EnumvalExists | Self::EnumvalValue)
    }

    /// What is not there has a value, namely 0; the other kinds poison their instruction.
    #[must_use]
    pub const fn absent_is_zero(self) -> bool {
        matches!(
            self,
            Self::FieldExists
                | Self::TypeIdTarget
                | Self::TypeExists
                | Self::TypeSize
                | Self::EnumvalExists
                | Self::TypeMatches
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_kernels() {
        for raw in 0..13 {
            assert_eq!(RelocKind::from_raw(raw).map(|kind| kind as u32), Some(raw));
        }
        assert_eq!(RelocKind::from_raw(13), None);
        assert!(!RelocKind::TypeIdLocal.is_field() && RelocKind::FieldRshift.is_field());
    }
}
