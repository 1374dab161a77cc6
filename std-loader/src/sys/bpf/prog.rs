//! Loading programs.
//!
//! Enters: instructions with all references resolved, and what describes them. Leaves: the
//! program's descriptor, and what the verifier wrote into the caller's buffer.

use core::ffi::CStr;
use std::os::fd::{BorrowedFd, OwnedFd};

use nix::libc;
use zerocopy::{Immutable, IntoBytes};

use super::{Cmd, NAME_BYTES, Ptr, bpf_fd, object_name, raw_or_zero};
use crate::sys::{AttachType, ProgType, SysError};

/// Bytes of one instruction slot.
const INSN_BYTES: usize = 8;

/// Records of one size, as `.BTF.ext` holds them but with offsets counted in this program.
#[derive(Clone, Copy, Debug, Default)]
pub struct Records<'a> {
    /// The records, one after the other.
    pub bytes: &'a [u8],
    /// Bytes of one record.
    pub rec_size: u32,
}

/// A program to load. `..Default::default()` leaves out what its type does not need.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProgLoad<'a> {
    /// What kind of program.
    pub prog_type: ProgType,
    /// Where it will be attached, for types that are checked for it at load.
    pub expected_attach_type: AttachType,
    /// For listings; cut to 15 bytes of `[A-Za-z0-9_.]`.
    pub name: &'a str,
    /// `GPL` and its kin give access to helpers that are reserved for them.
    pub license: &'a CStr,
    /// Instructions, 8 bytes a slot.
    pub insns: &'a [u8],
    /// `BPF_F_` flags of program load.
    pub flags: u32,
    /// Kernel version, which kprobes needed before Linux 5.0.
    pub kern_version: u32,
    /// Network device that it is bound or offloaded to.
    pub ifindex: u32,
    /// BTF that the records below refer to.
    pub btf: Option<BorrowedFd<'a>>,
    /// Type of each function.
    pub func_info: Records<'a>,
    /// Source line of instructions.
    pub line_info: Records<'a>,
    /// CO-RE records for the kernel to resolve itself.
    pub core_relos: Records<'a>,
    /// Type in the kernel's BTF that it attaches to.
    pub attach_btf_id: u32,
    /// Program, or module BTF, that `attach_btf_id` belongs to; `None` is vmlinux.
    pub attach_to: Option<BorrowedFd<'a>>,
    /// Maps and BTFs that instructions refer to by their place here.
    pub fd_array: &'a [BorrowedFd<'a>],
    /// BPF token, with the flag `BPF_F_TOKEN_FD`.
    pub token: Option<BorrowedFd<'a>>,
}

/// Where the kernel explains itself.
#[derive(Debug)]
pub struct Log<'a> {
    /// 1: the failing path, 2: every instruction, 4: statistics; 0 turns it off.
    pub level: u32,
    /// The text's place. Kernels before 6.4 take 128 bytes to 16 MiB and fail with `ENOSPC` when it
    /// is too short; newer ones keep the end of the text then, and fail likewise.
    pub buf: &'a mut [u8],
    /// Bytes that the whole text needs, since Linux 6.4; 0 before.
    pub true_len: u32,
}

impl<'a> Log<'a> {
    /// A log of `level` into `buf`.
    pub const fn new(level: u32, buf: &'a mut [u8]) -> Self {
        Self {
            level,
            buf,
            true_len: 0,
        }
    }

    /// What the kernel wrote: up to the first NUL.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        self.buf.split(|byte| *byte == 0).next().unwrap_or_default()
    }

    /// Level, size and address for the attributes. The text is empty until the kernel writes.
    pub(super) fn lend(&mut self, cmd: Cmd) -> Result<(u32, u32, Ptr), SysError> {
        self.true_len = 0;
        if let Some(first) = self.buf.first_mut() {
            *first = 0;
        }
        // The kernel takes a buffer without a level for a mistake.
        if self.level == 0 {
            return Ok((0, 0, Ptr::NULL));
        }
        Ok((self.level, cmd.len(self.buf.len())?, Ptr::to_mut(self.buf)))
    }
}

