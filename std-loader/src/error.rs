//! What can go wrong between a file and a running program.
//!
//! Enters: the causes, each typed where it arises. Leaves: [`Error`], which adds the object's name
//! and prints one sentence; where one sentence is not enough (several failed relocations, the
//! verifier's log), indented lines follow.

use core::error::Error as StdError;
use core::fmt;
use std::io;
use std::path::PathBuf;

use crate::kernel::{
    ConfigError, OpenTargetError, ReadBtfError, StoreError, UnsetExterns, VirtualError,
};
use crate::load::{
    AttachProblem, FailedRelocation, ProgramProblem, ReferenceProblem, Refused, Step, Unknown,
};
use crate::map::MapError;
use crate::object::{ExternProblem, MapProblem};
use crate::sys::SysError;

/// An object can't be opened, configured, loaded or attached.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    object: String,
    kind: ErrorKind,
}

impl Error {
    /// The object: its path when it was being opened, else its name.
    #[must_use]
    pub fn object(&self) -> &str {
        &self.0.object
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// The errno, if a system call failed.
    #[must_use]
    pub fn errno(&self) -> Option<i32> {
        match self.kind() {
            ErrorKind::Read(error) => error.raw_os_error(),
            ErrorKind::Sys { source, .. } | ErrorKind::TooOld { source, .. } => Some(source.errno),
            ErrorKind::Map(_, MapError::Sys { source, .. }) => Some(source.errno),
            ErrorKind::Refused(refused) => Some(refused.source.errno),
            ErrorKind::Attach {
                problem: AttachProblem::Sys(source),
                ..
            } => Some(source.errno),
            _ => None,
        }
    }
}

/// What went wrong.
#[derive(Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The file can't be read.
    Read(io::Error),
    /// The file is no BPF object, or a part of it is malformed.
    Format(relocore::Error),
    /// The object is for machines of the other byte order.
    ByteOrder,
    /// The object has nothing of that name.
    NoSuch {
        /// What was looked for.
        item: Item,
        /// Its name.
        name: String,
    },
    /// Several variables have that name.
    TwoVariables(String),
    /// A value has not the size of its variable.
    VariableSize {
        /// The variable.
        name: String,
        /// Bytes that it has.
        expected: usize,
        /// Bytes that the value has.
        found: usize,
    },
    /// The variable can't be written after the load.
    Constant(String),
    /// User space has no access to the variable's map.
    NotMapped(String),
    /// A map's definition can't be used.
    MapDefinition {
        /// The map.
        map: String,
        /// Why not.
        problem: MapProblem,
    },
    /// An extern can't be used.
    Extern {
        /// The extern.
        name: String,
        /// Why not.
        problem: ExternProblem,
    },
    /// An instruction refers to something that it can't.
    Reference {
        /// Section of the instruction.
        section: String,
        /// Its place there, in bytes.
        offset_bytes: u32,
        /// The symbol that it refers to; empty if none.
        symbol: String,
        /// What is wrong.
        problem: ReferenceProblem,
    },
    /// A program can't be loaded as it is declared.
    Program {
        /// The program.
        program: String,
        /// Its section.
        section: String,
        /// Why not.
        problem: ProgramProblem,
    },
    /// The target gives no BTF.
    Target(OpenTargetError),
    /// A module that the user named gives no BTF.
    Module(ReadBtfError),
    /// The target's BTF is malformed.
    TargetFormat {
        /// Where it is from.
        name: String,
        /// What is wrong with it.
        source: relocore::Error,
    },
    /// CO-RE records that can't be resolved, all of them.
    Relocation(Vec<FailedRelocation>),
    /// The kernel's configuration can't be used.
    Config(ConfigError),
    /// Options that the configuration does not set.
    Unset(UnsetExterns),
    /// A `LINUX_` value is not known.
    Virtual(VirtualError),
    /// A `LINUX_` value does not fit its extern.
    Store {
        /// The extern.
        name: String,
        /// Why not.
        source: StoreError,
    },
    /// The kernel's symbols can't be read.
    Kallsyms(io::Error),
    /// The directory for a BPF token can't be opened.
    Token {
        /// The directory.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The kernel refused a step.
    Sys {
        /// The step.
        step: Step,
        /// What it was about: a map, a program.
        item: String,
        /// The call and its errno.
        source: SysError,
    },
    /// The kernel refused a step, and is too old for what was asked of it.
    TooOld {
        /// The step.
        step: Step,
        /// What it was about: a map, a program.
        item: String,
        /// The call and its errno.
        source: SysError,
        /// What it does not know.
        unknown: Unknown,
    },
    /// The kernel refused an operation on a map.
    Map(Step, MapError),
    /// The verifier refused a program.
    Refused(Box<Refused>),
    /// A program can't be attached.
    Attach {
        /// The program.
        program: String,
        /// Its section.
        section: String,
        /// Why not.
        problem: AttachProblem,
    },
}

/// Things that an object has by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// A program.
    Program,
    /// A map.
    Map,
    /// A global variable.
    Variable,
}

impl ErrorKind {
    /// With the name of the object.
    pub(crate) fn of(self, object: &str) -> Error {
        Error(Box::new(Inner {
            object: object.to_owned(),
            kind: self,
        }))
    }

    pub(crate) fn no_such(item: Item, name: &str) -> Self {
        Self::NoSuch {
            item,
            name: name.to_owned(),
        }
    }

    pub(crate) fn sys(step: Step, item: &str, source: SysError) -> Self {
        Self::Sys {
            step,
            item: item.to_owned(),
            source,
        }
    }
}

