//! The two strings of `uname(2)` that matter here.

use nix::sys::utsname;

/// What `uname` prints with `-r` and with `-v`.
#[derive(Clone, Debug)]
pub(super) struct Uname {
    /// `uname -r`: part of the paths under `/boot` and `/lib/modules`.
    pub(super) release: String,
    /// `uname -v`: on Debian it tells the true version.
    pub(super) version: String,
}

/// Asks the kernel. `None` only where `uname(2)` itself is forbidden (seccomp).
pub(super) fn uname() -> Option<Uname> {
    let names = utsname::uname().ok()?;
    Some(Uname {
        release: names.release().to_string_lossy().into_owned(),
        version: names.version().to_string_lossy().into_owned(),
    })
}
