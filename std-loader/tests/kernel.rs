//! What objects use of the kernel: its functions, operations that programs implement, exceptions,
//! targets by type; and objects of which a part can't be loaded.

mod support;

use std::fs;
use std::os::fd::{AsFd, AsRawFd};

use relocore_loader::object::SecKind;
use relocore_loader::sys::bpf::{LinkTarget, link_create, prog_info};
use relocore_loader::sys::{AttachType, ProgType, UpdateMode};
use relocore_loader::{Loaded, Object};
use support::{KERNEL, LOADER, alone, descriptors, for_this_process, load, loader};

/// The object with no program but those.
fn only(name: &str, programs: &[&str]) -> Object {
    let mut object = for_this_process(name, KERNEL);
    for program in object.programs_mut() {
        program.set_autoload(programs.contains(&program.name()));
    }
    object
}

fn number(loaded: &Loaded, name: &str) -> u64 {
    u64::from_ne_bytes(loaded.global(name).unwrap().array().unwrap())
}

/// Whether this kernel has what the test is about; says so if not.
fn load_if_known(test: &str, object: &Object) -> Option<Loaded> {
    match object.load() {
        // EPERM, EINVAL, ENOSYS, ENOTSUPP
        Err(error) if matches!(error.errno(), Some(1 | 22 | 38 | 524)) => {
            eprintln!("SKIP {test}: {error}");
            None
        }
        result => Some(result.unwrap()),
    }
}

#[test]
fn programs_call_functions_of_the_kernel() {
    let _alone = alone();
    let test = "programs_call_functions_of_the_kernel";
    let Some(loaded) = load_if_known(test, &only("kfunc", &["calls_kernel"])) else {
        return;
    };
    let link = loaded.program("calls_kernel").unwrap().attach().unwrap();
    nix::unistd::getppid();
    drop(link);
    assert_eq!(number(&loaded, "sum"), 1 + 2 + 3 + 4);
    assert_eq!(
        number(&loaded, "has_missing"),
        2,
        "the one that is there, and no other"
    );
}

#[test]
fn what_the_kernel_lacks_is_said() {
    let _alone = alone();
    let before = descriptors();
    let rows = [
        (
            "needs_function",
            "extern `relocore_strong_kfunc` is no function that the kernel's BTF",
        ),
        (
            "needs_variable",
            "extern `relocore_strong_variable` is no variable that the kernel's BTF",
        ),
        (
            "no_tracepoint",
            "neither the kernel's BTF nor its modules' has `btf_trace_relocore_no_such",
        ),
        (
            "no_module",
            "neither the kernel's BTF nor its modules' has `schedule`",
        ),
        (
            "no_target",
            "the section's name must say what it is for, after a slash",
        ),
        (
            "no_program",
            "it needs the program whose function it replaces",
        ),
        (
            "nowhere",
            "no variable in section .struct_ops that is created has it",
        ),
    ];
    for (program, expected) in rows {
        let mut object = only("lacks", &[program]);
        object.map_mut("linked").unwrap().set_autocreate(false);
        let error = object.load().unwrap_err().to_string();
        assert!(error.contains(expected), "{program}: {error}");
    }
    assert_eq!(descriptors(), before);
}

#[test]
fn targets_are_types_of_the_kernel_or_functions_of_programs() {
    let _alone = alone();
    let test = "targets_are_types_of_the_kernel_or_functions_of_programs";
    let mut object = only("target", &["by_type", "of_user"]);
    object.map_mut("linked").unwrap().set_autocreate(false);
    let Some(loaded) = load_if_known(test, &object) else {
        return;
    };
    let program = loaded.program("by_type").unwrap();
    assert_eq!(
        (
            program.prog_type(),
            program.attach_type(),
            program.attach_target()
        ),
        (
            ProgType::TRACING,
            AttachType::TRACE_RAW_TP,
            Some("sched_switch")
        )
    );
    // Another target than the section's, and one by a function of another program.
    let by_type = object.program_mut("by_type").unwrap();
    by_type.set_attach_target("sched_wakeup");
    drop(object.load().unwrap());

    let user = loaded.program("of_user").unwrap().as_fd();
    let user = user.try_clone_to_owned().unwrap();
    let mut object = only("target", &["no_program"]);
    object.map_mut("linked").unwrap().set_autocreate(false);
    let program = object.program_mut("no_program").unwrap();
    program.set_attach_program(user);
    let error = object.load().unwrap_err().to_string();
    assert!(
        error.contains("the program that it is for has no function `something`"),
        "{error}"
    );
    let program = object.program_mut("no_program").unwrap();
    program.set_attach_target("of_user");
    // This machine's kernel may not permit it; that the function was found is what counts here.
    if let Err(error) = object.load() {
        assert!(error.errno().is_some(), "{error}");
        eprintln!("SKIP {test}: replacing a function: {error}");
    }
}

