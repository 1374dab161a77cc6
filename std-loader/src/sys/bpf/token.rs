//! BPF tokens: the right to use `bpf(2)` in a user namespace, from a mounted BPF file system that
//! delegates it.
//!
//! Enters: a directory's descriptor. Leaves: the token's.

use std::os::fd::{BorrowedFd, OwnedFd};

use zerocopy::{Immutable, IntoBytes};

use super::{Cmd, bpf_fd, raw};
use crate::sys::SysError;

#[derive(IntoBytes, Immutable)]
#[repr(C)]
struct TokenAttr {
    flags: u32,
    bpffs_fd: u32,
}

/// Makes a token from the root directory of a BPF file system, since Linux 6.9.
///
/// # Errors
/// `ENOENT` when the file system delegates nothing, `EOPNOTSUPP` in the initial user namespace,
/// `EPERM` in another one than the file system was mounted for, `EINVAL` for another directory
/// and from older kernels.
pub fn token_create(bpffs: BorrowedFd<'_>) -> Result<OwnedFd, SysError> {
    let mut attr = TokenAttr {
        flags: 0,
        bpffs_fd: raw(bpffs),
    };
    // SAFETY: `TokenAttr` is TOKEN_CREATE's part and holds no address; a new descriptor comes back.
    unsafe { bpf_fd(Cmd::TOKEN_CREATE, &mut attr) }
}
