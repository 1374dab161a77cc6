//! A program that the verifier refused.
//!
//! Enters: errno and log, and what this loader knows of the instructions. Leaves: [`Refused`],
//! which prints the telling lines and, where a poisoned instruction was reached, why it was
//! poisoned.

use core::fmt;

use crate::sys::SysError;

use super::verifier_log::excerpt;

/// A program that the verifier refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refused {
    /// The program.
    pub program: String,
    /// Its section.
    pub section: String,
    /// The call and its errno.
    pub source: SysError,
    /// The whole log, as far as it fits 16 MiB.
    pub log: String,
    /// What the log can't say: which relocation or function is missing behind an instruction.
    pub reasons: Vec<String>,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "program `{}` in section `{}` was refused: {}",
            self.program, self.section, self.source
        )?;
        for line in excerpt(&self.log) {
            write!(f, "\n  {line}")?;
        }
        for reason in &self.reasons {
            write!(f, "\n  {reason}")?;
        }
        Ok(())
    }
}
