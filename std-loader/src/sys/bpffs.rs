//! Directories of a BPF file system, where pins are.
//!
//! Enters: paths. Leaves: what was asked for, or a [`SysError`]. Names there may have no dots, and
//! a rename moves a directory as a whole: it is how several pins appear at once.

use std::fs;
use std::io;
use std::path::Path;

use nix::libc;

use super::{SysError, seam};

fn error(call: &'static str, error: &io::Error) -> SysError {
    SysError::new(call, error.raw_os_error().unwrap_or(libc::EIO))
}

/// Makes a directory for this user alone.
///
/// # Errors
/// `EEXIST`, `ENOENT`, `EPERM` for a name with a dot, `EACCES`.
pub fn create_dir(path: &Path) -> Result<(), SysError> {
    use std::os::unix::fs::DirBuilderExt;
    const CALL: &str = "mkdir";
    seam(CALL)?;
    let made = fs::DirBuilder::new().mode(0o700).create(path);
    made.map_err(|found| error(CALL, &found))
}

/// Renames a directory; `to` may be an empty one.
///
/// # Errors
/// `ENOTEMPTY`, `ENOTDIR`, `EXDEV`, `EPERM`, `EACCES`.
pub fn rename(from: &Path, to: &Path) -> Result<(), SysError> {
    const CALL: &str = "rename";
    seam(CALL)?;
    fs::rename(from, to).map_err(|found| error(CALL, &found))
}
