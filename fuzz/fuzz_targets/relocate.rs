//! An object and a target, real ones changed in their types or any bytes: an answer for every
//! record, or an error.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| relocore_tests::exercise::relocate(bytes));
