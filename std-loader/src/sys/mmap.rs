//! Memory mapped from the kernel.
//!
//! Enters: a descriptor, an offset and a length. Leaves: [`Mmap`], bytes that never change, or
//! [`SharedMmap`], memory that the kernel changes at any time and that is therefore only copied
//! and loaded, never borrowed. Both unmap themselves.

use core::fmt;
use core::num::NonZeroUsize;
use core::ops::Deref;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering, fence};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::path::Path;

use nix::errno::Errno;
use nix::libc;
use nix::sys::mman::{MapFlags, ProtFlags, mmap, munmap};
use nix::sys::statfs::{SYSFS_MAGIC, fstatfs};

use super::{SysError, seam};

const CALL: &str = "mmap";

/// Pages that belong to this value alone.
struct Region {
    start: NonNull<u8>,
    len: usize,
}

impl Region {
    /// At `address`, if the kernel finds that right, for some files nowhere else.
    fn map(
        fd: BorrowedFd<'_>,
        offset: u64,
        len: usize,
        prot: ProtFlags,
        flags: MapFlags,
        address: Option<NonZeroUsize>,
    ) -> Result<Self, SysError> {
        let invalid = || SysError::new(CALL, libc::EINVAL);
        // Slices may not be longer; the kernel would refuse sooner.
        if isize::try_from(len).is_err() {
            return Err(invalid());
        }
        let length = NonZeroUsize::new(len).ok_or_else(invalid)?;
        let offset = libc::off_t::try_from(offset).map_err(|_| invalid())?;
        seam(CALL)?;
        // SAFETY: without MAP_FIXED the address is a hint, and the kernel chooses unused pages, so
        // no memory that anything else knows of is touched.
        let mapped = unsafe { mmap(address, length, prot, flags, fd, offset) };
        let start = mapped.map_err(|errno| SysError::from_errno(CALL, errno))?;
        Ok(Self {
            start: start.cast(),
            len,
        })
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        // SAFETY: the pages were mapped by `Region::map` with this address and length; they are
        // unmapped here only, and every borrow of them borrows the `Region`.
        // An error could only mean wrong arguments, and a destructor has nobody to tell.
        let _ = unsafe { munmap(self.start.cast(), self.len) };
    }
}

// SAFETY: a mapping belongs to the process, not to a thread, and `Region` is its only owner.
unsafe impl Send for Region {}

// SAFETY: through `&Region` nothing can be done but read its address and length.
unsafe impl Sync for Region {}

/// The kernel's own BTF as it lies in its memory: read-only bytes without a copy.
///
/// Only that file is accepted. An ordinary file may be changed, or cut short (`SIGBUS`), by anyone
/// while it is mapped, which `&[u8]` does not allow: read those.
pub struct Mmap(Region);

impl Mmap {
    /// Maps the first `len` bytes of `kernel/btf/vmlinux` in sysfs.
    ///
    /// # Errors
    /// `ENODEV` when `fd` is another file (also if `/proc` cannot tell), and from kernels before
    /// 6.16, which cannot map it: read it then. `EINVAL` when `len` is 0 or goes past the end.
    pub fn map(fd: impl AsFd, len: usize) -> Result<Self, SysError> {
        let fd = fd.as_fd();
        if !is_vmlinux_btf(fd) {
            return Err(SysError::new(CALL, libc::ENODEV));
        }
        Region::map(
            fd,
            0,
            len,
            ProtFlags::PROT_READ,
            MapFlags::MAP_PRIVATE,
            None,
        )
        .map(Self)
    }
}

/// On sysfs, and under the name that the kernel's own BTF has there. Other files of sysfs that can
/// be mapped (PCI resources, rings) are memory of devices, which changes.
fn is_vmlinux_btf(fd: BorrowedFd<'_>) -> bool {
    let on_sysfs = fstatfs(fd).is_ok_and(|fs| fs.filesystem_type() == SYSFS_MAGIC);
    let link = format!("/proc/self/fd/{}", fd.as_raw_fd());
    on_sysfs
        && std::fs::read_link(link)
            .is_ok_and(|path| path.ends_with(Path::new("kernel/btf/vmlinux")))
}

impl Deref for Mmap {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: the `len` bytes from `start` are mapped readable as long as `self` lives; they
        // are constant data of the running kernel (`is_vmlinux_btf`), which nobody writes and
        // nothing truncates; `len` fits `isize` (`Region::map`).
        unsafe { core::slice::from_raw_parts(self.0.start.as_ptr(), self.0.len) }
    }
}

