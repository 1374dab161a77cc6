//! Loading the object's own BTF.
//!
//! Enters: the prepared BTF. Leaves: a descriptor, or nothing and a note: most objects work
//! without, and for the others the step that needs it will fail. libbpf does the same.

use std::os::fd::OwnedFd;

use crate::object::BtfImage;
use crate::sys::bpf::{BtfLoad, Log, btf_load};

use super::Note;
use super::sanitize::sanitized;
use super::verifier_log::excerpt;

/// Enough for what the kernel says of BTF up to its first mistake.
const LOG_BYTES: usize = 64 << 10;

/// Loads it, unless it is empty.
pub(super) fn load(image: &BtfImage, notes: &mut Vec<Note>) -> Option<OwnedFd> {
    if image.is_empty() {
        return None;
    }
    let bytes = sanitized(image);
    let load = BtfLoad {
        btf: &bytes,
        ..BtfLoad::default()
    };
    match btf_load(&load, None) {
        Ok(fd) => Some(fd),
        Err(source) => {
            let mut buf = vec![0; LOG_BYTES];
            let mut log = Log::new(1, &mut buf);
            // Again, to be told why.
            if let Ok(fd) = btf_load(&load, Some(&mut log)) {
                return Some(fd);
            }
            let log = excerpt(&String::from_utf8_lossy(log.text())).join("; ");
            notes.push(Note::NoBtf { source, log });
            None
        }
    }
}
