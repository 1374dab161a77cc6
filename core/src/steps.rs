//! How much was done, for the tests that hold the core's work to a bound (`--cfg fuzzing` only).
//!
//! Enters: [`count`], at every place that hostile input could make repeat: a record or symbol looked
//! at, a comparison, a name begun and each [`NAME_BYTES`] of it. Leaves: [`taken`], the sum. Steps
//! repeat exactly where seconds do not. In any other build nothing is counted and nothing is here.

/// Bytes of a name that count as one step.
const NAME_BYTES: usize = 16;

#[cfg(fuzzing)]
static TAKEN: core::sync::atomic::AtomicUsize = core::sync::atomic::AtomicUsize::new(0);

/// Steps since the process started.
#[cfg(fuzzing)]
#[must_use]
pub fn taken() -> usize {
    TAKEN.load(core::sync::atomic::Ordering::Relaxed)
}

/// Counts `steps` of work.
#[inline(always)]
pub(crate) fn count(steps: usize) {
    #[cfg(fuzzing)]
    TAKEN.fetch_add(steps, core::sync::atomic::Ordering::Relaxed);
    let _ = steps;
}

/// Counts the look at a name of so many bytes.
#[inline(always)]
pub(crate) fn count_name(bytes: usize) {
    count((bytes / NAME_BYTES).wrapping_add(1));
}
