//! What the kernel says of an object.
//!
//! Enters: a descriptor, or for BTF an id. Leaves: [`ProgInfo`], [`MapInfo`] or [`BtfInfo`].

use std::os::fd::{AsFd, BorrowedFd};

use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes};

use super::object::btf_fd_by_id;
use super::{Cmd, NAME_BYTES, Ptr, bpf, name_from, raw};
use crate::sys::{MapType, ProgType, SysError};

#[derive(IntoBytes, Immutable)]
#[repr(C)]
struct InfoAttr {
    bpf_fd: u32,
    info_len: u32,
    info: Ptr,
}

/// `struct bpf_prog_info` up to the last field read here; pointers and counts stay 0.
#[derive(FromBytes, IntoBytes, Immutable)]
#[repr(C)]
struct RawProgInfo {
    prog_type: u32,
    id: u32,
    tag: [u8; 8],
    _code: [u64; 3],
    load_time: u64,
    created_by_uid: u32,
    nr_map_ids: u32,
    _map_ids: u64,
    name: [u8; NAME_BYTES],
    _ifindex: [u32; 2],
    _netns_and_jited: [u64; 5],
    btf_id: u32,
    _func_info_rec_size: u32,
    _lines: [u64; 7],
    run_time_ns: u64,
    run_cnt: u64,
}

/// `struct bpf_map_info` up to the last field read here.
#[derive(FromBytes, IntoBytes, Immutable)]
#[repr(C)]
struct RawMapInfo {
    map_type: u32,
    id: u32,
    key_size: u32,
    value_size: u32,
    max_entries: u32,
    map_flags: u32,
    name: [u8; NAME_BYTES],
    _ifindex: [u32; 2],
    _netns: [u64; 2],
    btf_id: u32,
    _type_ids: [u32; 3],
    map_extra: u64,
}

/// `struct bpf_btf_info`.
#[derive(FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub(super) struct RawBtfInfo {
    pub(super) btf: u64,
    pub(super) btf_size: u32,
    id: u32,
    name: u64,
    name_len: u32,
    kernel_btf: u32,
}

/// What the kernel says of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProgInfo {
    /// Unique among the loaded programs.
    pub id: u32,
    /// What kind of program.
    pub prog_type: ProgType,
    /// Its name, at most 15 bytes.
    pub name: String,
    /// Hash of its instructions.
    pub tag: [u8; 8],
    /// When it was loaded, in nanoseconds since boot.
    pub load_time_ns: u64,
    /// User who loaded it.
    pub created_by_uid: u32,
    /// How many maps it uses.
    pub map_count: u32,
    /// Its BTF; 0 is none.
    pub btf_id: u32,
    /// Nanoseconds that it ran, while statistics were on.
    pub run_time_ns: u64,
    /// How often it ran, while statistics were on.
    pub run_count: u64,
}

/// What the kernel says of a map.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MapInfo {
    /// Unique among the maps.
    pub id: u32,
    /// What kind of map.
    pub map_type: MapType,
    /// Its name, at most 15 bytes.
    pub name: String,
    /// Bytes of a key.
    pub key_size: u32,
    /// Bytes of a value (of one CPU's value).
    pub value_size: u32,
    /// Entries at most; for ring buffers the size in bytes.
    pub max_entries: u32,
    /// The flags it was created with.
    pub flags: u32,
    /// Its BTF; 0 is none.
    pub btf_id: u32,
    /// More for some types, as it was created with.
    pub map_extra: u64,
}

/// What the kernel says of a BTF.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BtfInfo {
    /// Unique among the BTFs.
    pub id: u32,
    /// `vmlinux`, the module's name, or empty when it came with programs.
    pub name: String,
    /// Size of the data in bytes.
    pub size_bytes: u32,
    /// Whether it is the kernel's or a module's.
    pub kernel: bool,
}

/// Asks about a program. A descriptor of something else gives an answer without meaning.
///
/// # Errors
/// `EINVAL` for no BPF object.
pub fn prog_info(prog: BorrowedFd<'_>) -> Result<ProgInfo, SysError> {
    let mut info = RawProgInfo::new_zeroed();
    // SAFETY: all addresses and counts in `info` are 0, in whatever way the kernel reads it.
    unsafe { info_by_fd(prog, &mut info) }?;
    Ok(ProgInfo {
        id: info.id,
        prog_type: ProgType(info.prog_type),
        name: name_from(&info.name),
        tag: info.tag,
        load_time_ns: info.load_time,
        created_by_uid: info.created_by_uid,
        map_count: info.nr_map_ids,
        btf_id: info.btf_id,
        run_time_ns: info.run_time_ns,
        run_count: info.run_cnt,
    })
}

/// Asks about a map. A descriptor of something else gives an answer without meaning.
///
/// # Errors
/// `EINVAL` for no BPF object.
pub fn map_info(map: BorrowedFd<'_>) -> Result<MapInfo, SysError> {
    let mut info = RawMapInfo::new_zeroed();
    // SAFETY: all addresses and counts in `info` are 0, in whatever way the kernel reads it.
    unsafe { info_by_fd(map, &mut info) }?;
    Ok(MapInfo {
        id: info.id,
        map_type: MapType(info.map_type),
        name: name_from(&info.name),
        key_size: info.key_size,
        value_size: info.value_size,
        max_entries: info.max_entries,
        flags: info.map_flags,
        btf_id: info.btf_id,
        map_extra: info.map_extra,
    })
}

