//! Any bytes as object and target: an answer for every record, or an error.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| relocore_tests::exercise::pair(bytes));
