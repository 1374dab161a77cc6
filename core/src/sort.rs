//! A sort that can't panic.
//!
//! Enters: elements and an order. Leaves: them in that order. The sorts of the standard library
//! panic if an order is none, which the linker can't rule out; this one, a heap sort, needs no such
//! way out: n log n steps on any input, in place, without recursion. It is not stable, so orders
//! here have no ties.

use core::cmp::Ordering;

use crate::steps;

/// Sorts ascending by `order`.
pub(crate) fn sort_by<T: Copy>(items: &mut [T], mut order: impl FnMut(&T, &T) -> Ordering) {
    let mut less = |a: &T, b: &T| {
        steps::count(1);
        order(a, b) == Ordering::Less
    };
    for at in (0..items.len() / 2).rev() {
        if let Some(&item) = items.get(at) {
            sink(items, at, item, &mut less);
        }
    }
    // The largest of what is left is on top: it goes to the end of it.
    let mut left = items;
    while let Some((last, rest)) = left.split_last_mut() {
        let Some(&largest) = rest.first() else { break };
        let item = core::mem::replace(last, largest);
        sink(rest, 0, item, &mut less);
        left = rest;
    }
}

/// Puts `item` into the heap below `at`, where larger ones rise past it.
fn sink<T: Copy>(heap: &mut [T], mut at: usize, item: T, less: &mut impl FnMut(&T, &T) -> bool) {
    loop {
        let left = at.saturating_mul(2).saturating_add(1);
        let right = left.saturating_add(1);
        let larger = match (heap.get(left), heap.get(right)) {
            (Some(l), Some(r)) if less(l, r) => Some((right, *r)),
            (Some(l), _) => Some((left, *l)),
            (None, _) => None,
        };
        let Some((child, value)) = larger.filter(|(_, value)| less(&item, value)) else {
            break;
        };
        put(heap, at, value);
        at = child;
    }
    put(heap, at, item);
}

fn put<T>(heap: &mut [T], at: usize, item: T) {
    if let Some(slot) = heap.get_mut(at) {
        *slot = item;
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    #[test]
    fn as_the_standard_librarys() {
        let mut state = 1u32;
        for len in 0..200 {
            let mut items: std::vec::Vec<u32> = (0..len)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    state >> (state >> 28)
                })
                .collect();
            let mut expected = items.clone();
            expected.sort_unstable();
            sort_by(&mut items, Ord::cmp);
            assert_eq!(items, expected);
        }
    }

    #[test]
    fn an_order_that_is_none_ends_too() {
        let mut items: std::vec::Vec<u32> = (0..1000).collect();
        sort_by(&mut items, |_, _| Ordering::Less);
        assert_eq!(items.len(), 1000);
    }
}
