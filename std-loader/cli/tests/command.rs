//! The command as a user meets it: exit status, messages, files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/data")
        .join(path)
}

fn relocore(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_relocore"))
        .args(args)
        .output()
        .unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn json(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// A bundled kernel's BTF as a file.
fn kernel(dir: &Path, id: &str) -> String {
    let packed = fs::read(data(&format!("kernels/{id}.btf.zst"))).unwrap();
    let mut btf = Vec::new();
    let mut decoder = ruzstd::decoding::StreamingDecoder::new(&packed[..]).unwrap();
    std::io::Read::read_to_end(&mut decoder, &mut btf).unwrap();
    let path = dir.join(id);
    fs::write(&path, btf).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn help_has_examples() {
    let output = relocore(&["--help"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("Examples:")
    );
    assert_eq!(relocore(&["relocate"]).status.code(), Some(2));
    assert_eq!(relocore(&["no-such-command"]).status.code(), Some(2));
}

#[test]
fn each_bad_input_names_its_path_and_cause() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let demo = data("obj/demo.bpfel.o");
    let demo = demo.to_str().unwrap();
    let own = std::env::current_exe().unwrap();
    let (empty, text) = (file("empty", b""), file("text", b"hello"));
    let cut = file("cut.o", &fs::read(demo).unwrap()[..1000]);
    let missing = dir.path().join("missing").to_str().unwrap().to_owned();
    for (path, cause) in [
        (missing.as_str(), "No such file"),
        (dir.path().to_str().unwrap(), "is a directory"),
        (&empty, "is empty"),
        (&text, "is not an ELF file"),
        (own.to_str().unwrap(), "not for BPF"),
        (&cut, "ELF section table"),
    ] {
        let output = relocore(&["relocate", path]);
        let message = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{message}");
        assert!(
            message.contains(path) && message.contains(cause),
            "{path} {cause}: {message}"
        );
    }
    for (path, cause) in [
        (missing.as_str(), "not found"),
        (&empty, "is empty"),
        (&text, "neither"),
        (&cut, ""),
    ] {
        let output = relocore(&["relocate", demo, "--btf", path]);
        let message = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{message}");
        assert!(
            message.contains(path) && message.contains(cause),
            "{path} {cause}: {message}"
        );
    }
}

#[test]
fn json_lines_are_as_documented() {
    let dir = tempfile::tempdir().unwrap();
    let btf = kernel(dir.path(), "5.10-amd64");
    let demo = data("obj/demo.bpfel.o");
    let output = relocore(&["relocate", demo.to_str().unwrap(), "--btf", &btf, "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let lines = json(&output);
    let (summary, rest) = lines.split_last().unwrap();
    let (section, records) = rest.split_last().unwrap();
    // task_struct.tgid of 5.10: bit 17888 of the struct in `bpftool btf dump`.
    let first = &records[0];
    assert_eq!(first["type"], "relocation");
    assert_eq!(first["section"], "raw_tp/sched_process_exec");
    assert_eq!((&first["record"], &first["insn"]), (&0.into(), &0.into()));
    assert_eq!(
        (&first["kind"], &first["local"]),
        (&"byte_off".into(), &"task_struct".into())
    );
    assert_eq!(
        (&first["access"], &first["path"]),
        (&"0:3".into(), &"task_struct.tgid".into())
    );
    assert_eq!(
        (&first["outcome"], &first["new"]),
        (&"resolved".into(), &(17888 / 8).into())
    );
    assert_eq!(first["reason"], Value::Null);
    // 5.10 has `state`, not `__state`.
    let poisoned: Vec<_> = records
        .iter()
        .filter(|r| r["outcome"] == "poisoned")
        .collect();
    assert_eq!(poisoned.len(), 1);
    assert_eq!(poisoned[0]["path"], "task_struct.__state");
    assert!(
        poisoned[0]["reason"]
            .as_str()
            .unwrap()
            .contains("no member `__state`")
    );
    assert_eq!(poisoned[0]["new"], Value::Null);
    assert_eq!(section["type"], "section");
    let insns = section["insns"].as_str().unwrap();
    // The poisoned instruction is a call of 0xbad2310, little-endian.
    let at = poisoned[0]["insn"].as_u64().unwrap() as usize * 16;
    assert_eq!(&insns[at..at + 16], "850000001023ad0b");
    assert_eq!(summary["type"], "summary");
    assert_eq!(summary["poisoned"], 1);
    assert_eq!(summary["records"].as_u64().unwrap() as usize, records.len());
}

#[test]
fn output_is_whole_or_absent_and_needs_no_second_relocation() {
    let dir = tempfile::tempdir().unwrap();
    let btf = kernel(dir.path(), "6.12-amd64");
    let demo = data("obj/demo.bpfel.o");
    let demo = demo.to_str().unwrap();
    let out = dir.path().join("out.o");
    let out_name = out.to_str().unwrap();
    let output = relocore(&["relocate", demo, "--btf", &btf, "-o", out_name]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(
        fs::metadata(&out).unwrap().len(),
        fs::metadata(demo).unwrap().len()
    );
    // Nothing is left to relocate, so the BTF of any kernel will do.
    let again = relocore(&["relocate", out_name, "--json"]);
    let summary = json(&again).pop().unwrap();
    assert_eq!(
        (again.status.code(), &summary["records"]),
        (Some(0), &0.into())
    );

    let nowhere = dir.path().join("no-such-directory/out.o");
    let output = relocore(&[
        "relocate",
        demo,
        "--btf",
        &btf,
        "-o",
        nowhere.to_str().unwrap(),
    ]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("can't be written"));
    // Only what was there before: a failed write leaves no temporary file.
    let mut left: Vec<_> = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    left.sort();
    assert_eq!(left, ["6.12-amd64", "out.o"]);
}

#[test]
fn demo_shows_every_kernel_and_checks_its_events() {
    let output = relocore(&["demo"]);
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}{}", stderr(&output));
    for kernel in [
        "5.10-amd64",
        "6.1-amd64",
        "6.12-amd64",
        "7.2-amd64",
        "6.12-arm64",
        "6.12-s390x",
    ] {
        assert!(text.contains(kernel), "{kernel}: {text}");
    }
    if let Some(reason) = text.lines().find(|line| line.starts_with("not loaded:")) {
        println!("SKIP demo_shows_every_kernel_and_checks_its_events: {reason}");
        return;
    }
    // The demo compares the event of a process that it starts with /proc, and says so.
    for what in ["command", "executable's inode", "parent"] {
        let line = text
            .lines()
            .find(|line| line.contains(what) && line.contains("process"));
        assert!(
            line.is_some_and(|line| line.ends_with("as /proc says")),
            "{what}: {text}"
        );
    }
}
