//! The kernel, without a libc: system calls of x86-64, arm64 and s390x.
//!
//! Enters: plain arguments. Leaves: what the kernel says, errors as [`Errno`]. All `unsafe` of the
//! agent is here, in [`start`](crate::start) and in [`pager`](crate::pager).
//!
//! Strings for the kernel are [`CStr`]s. Structs for it are byte arrays or `repr(C)` structs, and
//! each call names its kernel type.

use core::ffi::CStr;

mod arch;

pub use arch::{MACHINE, SIGRETURN};
use arch::{call, number};

/// What the kernel refuses with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Errno(pub u16);

pub type Result<T> = core::result::Result<T, Errno>;

/// A file descriptor. Nothing closes it: the agent lives as long as it needs any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fd(pub u32);

/// Relative paths: to the current folder.
const AT_FDCWD: usize = -100_isize as usize;

fn sys(number: usize, arguments: [usize; 6]) -> Result<usize> {
    // SAFETY: every caller below passes what the call of that number asks for: pointers to live
    // memory of the stated length, or an address range that nothing in Rust refers to.
    let value = unsafe { call(number, arguments) };
    match value {
        -4095..0 => Err(Errno(value.unsigned_abs() as u16)),
        value => Ok(value as usize),
    }
}

fn fd(value: usize) -> Fd {
    Fd(value as u32)
}

/// Opens to read.
pub fn open(path: &CStr) -> Result<Fd> {
    sys(
        number::OPENAT,
        [AT_FDCWD, path.as_ptr() as usize, 0, 0, 0, 0],
    )
    .map(fd)
}

/// Writes all, as far as the kernel takes it.
pub fn write(to: Fd, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        let arguments = [to.0 as usize, bytes.as_ptr() as usize, bytes.len(), 0, 0, 0];
        match sys(number::WRITE, arguments) {
            Ok(written) if written > 0 => bytes = bytes.get(written..).unwrap_or_default(),
            _ => return,
        }
    }
}

/// Reads from a place of a file: how many bytes, 0 at its end.
pub fn pread(from: Fd, to: &mut [u8], offset: usize) -> Result<usize> {
    let arguments = [
        from.0 as usize,
        to.as_mut_ptr() as usize,
        to.len(),
        offset,
        0,
        0,
    ];
    sys(number::PREAD64, arguments)
}

/// Reads a small file from its start: as much as fits.
pub fn read_file<'a>(path: &CStr, to: &'a mut [u8]) -> Result<&'a [u8]> {
    let from = open(path)?;
    let mut filled = 0;
    while let Some(rest) = to.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match pread(from, rest, filled)? {
            0 => break,
            more => filled += more,
        }
    }
    close(from);
    Ok(to.get(..filled).unwrap_or_default())
}

pub fn close(what: Fd) {
    let _ = sys(number::CLOSE, [what.0 as usize, 0, 0, 0, 0, 0]);
}

/// What `statx` says, as far as the agent wants it.
pub struct Stat {
    pub inode: u64,
    pub size_bytes: u64,
}

/// Looks at a path, following links.
pub fn stat(path: &CStr) -> Result<Stat> {
    const STATX_BASIC_STATS: usize = 0x7ff;
    let mut buffer = [0_u64; 32]; // struct statx, the same on every machine
    let place = buffer.as_mut_ptr() as usize;
    let path = path.as_ptr() as usize;
    sys(
        number::STATX,
        [AT_FDCWD, path, 0, STATX_BASIC_STATS, place, 0],
    )?;
    let [_, _, _, _, inode, size_bytes, ..] = buffer;
    Ok(Stat { inode, size_bytes })
}

pub const PROT_NONE: usize = 0;
pub const PROT_READ: usize = 1;
pub const PROT_WRITE: usize = 2;
pub const MAP_SHARED: usize = 1;
pub const MAP_PRIVATE: usize = 2;
pub const MAP_FIXED: usize = 0x10;
pub const MAP_ANONYMOUS: usize = 0x20;

/// Maps `bytes` at `at` (0: anywhere), of a file or of none. Returns the address.
pub fn map(
    at: usize,
    bytes: usize,
    access: usize,
    flags: usize,
    file: Option<(Fd, usize)>,
) -> Result<usize> {
    let (file, offset) = file.map_or((usize::MAX, 0), |(file, offset)| (file.0 as usize, offset));
    let arguments = [at, bytes, access, flags, file, offset];
    if cfg!(target_arch = "s390x") {
        // The old call there, whose arguments are in memory.
        return sys(number::MMAP, [arguments.as_ptr() as usize, 0, 0, 0, 0, 0]);
    }
    sys(number::MMAP, arguments)
}

/// An empty file without a place, of that name.
pub fn empty_file(name: &CStr) -> Result<Fd> {
    sys(
        number::MEMFD_CREATE,
        [name.as_ptr() as usize, 0, 0, 0, 0, 0],
    )
    .map(fd)
}

