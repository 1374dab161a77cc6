//! Commands on maps.
//!
//! Enters: a map's description; then keys and values as bytes. Leaves: a [`MapFd`], which knows
//! how many bytes the kernel will read and write and refuses slices of another length.

use core::sync::atomic::AtomicBool;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use nix::libc;
use zerocopy::{Immutable, IntoBytes};

use super::{Cmd, MapInfo, NAME_BYTES, Ptr, bpf, bpf_fd, map_info, object_name, raw, raw_or_zero};
use crate::sys::{MapType, SysError, UpdateMode, possible_cpus};

/// A map to create. `..Default::default()` leaves out what its type does not need.
#[derive(Clone, Copy, Debug, Default)]
pub struct MapCreate<'a> {
    /// What kind of map.
    pub map_type: MapType,
    /// Bytes of a key; 0 for types without keys.
    pub key_size: u32,
    /// Bytes of a value (for per-CPU types: of one CPU's value).
    pub value_size: u32,
    /// Entries at most; for ring buffers the size in bytes.
    pub max_entries: u32,
    /// [`map_flags`](crate::sys::map_flags).
    pub flags: u32,
    /// For listings; cut to 15 bytes of `[A-Za-z0-9_.]`.
    pub name: &'a str,
    /// A map like those that a map of maps will hold.
    pub inner_map: Option<BorrowedFd<'a>>,
    /// NUMA node of its memory, with the flag `BPF_F_NUMA_NODE`.
    pub numa_node: u32,
    /// Network device that it is offloaded to.
    pub ifindex: u32,
    /// BTF that the two type ids below belong to.
    pub btf: Option<BorrowedFd<'a>>,
    /// BTF type of its keys.
    pub btf_key_type_id: u32,
    /// BTF type of its values.
    pub btf_value_type_id: u32,
    /// Type in the kernel's BTF of a `struct_ops` value.
    pub btf_vmlinux_value_type_id: u32,
    /// More for some types: hash functions of a bloom filter, address of an arena.
    pub map_extra: u64,
    /// Module BTF of a `struct_ops` value, with the flag `BPF_F_VTYPE_BTF_OBJ_FD`.
    pub value_type_btf_obj: Option<BorrowedFd<'a>>,
    /// BPF token, with the flag `BPF_F_TOKEN_FD`.
    pub token: Option<BorrowedFd<'a>>,
}

#[derive(IntoBytes, Immutable)]
#[repr(C)]
struct CreateAttr {
    map_type: u32,
    key_size: u32,
    value_size: u32,
    max_entries: u32,
    map_flags: u32,
    inner_map_fd: u32,
    numa_node: u32,
    map_name: [u8; NAME_BYTES],
    map_ifindex: u32,
    btf_fd: u32,
    btf_key_type_id: u32,
    btf_value_type_id: u32,
    btf_vmlinux_value_type_id: u32,
    map_extra: u64,
    value_type_btf_obj_fd: u32,
    map_token_fd: u32,
}

/// Of lookup, update, delete and next key.
#[derive(IntoBytes, Immutable)]
#[repr(C)]
struct ElemAttr {
    map_fd: u32,
    _pad: u32,
    key: Ptr,
    /// For the next key: where it goes.
    value: Ptr,
    flags: u64,
}

#[derive(IntoBytes, Immutable)]
#[repr(C)]
struct FreezeAttr {
    map_fd: u32,
}

/// A map that this process created, with the sizes that the kernel goes by.
#[derive(Debug)]
pub struct MapFd {
    fd: OwnedFd,
    map_type: MapType,
    flags: u32,
    max_entries: u32,
    key_len: usize,
    value_len: usize,
    /// Whether a [`Ring`](crate::sys::ring::Ring) consumes it.
    consumed: Arc<AtomicBool>,
}

