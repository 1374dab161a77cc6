//! Trace points of the relocation path (feature `defmt`).
//!
//! Enters: what a `defmt::trace!` takes. Leaves: that, or with the feature off nothing at all: the
//! arguments are not even looked at. There is one point for each candidate found and one for what
//! became of each record; they cost a branch on the reader's side and some bytes on the wire.

/// `defmt::trace!` with the feature, nothing without.
macro_rules! trace {
    ($($argument:tt)*) => {{
        #[cfg(feature = "defmt")]
        defmt::trace!($($argument)*);
    }};
}

pub(super) use trace;
