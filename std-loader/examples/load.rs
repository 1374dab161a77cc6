//! Loads objects and says how it went: `cargo run --example load -- *.bpf.o`.
//!
//! Each object is relocated for the running kernel and loaded; nothing is attached, and all is
//! gone again before the next one. Needs CAP_BPF and, for tracing, CAP_PERFMON.

use relocore_loader::Object;

fn main() {
    for path in std::env::args().skip(1) {
        match Object::open(&path).and_then(|object| object.load()) {
            Ok(loaded) => {
                println!("ok   {path}: {} programs", loaded.programs().len());
                for note in loaded.notes() {
                    println!("     {note}");
                }
            }
            Err(error) => println!("FAIL {error}"),
        }
    }
}
