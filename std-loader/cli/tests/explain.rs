//! `relocore explain` as a user meets it: one prepared failure a reason, each kept as a snapshot.
//!
//! The object is `tests/data/explain/probe.bpf.c`, in which every program fails in one way; the
//! kernels are `target_kernel.c` and `target_machine.c` beside it. Snapshots are read before they
//! are kept: would somebody understand them who has never heard of BTF?

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn explain(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_relocore"))
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/explain"))
        .arg("explain")
        .args(args)
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> &str {
    assert_eq!(core::str::from_utf8(&output.stderr), Ok(""));
    core::str::from_utf8(&output.stdout).unwrap()
}

const KERNEL: &str = "target_kernel.o";
const MACHINE: &str = "target_machine.elf32-i386.o";

/// A program that can't be loaded on that kernel.
fn fails(program: &str, kernel: &str) -> String {
    let output = explain(&["probe.o", "--btf", kernel, "--program", program]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    fits_a_screen(text);
    text.to_owned()
}

/// One problem takes one screen.
fn fits_a_screen(text: &str) {
    assert!(text.lines().count() <= 24, "{text}");
    for line in text.lines() {
        assert!(line.chars().count() <= 120, "{line}");
    }
}

macro_rules! failures {
    ($($program:ident on $kernel:ident,)*) => {
        $(#[test]
        fn $program() {
            insta::assert_snapshot!(fails(stringify!($program), $kernel));
        })*
    };
}

failures! {
    type_missing on KERNEL,
    member_missing on KERNEL,
    member_renamed on KERNEL,
    member_deeper on KERNEL,
    member_behind_pointer on KERNEL,
    struct_dissolved on KERNEL,
    other_kind on KERNEL,
    beyond_array on KERNEL,
    size_differs on KERNEL,
    ambiguous on KERNEL,
    far_away on KERNEL,
    enumerator_missing on KERNEL,
    guarded_wrongly on KERNEL,
    narrow on MACHINE,
    registers on MACHINE,
}

#[test]
fn guarded() {
    let output = explain(&["probe.o", "--btf", KERNEL, "--program", "guarded"]);
    assert_eq!(output.status.code(), Some(0));
    insta::assert_snapshot!(stdout(&output));
}

#[test]
fn type_differs() {
    let args = ["probe.o", "--btf", KERNEL, "--program", "type_differs"];
    let output = explain(&args);
    assert_eq!(output.status.code(), Some(0));
    assert!(!stdout(&output).contains("sk_buff"), "nothing is missing");
    let output = explain(&[&args[..], &["--all"]].concat());
    insta::assert_snapshot!(stdout(&output));
}

/// What two kernels answer alike is said once, with both their names.
#[test]
fn two_kernels() {
    let args = ["probe.o", "--program", "member_missing"];
    let output = explain(&[&args[..], &["--btf", KERNEL, "--btf", KERNEL]].concat());
    let text = stdout(&output);
    assert_eq!(text.matches("thread_id` is not in this kernel").count(), 1);
    assert!(
        text.contains("kernels   target_kernel.o, target_kernel.o"),
        "{text}"
    );
    let output = explain(&[&args[..], &["--btf", KERNEL, "--btf", MACHINE]].concat());
    insta::assert_snapshot!(stdout(&output));
}

/// Without line records, and without a program's name, there is still an instruction to name.
#[test]
fn no_line_numbers() {
    let dir = tempfile::tempdir().unwrap();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/explain/probe.o");
    let mut object = std::fs::read(data).unwrap();
    let header = [0x9f, 0xeb, 1, 0, 32, 0, 0, 0];
    let at = object
        .windows(8)
        .position(|bytes| bytes == header)
        .expect("it has .BTF.ext");
    object[at + 20..at + 24].fill(0); // length of its line records
    let path = dir.path().join("probe.o");
    std::fs::write(&path, object).unwrap();
    let path = path.to_str().unwrap();
    let output = explain(&[path, "--btf", KERNEL, "--program", "member_missing"]);
    insta::assert_snapshot!(stdout(&output).replace(path, "probe.o"));
}

#[test]
fn whole_object_in_json() {
    let output = explain(&["probe.o", "--btf", KERNEL, "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let lines: Vec<Value> = stdout(&output)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let (summary, findings) = lines.split_last().unwrap();
    assert_eq!(summary["type"], "summary");
    assert_eq!(
        summary["findings"].as_u64().unwrap() as usize,
        findings.len()
    );
    let effect = |word: &str| findings.iter().filter(|one| one["effect"] == word).count();
    // `ambiguous` and `far_away`; `guarded`; all other programs but `type_differs`, whose answers
    // are plain numbers, and with `pt_regs` and `jiffies_box`, which this kernel has not.
    assert_eq!((effect("fails"), effect("guarded")), (2, 1));
    assert_eq!(summary["problems"], 2 + effect("refused"));
    let deeper = findings
        .iter()
        .find(|one| one["path"] == "mm_struct.rss_pages");
    let deeper = deeper.unwrap();
    assert_eq!(deeper["access"], "task->mm->rss_pages");
    assert_eq!(deeper["perhaps"][0], "`rss_stat.rss_pages` (`long`)");
    assert_eq!(deeper["uses"][0]["source"]["file"], "./probe.bpf.c");
    assert_eq!(deeper["uses"][0]["guard"]["state"], "none");
}

#[test]
fn usage() {
    let output = explain(&["probe.o", "--btf", KERNEL, "--program", "nobody"]);
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        message.contains("no program `nobody`") && message.contains("member_missing"),
        "{message}"
    );
    let two = [
        "probe.o",
        "--btf",
        KERNEL,
        "--btf",
        KERNEL,
        "--module-btf",
        KERNEL,
    ];
    assert_eq!(explain(&two).status.code(), Some(2));
}
