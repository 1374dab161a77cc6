//! Names: offsets into the string section.
//!
//! Enters: a [`StrOff`](crate::StrOff). Leaves: the bytes up to the NUL, not checked for UTF-8
//! (C identifiers need not be). Strings of split BTF go on where the base's end.
//!
//! The format sets no bound to a name, but any number of types may have the same one: without a
//! bound, a file of `n` bytes could ask for `n²` of them to be read.

/// Longest name that is read, in bytes without NUL: eight times what the kernel takes
/// (`KSYM_NAME_LEN`, 512). Lines of source text are the longest there are.
pub const MAX_NAME_BYTES: usize = 4095;

/// The top bit of each byte that is 0. Exact: no carry leaves a byte.
#[inline(always)]
const fn zero_bytes(word: u64) -> u64 {
    const LOW7: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    !((word & LOW7).wrapping_add(LOW7) | word | LOW7)
}

/// The string that `text` starts with, without its NUL, or `None` if it has no end within
/// [`MAX_NAME_BYTES`]. Names are short, so what counts is to be quick at the start: eight bytes at a time.
#[inline]
pub(super) fn first(text: &[u8]) -> Option<&[u8]> {
    let text = text.get(..=MAX_NAME_BYTES).unwrap_or(text);
    let (words, rest) = text.as_chunks::<8>();
    let mut len = 0usize;
    for word in words {
        let zeros = zero_bytes(u64::from_le_bytes(*word));
        if zeros != 0 {
            return text.get(..len.wrapping_add(zeros.trailing_zeros() as usize / 8));
        }
        len = len.wrapping_add(8);
    }
    let end = rest.iter().position(|&byte| byte == 0)?;
    text.get(..len.wrapping_add(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_at_the_first_nul() {
        let text = b"abc\xff\x80\x01defghijklmnopqrs\0t\0";
        for start in 0..text.len() {
            for end in start..=text.len() {
                let text = &text[start..end];
                let expected = text.iter().position(|&byte| byte == 0);
                assert_eq!(first(text), expected.map(|at| &text[..at]), "{text:?}");
            }
        }
    }
}