/// Changes what may be done with mapped pages.
pub fn protect(at: usize, bytes: usize, access: usize) -> Result<()> {
    sys(number::MPROTECT, [at, bytes, access, 0, 0, 0]).map(drop)
}

/// Hands signal `signal` to a handler: `struct sigaction` of the kernel.
pub fn on_signal(signal: usize, action: &[usize; 4]) -> Result<()> {
    let action = action.as_ptr() as usize;
    sys(number::RT_SIGACTION, [signal, action, 0, 8, 0, 0]).map(drop)
}

/// A `bpf()` call; `attr` is as much of `union bpf_attr` as the command has.
pub fn bpf(command: usize, attr: &[u64]) -> Result<Fd> {
    let arguments = [command, attr.as_ptr() as usize, size_of_val(attr), 0, 0, 0];
    sys(number::BPF, arguments).map(fd)
}

/// Nanoseconds of the monotonic clock.
pub fn nanoseconds() -> u64 {
    let mut time = [0_u64; 2]; // struct timespec of 64-bit machines
    let _ = sys(
        number::CLOCK_GETTIME,
        [1, time.as_mut_ptr() as usize, 0, 0, 0, 0],
    );
    let [seconds, nanoseconds] = time;
    seconds
        .wrapping_mul(1_000_000_000)
        .wrapping_add(nanoseconds)
}

/// `struct utsname`: system, node, release, version, machine, domain.
pub fn uname() -> [[u8; 65]; 6] {
    let mut names = [[0; 65]; 6];
    let _ = sys(number::UNAME, [names.as_mut_ptr() as usize, 0, 0, 0, 0, 0]);
    names
}

/// Makes a folder, and mounts a file system of the kernel's own there.
pub fn mount(kind: &CStr, at: &CStr) -> Result<()> {
    let (kind, at) = (kind.as_ptr() as usize, at.as_ptr() as usize);
    let _ = sys(number::MKDIRAT, [AT_FDCWD, at, 0o755, 0, 0, 0]);
    sys(number::MOUNT, [kind, at, kind, 0, 0, 0]).map(drop)
}

/// Lets this process lock memory, which kernels before 5.11 count maps as.
pub fn unlimited_locked_memory() {
    const RLIMIT_MEMLOCK: usize = 8;
    let unlimited = [u64::MAX; 2];
    let _ = sys(
        number::PRLIMIT64,
        [0, RLIMIT_MEMLOCK, unlimited.as_ptr() as usize, 0, 0, 0],
    );
}

/// Runs a program with one argument besides its own name, and waits until it ends.
pub fn run(path: &CStr, argument: &CStr) -> Result<usize> {
    const SIGCHLD: usize = 17;
    let flags = if cfg!(target_arch = "s390x") {
        [0, SIGCHLD]
    } else {
        [SIGCHLD, 0]
    };
    let [first, second] = flags;
    let child = sys(number::CLONE, [first, second, 0, 0, 0, 0])?;
    if child == 0 {
        let arguments = [path.as_ptr() as usize, argument.as_ptr() as usize, 0];
        let (arguments, environment) = (arguments.as_ptr() as usize, [0_usize].as_ptr() as usize);
        let _ = sys(
            number::EXECVE,
            [path.as_ptr() as usize, arguments, environment, 0, 0, 0],
        );
        exit(127);
    }
    sys(number::WAIT4, [child, 0, 0, 0, 0, 0])
}

pub fn getpid() -> usize {
    sys(number::GETPID, [0; 6]).unwrap_or(0)
}

/// Lets the terminal pass bytes on as they are: no carriage return before a newline.
#[cfg(feature = "defmt")]
pub fn raw_output(console: Fd) {
    const TCGETS: usize = 0x5401;
    const TCSETS: usize = 0x5402;
    const OPOST: u32 = 1;
    let mut termios = [0_u32; 16]; // struct termios: input, output, ... modes
    let place = termios.as_mut_ptr() as usize;
    if sys(number::IOCTL, [console.0 as usize, TCGETS, place, 0, 0, 0]).is_ok() {
        let [_, output, ..] = &mut termios;
        *output &= !OPOST;
        let _ = sys(number::IOCTL, [console.0 as usize, TCSETS, place, 0, 0, 0]);
    }
}

/// Sends what the console still has, so that a power-off does not cut it off.
pub fn drain(console: Fd) {
    const TCSBRK: usize = 0x5409;
    let _ = sys(number::IOCTL, [console.0 as usize, TCSBRK, 1, 0, 0, 0]);
}

/// Ends the machine, if this is the first process, else the process.
pub fn power_off(status: u8) -> ! {
    if getpid() == 1 {
        const MAGIC: [usize; 2] = [0xfee1_dead, 672_274_793];
        const POWER_OFF: usize = 0x4321_fedc;
        let _ = sys(number::REBOOT, [MAGIC[0], MAGIC[1], POWER_OFF, 0, 0, 0]);
    }
    exit(status)
}

pub fn exit(status: u8) -> ! {
    loop {
        let _ = sys(number::EXIT_GROUP, [usize::from(status), 0, 0, 0, 0, 0]);
    }
}
