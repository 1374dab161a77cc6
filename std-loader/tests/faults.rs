//! Every system call of a load made to fail in turn: an error that names the step, and nothing
//! left. With the feature `fault-injection` only.
#![cfg(feature = "fault-injection")]

mod support;

use relocore_loader::Target;
use relocore_loader::sys::fault;
use support::{LOADER, alone, descriptors, load, loader, maps_called, soon};

#[test]
fn each_call_may_fail() {
    let _alone = alone();
    let mut object = loader("faulty");
    if load("each_call_may_fail", &object).is_none() {
        return;
    }
    // Its own types in place of the kernel's, which take long to read a hundred times.
    let types = relocore::elf::Object::parse(LOADER).unwrap().btf().unwrap();
    object.target(Target::Bytes(types.to_vec()));
    let before = descriptors();
    // EPERM, ENOMEM
    for errno in [1, 12] {
        let mut errors = 0;
        for nth in 1.. {
            let armed = fault::fail(None, nth, errno);
            let result = object.load();
            let fired = armed.fired();
            drop(armed);
            match result {
                Err(error) => {
                    assert!(fired, "call {nth}: {error}");
                    assert_eq!(error.errno(), Some(errno), "call {nth}: {error}");
                    errors += 1;
                }
                // Some steps are tried again, or done in another way.
                Ok(loaded) if fired => drop(loaded),
                Ok(_) => break,
            }
            assert_eq!(descriptors(), before, "call {nth}, errno {errno}");
        }
        assert!(errors > 10, "only {errors} calls can fail");
    }
    assert!(soon(|| maps_called("faulty.") == 0));
}
