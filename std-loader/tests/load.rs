//! Real loads into the running kernel. Without privilege each says `SKIP name: reason`.

mod support;

use core::time::Duration;
use std::os::fd::AsFd;

use relocore_loader::load::Note;
use relocore_loader::sys::bpf::{map_info, prog_fd_by_id, prog_info};
use relocore_loader::{ErrorKind, Loaded, Object, RingBuffer};
use support::{
    LOADER, alone, descriptors, load, loader, maps_called, skip_without_privilege, soon,
};

const DEMO: &[u8] = if cfg!(target_endian = "big") {
    include_bytes!("../../tests/data/obj/demo.bpfeb.o")
} else {
    include_bytes!("../../tests/data/obj/demo.bpfel.o")
};

/// A global variable as a number.
fn number(loaded: &Loaded, name: &str) -> u64 {
    let value = loaded.global(name).unwrap().read();
    value
        .iter()
        .rev()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Makes a system call that nothing else here makes.
fn make_a_call() {
    let _ = std::fs::metadata("/relocore/does/not/exist");
}

#[test]
fn the_demo_sees_what_is_executed() {
    let _alone = alone();
    let before = descriptors();
    let mut object = Object::from_bytes("demo", DEMO).unwrap();
    let parent = std::process::id();
    assert_eq!(object.map_mut("events").unwrap().max_entries(), 64 << 10);
    let Some(loaded) = load("the_demo_sees_what_is_executed", &object) else {
        return;
    };
    let seen = number(&loaded, "seen");
    let mut rings = RingBuffer::new([loaded.map("events").unwrap()]).unwrap();
    let link = loaded.program("handle_exec").unwrap().attach().unwrap();
    let child = std::process::Command::new("true").spawn().unwrap();
    let pid = child.id();
    child.wait_with_output().unwrap();
    let mut found = None;
    while found.is_none() && rings.poll(Some(Duration::from_secs(5))).unwrap() {
        rings
            .consume(usize::MAX, |_, record| {
                let word = |at: usize| u32::from_ne_bytes(record[at..at + 4].try_into().unwrap());
                if word(8) == pid {
                    found = Some((word(12), record.len()));
                }
            })
            .unwrap();
    }
    assert_eq!(found.map(|(of, _)| of), Some(parent));
    assert!(number(&loaded, "seen") > seen);
    assert!(number(&loaded, "largest_pid") >= u64::from(pid));

    let id = prog_info(loaded.program("handle_exec").unwrap().as_fd())
        .unwrap()
        .id;
    drop((link, rings, loaded));
    assert_eq!(descriptors(), before);
    assert!(
        soon(|| prog_fd_by_id(id).is_err()),
        "program {id} is still there"
    );
}

#[test]
fn a_constant_decides_who_is_seen() {
    let _alone = alone();
    let mut object = Object::from_bytes("demo", DEMO).unwrap();
    object
        .set_global("only_tgid", &std::process::id().to_ne_bytes())
        .unwrap();
    let Some(loaded) = load("a_constant_decides_who_is_seen", &object) else {
        return;
    };
    let _link = loaded.program("handle_exec").unwrap().attach().unwrap();
    std::process::Command::new("true").status().unwrap();
    // The child is counted, but is not this process.
    assert!(number(&loaded, "seen") > 0);
    let mut rings = RingBuffer::new([loaded.map("events").unwrap()]).unwrap();
    assert_eq!(rings.consume(usize::MAX, |_, _| ()).unwrap(), 0);
    let mut constant = loaded.global("only_tgid").unwrap();
    assert_eq!(constant.array().unwrap(), std::process::id().to_ne_bytes());
    let error = constant.write(&[0; 4]).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Constant(_)), "{error}");
    assert!(constant.array::<8>().is_err());
}

