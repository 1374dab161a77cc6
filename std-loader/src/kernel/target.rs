//! The target's BTF, not yet opened.
//!
//! Enters: what the user chose. Leaves, when [`Target::open`] is called and not before: the bytes.
//! An object whose records are all local never touches `/sys`.

use core::error::Error;
use core::fmt;
use std::path::PathBuf;

use super::attempt::{Attempt, Cause};
use super::btf::{NoKernelBtf, find_kernel_btf};
use super::btf_file::{BtfFile, ReadBtfError, read_btf_bytes, read_btf_file};
use super::bytes::BtfBytes;

/// Which kernel's types an object is relocated to. Nothing is opened before [`open`](Self::open).
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Target {
    /// The running kernel, wherever its BTF is ([`find_kernel_btf`]).
    #[default]
    Kernel,
    /// A file: raw BTF, or ELF with `.BTF` ([`read_btf_file`]).
    File(PathBuf),
    /// Bytes in memory: raw BTF, or ELF with `.BTF`.
    Bytes(Vec<u8>),
}

/// An opened [`Target`].
#[derive(Debug)]
#[non_exhaustive]
pub struct TargetBtf {
    /// The BTF itself.
    pub bytes: BtfBytes,
    /// Where it came from.
    pub origin: TargetOrigin,
    /// Size of the target's pointers where an ELF file said it; else BTF's own `long` tells.
    pub pointer_bytes: Option<u8>,
}

/// Where a target's BTF came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetOrigin {
    /// The running kernel's own.
    Kernel {
        /// The place that served.
        path: PathBuf,
        /// Every place tried; the last one is `path`.
        attempts: Vec<Attempt>,
    },
    /// The file that the user named.
    File(PathBuf),
    /// The user's bytes.
    Bytes,
}

impl Target {
    /// Finds and reads the BTF.
    ///
    /// # Errors
    /// Says which target, what was tried and why it failed.
    pub fn open(self) -> Result<TargetBtf, OpenTargetError> {
        match self {
            Self::Kernel => {
                let found = find_kernel_btf().map_err(OpenTargetError::Kernel)?;
                let origin = TargetOrigin::Kernel {
                    path: found.path,
                    attempts: found.attempts,
                };
                Ok(TargetBtf {
                    bytes: found.bytes,
                    origin,
                    pointer_bytes: found.pointer_bytes,
                })
            }
            Self::File(path) => {
                let file = read_btf_file(&path).map_err(OpenTargetError::File)?;
                Ok(TargetBtf::new(file, TargetOrigin::File(path)))
            }
            Self::Bytes(bytes) => {
                let file = read_btf_bytes(bytes).map_err(OpenTargetError::Bytes)?;
                Ok(TargetBtf::new(file, TargetOrigin::Bytes))
            }
        }
    }
}

impl TargetBtf {
    fn new(file: BtfFile, origin: TargetOrigin) -> Self {
        Self {
            bytes: file.bytes,
            origin,
            pointer_bytes: file.pointer_bytes,
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kernel => f.write_str("Kernel"),
            Self::File(path) => write!(f, "File({path:?})"),
            Self::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
        }
    }
}

impl fmt::Display for TargetOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kernel { path, .. } | Self::File(path) => fmt::Display::fmt(&path.display(), f),
            Self::Bytes => f.write_str("BTF from memory"),
        }
    }
}

/// A [`Target`] that gives no BTF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenTargetError {
    /// The running kernel's was found nowhere.
    Kernel(NoKernelBtf),
    /// The named file does not serve.
    File(ReadBtfError),
    /// The bytes do not serve.
    Bytes(Cause),
}

impl fmt::Display for OpenTargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kernel(error) => fmt::Display::fmt(error, f),
            Self::File(error) => fmt::Display::fmt(error, f),
            Self::Bytes(cause) => write!(f, "BTF from memory: {cause}"),
        }
    }
}

impl Error for OpenTargetError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_target_opens_or_says_why() {
        let raw = vec![0x9f, 0xeb, 1, 0];
        let opened = Target::Bytes(raw.clone()).open().unwrap();
        assert_eq!(
            (&opened.bytes[..], opened.origin),
            (&raw[..], TargetOrigin::Bytes)
        );
        let error = Target::Bytes(Vec::new()).open().unwrap_err();
        assert_eq!(error.to_string(), "BTF from memory: is empty");
        let error = Target::File("/no/such".into()).open().unwrap_err();
        assert_eq!(error.to_string(), "/no/such: not found");
        assert_eq!(format!("{:?}", Target::Bytes(raw)), "Bytes(4 bytes)");
    }
}
