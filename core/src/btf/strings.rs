//! Names: offsets into the string section.
//!
//! Enters: a [`StrOff`](crate::StrOff). Leaves: the bytes up to the NUL, not checked for UTF-8
//! (C identifiers need not be). Strings of split BTF go on where the base's end.
//!
//! The format sets no bound to a name, but any number of types may have the same one: without a
//! bound, a file of `n` bytes could ask for `n²` of them to be read.

use core::ffi::CStr;

/// Longest name that is read, in bytes without NUL: eight times what the kernel takes
/// (`KSYM_NAME_LEN`, 512). Lines of source text are the longest there are.
pub const MAX_NAME_BYTES: usize = 4095;

/// The string that `text` starts with, without its NUL, or `None` if it has no end within
/// [`MAX_NAME_BYTES`].
#[inline]
pub(super) fn first(text: &[u8]) -> Option<&[u8]> {
    let head = text.get(..=MAX_NAME_BYTES).unwrap_or(text);
    CStr::from_bytes_until_nul(head).ok().map(CStr::to_bytes)
}
