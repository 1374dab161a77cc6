//! Tests only: programs written by hand, and running them once.

use std::os::fd::{AsFd, OwnedFd};

use nix::libc;
use zerocopy::{Immutable, IntoBytes};

use super::{Cmd, MapCreate, MapFd, ProgLoad, Ptr, bpf, prog_load, raw};
use crate::sys::{MapType, ProgType, SysError};

/// Whether this process may not use `bpf(2)`; says so if not.
pub(crate) fn skip(test: &str) -> bool {
    let map = MapCreate {
        map_type: MapType::ARRAY,
        key_size: 4,
        value_size: 4,
        max_entries: 1,
        ..Default::default()
    };
    match MapFd::create(&map) {
        Err(error) if matches!(error.errno, libc::EPERM | libc::ENOSYS) => {
            eprintln!("SKIP {test}: {error}");
            true
        }
        _ => false,
    }
}

/// One instruction.
pub(crate) const fn insn(code: u8, dst: u8, src: u8, off: i16, imm: i32) -> [u8; 8] {
    let regs = if cfg!(target_endian = "little") {
        src << 4 | dst
    } else {
        dst << 4 | src
    };
    let ([o0, o1], [i0, i1, i2, i3]) = (off.to_ne_bytes(), imm.to_ne_bytes());
    [code, regs, o0, o1, i0, i1, i2, i3]
}

/// `dst = imm`
pub(crate) const fn mov(dst: u8, imm: i32) -> [u8; 8] {
    insn(0xb7, dst, 0, 0, imm)
}

/// `dst = src`
pub(crate) const fn mov_reg(dst: u8, src: u8) -> [u8; 8] {
    insn(0xbf, dst, src, 0, 0)
}

/// Calls the helper of this number.
pub(crate) const fn call(helper: i32) -> [u8; 8] {
    insn(0x85, 0, 0, 0, helper)
}

/// Returns r0.
pub(crate) const EXIT: [u8; 8] = insn(0x95, 0, 0, 0, 0);

/// `dst = map`, two slots.
pub(crate) fn load_map(dst: u8, map: &impl AsFd) -> Vec<u8> {
    let low = insn(0x18, dst, 1, 0, raw(map.as_fd()).cast_signed());
    [low, [0; 8]].concat()
}

pub(crate) fn load(prog_type: ProgType, insns: &[u8]) -> Result<OwnedFd, SysError> {
    prog_load(
        &ProgLoad {
            prog_type,
            name: "relocore_test",
            license: c"GPL",
            insns,
            ..Default::default()
        },
        None,
    )
}

#[derive(IntoBytes, Immutable)]
#[repr(C)]
struct TestRunAttr {
    prog_fd: u32,
    retval: u32,
    data_size_in: u32,
    data_size_out: u32,
    data_in: Ptr,
    data_out: Ptr,
    repeat: u32,
    duration: u32,
}

/// Runs a program on a packet (at least 14 bytes) and gives what it returned.
pub(crate) fn run(prog: &OwnedFd, packet: &[u8]) -> u32 {
    let mut attr = TestRunAttr {
        prog_fd: raw(prog.as_fd()),
        retval: u32::MAX,
        data_size_in: packet.len() as u32,
        data_size_out: 0,
        data_in: Ptr::to(packet),
        data_out: Ptr::NULL,
        repeat: 1,
        duration: 0,
    };
    // SAFETY: the kernel reads `data_size_in` bytes at `data_in`; nothing but integers comes back.
    unsafe { bpf(Cmd::PROG_TEST_RUN, &mut attr) }.unwrap();
    attr.retval
}
