//! The steps that the kernel may refuse.

use core::fmt;

/// What was being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// A BPF token was being made from a file system.
    CreateToken,
    /// The BTF of a module was being opened.
    OpenModule,
    /// The program that another one is for was being looked at.
    ReadProgram,
    /// The size of a map was being worked out.
    SizeMap,
    /// A map was being created.
    CreateMap,
    /// A map that is there already was being taken.
    ReuseMap,
    /// An arena was being mapped.
    MapArena,
    /// A map was being given its first value.
    FillMap,
    /// A map of maps or programs was being given what it holds.
    FillSlot,
    /// A map was being made constant.
    FreezeMap,
    /// A program was being loaded.
    LoadProgram,
    /// A pin was being made.
    Pin,
    /// A variable was being mapped.
    MapVariable,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CreateToken => "making a BPF token from",
            Self::OpenModule => "opening BTF of module",
            Self::ReadProgram => "reading what it is for, of program",
            Self::SizeMap => "sizing map",
            Self::CreateMap => "creating map",
            Self::ReuseMap => "reusing map",
            Self::MapArena => "mapping arena",
            Self::FillMap => "filling map",
            Self::FillSlot => "filling slots of map",
            Self::FreezeMap => "freezing map",
            Self::LoadProgram => "loading program",
            Self::Pin => "pinning",
            Self::MapVariable => "mapping variable",
        })
    }
}