/// Offset of the function pointers in the kernel's value is for the kernel's BTF to say: found by
/// the descriptors in it.
fn places_of(loaded: &Loaded, map: &str, program: &str) -> usize {
    let fd = loaded.program(program).unwrap().as_fd().as_raw_fd();
    let wanted = u64::try_from(fd).unwrap();
    let words = loaded.struct_ops(map).unwrap().value.as_chunks().0;
    words
        .iter()
        .filter(|word| u64::from_ne_bytes(**word) == wanted)
        .count()
}

#[test]
fn programs_are_operations_of_the_kernel() {
    let _alone = alone();
    let test = "programs_are_operations_of_the_kernel";
    let object = for_this_process("ops", KERNEL);
    let Some(loaded) = load_if_known(test, &object) else {
        return;
    };
    let mut names: Vec<_> = loaded.programs().iter().map(|one| one.name()).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["calls_kernel", "cong_avoid", "ssthresh", "undo_cwnd"],
        "programs of maps that are not created are not loaded"
    );
    assert!(loaded.struct_ops("optional").is_err());
    let ops = loaded.struct_ops("linked").unwrap();
    assert!(ops.is_link);
    let name = b"relocore_linked";
    assert!(ops.value.windows(name.len()).any(|window| window == name));
    for program in ["ssthresh", "undo_cwnd", "cong_avoid"] {
        assert_eq!(places_of(&loaded, "linked", program), 1, "{program}");
    }

    // The kernel takes the value, and has the operations as long as the link lives.
    let available = || {
        let path = "/proc/sys/net/ipv4/tcp_available_congestion_control";
        fs::read_to_string(path)
            .unwrap()
            .contains("relocore_linked")
    };
    ops.map.update(&[0; 4], ops.value, UpdateMode::ANY).unwrap();
    assert!(!available());
    let attach = AttachType::STRUCT_OPS;
    let link = link_create(ops.map.as_fd(), LinkTarget::None, attach, 0).unwrap();
    assert!(available());
    drop(link);
    assert!(support::soon(|| !available()));
}

#[test]
fn operations_that_the_kernel_lacks_are_left_out() {
    let _alone = alone();
    let test = "operations_that_the_kernel_lacks_are_left_out";
    let mut object = for_this_process("more", KERNEL);
    object.map_mut("optional").unwrap().set_autocreate(true);
    object.map_mut("linked").unwrap().set_autocreate(false);
    let Some(loaded) = load_if_known(test, &object) else {
        return;
    };
    let mut names: Vec<_> = loaded.programs().iter().map(|one| one.name()).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["calls_kernel", "cong_avoid", "other_undo", "ssthresh"]
    );
    assert!(!loaded.struct_ops("optional").unwrap().is_link);
    assert_eq!(places_of(&loaded, "optional", "other_undo"), 1);
    drop(loaded);

    // A number that is set and that the kernel has not.
    object.map_mut("bad").unwrap().set_autocreate(true);
    let error = object.load().unwrap_err().to_string();
    assert_eq!(
        error,
        "more: map `bad` sets `relocore_no_such_number`, which the kernel's struct has not"
    );
}

#[test]
fn programs_may_throw() {
    let _alone = alone();
    let mut object = only("throw", &["throws"]);
    object.map_mut("linked").unwrap().set_autocreate(false);
    let Some(loaded) = load_if_known("programs_may_throw", &object) else {
        return;
    };
    // The verifier looks for the callback that the tag names, and refuses a program without.
    let info = prog_info(loaded.program("throws").unwrap().as_fd()).unwrap();
    assert!(info.btf_id > 0);
}

