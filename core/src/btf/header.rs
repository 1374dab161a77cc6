//! The BTF header: which bytes are types, layout and strings.
//!
//! Enters: untrusted bytes. Leaves: [`Sections`], whose ranges lie inside the bytes. Rules:
//! libbpf's `btf_parse_hdr`, made stricter where it forgets (header shorter than 24 bytes,
//! version) and kept lenient where it is (a longer header is tolerated).

use zerocopy::FromBytes;

use crate::error::{Error, ErrorKind, Result, Site, What};
use crate::units::Endian;

use super::raw::{RawHeader, RawLayout, RawLayoutFields};

/// Smallest header: the one of 2018, without the kind-layout fields.
const MIN_HEADER: u32 = 24;
/// `BTF_MAGIC`, as a number of the file's byte order.
const MAGIC: u16 = 0xeb9f;

/// The parts of BTF data, sliced.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sections<'a> {
    pub(super) endian: Endian,
    pub(super) types: &'a [u8],
    /// Where `types` starts in the data, in bytes: for error messages.
    pub(super) types_at: u32,
    pub(super) strings: &'a [u8],
    /// Where `strings` starts in the data, in bytes.
    pub(super) strings_at: u32,
    pub(super) layout: &'a [RawLayout],
}

fn malformed(what: What, at: u32) -> Error {
    Error::new(ErrorKind::Malformed(what), Site::Btf(at))
}

/// Checks the header and slices the data. Constant time.
pub(super) fn parse(data: &[u8]) -> Result<Sections<'_>> {
    let truncated = |needed: u64| {
        let available = data.len() as u64;
        Error::new(
            ErrorKind::Truncated {
                what: What::BtfHeader,
                needed,
                available,
            },
            Site::Btf(0),
        )
    };
    let Ok((raw, _)) = RawHeader::ref_from_prefix(data) else {
        return Err(truncated(u64::from(MIN_HEADER)));
    };
    let endian = match raw.magic {
        m if u16::from_le_bytes(m) == MAGIC => Endian::Little,
        m if u16::from_be_bytes(m) == MAGIC => Endian::Big,
        m => {
            let found = u64::from(u16::from_le_bytes(m));
            let kind = ErrorKind::Unsupported {
                what: What::BtfMagic,
                found,
            };
            return Err(Error::new(kind, Site::Btf(0)));
        }
    };
    if raw.version != 1 {
        let found = u64::from(raw.version);
        let kind = ErrorKind::Unsupported {
            what: What::BtfVersion,
            found,
        };
        return Err(Error::new(kind, Site::Btf(2)));
    }
    let header_len = raw.hdr_len.get(endian);
    if header_len < MIN_HEADER {
        return Err(malformed(What::BtfHeader, 4));
    }
    // Offsets are 32-bit in the format; data beyond that can't be addressed by it.
    if u32::try_from(data.len()).is_err() {
        let (value, limit) = (data.len() as u64, u64::from(u32::MAX));
        let kind = ErrorKind::OutOfRange {
            what: What::BtfData,
            value,
            limit,
        };
        return Err(Error::new(kind, Site::Call));
    }
    let Some((header, body)) = data.split_at_checked(header_len as usize) else {
        return Err(truncated(u64::from(header_len)));
    };

    let (type_off, type_len) = (raw.type_off.get(endian), raw.type_len.get(endian));
    let (str_off, str_len) = (raw.str_off.get(endian), raw.str_len.get(endian));
    let strings = section(body, str_off, str_len, What::StringSection, 16)?;
    if !type_off.is_multiple_of(4) {
        return Err(malformed(What::TypeSection, 8));
    }
    let types = section(body, type_off, type_len, What::TypeSection, 8)?;
    // Types come before strings (libbpf insists); `section` has shown that the sums fit.
    let types_end = type_off.wrapping_add(type_len);
    if types_end > str_off {
        return Err(malformed(What::TypeSection, 8));
    }
    let layout = layout(header, body, endian, types_end, str_off)?;
    Ok(Sections {
        endian,
        types,
        types_at: header_len.wrapping_add(type_off),
        strings,
        strings_at: header_len.wrapping_add(str_off),
        layout,
    })
}

/// `len` bytes at `off` of the body; `at` is the header field that says so.
fn section(body: &[u8], off: u32, len: u32, what: What, at: u32) -> Result<&[u8]> {
    let end = u64::from(off).wrapping_add(u64::from(len));
    body.get(off as usize..)
        .and_then(|rest| rest.get(..len as usize))
        .ok_or_else(|| {
            let available = body.len() as u64;
            Error::new(
                ErrorKind::Truncated {
                    what,
                    needed: end,
                    available,
                },
                Site::Btf(at),
            )
        })
}

/// The kind-layout section, where the header is long enough to name one. A header of 25 to 31
/// bytes has no whole layout fields, so none.
fn layout<'a>(
    header: &'a [u8],
    body: &'a [u8],
    endian: Endian,
    types_end: u32,
    str_off: u32,
) -> Result<&'a [RawLayout]> {
    let fields = header.get(MIN_HEADER as usize..).unwrap_or(&[]);
    let Ok((fields, _)) = RawLayoutFields::ref_from_prefix(fields) else {
        return Ok(&[]);
    };
    let (off, len) = (fields.layout_off.get(endian), fields.layout_len.get(endian));
    if len == 0 {
        return Ok(&[]);
    }
    let bytes = section(body, off, len, What::LayoutSection, 24)?;
    let between = off >= types_end && off.wrapping_add(len) <= str_off;
    if !between || !off.is_multiple_of(4) || !len.is_multiple_of(4) {
        return Err(malformed(What::LayoutSection, 24));
    }
    <[RawLayout]>::ref_from_bytes(bytes).map_err(|_| malformed(What::LayoutSection, 24))
}
