//! The bytes of a loaded BTF.

use std::os::fd::AsFd;

use nix::libc;
use zerocopy::FromZeros;

use super::info::{RawBtfInfo, info_by_fd};
use super::object::btf_fd_by_id;
use super::{Cmd, Ptr};
use crate::sys::SysError;

/// Larger BTF is not the kernel's.
const MAX_BYTES: u32 = 256 << 20;

/// Reads a loaded BTF: the kernel's own, a module's (which continues it), or a program's.
///
/// # Errors
/// `ENOENT` when it is gone, `EPERM` without `CAP_SYS_ADMIN`, `EFBIG` for more than 256 MiB.
pub fn btf_bytes(id: u32) -> Result<Vec<u8>, SysError> {
    let fd = btf_fd_by_id(id)?;
    let mut info = RawBtfInfo::new_zeroed();
    // SAFETY: all addresses and sizes in `info` are 0: the kernel writes the size alone.
    unsafe { info_by_fd(fd.as_fd(), &mut info) }?;
    if info.btf_size > MAX_BYTES {
        return Err(Cmd::OBJ_GET_INFO_BY_FD.error(libc::EFBIG));
    }
    let mut bytes = vec![0_u8; info.btf_size as usize];
    let mut info = RawBtfInfo::new_zeroed();
    info.btf = Ptr::to_mut(&mut bytes).0;
    info.btf_size = bytes.len() as u32;
    // SAFETY: the kernel writes at most `btf_size` bytes at `btf`, which outlives the call; name
    // and its length are 0.
    unsafe { info_by_fd(fd.as_fd(), &mut info) }?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::bpf::{BtfLoad, btf_info, btf_load, btf_next_id, testing};

    #[test]
    fn what_was_loaded_is_read_again() {
        if testing::skip("what_was_loaded_is_read_again") {
            return;
        }
        let mut image = crate::object::BtfImage::empty(relocore::Endian::NATIVE);
        let name = image.add_string("relocore_data").0;
        image.add_type(&[name, 1 << 24, 4, 32]);
        let bytes = image.to_bytes();
        let load = BtfLoad {
            btf: &bytes,
            ..BtfLoad::default()
        };
        let _fd = btf_load(&load, None).unwrap();
        let (mut id, mut found) = (0, false);
        while let Some(next) = btf_next_id(id).unwrap() {
            id = next;
            let Ok(info) = btf_info(id) else { continue };
            found |= !info.kernel && btf_bytes(id).is_ok_and(|read| read == bytes);
        }
        assert!(found);
        assert_eq!(btf_bytes(u32::MAX).unwrap_err().errno, libc::ENOENT);
    }
}
