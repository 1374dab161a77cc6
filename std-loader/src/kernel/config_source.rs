//! Where the running kernel's configuration is.
//!
//! Enters: nothing, or for tests a directory in place of `/` and a release. Leaves: the text of the
//! first file that can be read, and every file tried: `/boot/config-R` and `/proc/config.gz` as in
//! libbpf, then where distributions without those keep it (R is `uname -r`). Any of them may be
//! gzip. A damaged file is passed over. Next: `settings`.

use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::attempt::{Attempt, Cause};
use super::read;
use super::uname::uname;

/// No configuration has more text than this (the largest seen has 0.3 MB), packed or unpacked.
pub const MAX_CONFIG_BYTES: u64 = 16 << 20;

/// The system's own configuration, if it shows one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SystemConfig {
    /// Its text, unpacked, and its path.
    pub found: Option<(PathBuf, Vec<u8>)>,
    /// Every file tried, in order; the last one was used if any was.
    pub attempts: Vec<Attempt>,
}

/// Finds and unpacks the running kernel's configuration.
#[must_use]
pub fn read_system_config() -> SystemConfig {
    let release = uname().map(|names| names.release);
    search(Path::new("/"), release.as_deref())
}

/// [`read_system_config`] below another root, for the kernel that calls itself `release`.
#[must_use]
pub fn read_system_config_in(root: &Path, release: &str) -> SystemConfig {
    search(root, Some(release))
}

fn search(root: &Path, release: Option<&str>) -> SystemConfig {
    let mut attempts = Vec::new();
    for place in places(release) {
        let path = root.join(place);
        match read_text(&path) {
            Ok(text) => {
                attempts.push(Attempt::used(path.clone()));
                return SystemConfig {
                    found: Some((path, text)),
                    attempts,
                };
            }
            Err(cause) => attempts.push(Attempt::failed(path, cause)),
        }
    }
    SystemConfig {
        found: None,
        attempts,
    }
}

/// libbpf's two, in its order, then more; relative to the root.
fn places(release: Option<&str>) -> Vec<String> {
    const PROC: &str = "proc/config.gz";
    let Some(release) = release else {
        return vec![PROC.to_owned()];
    };
    vec![
        format!("boot/config-{release}"),
        PROC.to_owned(),
        format!("lib/modules/{release}/config"),
        format!("usr/lib/modules/{release}/config"),
        format!("lib/ostree-boot/config-{release}"),
        format!("usr/lib/ostree-boot/config-{release}"),
        format!("usr/lib/kernel/config-{release}"),
        format!("lib/modules/{release}/build/.config"),
    ]
}

/// A file's text, unpacked if it is gzip.
fn read_text(path: &Path) -> Result<Vec<u8>, Cause> {
    let (file, metadata) = read::open(path)?;
    let bytes = read::read_to_end(Vec::new(), file, metadata.len(), MAX_CONFIG_BYTES)?;
    match bytes.as_slice() {
        [] => Err(Cause::Empty),
        [0x1f, 0x8b, ..] => unpack(&bytes),
        _ => Ok(bytes),
    }
}

fn unpack(bytes: &[u8]) -> Result<Vec<u8>, Cause> {
    match read::read_to_end(Vec::new(), MultiGzDecoder::new(bytes), 0, MAX_CONFIG_BYTES) {
        Ok(text) if text.is_empty() => Err(Cause::Empty),
        // The bytes are in memory: an I/O error can only mean that they are not sound gzip.
        Err(Cause::Io { .. }) => Err(Cause::BadGzip),
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use super::super::attempt::Outcome;
    use super::super::kconfig::Kconfig;
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(text).unwrap();
        packer.finish().unwrap()
    }

    fn put(root: &Path, place: &str, bytes: &[u8]) {
        let path = root.join(place);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    #[test]
    fn files_are_tried_in_order_and_remembered() {
        let root = tempfile::tempdir().unwrap();
        let read = || read_system_config_in(root.path(), "6.1");
        let none = read();
        assert_eq!((none.found, none.attempts.len()), (None, 8));
        assert!(
            none.attempts
                .iter()
                .all(|attempt| attempt.outcome == Outcome::Failed(Cause::NotFound))
        );

        put(root.path(), "lib/modules/6.1/config", b"CONFIG_HZ=100\n");
        assert_eq!(read().found.unwrap().1, b"CONFIG_HZ=100\n");
        put(root.path(), "proc/config.gz", &gzip(b"CONFIG_HZ=250\n"));
        assert_eq!(read().found.unwrap().1, b"CONFIG_HZ=250\n");
        put(root.path(), "boot/config-6.1", &gzip(b"CONFIG_HZ=300\n"));
        let found = read();
        assert_eq!(found.found.unwrap().1, b"CONFIG_HZ=300\n");
        assert_eq!(found.attempts.len(), 1);
    }

    #[test]
    fn damaged_files_and_bombs_are_passed_over() {
        let whole = gzip(b"CONFIG_HZ=250\n");
        let bomb = gzip(&vec![b'#'; MAX_CONFIG_BYTES as usize + 1]);
        assert!(bomb.len() < 1 << 20);
        let root = tempfile::tempdir().unwrap();
        put(root.path(), "proc/config.gz", &whole);
        for (bytes, cause) in [
            (&whole[..20], Cause::BadGzip),
            (b"\x1f\x8b", Cause::BadGzip),
            (
                &bomb,
                Cause::TooLarge {
                    limit_bytes: MAX_CONFIG_BYTES,
                },
            ),
            (b"", Cause::Empty),
        ] {
            put(root.path(), "boot/config-6.1", bytes);
            let config = read_system_config_in(root.path(), "6.1");
            assert_eq!(config.attempts[0].outcome, Outcome::Failed(cause));
            assert_eq!(config.found.unwrap().0, root.path().join("proc/config.gz"));
        }
        for end in 0..whole.len() {
            assert!(unpack(&whole[..end]).is_err(), "prefix {end}");
        }
        for at in 0..whole.len() {
            let mut bad = whole.clone();
            bad[at] ^= 0xff;
            let _ = unpack(&bad);
        }
    }

    #[test]
    fn the_running_kernels_text_is_well_formed() {
        match read_system_config().found {
            Some((path, text)) => {
                let entries = Kconfig::new(&text).entries().collect::<Result<Vec<_>, _>>();
                assert!(entries.is_ok_and(|entries| entries.len() > 100), "{path:?}");
            }
            None => eprintln!(
                "SKIP the_running_kernels_text_is_well_formed: no configuration on this machine"
            ),
        }
    }
}
