//! A quick no: can a target type of this name be a candidate at all?
//!
//! Enters: the roots' essential names, then the first 8 bytes of each target name. Leaves: no, or
//! perhaps. A kernel has some twenty thousand names to ask about and an object wants a few
//! hundred at most, so the answer must cost no more than a load and a bit test.

/// Bits of the set: 2 KiB, so that 300 roots leave under 4 % of wrong perhapses.
const WORDS: usize = 256;

/// The set of heads that some root's candidate may have.
#[derive(Debug)]
pub(super) struct Filter {
    bits: [u64; WORDS],
}

/// The first 8 bytes of a name, as a number that orders like the bytes; NULs behind its end.
pub(super) fn head(name: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    for (to, from) in bytes.iter_mut().zip(name) {
        *to = *from;
    }
    u64::from_be_bytes(bytes)
}

/// The head of the NUL-terminated name at the start of `text`: one load where 8 bytes are there.
#[inline(always)]
pub(super) fn head_of_text(text: &[u8]) -> u64 {
    let Some(first) = text.first_chunk::<8>() else {
        return head(text.split(|&byte| byte == 0).next().unwrap_or(&[]));
    };
    let word = u64::from_be_bytes(*first);
    // The first zero byte from the top: false hits of this trick lie below a true one only when
    // borrows come from below, so test from the top by complement arithmetic that has none.
    let zero = !((word & LOW7).wrapping_add(LOW7) | word | LOW7);
    // `zero` has the top bit of each NUL byte set; keep what is above the first of them.
    let keep = zero.leading_zeros();
    if keep == 0 { 0 } else { word & u64::MAX.checked_shl(64u32.wrapping_sub(keep)).unwrap_or(0) }
}

const LOW7: u64 = 0x7f7f_7f7f_7f7f_7f7f;

impl Filter {
    pub(super) const fn new() -> Self {
        Self { bits: [0; WORDS] }
    }

    fn place(head: u64) -> (usize, u64) {
        // Fibonacci hashing; the top 14 bits.
        let hash = head.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 50;
        let word = usize::try_from(hash >> 6).unwrap_or(0);
        (word, 1 << (hash & 63))
    }

    /// Lets a root's essential name through, with and without a flavor behind it.
    pub(super) fn add(&mut self, essential: &[u8]) {
        self.set(head(essential));
        // Of a shorter name the separator is in the head too; all of it from 5 characters on.
        // Shorter ones with a flavor pass by `has_flavor`.
        if (5..8).contains(&essential.len()) {
            let mut flavored = [b'_'; 8];
            for (to, from) in flavored.iter_mut().zip(essential) {
                *to = *from;
            }
            self.set(u64::from_be_bytes(flavored));
        }
    }

    fn set(&mut self, head: u64) {
        let (word, bit) = Self::place(head);
        if let Some(word) = self.bits.get_mut(word) {
            *word |= bit;
        }
    }

    /// Perhaps?
    #[inline(always)]
    pub(super) fn passes(&self, head: u64) -> bool {
        let (word, bit) = Self::place(head);
        self.bits.get(word).is_some_and(|word| word & bit != 0) || has_flavor(head)
    }
}

/// Does the head hold `___` in its first 7 bytes: a name of at most 4 characters with a flavor,
/// or something as rare?
#[inline(always)]
fn has_flavor(head: u64) -> bool {
    let underscores = |shift: u32| head >> shift & 0x00ff_ffff == 0x005f_5f5f;
    underscores(40) || underscores(32) || underscores(24) || underscores(16) || underscores(8)
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
            assert_eq!(head_of_text(&text), head(name.as_bytes()), "{name:?} with more behind");
            let short = &text[..=name.len()];
            assert_eq!(head_of_text(short), head(name.as_bytes()), "{name:?} at the end");
        }
    }

    #[test]
    fn flavors_of_every_length_pass() {
        for essential in ["a", "ab", "abc", "abcd", "abcde", "abcdef", "abcdefg", "abcdefgh"] {
            let mut filter = Filter::new();
            filter.add(essential.as_bytes());
            for flavor in ["", "___x", "___2"] {
                let mut name = [0u8; 16];
                name[..essential.len()].copy_from_slice(essential.as_bytes());
                name[essential.len()..][..flavor.len()].copy_from_slice(flavor.as_bytes());
                assert!(filter.passes(head_of_text(&name)), "{essential}{flavor}");
            }
            assert!(!filter.passes(head(b"zzz")));
        }
    }
}
