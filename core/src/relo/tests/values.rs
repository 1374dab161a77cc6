//! Values: the worked examples of the notes' sections 3 and 6, in both byte orders.

extern crate std;

use std::vec::Vec;

use crate::relo::{Failure, Outcome, Reason, RelocKind, Validate};
use crate::testing::{
    BOTH, Builder, SIGNED, UNSIGNED, answers, bits, failure, m, outcome, poison, with_answers,
};
use crate::units::{Endian, TypeId};

use RelocKind::*;

/// ```c
/// struct in { int x; int y[4]; };
/// struct S { int a; unsigned b1:3; int b2:7; unsigned long long b3:40;
///            struct in arr[3]; union { struct { short p; char q; }; long z; }; char flex[]; };
/// enum E { EA, EB = 7 };
/// ```
fn worked(pad: u32) -> (Builder, TypeId, TypeId) {
    let mut b = Builder::new();
    let int = b.add_int("int", 4, SIGNED);
    let uint = b.add_int("unsigned int", 4, UNSIGNED);
    let u64 = b.add_int("unsigned long long", 8, UNSIGNED);
    let short = b.add_int("short", 2, SIGNED);
    let char = b.add_int("char", 1, SIGNED);
    let long = b.add_int("long", 8, SIGNED);
    let y = b.add_array(int, 4);
    let inner = b.add_struct("in", 20, &[m("x", int, 0), m("y", y, 32)]);
    let arr = b.add_array(inner, 3);
    let pq = b.add_struct("", 4, &[m("p", short, 0), m("q", char, 16)]);
    let pqz = b.add_union("", 8, &[m("", pq, 0), m("z", long, 0)]);
    let flex = b.add_array(char, 0);
    let bytes = 88 + pad / 8;
    let members = [
        m("a", int, pad),
        bits("b1", uint, 32 + pad, 3),
        bits("b2", int, 35 + pad, 7),
        bits("b3", u64, 64 + pad, 40),
        m("arr", arr, 128 + pad),
        m("", pqz, 640 + pad),
        m("flex", flex, 704 + pad),
    ];
    let s = b.add_struct("S", bytes, &members);
    let e = b.add_enum("E", &[("EA", 0), ("EB", 7)]);
    (b, s, e)
}

/// (local value, target value), where the target's fields are 64 bits further on.
fn pair(endian: Endian, access: &str, kind: RelocKind) -> (u64, Outcome, Validate) {
    let (mut local, s, e) = worked(0);
    let (target, ..) = worked(64);
    let root = if kind.is_enumval() { e } else { s };
    let record = local.record(root, access, kind);
    let answer = answers(endian, &local, &[&target], &[record])[0];
    (answer.local, answer.outcome, answer.validate)
}

#[test]
fn byte_offsets_of_section_3() {
    for endian in BOTH {
        for (access, local, target) in [
            ("0:0", 0, 8),
            (
                "2:4:1:1:3",
                2 * 88 + 16 + 20 + 4 + 12,
                2 * 96 + 24 + 20 + 4 + 12,
            ),
            ("0:5:0:1", 82, 90),
            ("0:6:7", 95, 103),
        ] {
            let expected = (local, Outcome::Value(target), Validate::Full);
            assert_eq!(pair(endian, access, FieldByteOffset), expected, "{access}");
        }
        assert_eq!(pair(endian, "2:4:1:1:3", FieldByteOffset).0, 0xe4);
    }
}