impl fmt::Debug for Mmap {
    /// The length only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mmap({} bytes)", self.0.len)
    }
}

/// What a [`SharedMmap`] is mapped for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Loads only.
    Read,
    /// Loads and stores.
    ReadWrite,
}

/// Memory that this process shares with the kernel: a ring buffer, the value of an array map.
///
/// The other side writes at any time, so there are no slices of it: bytes are copied by volatile
/// accesses, and positions loaded and stored atomically. Offsets are in bytes from the start of
/// the mapping; one that is out of bounds or misaligned gives `None` and touches nothing.
pub struct SharedMmap {
    region: Region,
    access: Access,
}

impl SharedMmap {
    /// Maps `len` bytes of `fd` from `offset`, which must be a multiple of the page size.
    ///
    /// # Errors
    /// `EINVAL` for a bad length or offset, `EPERM` or `EACCES` when the access is not allowed (a
    /// frozen map for writing), `ENODEV` when it cannot be mapped, `ENOMEM`.
    pub fn map(fd: impl AsFd, offset: u64, len: usize, access: Access) -> Result<Self, SysError> {
        let prot = match access {
            Access::Read => ProtFlags::PROT_READ,
            Access::ReadWrite => ProtFlags::PROT_READ | ProtFlags::PROT_WRITE,
        };
        let region = Region::map(fd.as_fd(), offset, len, prot, MapFlags::MAP_SHARED, None)?;
        Ok(Self { region, access })
    }

    /// Maps an arena of `len` bytes for reading and writing: at `address`, or, if that is 0, where
    /// the kernel chooses. All processes map an arena at the same address.
    ///
    /// # Errors
    /// `EBUSY` or `EINVAL` when the address is taken or not the arena's, `ENOMEM`.
    pub fn map_arena(fd: impl AsFd, address: u64, len: usize) -> Result<Self, SysError> {
        let address = usize::try_from(address).ok().and_then(NonZeroUsize::new);
        let access = Access::ReadWrite;
        let prot = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        let region = Region::map(fd.as_fd(), 0, len, prot, MapFlags::MAP_SHARED, address)?;
        Ok(Self { region, access })
    }

    /// Address of its first byte: of an arena the one that its pointers count from.
    #[must_use]
    pub fn address(&self) -> u64 {
        self.region.start.addr().get() as u64
    }

