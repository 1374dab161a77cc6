//! BTF of the loaded kernel modules.
//!
//! Enters: a module's name. Leaves: its split BTF, which continues the running kernel's own. The
//! kernel shows one file a module beside `vmlinux`; a module without types of its own has a bare
//! header there, which is not this file's business.

use std::fs;
use std::path::{Path, PathBuf};

use super::attempt::Cause;
use super::btf_file::{BtfFile, ReadBtfError, read_btf_file};

const DIRECTORY: &str = "sys/kernel/btf";

/// Names of the loaded modules that have BTF, sorted. `vmlinux` is not among them.
///
/// # Errors
/// `/sys/kernel/btf` and the cause; [`Cause::NotFound`] means a kernel without BTF or sysfs.
pub fn module_names() -> Result<Vec<String>, ReadBtfError> {
    module_names_in(Path::new("/"))
}

/// [`module_names`] below another root.
///
/// # Errors
/// The directory and the cause.
pub fn module_names_in(root: &Path) -> Result<Vec<String>, ReadBtfError> {
    let path = root.join(DIRECTORY);
    let list = || -> Result<Vec<String>, std::io::Error> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&path)? {
            // The kernel's module names are ASCII; anything else is not a module.
            if let Ok(name) = entry?.file_name().into_string()
                && name != "vmlinux"
            {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    };
    list().map_err(|error| ReadBtfError {
        path: path.clone(),
        cause: error.into(),
    })
}

/// Split BTF of a loaded module. `-` and `_` are one to the kernel's tools but not to sysfs, which
/// writes `_`: both are accepted.
///
/// # Errors
/// The path and the cause; [`Cause::NotFound`] when the module is not loaded or has no BTF.
pub fn read_module_btf(name: &str) -> Result<BtfFile, ReadBtfError> {
    read_module_btf_in(Path::new("/"), name)
}

/// [`read_module_btf`] below another root.
///
/// # Errors
/// The path and the cause.
pub fn read_module_btf_in(root: &Path, name: &str) -> Result<BtfFile, ReadBtfError> {
    if name.is_empty() || name.contains('/') || name == "." || name == ".." {
        return Err(ReadBtfError {
            path: PathBuf::from(name),
            cause: Cause::NotAModuleName,
        });
    }
    read_btf_file(root.join(DIRECTORY).join(name.replace('-', "_")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_listed_and_read_by_name() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(
            module_names_in(root.path()).unwrap_err().cause,
            Cause::NotFound
        );
        let dir = root.path().join(DIRECTORY);
        fs::create_dir_all(&dir).unwrap();
        for name in ["xfs", "vmlinux", "kvm_intel"] {
            fs::write(dir.join(name), b"\x9f\xeb\x01\x00").unwrap();
        }
        assert_eq!(module_names_in(root.path()).unwrap(), ["kvm_intel", "xfs"]);
        assert_eq!(
            read_module_btf_in(root.path(), "kvm-intel")
                .unwrap()
                .bytes
                .len(),
            4
        );
        assert_eq!(
            read_module_btf_in(root.path(), "nfs").unwrap_err().cause,
            Cause::NotFound
        );
    }

    #[test]
    fn a_name_is_no_path() {
        for name in ["", ".", "..", "../../../etc/passwd", "a/b"] {
            let error = read_module_btf(name).unwrap_err();
            assert_eq!(error.cause, Cause::NotAModuleName, "{name}");
            assert_eq!(
                error.to_string(),
                format!("{name}: is not the name of a kernel module")
            );
        }
    }
}
