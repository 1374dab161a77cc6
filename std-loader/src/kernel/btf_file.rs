//! One file with BTF in it, whatever its form.
//!
//! Enters: a path (or bytes) that someone named. Leaves: [`BtfFile`], or an error with path and
//! cause. Accepted are raw BTF of either byte order, and ELF with a section `.BTF`: `vmlinux`, a
//! module's `.ko`, a BPF object. Only the magic numbers are looked at; whether the BTF is sound is
//! for `relocore` to say.

use core::error::Error;
use core::fmt;
use std::fs::{File, Metadata};
use std::path::{Path, PathBuf};

use nix::sys::statfs::{SYSFS_MAGIC, fstatfs};

use super::attempt::Cause;
use super::btf_sections::{BtfSections, read_btf_sections};
use super::bytes::BtfBytes;
use super::read::{self, SizedFile};
use crate::sys::mmap::Mmap;

/// More BTF than any kernel has (the largest seen has 6 MB): a file that claims more is refused.
pub const MAX_BTF_BYTES: u64 = 256 << 20;

/// Enough of a file's start to see what it is.
const HEAD_BYTES: u64 = 64;

/// BTF out of a file.
#[derive(Debug)]
#[non_exhaustive]
pub struct BtfFile {
    /// The BTF itself.
    pub bytes: BtfBytes,
    /// `.BTF.base` of a module that was built against a distilled base.
    pub distilled_base: Option<Vec<u8>>,
    /// Size of the target's pointers as the ELF class says it; `None` for raw BTF.
    pub pointer_bytes: Option<u8>,
}

/// A file that gives no BTF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadBtfError {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub cause: Cause,
}

impl fmt::Display for ReadBtfError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.cause)
    }
}

impl Error for ReadBtfError {}

/// Reads the BTF of one file, at most [`MAX_BTF_BYTES`] of it. A pipe is read to its end.
///
/// The kernel's own file is mapped where the kernel allows it (`PROT_READ` and `MAP_PRIVATE`, on
/// sysfs only: a file on disk could be cut short under a mapping), and else read.
///
/// # Errors
/// [`ReadBtfError`] names the path and the [`Cause`].
pub fn read_btf_file(path: impl AsRef<Path>) -> Result<BtfFile, ReadBtfError> {
    let path = path.as_ref();
    open_btf(path).map_err(|cause| ReadBtfError {
        path: path.to_owned(),
        cause,
    })
}

/// Takes the BTF out of bytes in memory, by the rules of [`read_btf_file`]. Raw BTF is not copied.
///
/// # Errors
/// The [`Cause`], for want of a path.
pub fn read_btf_bytes(bytes: Vec<u8>) -> Result<BtfFile, Cause> {
    match Form::of(&bytes)? {
        Form::Raw => Ok(BtfFile::raw(BtfBytes::Owned(bytes))),
        Form::Elf => Ok(read_btf_sections(bytes.as_slice(), MAX_BTF_BYTES)?.into()),
    }
}

fn open_btf(path: &Path) -> Result<BtfFile, Cause> {
    let (mut file, metadata) = read::open(path)?;
    if let Some(map) = map_sysfs(&file, &metadata)
        && Form::of(&map)? == Form::Raw
    {
        return Ok(BtfFile::raw(BtfBytes::Mapped(map)));
    }
    let head = read::read_head(&mut file, HEAD_BYTES)?;
    let form = Form::of(&head)?;
    let size_bytes = metadata.len();
    if form == Form::Elf && metadata.is_file() {
        return Ok(read_btf_sections(&SizedFile { file, size_bytes }, MAX_BTF_BYTES)?.into());
    }
    let bytes = read::read_to_end(head, file, size_bytes, MAX_BTF_BYTES)?;
    match form {
        Form::Raw => Ok(BtfFile::raw(BtfBytes::Owned(bytes))),
        Form::Elf => read_btf_bytes(bytes), // out of a pipe
    }
}

/// Maps a file of sysfs. `None` where the kernel refuses (up to 6.12 always) or would lie about the
/// length: then it is read.
fn map_sysfs(file: &File, metadata: &Metadata) -> Option<Mmap> {
    if metadata.len() == 0 || metadata.len() > MAX_BTF_BYTES {
        return None;
    }
    let sysfs = fstatfs(file).ok()?.filesystem_type() == SYSFS_MAGIC;
    let len = usize::try_from(metadata.len()).ok()?;
    if sysfs {
        Mmap::map(file, len).ok()
    } else {
        None
    }
}

impl BtfFile {
    const fn raw(bytes: BtfBytes) -> Self {
        Self {
            bytes,
            distilled_base: None,
            pointer_bytes: None,
        }
    }
}

impl From<BtfSections> for BtfFile {
    fn from(sections: BtfSections) -> Self {
        Self {
            bytes: BtfBytes::Owned(sections.btf),
            distilled_base: sections.base,
            pointer_bytes: Some(sections.pointer_bytes),
        }
    }
}

