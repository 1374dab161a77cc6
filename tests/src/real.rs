//! What `tests/fetch/fetch.sh` has downloaded: objects that users run, and more kernels.
//!
//! Enters: the directory that the script fills. Leaves: [`Package`]s of objects, and kernels as the
//! bundled ones are. Nothing is there before the script has run: then both are empty.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::data::{Kernel, Module, Object, Packed, files};

/// The objects of one package.
#[derive(Debug)]
pub struct Package {
    /// Suite and package: `trixie libbpf-tools`.
    pub name: String,
    /// By name of their files.
    pub objects: Vec<Object>,
}

/// `$RELOCORE_REAL`, or `target/real`.
pub fn real_directory() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let default = || tests.with_file_name("target").join("real");
    env::var_os("RELOCORE_REAL").map_or_else(default, PathBuf::from)
}

/// All packages, by name.
pub fn real_objects() -> &'static [Package] {
    static PACKAGES: OnceLock<Vec<Package>> = OnceLock::new();
    PACKAGES.get_or_init(|| {
        let mut packages = Vec::new();
        for (suite, name, path) in twice(&real_directory().join("objects")) {
            let read = |(stem, path): (String, PathBuf)| {
                let bytes = fs::read(&path);
                let bytes = bytes.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                let name = format!("{stem}.o");
                Object { name, bytes }
            };
            let objects = files(&path, ".o").into_iter().map(read).collect();
            let name = format!("{suite} {name}");
            packages.push(Package { name, objects });
        }
        packages
    })
}

/// All kernels, by name: `7.2.13+deb14-s390x`.
pub fn real_kernels() -> &'static [Kernel] {
    static KERNELS: OnceLock<Vec<Kernel>> = OnceLock::new();
    KERNELS.get_or_init(|| {
        let mut kernels = Vec::new();
        for (_, id, path) in twice(&real_directory().join("kernels")) {
            let module = |(name, path)| Module {
                name,
                btf: Packed::new(path),
            };
            let modules = files(&path.join("modules"), ".btf").into_iter();
            kernels.push(Kernel {
                id,
                btf: Packed::new(path.join("vmlinux.btf")),
                modules: modules.map(module).collect(),
            });
        }
        kernels
    })
}

/// The directories in the directories of one: both names, and the path.
fn twice(directory: &Path) -> Vec<(String, String, PathBuf)> {
    let mut found = Vec::new();
    for (outer, path) in directories(directory) {
        for (inner, path) in directories(&path) {
            found.push((outer.clone(), inner, path));
        }
    }
    found
}

fn directories(directory: &Path) -> Vec<(String, PathBuf)> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let named = entries.map(|entry| (entry.file_name().into_string(), entry.path()));
    let mut found: Vec<_> = named
        .filter_map(|(name, path)| Some((name.ok()?, path)))
        .filter(|(_, path)| path.is_dir())
        .collect();
    found.sort();
    found
}
