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
//! [`plain_step`] on real and on hostile bytes.

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
/// Records that a lane can meet: the shortest has 3 words, and one more may start before the end.
const LANE_RECORDS: usize = LANE_WORDS / 3 + 2;
/// Plausible records in a row that make a guess. A wrong one costs a fraction of one batch.
const RUN: usize = 6;

/// Places of some consecutive records: [`Place`]s, packed.
#[derive(Debug)]
pub(super) struct Batch {
    places: [u32; LANES * LANE_RECORDS],
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
}

impl Batch {
    pub(super) const fn new() -> Self {
        Self {
            places: [0; LANES * LANE_RECORDS],
        }
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
        Self {
            sections,
            words: <[Word]>::ref_from_bytes(words).unwrap_or(&[]),
            at: 0,
        }
    }

    /// The next records' places; empty at the end.
    ///
    /// # Errors
    /// The next record is bad.
    pub(super) fn next<'b>(&mut self, batch: &'b mut Batch) -> Result<&'b [u32]> {
        if self.at >= self.sections.types.len() {
            return Ok(&[]);
        }
        let first = self.at / 4;
        let (used, end) = match self.sections.endian {
            Endian::Little => four_lanes::<false>(self.words, first, &mut batch.places),
            Endian::Big => four_lanes::<true>(self.words, first, &mut batch.places),
        };
        if used > 0 {
            self.at = end.wrapping_mul(4);
            return Ok(batch.places.get(..used).unwrap_or(&[]));
        }
        // Not even one: a kind that only the layout section knows, or an error to be told. Where
        // one is more may follow, and each would cost another four guesses.
        let mut used = 0usize;
        for slot in batch.places.iter_mut().take(LANE_RECORDS) {
            if self.at >= self.sections.types.len() {
                break;
            }
            let next = match plain_step(&self.sections, self.at) {
                Ok(next) => next,
                Err(error) if used == 0 => return Err(error),
                Err(_) => break,
            };
            *slot = self.place();
            self.at = next;
            used = used.wrapping_add(1);
        }
        Ok(batch.places.get(..used).unwrap_or(&[]))
    }

    /// The place of the next record.
    fn place(&self) -> u32 {
        let info = self
            .words
            .get((self.at / 4).wrapping_add(1))
            .map(|info| info.get(self.sections.endian));
        let group = Group::of(Info::new(info.unwrap_or(0)).raw_kind());
        u32::try_from(self.at & !3).unwrap_or(u32::MAX) | u32::from(group)
    }
}

/// The reference: where the record after the one at `at` starts.
fn plain_step(sections: &Sections<'_>, at: usize) -> Result<usize> {
    record::extent(sections, at).map(|(_, end)| end)
}

/// One lane: where it is, where it should end, and how many records it has met.
#[derive(Clone, Copy)]
struct Lane {
    at: usize,
    end: usize,
    met: usize,
}

/// Of the record at word `at`: its length in words, 0 if that can't be told here, and its group.
#[inline(always)]
fn head<const BIG: bool>(words: &[Word], at: usize) -> (usize, u8) {
    let endian = if BIG { Endian::Big } else { Endian::Little };
    match words.get(at.wrapping_add(1)) {
        Some(info) => step(Info::new(info.get(endian))),
        None => (0, 0),
    }
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

/// Walks one batch from the record at word `first`. Returns the number of places found, and the
/// word after the last of these records.
#[inline(never)]
fn four_lanes<const BIG: bool>(
    words: &[Word],
    first: usize,
    places: &mut [u32; LANES * LANE_RECORDS],
) -> (usize, usize) {
    let starts: [usize; LANES] = core::array::from_fn(|lane| match lane {
        0 => first,
        _ => guess::<BIG>(words, first.saturating_add(lane.wrapping_mul(LANE_WORDS))),
    });
    let [s0, s1, s2, s3] = starts;
    let last = s3.saturating_add(LANE_WORDS).min(words.len());
    let mut a = Lane {
        at: s0,
        end: s1,
        met: 0,
    };
    let mut b = Lane {
        at: s1,
        end: s2,
        met: 0,
    };
    let mut c = Lane {
        at: s2,
        end: s3,
        met: 0,
    };
    let mut d = Lane {
        at: s3,
        end: last,
        met: 0,
    };
    let (p0, rest) = places.split_at_mut(LANE_RECORDS);
    let (p1, rest) = rest.split_at_mut(LANE_RECORDS);
    let (p2, p3) = rest.split_at_mut(LANE_RECORDS);
    loop {
        // All four heads are asked for before any of them is waited for.
        let go = a.step::<BIG>(words, p0)
            & b.step::<BIG>(words, p1)
            & c.step::<BIG>(words, p2)
            & d.step::<BIG>(words, p3);
        if !go {
            break;
        }
    }
    for (lane, places) in [(&mut a, p0), (&mut b, p1), (&mut c, p2), (&mut d, p3)] {
        while lane.step::<BIG>(words, places) {}
    }
    gather([a, b, c, d], starts, places)
}

impl Lane {
    /// Notes the record here and goes on to the next, unless the lane is at its end or stuck.
    #[inline(always)]
    fn step<const BIG: bool>(&mut self, words: &[Word], places: &mut [u32]) -> bool {
        if self.at >= self.end {
            return false;
        }
        let (step, group) = head::<BIG>(words, self.at);
        let next = self.at.wrapping_add(step);
        let Some(place) = places.get_mut(self.met) else {
            return false;
        };
        if step == 0 || next > words.len() {
            return false;
        }
        // Type data is under 4 GiB, so a place in bytes fits.
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a quarter of under 4 GiB, times 4"
        )]
        let bytes = (self.at as u32).wrapping_mul(4);
        *place = bytes | u32::from(group);
        self.met = self.met.wrapping_add(1);
        self.at = next;
        true
    }
}

/// Joins the lanes that are proven: each up to the first that did not end where the next began.
fn gather(
    lanes: [Lane; LANES],
    starts: [usize; LANES],
    places: &mut [u32; LANES * LANE_RECORDS],
) -> (usize, usize) {
    let (mut used, mut end) = (0usize, starts.first().copied().unwrap_or(0));
    for (number, (lane, start)) in lanes.into_iter().zip(starts).enumerate() {
        if start != end {
            break;
        }
        let from = number.wrapping_mul(LANE_RECORDS);
        if from != used {
            // Downwards, so a plain loop never overwrites what it still has to move; the sorts of
            // copying that the standard library has could panic.
            for nth in 0..lane.met {
                let place = places.get(from.saturating_add(nth)).copied();
                if let (Some(place), Some(slot)) = (place, places.get_mut(used.saturating_add(nth)))
                {
                    *slot = place;
                }
            }
        }
        used = used.saturating_add(lane.met);
        end = lane.at;
    }
    (used, end)
}
