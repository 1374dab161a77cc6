//! What the error of a failed load says of what the kernel lacks.
//!
//! The programs of `tests/data/explain/probe.bpf.c` are relocated against the types of
//! `target_kernel.c`, so what is missing is the same on every machine, and then given to the
//! running kernel, whose verifier refuses them.

mod support;

use std::path::{Path, PathBuf};

use relocore::explain::Effect;
use relocore_loader::kernel::Target;
use relocore_loader::{ErrorKind, Object};
use support::{alone, skip_without_privilege};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/data/explain")
        .join(name)
}

/// The error of loading these programs alone.
fn error(test: &str, programs: &[&str]) -> Option<relocore_loader::Error> {
    let mut object = Object::open(data("probe.o")).unwrap();
    object.target(Target::File(data("target_kernel.o")));
    for program in object.programs_mut() {
        let wanted = programs.contains(&program.name());
        program.set_autoload(wanted);
    }
    Some(skip_without_privilege(test, object.load())?.unwrap_err())
}

#[test]
fn a_refused_program_is_explained() {
    let _alone = alone();
    let Some(error) = error("a_refused_program_is_explained", &["member_renamed"]) else {
        return;
    };
    let text = error.to_string();
    let ErrorKind::Refused(refused) = error.kind() else {
        panic!("{text}");
    };
    assert_eq!(refused.findings.len(), 1);
    assert_eq!(refused.findings[0].effect, Effect::Refused);
    for part in [
        ": <`task->state` is not in this kernel>\n",
        "\n\nerror: `task->state` is not in this kernel\n",
        "| return BPF_CORE_READ(task, state);",
        "similar   `__state` (`unsigned int`)",
        "{ unsigned int __state; }",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(!text.contains("195896080"), "{text}");
}

/// The verifier stops at the first, behind a log that is longer than the first buffer for it.
#[test]
fn all_that_is_missing_is_told_however_long_the_log_is() {
    let _alone = alone();
    let test = "all_that_is_missing_is_told_however_long_the_log_is";
    let Some(error) = error(test, &["two_missing"]) else {
        return;
    };
    let ErrorKind::Refused(refused) = error.kind() else {
        panic!("{error}");
    };
    assert!(refused.log.len() > 64 << 10, "{}", refused.log.len());
    assert!(!refused.log.contains("195896080"));
    let accesses: Vec<_> = refused
        .findings
        .iter()
        .map(|finding| finding.access.as_str())
        .collect();
    assert_eq!(accesses, ["task->thread_id", "mm->rss_pages"]);
    let text = error.to_string();
    assert!(text.contains("`rss_stat.rss_pages` (`long`)"), "{text}");
    assert!(text.lines().count() < 60, "{text}");
}

/// What fails before the kernel is asked.
#[test]
fn failed_relocations_are_explained_each_cause_once() {
    let mut object = Object::open(data("probe.o")).unwrap();
    object.target(Target::File(data("target_kernel.o")));
    for program in object.programs_mut() {
        let wanted = ["ambiguous", "far_away"].contains(&program.name());
        program.set_autoload(wanted);
    }
    let error = object.load().unwrap_err();
    let ErrorKind::Relocation(failed) = error.kind() else {
        // `far_away` is for a tracepoint, which is looked up first, in the running kernel.
        println!("SKIP failed_relocations_are_explained_each_cause_once: {error}");
        return;
    };
    assert_eq!(failed.len(), 2);
    let text = error.to_string();
    for part in [
        "2 relocations failed:\n\nerror: `",
        "\n\nerror: `ct->mark` can be two things in this kernel\n",
        "byte 16:   unsigned int mark;  <-- this one",
        "\n\nerror: `dev->ifindex` is too far from the start of its struct in this kernel\n",
        "which have no such limit",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}
