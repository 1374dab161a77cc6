//! The two relations between types: is it there (notes, 5.3), and does it match (5.4).

use crate::relo::{Failure, Outcome, RelocKind};
use crate::testing::{Builder, M, SIGNED, UNSIGNED, failure, m, outcome};
use crate::units::{StrOff, TypeId};

use RelocKind::*;

/// Types of both tables; the object has them under the same ids as the target, so that a row
/// names any two of them.
struct Types {
    b: Builder,
    int: TypeId,
    long: TypeId,
    ptr: TypeId,
    fwd: TypeId,
    fwd_union: TypeId,
    float: TypeId,
}

fn types() -> Types {
    let mut b = Builder::new();
    let int = b.add_int("int", 4, SIGNED);
    let long = b.add_int("long", 8, SIGNED);
    let ptr = b.add_ptr(int);
    let fwd = b.add_fwd("F", false);
    let fwd_union = b.add_fwd("F", true);
    let float = b.add_float("float", 4);
    Types {
        b,
        int,
        long,
        ptr,
        fwd,
        fwd_union,
        float,
    }
}

/// What a record of `kind` about `typedef <local> T` says of a target with `typedef <target> T`.
fn compare(b: &Builder, kind: RelocKind, local: TypeId, target: TypeId) -> Outcome {
    let (mut locals, mut targets) = (b.clone(), b.clone());
    let root = locals.add_typedef("T", local);
    targets.add_typedef("T", target);
    outcome(&mut locals, &targets, root, "0", kind)
}

fn check(b: &Builder, kind: RelocKind, rows: &[(TypeId, TypeId, bool)]) {
    for (row, &(local, target, same)) in rows.iter().enumerate() {
        let outcome = compare(b, kind, local, target);
        assert_eq!(outcome == Outcome::Value(1), same, "row {row}: {outcome:?}");
        assert!(
            !matches!(outcome, Outcome::Failed(_)),
            "row {row}: {outcome:?}"
        );
    }
}

#[test]
fn types_compatible() {
    let Types {
        mut b,
        int,
        long,
        ptr,
        fwd,
        fwd_union,
        float,
    } = types();
    let void = TypeId::VOID;
    let one = b.add_struct("A", 4, &[m("x", int, 0)]);
    let other = b.add_struct("B", 8, &[]);
    let union = b.add_union("A", 4, &[]);
    let e = b.add_enum("E", &[("A", 0)]);
    let e64 = b.add_enum64("G", &[]);
    let (to_one, to_other, to_void) = (b.add_ptr(one), b.add_ptr(other), b.add_ptr(void));
    let (ints, longs, ptrs) = (
        b.add_array(int, 3),
        b.add_array(long, 9),
        b.add_array(ptr, 3),
    );
    let constant = b.add_const(int);
    let typedef = b.add_typedef("whatever", constant);
    // int x : 3 as compilers wrote it before 2018: an integer at bit 5 of another.
    let name = b.add_string("int");
    let part = b.add_raw(name, 1 << 24, 4, &[5 << 16 | 3]);
    let f = b.add_func_proto(int, &[("a", int), ("b", to_one)]);
    let g = b.add_func_proto(long, &[("x", typedef), ("y", to_other)]);
    let fewer = b.add_func_proto(int, &[("a", int)]);
    let param = b.add_func_proto(int, &[("a", int), ("b", ptr)]);
    let result = b.add_func_proto(ptr, &[("a", int), ("b", to_one)]);
    let (to_f, to_g) = (b.add_ptr(f), b.add_ptr(g));
    let rows = [
        (void, void, true),
        (void, int, false),
        (one, other, true), // only the typedefs' names count
        (one, union, false),
        (e, e64, true),
        (fwd, fwd, true),
        (fwd, fwd_union, true),
        (fwd, one, false),
        (int, long, true),
        (int, typedef, true),
        (int, e, false),
        (int, part, false),
        (part, int, false),
        (float, float, false), // as libbpf, which does not list it
        (to_one, to_other, true),
        (to_one, ptr, false),
        (to_void, ptr, false),
        (to_void, to_void, true),
        (ints, longs, true),
        (ints, ptrs, false),
        (f, g, true),
        (f, fewer, false),
        (f, param, false),
        (f, result, false),
        (to_f, to_g, true),
    ];
    check(&b, TypeExists, &rows);
    // The same relation decides about ids; sizes too, where there is one.
    for (local, target, same) in [(one, other, true), (one, union, false), (ints, longs, true)] {
        for kind in [TypeIdTarget, TypeSize] {
            let absent = matches!(compare(&b, kind, local, target), Outcome::Absent(_));
            assert_eq!(absent, !same);
        }
    }
    assert_eq!(compare(&b, TypeSize, one, other), Outcome::Value(8));
}

