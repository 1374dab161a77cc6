//! The `bpf(2)` system call, taken apart into its commands.
//!
//! Enters: the arguments of one command, typed. Leaves: its result, or a [`SysError`] that names
//! the command. A file a kind of object: `map`, `prog`, `btf`, `link`, and `object` and `info`
//! for what all of them have: pins and ids, and what the kernel says of them.
//!
//! `bpf(2)` takes one union for all commands. Here each command has a struct of its own, which is
//! the head of its part of that union: the kernel takes a shorter one than it knows as continued
//! by zeros, and a longer one as long as what it does not know is zero. So an old kernel fails
//! with `E2BIG` only when a newer field is in fact used.

mod bind;
mod btf;
mod btf_data;
mod info;
mod link;
mod map;
mod object;
mod prog;
#[cfg(test)]
pub(crate) mod testing;
mod token;

use core::ffi::{CStr, c_int, c_long};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::libc;
use zerocopy::{Immutable, IntoBytes};

use super::{SysError, seam};

pub use bind::prog_bind_map;
pub use btf::{BtfLoad, btf_load};
pub use btf_data::btf_bytes;
pub use info::{BtfInfo, MapInfo, ProgInfo, btf_info, map_info, prog_info};
pub use link::{LinkTarget, link_create, raw_tracepoint_open};
pub use map::{MapCreate, MapFd, map_freeze};
pub use object::{
    btf_fd_by_id, btf_next_id, map_fd_by_id, map_next_id, obj_get, obj_pin, prog_fd_by_id,
    prog_next_id,
};
pub use prog::{Log, ProgLoad, Records, prog_load};
pub use token::token_create;

/// Bytes of a map's or program's name in the kernel, its terminating NUL included.
const NAME_BYTES: usize = 16;

/// A command, and what it is called in errors.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Cmd {
    number: c_int,
    name: &'static str,
}

impl Cmd {
    const MAP_CREATE: Self = Self::new(0, "bpf(BPF_MAP_CREATE)");
    const MAP_LOOKUP_ELEM: Self = Self::new(1, "bpf(BPF_MAP_LOOKUP_ELEM)");
    const MAP_UPDATE_ELEM: Self = Self::new(2, "bpf(BPF_MAP_UPDATE_ELEM)");
    const MAP_DELETE_ELEM: Self = Self::new(3, "bpf(BPF_MAP_DELETE_ELEM)");
    const MAP_GET_NEXT_KEY: Self = Self::new(4, "bpf(BPF_MAP_GET_NEXT_KEY)");
    const PROG_LOAD: Self = Self::new(5, "bpf(BPF_PROG_LOAD)");
    const OBJ_PIN: Self = Self::new(6, "bpf(BPF_OBJ_PIN)");
    const OBJ_GET: Self = Self::new(7, "bpf(BPF_OBJ_GET)");
    #[cfg(test)]
    const PROG_TEST_RUN: Self = Self::new(10, "bpf(BPF_PROG_TEST_RUN)");
    const PROG_GET_NEXT_ID: Self = Self::new(11, "bpf(BPF_PROG_GET_NEXT_ID)");
    const MAP_GET_NEXT_ID: Self = Self::new(12, "bpf(BPF_MAP_GET_NEXT_ID)");
    const PROG_GET_FD_BY_ID: Self = Self::new(13, "bpf(BPF_PROG_GET_FD_BY_ID)");
    const MAP_GET_FD_BY_ID: Self = Self::new(14, "bpf(BPF_MAP_GET_FD_BY_ID)");
    const OBJ_GET_INFO_BY_FD: Self = Self::new(15, "bpf(BPF_OBJ_GET_INFO_BY_FD)");
    const RAW_TRACEPOINT_OPEN: Self = Self::new(17, "bpf(BPF_RAW_TRACEPOINT_OPEN)");
    const BTF_LOAD: Self = Self::new(18, "bpf(BPF_BTF_LOAD)");
    const BTF_GET_FD_BY_ID: Self = Self::new(19, "bpf(BPF_BTF_GET_FD_BY_ID)");
    const MAP_FREEZE: Self = Self::new(22, "bpf(BPF_MAP_FREEZE)");
    const BTF_GET_NEXT_ID: Self = Self::new(23, "bpf(BPF_BTF_GET_NEXT_ID)");
    const LINK_CREATE: Self = Self::new(28, "bpf(BPF_LINK_CREATE)");
    const PROG_BIND_MAP: Self = Self::new(35, "bpf(BPF_PROG_BIND_MAP)");
    const TOKEN_CREATE: Self = Self::new(36, "bpf(BPF_TOKEN_CREATE)");

    const fn new(number: c_int, name: &'static str) -> Self {
        Self { number, name }
    }

    /// An error of this command that was found before the kernel was asked.
    const fn error(self, errno: c_int) -> SysError {
        SysError::new(self.name, errno)
    }

    /// A length as the kernel counts it.
    fn len(self, len: usize) -> Result<u32, SysError> {
        u32::try_from(len).map_err(|_| self.error(libc::E2BIG))
    }
}

