//! Names that are nearly the one asked for.
//!
//! Enters: a wanted name, and any number of others, one after the other. Leaves: the few that are
//! most like it ([`Nearest`]). Kernels rename by habit: an underscore in front (`state`,
//! `__state`), a word more (`nr_running`, `h_nr_running`), or a few letters. Each habit has a
//! [`likeness`]; nothing is allocated, and a comparison takes at most 64 x 64 steps.

use crate::btf::essential_name;

/// Longer names are compared by their words only.
const MAX_BYTES: usize = 63;

/// How unlike two names are; 0 is the same name but for underscores at its ends. `None`: nobody
/// would take one for the other.
pub(super) fn likeness(wanted: &[u8], found: &[u8]) -> Option<u8> {
    let (wanted, found) = (bare(wanted), bare(found));
    if wanted.is_empty() || found.is_empty() {
        return None;
    }
    if wanted.eq_ignore_ascii_case(found) {
        return Some(0);
    }
    let words = contained(wanted, found).or_else(|| contained(found, wanted));
    let letters = edits(wanted, found);
    words.into_iter().chain(letters).min()
}

/// Have both a word in common, of two letters or more?
pub(super) fn shares_word(a: &[u8], b: &[u8]) -> bool {
    let words = |name| <[u8]>::split(bare(name), |&byte| byte == b'_');
    words(a).any(|word| word.len() > 1 && words(b).any(|other| other == word))
}

/// Without flavor, and without underscores at its ends.
fn bare(name: &[u8]) -> &[u8] {
    let mut name = essential_name(name);
    while let [b'_', rest @ ..] | [rest @ .., b'_'] = name {
        name = rest;
    }
    name
}

/// One more than the words that `long` has besides all those of `short`, in their order.
fn contained(short: &[u8], long: &[u8]) -> Option<u8> {
    let words = |name| <[u8]>::split(name, |&byte| byte == b'_').filter(|word| !word.is_empty());
    let (mut wanted, mut more) = (words(short).peekable(), 0u8);
    for word in words(long) {
        if wanted.next_if_eq(&word).is_none() {
            more = more.checked_add(1)?;
        }
    }
    // A short word in a long name says nothing.
    let telling = short.len() > 1 && usize::from(more) <= short.len();
    (wanted.peek().is_none() && telling).then(|| more.saturating_add(1))
}

/// One more than the letters to add, drop or change, if they are few for names that long.
fn edits(a: &[u8], b: &[u8]) -> Option<u8> {
    let longer = a.len().max(b.len());
    let few = u8::try_from(longer / 3).ok()?.min(4);
    if longer > MAX_BYTES || a.len().abs_diff(b.len()) > usize::from(few) {
        return None;
    }
    // Most names of a kernel end here: too many letters are in only one of the two.
    if (letters(a) ^ letters(b)).count_ones() > u32::from(few).saturating_mul(2) {
        return None;
    }
    // Levenshtein: `row` holds the distances of what has been read of `a` to each start of `b`.
    let mut cells = [0u8; MAX_BYTES];
    let row = cells.get_mut(..b.len())?;
    for (cell, distance) in row.iter_mut().zip(1u8..) {
        *cell = distance;
    }
    let mut last = 0;
    for (read, &x) in (0u8..).zip(a) {
        let (mut diagonal, mut left) = (read, read.saturating_add(1));
        for (cell, &y) in row.iter_mut().zip(b) {
            let changed = diagonal.saturating_add(u8::from(x != y));
            diagonal = *cell;
            left = changed.min(left.min(*cell).saturating_add(1));
            *cell = left;
        }
        last = left;
    }
    (last <= few).then(|| last.saturating_add(1))
}

/// A bit for each letter or digit that is there, modulo 64.
fn letters(name: &[u8]) -> u64 {
    name.iter().fold(0, |bits, byte| bits | 1 << (byte % 64))
}

/// The `N` names most like a wanted one, of all that were offered; each with what it stands for.
#[derive(Clone, Debug)]
pub(super) struct Nearest<'n, T, const N: usize> {
    wanted: &'n [u8],
    /// By likeness, then in the order in which they came.
    best: heapless::Vec<(u8, T), N>,
}

impl<'n, T, const N: usize> Nearest<'n, T, N> {
    pub(super) const fn new(wanted: &'n [u8]) -> Self {
        Self {
            wanted,
            best: heapless::Vec::new(),
        }
    }

    /// Looks at one more name.
    pub(super) fn offer(&mut self, name: &[u8], item: impl FnOnce() -> T) {
        if let Some(unlike) = likeness(self.wanted, name) {
            self.take(unlike, item);
        }
    }

    /// Takes one whose likeness is known.
    pub(super) fn take(&mut self, unlike: u8, item: impl FnOnce() -> T) {
        let at = self.best.partition_point(|(other, _)| *other <= unlike);
        if at >= N {
            return;
        }
        if self.best.is_full() {
            self.best.pop();
        }
        // There is room, and `at` is within it.
        let _ = self.best.insert(at, (unlike, item()));
    }

    /// The names, most alike first; far ones only if there is nothing nearer.
    pub(super) fn into_best(self) -> impl Iterator<Item = (u8, T)> {
        let nearest = self.best.first().map_or(0, |(unlike, _)| *unlike);
        let limit = nearest.saturating_add(2);
        self.best
            .into_iter()
            .take_while(move |(unlike, _)| *unlike <= limit)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec::Vec;

    use super::*;

    #[test]
    fn likeness_by_habit() {
        for (wanted, found, unlike) in [
            ("state", "__state", Some(0)),
            ("state___old", "__state", Some(0)),
            ("BPF_MAP_x", "bpf_map_X", Some(0)),
            ("nr_running", "h_nr_running", Some(2)),
            ("mm", "active_mm", Some(2)),
            ("trace_event_kmalloc", "kmalloc", Some(3)),
            ("thread_id", "thread_pid", Some(2)), // one letter
            ("exe_fiel", "exe_file", Some(3)),    // two
            ("comm", "core", None),               // two of four: another word
            ("pid", "tid", Some(2)),
            ("a", "b_a", None), // a word of one letter says nothing
            ("", "x", None),
            ("___", "x", None),
        ] {
            assert_eq!(
                likeness(wanted.as_bytes(), found.as_bytes()),
                unlike,
                "{wanted} {found}"
            );
        }
        // Longer than is compared letter by letter.
        let long = [b'x'; 200];
        assert_eq!(likeness(&long, &long[1..]), None);
    }

    #[test]
    fn best_in_order() {
        let mut nearest = Nearest::<_, 2>::new(b"state");
        for name in ["stats", "x", "static", "__state", "exit_state", "state_"] {
            nearest.offer(name.as_bytes(), || name);
        }
        let best: Vec<_> = nearest.into_best().collect();
        assert_eq!(best, [(0, "__state"), (0, "state_")]);
        let mut nearest = Nearest::<_, 3>::new(b"state");
        for name in ["exit_state", "stat", "one_two_three_state"] {
            nearest.offer(name.as_bytes(), || name);
        }
        let best: Vec<_> = nearest.into_best().map(|(_, name)| name).collect();
        assert_eq!(best, ["exit_state", "stat", "one_two_three_state"]);
    }
}