impl MapFd {
    /// Creates a map.
    ///
    /// # Errors
    /// `EINVAL` for sizes, flags or a type that this kernel does not accept, or a type newer than
    /// those of [`MapType`], whose values might be longer than we think; `EPERM`, `ENOMEM`, `E2BIG`,
    /// or what [`possible_cpus`] gives for per-CPU types.
    pub fn create(map: &MapCreate<'_>) -> Result<Self, SysError> {
        let cmd = Cmd::MAP_CREATE;
        if map.map_type.0 > MapType::LAST.0 {
            return Err(cmd.error(libc::EINVAL));
        }
        let value_len = value_len(cmd, map.map_type, map.value_size)?;
        let key_len = usize::try_from(map.key_size).map_err(|_| cmd.error(libc::E2BIG))?;
        let mut attr = CreateAttr {
            map_type: map.map_type.0,
            key_size: map.key_size,
            value_size: map.value_size,
            max_entries: map.max_entries,
            map_flags: map.flags,
            inner_map_fd: raw_or_zero(map.inner_map),
            numa_node: map.numa_node,
            map_name: object_name(map.name),
            map_ifindex: map.ifindex,
            btf_fd: raw_or_zero(map.btf),
            btf_key_type_id: map.btf_key_type_id,
            btf_value_type_id: map.btf_value_type_id,
            btf_vmlinux_value_type_id: map.btf_vmlinux_value_type_id,
            map_extra: map.map_extra,
            value_type_btf_obj_fd: raw_or_zero(map.value_type_btf_obj),
            map_token_fd: raw_or_zero(map.token),
        };
        // SAFETY: `CreateAttr` is the head of MAP_CREATE's part and holds no address that the
        // kernel follows (`map_extra` of an arena is where to map it later); a new descriptor
        // comes back.
        let fd = unsafe { bpf_fd(cmd, &mut attr) }?;
        Ok(Self {
            fd,
            map_type: map.map_type,
            flags: map.flags,
            max_entries: map.max_entries,
            key_len,
            value_len,
            consumed: Arc::default(),
        })
    }

    /// Takes a map that exists already, with the sizes that the kernel says it has. All calls on a
    /// descriptor of something else will fail.
    ///
    /// # Errors
    /// `EINVAL` for a descriptor of no BPF object, or a type newer than those of [`MapType`]; what
    /// [`possible_cpus`] gives for per-CPU types.
    pub fn from_fd(fd: OwnedFd) -> Result<(Self, MapInfo), SysError> {
        let cmd = Cmd::OBJ_GET_INFO_BY_FD;
        let info = map_info(fd.as_fd())?;
        let is_map = info.map_type != MapType::UNSPEC && info.map_type.0 <= MapType::LAST.0;
        if !is_map {
            return Err(cmd.error(libc::EINVAL));
        }
        let map = Self {
            fd,
            map_type: info.map_type,
            flags: info.flags,
            max_entries: info.max_entries,
            key_len: info.key_size as usize,
            value_len: value_len(cmd, info.map_type, info.value_size)?,
            consumed: Arc::default(),
        };
        Ok((map, info))
    }

    /// What kind of map it is.
    #[must_use]
    pub const fn map_type(&self) -> MapType {
        self.map_type
    }

    /// The flags it was created with.
    #[must_use]
    pub const fn flags(&self) -> u32 {
        self.flags
    }

    /// Entries at most; for ring buffers the size in bytes.
    #[must_use]
    pub const fn max_entries(&self) -> u32 {
        self.max_entries
    }

    /// Bytes of a key.
    #[must_use]
    pub const fn key_len(&self) -> usize {
        self.key_len
    }

    /// Bytes of a value as it is copied: for per-CPU types those of all possible CPUs, each
    /// rounded up to 8; for maps of descriptors 4.
    #[must_use]
    pub const fn value_len(&self) -> usize {
        self.value_len
    }

    pub(in crate::sys) const fn consumed(&self) -> &Arc<AtomicBool> {
        &self.consumed
    }