#[derive(IntoBytes, Immutable)]
#[repr(C)]
struct LoadAttr {
    prog_type: u32,
    insn_cnt: u32,
    insns: Ptr,
    license: Ptr,
    log_level: u32,
    log_size: u32,
    log_buf: Ptr,
    kern_version: u32,
    prog_flags: u32,
    prog_name: [u8; NAME_BYTES],
    prog_ifindex: u32,
    expected_attach_type: u32,
    prog_btf_fd: u32,
    func_info_rec_size: u32,
    func_info: Ptr,
    func_info_cnt: u32,
    line_info_rec_size: u32,
    line_info: Ptr,
    line_info_cnt: u32,
    attach_btf_id: u32,
    attach_fd: u32,
    core_relo_cnt: u32,
    fd_array: Ptr,
    core_relos: Ptr,
    core_relo_rec_size: u32,
    log_true_size: u32,
    prog_token_fd: u32,
    fd_array_cnt: u32,
}

/// Loads a program. Interrupted by a signal, it is tried 5 times.
///
/// # Errors
/// `EINVAL` or `EACCES` from the verifier, with its reasons in `log`; `ENOSPC` when `log` is too
/// short; `EPERM`; `E2BIG` for too many instructions or too complex a program; `EINVAL` without a
/// text also for a length that is no multiple of its record's.
pub fn prog_load(prog: &ProgLoad<'_>, mut log: Option<&mut Log<'_>>) -> Result<OwnedFd, SysError> {
    let cmd = Cmd::PROG_LOAD;
    if !prog.insns.len().is_multiple_of(INSN_BYTES) {
        return Err(cmd.error(libc::EINVAL));
    }
    let (log_level, log_size, log_buf) = match log.as_deref_mut() {
        Some(log) => log.lend(cmd)?,
        None => (0, 0, Ptr::NULL),
    };
    let mut attr = LoadAttr {
        prog_type: prog.prog_type.0,
        insn_cnt: cmd.len(prog.insns.len() / INSN_BYTES)?,
        insns: Ptr::to(prog.insns),
        license: Ptr::to_str(prog.license),
        log_level,
        log_size,
        log_buf,
        kern_version: prog.kern_version,
        prog_flags: prog.flags,
        prog_name: object_name(prog.name),
        prog_ifindex: prog.ifindex,
        expected_attach_type: prog.expected_attach_type.0,
        prog_btf_fd: raw_or_zero(prog.btf),
        func_info_rec_size: prog.func_info.rec_size,
        func_info: Ptr::to(prog.func_info.bytes),
        func_info_cnt: count(prog.func_info)?,
        line_info_rec_size: prog.line_info.rec_size,
        line_info: Ptr::to(prog.line_info.bytes),
        line_info_cnt: count(prog.line_info)?,
        attach_btf_id: prog.attach_btf_id,
        attach_fd: raw_or_zero(prog.attach_to),
        core_relo_cnt: count(prog.core_relos)?,
        fd_array: Ptr::to(prog.fd_array),
        core_relos: Ptr::to(prog.core_relos.bytes),
        core_relo_rec_size: prog.core_relos.rec_size,
        log_true_size: 0,
        prog_token_fd: raw_or_zero(prog.token),
        // Since Linux 6.14 a count would bind all of them to the program; without, those it uses.
        fd_array_cnt: 0,
    };
    // SAFETY: `LoadAttr` is the head of PROG_LOAD's part. The kernel reads `insn_cnt` slots, the
    // licence up to its NUL and count times size bytes of each kind of record: the slices' lengths.
    // `BorrowedFd` has the representation of a descriptor, and `fd_array` is only read, wherever
    // an instruction's index may point. It writes at most `log_size` bytes at `log_buf`, which is
    // borrowed mutably. All of them live over the call, and a new descriptor comes back.
    let result = unsafe { bpf_fd(cmd, &mut attr) };
    if let Some(log) = log {
        log.true_len = attr.log_true_size;
    }
    result
}

