//! Attaching a loaded program as its section's name says.
//!
//! Enters: a [`LoadedProgram`]. Leaves: a [`Link`].
//!
//! | section | attaches by |
//! |---|---|
//! | `raw_tp/x`, `raw_tracepoint/x` (`.s`, `.w`) | `BPF_RAW_TRACEPOINT_OPEN` |
//! | others | not yet |

use core::fmt;
use std::os::fd::AsFd;

use crate::error::{Error, ErrorKind};
use crate::link::Link;
use crate::sys::{ProgType, SysError};

use super::loaded::LoadedProgram;

/// Why a program can't be attached.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AttachProblem {
    /// Its section's name does not say where to.
    NoTarget,
    /// Programs of that section can be loaded, but not yet attached.
    NotYet,
    /// The kernel said no.
    Sys(SysError),
}

impl fmt::Display for AttachProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoTarget => {
                f.write_str("the section's name does not say where to, after a slash")
            }
            Self::NotYet => f.write_str("not yet supported attach type"),
            Self::Sys(error) => fmt::Display::fmt(error, f),
        }
    }
}

impl LoadedProgram {
    /// Whether [`attach`](Self::attach) knows how.
    #[must_use]
    pub fn is_attachable(&self) -> bool {
        self.is_raw_tracepoint() && self.sec().target.is_some()
    }

    fn is_raw_tracepoint(&self) -> bool {
        matches!(
            self.prog_type(),
            ProgType::RAW_TRACEPOINT | ProgType::RAW_TRACEPOINT_WRITABLE
        )
    }

    /// Attaches it where its section's name says. Dropping the link detaches it.
    ///
    /// # Errors
    /// The section's name says nothing, or of an attach type that is not yet supported; or the
    /// kernel refused.
    pub fn attach(&self) -> Result<Link, Error> {
        self.attach_by_section().map_err(|problem| {
            let kind = ErrorKind::Attach {
                program: self.name().to_owned(),
                section: self.section().to_owned(),
                problem,
            };
            kind.of(self.object())
        })
    }

    fn attach_by_section(&self) -> Result<Link, AttachProblem> {
        if !self.is_raw_tracepoint() {
            return Err(AttachProblem::NotYet);
        }
        let target = self
            .sec()
            .target
            .as_deref()
            .ok_or(AttachProblem::NoTarget)?;
        Link::raw_tracepoint(self.as_fd(), target).map_err(AttachProblem::Sys)
    }
}
