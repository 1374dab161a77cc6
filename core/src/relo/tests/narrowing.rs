//! Several candidates: narrowing, ambiguity, modules (notes, section 4).

extern crate std;

use std::vec::Vec;

use crate::relo::{Failure, Outcome, Reason, RelocKind, TargetType};
use crate::testing::{BOTH, Builder, SIGNED, UNSIGNED, answers, bits, failure, m, poison};
use crate::units::{Endian, TypeId};

use RelocKind::*;

/// `struct foo { int a; int b; int c; }`, twice.
fn local() -> (Builder, TypeId, TypeId) {
    let mut b = Builder::new();
    let int = b.add_int("int", 4, SIGNED);
    let members = [m("a", int, 0), m("b", int, 32), m("c", int, 64)];
    let foo = b.add_struct("foo", 12, &members);
    let flavor = b.add_struct("foo___flavor", 12, &members);
    (b, foo, flavor)
}

/// Structs called `foo`, `foo___1` ... with these members at these bytes.
fn target(structs: &[&[(&str, u32)]]) -> (Builder, Vec<TypeId>) {
    let mut b = Builder::new();
    let int = b.add_int("int", 4, SIGNED);
    let mut ids = Vec::new();
    for (nth, members) in structs.iter().enumerate() {
        let name = match nth {
            0 => std::string::String::from("foo"),
            nth => std::format!("foo___{nth}"),
        };
        let members: Vec<_> = members
            .iter()
            .map(|&(name, at)| m(name, int, at * 8))
            .collect();
        ids.push(b.add_struct(&name, 64, &members));
    }
    (b, ids)
}

/// Outcomes of byte offsets, in order, of members of `foo` or, in capitals, of its flavor.
fn offsets(targets: &[&Builder], accesses: &str) -> Vec<Outcome> {
    let (mut local, foo, flavor) = local();
    let records: Vec<_> = accesses
        .chars()
        .map(|access| {
            let root = if access.is_ascii_uppercase() {
                flavor
            } else {
                foo
            };
            let member = u32::from(access.to_ascii_lowercase()) - u32::from('a');
            local.record(root, &std::format!("0:{member}"), FieldByteOffset)
        })
        .collect();
    let answers = answers(Endian::Little, &local, targets, &records);
    answers.iter().map(|answer| answer.outcome).collect()
}

const fn in_kernel(id: TypeId) -> TargetType {
    TargetType { btf: 0, id }
}

#[test]
fn a_match_settles_the_root() {
    let (target, ids) = target(&[&[("a", 0), ("c", 8)], &[("a", 0), ("b", 4)]]);
    let narrowed = |nth: usize| {
        Outcome::Poison(Reason::Narrowed {
            would_fit: in_kernel(ids[nth]),
        })
    };
    let value = Outcome::Value;
    // Both have `a`; `b` chooses the second, `c` would have chosen the first.
    assert_eq!(
        offsets(&[&target], "abca"),
        [value(0), value(4), narrowed(0), value(0)]
    );
    assert_eq!(
        offsets(&[&target], "acba"),
        [value(0), value(8), narrowed(1), value(0)]
    );
    // Another root of the same name goes its own way.
    assert_eq!(offsets(&[&target], "bC"), [value(4), value(8)]);
}

#[test]
fn existence_settles_too_and_absence_does_not() {
    let (mut local, foo, _) = local();
    let (target, ids) = target(&[&[("a", 0), ("c", 8)], &[("a", 0), ("b", 4)]]);
    let mut outcomes = |accesses: &[(&str, RelocKind)]| -> Vec<_> {
        let records: Vec<_> = accesses
            .iter()
            .map(|&(access, kind)| local.record(foo, access, kind))
            .collect();
        let answers = answers(Endian::Little, &local, &[&target], &records);
        answers.iter().map(|answer| answer.outcome).collect()
    };
    let narrowed = Reason::Narrowed {
        would_fit: in_kernel(ids[0]),
    };
    let exists = [
        ("0:1", FieldExists),
        ("0:2", FieldExists),
        ("0:2", FieldByteOffset),
    ];
    let expected = [
        Outcome::Value(1),
        Outcome::Absent(narrowed),
        Outcome::Poison(narrowed),
    ];
    assert_eq!(outcomes(&exists), expected);
}

#[test]
fn what_nothing_matches_changes_nothing() {
    let (target, ids) = target(&[&[("a", 0)], &[("a", 0), ("b", 4)]]);
    let outcomes = offsets(&[&target], "cab");
    assert_eq!(outcomes[1..], [Outcome::Value(0), Outcome::Value(4)]);
    let Outcome::Poison(Reason::NoMatch {
        candidates, first, ..
    }) = outcomes[0]
    else {
        panic!("{outcomes:?}");
    };
    assert_eq!((candidates, first), (2, in_kernel(ids[0])));
}

#[test]
fn candidates_that_disagree() {
    let (target, ids) = target(&[&[("a", 0), ("b", 4)], &[("a", 8), ("b", 4)]]);
    let ambiguous = Failure::Ambiguous {
        first: in_kernel(ids[0]),
        second: in_kernel(ids[1]),
        first_value: 0,
        second_value: 8,
    };
    // The other records still get their answer.
    let expected = [
        Outcome::Value(4),
        Outcome::Failed(ambiguous),
        Outcome::Value(4),
    ];
    assert_eq!(offsets(&[&target], "bab"), expected);
}