/// How many records there are; a remainder is an error.
fn count(records: Records<'_>) -> Result<u32, SysError> {
    let cmd = Cmd::PROG_LOAD;
    let len = cmd.len(records.bytes.len())?;
    match (len, records.rec_size) {
        (0, _) => Ok(0),
        (len, size) if size > 0 && len.is_multiple_of(size) => Ok(len / size),
        _ => Err(cmd.error(libc::EINVAL)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::bpf::testing::{self, EXIT, insn, mov};
    use crate::sys::fault;
    use core::mem::offset_of;

    /// Offsets of `union bpf_attr` as a C compiler gives them for Linux 6.18.
    #[test]
    fn layout_is_the_kernels() {
        let offsets = [
            (offset_of!(LoadAttr, insns), 8),
            (offset_of!(LoadAttr, log_buf), 32),
            (offset_of!(LoadAttr, prog_name), 48),
            (offset_of!(LoadAttr, prog_btf_fd), 72),
            (offset_of!(LoadAttr, func_info), 80),
            (offset_of!(LoadAttr, line_info_rec_size), 92),
            (offset_of!(LoadAttr, line_info), 96),
            (offset_of!(LoadAttr, attach_btf_id), 108),
            (offset_of!(LoadAttr, attach_fd), 112),
            (offset_of!(LoadAttr, fd_array), 120),
            (offset_of!(LoadAttr, core_relos), 128),
            (offset_of!(LoadAttr, log_true_size), 140),
            (offset_of!(LoadAttr, prog_token_fd), 144),
            (offset_of!(LoadAttr, fd_array_cnt), 148),
        ];
        for (ours, kernels) in offsets {
            assert_eq!(ours, kernels);
        }
    }

    #[test]
    fn the_verifier_accepts_and_explains() {
        if testing::skip("the_verifier_accepts_and_explains") {
            return;
        }
        let good = [mov(0, 0), EXIT].concat();
        let mut prog = ProgLoad {
            prog_type: ProgType::SOCKET_FILTER,
            name: "relocore test",
            license: c"GPL",
            insns: &good,
            ..Default::default()
        };
        let fd = prog_load(&prog, None).unwrap();
        assert_eq!(testing::run(&fd, &[0; 14]), 0);

        let bad = [insn(0xbf, 0, 5, 0, 0), EXIT].concat(); // r0 = r5, which nobody has set
        prog.insns = &bad;
        let mut buf = [b'x'; 4096];
        let mut log = Log::new(1, &mut buf);
        assert_eq!(
            prog_load(&prog, Some(&mut log)).unwrap_err().errno,
            libc::EACCES
        );
        let text = String::from_utf8_lossy(log.text());
        assert!(text.contains("R5 !read_ok"), "{text}");
        let needed = log.true_len;
        assert!(needed == 0 || needed as usize > text.len(), "{needed}");

        let mut log = Log::new(0, &mut buf);
        assert!(prog_load(&prog, Some(&mut log)).is_err());
        assert!(log.text().is_empty());
        prog.insns = &good[..12];
        assert_eq!(prog_load(&prog, None).unwrap_err().errno, libc::EINVAL);
    }

    #[test]
    fn interrupted_loads_are_tried_again() {
        if testing::skip("interrupted_loads_are_tried_again") {
            return;
        }
        for errno in [libc::EAGAIN, libc::EINTR] {
            let armed = fault::fail(Some(Cmd::PROG_LOAD.name), 1, errno);
            testing::load(ProgType::SOCKET_FILTER, &[mov(0, 0), EXIT].concat()).unwrap();
            assert!(armed.fired());
        }
    }

    #[test]
    fn records_are_counted_whole() {
        let records = |len: usize, rec_size| Records {
            bytes: &[0; 24][..len],
            rec_size,
        };
        assert_eq!(count(Records::default()), Ok(0));
        assert_eq!(
            (count(records(24, 8)), count(records(0, 8))),
            (Ok(3), Ok(0))
        );
        assert!(count(records(24, 16)).is_err());
        assert!(count(records(24, 0)).is_err());
    }
}
