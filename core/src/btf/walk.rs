//! Where every record starts: the walk that a whole kernel's types need, as fast as it goes.
//!
//! Enters: the type section. Leaves: the records' places, a batch at a time, in order. The index,
//! the search for candidates and the validation are built on it.
//!
//! A record's length follows from its head, so a plain walk waits for each head to come out of
//! memory before it can ask for the next: some 6 ns a record, although the bytes stream by. So
//! four lanes walk at once, each from a guessed record boundary further on. A lane that ends
//! exactly where the next one began *proves* that guess; what is not proven is thrown away and
//! walked again. The guess costs or saves time, never changes the answer: tests hold it equal to
//! [`record::extent`] on real and on hostile bytes.

use zerocopy::FromBytes;

use crate::error::Result;
use crate::steps;
use crate::units::Endian;

use super::header::Sections;
use super::kind::{Group, Info, step};
use super::raw::Word;
use super::record;

const LANES: usize = 4;
/// Words of type data that a lane goes over in a batch.
const LANE_WORDS: usize = 2048;
/// Rounds from one look at how far the lanes are to the next.
const ROUNDS: usize = 8;
/// Records that a lane can note: the shortest has 3 words.
const LANE_RECORDS: usize = (LANE_WORDS / 3).next_multiple_of(ROUNDS);
/// Plausible records in a row that make a guess. A wrong one costs a fraction of one batch.
const RUN: usize = 6;
/// A batch of fewer records was not worth its guesses: it is filled up without any.
const MEAGRE: usize = LANE_RECORDS / 8;
/// Type data above this is walked plainly, so that a place as far beyond the end as one record
/// can lead is still a `u32`.
const MAX_WORDS: usize = 1 << 28;

/// Places of some consecutive records: [`Place`]s, packed.
#[derive(Debug)]
pub(super) struct Batch {
    lanes: [[u32; LANE_RECORDS]; LANES],
    /// How many of each lane's places are records, in order from the first lane's on.
    met: [usize; LANES],
}

/// Where a record is. Records start at multiples of 4, so the two low bits are free: they hold the
/// record's [`Group`](super::kind::Group).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place;

impl Place {
    /// Bytes from the start of the type section.
    #[inline(always)]
    pub(super) const fn bytes(place: u32) -> usize {
        (place & !3) as usize
    }

    /// The group of the record's kind.
    #[inline(always)]
    pub(super) const fn group(place: u32) -> u8 {
        (place & 3) as u8
    }

    /// Of the record at that word. Type data is under 4 GiB, so its bytes fit.
    #[inline(always)]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "2^28 words, and one record"
    )]
    const fn at(word: usize, group: u8) -> u32 {
        (word as u32) << 2 | group as u32
    }

    const fn word(place: u32) -> usize {
        (place >> 2) as usize
    }
}

impl Batch {
    pub(super) const fn new() -> Self {
        Self {
            lanes: [[0; LANE_RECORDS]; LANES],
            met: [0; LANES],
        }
    }

    /// The records' places, in order, in a few pieces.
    pub(super) fn runs(&self) -> impl Iterator<Item = &[u32]> {
        let met = self.lanes.iter().zip(self.met);
        met.map(|(places, met)| places.get(..met).unwrap_or(&[]))
    }

    fn len(&self) -> usize {
        self.met.iter().sum()
    }

    /// Notes one more record, if there is room behind the others.
    fn push(&mut self, place: u32) -> bool {
        let last = self.met.iter().rposition(|&met| met > 0).unwrap_or(0);
        for lane in last..LANES {
            if let (Some(places), Some(met)) = (self.lanes.get_mut(lane), self.met.get_mut(lane))
                && let Some(slot) = places.get_mut(*met)
            {
                *slot = place;
                *met = met.wrapping_add(1);
                return true;
            }
        }
        false
    }
}

/// A walk over all records of one type section.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    sections: Sections<'a>,
    words: &'a [Word],
    /// Next record, in bytes.
    at: usize,
}

impl<'a> Walk<'a> {
    pub(super) fn new(sections: Sections<'a>) -> Self {
        // Sections of a length that is no number of words end in a record that is cut off: the
        // plain walk says so.
        let whole = sections.types.len() & !3;
        let words = sections.types.get(..whole).unwrap_or(&[]);
        let words = <[Word]>::ref_from_bytes(words).unwrap_or(&[]);
        Self {
            sections,
            words: if words.len() > MAX_WORDS { &[] } else { words },
            at: 0,
        }
    }

    /// Fills the batch with the next records; false, and an empty batch, at the end.
    ///
    /// # Errors
    /// The first of them is bad.
    pub(super) fn next(&mut self, batch: &mut Batch) -> Result<bool> {
        batch.met = [0; LANES];
        if self.at >= self.sections.types.len() {
            return Ok(false);
        }
        let first = self.at / 4;
        let end = match self.sections.endian {
            Endian::Little => four_lanes::<false>(self.words, first, batch),
            Endian::Big => four_lanes::<true>(self.words, first, batch),
        };
        self.at = end.wrapping_mul(4);
        let met = batch.len();
        if met < MEAGRE {
            // A kind that only the layout section knows, an error to be told, the end, or data
            // made to defeat the guesses.
            self.plainly(batch, met == 0)?;
        }
        Ok(true)
    }

