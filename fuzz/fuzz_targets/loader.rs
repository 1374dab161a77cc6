//! Any bytes as an object to be loaded, up to where the kernel would be asked.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| relocore_tests::exercise::loader(bytes));