#[test]
fn what_can_be_loaded_is_loaded_if_the_user_wants_that() {
    let _alone = alone();
    let test = "what_can_be_loaded_is_loaded_if_the_user_wants_that";
    let mut object = loader("partly");
    for program in object.programs_mut() {
        program.set_autoload(true);
    }
    object.skip_failing(true);
    let Some(loaded) = load(test, &object) else {
        return;
    };
    let names: Vec<_> = loaded.programs().iter().map(|one| one.name()).collect();
    assert_eq!(names, ["on_enter"]);
    let skipped: Vec<_> = loaded.skipped().iter().collect();
    let expected = [
        (
            "unknown_section",
            "the section's name tells no program type",
        ),
        (
            "needs_symbol",
            "extern `relocore_strong_symbol` is not in /proc/kallsyms",
        ),
        ("unguarded", "`struct task_struct` has no member"),
        (
            "calls_missing",
            "calls `relocore_no_such_kfunc`, which is weak and missing",
        ),
    ];
    assert_eq!(skipped.len(), expected.len());
    for (name, text) in expected {
        let found = skipped.iter().find(|one| one.program == name).unwrap();
        let error = found.error.to_string();
        assert!(
            error.starts_with("partly: ") && error.contains(text),
            "{name}: {error}"
        );
    }
    let link = loaded.program("on_enter").unwrap().attach().unwrap();
    nix::unistd::getppid();
    drop(link);
    assert!(number(&loaded, "hits") > 0);
}

#[test]
fn options_that_only_one_program_needs_stop_only_that_one() {
    let _alone = alone();
    let mut object = loader("options");
    object.kconfig_text("");
    object.skip_failing(true);
    let Some(loaded) = load("options_that_only_one_program_needs", &object) else {
        return;
    };
    assert!(loaded.programs().is_empty());
    let error = loaded.skipped()[0].error.to_string();
    assert!(
        error.contains("not set in the kernel's configuration: "),
        "{error}"
    );
}

static MINE: [SecKind; 1] = [SecKind {
    name: "relocore",
    target: true,
    prog_type: ProgType::RAW_TRACEPOINT,
    ..SecKind::NONE
}];

#[test]
fn names_of_sections_can_be_added() {
    let _alone = alone();
    let mut object = Object::from_bytes("own", LOADER).unwrap();
    object.section_kinds(&MINE);
    for program in object.programs_mut() {
        program.set_autoload(program.name() == "unknown_section");
    }
    let program = object.program_mut("unknown_section").unwrap();
    assert_eq!(
        (program.prog_type(), program.attach_target()),
        (ProgType::RAW_TRACEPOINT, Some("unknown"))
    );
    let Some(loaded) = load("names_of_sections_can_be_added", &object) else {
        return;
    };
    let info = prog_info(loaded.program("unknown_section").unwrap().as_fd()).unwrap();
    assert_eq!(info.prog_type, ProgType::RAW_TRACEPOINT);
    // By hand, without a row.
    let mut object = Object::from_bytes("own", LOADER).unwrap();
    let program = object.program_mut("unknown_section").unwrap();
    program
        .set_autoload(true)
        .set_type(ProgType::SOCKET_FILTER, AttachType(0));
    object.program_mut("on_enter").unwrap().set_autoload(false);
    let loaded = object.load().unwrap();
    let info = prog_info(loaded.program("unknown_section").unwrap().as_fd()).unwrap();
    assert_eq!(info.prog_type, ProgType::SOCKET_FILTER);
}

#[test]
fn the_verifier_writes_as_much_as_is_wanted() {
    let _alone = alone();
    let mut object = loader("logs");
    object.log_level(4);
    let Some(loaded) = load("the_verifier_writes_as_much_as_is_wanted", &object) else {
        return;
    };
    let log = |loaded: &Loaded| loaded.program("on_enter").unwrap().log().to_owned();
    let statistics = log(&loaded);
    assert!(statistics.contains("processed "), "{statistics}");
    object.program_mut("on_enter").unwrap().set_log_level(2);
    let all = log(&object.load().unwrap());
    assert!(all.len() > statistics.len() && all.contains("(95) exit"));
    object.program_mut("on_enter").unwrap().set_log_level(0);
    assert!(log(&object.load().unwrap()).is_empty());
}

#[test]
fn a_token_needs_a_file_system_that_delegates() {
    let _alone = alone();
    let mut object = only("token", &["of_user"]);
    object.map_mut("linked").unwrap().set_autocreate(false);
    object.token_path("/no/such/directory");
    let error = object.load().unwrap_err().to_string();
    assert!(
        error.starts_with("token: BPF token from /no/such/directory: "),
        "{error}"
    );
    object.token_path("/proc");
    let error = object.load().unwrap_err().to_string();
    assert!(
        error.starts_with("token: making a BPF token from `/proc`: bpf("),
        "{error}"
    );
}
