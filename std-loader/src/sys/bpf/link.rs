//! Attaching programs.
//!
//! Enters: a program and where it shall run. Leaves: a link's descriptor; when the last one of a
//! link is closed and it is not pinned, the program is detached.

use core::ffi::CStr;
use std::os::fd::{BorrowedFd, OwnedFd};

use zerocopy::{Immutable, IntoBytes};

use super::{Cmd, Ptr, bpf_fd, raw};
use crate::sys::{AttachType, SysError};

#[derive(IntoBytes, Immutable)]
#[repr(C)]
struct RawTracepointAttr {
    name: Ptr,
    prog_fd: u32,
    _pad: u32,
    cookie: u64,
}

/// The part of `link_create` that all attach types have in common.
#[derive(IntoBytes, Immutable)]
#[repr(C)]
struct LinkCreateAttr {
    prog_fd: u32,
    target: u32,
    attach_type: u32,
    flags: u32,
}

/// What [`link_create`] attaches to.
#[derive(Clone, Copy, Debug)]
pub enum LinkTarget<'a> {
    /// The attach type or the program says it all.
    None,
    /// A cgroup, a network namespace, a perf event, a map.
    Fd(BorrowedFd<'a>),
    /// A network device by its index.
    Ifindex(u32),
}

/// Attaches to a raw tracepoint; `name` is `None` for programs that were loaded for one place
/// (`tp_btf`, fentry, LSM). `cookie` is for `bpf_get_attach_cookie`, since Linux 6.10; 0 is none.
///
/// # Errors
/// `ENOENT` for an unknown tracepoint, `EINVAL` for a program of another type, `EPERM`, `E2BIG`
/// for a cookie on an older kernel.
pub fn raw_tracepoint_open(
    prog: BorrowedFd<'_>,
    name: Option<&CStr>,
    cookie: u64,
) -> Result<OwnedFd, SysError> {
    let name = name.map_or(Ptr::NULL, Ptr::to_str);
    let mut attr = RawTracepointAttr {
        name,
        prog_fd: raw(prog),
        _pad: 0,
        cookie,
    };
    // SAFETY: `RawTracepointAttr` is RAW_TRACEPOINT_OPEN's part. The kernel reads a string at
    // `name` up to its NUL, unless it is NULL; it is borrowed over the call. A new descriptor
    // comes back.
    unsafe { bpf_fd(Cmd::RAW_TRACEPOINT_OPEN, &mut attr) }
}

/// Attaches to what needs no more than a target and flags: cgroups, network namespaces, XDP.
///
/// # Errors
/// `EINVAL` for a target or flags that do not fit, `EBUSY` or `EEXIST` when the place is taken,
/// `EOPNOTSUPP`, `EPERM`.
pub fn link_create(
    prog: BorrowedFd<'_>,
    target: LinkTarget<'_>,
    attach_type: AttachType,
    flags: u32,
) -> Result<OwnedFd, SysError> {
    let target = match target {
        LinkTarget::None => 0,
        LinkTarget::Fd(fd) => raw(fd),
        LinkTarget::Ifindex(index) => index,
    };
    let mut attr = LinkCreateAttr {
        prog_fd: raw(prog),
        target,
        attach_type: attach_type.0,
        flags,
    };
    // SAFETY: `LinkCreateAttr` is the head of LINK_CREATE's part and holds no address; the rest,
    // with its addresses and counts, is zero to the kernel. A new descriptor comes back.
    unsafe { bpf_fd(Cmd::LINK_CREATE, &mut attr) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::ProgType;
    use crate::sys::bpf::testing::{self, EXIT, mov};
    use core::mem::offset_of;
    use nix::libc;
    use std::os::fd::AsFd;

    /// Offsets of `union bpf_attr` as a C compiler gives them for Linux 6.18.
    #[test]
    fn layout_is_the_kernels() {
        assert_eq!(offset_of!(RawTracepointAttr, prog_fd), 8);
        assert_eq!(offset_of!(RawTracepointAttr, cookie), 16);
        assert_eq!(size_of::<RawTracepointAttr>(), 24);
        assert_eq!(offset_of!(LinkCreateAttr, target), 4);
        assert_eq!(offset_of!(LinkCreateAttr, attach_type), 8);
        assert_eq!(size_of::<LinkCreateAttr>(), 16);
    }

    #[test]
    fn a_flow_dissector_links_to_a_network_namespace() {
        if testing::skip("a_flow_dissector_links_to_a_network_namespace") {
            return;
        }
        let prog = testing::load(ProgType::FLOW_DISSECTOR, &[mov(0, 0), EXIT].concat()).unwrap();
        // A new namespace belongs to a thread that ends: the machine's own is left alone.
        let linked = std::thread::spawn(move || {
            nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNET).ok()?;
            let netns = std::fs::File::open("/proc/thread-self/ns/net").ok()?;
            let target = LinkTarget::Fd(netns.as_fd());
            let link = link_create(prog.as_fd(), target, AttachType::FLOW_DISSECTOR, 0);
            let wrong = link_create(prog.as_fd(), LinkTarget::None, AttachType::CGROUP_DEVICE, 0);
            Some((link.map(drop), wrong.map(drop)))
        });
        let Some((link, wrong)) = linked.join().unwrap() else {
            eprintln!(
                "SKIP a_flow_dissector_links_to_a_network_namespace: no new network namespace"
            );
            return;
        };
        assert_eq!(link, Ok(()));
        assert_eq!(wrong.unwrap_err().errno, libc::EINVAL);
    }
}