impl From<relocore::Error> for ErrorKind {
    fn from(error: relocore::Error) -> Self {
        Self::Format(error)
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Program => "program",
            Self::Map => "map",
            Self::Variable => "global variable",
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.object(), self.kind())
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) => fmt::Display::fmt(error, f),
            Self::Format(error) => format(f, *error),
            Self::ByteOrder => f.write_str(
                "is for machines of the other byte order: it can be relocated here, not loaded",
            ),
            Self::NoSuch { item, name } => write!(f, "has no {item} `{name}`"),
            Self::TwoVariables(name) => write!(f, "has several global variables `{name}`"),
            Self::VariableSize {
                name,
                expected,
                found,
            } => {
                write!(
                    f,
                    "global variable `{name}` has {expected} bytes, not {found}"
                )
            }
            Self::Constant(name) => {
                write!(
                    f,
                    "global variable `{name}` is constant: set it before the object is loaded"
                )
            }
            Self::NotMapped(name) => {
                write!(
                    f,
                    "global variable `{name}` is in a section that user space can't map"
                )
            }
            Self::MapDefinition { map, problem } => write!(f, "map `{map}` {problem}"),
            Self::Extern { name, problem } => write!(f, "extern `{name}` {problem}"),
            Self::Reference {
                section,
                offset_bytes,
                symbol,
                problem,
            } => {
                write!(f, "section `{section}`, instruction at byte {offset_bytes}")?;
                if !symbol.is_empty() {
                    write!(f, ", symbol `{symbol}`")?;
                }
                write!(f, ": {problem}")
            }
            Self::Program {
                program,
                section,
                problem,
            } => {
                write!(f, "program `{program}` in section `{section}`: {problem}")
            }
            Self::Target(error) => fmt::Display::fmt(error, f),
            Self::Module(error) => fmt::Display::fmt(error, f),
            Self::TargetFormat { name, source } => write!(f, "BTF of {name}: {source}"),
            Self::Relocation(failed) => relocations(f, failed),
            Self::Config(error) => fmt::Display::fmt(error, f),
            Self::Unset(error) => fmt::Display::fmt(error, f),
            Self::Virtual(error) => fmt::Display::fmt(error, f),
            Self::Store { name, source } => write!(f, "{name}: {source}"),
            Self::Token { path, source } => {
                write!(f, "BPF token from {}: {source}", path.display())
            }
            Self::Kallsyms(error) => write!(f, "/proc/kallsyms: {error}"),
            Self::Sys { step, item, source } if item.is_empty() => write!(f, "{step}: {source}"),
            Self::Sys { step, item, source } => write!(f, "{step} `{item}`: {source}"),
            Self::TooOld {
                step,
                item,
                source,
                unknown,
            } => write!(f, "{step} `{item}`: {source}; {unknown}"),
            Self::Map(step, error) => write!(f, "{step}: {error}"),
            Self::Refused(refused) => fmt::Display::fmt(refused, f),
            Self::Attach {
                program,
                section,
                problem,
            } => {
                write!(
                    f,
                    "attaching program `{program}` of section `{section}`: {problem}"
                )
            }
        }
    }
}

/// The commonest mistakes in words; other errors as they are.
fn format(f: &mut fmt::Formatter<'_>, error: relocore::Error) -> fmt::Result {
    use relocore::error::{ErrorKind as Kind, What};
    match error.kind() {
        Kind::Malformed(What::ElfMagic) => f.write_str("is not an ELF file"),
        Kind::Unsupported {
            what: What::ElfMachine,
            found,
        } => write!(
            f,
            "is an ELF file, but not for BPF (its machine number is {found}, BPF is 247)"
        ),
        _ => fmt::Display::fmt(&error, f),
    }
}

/// Each cause once: in the words for people, or else in one line.
fn relocations(f: &mut fmt::Formatter<'_>, failed: &[FailedRelocation]) -> fmt::Result {
    match failed {
        [_] => f.write_str("a relocation failed:")?,
        _ => write!(f, "{} relocations failed:", failed.len())?,
    }
    let mut told: Vec<&str> = Vec::new();
    for one in failed {
        match one.explanation.as_str() {
            "" => write!(f, "\n  {one}")?,
            text if told.contains(&text) => {}
            _ if told.len() == MAX_TOLD => {
                return write!(f, "\n\nand others that are left out here, such as {one}");
            }
            text => {
                write!(f, "\n\n{text}")?;
                told.push(text);
            }
        }
    }
    Ok(())
}

/// Causes of failed relocations that one error tells.
const MAX_TOLD: usize = 16;

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self.kind() {
            ErrorKind::Read(error) | ErrorKind::Kallsyms(error) => Some(error),
            ErrorKind::Token { source, .. } => Some(source),
            ErrorKind::Format(error) => Some(error),
            ErrorKind::Target(error) => Some(error),
            ErrorKind::Module(error) => Some(error),
            ErrorKind::TargetFormat { source, .. } => Some(source),
            ErrorKind::Config(error) => Some(error),
            ErrorKind::Unset(error) => Some(error),
            ErrorKind::Virtual(error) => Some(error),
            ErrorKind::Store { source, .. } => Some(source),
            ErrorKind::Sys { source, .. } | ErrorKind::TooOld { source, .. } => Some(source),
            ErrorKind::Map(_, error) => Some(error),
            ErrorKind::Refused(refused) => Some(&refused.source),
            ErrorKind::Attach {
                problem: AttachProblem::Sys(source),
                ..
            } => Some(source),
            _ => None,
        }
    }
}
