//! Why the target lacks a type as a whole: it is another one, or has other parts.

extern crate std;

use std::string::String;
use std::vec::Vec;

use super::says;
use crate::relo::RelocKind;
use crate::testing::{Builder, SIGNED, UNSIGNED, m};
use crate::units::TypeId;

use RelocKind::*;

/// What is said of `typedef <local> T` against `typedef <target> T`.
fn typedefs(
    kind: RelocKind,
    local: impl FnOnce(&mut Builder) -> TypeId,
    target: impl FnOnce(&mut Builder) -> TypeId,
) -> String {
    let (mut locals, mut targets) = (Builder::new(), Builder::new());
    let ty = local(&mut locals);
    let t = locals.add_typedef("T", ty);
    let ty = target(&mut targets);
    targets.add_typedef("T", ty);
    says(&locals, &targets, t, "0", kind)
}

fn int(b: &mut Builder) -> TypeId {
    b.add_int("int", 4, SIGNED)
}

fn to_int(b: &mut Builder) -> TypeId {
    let int = int(b);
    b.add_ptr(int)
}

fn to_void(b: &mut Builder) -> TypeId {
    b.add_ptr(TypeId::VOID)
}

fn function(parameters: usize) -> impl FnOnce(&mut Builder) -> TypeId {
    move |b| {
        let int = int(b);
        b.add_func_proto(int, &[("", int); 3][..parameters])
    }
}

#[test]
fn another_kind() {
    for kind in [TypeExists, TypeSize, TypeIdTarget] {
        let text = typedefs(kind, int, to_int);
        assert_eq!(
            text,
            "`T` is an integer in the object and a pointer in the kernel"
        );
    }
    let text = typedefs(TypeExists, to_void, to_int);
    assert_eq!(
        text,
        "inside `T`, the kernel has an integer where the object has void"
    );
}

#[test]
fn the_same_kind_and_yet_not_the_same() {
    let float = |b: &mut Builder| b.add_float("double", 8);
    for kind in [TypeExists, TypeMatches] {
        let text = typedefs(kind, float, float);
        assert_eq!(
            text,
            "`T` is or has a floating-point number, and such types are never compared"
        );
    }
    let text = typedefs(
        TypeMatches,
        |b| b.add_fwd("F", false),
        |b| b.add_fwd("F", true),
    );
    assert_eq!(
        text,
        "inside `T`, one side declares a struct where the other declares a union"
    );
}

#[test]
fn what_has_no_name_of_its_own() {
    let nameless = |members: &'static [&'static str]| {
        move |b: &mut Builder| {
            let int = int(b);
            let members: Vec<_> = members.iter().map(|name| m(name, int, 0)).collect();
            b.add_struct("", 4, &members)
        }
    };
    let text = typedefs(TypeMatches, nameless(&["x"]), nameless(&["y"]));
    assert_eq!(text, "`T` lacks member `x` in the kernel");
    let holder = |members| {
        move |b: &mut Builder| {
            let inner = nameless(members)(b);
            b.add_union("H", 4, &[m("", inner, 0)])
        }
    };
    let text = typedefs(TypeMatches, holder(&["x"]), holder(&["y"]));
    assert_eq!(
        text,
        "`struct (anon)` inside `T` lacks a member in the kernel that it has in the object"
    );
    // enum { A } behind a typedef, as BPF programs name their constants.
    let mut local = Builder::new();
    let e = local.add_enum("", &[("A", 0)]);
    let t = local.add_typedef("T", e);
    let mut target = Builder::new();
    let e = target.add_enum("", &[("B", 0)]);
    target.add_typedef("T", e);
    let text = says(&local, &target, t, "0", EnumvalValue);
    assert_eq!(text, "`T` has no enumerator `A` in the kernel");
}

#[test]
fn another_number_of_parameters() {
    for kind in [TypeExists, TypeMatches] {
        let text = typedefs(kind, function(1), function(3));
        assert_eq!(
            text,
            "`int(int)` has 1 parameter in the object and 3 in the kernel"
        );
    }
}

