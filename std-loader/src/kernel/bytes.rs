//! BTF bytes, wherever they live.
//!
//! Enters: a mapping of the kernel's own file, or a buffer read from anywhere else. Leaves: one
//! `&[u8]` for `relocore`, which does not care.

use core::fmt;
use core::ops::Deref;

use crate::sys::mmap::Mmap;

/// BTF of a target: mapped where the kernel allows it, else owned. Reads as `&[u8]`.
pub enum BtfBytes {
    /// Pages of `/sys/kernel/btf/vmlinux` itself, which can neither shrink nor change.
    Mapped(Mmap),
    /// A copy in memory.
    Owned(Vec<u8>),
}

impl Deref for BtfBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Owned(bytes) => bytes,
        }
    }
}

impl AsRef<[u8]> for BtfBytes {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl fmt::Debug for BtfBytes {
    /// The length only: a kernel's BTF is megabytes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::Mapped(_) => "Mapped",
            Self::Owned(_) => "Owned",
        };
        write!(f, "{kind}({} bytes)", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_the_length_only() {
        let bytes = BtfBytes::Owned(vec![7; 3]);
        assert_eq!(format!("{bytes:?}"), "Owned(3 bytes)");
        assert_eq!(bytes.as_ref(), [7, 7, 7]);
    }
}
