//! What went otherwise than expected, and is no error.

use core::fmt;

use crate::sys::SysError;

/// Something that the user may want to know of a load that succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// The kernel refused the object's BTF: everything was loaded without.
    NoBtf {
        /// The call and its errno.
        source: SysError,
        /// What the kernel said of it.
        log: String,
    },
    /// A map of maps or programs was to hold something that was not loaded.
    EmptySlot {
        /// The map.
        map: String,
        /// Number of its slot, which is empty.
        slot: u32,
        /// The map or program that was to be there.
        holds: String,
    },
    /// A string of the kernel's configuration is longer than its extern.
    CutString {
        /// The extern.
        name: String,
        /// Bytes that went in.
        kept_bytes: usize,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoBtf { source, log } => {
                write!(
                    f,
                    "the kernel refused the object's BTF, so it was left out: {source}"
                )?;
                if log.is_empty() {
                    Ok(())
                } else {
                    write!(f, " ({log})")
                }
            }
            Self::EmptySlot { map, slot, holds } => write!(
                f,
                "slot {slot} of map `{map}` is empty: `{holds}`, which it was to hold, is not loaded"
            ),
            Self::CutString { name, kept_bytes } => {
                write!(
                    f,
                    "{name} is longer than its variable: the first {kept_bytes} bytes are there"
                )
            }
        }
    }
}
