//! A quick no: can a target type of this name be a candidate at all?
//!
//! Enters: the roots' essential names, then the first 8 bytes of each target name. Leaves: no, or
//! perhaps. A kernel has some twenty thousand names to ask about and an object wants a few
//! hundred at most, so the answer must cost no more than a load and a bit test.

use crate::steps;

/// Bits of a set: 2 KiB, so that 300 roots leave under 4 % of wrong perhapses.
const WORDS: usize = 256;

/// Bytes of a name that the second look goes by: many names of a kernel start alike for longer
/// than 8 bytes (`trace_event_raw_...`).
const LONG: usize = 24;

/// What the candidates of some root may be called, by two looks: the first 8 bytes, then 24.
#[derive(Debug)]
pub(super) struct Filter {
    short: Set,
    long: Set,
}

/// A set of hashes that may say yes wrongly, and never no.
#[derive(Debug)]
struct Set([u64; WORDS]);

impl Set {
    /// Number of the word, and of the bit in it.
    #[inline(always)]
    fn place(hash: u64) -> (usize, u64) {
        // Fibonacci hashing; the top 14 bits.
        let hash = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 50;
        (usize::try_from(hash >> 6).unwrap_or(0), hash & 63)
    }

    fn add(&mut self, hash: u64) {
        let (word, bit) = Self::place(hash);
        if let Some(word) = self.0.get_mut(word) {
            *word |= 1 << bit;
        }
    }

    #[inline(always)]
    fn has(&self, hash: u64) -> bool {
        let (word, bit) = Self::place(hash);
        self.0.get(word).is_some_and(|word| word >> bit & 1 != 0)
    }
}

/// The first `N` bytes of a name, with NULs behind its end.
fn start<const N: usize>(name: &[u8]) -> [u8; N] {
    let mut bytes = [0; N];
    for (to, from) in bytes.iter_mut().zip(name) {
        *to = *from;
    }
    bytes
}

/// A hash of a name. Names made to collide cost comparisons, not answers.
pub(super) fn hash(name: &[u8]) -> u64 {
    steps::count_name(name.len());
    let (chunks, rest) = name.as_chunks::<8>();
    let words = chunks.iter().map(|chunk| u64::from_le_bytes(*chunk));
    mix(words.chain([head(rest)]))
}

/// The first 8 bytes of a name, as a number whose lowest byte is the first; NULs behind its end.
fn head(name: &[u8]) -> u64 {
    u64::from_le_bytes(start(name))
}

/// The head of the NUL-terminated name at the start of `text`: one load where 8 bytes are there.
#[inline(always)]
fn head_of_text(text: &[u8]) -> u64 {
    match text.first_chunk() {
        Some(first) => until_nul(u64::from_le_bytes(*first)),
        None => until_nul(head(text)),
    }
}

const ONES: u64 = 0x0101_0101_0101_0101;

/// The top bit of the lowest byte that is 0, and perhaps of bytes above it.
#[inline(always)]
const fn zeros_from_lowest(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & ONES << 7
}

/// Zeros in place of everything from the first zero byte, the lowest, on.
#[inline(always)]
const fn until_nul(word: u64) -> u64 {
    let zeros = zeros_from_lowest(word);
    // All bits below the lowest one that is set; all, if none is.
    let below = (zeros & zeros.wrapping_neg()).wrapping_sub(1);
    word & below
}

impl Filter {
    pub(super) const fn new() -> Self {
        Self {
            short: Set([0; WORDS]),
            long: Set([0; WORDS]),
        }
    }

    /// Lets a root's essential name through, with and without a flavor behind it.
    pub(super) fn add(&mut self, essential: &[u8]) {
        self.short.add(head(essential));
        self.long.add(mix(words(start(essential))));
        // Of a name shorter than a look, the separator is in the look too: whole, and then
        // `has_flavor` sees it, unless it is cut off by the look's end.
        if (5..8).contains(&essential.len()) {
            self.short
                .add(u64::from_le_bytes(with_separator(essential)));
        }
        if (LONG - 3..LONG).contains(&essential.len()) {
            self.long.add(mix(words(with_separator(essential))));
        }
    }