#[test]
fn types_match_but_for_composites() {
    let Types {
        mut b,
        int,
        long,
        ptr,
        fwd,
        fwd_union,
        float,
    } = types();
    let void = TypeId::VOID;
    let unsigned = b.add_int("int", 4, UNSIGNED);
    let wide = b.add_int("int", 8, SIGNED);
    let flavored = b.add_int("int___2", 4, SIGNED);
    let nameless = b.add_int("", 4, SIGNED);
    let other_int = b.add_int("s32", 4, SIGNED);
    let enums = [
        b.add_enum("E", &[("A", 0), ("B", 1)]),
        b.add_enum("E", &[("B___x", 7), ("A", -8), ("C", 9)]),
        b.add_enum("E", &[("A", 0), ("C", 1)]),
        b.add_enum64("E", &[("A", 0), ("B", 1)]),
        b.add_enum("D", &[("A", 0), ("B", 1)]),
    ];
    let (ints, four, longs) = (
        b.add_array(int, 3),
        b.add_array(int, 4),
        b.add_array(long, 3),
    );
    let (to_long, to_void, to_const) = {
        let constant = b.add_const(int);
        (b.add_ptr(long), b.add_ptr(void), b.add_ptr(constant))
    };
    let f = b.add_func_proto(int, &[("a", int), ("b", ptr)]);
    let same = b.add_func_proto(int, &[("", int), ("", to_const)]);
    let fewer = b.add_func_proto(int, &[("a", int)]);
    let param = b.add_func_proto(int, &[("a", long), ("b", ptr)]);
    let result = b.add_func_proto(long, &[("a", int), ("b", ptr)]);
    let rows = [
        (void, void, true),
        (void, int, false),
        (fwd, fwd, true),
        (fwd, fwd_union, false),
        (int, flavored, true),
        (int, unsigned, false),
        (int, wide, false),
        (int, other_int, false),
        (int, nameless, false), // an unnamed target needs an unnamed local
        (nameless, int, false),
        (nameless, nameless, true),
        (float, float, false), // as libbpf
        (enums[0], enums[1], true),
        (enums[1], enums[0], false),
        (enums[0], enums[2], false),
        (enums[0], enums[3], false),
        (enums[3], enums[3], true),
        (enums[0], enums[4], false),
        (ptr, to_const, true),
        (ptr, to_long, false),
        (ptr, to_void, false),
        (to_void, to_void, true),
        (ints, ints, true),
        (ints, four, false),
        (ints, longs, false),
        (f, same, true),
        (f, fewer, false),
        (f, param, false),
        (f, result, false),
    ];
    check(&b, TypeMatches, &rows);
}