#[test]
fn bitfields_of_section_6_2() {
    for (endian, access, kind, value, validate) in [
        // b2 is bits 35..42: 4 bytes at 4 cover it. The target's load is 8 bytes further on.
        (Endian::Little, "0:2", FieldByteOffset, 4, Validate::No),
        (Endian::Little, "0:2", FieldByteSize, 4, Validate::No),
        (
            Endian::Little,
            "0:2",
            FieldLshift,
            64 - (35 + 7 - 32),
            Validate::No,
        ),
        (Endian::Little, "0:2", FieldRshift, 57, Validate::Full),
        (Endian::Little, "0:2", FieldSigned, 1, Validate::Full),
        (
            Endian::Big,
            "0:2",
            FieldLshift,
            (8 - 4) * 8 + (35 - 32),
            Validate::No,
        ),
        (Endian::Big, "0:2", FieldRshift, 57, Validate::Full),
        (Endian::Little, "0:1", FieldSigned, 0, Validate::Full),
        (Endian::Little, "0:3", FieldByteOffset, 8, Validate::No),
        (Endian::Little, "0:3", FieldByteSize, 8, Validate::No),
        (Endian::Little, "0:3", FieldLshift, 24, Validate::No),
        (Endian::Big, "0:3", FieldLshift, 0, Validate::No),
        (Endian::Big, "0:3", FieldRshift, 24, Validate::Full),
    ] {
        let moved = if kind == FieldByteOffset {
            value + 8
        } else {
            value
        };
        let expected = (value, Outcome::Value(moved), validate);
        assert_eq!(
            pair(endian, access, kind),
            expected,
            "{endian:?} {access} {kind:?}"
        );
    }
}

/// The right shift is the same on both sides; the left shift depends on where in its load the
/// target has the field.
#[test]
fn bitfield_that_moved_inside_its_word() {
    let mut local = Builder::new();
    let uint = local.add_int("unsigned int", 4, UNSIGNED);
    let mut target = local.clone();
    let s = local.add_struct("S", 8, &[bits("f", uint, 0, 1)]);
    // sched_reset_on_fork of 6.18 is at bit 9504.
    target.add_struct("S", 2000, &[bits("f", uint, 9504 + 5, 1)]);
    for (endian, shift) in [(Endian::Little, 64 - 6), (Endian::Big, 32 + 5)] {
        let records = [FieldByteOffset, FieldByteSize, FieldLshift, FieldRshift]
            .map(|kind| local.record(s, "0:0", kind));
        let values = answers(endian, &local, &[&target], &records);
        let values: Vec<_> = values.iter().map(|answer| answer.outcome).collect();
        assert_eq!(
            values,
            [1188, 4, shift, 63].map(Outcome::Value),
            "{endian:?}"
        );
    }
}

#[test]
fn ordinary_members_have_shifts_too() {
    // 64 - 8 * size, and on big endian the load's own place in 8 bytes.
    for endian in BOTH {
        assert_eq!(pair(endian, "0:0", FieldLshift).1, Outcome::Value(32));
        assert_eq!(pair(endian, "0:0", FieldRshift).1, Outcome::Value(32));
        assert_eq!(pair(endian, "0:5:1", FieldLshift).1, Outcome::Value(0));
        assert_eq!(pair(endian, "0:5:0:1", FieldRshift).1, Outcome::Value(56));
    }
}

#[test]
fn sizes() {
    for (access, size) in [
        ("0:0", 4),
        ("0:4", 60),
        ("0:4:0", 20),
        ("0:4:0:1", 16),
        ("0:6", 0),
    ] {
        let expected = (size, Outcome::Value(size), Validate::Full);
        assert_eq!(
            pair(Endian::Little, access, FieldByteSize),
            expected,
            "{access}"
        );
    }
    assert_eq!(pair(Endian::Little, "0", TypeSize).1, Outcome::Value(96));
}

#[test]
fn existence_and_ids() {
    for kind in [TypeExists, TypeMatches] {
        assert_eq!(pair(Endian::Little, "0", kind).1, Outcome::Value(1));
    }
    assert_eq!(
        pair(Endian::Little, "0:5:0:1", FieldExists).1,
        Outcome::Value(1)
    );
    let (_, s, _) = worked(0);
    let id = Outcome::Value(u64::from(s.0));
    for kind in [TypeIdLocal, TypeIdTarget] {
        assert_eq!(
            pair(Endian::Little, "0", kind),
            (u64::from(s.0), id, Validate::No)
        );
    }
}

