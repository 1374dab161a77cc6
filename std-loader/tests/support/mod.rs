//! What the tests of real loads share: privilege, descriptors, ids.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use core::time::Duration;
use std::fs;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::Instant;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use relocore_loader::sys::bpf;
use relocore_loader::{Error, Loaded, Object};

/// The object of `bpf/loader.bpf.c`.
pub(crate) const LOADER: &[u8] = if cfg!(target_endian = "big") {
    include_bytes!("../bpf/loader.bpfeb.o")
} else {
    include_bytes!("../bpf/loader.bpfel.o")
};

/// The object of `bpf/maps.bpf.c`.
pub(crate) const MAPS: &[u8] = if cfg!(target_endian = "big") {
    include_bytes!("../bpf/maps.bpfeb.o")
} else {
    include_bytes!("../bpf/maps.bpfel.o")
};

/// The object of `bpf/kernel.bpf.c`.
pub(crate) const KERNEL: &[u8] = if cfg!(target_endian = "big") {
    include_bytes!("../bpf/kernel.bpfeb.o")
} else {
    include_bytes!("../bpf/kernel.bpfel.o")
};

/// Options that it needs.
pub(crate) const OPTIONS: &str = "CONFIG_RELOCORE_INT=-7\nCONFIG_RELOCORE_BOOL=y\n\
    CONFIG_RELOCORE_LETTER=m\nCONFIG_RELOCORE_TRI=m\nCONFIG_RELOCORE_TEXT=\"too long for it\"\n";

/// Tests count descriptors, so they run one after the other.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static LOCK: Mutex<()> = Mutex::new(());
    LOCK.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The object, configured for this process. Maps of its sections are called `object.bss`, ...
pub(crate) fn loader(object: &str) -> Object {
    let mut object = Object::from_bytes(object, LOADER).unwrap();
    object.kconfig_text(OPTIONS);
    object
        .set_global("only_tgid", &std::process::id().to_ne_bytes())
        .unwrap();
    object
}

/// Another of these objects, with the variable `only_tgid` set to this process.
pub(crate) fn for_this_process(name: &str, file: &[u8]) -> Object {
    let mut object = Object::from_bytes(name, file).unwrap();
    let tgid = std::process::id().to_ne_bytes();
    object.set_global("only_tgid", &tgid).unwrap();
    object
}

/// Does something in a thread that has a BPF file system of its own at `/mnt`, or says that there
/// can be none.
pub(crate) fn in_bpffs(test: &str, work: impl FnOnce(&Path) + Send) {
    let thread = |work: &mut dyn FnMut()| {
        unshare(CloneFlags::CLONE_NEWNS)?;
        let (none, private) = (None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE);
        mount(none, "/", none, private, none)?;
        mount(Some("bpf"), "/mnt", Some("bpf"), MsFlags::empty(), none)?;
        work();
        Ok::<_, nix::Error>(())
    };
    std::thread::scope(|scope| {
        let mut work = Some(work);
        let mut work = move || (work.take().unwrap())(Path::new("/mnt"));
        let done = scope.spawn(move || thread(&mut work)).join();
        match done {
            Ok(Ok(())) => {}
            Ok(Err(errno)) => eprintln!("SKIP {test}: no BPF file system in a namespace: {errno}"),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    });
}

/// Loads, or says that this process may not.
pub(crate) fn load(test: &str, object: &Object) -> Option<Loaded> {
    skip_without_privilege(test, object.load()).map(Result::unwrap)
}

/// `None`, and a line that says so, if the kernel refused for want of privilege.
pub(crate) fn skip_without_privilege(
    test: &str,
    result: Result<Loaded, Error>,
) -> Option<Result<Loaded, Error>> {
    match result {
        // EPERM, ENOSYS
        Err(error) if matches!(error.errno(), Some(1 | 38)) => {
            eprintln!("SKIP {test}: {error}");
            None
        }
        result => Some(result),
    }
}

/// Open descriptors of this process.
pub(crate) fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Maps in the kernel whose names begin so.
pub(crate) fn maps_called(prefix: &str) -> usize {
    let mut count = 0;
    let mut id = 0;
    while let Some(next) = bpf::map_next_id(id).unwrap() {
        id = next;
        // One that has just gone is none.
        let Ok(fd) = bpf::map_fd_by_id(id) else {
            continue;
        };
        let info = bpf::map_info(std::os::fd::AsFd::as_fd(&fd)).unwrap();
        count += usize::from(info.name.starts_with(prefix));
    }
    count
}

/// Waits until it holds: the kernel frees what was attached a little later.
pub(crate) fn soon(holds: impl Fn() -> bool) -> bool {
    let end = Instant::now() + Duration::from_secs(5);
    while Instant::now() < end {
        if holds() {
            return true;
        }
        sleep(Duration::from_millis(20));
    }
    holds()
}
