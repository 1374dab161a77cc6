//! Every system call of a load made to fail in turn: an error that names the step, and nothing
//! left. With the feature `fault-injection` only.
#![cfg(feature = "fault-injection")]

mod support;

use std::fs;
use std::path::Path;

use relocore_loader::sys::fault;
use relocore_loader::{Error, Object, Target};
use support::{
    KERNEL, LOADER, MAPS, alone, descriptors, for_this_process, in_bpffs, load, loader,
    maps_called, soon,
};

const EPERM: i32 = 1;
const ENOMEM: i32 = 12;
const EINVAL: i32 = 22;

/// Does something over and over, each time with another of its calls failing, until none is left
/// to fail. Gives the number of calls whose failure made it fail.
fn fail_each<T>(errno: i32, work: impl Fn() -> Result<T, Error>, check: impl Fn(&str)) -> u32 {
    let mut errors = 0;
    for nth in 1.. {
        let armed = fault::fail(None, nth, errno);
        let result = work();
        let fired = armed.fired();
        drop(armed);
        match result {
            Err(error) => {
                assert!(fired, "call {nth}: {error}");
                assert_eq!(error.errno(), Some(errno), "call {nth}: {error}");
                errors += 1;
                check(&format!("call {nth}, errno {errno}: {error}"));
            }
            // Some steps are tried again, or done in another way.
            Ok(done) if fired => {
                drop(done);
                check(&format!("call {nth}, errno {errno}, done all the same"));
            }
            Ok(_) => break,
        }
    }
    errors
}

/// Fails each call of a load: descriptors are as many as before.
fn fail_load(object: &Object, errnos: &[i32], least: u32) {
    let before = descriptors();
    for errno in errnos {
        let errors = fail_each(
            *errno,
            || object.load(),
            |case| assert_eq!(descriptors(), before, "{case}"),
        );
        assert!(
            errors >= least,
            "errno {errno}: only {errors} calls can fail"
        );
    }
}

/// The types of an object in place of the kernel's, which take long to read a hundred times.
fn own_types(object: &mut Object, file: &[u8]) {
    let types = relocore::elf::Object::parse(file).unwrap().btf().unwrap();
    object.target(Target::Bytes(types.to_vec()));
}

#[test]
fn each_call_may_fail() {
    let _alone = alone();
    let mut object = loader("faulty");
    if load("each_call_may_fail", &object).is_none() {
        return;
    }
    own_types(&mut object, LOADER);
    fail_load(&object, &[EPERM, ENOMEM], 10);
    // The kernel's word for what it does not know: other ways are tried.
    fail_load(&object, &[EINVAL], 5);
    assert!(soon(|| maps_called("faulty.") == 0));
}

fn entries(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| !name.ends_with(".debug")).collect()
}

#[test]
fn each_call_of_maps_and_pins_may_fail() {
    let _alone = alone();
    let test = "each_call_of_maps_and_pins_may_fail";
    in_bpffs(test, |root| {
        let mut object = for_this_process("pinfault", MAPS);
        object.pin_root(root);
        let Some(loaded) = load(test, &object) else {
            return;
        };
        drop(loaded);
        let pin = root.join("pinned");
        let before = descriptors();
        // With the pin there, then without.
        for (is_there, errno) in [(true, EPERM), (false, ENOMEM)] {
            let work = || {
                if !is_there {
                    let _ = fs::remove_file(&pin);
                }
                object.load()
            };
            let errors = fail_each(errno, work, |case| {
                assert_eq!(descriptors(), before, "{case}");
                // Where the failure was made good, the pin is made.
                let is_fine = is_there || case.ends_with("all the same");
                assert!(is_fine || entries(root).is_empty(), "{case}");
            });
            assert!(errors >= 20, "errno {errno}: only {errors} calls can fail");
        }
        fs::remove_file(&pin).unwrap();
        assert!(soon(|| maps_called("pinfault.") == 0));

        // Pinning all of it.
        object.map_mut("pinned").unwrap().set_pin_by_name(false);
        let loaded = object.load().unwrap();
        let before = descriptors();
        let all = root.join("all");
        let errors = fail_each(
            ENOMEM,
            || loaded.pin(&all),
            |case| {
                assert_eq!(descriptors(), before, "{case}");
                assert!(entries(root).is_empty(), "{case}");
            },
        );
        assert!(errors >= 13, "only {errors} calls can fail");
        fs::remove_dir_all(&all).unwrap();
    });
}

#[test]
fn each_call_of_operations_and_arenas_may_fail() {
    let _alone = alone();
    let test = "each_call_of_operations_and_arenas_may_fail";
    let mut arena = for_this_process("faultarena", MAPS);
    arena.map_mut("pinned").unwrap().set_pin_by_name(false);
    arena.program_mut("use_arena").unwrap().set_autoload(true);
    let operations = for_this_process("faultops", KERNEL);
    for object in [arena, operations] {
        if let Err(error) = object.load() {
            eprintln!("SKIP {test}: {error}");
            continue;
        }
        fail_load(&object, &[ENOMEM], 5);
    }
    assert!(soon(|| maps_called("faultarena.")
        + maps_called("faultops.")
        == 0));
}