#[test]
fn all_parts_work_together() {
    let _alone = alone();
    let before = descriptors();
    let mut object = loader("parts");
    object.set_global("limit", &u64::MAX.to_ne_bytes()).unwrap();
    let Some(loaded) = load("all_parts_work_together", &object) else {
        return;
    };
    let names: Vec<_> = loaded
        .programs()
        .iter()
        .map(|program| program.name())
        .collect();
    assert_eq!(names, ["on_enter"]);
    let link = loaded.program("on_enter").unwrap().attach().unwrap();
    make_a_call();
    let number = |name| number(&loaded, name);
    let pid = u64::from(std::process::id());

    // Functions: add(twice(pid), 3) is 2 pid + 3, add_hidden(1) is 2, neighbour(0) is 1000.
    assert_eq!(number("sum"), 2 * pid + 3 + 2 + 1000);
    assert_eq!(number("looped"), 1 + 2 + 3 + 4);
    // Variables.
    let hits = number("hits");
    assert!(hits > 0 && number("called_static") >= 2 * hits);
    assert!(number("initialised") >= 40 + 5 * hits);
    assert_eq!((number("own"), number("bytes") >> 32), (5, 9));
    // Externs.
    assert!(number("version") >> 16 >= 5);
    assert_eq!((number("wrapper") & !1, number("unknown")), (0, 0));
    assert_eq!(number("option_int").cast_signed(), -7);
    assert_eq!(number("option_letter"), u64::from(b'm'));
    assert_eq!(
        (
            number("option_bool"),
            number("option_tri"),
            number("option_missing")
        ),
        (1, 2, 0)
    );
    assert_eq!(loaded.global("option_text").unwrap().read(), b"too long\0");
    assert_eq!(number("no_address"), 0);
    let symbols = std::fs::read_to_string("/proc/kallsyms").unwrap();
    let line = symbols
        .lines()
        .find(|line| line.ends_with(" schedule"))
        .unwrap();
    assert_eq!(format!("{:016x}", number("address")), line[..16]);
    let cut = Note::CutString {
        name: "CONFIG_RELOCORE_TEXT".into(),
        kept_bytes: 8,
    };
    assert_eq!(loaded.notes(), [cut]);

    // Writing.
    drop(link);
    let mut global = loaded.global("hits").unwrap();
    global.write(&77_u64.to_ne_bytes()).unwrap();
    assert_eq!(
        loaded
            .global("hits")
            .unwrap()
            .array()
            .map(u64::from_ne_bytes)
            .unwrap(),
        77
    );
    assert!(global.write(&[0; 4]).is_err());
    let error = loaded.global("hidden_hits").unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NotMapped(_)), "{error}");
    assert!(loaded.global("nonesuch").is_err() && loaded.map("nonesuch").is_err());

    // Maps.
    let info = |name| map_info(loaded.map(name).unwrap().as_fd()).unwrap();
    let table = info("table");
    assert_eq!(
        (table.key_size, table.value_size, table.max_entries),
        (8, 12, 7)
    );
    assert_eq!((info("sized").value_size, info("sized").btf_id), (12, 0));
    assert_eq!(info("ring").max_entries, 8192);
    assert!(info("samples").max_entries > 0);
    assert_eq!(info(".bss").name, "parts.bss");
    assert_ne!(info("table").btf_id, 0);
    drop((global, loaded));
    assert_eq!(descriptors(), before);
    assert!(soon(|| maps_called("parts.") == 0));
}

/// Loads the program that is left alone otherwise.
fn turn_on(object: &mut Object, name: &str) {
    object.program_mut(name).unwrap().set_autoload(true);
}

