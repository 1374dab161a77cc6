//! Any bytes as .BTF.ext: an answer or an error, and every promise of the views holds.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| relocore_tests::exercise::ext(bytes));
