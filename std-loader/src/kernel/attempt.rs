//! One place that was tried, and how it went.
//!
//! Enters: a path and what the system answered. Leaves: [`Attempt`]s, which every search of this
//! module keeps, and which errors print one a line:
//! `/boot/vmlinux-6.1.0: not found`.

use core::fmt;
use std::io;
use std::path::PathBuf;

use nix::libc;

/// One path that was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The path as it was opened.
    pub path: PathBuf,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of one [`Attempt`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// This is where the answer came from.
    Used,
    /// It was no use, because of this.
    Failed(Cause),
}

impl Attempt {
    pub(super) const fn used(path: PathBuf) -> Self {
        Self {
            path,
            outcome: Outcome::Used,
        }
    }

    pub(super) const fn failed(path: PathBuf, cause: Cause) -> Self {
        Self {
            path,
            outcome: Outcome::Failed(cause),
        }
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.outcome {
            Outcome::Used => write!(f, "{path}: used"),
            Outcome::Failed(cause) => write!(f, "{path}: {cause}"),
        }
    }
}

/// Why a file could not serve. Prints as the second half of a sentence that began with the path.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// No such file.
    NotFound,
    /// The file is there, but this process may not read it.
    Permission,
    /// A directory, where a file was expected.
    Directory,
    /// Not one byte in it.
    Empty,
    /// More bytes than anything of this kind has.
    TooLarge {
        /// The bound that was passed, in bytes.
        limit_bytes: u64,
    },
    /// Neither BTF nor ELF.
    Foreign {
        /// What the first bytes look like instead, if they are known.
        looks_like: Option<&'static str>,
    },
    /// ELF, but without a section `.BTF`.
    NoBtfSection,
    /// ELF whose `.BTF` holds no bytes, as in a file that only carries debug information.
    EmptyBtfSection,
    /// ELF that contradicts itself or that can't be read.
    BadElf {
        /// Which part is wrong.
        what: &'static str,
    },
    /// gzip data that does not unpack.
    BadGzip,
    /// A name that can't be a kernel module's, such as one with a slash.
    NotAModuleName,
    /// Any other error of the operating system.
    Io {
        /// `errno`.
        errno: i32,
    },
}

impl From<io::Error> for Cause {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotFound,
            io::ErrorKind::PermissionDenied => Self::Permission,
            io::ErrorKind::IsADirectory => Self::Directory,
            _ => Self::Io {
                errno: error.raw_os_error().unwrap_or(libc::EIO),
            },
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("not found"),
            Self::Permission => f.write_str("permission denied"),
            Self::Directory => f.write_str("is a directory"),
            Self::Empty => f.write_str("is empty"),
            Self::TooLarge { limit_bytes } => write!(f, "holds more than {limit_bytes} bytes"),
            Self::Foreign { looks_like: None } => f.write_str("is neither BTF nor ELF"),
            Self::Foreign {
                looks_like: Some(kind),
            } => write!(f, "is neither BTF nor ELF but {kind}"),
            Self::NoBtfSection => f.write_str("is ELF without a .BTF section"),
            Self::EmptyBtfSection => f.write_str("is ELF whose .BTF section holds no bytes"),
            Self::BadElf { what } => write!(f, "is damaged ELF: {what}"),
            Self::BadGzip => f.write_str("holds damaged gzip data"),
            Self::NotAModuleName => f.write_str("is not the name of a kernel module"),
            Self::Io { errno } => fmt::Display::fmt(&io::Error::from_raw_os_error(*errno), f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_print_path_and_cause() {
        let rows = [
            (Cause::NotFound, "/x: not found"),
            (
                Cause::TooLarge { limit_bytes: 16 },
                "/x: holds more than 16 bytes",
            ),
            (
                Cause::Foreign {
                    looks_like: Some("xz data"),
                },
                "/x: is neither BTF nor ELF but xz data",
            ),
            (
                Cause::BadElf {
                    what: "section table",
                },
                "/x: is damaged ELF: section table",
            ),
            (
                Cause::Io { errno: libc::EIO },
                "/x: Input/output error (os error 5)",
            ),
        ];
        for (cause, text) in rows {
            assert_eq!(Attempt::failed("/x".into(), cause).to_string(), text);
        }
        assert_eq!(Attempt::used("/x".into()).to_string(), "/x: used");
    }

    #[test]
    fn errno_becomes_a_cause() {
        for (errno, cause) in [
            (libc::ENOENT, Cause::NotFound),
            (libc::EACCES, Cause::Permission),
            (libc::EPERM, Cause::Permission),
            (libc::EISDIR, Cause::Directory),
            (
                libc::ENOTDIR,
                Cause::Io {
                    errno: libc::ENOTDIR,
                },
            ),
        ] {
            assert_eq!(
                Cause::from(io::Error::from_raw_os_error(errno)),
                cause,
                "{errno}"
            );
        }
        assert_eq!(
            Cause::from(io::Error::other("no errno")),
            Cause::Io { errno: libc::EIO }
        );
    }
}
