//! Maps in the real kernel: what they hold from the start, pins, reuse, sizes, arenas.

mod support;

use std::fs;
use std::os::fd::{AsFd, OwnedFd};

use relocore_loader::sys::bpf::map_info;
use relocore_loader::sys::{MapType, UpdateMode};
use relocore_loader::{ErrorKind, Loaded, Map, Object};
use support::{MAPS, alone, descriptors, for_this_process, in_bpffs, load, maps_called, soon};

const ZERO: [u8; 4] = [0; 4];

/// The object without its pin.
fn maps(name: &str) -> Object {
    let mut object = for_this_process(name, MAPS);
    object.map_mut("pinned").unwrap().set_pin_by_name(false);
    object
}

fn number(loaded: &Loaded, name: &str) -> u64 {
    u64::from_ne_bytes(loaded.global(name).unwrap().array().unwrap())
}

/// Attaches the program, makes one system call more, and lets go of it.
fn run(loaded: &Loaded, program: &str) {
    let link = loaded.program(program).unwrap().attach().unwrap();
    nix::unistd::getppid();
    drop(link);
}

fn id(map: &Map) -> u32 {
    map_info(map.as_fd()).unwrap().id
}

fn copy(map: &Map) -> OwnedFd {
    map.as_fd().try_clone_to_owned().unwrap()
}

#[test]
fn maps_hold_maps_and_programs_from_the_start() {
    let _alone = alone();
    let object = maps("slots");
    let Some(loaded) = load("maps_hold_maps_and_programs_from_the_start", &object) else {
        return;
    };
    let value = |map: &str, value: u64| {
        let map = loaded.map(map).unwrap();
        map.update(&ZERO, &value.to_ne_bytes(), UpdateMode::ANY)
            .unwrap();
    };
    value("inner_a", 11);
    value("inner_b", 12);
    run(&loaded, "on_enter");
    assert!(number(&loaded, "runs") > 0);
    let found = ["from_outer", "from_hash", "tail_runs", "pinned_runs"];
    let found = found.map(|name| number(&loaded, name));
    assert_eq!(
        found[..2],
        [12, 11],
        "outer[1] is inner_b, outer_hash[2] inner_a"
    );
    assert!(found[2] > 0 && found[3] > 0, "{found:?}");
    // The kernel answers with ids.
    let outer = loaded.map("outer").unwrap();
    let held: Vec<_> = (0..4_u32)
        .map(|slot| outer.lookup(&slot.to_ne_bytes()).unwrap())
        .map(|id| id.map(|id| u32::from_ne_bytes(id.try_into().unwrap())))
        .collect();
    let ids = ["inner_b", "inner_a"].map(|name| Some(id(loaded.map(name).unwrap())));
    assert_eq!(held, [None, ids[0], None, ids[1]]);
    assert!(loaded.notes().is_empty(), "{:?}", loaded.notes());
}

#[test]
fn slots_of_what_is_not_loaded_stay_empty() {
    let _alone = alone();
    let mut object = maps("empty");
    object
        .program_mut("tail_target")
        .unwrap()
        .set_autoload(false);
    object.map_mut("inner_a").unwrap().set_autocreate(false);
    let Some(loaded) = load("slots_of_what_is_not_loaded_stay_empty", &object) else {
        return;
    };
    let notes: Vec<_> = loaded.notes().iter().map(ToString::to_string).collect();
    assert_eq!(
        notes,
        [
            "slot 3 of map `outer` is empty: `inner_a`, which it was to hold, is not loaded",
            "slot 2 of map `outer_hash` is empty: `inner_a`, which it was to hold, is not loaded",
            "slot 2 of map `jumps` is empty: `tail_target`, which it was to hold, is not loaded",
        ]
    );
    assert!(loaded.map("inner_a").is_err());
    run(&loaded, "on_enter");
    assert!(number(&loaded, "runs") > 0);
    assert_eq!(
        (number(&loaded, "from_hash"), number(&loaded, "tail_runs")),
        (0, 0)
    );
}

#[test]
fn maps_of_maps_can_be_told_what_they_hold() {
    let _alone = alone();
    let Some(first) = load("maps_of_maps_can_be_told_what_they_hold", &maps("inner")) else {
        return;
    };
    let mut object = maps("inner");
    let like = copy(first.map("inner_a").unwrap());
    object.map_mut("outer").unwrap().set_inner_like(like);
    let loaded = object.load().unwrap();
    assert_eq!(
        loaded.map("outer").unwrap().spec().map_type,
        MapType::ARRAY_OF_MAPS
    );
    // One that is not like those in the slots: the kernel refuses these.
    let unlike = copy(first.map("pinned").unwrap());
    object.map_mut("outer").unwrap().set_inner_like(unlike);
    let error = object.load().unwrap_err().to_string();
    assert!(
        error.starts_with("inner: filling slots of map: map outer: "),
        "{error}"
    );
}