/// What is changed of the object, and what the error says then.
type Failing = (&'static str, fn(&mut Object), &'static [&'static str]);

const FAILING: [Failing; 7] = [
    (
        "unguarded",
        |object| turn_on(object, "unguarded"),
        &[
            "program `unguarded` in section `?raw_tp/sys_enter` was refused: bpf(BPF_PROG_LOAD): EINVAL",
            "\n  1: <`none->relocore_has_no_such_field` is not in this kernel>\n",
            "error: `none->relocore_has_no_such_field` is not in this kernel\n",
            "`struct task_struct` has no member `relocore_has_no_such_field` in the kernel",
        ],
    ),
    (
        "calls_missing",
        |object| turn_on(object, "calls_missing"),
        &["calls `relocore_no_such_kfunc`, which is weak and missing"],
    ),
    (
        "needs_symbol",
        |object| turn_on(object, "needs_symbol"),
        &["extern `relocore_strong_symbol` is not in /proc/kallsyms"],
    ),
    (
        "unknown_section",
        |object| turn_on(object, "unknown_section"),
        &[
            "program `unknown_section` in section `?relocore/unknown`: the section's name tells no program type",
        ],
    ),
    (
        "no size",
        |object| _ = object.map_mut("ring").unwrap().set_max_entries(0),
        &["creating map: map ring: bpf(BPF_MAP_CREATE): EINVAL"],
    ),
    (
        "pinned",
        |object| {
            object.map_mut("ring").unwrap().set_pin_by_name(true);
            object.pin_root("/no/such/directory");
        },
        &["pinning `/no/such/directory/ring`: bpf(BPF_OBJ_PIN): ENOENT"],
    ),
    (
        "options",
        |object| _ = object.kconfig_text(""),
        &[
            "not set in the kernel's configuration: ",
            "CONFIG_RELOCORE_INT",
            "tried:",
        ],
    ),
];

#[test]
fn a_failed_load_leaves_nothing_and_says_why() {
    let _alone = alone();
    let before = descriptors();
    for (case, change, expected) in FAILING {
        let mut object = loader("failing");
        change(&mut object);
        let result =
            skip_without_privilege("a_failed_load_leaves_nothing_and_says_why", object.load());
        let Some(result) = result else { return };
        let text = result.unwrap_err().to_string();
        assert!(text.starts_with("failing: "), "{case}: {text}");
        for part in expected {
            assert!(text.contains(part), "{case}: `{part}` is not in:\n{text}");
        }
        assert_eq!(descriptors(), before, "{case}");
        assert!(soon(|| maps_called("failing.") == 0), "{case}");
    }
}

#[test]
fn helpers_for_gpl_need_the_licence() {
    let _alone = alone();
    let mut file = DEMO.to_vec();
    let at = file
        .windows(12)
        .position(|window| window == b"Dual MIT/GPL")
        .unwrap();
    file[at..at + 12].copy_from_slice(b"Proprietary!");
    let object = Object::from_bytes("proprietary", file).unwrap();
    let result = skip_without_privilege("helpers_for_gpl_need_the_licence", object.load());
    let Some(result) = result else { return };
    let error = result.unwrap_err();
    assert!(error.to_string().contains("GPL"), "{error}");
    assert!(matches!(error.kind(), ErrorKind::Refused(refused) if !refused.log.is_empty()));
}

#[test]
fn what_is_not_there_or_does_not_fit_is_an_error() {
    let mut object = Object::from_bytes("demo", DEMO).unwrap();
    let errors = [
        object.set_global("only_tgid", &[0; 8]).map(drop),
        object.set_global("nonesuch", &[0; 8]).map(drop),
        object.set_global("CONFIG_HZ", &[0; 4]).map(drop),
        object.program_mut("nonesuch").map(drop),
        object.map_mut("nonesuch").map(drop),
        Object::from_bytes("text", *b"#!/bin/sh").map(drop),
        Object::open("/no/such/object.bpf.o").map(drop),
        Object::open("/dev/null").map(drop),
    ];
    let texts = errors.map(|error| error.unwrap_err().to_string());
    let expected = [
        "demo: global variable `only_tgid` has 4 bytes, not 8",
        "demo: has no global variable `nonesuch`",
        "demo: has no global variable `CONFIG_HZ`",
        "demo: has no program `nonesuch`",
        "demo: has no map `nonesuch`",
        "text: is not an ELF file",
        "/no/such/object.bpf.o: No such file or directory (os error 2)",
        "/dev/null: is empty",
    ];
    assert_eq!(texts, expected);
    assert!(Object::from_bytes("cut", &LOADER[..LOADER.len() / 2]).is_err());
}

#[test]
fn the_other_byte_order_is_open_but_not_loaded() {
    let other: &[u8] = if cfg!(target_endian = "big") {
        include_bytes!("bpf/loader.bpfel.o")
    } else {
        include_bytes!("bpf/loader.bpfeb.o")
    };
    let object = Object::from_bytes("other", other).unwrap();
    let map = object
        .maps()
        .iter()
        .find(|map| map.name() == "bloom")
        .unwrap();
    assert_eq!(
        (map.map_extra(), map.value_size(), map.max_entries()),
        (3, 8, 100)
    );
    let error = object.load().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::ByteOrder), "{error}");
}