/// The two forms that hold BTF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Raw,
    Elf,
}

impl Form {
    /// Told by the first bytes. BTF's magic is 0xeb9f in the byte order of its target.
    fn of(head: &[u8]) -> Result<Self, Cause> {
        match head {
            [] => Err(Cause::Empty),
            [0x9f, 0xeb, ..] | [0xeb, 0x9f, ..] => Ok(Self::Raw),
            [0x7f, b'E', b'L', b'F', ..] => Ok(Self::Elf),
            _ => Err(Cause::Foreign {
                looks_like: looks_like(head),
            }),
        }
    }
}

/// A name for what people give by mistake.
fn looks_like(head: &[u8]) -> Option<&'static str> {
    match head {
        [0x1f, 0x8b, ..] => Some("gzip data (unpack it first)"),
        [0xfd, b'7', b'z', b'X', b'Z', ..] => Some("xz data (unpack it first)"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some("zstd data (unpack it first)"),
        [b'B', b'Z', b'h', ..] => Some("bzip2 data (unpack it first)"),
        [b'M', b'Z', ..] => Some("a bootable kernel image or a Windows program"),
        _ if head
            .iter()
            .take(HEAD_BYTES as usize)
            .all(|b| b.is_ascii_graphic() || b.is_ascii_whitespace()) =>
        {
            Some("text")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::btf_sections::tests::elf64;
    use super::*;

    const RAW: &[u8] = b"\x9f\xeb\x01\x00\x18\x00\x00\x00";

    fn cause(path: &Path) -> Cause {
        let error = read_btf_file(path).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with(&format!("{}: ", path.display())),
            "{error}"
        );
        error.cause
    }

    #[test]
    fn forms_are_told_apart_by_their_first_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| {
            let path = dir.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let raw = read_btf_file(write("le", RAW)).unwrap();
        assert_eq!((&raw.bytes[..], raw.pointer_bytes), (RAW, None));
        assert!(read_btf_file(write("be", b"\xeb\x9f\x01")).is_ok());
        let elf = read_btf_file(write("elf", &elf64(true, &[(".BTF", RAW)]))).unwrap();
        assert_eq!((&elf.bytes[..], elf.pointer_bytes), (RAW, Some(8)));

        assert_eq!(cause(&dir.path().join("absent")), Cause::NotFound);
        assert_eq!(cause(dir.path()), Cause::Directory);
        assert_eq!(cause(&write("empty", b"")), Cause::Empty);
        assert_eq!(
            cause(&write("text", b"int x;\n")),
            Cause::Foreign {
                looks_like: Some("text")
            }
        );
        assert_eq!(
            cause(&write("short", b"\x9f")),
            Cause::Foreign { looks_like: None }
        );
        assert_eq!(
            cause(&write("no-btf", &elf64(false, &[(".text", b"x")]))),
            Cause::NoBtfSection
        );
        let gz = cause(&write("gz", b"\x1f\x8b\x08")).to_string();
        assert_eq!(gz, "is neither BTF nor ELF but gzip data (unpack it first)");
    }

    #[test]
    fn absurd_sizes_are_refused_before_they_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("sparse");
        std::fs::write(&path, RAW).unwrap();
        File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_len(1 << 40)
            .unwrap();
        assert_eq!(
            cause(&path),
            Cause::TooLarge {
                limit_bytes: MAX_BTF_BYTES
            }
        );
        assert_eq!(
            cause(Path::new("/dev/zero")),
            Cause::Foreign { looks_like: None }
        );
        assert_eq!(cause(Path::new("/dev/null")), Cause::Empty);
    }

    #[test]
    fn bytes_follow_the_same_rules() {
        assert_eq!(&read_btf_bytes(RAW.to_vec()).unwrap().bytes[..], RAW);
        assert_eq!(
            &read_btf_bytes(elf64(false, &[(".BTF", RAW)]))
                .unwrap()
                .bytes[..],
            RAW
        );
        assert_eq!(read_btf_bytes(Vec::new()).unwrap_err(), Cause::Empty);
    }

    #[test]
    fn elf_comes_through_a_pipe_too() {
        use std::io::Write;
        let (reader, mut writer) = std::io::pipe().unwrap();
        writer.write_all(&elf64(false, &[(".BTF", RAW)])).unwrap();
        drop(writer);
        let fd = std::os::fd::AsRawFd::as_raw_fd(&reader);
        let btf = read_btf_file(format!("/proc/self/fd/{fd}")).unwrap();
        assert_eq!(&btf.bytes[..], RAW);
    }

    #[test]
    fn unreadable_files_say_permission() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        std::fs::write(&path, RAW).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o0)).unwrap();
        if File::open(&path).is_ok() {
            eprintln!("SKIP unreadable_files_say_permission: this user reads everything");
            return;
        }
        assert_eq!(cause(&path), Cause::Permission);
    }
}