#[test]
fn enumerators() {
    assert_eq!(
        pair(Endian::Little, "1", EnumvalValue),
        (7, Outcome::Value(7), Validate::Low32)
    );
    assert_eq!(
        pair(Endian::Little, "1", EnumvalExists).1,
        Outcome::Value(1)
    );

    // enum init_ns_ino of 6.18 has unsigned values from 2^31: they grow with zeros.
    let mut local = Builder::new();
    let e = local.add_enum("init_ns_ino", &[("INO", 0xefff_ffff)]);
    let signed = local.add_enum("signed", &[("MINUS", -2)]);
    let wide = local.add_enum64("wide", &[("W", -3), ("BIG", i64::MIN)]);
    let same = local.clone();
    let mut one = |ty, access| {
        let record = local.record(ty, access, EnumvalValue);
        let answer = answers(Endian::Big, &local, &[&same], &[record])[0];
        assert_eq!(answer.outcome, Outcome::Value(answer.local));
        (answer.local, answer.validate)
    };
    assert_eq!(one(e, "0"), (0xefff_ffff, Validate::Low32));
    assert_eq!(one(signed, "0"), ((-2i64).cast_unsigned(), Validate::Low32));
    assert_eq!(one(wide, "0"), ((-3i64).cast_unsigned(), Validate::Full));
    assert_eq!(one(wide, "1"), (1 << 63, Validate::Full));
}

#[test]
fn enumerators_by_essential_name_and_width() {
    let mut local = Builder::new();
    let e = local.add_enum("E", &[("A", 1), ("B___new", 2), ("C", 3)]);
    let typedef = local.add_typedef("T", e);
    let mut target = Builder::new();
    target.add_enum64("E___old", &[("B___x", 9), ("A", 1 << 40)]);
    let int = target.add_int("int", 4, SIGNED);
    target.add_typedef("T", int);
    let mut value = |ty, access| outcome(&mut local, &target, ty, access, EnumvalValue);
    assert_eq!(value(e, "0"), Outcome::Value(1 << 40));
    assert_eq!(value(e, "1"), Outcome::Value(9));
    assert!(matches!(
        poison(value(e, "2")),
        Reason::NoMatch { candidates: 1, .. }
    ));
    assert!(matches!(
        poison(value(typedef, "0")),
        Reason::NoMatch { candidates: 1, .. }
    ));
    let exists = outcome(&mut local, &target, e, "2", EnumvalExists);
    assert!(matches!(exists, Outcome::Absent(Reason::NoMatch { .. })));
}

/// The table at the start of section 6.
#[test]
fn without_any_candidate() {
    let (mut local, s, e) = worked(0);
    let empty = Builder::new();
    for raw in 0..13 {
        let kind = RelocKind::from_raw(raw).unwrap();
        let (root, access) = match kind {
            _ if kind.is_enumval() => (e, "1"),
            _ if kind.is_field() => (s, "0:0"),
            _ => (s, "0"),
        };
        let zero = matches!(
            kind,
            FieldExists | TypeExists | TypeMatches | EnumvalExists | TypeSize | TypeIdTarget
        );
        let expected = match kind {
            TypeIdLocal => Outcome::Value(u64::from(s.0)),
            _ if zero => Outcome::Absent(Reason::NoCandidate),
            _ => Outcome::Poison(Reason::NoCandidate),
        };
        assert_eq!(
            outcome(&mut local, &empty, root, access, kind),
            expected,
            "{kind:?}"
        );
    }
}

#[test]
fn element_knows_offset_and_size_only() {
    for kind in [FieldSigned, FieldLshift, FieldRshift] {
        assert_eq!(
            failure(pair(Endian::Little, "0:4:1", kind).1),
            Failure::NotOfElement
        );
    }
    assert_eq!(
        pair(Endian::Little, "0:4:1", FieldExists).1,
        Outcome::Value(1)
    );
}

