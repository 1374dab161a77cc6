//! Where we mean to differ from libbpf, and when that is the case: the first group of the
//! differences in `core/DESIGN.md`, which gives the reasons.

use std::collections::HashMap;

use relocore::ext::CoreRelo;
use relocore::relo::{Failure, Outcome, RelocKind, Resolution};
use relocore::{StrOff, TypeId};

use crate::hook::Seen;

/// One record, by both.
pub(crate) struct Both<'a> {
    pub(crate) record: &'a CoreRelo,
    /// What libbpf found for the object's other records.
    pub(crate) answers: &'a Answers,
    pub(crate) ours: &'a Resolution,
    pub(crate) libbpf: &'a Seen,
    pub(crate) target_is_big_endian: bool,
}

type Applies = fn(&Both<'_>) -> bool;

/// What differs, and when.
pub(crate) const DOCUMENTED: [(&str, Applies); 3] = [
    (
        "unsigned 32-bit enumerators from 2^31: libbpf sign-extends them",
        |both| {
            let ours = both.ours;
            let large = |value: u64| (1 << 31..1 << 32).contains(&value);
            let value = matches!(ours.outcome, Outcome::Value(value) if large(value));
            ours.kind == Some(RelocKind::EnumvalValue) && (large(ours.local) || value)
        },
    ),
    (
        "left shift of a bitfield for a big-endian target: libbpf takes the host's byte order",
        |both| {
            let shift = both.ours.kind == Some(RelocKind::FieldLshift);
            shift && both.target_is_big_endian && plausible(both)
        },
    ),
    (
        "a value that does not fit the immediate: libbpf truncates it",
        |both| matches!(both.ours.outcome, Outcome::Failed(Failure::ImmTooLarge(_))),
    ),
];

/// What records ask about, for a kind of their own or another, and what libbpf found.
pub(crate) type Answers = HashMap<(TypeId, StrOff, u32), u64>;

/// The key of [`Answers`].
pub(crate) const fn question(record: &CoreRelo, kind: u32) -> (TypeId, StrOff, u32) {
    (record.type_id, record.access, kind)
}

/// Is our left shift for a big-endian target right? Worked out of libbpf's answers, where the object
/// asks for size and right shift of the same field too. A load of so many bytes fills the low end of
/// 64 bits; the field's first bit, `inset` after the load's, is to become the highest.
fn plausible(both: &Both<'_>) -> bool {
    let answer = |kind: RelocKind| {
        both.answers
            .get(&question(both.record, kind as u32))
            .copied()
    };
    let (Some(bytes), Some(rshift)) = (
        answer(RelocKind::FieldByteSize),
        answer(RelocKind::FieldRshift),
    ) else {
        return true; // not asked for
    };
    let bits = 64 - rshift;
    let inset = 64 - bits - both.libbpf.res.new_val;
    both.ours.outcome == Outcome::Value(64 - 8 * bytes + inset)
}
