//! A program before it is loaded.
//!
//! Enters: an entry function and its section's name. Leaves: a [`Program`], which the user may
//! change until the object is loaded.

use crate::sys::ProgType;

use super::sec::Sec;

/// A program of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    pub(crate) name: String,
    pub(crate) section: String,
    pub(crate) sec: Sec,
    pub(crate) autoload: bool,
    /// Its function, by place in the object's list.
    pub(crate) function: usize,
}

impl Program {
    /// Name of its function.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Name of its section: `raw_tp/sched_switch`.
    #[must_use]
    pub fn section(&self) -> &str {
        &self.section
    }

    /// What its section's name says.
    #[must_use]
    pub const fn sec(&self) -> &Sec {
        &self.sec
    }

    /// What kind of program; `UNSPEC` if its section's name is not known.
    #[must_use]
    pub fn prog_type(&self) -> ProgType {
        self.sec
            .kind
            .map_or(ProgType::UNSPEC, |kind| kind.prog_type)
    }

    /// Whether it will be loaded.
    #[must_use]
    pub const fn autoload(&self) -> bool {
        self.autoload
    }

    /// Has it loaded, or not. What is not loaded is not looked at either: its relocations and
    /// externs can be wrong.
    pub const fn set_autoload(&mut self, autoload: bool) -> &mut Self {
        self.autoload = autoload;
        self
    }
}
