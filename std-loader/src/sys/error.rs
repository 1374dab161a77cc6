//! A system call that failed.
//!
//! Enters: which call, and the errno. Leaves: a sentence with both, and advice where the errno
//! alone misleads: `bpf(BPF_MAP_CREATE): EPERM (Operation not permitted); needs CAP_BPF ...`.

use core::error::Error;
use core::fmt;

use nix::errno::Errno;
use nix::libc;

/// The kernel's internal "not supported", which `bpf(2)` lets through and libc has no name for.
const ENOTSUPP: i32 = 524;

/// A system call that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SysError {
    /// The call, with the command where it has one: `bpf(BPF_PROG_LOAD)`, `mmap`.
    pub call: &'static str,
    /// The errno, as in `<errno.h>` (`bpf(2)` also returns 524, the kernel's `ENOTSUPP`).
    pub errno: i32,
}

impl SysError {
    pub(super) const fn new(call: &'static str, errno: i32) -> Self {
        Self { call, errno }
    }

    pub(super) const fn from_errno(call: &'static str, errno: Errno) -> Self {
        Self {
            call,
            errno: errno as i32,
        }
    }

    pub(super) fn last(call: &'static str) -> Self {
        Self::new(call, Errno::last_raw())
    }

    /// What to look at first, if this errno of this call has a usual cause.
    fn advice(self) -> Option<&'static str> {
        match (self.errno, self.call) {
            (
                libc::EPERM,
                "bpf(BPF_MAP_UPDATE_ELEM)"
                | "bpf(BPF_MAP_DELETE_ELEM)"
                | "bpf(BPF_MAP_LOOKUP_ELEM)"
                | "bpf(BPF_MAP_FREEZE)",
            ) => Some("the map is frozen, or was opened or created without this access"),
            (libc::EPERM, call) if call.starts_with("bpf(") => Some(
                "needs CAP_BPF, and CAP_PERFMON for tracing or CAP_NET_ADMIN for networking \
                 (before Linux 5.8 CAP_SYS_ADMIN), or a BPF token; kernel lockdown, seccomp or a \
                 security module can refuse too, and before Linux 5.11 so can a low RLIMIT_MEMLOCK",
            ),
            (libc::ENOSYS, call) if call.starts_with("bpf(") => {
                Some("this kernel was built without CONFIG_BPF_SYSCALL, or seccomp hides it")
            }
            (libc::ENOENT, "bpf(BPF_RAW_TRACEPOINT_OPEN)") => {
                Some("this kernel has no tracepoint of that name")
            }
            (libc::E2BIG, call) if call.starts_with("bpf(") => {
                Some("too large, or it uses an attribute that this kernel does not know")
            }
            _ => None,
        }
    }
}

impl fmt::Display for SysError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let call = self.call;
        match (Errno::from_raw(self.errno), self.errno) {
            (_, ENOTSUPP) => write!(f, "{call}: ENOTSUPP (Not supported by this kernel)")?,
            (Errno::UnknownErrno, number) => write!(f, "{call}: errno {number}")?,
            (errno, _) => write!(f, "{call}: {errno:?} ({})", errno.desc())?,
        }
        match self.advice() {
            Some(advice) => write!(f, "; {advice}"),
            None => Ok(()),
        }
    }
}

impl Error for SysError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_call_errno_and_advice() {
        let show = |call, errno| SysError::new(call, errno).to_string();
        assert_eq!(
            show("mmap", libc::EPERM),
            "mmap: EPERM (Operation not permitted)"
        );
        assert_eq!(
            show("bpf(BPF_BTF_LOAD)", 524),
            "bpf(BPF_BTF_LOAD): ENOTSUPP (Not supported by this kernel)"
        );
        assert_eq!(show("mmap", 9999), "mmap: errno 9999");
        assert!(
            show("bpf(BPF_MAP_CREATE)", libc::EPERM).contains("; needs CAP_BPF, and CAP_PERFMON")
        );
        assert!(show("bpf(BPF_MAP_UPDATE_ELEM)", libc::EPERM).contains("; the map is frozen"));
    }
}
