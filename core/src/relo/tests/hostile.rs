//! Types that no compiler makes: each ends in an answer, soon.

extern crate std;

use core::time::Duration;
use std::time::Instant;
use std::vec::Vec;

use crate::error::{ErrorKind, What};
use crate::relo::{Failure, Outcome, RelocKind};
use crate::testing::{BOTH, Builder, M, SIGNED, answers, failure, m, outcome};
use crate::units::{StrOff, TypeId};

use RelocKind::*;

/// More than any of these takes, and far less than for ever.
const SOON: Duration = Duration::from_secs(120);

fn local() -> (Builder, TypeId) {
    let mut b = Builder::new();
    let int = b.add_int("int", 4, SIGNED);
    let s = b.add_struct("S", 4, &[m("f", int, 0)]);
    (b, s)
}

fn too_deep(failure: Failure) -> bool {
    let (Failure::Local(error) | Failure::Target(error)) = failure else {
        return false;
    };
    matches!(
        error.kind(),
        ErrorKind::TooDeep {
            what: What::TypeChain,
            ..
        }
    )
}

#[test]
fn struct_that_contains_itself() {
    let (mut local, s) = local();
    for copies in [1, 2, 7] {
        let mut target = Builder::new();
        let own = target.next();
        let members: Vec<M<'_>> = (0..copies).map(|_| m("", own, 0)).collect();
        target.add_struct("S", 4, &members);
        let found = outcome(&mut local, &target, s, "0:0", FieldExists);
        assert_eq!(failure(found), Failure::AccessTooLong, "{copies}");
    }
}

#[test]
fn struct_that_matches_itself() {
    let mut b = Builder::new();
    let own = b.next();
    let s = b.add_struct("S", 4, &[m("s", own, 0)]);
    let same = b.clone();
    assert_eq!(
        failure(outcome(&mut b, &same, s, "0", TypeMatches)),
        Failure::TooComplex
    );
    // As a path it is as long as the access string says.
    let deep = outcome(&mut b, &same, s, "0:0:0:0", FieldByteOffset);
    assert_eq!(deep, Outcome::Value(0));
}

/// Each level is two anonymous ones of the next: 2^40 ways to a member that is not there.
#[test]
fn anonymous_fan_out() {
    let (mut local, s) = local();
    let mut target = Builder::new();
    let mut inner = target.add_struct("", 4, &[]);
    for _ in 0..40 {
        inner = target.add_struct("", 4, &[m("", inner, 0), m("", inner, 0)]);
    }
    target.add_struct("S", 4, &[m("", inner, 0)]);
    let start = Instant::now();
    let records = [0; 8].map(|_| local.record(s, "0:0", FieldByteOffset));
    for endian in BOTH {
        for answer in answers(endian, &local, &[&target], &records) {
            assert_eq!(failure(answer.outcome), Failure::TooComplex);
        }
    }
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
}

/// Each level has many members of one name, and the one that would match is the last.
#[test]
fn matching_fan_out() {
    let levels = |last: u32| {
        let mut b = Builder::new();
        let mut inner = b.add_struct("N", 4, &[]);
        let int = b.add_int("int", last, SIGNED);
        inner = b.add_struct("N", 4, &[m("x", int, 0), m("x", inner, 0)]);
        for _ in 0..25 {
            inner = b.add_struct(
                "N",
                4,
                &[m("x", inner, 0), m("x", inner, 0), m("x", inner, 0)],
            );
        }
        let s = b.add_struct("S", 4, &[m("x", inner, 0)]);
        (b, s)
    };
    let ((mut local, s), (target, _)) = (levels(4), levels(8));
    let start = Instant::now();
    let found = outcome(&mut local, &target, s, "0", TypeMatches);
    assert_eq!(failure(found), Failure::TooComplex);
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
}

/// Functions that take functions that take functions ... each many times.
#[test]
fn parameter_fan_out() {
    let mut b = Builder::new();
    let mut function = b.add_func_proto(TypeId::VOID, &[]);
    for _ in 0..20 {
        function = b.add_func_proto(function, &[("", function), ("", function), ("", function)]);
    }
    let root = b.add_typedef("T", function);
    let same = b.clone();
    let start = Instant::now();
    for kind in [TypeExists, TypeMatches] {
        assert_eq!(
            failure(outcome(&mut b, &same, root, "0", kind)),
            Failure::TooComplex
        );
    }
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
}

