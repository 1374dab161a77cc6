//! Work held to a bound: so many steps for each byte of input, and so many besides.
//!
//! Enters: something to do and the length of what it is done to. Leaves: its result. Steps are
//! counted by the core itself, and only in a build with `--cfg fuzzing`; they repeat exactly, as
//! seconds would not. The count is the process's: one thread at a time, please.

/// What some work may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bound {
    /// Steps for each byte of input.
    pub(super) each: usize,
    /// Steps besides.
    pub(super) besides: usize,
}

/// Does `work` on `bytes` bytes.
///
/// # Panics
/// It took more steps than `bound` allows.
pub(super) fn bounded<T>(what: &str, bytes: usize, bound: Bound, work: impl FnOnce() -> T) -> T {
    let start = taken();
    let result = work();
    let taken = taken() - start;
    let allowed = bound.each * bytes + bound.besides;
    assert!(
        taken <= allowed,
        "{what}: {taken} steps for {bytes} bytes, {allowed} allowed"
    );
    result
}

#[cfg(fuzzing)]
fn taken() -> usize {
    relocore::steps::taken()
}

/// Nothing is counted.
#[cfg(not(fuzzing))]
const fn taken() -> usize {
    0
}
