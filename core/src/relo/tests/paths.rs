//! Paths: flexible arrays, anonymous nesting, what is compared on the way (notes, 5.1 and 5.2).

use crate::btf::Kind;
use crate::relo::{Failure, Mismatch, Outcome, Reason, RelocKind, Why};
use crate::testing::{Builder, SIGNED, failure, m, outcome, poison};
use crate::units::TypeId;

use RelocKind::*;

fn mismatch(outcome: Outcome) -> Mismatch {
    match poison(outcome) {
        Reason::NoMatch { mismatch, .. } => mismatch,
        other => panic!("{other:?}"),
    }
}

/// `struct S { int head[len]; int n; int tail[len]; }` or with another last member.
fn arrays(head: u32, tail: u32) -> (Builder, TypeId) {
    let mut b = Builder::new();
    let int = b.add_int("int", 4, SIGNED);
    let (head_ty, tail_ty) = (b.add_array(int, head), b.add_array(int, tail));
    let n = head * 32;
    let members = [
        m("head", head_ty, 0),
        m("n", int, n),
        m("tail", tail_ty, n + 32),
    ];
    let s = b.add_struct("S", 4 * (head + 1 + tail), &members);
    (b, s)
}

#[test]
fn flexible_arrays_on_both_sides() {
    let (mut flexible, s) = arrays(2, 0);
    let (mut fixed, _) = arrays(2, 8);
    let (fixed_too, _) = arrays(3, 8);
    // tail[7] and tail[0], from either side.
    let offset = |index: u64| Outcome::Value(16 + 4 * index);
    assert_eq!(
        outcome(&mut flexible, &fixed_too, s, "0:2:7", FieldByteOffset),
        offset(7)
    );
    assert_eq!(
        outcome(&mut flexible, &fixed_too, s, "0:2:0", FieldByteOffset),
        offset(0)
    );
    let (flexible_target, _) = arrays(3, 0);
    assert_eq!(
        outcome(&mut fixed, &flexible_target, s, "0:2:7", FieldByteOffset),
        offset(7)
    );
    assert_eq!(
        outcome(
            &mut flexible,
            &flexible_target,
            s,
            "0:2:700",
            FieldByteOffset
        ),
        offset(700)
    );
    // A flexible local array says nothing of the target's length.
    let why = mismatch(outcome(
        &mut flexible,
        &fixed_too,
        s,
        "0:2:8",
        FieldByteOffset,
    ));
    assert_eq!(
        why,
        Mismatch {
            accessor: 2,
            why: Why::ArrayBound { len: 8 }
        }
    );
}

#[test]
fn array_without_elements_in_the_middle_is_not_flexible() {
    let (mut empty, s) = arrays(0, 4);
    let (two, _) = arrays(2, 4);
    let same = empty.clone();
    let misfit = failure(outcome(&mut empty, &same, s, "0:0:0", FieldByteOffset));
    assert!(matches!(
        misfit,
        Failure::AccessMismatch { position: 2, .. }
    ));
    let mut two = two;
    let why = mismatch(outcome(&mut two, &empty, s, "0:0:0", FieldByteOffset));
    assert_eq!(
        why,
        Mismatch {
            accessor: 2,
            why: Why::ArrayBound { len: 0 }
        }
    );
}

/// The last member's last dimension counts, and an element of an array is no member.
#[test]
fn element_of_an_element_is_not_flexible() {
    let mut b = Builder::new();
    let int = b.add_int("int", 4, SIGNED);
    let row = b.add_array(int, 0);
    let rows = b.add_array(row, 0);
    let s = b.add_struct("S", 4, &[m("a", rows, 32)]);
    let same = b.clone();
    assert_eq!(
        outcome(&mut b, &same, s, "0:0:3", FieldByteOffset),
        Outcome::Value(4)
    );
    let misfit = failure(outcome(&mut b, &same, s, "0:0:3:1", FieldByteOffset));
    assert!(matches!(
        misfit,
        Failure::AccessMismatch { position: 3, .. }
    ));
}

/// `m` nested `levels` deep in anonymous structs and unions, 32 bits further in on each level.
fn nested(levels: u32) -> (Builder, TypeId) {
    let mut b = Builder::new();
    let int = b.add_int("int", 4, SIGNED);
    let mut inner = b.add_struct("", 4, &[m("m", int, 0)]);
    for level in 1..levels {
        let members = [m("", int, 0), m("", inner, 32)];
        inner = match level % 2 {
            0 => b.add_struct("", 4 + 4 * level, &members),
            _ => b.add_union("", 4 + 4 * level, &members),
        };
    }
    let s = b.add_struct("S", 4 + 4 * levels, &[m("x", int, 0), m("", inner, 32)]);
    (b, s)
}

#[test]
fn anonymous_members_of_any_depth() {
    let mut flat = Builder::new();
    let int = flat.add_int("int", 4, SIGNED);
    let s = flat.add_struct("S", 4, &[m("m", int, 0)]);
    for levels in [1, 2, 7, 62] {
        let (target, _) = nested(levels);
        let found = outcome(&mut flat, &target, s, "0:0", FieldByteOffset);
        assert_eq!(found, Outcome::Value(u64::from(4 * levels)), "{levels}");
    }
    // 63 anonymous ones, `m` itself and the root's index are one number more than 64.
    let (target, _) = nested(63);
    let found = outcome(&mut flat, &target, s, "0:0", FieldByteOffset);
    assert_eq!(failure(found), Failure::AccessTooLong);
}

