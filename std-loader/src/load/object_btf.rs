//! Loading the object's own BTF.
//!
//! Enters: the prepared BTF. Leaves: a descriptor, or nothing and a note: most objects work
//! without, and for the others the step that needs it will fail. libbpf does the same. What an
//! older kernel does not know is taken out of a copy once the kernel has refused the original.

use std::os::fd::OwnedFd;

use crate::object::BtfImage;
use crate::sys::SysError;
use crate::sys::bpf::{BtfLoad, btf_load};

use super::Note;
use super::feature::{has, is_refusal};
use super::log::logged;
use super::memlock::with_memlock;
use super::sanitize::sanitized;
use super::token::Token;
use super::verifier_log::excerpt;

/// Loads it, unless it is empty.
pub(super) fn load(
    image: &BtfImage,
    token: Option<&Token>,
    notes: &mut Vec<Note>,
) -> Option<OwnedFd> {
    if image.is_empty() {
        return None;
    }
    let bytes = image.to_bytes();
    let source = match load_bytes(&bytes, token) {
        Ok(fd) => return Some(fd),
        Err(source) => source,
    };
    let older = match is_refusal(source) {
        true => sanitized(image, |feature| has(feature, token))
            .ok()
            .flatten(),
        false => None,
    };
    let bytes = older.unwrap_or(bytes);
    if let Ok(fd) = load_bytes(&bytes, token) {
        return Some(fd);
    }
    // Again, to be told why.
    let load = attributes(&bytes, token);
    let (result, log) = logged(1, |log| btf_load(&load, log));
    if let Err(source) = result {
        let log = excerpt(&log).join("; ");
        notes.push(Note::NoBtf { source, log });
    }
    result.ok()
}

fn load_bytes(bytes: &[u8], token: Option<&Token>) -> Result<OwnedFd, SysError> {
    with_memlock(|| btf_load(&attributes(bytes, token), None))
}

fn attributes<'a>(btf: &'a [u8], token: Option<&'a Token>) -> BtfLoad<'a> {
    BtfLoad {
        btf,
        flags: Token::flag(token),
        token: Token::fd(token),
    }
}