    /// Bytes of it.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.region.len
    }

    /// Whether it has no bytes: never, as nothing can't be mapped.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.region.len == 0
    }

    /// Copies `dst.len()` bytes from offset `at`. Bytes that change meanwhile may be old or new;
    /// those of an aligned value of up to a machine word are all of one time.
    #[must_use]
    pub fn read(&self, at: usize, dst: &mut [u8]) -> Option<()> {
        let src: NonNull<u8> = self.range(at, dst.len())?;
        let mut done = 0;
        while let Some(rest) = dst.get_mut(done..).filter(|rest| !rest.is_empty()) {
            // SAFETY: `range` has checked that `dst.len()` bytes from `src` are in the mapping.
            let place = unsafe { src.add(done) };
            let unit = unit(at + done, rest.len());
            let (unit, _) = rest.split_at_mut(unit);
            match unit.len() {
                8 => {
                    // SAFETY: `unit` says that 8 bytes are left and `place` is aligned to 8; they
                    // are mapped and readable; volatile, since the kernel may be writing them.
                    let value = unsafe { place.cast::<u64>().read_volatile() };
                    unit.copy_from_slice(&value.to_ne_bytes());
                }
                4 => {
                    // SAFETY: as above, for 4 bytes.
                    let value = unsafe { place.cast::<u32>().read_volatile() };
                    unit.copy_from_slice(&value.to_ne_bytes());
                }
                2 => {
                    // SAFETY: as above, for 2 bytes.
                    let value = unsafe { place.cast::<u16>().read_volatile() };
                    unit.copy_from_slice(&value.to_ne_bytes());
                }
                _ => {
                    // SAFETY: as above, for the one byte that is left at least.
                    let value = unsafe { place.read_volatile() };
                    unit.copy_from_slice(&[value]);
                }
            }
            done += unit.len();
        }
        Some(())
    }

    /// Copies `src` to offset `at`, aligned values of up to a machine word at once; `None` also
    /// where the mapping is read-only.
    #[must_use]
    pub fn write(&mut self, at: usize, src: &[u8]) -> Option<()> {
        if self.access != Access::ReadWrite {
            return None;
        }
        let dst: NonNull<u8> = self.range(at, src.len())?;
        let mut done = 0;
        while let Some(rest) = src.get(done..).filter(|rest| !rest.is_empty()) {
            // SAFETY: `range` has checked that `src.len()` bytes from `dst` are in the mapping.
            let place = unsafe { dst.add(done) };
            let (unit, _) = rest.split_at(unit(at + done, rest.len()));
            if let Ok(bytes) = unit.try_into() {
                // SAFETY: `unit` says that 8 bytes are left and `place` is aligned to 8; they are
                // mapped and writable, `&mut self` keeps this process's other accesses away;
                // volatile, since the kernel may be reading them.
                unsafe {
                    place
                        .cast::<u64>()
                        .write_volatile(u64::from_ne_bytes(bytes))
                };
            } else if let Ok(bytes) = unit.try_into() {
                // SAFETY: as above, for 4 bytes.
                unsafe {
                    place
                        .cast::<u32>()
                        .write_volatile(u32::from_ne_bytes(bytes))
                };
            } else if let Ok(bytes) = unit.try_into() {
                // SAFETY: as above, for 2 bytes.
                unsafe {
                    place
                        .cast::<u16>()
                        .write_volatile(u16::from_ne_bytes(bytes))
                };
            } else if let [byte] = unit {
                // SAFETY: as above, for the one byte that is left at least.
                unsafe { place.write_volatile(*byte) };
            }
            done += unit.len();
        }
        Some(())
    }

    /// Loads an aligned `unsigned long`; nothing later in the program is done before it.
    pub(super) fn load_acquire_usize(&self, at: usize) -> Option<usize> {
        let place: NonNull<usize> = self.range(at, 1)?;
        // SAFETY: `range` has checked bounds and alignment; both sides access it atomically only.
        let value = unsafe { AtomicUsize::from_ptr(place.as_ptr()) }.load(Ordering::Relaxed);
        // A relaxed load and a fence: only relaxed loads are documented to work on read-only pages.
        fence(Ordering::Acquire);
        Some(value)
    }

    /// Loads an aligned `u32`; nothing later in the program is done before it.
    pub(super) fn load_acquire_u32(&self, at: usize) -> Option<u32> {
        let place: NonNull<u32> = self.range(at, 1)?;
        // SAFETY: as in `load_acquire_usize`.
        let value = unsafe { AtomicU32::from_ptr(place.as_ptr()) }.load(Ordering::Relaxed);
        fence(Ordering::Acquire);
        Some(value)
    }

    /// Stores an aligned `unsigned long`; everything earlier in the program is done before it.
    pub(super) fn store_release_usize(&self, at: usize, value: usize) -> Option<()> {
        if self.access != Access::ReadWrite {
            return None;
        }
        let place: NonNull<usize> = self.range(at, 1)?;
        // SAFETY: `range` has checked bounds and alignment, and the pages are writable.
        unsafe { AtomicUsize::from_ptr(place.as_ptr()) }.store(value, Ordering::Release);
        Some(())
    }

    /// Borrows `len` bytes from offset `at`.
    ///
    /// # Safety
    /// Nobody, the kernel included, writes these bytes while the slice lives.
    pub(super) unsafe fn borrow(&self, at: usize, len: usize) -> Option<&[u8]> {
        let start: NonNull<u8> = self.range(at, len)?;
        // SAFETY: `range` has checked that `len` bytes from `start` are in the mapping, which
        // outlives the borrow of `self`; the caller promises that they do not change.
        Some(unsafe { core::slice::from_raw_parts(start.as_ptr(), len) })
    }

    /// The address of `count` values of `T` from offset `at`, if they all lie in the mapping and
    /// are aligned.
    fn range<T>(&self, at: usize, count: usize) -> Option<NonNull<T>> {
        let end = count.checked_mul(size_of::<T>())?.checked_add(at)?;
        if end > self.region.len {
            return None;
        }
        // SAFETY: `at <= end <= len`, so the result stays within the mapping or at its end.
        let place: NonNull<T> = unsafe { self.region.start.add(at) }.cast();
        place.is_aligned().then_some(place)
    }
}

