//! Names: offsets into the string section.
//!
//! Enters: a [`StrOff`](crate::StrOff). Leaves: the bytes up to the NUL, not checked for UTF-8
//! (C identifiers need not be). Strings of split BTF go on where the base's end.

use core::ffi::CStr;

/// The string that `text` starts with, without its NUL, or `None` if it has no end.
#[inline]
pub(super) fn first(text: &[u8]) -> Option<&[u8]> {
    CStr::from_bytes_until_nul(text).ok().map(CStr::to_bytes)
}
