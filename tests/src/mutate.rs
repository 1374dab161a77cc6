//! Every prefix of some bytes, and every byte of them changed.
//!
//! Enters: bytes and a check. Leaves: nothing, or a panic that says which change failed the check.

use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::thread;

/// What becomes of the byte at a place: each is XORed into it.
pub type Changes = fn(usize) -> &'static [u8];

/// Each single bit. Without optimization, where everything takes thirty times as long, one bit of
/// each byte, of the next byte the next.
pub fn every_bit(at: usize) -> &'static [u8] {
    const BITS: &[u8] = &[0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80];
    if cfg!(debug_assertions) {
        &BITS[at % 8..][..1]
    } else {
        BITS
    }
}

/// Runs `check` on prefixes of `bytes`, and on `bytes` with one byte changed. `stride` leaves
/// places out: 1 is all. Two threads share the work.
///
/// # Panics
/// The check did.
pub fn mutate(
    name: &str,
    bytes: &[u8],
    changes: Changes,
    stride: usize,
    check: impl Fn(&[u8]) + Sync,
) {
    let guarded = |what: &str, at: usize, case: &[u8]| {
        // The panic has been printed by its hook; what it was about has not.
        let result = catch_unwind(AssertUnwindSafe(|| check(case)));
        assert!(result.is_ok(), "{name}: {what} {at}");
    };
    let half = |first: usize| {
        let mut case = bytes.to_vec();
        for at in (first * stride..bytes.len()).step_by(2 * stride) {
            guarded("the first so many bytes:", at, &bytes[..at]);
            for change in changes(at) {
                case[at] ^= change;
                guarded(&format!("bits {change:#04x} flipped at"), at, &case);
                case[at] = bytes[at];
            }
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| half(0));
        half(1);
    });
}
