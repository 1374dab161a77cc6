//! What fuzzing once found, and what it starts from, replayed on stable: files of
//! `fuzz/regressions/` and `fuzz/seeds/`.

use relocore_tests::{exercise, seeds};

/// What a target does with its bytes.
type Run = fn(&[u8]);

#[test]
fn finds_and_seeds_are_answered() {
    let targets: [(&str, Run); 8] = [
        ("btf_parse", exercise::btf),
        ("btf_ext_parse", exercise::ext),
        ("elf_parse", exercise::elf),
        ("split_btf", exercise::split_pair),
        ("relocate", exercise::relocate),
        ("patch", exercise::patch),
        ("kconfig", exercise::config),
        ("loader", exercise::loader),
    ];
    for (target, run) in targets {
        let files = seeds(target);
        assert!(!files.is_empty(), "{target} has no seeds");
        for (name, bytes) in files {
            println!("{target} {name}"); // printed if it fails
            run(&bytes);
        }
    }
}
