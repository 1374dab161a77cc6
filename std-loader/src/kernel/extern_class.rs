//! What a `__kconfig` extern can be.
//!
//! Enters: what the object's BTF says of the variable, told by the caller. Leaves: [`ExternClass`],
//! which decides what values fit and how many bytes they take. BTF types outside this table are
//! none, and the object can't be opened.
//!
//! | class | BTF, past typedefs and qualifiers |
//! |---|---|
//! | bool | INT of 1 byte with bool encoding |
//! | char | any other INT of 1 byte |
//! | int | INT of 2, 4 or 8 bytes |
//! | tristate | ENUM of 4 bytes, or ENUM64, named `libbpf_tristate` |
//! | string | ARRAY with elements of class char |

use core::fmt;

/// What a `__kconfig` extern is, after typedefs and qualifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExternClass {
    /// `bool`: INT of 1 byte with BTF's bool encoding.
    Bool,
    /// Any other INT of 1 byte.
    Char {
        /// BTF's signed encoding.
        signed: bool,
    },
    /// INT of 2, 4 or 8 bytes.
    Int {
        /// 2, 4 or 8.
        size_bytes: u8,
        /// BTF's signed encoding.
        signed: bool,
    },
    /// `enum libbpf_tristate`: no 0, yes 1, module 2.
    Tristate {
        /// 4, or 8 as ENUM64.
        size_bytes: u8,
    },
    /// Array of [`Char`](Self::Char).
    Str {
        /// Number of elements.
        len_bytes: u32,
    },
}

impl ExternClass {
    /// Bytes of the slot.
    #[must_use]
    pub const fn size_bytes(self) -> usize {
        match self {
            Self::Bool | Self::Char { .. } => 1,
            Self::Int { size_bytes, .. } | Self::Tristate { size_bytes } => size_bytes as usize,
            Self::Str { len_bytes } => len_bytes as usize,
        }
    }
}

impl fmt::Display for ExternClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = |signed| if signed { "signed" } else { "unsigned" };
        match *self {
            Self::Bool => f.write_str("bool"),
            Self::Char { signed } => write!(f, "{} char", sign(signed)),
            Self::Int { size_bytes, signed } => {
                write!(f, "{} integer of {size_bytes} bytes", sign(signed))
            }
            Self::Tristate { .. } => f.write_str("tristate"),
            Self::Str { len_bytes } => write!(f, "string of {len_bytes} bytes"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_know_their_size_and_print() {
        let int = ExternClass::Int {
            size_bytes: 8,
            signed: false,
        };
        for (class, size_bytes, text) in [
            (ExternClass::Bool, 1, "bool"),
            (ExternClass::Char { signed: true }, 1, "signed char"),
            (int, 8, "unsigned integer of 8 bytes"),
            (ExternClass::Tristate { size_bytes: 4 }, 4, "tristate"),
            (ExternClass::Str { len_bytes: 9 }, 9, "string of 9 bytes"),
        ] {
            assert_eq!(
                (class.size_bytes(), class.to_string().as_str()),
                (size_bytes, text)
            );
        }
    }
}
