//! Pins: names in a BPF file system that keep maps and programs.
//!
//! Enters: maps that ask for a pin, and with [`Loaded::pin`] all that was loaded. Leaves: pins, all
//! of them or none. A map whose pin exists is taken from there when maps are created; new pins are
//! made when everything else has succeeded, so a load that is cut short leaves none. Rules:
//! libbpf's `bpf_object__reuse_map`, `bpf_object__pin`.

use std::ffi::{CString, OsString};
use std::fs;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::libc;

use crate::error::{Error, ErrorKind};
use crate::object::{MapDefinition, Object};
use crate::sys::bpf::{obj_get, obj_pin};
use crate::sys::{SysError, bpffs};

use super::Step;
use super::loaded::Loaded;
use super::maps::Made;

/// Where a map is to be pinned, if it is.
fn path(object: &Object, definition: &MapDefinition) -> Option<PathBuf> {
    if let Some(path) = &definition.pin_path {
        return Some(path.clone());
    }
    let name = pin_name(definition.name());
    definition.pin_by_name().then(|| object.pin_root.join(name))
}

/// A name that can be pinned: a BPF file system takes none with dots.
fn pin_name(name: &str) -> String {
    name.replace('.', "_")
}

fn c_path(path: &Path) -> Result<CString, SysError> {
    let invalid = |_| SysError {
        call: "bpf(BPF_OBJ_PIN)",
        errno: libc::EINVAL,
    };
    CString::new(path.as_os_str().as_bytes()).map_err(invalid)
}

fn error(step: Step, path: &Path, source: SysError) -> ErrorKind {
    ErrorKind::sys(step, &path.display().to_string(), source)
}

/// The map that is pinned already where this one is to be.
pub(super) fn open(
    object: &Object,
    definition: &MapDefinition,
) -> Result<Option<OwnedFd>, ErrorKind> {
    let Some(path) = path(object, definition) else {
        return Ok(None);
    };
    match c_path(&path).and_then(|path| obj_get(&path, 0)) {
        Ok(fd) => Ok(Some(fd)),
        Err(source) if source.errno == libc::ENOENT => Ok(None),
        Err(source) => Err(error(Step::ReuseMap, &path, source)),
    }
}

/// Pins that go with it again, unless they are [kept](Self::keep).
#[derive(Debug, Default)]
struct Pins(Vec<PathBuf>);

impl Pins {
    fn add(&mut self, path: PathBuf, fd: BorrowedFd<'_>) -> Result<(), ErrorKind> {
        let pinned = c_path(&path).and_then(|path| obj_pin(fd, &path));
        pinned.map_err(|source| error(Step::Pin, &path, source))?;
        self.0.push(path);
        Ok(())
    }

    fn keep(mut self) {
        self.0.clear();
    }
}

impl Drop for Pins {
    fn drop(&mut self) {
        for path in &self.0 {
            // A destructor has nobody to tell.
            let _ = fs::remove_file(path);
        }
    }
}

/// Pins the new maps that ask for it.
pub(super) fn pin_new(object: &Object, maps: &[Option<Made>]) -> Result<(), ErrorKind> {
    let mut pins = Pins::default();
    for (definition, made) in object.parts.maps.iter().zip(maps) {
        let Some(made) = made.as_ref().filter(|made| !made.is_reused) else {
            continue;
        };
        if let Some(path) = path(object, definition) {
            pins.add(path, made.map.as_fd())?;
        }
    }
    pins.keep();
    Ok(())
}

/// Whether somebody else has pinned a map of that name since it was looked for: loading again
/// finds that one.
pub(super) fn was_overtaken(error: &ErrorKind) -> bool {
    match error {
        ErrorKind::Sys { step, source, .. } => *step == Step::Pin && source.errno == libc::EEXIST,
        _ => false,
    }
}

/// A directory that goes again, unless it was renamed.
struct Directory(PathBuf);

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

impl Loaded {
    /// Pins all programs and maps, by their names (dots become `_`), in the directory `path` of a
    /// BPF file system, which is made and must not exist before, or be empty. They stay loaded then
    /// until they are unlinked. The directory appears with all of them in it; if this process is
    /// killed meanwhile, one called `..._tmp_...` may be left beside it.
    ///
    /// # Errors
    /// [`Step::Pin`] with the path at fault; no pin is left.
    pub fn pin(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let pinned = self.pin_in(path.as_ref());
        pinned.map_err(|error| error.of(self.name()))
    }

    fn pin_in(&self, path: &Path) -> Result<(), ErrorKind> {
        let Some(name) = path.file_name() else {
            let source = SysError {
                call: "mkdir",
                errno: libc::EINVAL,
            };
            return Err(error(Step::Pin, path, source));
        };
        let mut unique = OsString::from(name);
        unique.push(format!("_tmp_{}", std::process::id()));
        let temporary = path.with_file_name(unique);
        let made = bpffs::create_dir(&temporary);
        made.map_err(|source| error(Step::Pin, &temporary, source))?;
        let directory = Directory(temporary);
        let mut pins = Pins::default();
        let programs = self.programs().iter().map(|one| (one.name(), one.as_fd()));
        let maps = self.maps().map(|(name, map)| (name, map.as_fd()));
        for (name, fd) in programs.chain(maps) {
            pins.add(directory.0.join(pin_name(name)), fd)?;
        }
        let renamed = bpffs::rename(&directory.0, path);
        renamed.map_err(|source| error(Step::Pin, path, source))?;
        pins.keep();
        Ok(())
    }
}
