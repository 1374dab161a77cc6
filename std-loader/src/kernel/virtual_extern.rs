//! Externs that no configuration sets: `LINUX_KERNEL_VERSION` and its like.
//!
//! Enters: a name that starts with `LINUX_`. Leaves: a number for
//! [`store_number`](super::store_number), computed only when asked.
//!
//! | extern | value | from |
//! |---|---|---|
//! | `LINUX_KERNEL_VERSION` | as [`KernelVersion`](super::KernelVersion) | [`kernel_version`] |
//! | `LINUX_HAS_SYSCALL_WRAPPER` | 1 if system calls take their arguments in a `pt_regs` | [`has_syscall_wrapper`] |
//! | `LINUX_HAS_BPF_COOKIE` | 1 if `bpf_get_attach_cookie` may be called | a program load of the caller's |
//!
//! An unknown `LINUX_` name is 0 if weak and an error if strong; any other name in `.kconfig` that
//! is not `CONFIG_` is an error: the caller's to say, who knows the symbol.

use core::error::Error;
use core::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::PathBuf;

use super::attempt::{Attempt, Cause};
use super::version::{UnknownVersion, kernel_version};

const KALLSYMS: &str = "/proc/kallsyms";

/// More symbols than any kernel has (some 15 MB).
const MAX_KALLSYMS_BYTES: u64 = 256 << 20;

/// The virtual externs that libbpf knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VirtualExtern {
    /// `LINUX_KERNEL_VERSION`.
    KernelVersion,
    /// `LINUX_HAS_SYSCALL_WRAPPER`.
    HasSyscallWrapper,
    /// `LINUX_HAS_BPF_COOKIE`.
    HasBpfCookie,
}

impl VirtualExtern {
    /// By the extern's name.
    #[must_use]
    pub const fn by_name(name: &[u8]) -> Option<Self> {
        match name {
            b"LINUX_KERNEL_VERSION" => Some(Self::KernelVersion),
            b"LINUX_HAS_SYSCALL_WRAPPER" => Some(Self::HasSyscallWrapper),
            b"LINUX_HAS_BPF_COOKIE" => Some(Self::HasBpfCookie),
            _ => None,
        }
    }

    /// Its value on the running kernel. `probe_bpf_cookie` is called for
    /// [`HasBpfCookie`](Self::HasBpfCookie) alone; it loads a program that calls
    /// `bpf_get_attach_cookie` and tells whether the kernel took it. A probe that can't run counts
    /// as no, as in libbpf.
    ///
    /// # Errors
    /// [`VirtualError`] when the kernel's version or its symbols can't be read.
    pub fn value(self, probe_bpf_cookie: impl FnOnce() -> bool) -> Result<u64, VirtualError> {
        match self {
            Self::KernelVersion => kernel_version()
                .map(|found| u64::from(found.version.0))
                .map_err(VirtualError::Version),
            Self::HasSyscallWrapper => has_syscall_wrapper().map(u64::from),
            Self::HasBpfCookie => Ok(u64::from(probe_bpf_cookie())),
        }
    }
}

/// A virtual extern whose value can't be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VirtualError {
    /// `LINUX_KERNEL_VERSION`.
    Version(UnknownVersion),
    /// `LINUX_HAS_SYSCALL_WRAPPER`: the file with the kernel's symbols, and why it can't be read.
    Symbols(Attempt),
}

impl fmt::Display for VirtualError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(error) => write!(f, "LINUX_KERNEL_VERSION: {error}"),
            Self::Symbols(attempt) => write!(f, "LINUX_HAS_SYSCALL_WRAPPER: {attempt}"),
        }
    }
}

impl Error for VirtualError {}

/// Whether the kernel's system calls are wrappers that take one `pt_regs`: whether `bpf(2)` itself
/// is called `__x64_sys_bpf`, or as its architecture says it, in `/proc/kallsyms`.
///
/// libbpf asks by placing a kprobe on that symbol, and so says no on a kernel without kprobes and
/// to a process without privilege. The symbol's presence is the same on every kernel where kprobes
/// work, and is the truth elsewhere.
///
/// # Errors
/// [`VirtualError::Symbols`] when the symbols can't be read.
pub fn has_syscall_wrapper() -> Result<bool, VirtualError> {
    let Some(prefix) = syscall_prefix(std::env::consts::ARCH) else {
        return Ok(false);
    };
    let search = || find_syscall_wrapper(BufReader::new(File::open(KALLSYMS)?), prefix);
    search().map_err(|error: io::Error| {
        VirtualError::Symbols(Attempt::failed(PathBuf::from(KALLSYMS), Cause::from(error)))
    })
}