#[test]
fn maps_that_are_not_created_must_not_be_reached() {
    let _alone = alone();
    let mut object = maps("poison");
    object.map_mut("not_created").unwrap().set_autocreate(false);
    if load("maps_that_are_not_created_must_not_be_reached", &object).is_none() {
        return;
    }
    object.set_global("use_not_created", &[1]).unwrap();
    let error = object.load().unwrap_err().to_string();
    assert!(
        error.contains("uses map `not_created`, which was not to be created"),
        "{error}"
    );
}

#[test]
fn a_pinned_map_is_shared_if_it_is_alike() {
    let _alone = alone();
    let test = "a_pinned_map_is_shared_if_it_is_alike";
    in_bpffs(test, |root| {
        let mut object = for_this_process("pinning", MAPS);
        object.pin_root(root);
        let Some(first) = load(test, &object) else {
            return;
        };
        let map = first.map("pinned").unwrap();
        map.update(&ZERO, &40_u64.to_ne_bytes(), UpdateMode::ANY)
            .unwrap();
        let pinned = id(map);
        drop(first);
        assert!(root.join("pinned").exists());

        let second = object.load().unwrap();
        assert_eq!(id(second.map("pinned").unwrap()), pinned);
        run(&second, "on_enter");
        assert!(number(&second, "pinned_runs") > 40);
        drop(second);

        object.map_mut("pinned").unwrap().set_max_entries(9);
        let before = descriptors();
        let error = object.load().unwrap_err().to_string();
        assert_eq!(
            error,
            "pinning: map `pinned` is there already, but with max_entries 8 in place of 9"
        );
        assert_eq!(descriptors(), before);
        fs::remove_file(root.join("pinned")).unwrap();

        // A load that fails after maps were created leaves no pin.
        object.program_mut("use_arena").unwrap().set_autoload(true);
        object.map_mut("arena").unwrap().set_autocreate(false);
        assert!(object.load().is_err());
        assert!(!root.join("pinned").exists());

        // Another place.
        object.program_mut("use_arena").unwrap().set_autoload(false);
        let elsewhere = root.join("elsewhere");
        object.map_mut("pinned").unwrap().set_pin_path(&elsewhere);
        drop(object.load().unwrap());
        assert!(elsewhere.exists() && !root.join("pinned").exists());
    });
}

#[test]
fn all_is_pinned_at_once_or_nothing() {
    let _alone = alone();
    let test = "all_is_pinned_at_once_or_nothing";
    in_bpffs(test, |root| {
        let Some(loaded) = load(test, &maps("pin_all")) else {
            return;
        };
        let directory = root.join("all");
        loaded.pin(&directory).unwrap();
        let names = |directory: &std::path::Path| {
            let entries = fs::read_dir(directory).unwrap();
            let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
            let mut names: Vec<_> = names.filter(|name| !name.ends_with(".debug")).collect();
            names.sort();
            names
        };
        assert_eq!(
            names(&directory),
            [
                "_bss",
                "_data_grown",
                "_rodata",
                "arena",
                "inner_a",
                "inner_b",
                "jumps",
                "not_created",
                "on_enter",
                "outer",
                "outer_hash",
                "pinned",
                "tail_target",
            ]
        );
        // Once more: the place is taken.
        let error = loaded.pin(&directory).unwrap_err().to_string();
        assert!(error.contains("pinning `/mnt/all`: rename: "), "{error}");
        assert_eq!(names(root), ["all"]);
        assert!(loaded.pin(root.join("with.dot")).is_err());
        assert!(loaded.pin(root.join("no/such")).is_err());
        assert!(loaded.pin("/").is_err());
        assert_eq!(names(root), ["all"]);

        drop(loaded);
        assert!(maps_called("pin_all.") > 0, "the pins keep it");
        fs::remove_dir_all(&directory).unwrap();
        assert!(soon(|| maps_called("pin_all.") == 0));
    });
}

