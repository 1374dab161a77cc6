//! Finding objects again: pins and ids.
//!
//! Enters: a path in a BPF file system, or an id. Leaves: a descriptor, or the next id.

use core::ffi::CStr;
use std::os::fd::{BorrowedFd, OwnedFd};

use nix::libc;
use zerocopy::{Immutable, IntoBytes};

use super::{Cmd, Ptr, bpf, bpf_fd, raw};
use crate::sys::SysError;

#[derive(IntoBytes, Immutable)]
#[repr(C)]
struct PinAttr {
    pathname: Ptr,
    bpf_fd: u32,
    file_flags: u32,
}

#[derive(IntoBytes, Immutable)]
#[repr(C)]
struct IdAttr {
    /// The id to open, or the one before those wanted.
    id: u32,
    next_id: u32,
    open_flags: u32,
}

/// Gives `object` (a map, program, link or BTF) a name in a BPF file system, which keeps it alive.
///
/// # Errors
/// `EEXIST`, `ENOENT`, `EACCES`; `EPERM` when `path` is on another file system.
pub fn obj_pin(object: BorrowedFd<'_>, path: &CStr) -> Result<(), SysError> {
    let mut attr = PinAttr {
        pathname: Ptr::to_str(path),
        bpf_fd: raw(object),
        file_flags: 0,
    };
    // SAFETY: `PinAttr` is the head of OBJ_PIN's part; the kernel reads a string at `pathname` up
    // to its NUL, borrowed over the call.
    unsafe { bpf(Cmd::OBJ_PIN, &mut attr) }.map(|_| ())
}

/// Opens a pinned object. `file_flags` is 0, `BPF_F_RDONLY` or `BPF_F_WRONLY`.
///
/// # Errors
/// `ENOENT`, `EACCES`; `EPERM` when `path` is no pinned object.
pub fn obj_get(path: &CStr, file_flags: u32) -> Result<OwnedFd, SysError> {
    let mut attr = PinAttr {
        pathname: Ptr::to_str(path),
        bpf_fd: 0,
        file_flags,
    };
    // SAFETY: as in `obj_pin`; a new descriptor comes back.
    unsafe { bpf_fd(Cmd::OBJ_GET, &mut attr) }
}

/// The least program id above `id` (0: the first); `None` after the last.
///
/// # Errors
/// `EPERM` without `CAP_SYS_ADMIN`, `EINVAL` from `i32::MAX` on.
pub fn prog_next_id(id: u32) -> Result<Option<u32>, SysError> {
    next_id(Cmd::PROG_GET_NEXT_ID, id)
}

/// The least map id above `id` (0: the first); `None` after the last.
///
/// # Errors
/// `EPERM` without `CAP_SYS_ADMIN`, `EINVAL` from `i32::MAX` on.
pub fn map_next_id(id: u32) -> Result<Option<u32>, SysError> {
    next_id(Cmd::MAP_GET_NEXT_ID, id)
}

/// The least BTF id above `id` (0: the first); `None` after the last. The kernel's own and those of
/// its modules are among them.
///
/// # Errors
/// `EPERM` without `CAP_SYS_ADMIN`, `EINVAL` from `i32::MAX` on.
pub fn btf_next_id(id: u32) -> Result<Option<u32>, SysError> {
    next_id(Cmd::BTF_GET_NEXT_ID, id)
}

fn next_id(cmd: Cmd, id: u32) -> Result<Option<u32>, SysError> {
    let mut attr = IdAttr {
        id,
        next_id: 0,
        open_flags: 0,
    };
    // SAFETY: `IdAttr` is the head of this command's part and holds no address; the kernel writes
    // `next_id`, an integer.
    match unsafe { bpf(cmd, &mut attr) } {
        Ok(_) => Ok(Some(attr.next_id)),
        Err(error) if error.errno == libc::ENOENT => Ok(None),
        Err(error) => Err(error),
    }
}

/// Opens a program by its id.
///
/// # Errors
/// `ENOENT` when it is gone, `EPERM` without `CAP_SYS_ADMIN`.
pub fn prog_fd_by_id(id: u32) -> Result<OwnedFd, SysError> {
    fd_by_id(Cmd::PROG_GET_FD_BY_ID, id)
}

/// Opens a map by its id.
///
/// # Errors
/// `ENOENT` when it is gone, `EPERM` without `CAP_SYS_ADMIN`.
pub fn map_fd_by_id(id: u32) -> Result<OwnedFd, SysError> {
    fd_by_id(Cmd::MAP_GET_FD_BY_ID, id)
}

/// Opens a BTF by its id.
///
/// # Errors
/// `ENOENT` when it is gone, `EPERM` without `CAP_SYS_ADMIN`.
pub fn btf_fd_by_id(id: u32) -> Result<OwnedFd, SysError> {
    fd_by_id(Cmd::BTF_GET_FD_BY_ID, id)
}

fn fd_by_id(cmd: Cmd, id: u32) -> Result<OwnedFd, SysError> {
    let mut attr = IdAttr {
        id,
        next_id: 0,
        open_flags: 0,
    };
    // SAFETY: `IdAttr` is the head of this command's part and holds no address; a new descriptor
    // comes back.
    unsafe { bpf_fd(cmd, &mut attr) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::MapType;
    use crate::sys::bpf::testing;
    use crate::sys::bpf::{MapCreate, MapFd, map_info};
    use core::mem::offset_of;
    use nix::mount::{MsFlags, mount};
    use nix::sched::{CloneFlags, unshare};
    use std::os::fd::AsFd;

    /// Offsets as a C compiler gives them for Linux 6.18.
    #[test]
    fn layout_is_the_kernels() {
        assert_eq!(offset_of!(PinAttr, file_flags), 12);
        assert_eq!(offset_of!(IdAttr, open_flags), 8);
    }

    #[test]
    fn a_pin_opens_the_same_object() {
        if testing::skip("a_pin_opens_the_same_object") {
            return;
        }
        let create = MapCreate {
            map_type: MapType::ARRAY,
            key_size: 4,
            value_size: 4,
            max_entries: 1,
            ..Default::default()
        };
        let map = MapFd::create(&create).unwrap();
        assert_eq!(
            obj_pin(map.as_fd(), c"/tmp/no-bpffs").unwrap_err().errno,
            libc::EPERM
        );
        // A mount of its own, in a namespace that ends with the thread.
        let pinned = std::thread::spawn(move || {
            unshare(CloneFlags::CLONE_NEWNS).ok()?;
            mount(
                None::<&str>,
                "/",
                None::<&str>,
                MsFlags::MS_REC | MsFlags::MS_PRIVATE,
                None::<&str>,
            )
            .ok()?;
            mount(
                Some("bpf"),
                "/mnt",
                Some("bpf"),
                MsFlags::empty(),
                None::<&str>,
            )
            .ok()?;
            obj_pin(map.as_fd(), c"/mnt/pin").unwrap();
            assert_eq!(
                obj_pin(map.as_fd(), c"/mnt/pin").unwrap_err().errno,
                libc::EEXIST
            );
            let opened = obj_get(c"/mnt/pin", 0).unwrap();
            Some(map_info(opened.as_fd()).unwrap().id == map_info(map.as_fd()).unwrap().id)
        });
        match pinned.join().unwrap() {
            Some(same) => assert!(same),
            None => {
                eprintln!("SKIP a_pin_opens_the_same_object: no BPF file system in a namespace")
            }
        }
    }
}
