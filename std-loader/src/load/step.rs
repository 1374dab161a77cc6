//! The steps that the kernel may refuse.

use core::fmt;

/// What was being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// The size of a map was being worked out.
    SizeMap,
    /// A map was being created.
    CreateMap,
    /// A map was being given its first value.
    FillMap,
    /// A map was being made constant.
    FreezeMap,
    /// A program was being loaded.
    LoadProgram,
    /// A variable was being mapped.
    MapVariable,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SizeMap => "sizing map",
            Self::CreateMap => "creating map",
            Self::FillMap => "filling map",
            Self::FreezeMap => "freezing map",
            Self::LoadProgram => "loading program",
            Self::MapVariable => "mapping variable",
        })
    }
}
