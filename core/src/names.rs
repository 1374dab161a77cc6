//! How many bytes of names one sort or search may read.
//!
//! Enters: the length of each name that is about to be hashed or compared. Leaves: an error once
//! they are too many. A file can give any number of types or sections one long name, or names that
//! differ only at their ends; real objects and kernels come to a few megabytes.

use core::cmp::Ordering;

use crate::error::{Error, ErrorKind, Result, Site, What};
use crate::steps;

/// All that may be read, in bytes: a few tenths of a second.
const LIMIT: u64 = 1 << 27;

/// Bytes of names that may still be read.
#[derive(Debug)]
pub(crate) struct Names {
    left: u64,
}

impl Names {
    pub(crate) const fn new() -> Self {
        Self { left: LIMIT }
    }

    /// Takes a name of so many bytes; false once there are too many, which [`check`](Self::check)
    /// then says.
    #[inline]
    pub(crate) fn take(&mut self, bytes: usize) -> bool {
        match self.left.checked_sub(bytes as u64) {
            Some(left) => {
                self.left = left;
                true
            }
            None => {
                self.left = 0;
                false
            }
        }
    }

    /// How two names order; equal once there are too many.
    pub(crate) fn compare(&mut self, one: &[u8], other: &[u8]) -> Ordering {
        let bytes = one.len().min(other.len());
        if self.take(bytes) {
            steps::count_name(bytes);
            one.cmp(other)
        } else {
            Ordering::Equal
        }
    }

    /// Was all that was asked for still to be had?
    ///
    /// # Errors
    /// `OutOfRange`: too many bytes of names.
    pub(crate) fn check(&self) -> Result<()> {
        if self.left > 0 {
            return Ok(());
        }
        let kind = ErrorKind::OutOfRange {
            what: What::NamesAlike,
            value: LIMIT,
            limit: LIMIT.wrapping_sub(1),
        };
        Err(Error::new(kind, Site::Call))
    }
}
