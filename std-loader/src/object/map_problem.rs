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
    /// `values` is not the last member.
    ValuesNotLast,
    /// `values` is no array without length of pointers to what the map holds.
    NotValues,
    /// A map of that type holds neither maps nor programs.
    NoValuesIn(u32),
    /// A map in a map is itself one of maps.
    InnerOfInner,
    /// A map in a map asks for a pin.
    InnerPinned,
    /// A map of maps whose definition does not say what these are like.
    NoInner,
    /// A slot of the map holds what it can't: its place in bytes from the start of `.maps`.
    Slot(u64),
    /// An object has one arena at most.
    SecondArena,
    /// Variables of an arena, and no arena.
    NoArena,
    /// An arena has too few pages for its variables.
    ArenaTooSmall {
        /// Bytes that they have.
        needed: u64,
        /// Bytes that it has.
        found: u64,
    },
    /// An arena with variables makes pages that are not allocated a fault.
    ArenaFaults,
    /// It is in section `maps`, whose form libbpf gave up with version 1.0.
    Legacy,
    /// Its size is not the user's to choose.
    SectionSize,
    /// The section can't be resized: why.
    Resize(&'static str),
    /// A variable of operations of the kernel is wrong.
    StructOps(String),
    /// A map that was pinned before, or is to be reused, is another one: what, as wanted and found.
    Unlike {
        /// What differs.
        what: &'static str,
        /// As the object has it.
        wanted: u64,
        /// As that map has it.
        found: u64,
    },
    /// `pinning` is neither 0 nor 1.
    Pinning(u32),
    /// Its section is larger than any map's value.
    TooLarge(u64),
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
            Self::ValuesNotLast => f.write_str("member `values` must be the last"),
            Self::NotValues => {
                f.write_str("member `values` is no list of what it holds: write it with __array()")
            }
            Self::NoValuesIn(map_type) => {
                write!(
                    f,
                    "has a member `values`, but type {map_type} holds neither maps nor programs"
                )
            }
            Self::InnerOfInner => f.write_str("holds maps of maps, which no kernel can"),
            Self::InnerPinned => f.write_str("asks for pins of the maps that it holds"),
            Self::NoInner => f.write_str(
                "does not say what the maps in it are like: write __array(values, struct ...)",
            ),
            Self::Slot(at) => write!(f, "has a slot (byte {at} of .maps) with what it can't hold"),
            Self::SecondArena => f.write_str("is a second arena: an object has one"),
            Self::NoArena => f.write_str(
                "has variables of an arena: declare the arena too, of BPF_MAP_TYPE_ARENA in .maps",
            ),
            Self::ArenaTooSmall { needed, found } => {
                write!(
                    f,
                    "has {found} bytes, and variables of {needed}: raise max_entries"
                )
            }
            Self::ArenaFaults => {
                f.write_str("has variables, which BPF_F_SEGV_ON_FAULT does not let the loader set")
            }
            Self::Legacy => f.write_str(
                "is in section `maps`, the form before BTF: declare it in section .maps",
            ),
            Self::SectionSize => f.write_str("has a size that follows from what is in it"),
            Self::Resize(why) => write!(f, "can't be resized: {why}"),
            Self::StructOps(what) => f.write_str(what),
            Self::Unlike {
                what,
                wanted,
                found,
            } => write!(
                f,
                "is there already, but with {what} {found} in place of {wanted}"
            ),
            Self::Pinning(value) => {
                write!(f, "pinning {value} is neither 0 (no) nor 1 (by name)")
            }
            Self::TooLarge(bytes) => {
                write!(f, "has {bytes} bytes, more than a map's value can have")
            }
            Self::Btf(error) => write!(f, "bad type: {error}"),
        }
    }
}
