//! Descriptors of modules' BTF, for what refers to types of modules.
//!
//! Enters: names of modules. Leaves: descriptors by the modules' places, kept until the load is
//! over.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::libc;

use crate::error::ErrorKind;
use crate::sys::SysError;
use crate::sys::bpf::{btf_fd_by_id, btf_info, btf_next_id};

use super::Step;

/// Those that a load refers to.
#[derive(Debug, Default)]
pub(super) struct ModuleFds {
    /// Name and descriptor, by place among the kernel's modules.
    open: BTreeMap<usize, (String, OwnedFd)>,
}

impl ModuleFds {
    /// Opens those of `wanted`: places and names.
    pub(super) fn open(wanted: BTreeMap<usize, String>) -> Result<Self, ErrorKind> {
        let mut fds = Self::default();
        if wanted.is_empty() {
            return Ok(fds);
        }
        let sys = |name: &str, source| ErrorKind::sys(Step::OpenModule, name, source);
        let (mut id, mut left) = (0, wanted);
        while !left.is_empty() {
            let first = || left.values().next().cloned().unwrap_or_default();
            let next = btf_next_id(id).map_err(|error| sys(&first(), error))?;
            let Some(next) = next else {
                let gone = SysError {
                    call: "bpf(BPF_BTF_GET_NEXT_ID)",
                    errno: libc::ENOENT,
                };
                return Err(sys(&first(), gone));
            };
            id = next;
            let info = match btf_info(id) {
                Ok(info) => info,
                // It has just gone.
                Err(error) if error.errno == libc::ENOENT => continue,
                Err(error) => return Err(sys(&first(), error)),
            };
            let place = left
                .iter()
                .find(|(_, name)| info.kernel && **name == info.name);
            let Some(place) = place.map(|(place, _)| *place) else {
                continue;
            };
            let fd = btf_fd_by_id(id).map_err(|error| sys(&info.name, error))?;
            left.remove(&place);
            fds.open.insert(place, (info.name, fd));
        }
        Ok(fds)
    }

    /// The descriptor of a module.
    pub(super) fn fd(&self, place: usize) -> Result<BorrowedFd<'_>, ErrorKind> {
        let found = self.open.get(&place).map(|(_, fd)| fd.as_fd());
        found.ok_or_else(|| {
            let gone = SysError {
                call: "bpf(BPF_BTF_GET_FD_BY_ID)",
                errno: libc::ENOENT,
            };
            ErrorKind::sys(Step::OpenModule, "", gone)
        })
    }

    /// All, in order of their places.
    pub(super) fn all(&self) -> impl Iterator<Item = (usize, BorrowedFd<'_>)> {
        self.open
            .iter()
            .map(|(place, (_, fd))| (*place, fd.as_fd()))
    }
}
