//! Loading BTF.
//!
//! Enters: the bytes of a BTF section in this machine's byte order. Leaves: a descriptor that maps
//! and programs refer to.

use std::os::fd::{BorrowedFd, OwnedFd};

use zerocopy::{Immutable, IntoBytes};

use super::prog::Log;
use super::{Cmd, Ptr, bpf_fd, raw_or_zero};
use crate::sys::SysError;

/// BTF to load.
#[derive(Clone, Copy, Debug, Default)]
pub struct BtfLoad<'a> {
    /// The whole section.
    pub btf: &'a [u8],
    /// `BPF_F_TOKEN_FD` or 0.
    pub flags: u32,
    /// BPF token.
    pub token: Option<BorrowedFd<'a>>,
}

#[derive(IntoBytes, Immutable)]
#[repr(C)]
struct LoadAttr {
    btf: Ptr,
    log_buf: Ptr,
    btf_size: u32,
    log_size: u32,
    log_level: u32,
    log_true_size: u32,
    flags: u32,
    token_fd: u32,
}

/// Loads BTF.
///
/// # Errors
/// `EINVAL` or `ENOTSUPP` when the kernel does not accept it, with its reasons in `log`; `ENOSPC`
/// when `log` is too short; `E2BIG` for more than 16 MiB; `EPERM`.
pub fn btf_load(load: &BtfLoad<'_>, mut log: Option<&mut Log<'_>>) -> Result<OwnedFd, SysError> {
    let cmd = Cmd::BTF_LOAD;
    let (log_level, log_size, log_buf) = match log.as_deref_mut() {
        Some(log) => log.lend(cmd)?,
        None => (0, 0, Ptr::NULL),
    };
    let mut attr = LoadAttr {
        btf: Ptr::to(load.btf),
        log_buf,
        btf_size: cmd.len(load.btf.len())?,
        log_size,
        log_level,
        log_true_size: 0,
        flags: load.flags,
        token_fd: raw_or_zero(load.token),
    };
    // SAFETY: `LoadAttr` is the head of BTF_LOAD's part. The kernel reads `btf_size` bytes at
    // `btf` and writes at most `log_size` at `log_buf`; both are borrowed over the call, the
    // latter mutably. A new descriptor comes back.
    let result = unsafe { bpf_fd(cmd, &mut attr) };
    if let Some(log) = log {
        log.true_len = attr.log_true_size;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::bpf::{btf_fd_by_id, btf_next_id, testing};
    use core::mem::offset_of;
    use nix::libc;

    /// Offsets of `union bpf_attr` as a C compiler gives them for Linux 6.18.
    #[test]
    fn layout_is_the_kernels() {
        assert_eq!(offset_of!(LoadAttr, log_buf), 8);
        assert_eq!(offset_of!(LoadAttr, btf_size), 16);
        assert_eq!(offset_of!(LoadAttr, log_size), 20);
        assert_eq!(offset_of!(LoadAttr, log_level), 24);
        assert_eq!(offset_of!(LoadAttr, log_true_size), 28);
        assert_eq!(offset_of!(LoadAttr, token_fd), 36);
        assert_eq!(size_of::<LoadAttr>(), 40);
    }

    /// Header of 24 bytes; `int`: 4 bytes, 32 bits, signed; the strings `""` and `int`.
    fn int_btf(name_off: u32) -> Vec<u8> {
        let mut btf = 0xeb9f_u16.to_ne_bytes().to_vec();
        btf.extend([1, 0]);
        for word in [24, 0, 16, 16, 5, name_off, 1 << 24, 4, 1 << 24 | 32] {
            btf.extend(u32::to_ne_bytes(word));
        }
        btf.extend(b"\0int\0");
        btf
    }

    #[test]
    fn the_kernel_takes_or_explains() {
        if testing::skip("the_kernel_takes_or_explains") {
            return;
        }
        let (good, bad) = (int_btf(1), int_btf(99));
        let load = |btf, log| {
            btf_load(
                &BtfLoad {
                    btf,
                    ..Default::default()
                },
                log,
            )
        };
        let fd = load(&good, None).unwrap();
        let first = btf_next_id(0).unwrap().unwrap();
        assert!(btf_fd_by_id(first).is_ok());
        drop(fd);

        let mut buf = [0; 1024];
        let mut log = Log::new(1, &mut buf);
        assert_eq!(load(&bad, Some(&mut log)).unwrap_err().errno, libc::EINVAL);
        assert!(!log.text().is_empty());
    }
}
