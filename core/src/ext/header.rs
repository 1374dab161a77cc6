//! The `.BTF.ext` header: where the three lists of records are.
//!
//! Enters: untrusted bytes. Leaves: [`Header`]: the byte order, and for each list a [`Span`] that
//! [`Groups::parse`](super::Groups) has yet to check.

use scroll::Pread;

use crate::error::{Error, ErrorKind, Result, Site, What};
use crate::units::Endian;

/// Header without the CO-RE fields: the smallest that libbpf takes.
const MIN_HEADER: u32 = 24;
/// Header with the CO-RE fields. One between the two sizes has no CO-RE records.
const CORE_HEADER: u32 = 32;
/// `BTF_MAGIC`, as a number of the file's byte order.
const MAGIC: u16 = 0xeb9f;
const VERSION: u8 = 1;

/// Where a list claims to be. Not checked against the data.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Span {
    /// Offset of the two words that say so: where an error about them is.
    pub(super) field_at: usize,
    /// From the end of the header, in bytes.
    pub(super) off: u32,
    /// In bytes; 0 = no such list.
    pub(super) len: u32,
    /// Size of the header, in bytes.
    pub(super) base: u32,
}

/// The header's contents.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) endian: Endian,
    pub(super) func_info: Span,
    pub(super) line_info: Span,
    pub(super) core_relo: Span,
}

/// A place in `.BTF.ext`.
pub(super) fn site(at: usize) -> Site {
    Site::Ext(u32::try_from(at).unwrap_or(u32::MAX))
}

/// A word, or nothing beyond the end.
#[inline]
pub(super) fn word(bytes: &[u8], at: usize, endian: Endian) -> Option<u32> {
    bytes.pread_with(at, scroll::Endian::from(endian)).ok()
}

/// Reads the header. Constant time.
pub(super) fn parse(bytes: &[u8]) -> Result<Header> {
    let truncated = |needed: u32, available: u64| {
        let needed = u64::from(needed);
        Error::new(
            ErrorKind::Truncated {
                what: What::ExtHeader,
                needed,
                available,
            },
            site(0),
        )
    };
    let size = bytes.len() as u64;
    if size < u64::from(MIN_HEADER) {
        return Err(truncated(MIN_HEADER, size));
    }
    let at_most = |_| truncated(MIN_HEADER, size); // can't happen: the size was just checked

    let mut at = 0;
    let magic: u16 = bytes.gread_with(&mut at, scroll::LE).map_err(at_most)?;
    let endian = match magic {
        MAGIC => Endian::Little,
        _ if magic == MAGIC.swap_bytes() => Endian::Big,
        _ => return Err(unsupported(What::ExtMagic, magic.into(), 0)),
    };
    let order = scroll::Endian::from(endian);
    let version: u8 = bytes.gread_with(&mut at, order).map_err(at_most)?;
    if version != VERSION {
        return Err(unsupported(What::ExtVersion, version.into(), 2));
    }
    let flags: u8 = bytes.gread_with(&mut at, order).map_err(at_most)?;
    if flags != 0 {
        return Err(unsupported(What::ExtFlags, flags.into(), 3));
    }
    let hdr_len: u32 = bytes.gread_with(&mut at, order).map_err(at_most)?;
    if hdr_len < MIN_HEADER {
        return Err(truncated(MIN_HEADER, hdr_len.into()));
    }
    if size < u64::from(hdr_len) {
        return Err(truncated(hdr_len, size));
    }

    let mut span = || {
        let field_at = at;
        let off = bytes.gread_with(&mut at, order).map_err(at_most)?;
        let len = bytes.gread_with(&mut at, order).map_err(at_most)?;
        Ok(Span {
            field_at,
            off,
            len,
            base: hdr_len,
        })
    };
    let (func_info, line_info) = (span()?, span()?);
    let core_relo = if hdr_len < CORE_HEADER {
        Span::default()
    } else {
        span()?
    };
    Ok(Header {
        endian,
        func_info,
        line_info,
        core_relo,
    })
}

fn unsupported(what: What, found: u64, at: usize) -> Error {
    Error::new(ErrorKind::Unsupported { what, found }, site(at))
}