    /// Adds records to the batch without a guess. An error that is not the batch's first record's
    /// waits for the next call.
    fn plainly(&mut self, batch: &mut Batch, empty: bool) -> Result<()> {
        let mut empty = empty;
        while self.at < self.sections.types.len() {
            let (head, next) = match record::extent(&self.sections, self.at) {
                Ok(found) => found,
                Err(error) if empty => return Err(error),
                Err(_) => return Ok(()),
            };
            let info = Info::new(head.info.get(self.sections.endian));
            steps::count(1);
            if !batch.push(Place::at(self.at / 4, Group::of(info.raw_kind()))) {
                return Ok(());
            }
            self.at = next;
            empty = false;
        }
        Ok(())
    }
}

/// Notes the record at word `at` in `slot`; the word after it. `at` itself where that can't be
/// told here. `infos` are the words from the second on.
#[inline(always)]
fn note<const BIG: bool>(infos: &[Word], at: usize, slot: &mut u32) -> usize {
    let endian = if BIG { Endian::Big } else { Endian::Little };
    let info = infos.get(at).map_or(0, |info| info.get(endian));
    let (words, group) = step(Info::new(info));
    *slot = Place::at(at, group);
    at.wrapping_add(words)
}

/// A record boundary at or after `from`, guessed; the end of the words if there is none near.
fn guess<const BIG: bool>(words: &[Word], from: usize) -> usize {
    let endian = if BIG { Endian::Big } else { Endian::Little };
    let near = from..from.saturating_add(LANE_WORDS / 2).min(words.len());
    'starts: for start in near {
        steps::count(1);
        let mut at = start;
        for _ in 0..RUN {
            let Some(info) = words.get(at.wrapping_add(1)) else {
                continue 'starts;
            };
            let info = info.get(endian);
            // Bits that no compiler sets yet: of a wide kind and of a wide vlen.
            if info & 0x60ff_0000 != 0 {
                continue 'starts;
            }
            match step(Info::new(info)) {
                (0, _) => continue 'starts,
                (words, _) => at = at.wrapping_add(words),
            }
        }
        return start;
    }
    words.len()
}

/// Walks one batch from the record at word `first`. Returns the word after the last of its
/// records: `first` if there is none.
///
/// The lanes go in step, so that all four heads are asked for before any of them is waited for,
/// and a lane that is through goes on until all are: what it then notes is another's, and left
/// out. Nothing is tested between looks but that a head lies inside.
#[inline(never)]
fn four_lanes<const BIG: bool>(words: &[Word], first: usize, batch: &mut Batch) -> usize {
    let starts: [usize; LANES] = core::array::from_fn(|lane| match lane {
        0 => first,
        _ => guess::<BIG>(words, first.saturating_add(lane.wrapping_mul(LANE_WORDS))),
    });
    let [mut a, mut b, mut c, mut d] = starts;
    let [_, second, third, fourth] = starts;
    let last = fourth.saturating_add(LANE_WORDS);
    let infos = words.get(1..).unwrap_or(&[]);
    let mut noted = 0usize;
    let [for_a, for_b, for_c, for_d] = &mut batch.lanes;
    let rounds = looks(for_a)
        .zip(looks(for_b))
        .zip(looks(for_c))
        .zip(looks(for_d));
    for (((for_a, for_b), for_c), for_d) in rounds {
        let before = [a, b, c, d];
        for (((in_a, in_b), in_c), in_d) in for_a.iter_mut().zip(for_b).zip(for_c).zip(for_d) {
            a = note::<BIG>(infos, a, in_a);
            b = note::<BIG>(infos, b, in_b);
            c = note::<BIG>(infos, c, in_c);
            d = note::<BIG>(infos, d, in_d);
        }
        noted = noted.wrapping_add(ROUNDS);
        let goes = |before: usize, at: usize, end: usize| (at != before) & (at < end);
        let [a0, b0, c0, d0] = before;
        if !(goes(a0, a, second) | goes(b0, b, third) | goes(c0, c, fourth) | goes(d0, d, last)) {
            break;
        }
    }
    steps::count(noted.wrapping_mul(LANES));
    prove(words.len(), starts, [a, b, c, d], noted, batch)
}

/// A lane's slots, by the look.
fn looks(slots: &mut [u32; LANE_RECORDS]) -> impl Iterator<Item = &mut [u32; ROUNDS]> {
    slots.as_chunks_mut::<ROUNDS>().0.iter_mut()
}

/// Counts the records of the lanes that are proven: each up to the first that did not come by
/// where the next began.
fn prove(
    words: usize,
    starts: [usize; LANES],
    ends: [usize; LANES],
    noted: usize,
    batch: &mut Batch,
) -> usize {
    let [_, b, c, d] = starts;
    let limits = [b, c, d, usize::MAX];
    let [mut end, ..] = starts;
    let lanes = batch.lanes.iter().zip(&mut batch.met);
    for (((places, met), (start, at)), limit) in lanes.zip(starts.into_iter().zip(ends)).zip(limits)
    {
        if start != end {
            break;
        }
        let places = places.get(..noted).unwrap_or(places);
        // A lane that is stuck has noted the same place again and again, and one that has left
        // the words has come from a record that is cut off.
        let before = |limit: usize| places.partition_point(|&place| Place::word(place) < limit);
        let inside = before(words);
        let cut = if at > words { 1 } else { 0 };
        *met = before(limit.min(at)).min(inside.saturating_sub(cut));
        end = places.get(*met).map_or(at, |&place| Place::word(place));
    }
    end
}
