//! Where the running kernel's BTF is.
//!
//! Enters: nothing, or for tests a directory in place of `/` and a release. Leaves: [`KernelBtf`],
//! or the list of every place tried. `/sys/kernel/btf/vmlinux` comes first, then the places on disk
//! that libbpf knows (`btf__load_vmlinux_btf`), by `uname -r`.
//!
//! libbpf stops with an error when the sysfs file exists and can't be read. Here the search goes
//! on: what lies on disk under this release is the same kernel's.

use core::error::Error;
use core::fmt;
use std::path::{Path, PathBuf};

use super::attempt::Attempt;
use super::btf_file::{BtfFile, read_btf_file};
use super::bytes::BtfBytes;
use super::uname::uname;

/// BTF of the running kernel and how it was found.
#[derive(Debug)]
#[non_exhaustive]
pub struct KernelBtf {
    /// The BTF itself.
    pub bytes: BtfBytes,
    /// Where it was.
    pub path: PathBuf,
    /// Size of the kernel's pointers where an ELF file said it; `None` from sysfs.
    pub pointer_bytes: Option<u8>,
    /// Every place tried, in order; the last one was used.
    pub attempts: Vec<Attempt>,
}

/// No place had the running kernel's BTF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoKernelBtf {
    /// Every place tried, in order, each with its cause.
    pub attempts: Vec<Attempt>,
}

impl fmt::Display for NoKernelBtf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "no BTF of the running kernel (was it built with CONFIG_DEBUG_INFO_BTF?); tried:",
        )?;
        self.attempts
            .iter()
            .try_for_each(|attempt| write!(f, "\n  {attempt}"))
    }
}

impl Error for NoKernelBtf {}

/// Looks for the BTF of the running kernel.
///
/// # Errors
/// [`NoKernelBtf`] lists each place tried and why it failed.
pub fn find_kernel_btf() -> Result<KernelBtf, NoKernelBtf> {
    let release = uname().map(|names| names.release);
    search(Path::new("/"), release.as_deref())
}

/// [`find_kernel_btf`] below another root (a mounted image, a test's directory), for the kernel
/// that calls itself `release`.
///
/// # Errors
/// [`NoKernelBtf`] lists each place tried and why it failed.
pub fn find_kernel_btf_in(root: &Path, release: &str) -> Result<KernelBtf, NoKernelBtf> {
    search(root, Some(release))
}

fn search(root: &Path, release: Option<&str>) -> Result<KernelBtf, NoKernelBtf> {
    let on_disk = release.map(places_on_disk).unwrap_or_default();
    let mut attempts = Vec::new();
    for place in core::iter::once("sys/kernel/btf/vmlinux".to_owned()).chain(on_disk) {
        let path = root.join(place);
        match read_btf_file(&path) {
            Ok(BtfFile {
                bytes,
                pointer_bytes,
                ..
            }) => {
                attempts.push(Attempt::used(path.clone()));
                return Ok(KernelBtf {
                    bytes,
                    path,
                    pointer_bytes,
                    attempts,
                });
            }
            Err(error) => attempts.push(Attempt::failed(path, error.cause)),
        }
    }
    Err(NoKernelBtf { attempts })
}

/// libbpf's places, in its order, relative to the root.
fn places_on_disk(release: &str) -> [String; 7] {
    [
        format!("boot/vmlinux-{release}"),
        format!("lib/modules/{release}/vmlinux-{release}"),
        format!("lib/modules/{release}/build/vmlinux"),
        format!("usr/lib/modules/{release}/kernel/vmlinux"),
        format!("usr/lib/debug/boot/vmlinux-{release}"),
        format!("usr/lib/debug/boot/vmlinux-{release}.debug"),
        format!("usr/lib/debug/lib/modules/{release}/vmlinux"),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::attempt::{Cause, Outcome};
    use super::super::btf_sections::tests::elf64;
    use super::*;

    const RAW: &[u8] = b"\x9f\xeb\x01\x00\x18\x00\x00\x00";

    fn put(root: &Path, place: &str, bytes: &[u8]) {
        let path = root.join(place);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    #[test]
    fn an_error_lists_every_place_with_its_cause() {
        let root = tempfile::tempdir().unwrap();
        put(root.path(), "sys/kernel/btf/vmlinux", b"");
        put(
            root.path(),
            "boot/vmlinux-6.1.0",
            &elf64(false, &[(".text", b"x")]),
        );
        let error = find_kernel_btf_in(root.path(), "6.1.0").unwrap_err();
        assert_eq!(error.attempts.len(), 8);
        let text = error
            .to_string()
            .replace(&format!("{}/", root.path().display()), "/");
        assert!(
            text.contains("\n  /sys/kernel/btf/vmlinux: is empty\n"),
            "{text}"
        );
        assert!(
            text.contains("\n  /boot/vmlinux-6.1.0: is ELF without a .BTF section\n"),
            "{text}"
        );
        assert!(
            text.ends_with("\n  /usr/lib/debug/lib/modules/6.1.0/vmlinux: not found"),
            "{text}"
        );
    }

    #[test]
    fn places_are_tried_in_order_up_to_the_first_that_serves() {
        let root = tempfile::tempdir().unwrap();
        put(root.path(), "usr/lib/debug/lib/modules/6.1.0/vmlinux", RAW);
        let last = find_kernel_btf_in(root.path(), "6.1.0").unwrap();
        assert_eq!((last.attempts.len(), last.pointer_bytes), (8, None));

        put(
            root.path(),
            "lib/modules/6.1.0/build/vmlinux",
            &elf64(false, &[(".BTF", RAW)]),
        );
        let third = find_kernel_btf_in(root.path(), "6.1.0").unwrap();
        assert_eq!((&third.bytes[..], third.pointer_bytes), (RAW, Some(8)));
        assert_eq!(
            third.path,
            root.path().join("lib/modules/6.1.0/build/vmlinux")
        );
        assert_eq!(third.attempts.len(), 4);
        assert_eq!(third.attempts[0].outcome, Outcome::Failed(Cause::NotFound));
        assert_eq!(third.attempts[3].outcome, Outcome::Used);

        put(root.path(), "sys/kernel/btf/vmlinux", RAW);
        assert_eq!(
            find_kernel_btf_in(root.path(), "6.1.0")
                .unwrap()
                .attempts
                .len(),
            1
        );
    }

    #[test]
    fn the_running_kernel_is_found_or_every_place_is_named() {
        match find_kernel_btf() {
            Ok(found) => assert!(
                matches!(found.bytes[..2], [0x9f, 0xeb] | [0xeb, 0x9f]),
                "{found:?}"
            ),
            Err(error) => assert!(
                error.to_string().contains("/sys/kernel/btf/vmlinux: "),
                "{error}"
            ),
        }
    }
}