/// Asks about a BTF by its id.
///
/// # Errors
/// `ENOENT` when it is gone, `EPERM` without `CAP_SYS_ADMIN`.
pub fn btf_info(id: u32) -> Result<BtfInfo, SysError> {
    // Opened here, so that it is a BTF for sure: the information about other objects has counts
    // and addresses of its own where this one has the name.
    let fd = btf_fd_by_id(id)?;
    let mut name = [0_u8; 64]; // modules have at most 55 bytes
    let mut info = RawBtfInfo::new_zeroed();
    info.name = Ptr::to_mut(&mut name).0;
    info.name_len = name.len() as u32;
    // SAFETY: the kernel writes at most `name_len` bytes at `name`, which outlives the call, and
    // no BTF data, as `btf_size` is 0.
    unsafe { info_by_fd(fd.as_fd(), &mut info) }?;
    Ok(BtfInfo {
        id: info.id,
        name: name_from(&name),
        size_bytes: info.btf_size,
        kernel: info.kernel_btf != 0,
    })
}

/// Fills in `info` as far as this kernel knows it.
///
/// # Safety
/// The addresses in `info` are valid for writing as much as its counts say.
pub(super) unsafe fn info_by_fd<T: FromBytes + IntoBytes>(
    fd: BorrowedFd<'_>,
    info: &mut T,
) -> Result<(), SysError> {
    let cmd = Cmd::OBJ_GET_INFO_BY_FD;
    let bytes = info.as_mut_bytes();
    let info_len = cmd.len(bytes.len())?;
    let mut attr = InfoAttr {
        bpf_fd: raw(fd),
        info_len,
        info: Ptr::to_mut(bytes),
    };
    // SAFETY: `InfoAttr` is OBJ_GET_INFO_BY_FD's part. The kernel reads and writes at most
    // `info_len` bytes at `info`, borrowed mutably, and any bytes make a `T` (`FromBytes`). What
    // it does with addresses in there is the caller's promise.
    unsafe { bpf(cmd, &mut attr) }.map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::bpf::testing::{self, EXIT, mov};
    use crate::sys::bpf::{
        MapCreate, MapFd, btf_next_id, map_fd_by_id, map_next_id, prog_fd_by_id, prog_next_id,
    };
    use core::mem::offset_of;

    /// Offsets as a C compiler gives them for Linux 6.18.
    #[test]
    fn layout_is_the_kernels() {
        assert_eq!(offset_of!(InfoAttr, info), 8);
        assert_eq!(offset_of!(RawProgInfo, load_time), 40);
        assert_eq!(offset_of!(RawProgInfo, nr_map_ids), 52);
        assert_eq!(offset_of!(RawProgInfo, name), 64);
        assert_eq!(offset_of!(RawProgInfo, btf_id), 128);
        assert_eq!(offset_of!(RawProgInfo, run_time_ns), 192);
        assert_eq!(offset_of!(RawProgInfo, run_cnt), 200);
        assert_eq!(offset_of!(RawMapInfo, name), 24);
        assert_eq!(offset_of!(RawMapInfo, btf_id), 64);
        assert_eq!(offset_of!(RawMapInfo, map_extra), 80);
        assert_eq!(offset_of!(RawBtfInfo, name), 16);
        assert_eq!(size_of::<RawBtfInfo>(), 32);
    }

    #[test]
    fn objects_are_found_by_id_until_closed() {
        if testing::skip("objects_are_found_by_id_until_closed") {
            return;
        }
        let create = MapCreate {
            map_type: MapType::HASH,
            key_size: 4,
            value_size: 8,
            max_entries: 3,
            name: "by_id",
            ..Default::default()
        };
        let map = MapFd::create(&create).unwrap();
        let info = map_info(map.as_fd()).unwrap();
        assert_eq!(
            (info.map_type, info.name.as_str()),
            (MapType::HASH, "by_id")
        );
        assert_eq!(
            (info.key_size, info.value_size, info.max_entries),
            (4, 8, 3)
        );
        assert_eq!(map_next_id(info.id - 1), Ok(Some(info.id)));
        let again = map_fd_by_id(info.id).unwrap();
        assert_eq!(map_info(again.as_fd()), Ok(info));

        let prog = testing::load(ProgType::SOCKET_FILTER, &[mov(0, 7), EXIT].concat()).unwrap();
        let info = prog_info(prog.as_fd()).unwrap();
        assert_eq!(
            (info.prog_type, info.name.as_str(), info.map_count),
            (ProgType::SOCKET_FILTER, "relocore_test", 0)
        );
        assert!(prog_fd_by_id(info.id).is_ok());
        assert_eq!(prog_next_id(i32::MAX as u32 - 1), Ok(None));

        let vmlinux = (btf_next_id(0).unwrap())
            .map(|id| btf_info(id).unwrap())
            .unwrap();
        assert_eq!((vmlinux.name.as_str(), vmlinux.kernel), ("vmlinux", true));
        assert!(vmlinux.size_bytes > 1 << 20);
    }
}
