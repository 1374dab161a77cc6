//! What can be wrong with a map's definition.

use core::fmt;

/// Why a map of the object can't be made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MapProblem {
    /// Its type in BTF is no struct, or not known.
    NoStruct,
    /// It has no name, or no place in its section.
    NoPlace,
    /// It is declared `extern`: defined in another object.
    Extern,
    /// A member that no loader knows.
    UnknownMember(String),
    /// A member that should be a number (`__uint`, or `__ulong` for `map_extra`).
    NotANumber(&'static str),
    /// A member that should be a type (`__type`).
    NotAType(&'static str),
    /// Two members give different sizes to keys or values.
    ConflictingSize {
        /// `key` or `value`.
        what: &'static str,
        /// By the first.
        first: u32,
        /// By the second.
        second: u32,
    },
    /// The member `type` is missing or 0.
    NoType,
    /// `pinning` is neither 0 nor 1.
    Pinning(u32),
    /// Its section is larger than any map's value.
    TooLarge(u64),
    /// Something that later versions will do.
    NotYet(&'static str),
    /// A type of it is wrong.
    Btf(relocore::Error),
}

impl From<relocore::Error> for MapProblem {
    fn from(error: relocore::Error) -> Self {
        Self::Btf(error)
    }
}

impl fmt::Display for MapProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoStruct => f.write_str("its BTF type is no struct"),
            Self::NoPlace => f.write_str("has no name, or no place in section .maps"),
            Self::Extern => {
                f.write_str("is defined in another object; link them (bpftool gen object)")
            }
            Self::UnknownMember(name) => write!(f, "has a member `{name}`, which is not known"),
            Self::NotANumber(member) => {
                write!(f, "member `{member}` is no number: write it with __uint()")
            }
            Self::NotAType(member) => {
                write!(f, "member `{member}` is no type: write it with __type()")
            }
            Self::ConflictingSize {
                what,
                first,
                second,
            } => {
                write!(
                    f,
                    "a {what} has {first} bytes by one member and {second} by another"
                )
            }
            Self::NoType => f.write_str("has no type: a member __uint(type, ...) is missing"),
            Self::Pinning(value) => {
                write!(f, "pinning {value} is neither 0 (no) nor 1 (by name)")
            }
            Self::TooLarge(bytes) => {
                write!(f, "has {bytes} bytes, more than a map's value can have")
            }
            Self::NotYet(what) => write!(f, "{what}: not yet supported"),
            Self::Btf(error) => write!(f, "bad type: {error}"),
        }
    }
}