/// Looks for `__<prefix>_sys_bpf` among lines `address type name [module]`.
///
/// # Errors
/// Those of the reader.
pub fn find_syscall_wrapper(kallsyms: impl BufRead, prefix: &str) -> io::Result<bool> {
    let wanted = format!("__{prefix}_sys_bpf");
    let mut kallsyms = kallsyms.take(MAX_KALLSYMS_BYTES);
    let mut line = Vec::new();
    while kallsyms.read_until(b'\n', &mut line)? > 0 {
        // Cheap test first: there are 200,000 lines.
        if line.trim_ascii_end().ends_with(wanted.as_bytes())
            && line.trim_ascii_end().split(|b| *b == b' ').nth(2) == Some(wanted.as_bytes())
        {
            return Ok(true);
        }
        line.clear();
    }
    Ok(false)
}

/// How the kernel of this architecture prefixes its wrappers (libbpf's
/// `arch_specific_syscall_pfx`); `None` where it has none.
fn syscall_prefix(arch: &str) -> Option<&'static str> {
    match arch {
        "x86_64" => Some("x64"),
        "x86" => Some("ia32"),
        "s390x" => Some("s390x"),
        "arm" => Some("arm"),
        "aarch64" => Some("arm64"),
        "mips" | "mips64" => Some("mips"),
        "riscv32" | "riscv64" => Some("riscv"),
        "powerpc" | "powerpc64" => Some("powerpc"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(
            VirtualExtern::by_name(b"LINUX_KERNEL_VERSION"),
            Some(VirtualExtern::KernelVersion)
        );
        assert_eq!(
            VirtualExtern::by_name(b"LINUX_HAS_BPF_COOKIE"),
            Some(VirtualExtern::HasBpfCookie)
        );
        assert_eq!(
            VirtualExtern::by_name(b"LINUX_HAS_SYSCALL_WRAPPER"),
            Some(VirtualExtern::HasSyscallWrapper)
        );
        assert_eq!(VirtualExtern::by_name(b"LINUX_UNKNOWN"), None);
        assert_eq!(VirtualExtern::by_name(b""), None);
    }

    #[test]
    fn the_wrapper_is_one_exact_symbol() {
        let text = b"ffffffff814de190 T __pfx___x64_sys_bpf\nffffffff814de1b0 T __x64_sys_bpf\n";
        assert!(find_syscall_wrapper(&text[..], "x64").unwrap());
        assert!(!find_syscall_wrapper(&text[..40], "x64").unwrap());
        assert!(!find_syscall_wrapper(&text[..], "arm64").unwrap());
        assert!(
            !find_syscall_wrapper(&b"0 t __x64_sys_bpf\t[module]\n"[..], "x64").unwrap(),
            "a module's own"
        );
        assert!(
            find_syscall_wrapper(&b"0 t __s390x_sys_bpf"[..], "s390x").unwrap(),
            "no newline, hidden addresses"
        );
        assert!(!find_syscall_wrapper(&b"\n\n\xff __x64_sys_bpf"[..], "x64").unwrap());
    }

    #[test]
    fn values() {
        let cookie = VirtualExtern::HasBpfCookie;
        assert_eq!(
            (cookie.value(|| true), cookie.value(|| false)),
            (Ok(1), Ok(0))
        );
        let version = VirtualExtern::KernelVersion
            .value(|| panic!("not asked"))
            .unwrap();
        assert_eq!(version, u64::from(kernel_version().unwrap().version.0));
        match VirtualExtern::HasSyscallWrapper.value(|| panic!("not asked")) {
            // Every x86-64 kernel with BTF (5.2 and later) has wrappers (4.17 and later).
            Ok(value) => assert!(value == 1 || !cfg!(target_arch = "x86_64")),
            Err(error) => assert!(error.to_string().contains(KALLSYMS), "{error}"),
        }
    }
}