#[test]
fn a_map_of_the_users_takes_the_place_of_a_new_one() {
    let _alone = alone();
    let Some(first) = load(
        "a_map_of_the_users_takes_the_place_of_a_new_one",
        &maps("reuse"),
    ) else {
        return;
    };
    let mut object = maps("reuse");
    for name in ["pinned", ".bss"] {
        let map = copy(first.map(name).unwrap());
        object.map_mut(name).unwrap().reuse(map);
    }
    let second = object.load().unwrap();
    for name in ["pinned", ".bss", "outer"] {
        let same = id(first.map(name).unwrap()) == id(second.map(name).unwrap());
        assert_eq!(same, name != "outer", "{name}");
    }
    run(&second, "on_enter");
    assert!(number(&first, "runs") > 0, "both have the same variables");
    // A descriptor of something else.
    let file = fs::File::open("/dev/null").unwrap();
    object.map_mut("pinned").unwrap().reuse(OwnedFd::from(file));
    let error = object.load().unwrap_err().to_string();
    assert!(
        error.starts_with("reuse: reusing map: map pinned: bpf("),
        "{error}"
    );
}

#[test]
fn sections_grow_with_their_last_array() {
    let _alone = alone();
    let mut object = maps("grown");
    object.resize(".data.grown", 5 * 8).unwrap();
    let values: Vec<u8> = (1..=5_u64).flat_map(u64::to_ne_bytes).collect();
    object.set_global("grown", &values).unwrap();
    object
        .set_global("grown_length", &5_u32.to_ne_bytes())
        .unwrap();
    let Some(loaded) = load("sections_grow_with_their_last_array", &object) else {
        return;
    };
    run(&loaded, "on_enter");
    assert_eq!(number(&loaded, "grown_sum"), 1 + 2 + 3 + 4 + 5);
    assert_eq!(loaded.global("grown").unwrap().read(), values);
    // The kernel knows the type of the value: BTF has grown with it.
    assert!(loaded.notes().is_empty(), "{:?}", loaded.notes());
    let info = map_info(loaded.map(".data.grown").unwrap().as_fd()).unwrap();
    assert_eq!((info.value_size, info.btf_id > 0), (40, true));

    // Only 1 element, as compiled: the verifier sees the loop go too far.
    let mut small = maps("small");
    small
        .set_global("grown_length", &2_u32.to_ne_bytes())
        .unwrap();
    assert!(matches!(
        small.load().unwrap_err().kind(),
        ErrorKind::Refused(_)
    ));

    let errors = [
        (
            "outer",
            8,
            "map `outer` can't be resized: it is no section of variables",
        ),
        (
            ".data.grown",
            12,
            "its last variable would not have whole elements, and one at least",
        ),
        (
            ".data.grown",
            0,
            "its last variable would not have whole elements, and one at least",
        ),
        (
            ".bss",
            1024,
            "map `.bss` can't be resized: its last variable is no array",
        ),
        (".nonesuch", 8, "has no map `.nonesuch`"),
    ];
    for (section, bytes, expected) in errors {
        let error = object.resize(section, bytes).unwrap_err().to_string();
        assert!(error.ends_with(expected), "{error}");
    }
    let sized = object.map_mut(".bss").unwrap().set_value_size(8).map(drop);
    assert_eq!(
        sized.unwrap_err().to_string(),
        "has a size that follows from what is in it"
    );
}

#[test]
fn an_arena_has_variables() {
    let _alone = alone();
    let mut object = maps("arena");
    object.program_mut("use_arena").unwrap().set_autoload(true);
    object
        .set_global("arena_in", &30_u64.to_ne_bytes())
        .unwrap();
    let result = object.load();
    // Linux 6.9; on some architectures later.
    if let Err(error) = &result
        && matches!(error.errno(), Some(1 | 22 | 38 | 95 | 524))
    {
        eprintln!("SKIP an_arena_has_variables: {error}");
        return;
    }
    let loaded = result.unwrap();
    run(&loaded, "use_arena");
    assert_eq!(number(&loaded, "arena_out"), 32);
    let mut input = loaded.global("arena_in").unwrap();
    input.write(&50_u64.to_ne_bytes()).unwrap();
    run(&loaded, "use_arena");
    assert_eq!(number(&loaded, "arena_out"), 52);

    object
        .map_mut("arena")
        .unwrap()
        .set_flags(1 << 10 | 1 << 17);
    let error = object.load().unwrap_err().to_string();
    assert!(
        error.contains("BPF_F_SEGV_ON_FAULT") || error.contains("EINVAL"),
        "{error}"
    );
}
