//! Binding a map to a program that does not use it.

use std::os::fd::BorrowedFd;

use zerocopy::{Immutable, IntoBytes};

use super::{Cmd, bpf, raw};
use crate::sys::SysError;

#[derive(IntoBytes, Immutable)]
#[repr(C)]
struct BindAttr {
    prog_fd: u32,
    map_fd: u32,
    flags: u32,
}

/// Has a program keep a map, as if its instructions did: constants that only listings read, such
/// as its version. Since Linux 5.10.
///
/// # Errors
/// `EINVAL` from older kernels, `ENOMEM`, `EPERM`.
pub fn prog_bind_map(prog: BorrowedFd<'_>, map: BorrowedFd<'_>) -> Result<(), SysError> {
    let mut attr = BindAttr {
        prog_fd: raw(prog),
        map_fd: raw(map),
        flags: 0,
    };
    // SAFETY: `BindAttr` is PROG_BIND_MAP's part and holds no address.
    unsafe { bpf(Cmd::PROG_BIND_MAP, &mut attr) }.map(|_| ())
}
