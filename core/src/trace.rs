//! Trace points of the relocation path (feature `defmt`).
//!
//! Enters: what a `defmt::trace!` takes. Leaves: that, or with the feature off nothing at all: the
//! arguments are not even looked at.

/// `defmt::trace!` with the feature, nothing without.
macro_rules! trace {
    ($($argument:tt)*) => {{
        #[cfg(feature = "defmt")]
        defmt::trace!($($argument)*);
    }};
}

pub(crate) use trace;
