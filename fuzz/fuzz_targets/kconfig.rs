//! Any bytes as a kernel's configuration, and its values into every class of extern.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| relocore_tests::exercise::config(bytes));