/// Behind the last turning point anonymous members count for the local offset, and for nothing
/// else (libbpf: `spec->spec[spec->len - 1]` is what a record is about).
#[test]
fn access_that_ends_with_an_anonymous_member() {
    let values = |access, kind| {
        let (local, target, _) = pair(Endian::Little, access, kind);
        (local, target)
    };
    // Of the root only the index is left.
    assert_eq!(values("0:5", FieldByteOffset), (80, Outcome::Value(0)));
    assert_eq!(values("0:5:0", FieldByteSize), (88, Outcome::Value(96)));
    let (local, outcome) = values("0:5:0", FieldRshift);
    assert_eq!((local, failure(outcome)), (0, Failure::NotOfElement));
    // Of `struct T { struct S s; }` the member is.
    let wrapped = |pad| {
        let (mut b, s, _) = worked(pad);
        let t = b.add_struct("T", 96, &[m("s", s, pad)]);
        (b, t)
    };
    let ((mut local, t), (target, _)) = (wrapped(0), wrapped(64));
    for (kind, values) in [
        (FieldByteOffset, (80, 8)),
        (FieldByteSize, (88, 96)),
        (FieldSigned, (0, 0)),
    ] {
        let record = local.record(t, "0:0:5:0", kind);
        let answer = answers(Endian::Little, &local, &[&target], &[record])[0];
        let found = (answer.local, answer.outcome);
        assert_eq!(found, (values.0, Outcome::Value(values.1)), "{kind:?}");
    }
}

#[test]
fn access_strings() {
    let (mut local, s, e) = worked(0);
    let same = local.clone();
    let mut fails = |ty, access: &str, kind| failure(outcome(&mut local, &same, ty, access, kind));
    for access in ["", ":0", "0:", "0::1", "-1", "0:x", " 0", "4294967296"] {
        assert_eq!(
            fails(s, access, FieldByteOffset),
            Failure::AccessSyntax,
            "{access:?}"
        );
    }
    for (access, kind) in [("1", TypeExists), ("0:0", TypeSize), ("", TypeMatches)] {
        assert_eq!(fails(s, access, kind), Failure::AccessSyntax, "{access:?}");
    }
    let misfit = |position, at| Failure::AccessMismatch { position, at };
    assert_eq!(fails(s, "0:7", FieldExists), misfit(1, s));
    assert_eq!(fails(s, "0:0:0", FieldExists), misfit(2, TypeId(1)));
    assert!(matches!(
        fails(s, "0:4:3", FieldExists),
        Failure::AccessMismatch { position: 2, .. }
    ));
    assert_eq!(fails(e, "2", EnumvalValue), misfit(0, e));
    assert_eq!(fails(e, "0:0", EnumvalValue), misfit(0, e));
    assert_eq!(fails(s, "0", EnumvalValue), misfit(0, s));
    let long = "0:".repeat(64) + "0";
    assert_eq!(fails(s, &long, FieldExists), Failure::AccessTooLong);
    assert!(matches!(
        fails(TypeId(999), "0:0", FieldExists),
        Failure::Local(_)
    ));
}

#[test]
fn roots_without_name_or_size() {
    let mut local = Builder::new();
    let int = local.add_int("int", 4, SIGNED);
    let anonymous = local.add_union("", 4, &[m("y", int, 0)]);
    let fwd = local.add_fwd("F", false);
    let same = local.clone();
    let mut fails = |ty, kind| failure(outcome(&mut local, &same, ty, "0:0", kind));
    assert_eq!(fails(anonymous, FieldByteOffset), Failure::AnonymousRoot);
    assert!(matches!(fails(fwd, FieldByteOffset), Failure::Local(_)));
    // No search is needed for the object's own id.
    let id = outcome(&mut local, &same, anonymous, "0", TypeIdLocal);
    assert_eq!(id, Outcome::Value(u64::from(anonymous.0)));
    let unknown = crate::ext::CoreRelo {
        kind: 13,
        ..local.record(int, "0", TypeExists)
    };
    let answer = answers(Endian::Little, &local, &[&same], &[unknown])[0];
    assert_eq!(
        (answer.kind, failure(answer.outcome)),
        (None, Failure::UnknownKind(13))
    );
}

#[test]
fn answers_name_their_target() {
    let (mut local, s, _) = worked(0);
    let record = local.record(s, "0:0", FieldByteOffset);
    let (mut kernel, module) = (Builder::new(), worked(64).0);
    kernel.add_union("S", 1, &[]);
    let targets = [&kernel, &module];
    with_answers(
        Endian::Little,
        &local,
        &targets,
        &[record],
        |_, _, answers| {
            let target = answers[0].target.unwrap();
            assert_eq!((target.btf, target.id), (1, s));
            assert_eq!(answers[0].outcome, Outcome::Value(8));
        },
    );
}