/// The verifier gives up with `EAGAIN` when a signal comes; libbpf tries as often.
const PROG_LOAD_ATTEMPTS: u32 = 5;

/// The call itself.
///
/// # Safety
/// `attr` is the head of what the kernel defines for `cmd`, and each address in it is valid for
/// what `cmd` does with it: reading, or writing as many bytes as the attributes or the object say.
unsafe fn bpf<A: IntoBytes + Immutable>(cmd: Cmd, attr: &mut A) -> Result<c_long, SysError> {
    let mut attempts = if cmd == Cmd::PROG_LOAD {
        PROG_LOAD_ATTEMPTS
    } else {
        1
    };
    loop {
        let result = seam(cmd.name).and_then(|()| {
            let attr = core::ptr::from_mut(attr);
            // SAFETY: the kernel reads `size_of::<A>()` bytes at `attr`: live and initialised, as
            // `IntoBytes` forbids padding. It writes integers only, into fields within that size,
            // and `attr` is borrowed mutably. What it does with addresses is the caller's promise.
            match unsafe { libc::syscall(libc::SYS_bpf, cmd.number, attr, size_of::<A>()) } {
                -1 => Err(SysError::last(cmd.name)),
                result => Ok(result),
            }
        });
        attempts -= 1;
        match result {
            Err(error) if matches!(error.errno, libc::EAGAIN | libc::EINTR) && attempts > 0 => {}
            result => return result,
        }
    }
}

/// The call of a command that returns a descriptor. The kernel makes them all close-on-exec.
///
/// # Safety
/// As for [`bpf`]; and `cmd` returns a new descriptor.
unsafe fn bpf_fd<A: IntoBytes + Immutable>(cmd: Cmd, attr: &mut A) -> Result<OwnedFd, SysError> {
    // SAFETY: the caller's promise is the same.
    let result = unsafe { bpf(cmd, attr) }?;
    let raw = RawFd::try_from(result).map_err(|_| cmd.error(libc::EBADF))?;
    // SAFETY: the kernel has just made this descriptor for us; nobody else knows its number.
    let fd = unsafe { OwnedFd::from_raw_fd(raw) };
    if raw > libc::STDERR_FILENO {
        return Ok(fd);
    }
    // Some fields of `bpf(2)` take 0 for "none". `try_clone` stays clear of the standard three.
    fd.try_clone()
        .map_err(|error| cmd.error(error.raw_os_error().unwrap_or(libc::EMFILE)))
}

/// An address for the kernel. Whoever makes one keeps what it points to borrowed over the call.
#[derive(Clone, Copy, IntoBytes, Immutable)]
#[repr(transparent)]
struct Ptr(u64);

impl Ptr {
    const NULL: Self = Self(0);

    /// To read from; NULL for an empty slice, as the kernel wants it.
    fn to<T>(slice: &[T]) -> Self {
        if slice.is_empty() {
            return Self::NULL;
        }
        Self(slice.as_ptr().expose_provenance() as u64)
    }

    /// To write to; NULL for an empty slice.
    fn to_mut<T>(slice: &mut [T]) -> Self {
        if slice.is_empty() {
            return Self::NULL;
        }
        Self(slice.as_mut_ptr().expose_provenance() as u64)
    }

    /// To read a string from.
    fn to_str(string: &CStr) -> Self {
        Self::to(string.to_bytes_with_nul())
    }
}

/// A descriptor as attributes hold it.
fn raw(fd: BorrowedFd<'_>) -> u32 {
    fd.as_raw_fd().cast_unsigned()
}

/// A descriptor or, for none, 0.
fn raw_or_zero(fd: Option<BorrowedFd<'_>>) -> u32 {
    fd.map_or(0, raw)
}

/// A name as the kernel takes it: letters, digits, `_` and `.` only, at most 15 bytes and a NUL.
fn object_name(name: &str) -> [u8; NAME_BYTES] {
    let mut out = [0; NAME_BYTES];
    let kept = name
        .bytes()
        .filter(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'));
    for (slot, byte) in out[..NAME_BYTES - 1].iter_mut().zip(kept) {
        *slot = byte;
    }
    out
}

/// A name that the kernel gave, up to its NUL.
fn name_from(bytes: &[u8]) -> String {
    let name = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(name).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_the_kernel_takes() {
        for (name, kept) in [
            ("events", "events"),
            ("", ""),
            ("my-map.rodata", "mymap.rodata"),
            ("sixteen_letters_", "sixteen_letters"),
            ("über/€map", "bermap"),
        ] {
            let bytes = object_name(name);
            assert_eq!(name_from(&bytes), kept);
            assert_eq!(bytes[kept.len()..], [0; NAME_BYTES][kept.len()..]);
        }
    }

    #[test]
    fn empty_slices_are_null() {
        assert_eq!((Ptr::to::<u8>(&[]).0, Ptr::to_mut::<u8>(&mut []).0), (0, 0));
        assert_ne!(Ptr::to_str(c"").0, 0);
    }
}