#[test]
fn typedef_cycles() {
    let cycle = || {
        let mut b = Builder::new();
        let own = b.next();
        let t = b.add_typedef("T", own);
        (b, t)
    };
    let (mut looping, t) = cycle();
    let same = looping.clone();
    for kind in [FieldByteOffset, FieldExists] {
        assert!(too_deep(failure(outcome(
            &mut looping,
            &same,
            t,
            "0:0",
            kind
        ))));
    }
    for kind in [TypeExists, TypeSize, TypeMatches] {
        assert!(too_deep(failure(outcome(
            &mut looping,
            &same,
            t,
            "0",
            kind
        ))));
    }
    assert!(too_deep(failure(outcome(
        &mut looping,
        &same,
        t,
        "0",
        EnumvalValue
    ))));
    // Only the target's goes round.
    let mut local = Builder::new();
    let int = local.add_int("int", 4, SIGNED);
    let s = local.add_struct("", 4, &[m("f", int, 0)]);
    let root = local.add_typedef("T", s);
    for (access, kind) in [
        ("0:0", FieldByteOffset),
        ("0", TypeExists),
        ("0", TypeMatches),
    ] {
        let failure = failure(outcome(&mut local, &same, root, access, kind));
        assert!(
            matches!(failure, Failure::Target(_)) && too_deep(failure),
            "{failure:?}"
        );
    }
}

#[test]
fn array_of_itself() {
    let mut b = Builder::new();
    let own = b.next();
    let array = b.add_array(own, 1);
    let s = b.add_struct("S", 4, &[m("a", array, 0)]);
    let same = b.clone();
    assert!(too_deep(failure(outcome(
        &mut b,
        &same,
        s,
        "0:0",
        FieldByteOffset
    ))));
    // Existence asks for no size; the elements are compared without end.
    assert_eq!(
        failure(outcome(&mut b, &same, s, "0:0", FieldExists)),
        Failure::TooComplex
    );
    assert!(too_deep(failure(outcome(
        &mut b,
        &same,
        s,
        "0:0:0",
        FieldExists
    ))));
}

#[test]
fn offsets_beyond_what_32_bits_say() {
    let mut b = Builder::new();
    let int = b.add_int("int", 4, SIGNED);
    let big = b.add_struct("B", 1 << 27, &[m("f", int, u32::MAX - 7)]);
    let same = b.clone();
    let mut fails = |access| failure(outcome(&mut b, &same, big, access, FieldByteOffset));
    assert_eq!(
        fails("2:0"),
        Failure::OffsetTooLarge((1 << 28) + (1 << 29) - 1)
    );
    assert_eq!(
        fails("4294967295:0"),
        Failure::OffsetTooLarge(u64::from(u32::MAX) << 27)
    );
}

#[test]
fn ids_names_and_sizes_that_lead_nowhere() {
    let (mut local, s) = local();
    let mut target = Builder::new();
    target.add_struct("S", 4, &[m("f", TypeId(99), 0)]);
    let found = outcome(&mut local, &target, s, "0:0", FieldByteOffset);
    assert!(matches!(failure(found), Failure::Target(_)));

    let mut target = Builder::new();
    let name = target.add_string("S");
    target.add_raw(name, 4 << 24 | 1, 4, &[1 << 30, 1, 0]);
    let found = outcome(&mut local, &target, s, "0:0", FieldByteOffset);
    assert!(matches!(failure(found), Failure::Target(_)));

    // A bitfield of a type without a size, and one across 8 bytes.
    let mut target = Builder::new();
    let u64 = target.add_int("u64", 8, 0);
    target.add_struct("S", 16, &[crate::testing::bits("f", u64, 60, 8)]);
    let found = outcome(&mut local, &target, s, "0:0", FieldByteOffset);
    assert_eq!(failure(found), Failure::Bitfield { ty: u64 });
    let mut local = Builder::new();
    let ptr = local.add_ptr(TypeId::VOID);
    let s = local.add_struct("S", 16, &[crate::testing::bits("f", ptr, 0, 8)]);
    let found = outcome(&mut local, &target, s, "0:0", FieldByteOffset);
    assert_eq!(failure(found), Failure::Bitfield { ty: ptr });
}

/// A name of the string section's last byte, and one behind it.
#[test]
fn record_about_names_at_the_end() {
    let (mut local, s) = local();
    let last = local.add_string("0:0");
    let same = local.clone();
    let mut record = local.record(s, "", FieldExists);
    for (access, ends) in [
        (last, false),
        (StrOff(last.0 + 3), true),
        (StrOff(last.0 + 4), true),
    ] {
        record.access = access;
        let answer = answers(BOTH[0], &local, &[&same], &[record])[0];
        assert_eq!(matches!(answer.outcome, Outcome::Failed(_)), ends);
    }
}
