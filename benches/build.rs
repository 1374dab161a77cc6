//! Links libelf and zlib, which libbpf needs, from their archives where the C compiler has them:
//! as shared libraries they would cost every child process of the `process` row, ours too, the
//! time of loading them.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=CC");
    let cc = env::var("CC").unwrap_or_else(|_| "cc".into());
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    for archive in ["libelf.a", "libz.a"] {
        let query = format!("-print-file-name={archive}");
        let found = Command::new(&cc).arg(query).output();
        let found = found.map(|out| String::from_utf8_lossy(&out.stdout).trim().to_owned());
        // A compiler that does not find it says the name alone. libelf of 0.189 and later may
        // need more archives than zlib: then the shared one stays.
        let found = found.unwrap_or_default();
        if found != archive && !needs_zstd(archive) {
            let _ = fs::copy(&found, Path::new(&out).join(archive));
        }
    }
    // In a directory with the archive alone, `-lelf` means the archive.
    println!("cargo::rustc-link-search=native={out}");
}

fn needs_zstd(archive: &str) -> bool {
    archive == "libelf.a"
        && Command::new("pkg-config")
            .args(["--static", "--libs", "libelf"])
            .output()
            .is_ok_and(|out| String::from_utf8_lossy(&out.stdout).contains("zstd"))
}
