//! Any resolution into any instruction: written, poisoned, or refused and untouched.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| relocore_tests::exercise::patch(bytes));