    /// Copies the value under `key` into `value`. `flags` is 0 or `BPF_F_LOCK` (4).
    ///
    /// # Errors
    /// `EINVAL` for a slice of another length than [`key_len`](Self::key_len) or
    /// [`value_len`](Self::value_len), `ENOENT` for an absent key, `EPERM`, or what the type gives.
    pub fn lookup(&self, key: &[u8], value: &mut [u8], flags: u64) -> Result<(), SysError> {
        let cmd = Cmd::MAP_LOOKUP_ELEM;
        let mut attr = self.elem(cmd, key, flags)?;
        self.check(cmd, value.len(), self.value_len)?;
        attr.value = Ptr::to_mut(value);
        // SAFETY: the kernel reads `key_len` bytes at `key` (`elem` has checked it) and writes
        // `value_len` bytes at `value` (checked above); both are borrowed over the call.
        unsafe { bpf(cmd, &mut attr) }.map(|_| ())
    }

    /// Stores `value` under `key`.
    ///
    /// # Errors
    /// `EINVAL` for a slice of the wrong length, `EEXIST` or `ENOENT` as `mode` demands, `E2BIG`
    /// when the map is full, `EPERM` when it is frozen, or what the type gives.
    pub fn update(&self, key: &[u8], value: &[u8], mode: UpdateMode) -> Result<(), SysError> {
        let cmd = Cmd::MAP_UPDATE_ELEM;
        let mut attr = self.elem(cmd, key, mode.0)?;
        self.check(cmd, value.len(), self.value_len)?;
        attr.value = Ptr::to(value);
        // SAFETY: the kernel reads `key_len` bytes at `key` and `value_len` bytes at `value`, both
        // checked above and borrowed over the call.
        unsafe { bpf(cmd, &mut attr) }.map(|_| ())
    }

    /// Removes `key`.
    ///
    /// # Errors
    /// `EINVAL` for a slice of the wrong length or a type that does not delete (arrays), `ENOENT`
    /// for an absent key, `EPERM` when it is frozen.
    pub fn delete(&self, key: &[u8]) -> Result<(), SysError> {
        let cmd = Cmd::MAP_DELETE_ELEM;
        let mut attr = self.elem(cmd, key, 0)?;
        // SAFETY: the kernel reads `key_len` bytes at `key`: checked and borrowed.
        unsafe { bpf(cmd, &mut attr) }.map(|_| ())
    }

    /// Copies the key after `key` into `next`; the first one for `None` or an absent `key`.
    ///
    /// # Errors
    /// `EINVAL` for a slice of the wrong length, `ENOENT` after the last key, `EOPNOTSUPP` or
    /// `ENOTSUPP` for types that cannot be listed.
    pub fn next_key(&self, key: Option<&[u8]>, next: &mut [u8]) -> Result<(), SysError> {
        let cmd = Cmd::MAP_GET_NEXT_KEY;
        let mut attr = match key {
            Some(key) => self.elem(cmd, key, 0)?,
            None => ElemAttr {
                map_fd: raw(self.as_fd()),
                _pad: 0,
                key: Ptr::NULL,
                value: Ptr::NULL,
                flags: 0,
            },
        };
        self.check(cmd, next.len(), self.key_len)?;
        attr.value = Ptr::to_mut(next);
        // SAFETY: the kernel reads `key_len` bytes at `key`, unless it is NULL, and writes as many
        // at `next`: checked and borrowed.
        unsafe { bpf(cmd, &mut attr) }.map(|_| ())
    }

    fn elem(&self, cmd: Cmd, key: &[u8], flags: u64) -> Result<ElemAttr, SysError> {
        self.check(cmd, key.len(), self.key_len)?;
        Ok(ElemAttr {
            map_fd: raw(self.as_fd()),
            _pad: 0,
            key: Ptr::to(key),
            value: Ptr::NULL,
            flags,
        })
    }

    /// A length other than the kernel's would have it read or write past the slice.
    const fn check(&self, cmd: Cmd, len: usize, expected: usize) -> Result<(), SysError> {
        if len == expected {
            Ok(())
        } else {
            Err(cmd.error(libc::EINVAL))
        }
    }
}