/// Bytes that one access copies at `at` when `len` are left: 8, 4, 2 or 1, aligned (mappings start
/// at pages) and not more than a machine word.
const fn unit(at: usize, len: usize) -> usize {
    let mut unit = size_of::<usize>();
    while unit > 1 && (unit > len || !at.is_multiple_of(unit)) {
        unit /= 2;
    }
    unit
}

impl fmt::Debug for SharedMmap {
    /// Length and access only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "SharedMmap({} bytes, {:?})",
            self.region.len, self.access
        )
    }
}

/// Bytes in a page of memory.
///
/// # Errors
/// `EINVAL`, should libc not know.
pub(crate) fn page_bytes() -> Result<usize, SysError> {
    use nix::unistd::{SysconfVar, sysconf};
    let known =
        sysconf(SysconfVar::PAGE_SIZE).map_err(|errno| SysError::from_errno("sysconf", errno))?;
    known
        .and_then(|bytes| usize::try_from(bytes).ok())
        .ok_or_else(|| SysError::from_errno("sysconf", Errno::EINVAL))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    #[test]
    fn the_kernels_btf_maps_as_it_reads() {
        let path = "/sys/kernel/btf/vmlinux";
        let (Ok(file), Ok(read)) = (File::open(path), std::fs::read(path)) else {
            eprintln!("SKIP the_kernels_btf_maps_as_it_reads: no {path}");
            return;
        };
        match Mmap::map(&file, read.len()) {
            Ok(map) => assert!(map[..] == read, "mapped and read bytes differ"),
            Err(SysError {
                errno: libc::ENODEV,
                ..
            }) => {
                eprintln!("SKIP the_kernels_btf_maps_as_it_reads: this kernel cannot map it");
            }
            Err(error) => panic!("{error}"),
        }
        for len in [0, read.len() + (1 << 20), usize::MAX] {
            assert!(Mmap::map(&file, len).is_err());
        }
    }

    #[test]
    fn other_files_are_not_lent_as_slices() {
        for path in ["/proc/self/exe", "/sys/devices/system/cpu/possible"] {
            let file = File::open(path).unwrap();
            assert_eq!(
                Mmap::map(&file, 1).unwrap_err().errno,
                libc::ENODEV,
                "{path}"
            );
        }
    }

    #[test]
    fn shared_accesses_keep_to_the_mapping() {
        let page = page_bytes().unwrap();
        let file =
            nix::sys::memfd::memfd_create(c"relocore", nix::sys::memfd::MFdFlags::empty()).unwrap();
        let file = File::from(file);
        file.set_len(page as u64).unwrap();
        let mut map = SharedMmap::map(&file, 0, page, Access::ReadWrite).unwrap();
        let only = SharedMmap::map(&file, 0, page, Access::Read).unwrap();
        assert_eq!(map.write(page - 3, b"abc"), Some(()));
        let mut out = [0; 3];
        assert_eq!(only.read(page - 3, &mut out), Some(()));
        assert_eq!(&out, b"abc");
        assert_eq!(map.store_release_usize(8, 7), Some(()));
        assert_eq!(
            (only.load_acquire_usize(8), only.load_acquire_u32(page - 4)),
            (Some(7), map.load_acquire_u32(page - 4))
        );

        // Every alignment and length is copied whole.
        for at in 16..24 {
            for len in 0..20 {
                let bytes: Vec<u8> = (1..=len).collect();
                assert_eq!(map.write(at, &[0; 24]), Some(()));
                assert_eq!(map.write(at, &bytes), Some(()));
                let mut out = [9; 24];
                assert_eq!(only.read(at, &mut out), Some(()));
                assert_eq!((&out[..bytes.len()], out[bytes.len()]), (&bytes[..], 0));
            }
        }

        assert_eq!(only.store_release_usize(0, 1), None);
        for at in [page - 2, page, usize::MAX] {
            assert_eq!(map.write(at, b"abc"), None);
            assert_eq!(map.read(at, &mut out), None);
        }
        for at in [1, 4, page - 4, page] {
            assert_eq!(map.load_acquire_usize(at), None);
        }
        let mut only = only;
        assert_eq!(only.write(0, b"a"), None);
        assert_eq!(
            SharedMmap::map(&file, 1, page, Access::Read)
                .unwrap_err()
                .errno,
            libc::EINVAL
        );
    }
}