#[test]
fn matching_of_scalars() {
    let text = typedefs(TypeMatches, int, |b| b.add_int("int", 8, UNSIGNED));
    assert_eq!(
        text,
        "`int` is signed and has 4 bytes in the object, unsigned and 8 in the kernel"
    );
    let text = typedefs(TypeMatches, int, |b| b.add_int("s32", 4, SIGNED));
    assert_eq!(
        text,
        "inside `T`, the kernel has `s32` where the object has `int`"
    );
    let array = |len| {
        move |b: &mut Builder| {
            let int = int(b);
            b.add_array(int, len)
        }
    };
    let text = typedefs(TypeMatches, array(3), array(4));
    assert_eq!(
        text,
        "where the object has `int[3]`, the kernel has `int[4]`"
    );
}

#[test]
fn matching_of_enums() {
    let few = |b: &mut Builder| b.add_enum("e", &[("A", 0)]);
    let more = |b: &mut Builder| b.add_enum("e", &[("A", 0), ("B", 1)]);
    let others = |b: &mut Builder| b.add_enum("e", &[("A", 0), ("C", 1), ("D", 2)]);
    let wide = |b: &mut Builder| b.add_enum64("e", &[("A", 0)]);
    let text = typedefs(TypeMatches, few, wide);
    assert_eq!(
        text,
        "`enum e` has 4 bytes in the object and 8 in the kernel"
    );
    let text = typedefs(TypeMatches, more, few);
    assert_eq!(
        text,
        "`enum e` has 2 enumerators in the object and 1 in the kernel"
    );
    let text = typedefs(TypeMatches, more, others);
    assert_eq!(text, "`enum e` has no enumerator `B` in the kernel");
}

#[test]
fn matching_of_structs() {
    let mut local = Builder::new();
    let i = int(&mut local);
    let e = local.add_enum("e", &[("A", 0), ("B", 1)]);
    let inner = local.add_struct("in", 4, &[m("x", i, 0)]);
    let s = local.add_struct("S", 8, &[m("x", i, 0), m("y___2", i, 32)]);
    let holder = local.add_struct("H", 8, &[m("in", inner, 0), m("e", e, 32)]);
    let root = local.add_enum("e", &[("A", 0), ("B___x", 1)]);

    let mut target = Builder::new();
    let i = int(&mut target);
    let e = target.add_enum("e", &[("A", 0), ("C", 1)]);
    let inner = target.add_struct("in", 4, &[m("z", i, 0)]);
    target.add_struct("S", 12, &[m("x", i, 0), m("z", i, 32), m("", inner, 64)]);
    target.add_struct("H", 8, &[m("e", e, 32), m("in", inner, 0)]);
    let text = |ty| says(&local, &target, ty, "0", TypeMatches);
    assert_eq!(text(s), "`struct S` lacks member `y` in the kernel");
    assert_eq!(
        text(holder),
        "`struct in` lacks a member in the kernel that it has in the object"
    );
    assert_eq!(text(root), "`enum e` has no enumerator `B` in the kernel");

    let mut fewer = Builder::new();
    let i = int(&mut fewer);
    fewer.add_struct("S", 4, &[m("x", i, 0)]);
    let text = says(&local, &fewer, s, "0", TypeMatches);
    assert_eq!(
        text,
        "`struct S` has 2 members in the object and 1 in the kernel"
    );

    let mut other = Builder::new();
    let i = int(&mut other);
    let e = other.add_enum("e", &[("A", 0), ("C", 1)]);
    let inner = other.add_struct("in", 4, &[m("x", i, 0)]);
    other.add_struct("H", 8, &[m("e", e, 32), m("in", inner, 0)]);
    let text = says(&local, &other, holder, "0", TypeMatches);
    assert_eq!(
        text,
        "`enum e` lacks an enumerator in the kernel that it has in the object"
    );
}

/// Looking again for what is missing is bounded: then the sentence does without it.
#[test]
fn too_many_to_look_again() {
    for (count, expected) in [
        (300, "`enum e` has no enumerator `mine` in the kernel"),
        (
            600,
            "`enum e` lacks an enumerator in the kernel that it has in the object",
        ),
    ] {
        let names: Vec<_> = (0..count).map(|n| std::format!("n{n}")).collect();
        let (mut local, mut target) = (Builder::new(), Builder::new());
        // In opposite order, so that half of all names are compared with each.
        let mut enumerators: Vec<_> = names.iter().map(|name| (name.as_str(), 0)).collect();
        enumerators.push(("mine", 0));
        let e = local.add_enum("e", &enumerators);
        enumerators.reverse();
        enumerators[0] = ("gone", 0);
        target.add_enum("e", &enumerators);
        assert_eq!(says(&local, &target, e, "0", TypeMatches), expected);
    }
}
