//! From type id to the place of its record, in as much memory as the caller gives.
//!
//! Enters: a walk over all records, once. Leaves: [`Index`], which says for any id a record at
//! or before it: with a slot for every type directly, with fewer slots every 2nd, 4th, 8th ...
//! type (a checkpoint, from which a short walk follows), with none the first. The answer is the
//! same; only the time differs.

use super::walk::Place;

/// Checkpoints into the type section: slot *n* holds the byte offset of type *n* × 2^`shift`.
#[derive(Clone, Copy, Debug)]
pub struct Index<'a> {
    slots: &'a [u32],
    shift: u32,
}

impl<'a> Index<'a> {
    /// No checkpoint: every look-up walks from the first type.
    pub(super) const EMPTY: Self = Self {
        slots: &[],
        shift: 31,
    };

    /// The checkpoint at or before the `nth` type (from 0): its number and byte offset.
    #[inline]
    pub(super) fn before(&self, nth: u32) -> (u32, usize) {
        let slot = nth.checked_shr(self.shift).unwrap_or(0);
        match self.slots.get(slot as usize) {
            Some(&place) => (slot << self.shift, Place::bytes(place)),
            // Only for ids that don't exist, or without slots.
            None => (0, 0),
        }
    }

    /// The byte offset of the `nth` type (from 0), if every type has a slot.
    #[inline(always)]
    pub(super) fn direct(&self, nth: u32) -> Option<usize> {
        if self.shift != 0 {
            return None;
        }
        self.slots
            .get(nth as usize)
            .map(|&place| Place::bytes(place))
    }

    /// The places of all types, if every one has a slot.
    pub(super) fn all(&self, count: u32) -> Option<&'a [u32]> {
        let slots = self.slots;
        (self.shift == 0 && slots.len() == count as usize).then_some(slots)
    }

    /// Types from one checkpoint to the next: 1 when every type has a slot.
    #[must_use]
    pub const fn stride(&self) -> u32 {
        1 << self.shift
    }
}

/// Fills slots in one walk whose length is not known beforehand: when they are full, every
/// second one is given up and the stride doubles.
#[derive(Debug)]
pub(super) struct Writer<'s> {
    slots: &'s mut [u32],
    used: usize,
    shift: u32,
    /// The next type that gets a slot.
    due: u32,
}

impl<'s> Writer<'s> {
    pub(super) const fn new(slots: &'s mut [u32]) -> Self {
        // One slot could not be halved: it would hold the first type, which needs none.
        let due = if slots.len() < 2 { u32::MAX } else { 0 };
        Self {
            slots,
            used: 0,
            shift: 0,
            due,
        }
    }

    /// Tells the places of types from the `nth` on, in bytes. Types come in order.
    pub(super) fn extend(&mut self, nth: u32, places: &[u32]) {
        if self.shift == 0
            && let Some(slots) = self.slots.get_mut(self.used..)
            && let Some(slots) = slots.get_mut(..places.len())
        {
            slots.copy_from_slice(places);
            self.used = self.used.wrapping_add(places.len());
            self.due = self
                .due
                .saturating_add(u32::try_from(places.len()).unwrap_or(u32::MAX));
            return;
        }
        // `due` moves on by a stride each time.
        while let Some(ahead) = self.due.checked_sub(nth)
            && let Some(&at) = places.get(ahead as usize)
        {
            self.take(at);
        }
    }

    #[inline(always)]
    fn take(&mut self, at: u32) {
        if let Some(slot) = self.slots.get_mut(self.used) {
            *slot = at;
            self.used = self.used.wrapping_add(1);
            self.due = self.due.saturating_add(1 << self.shift);
        } else {
            self.halve(at);
        }
    }

    /// Keeps the slots of even numbers, and takes the pending type if it is due then.
    #[cold]
    fn halve(&mut self, at: u32) {
        let kept = self.used.div_ceil(2);
        for to in 1..kept {
            if let Some(&from) = self.slots.get(to.wrapping_mul(2))
                && let Some(slot) = self.slots.get_mut(to)
            {
                *slot = from;
            }
        }
        // The pending type's number is `used` strides; in the doubled stride it is due only if
        // that is even, else it is skipped and the next one is.
        let even = self.used.is_multiple_of(2);
        self.used = kept;
        self.shift = self.shift.saturating_add(1).min(30);
        let stride = 1u32 << self.shift;
        if even {
            self.take(at);
        } else {
            self.due = self.due.saturating_add(stride / 2);
        }
    }

    pub(super) fn finish(self) -> Index<'s> {
        let Self {
            slots, used, shift, ..
        } = self;
        match slots.get(..used) {
            Some(slots) if used > 0 => Index { slots, shift },
            _ => Index::EMPTY,
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    #[test]
    fn every_length_finds_the_nearest_earlier_type() {
        for slots in 0..40 {
            for types in 0..200u32 {
                let mut buffer = std::vec![0u32; slots];
                let mut writer = Writer::new(&mut buffer);
                // In pieces of several lengths, as a walk hands them over.
                let places: std::vec::Vec<_> = (0..types).map(|nth| nth * 12).collect();
                let mut rest = &places[..];
                for len in (0..7).cycle() {
                    let (piece, behind) = rest.split_at(len.min(rest.len()));
                    writer.extend(types - rest.len() as u32, piece);
                    rest = behind;
                    if rest.is_empty() {
                        break;
                    }
                }
                let index = writer.finish();
                for nth in 0..types {
                    let (found, at) = index.before(nth);
                    assert!(
                        found <= nth && at == found as usize * 12,
                        "{slots} {types} {nth}"
                    );
                    if slots >= 2 {
                        assert!(nth - found < index.stride());
                        // never sparser than twice what the slots allow
                        assert!(index.stride() as usize <= 1 + 2 * types as usize / slots * 2);
                    }
                }
            }
        }
    }
}
