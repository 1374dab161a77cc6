//! Why a value does not go into an extern.
//!
//! Enters: the value, the extern's class and what stands between them. Leaves: a sentence, such as
//! ``value `m` needs a tristate or char; the extern is: bool``. `settings` puts file, line and name
//! in front of it.

use core::error::Error;
use core::fmt;

use super::c_number::NumberError;
use super::extern_class::ExternClass;

/// A value that does not go into an extern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreError {
    /// The value, escaped and shortened.
    pub value: String,
    /// What the extern is.
    pub class: ExternClass,
    /// Why it does not fit.
    pub problem: StoreProblem,
}

/// Why a value does not go into an extern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreProblem {
    /// `y`, `n` or `m` for an integer or a string.
    TristateForOther,
    /// `m` for a bool.
    ModuleForBool,
    /// A string for anything but a string.
    StringForOther,
    /// A string without its closing quote.
    Unterminated,
    /// A number for a string, a tristate or a bool.
    NumberForOther,
    /// Neither `y`, `n`, `m`, a string nor a number up to its last character.
    NotANumber,
    /// A number of more than 64 bits, or beyond the extern's range.
    OutOfRange,
    /// The slot has another size than the class, or the class one that no such type has.
    SlotSize {
        /// The slot's bytes.
        slot_bytes: usize,
    },
}

impl From<NumberError> for StoreProblem {
    fn from(error: NumberError) -> Self {
        match error {
            NumberError::NotANumber => Self::NotANumber,
            NumberError::TooLarge => Self::OutOfRange,
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            value,
            class,
            problem,
        } = self;
        write!(f, "value `{value}` ")?;
        match problem {
            StoreProblem::TristateForOther => {
                write!(f, "needs a bool, char or tristate; the extern is: {class}")
            }
            StoreProblem::ModuleForBool => {
                write!(f, "needs a tristate or char; the extern is: {class}")
            }
            StoreProblem::StringForOther => {
                write!(f, "needs an array of char; the extern is: {class}")
            }
            StoreProblem::Unterminated => f.write_str("lacks its closing quote"),
            StoreProblem::NumberForOther => {
                write!(f, "needs an integer or char; the extern is: {class}")
            }
            StoreProblem::NotANumber => {
                f.write_str("is neither y, n, m, a quoted string nor a number")
            }
            StoreProblem::OutOfRange => write!(f, "is out of range; the extern is: {class}"),
            StoreProblem::SlotSize { slot_bytes } => {
                write!(f, "can't go into {slot_bytes} bytes as {class}")
            }
        }
    }
}

impl Error for StoreError {}
