//! `relocore inspect` as a user meets it.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn inspect(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_relocore"))
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data"))
        .arg("inspect")
        .args(args)
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> &str {
    assert_eq!(core::str::from_utf8(&output.stderr), Ok(""));
    assert_eq!(output.status.code(), Some(0));
    core::str::from_utf8(&output.stdout).unwrap()
}

#[test]
fn demo() {
    insta::assert_snapshot!(stdout(&inspect(&["obj/demo.bpfel.o"])));
}

/// Each lint fires once where it should; the programs `adapted` and `adapted_record` do the same
/// as they should be, and are not told of.
#[test]
fn lint() {
    let output = inspect(&["explain/lint.o"]);
    let text = stdout(&output);
    assert!(
        !text.split("Lint").nth(1).unwrap().contains("adapted"),
        "{text}"
    );
    insta::assert_snapshot!(text);
}

#[test]
fn not_core_at_all() {
    // A target's file: types, and no code.
    let output = inspect(&["targets/fields.bpfel.o"]);
    assert!(stdout(&output).contains("CO-RE: no"), "{}", stdout(&output));
}

#[test]
fn json() {
    let output = inspect(&["explain/lint.o", "--json"]);
    let it: Value = serde_json::from_str(stdout(&output)).unwrap();
    assert_eq!(
        (&it["type"], &it["is_core"]),
        (&"object".into(), &true.into())
    );
    assert_eq!(it["license"], "Dual MIT/GPL");
    let lints: Vec<_> = it["lint"].as_array().unwrap().iter().collect();
    let of = |program: &str| {
        let mut lints = lints.iter().filter(|one| one["program"] == program);
        lints.next().map(|one| one["lint"].as_str().unwrap())
    };
    for (program, lint) in [
        ("fixed_load", Some("fixed_offset")),
        ("fixed_read", Some("fixed_offset")),
        ("fixed_chain", Some("fixed_offset")),
        ("fixed_record", Some("fixed_context")),
        ("fixed_size", Some("fixed_size")),
        ("fixed_version", Some("fixed_version")),
        ("adapted", None),
        ("adapted_record", None),
    ] {
        assert_eq!(of(program), lint, "{program}");
    }
    let program = &it["programs"][0];
    assert_eq!(
        (&program["name"], &program["kind"], &program["autoload"]),
        (&"fixed_load".into(), &"tracing".into(), &true.into())
    );
}

/// Objects of both byte orders, and every one of the tests': nothing that is no object's fault.
#[test]
fn every_object() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/obj");
    for entry in std::fs::read_dir(data).unwrap() {
        let path = entry.unwrap().path();
        let output = inspect(&[path.to_str().unwrap(), "--json"]);
        let it: Value = serde_json::from_str(stdout(&output)).unwrap();
        assert!(!it["programs"].as_array().unwrap().is_empty(), "{path:?}");
    }
}