impl AsFd for MapFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Bytes of a value as it is copied: the kernel's `bpf_map_value_size`.
fn value_len(cmd: Cmd, map_type: MapType, value_size: u32) -> Result<usize, SysError> {
    let value_size = u64::from(value_size);
    let len = if map_type.is_per_cpu() {
        value_size
            .next_multiple_of(8)
            .checked_mul(possible_cpus()? as u64)
    } else if map_type.holds_fds() {
        Some(size_of::<u32>() as u64)
    } else {
        Some(value_size)
    };
    let len = len.and_then(|len| usize::try_from(len).ok());
    len.ok_or_else(|| cmd.error(libc::E2BIG))
}

/// Makes a map read-only for system calls, for good; programs write on unless it was created with
/// `RDONLY_PROG`.
///
/// # Errors
/// `EPERM` when it is frozen already (older kernels `EBUSY`), `EBUSY` when it is mapped for
/// writing, `ENOTSUPP` for its type.
pub fn map_freeze(map: BorrowedFd<'_>) -> Result<(), SysError> {
    let mut attr = FreezeAttr { map_fd: raw(map) };
    // SAFETY: `FreezeAttr` is MAP_FREEZE's part; it holds no address.
    unsafe { bpf(Cmd::MAP_FREEZE, &mut attr) }.map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::bpf::testing;
    use crate::sys::fault;
    use core::mem::offset_of;

    /// Offsets of `union bpf_attr` as a C compiler gives them for Linux 6.18.
    #[test]
    fn layout_is_the_kernels() {
        assert_eq!(offset_of!(CreateAttr, map_name), 28);
        assert_eq!(offset_of!(CreateAttr, map_ifindex), 44);
        assert_eq!(offset_of!(CreateAttr, btf_vmlinux_value_type_id), 60);
        assert_eq!(offset_of!(CreateAttr, map_extra), 64);
        assert_eq!(offset_of!(CreateAttr, map_token_fd), 76);
        assert_eq!(size_of::<CreateAttr>(), 80);
        assert_eq!(offset_of!(ElemAttr, key), 8);
        assert_eq!(offset_of!(ElemAttr, value), 16);
        assert_eq!(offset_of!(ElemAttr, flags), 24);
        assert_eq!(size_of::<ElemAttr>(), 32);
    }

    #[test]
    fn lengths_are_checked_before_the_kernel_writes() {
        if testing::skip("lengths_are_checked_before_the_kernel_writes") {
            return;
        }
        let array = MapCreate {
            map_type: MapType::ARRAY,
            key_size: 4,
            value_size: 8,
            max_entries: 1,
            ..Default::default()
        };
        let map = MapFd::create(&array).unwrap();
        let mut value = [0; 8];
        for (key, len) in [(3, 8), (5, 8), (4, 7), (0, 8), (4, 0)] {
            let error = map
                .lookup(&[0; 5][..key], &mut value[..len], 0)
                .unwrap_err();
            assert_eq!(
                error,
                SysError::new("bpf(BPF_MAP_LOOKUP_ELEM)", libc::EINVAL)
            );
            assert!(
                map.update(&[0; 5][..key], &value[..len], UpdateMode::ANY)
                    .is_err()
            );
        }
        assert!(map.next_key(None, &mut value).is_err());
        assert!(map.delete(&[]).is_err());
        map.lookup(&[0; 4], &mut value, 0).unwrap();
    }

    #[test]
    fn a_failed_create_names_the_command() {
        let armed = fault::fail(Some("bpf(BPF_MAP_CREATE)"), 1, libc::ENOMEM);
        let error = MapFd::create(&MapCreate::default()).unwrap_err();
        assert_eq!(error, SysError::new("bpf(BPF_MAP_CREATE)", libc::ENOMEM));
        assert!(armed.fired());
    }
}