#[test]
fn disagreement_of_other_values() {
    let mut local = Builder::new();
    let int = local.add_int("int", 4, UNSIGNED);
    let s = local.add_struct("S", 4, &[m("f", int, 0)]);
    let e = local.add_enum("E", &[("A", 0)]);
    let mut target = Builder::new();
    let int = target.add_int("int", 4, UNSIGNED);
    let long = target.add_int("long", 8, SIGNED);
    target.add_struct("S", 8, &[m("f", int, 0)]);
    target.add_struct("S___2", 8, &[m("f", long, 0)]);
    target.add_enum("E", &[("A", 1)]);
    target.add_enum("E___2", &[("B", 0), ("A", 2)]);
    for endian in BOTH {
        for (ty, access, kind, values) in [
            (s, "0:0", FieldByteSize, Some((4, 8))),
            (s, "0:0", FieldSigned, Some((0, 1))),
            (s, "0:0", FieldRshift, Some((32, 0))),
            (s, "0", TypeIdTarget, Some((3, 4))),
            (e, "0", EnumvalValue, Some((1, 2))),
            // Not compared.
            (s, "0:0", FieldByteOffset, None),
            (s, "0:0", FieldExists, None),
            (s, "0", TypeExists, None),
            (s, "0", TypeSize, None),
            (e, "0", EnumvalExists, None),
        ] {
            let record = local.record(ty, access, kind);
            let answer = answers(endian, &local, &[&target], &[record])[0];
            let found = match answer.outcome {
                Outcome::Failed(Failure::Ambiguous {
                    first_value,
                    second_value,
                    ..
                }) => Some((first_value, second_value)),
                Outcome::Value(_) => None,
                other => panic!("{other:?}"),
            };
            assert_eq!(found, values, "{kind:?}");
        }
        // The first candidate's size is the one that a load gets.
        let record = local.record(s, "0:0", FieldByteOffset);
        let answer = answers(endian, &local, &[&target], &[record])[0];
        assert_eq!((answer.local_bytes, answer.target_bytes), (4, 4));
    }
}

/// A candidate that is out of the race can't fail a record any more.
#[test]
fn what_is_wrong_with_a_dropped_candidate_does_not_matter() {
    let mut target = Builder::new();
    let int = target.add_int("int", 4, SIGNED);
    target.add_struct("foo", 16, &[m("a", int, 0)]);
    // No load of 8 bytes covers `b`.
    let b = bits("b", int, 60, 8);
    target.add_struct("foo___1", 16, &[m("c", int, 0), b]);
    let outcomes = offsets(&[&target], "ab");
    assert_eq!(outcomes[0], Outcome::Value(0));
    let reason = poison(outcomes[1]);
    assert!(matches!(reason, Reason::NoMatch { candidates: 1, .. }));
    // Still in it, it does.
    let outcomes = offsets(&[&target], "b");
    assert!(matches!(failure(outcomes[0]), Failure::Bitfield { .. }));
}

#[test]
fn modules_are_for_what_the_kernel_lacks() {
    let (with_b, _) = target(&[&[("b", 4)]]);
    let (with_a, ids) = target(&[&[("a", 16)]]);
    let (empty, _) = target(&[]);
    let value = Outcome::Value;
    assert_eq!(offsets(&[&empty, &with_a], "a"), [value(16)]);
    assert_eq!(offsets(&[&empty, &with_a, &with_a], "a"), [value(16)]);
    // A `foo` in the kernel hides the module's, whatever it has.
    let hidden = offsets(&[&with_b, &with_a], "ab");
    assert!(matches!(
        hidden[0],
        Outcome::Poison(Reason::NoMatch { candidates: 1, .. })
    ));
    assert_eq!(hidden[1], value(4));
    // Modules are equals.
    let either = offsets(&[&empty, &with_b, &with_a], "bab");
    let would_fit = TargetType { btf: 2, id: ids[0] };
    let narrowed = Outcome::Poison(Reason::Narrowed { would_fit });
    assert_eq!(either, [value(4), narrowed, value(4)]);
}

#[test]
fn kinds_of_roots() {
    let mut target = Builder::new();
    let int = target.add_int("int", 4, SIGNED);
    target.add_struct("foo", 4, &[m("a", int, 0)]);
    target.add_typedef("foo", TypeId(2));
    target.add_fwd("foo", false);
    let mut local = Builder::new();
    let int = local.add_int("int", 4, SIGNED);
    let members = [m("a", int, 0)];
    let foo = local.add_struct("foo", 4, &members);
    let typedef = local.add_typedef("foo", foo);
    let union = local.add_union("foo", 4, &members);
    let constant = local.add_const(foo);
    for (root, id) in [(foo, Some(2)), (typedef, Some(3)), (union, None)] {
        let record = local.record(root, "0", TypeIdTarget);
        let answer = answers(Endian::Little, &local, &[&target], &[record])[0];
        assert_eq!(answer.target.map(|target| target.id.0), id, "{root}");
    }
    let record = local.record(constant, "0:0", FieldByteOffset);
    let answer = answers(Endian::Little, &local, &[&target], &[record])[0];
    assert_eq!(answer.outcome, Outcome::Failed(Failure::AnonymousRoot));
}