#[test]
fn types_match_of_composites() {
    let Types {
        mut b,
        int,
        long,
        ptr,
        fwd,
        fwd_union,
        ..
    } = types();
    let mut strukt = |members: &[M<'_>]| b.add_struct("F", 16, members);
    let x = strukt(&[m("x", int, 0)]);
    let yx = strukt(&[m("y", ptr, 0), m("x___2", int, 64)]);
    let long_x = strukt(&[m("x", long, 0), m("y", ptr, 64)]);
    let twice = strukt(&[m("x", long, 0), m("x", int, 64)]);
    let empty = strukt(&[]);
    let union = b.add_union("F", 16, &[m("x", int, 0)]);
    let other = b.add_struct("G", 16, &[m("x", int, 0)]);
    // Anonymous members pair with anonymous ones only, several of them in turn.
    let (in_x, in_y) = (
        b.add_struct("", 4, &[m("x", int, 0)]),
        b.add_struct("", 8, &[m("y", ptr, 0)]),
    );
    let anonymous = b.add_struct("F", 8, &[m("", in_x, 0)]);
    let anonymous_too = b.add_struct("F", 16, &[m("", in_y, 0), m("", in_x, 64)]);
    let named = b.add_struct("F", 16, &[m("u", in_x, 0)]);
    let mut to = |ty| b.add_ptr(ty);
    let (to_x, to_empty, to_union, to_other) = (to(x), to(empty), to(union), to(other));
    let (to_fwd, to_fwd_union) = (to(fwd), to(fwd_union));
    let to_to_x = to(to_x);
    let to_to_empty = to(to_empty);
    let of_x = b.add_func_proto(int, &[("", x)]);
    let of_empty = b.add_func_proto(int, &[("", empty)]);
    let (to_of_x, to_of_empty) = (b.add_ptr(of_x), b.add_ptr(of_empty));
    let (holds_x, holds_empty) = (b.add_array(x, 2), b.add_array(empty, 2));
    let rows = [
        (x, yx, true), // order, offsets, flavors and further members don't matter
        (yx, x, false),
        (x, long_x, false),
        (x, twice, true),
        (empty, x, true),
        (x, empty, false),
        (x, union, false),
        (x, other, false),
        (x, fwd, false),
        (fwd, x, false),
        (anonymous, anonymous_too, true),
        (anonymous_too, anonymous, false),
        (anonymous, x, false),
        (x, anonymous, false),
        (anonymous, named, false),
        (named, anonymous, false),
        (holds_x, holds_empty, false),
        // Behind a pointer only names and kinds count.
        (to_x, to_empty, true),
        (to_x, to_union, false),
        (to_x, to_other, false),
        (to_x, to_fwd, true),
        (to_fwd, to_x, true),
        (to_x, to_fwd_union, false),
        (to_fwd_union, to_x, false),
        (to_fwd_union, to_union, true),
        (to_union, to_fwd_union, true),
        (to_to_x, to_to_empty, true),
        (of_x, of_empty, false),
        (to_of_x, to_of_empty, true),
    ];
    check(&b, TypeMatches, &rows);
}

#[test]
fn roots_without_typedef() {
    let Types { b, int, ptr, .. } = types();
    let mut local = b.clone();
    let s = local.add_struct("S___mine", 4, &[m("x", int, 0)]);
    let mut target = b;
    target.add_struct("S", 16, &[m("y", ptr, 0), m("x", int, 64)]);
    assert_eq!(
        outcome(&mut local, &target, s, "0", TypeMatches),
        Outcome::Value(1)
    );
    let more = local.add_struct("S", 8, &[m("x", int, 0), m("z", int, 32)]);
    assert!(matches!(
        outcome(&mut local, &target, more, "0", TypeMatches),
        Outcome::Absent(_)
    ));
    assert_eq!(
        outcome(&mut local, &target, more, "0", TypeExists),
        Outcome::Value(1)
    );
}

/// 32 steps: libbpf's budget for a chain, and the end of a cycle.
#[test]
fn chains() {
    let chain = |length: u32| {
        let mut b = Builder::new();
        let mut ty = b.add_int("int", 4, SIGNED);
        for _ in 0..length {
            ty = b.add_ptr(ty);
        }
        (b, ty)
    };
    for kind in [TypeExists, TypeMatches] {
        let (b, ty) = chain(31);
        assert_eq!(compare(&b, kind, ty, ty), Outcome::Value(1));
        let (b, ty) = chain(32);
        assert_eq!(failure(compare(&b, kind, ty, ty)), Failure::TooComplex);
        let mut cycle = Builder::new();
        let next = cycle.next();
        cycle.add_raw(StrOff::EMPTY, 2 << 24, next.0, &[]);
        assert_eq!(
            failure(compare(&cycle, kind, next, next)),
            Failure::TooComplex
        );
    }
}
