//! Any bytes as a base and BTF split on it.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| relocore_tests::exercise::split_pair(bytes));