#[test]
fn anonymous_local_and_flat_target() {
    let (mut local, s) = nested(3);
    let mut target = Builder::new();
    let int = target.add_int("int", 4, SIGNED);
    target.add_struct("S", 44, &[m("", int, 0), m("m", int, 320)]);
    let found = outcome(&mut local, &target, s, "0:1:1:1:0", FieldByteOffset);
    assert_eq!(found, Outcome::Value(40));
}

#[test]
fn members_go_by_whole_name_roots_by_essential_name() {
    let mut local = Builder::new();
    let int = local.add_int("int", 4, SIGNED);
    let s = local.add_struct("S___v1", 8, &[m("a___x", int, 0), m("b", int, 32)]);
    let mut target = Builder::new();
    let int = target.add_int("int", 4, SIGNED);
    target.add_struct("S___2", 8, &[m("a", int, 0), m("b", int, 64)]);
    assert_eq!(
        outcome(&mut local, &target, s, "0:1", FieldByteOffset),
        Outcome::Value(8)
    );
    let why = mismatch(outcome(&mut local, &target, s, "0:0", FieldByteOffset)).why;
    assert!(matches!(why, Why::NoMember { .. }), "{why:?}");
}

/// The table of section 5.2, both ways round.
#[test]
fn field_compatibility() {
    let mut b = Builder::new();
    let int = b.add_int("int", 4, SIGNED);
    let long = b.add_int("unsigned long", 8, 0);
    let ptr = b.add_ptr(int);
    let ptr2 = b.add_ptr(ptr);
    let strukt = b.add_struct("A", 4, &[]);
    let union = b.add_union("B", 8, &[]);
    let float = b.add_float("float", 4);
    let double = b.add_float("double", 8);
    let e = b.add_enum("e", &[]);
    let e2 = b.add_enum64("e___2", &[]);
    let other = b.add_enum("other", &[]);
    let nameless = b.add_enum("", &[]);
    let fwd = b.add_fwd("A", false);
    let fwd_union = b.add_fwd("A", true);
    let (ints, longs) = (b.add_array(int, 3), b.add_array(long, 9));
    let ptrs = b.add_array(ptr, 3);
    let typedef = b.add_typedef("t", int);
    let volatile = b.add_const(typedef);
    for (one, two, compatible) in [
        (strukt, union, true),
        (ptr, ptr2, true),
        (float, double, true),
        (int, long, true),
        (int, volatile, true),
        (e, e2, true),
        (e, other, false),
        (e, nameless, true),
        (fwd, fwd_union, true),
        (ints, longs, true),
        (ints, ptrs, false),
        (int, e, false),
        (int, ptr, false),
        (int, float, false),
        (int, ints, false),
        (strukt, fwd, false),
        (strukt, ptr, false),
    ] {
        for (one, two) in [(one, two), (two, one)] {
            let (mut local, mut target) = (b.clone(), b.clone());
            let s = local.add_struct("S", 8, &[m("f", one, 0)]);
            target.add_struct("S", 16, &[m("f", two, 64)]);
            let found = outcome(&mut local, &target, s, "0:0", FieldExists);
            assert_eq!(found == Outcome::Value(1), compatible, "{one} {two}");
        }
    }
}

/// The first member of the name decides, also when a later one would fit.
#[test]
fn wrong_type_ends_the_search() {
    let mut local = Builder::new();
    let int = local.add_int("int", 4, SIGNED);
    let s = local.add_struct("S", 4, &[m("f", int, 0)]);
    let mut target = Builder::new();
    let int = target.add_int("int", 4, SIGNED);
    let ptr = target.add_ptr(int);
    let inner = target.add_struct("", 8, &[m("f", ptr, 0)]);
    target.add_struct("S", 16, &[m("", inner, 0), m("f", int, 64)]);
    let why = mismatch(outcome(&mut local, &target, s, "0:0", FieldByteOffset));
    let kinds = Why::Kinds {
        local: Kind::Int,
        target: Kind::Ptr,
    };
    assert_eq!(
        why,
        Mismatch {
            accessor: 1,
            why: kinds
        }
    );
}

#[test]
fn steps_into_what_is_neither_struct_nor_array() {
    let mut local = Builder::new();
    let int = local.add_int("int", 4, SIGNED);
    let ints = local.add_array(int, 2);
    let inner = local.add_struct("I", 4, &[m("x", int, 0)]);
    let s = local.add_struct("S", 12, &[m("i", inner, 0), m("a", ints, 32)]);
    let mut target = Builder::new();
    let int = target.add_int("int", 4, SIGNED);
    let structs = target.add_array(int, 1);
    let inner = target.add_union("I", 4, &[m("x", structs, 0)]);
    target.add_struct("S", 12, &[m("i", inner, 0), m("a", structs, 32)]);
    // A union stands for a struct, but its `x` is an array.
    let why = mismatch(outcome(&mut local, &target, s, "0:0:0", FieldByteOffset));
    let kinds = Why::Kinds {
        local: Kind::Int,
        target: Kind::Array,
    };
    assert_eq!(
        why,
        Mismatch {
            accessor: 2,
            why: kinds
        }
    );
    let why = mismatch(outcome(&mut local, &target, s, "0:1:1", FieldByteOffset));
    assert_eq!(
        why,
        Mismatch {
            accessor: 2,
            why: Why::ArrayBound { len: 1 }
        }
    );
}