    /// Perhaps, by the first 8 bytes of the name at the start of `text`?
    #[inline(always)]
    pub(super) fn passes(&self, text: &[u8]) -> bool {
        let head = head_of_text(text);
        self.short.has(head) | has_flavor(head)
    }

    /// Still perhaps, by as much as 24?
    #[inline]
    pub(super) fn passes_long(&self, text: &[u8]) -> bool {
        let bytes = match text.first_chunk::<LONG>() {
            Some(bytes) => *bytes,
            None => start(text),
        };
        let [a, b, c] = words(bytes);
        // Behind the name's end come other names.
        let b = if zeros_from_lowest(a) == 0 { b } else { 0 };
        let c = if zeros_from_lowest(b) == 0 { c } else { 0 };
        let name = [until_nul(a), until_nul(b), until_nul(c)];
        let [a, b, c] = name.map(|word| u128::from(underscores(word)));
        self.long.has(mix(name)) || three_in_a_row(a | b << 64) || three_in_a_row(b | c << 64)
    }
}

/// The name followed by underscores, as a flavor would have them.
fn with_separator<const N: usize>(essential: &[u8]) -> [u8; N] {
    let mut bytes = [b'_'; N];
    for (to, from) in bytes.iter_mut().zip(essential) {
        *to = *from;
    }
    bytes
}

/// The bytes as numbers.
fn words(bytes: [u8; LONG]) -> [u64; 3] {
    let [a, b, c] = bytes.as_chunks::<8>().0 else {
        return [0; 3];
    };
    [a, b, c].map(|word| u64::from_le_bytes(*word))
}

/// A hash of the words.
#[inline]
fn mix(words: impl IntoIterator<Item = u64>) -> u64 {
    words.into_iter().fold(0, |hash: u64, word| {
        (hash ^ word)
            .wrapping_mul(0xff51_afd7_ed55_8ccd)
            .rotate_left(31)
    })
}

/// The top bit of each byte that is `_`, and perhaps of some others above one that is.
#[inline(always)]
const fn underscores(word: u64) -> u64 {
    zeros_from_lowest(word ^ 0x5f5f_5f5f_5f5f_5f5f)
}

/// Top bits of three bytes in a row.
const fn three_in_a_row(bits: u128) -> bool {
    bits & bits << 8 & bits << 16 != 0
}

/// Does the head hold `___`: a name of at most 5 characters with a flavor, or something as rare?
#[inline(always)]
const fn has_flavor(head: u64) -> bool {
    let bits = underscores(head);
    bits & bits << 8 & bits << 16 != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_agree() {
        for name in ["", "a", "abcdefg", "abcdefgh", "abcdefghi", "a_b", "\u{1}x"] {
            let mut text = [0xffu8; 24];
            text[..name.len()].copy_from_slice(name.as_bytes());
            text[name.len()] = 0;
            assert_eq!(
                head_of_text(&text),
                head(name.as_bytes()),
                "{name:?} with more behind"
            );
            let short = &text[..=name.len()];
            assert_eq!(
                head_of_text(short),
                head(name.as_bytes()),
                "{name:?} at the end"
            );
        }
    }

    #[test]
    fn flavors_of_every_length_pass() {
        const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
        for essential in (1..30).map(|len| &LETTERS[..len]) {
            let mut filter = Filter::new();
            filter.add(essential);
            for flavor in [&b""[..], b"___x", b"___2"] {
                // Other names follow, or nothing does.
                for tail in [0, 40] {
                    let mut text = [b'z'; 80];
                    let len = essential.len() + flavor.len();
                    text[..essential.len()].copy_from_slice(essential);
                    text[essential.len()..len].copy_from_slice(flavor);
                    text[len] = 0;
                    let text = &text[..len + 1 + tail];
                    assert!(filter.passes(text), "{essential:?} {flavor:?}");
                    assert!(filter.passes_long(text), "{essential:?} {flavor:?}");
                }
            }
            assert!(!filter.passes(b"zzz\0"));
            assert!(!filter.passes_long(b"abcdefghijklmnop_else\0"));
        }
    }
}
