//! Why the target lacks a field or an enumerator: one test for each sentence.

extern crate std;

use super::super::{OutcomeText, ReasonText, Subject};
use super::{said, said_of_last, says};
use crate::relo::{Outcome, Reason, RelocKind};
use crate::testing::{Builder, M, SIGNED, UNSIGNED, bits, m, with_answers};
use crate::units::{Endian, TypeId};

use std::string::ToString;

use RelocKind::*;

/// `struct S { <member> }` on both sides.
fn pair<'n>(
    local: impl FnOnce(&mut Builder) -> M<'n>,
    target: impl FnOnce(&mut Builder) -> M<'n>,
) -> (Builder, Builder, TypeId) {
    let (mut locals, mut targets) = (Builder::new(), Builder::new());
    let member = local(&mut locals);
    let s = locals.add_struct("S", 64, &[member]);
    let member = target(&mut targets);
    targets.add_struct("S", 64, &[member]);
    (locals, targets, s)
}

#[test]
fn no_type_of_that_name() {
    let mut local = Builder::new();
    let int = local.add_int("int", 4, SIGNED);
    let s = local.add_struct("foo", 4, &[m("a", int, 0)]);
    let flavor = local.add_union("foo___v2", 4, &[m("a", int, 0)]);
    let typedef = local.add_typedef("foo_t", s);
    let e = local.add_enum("foo_e", &[("A", 0)]);
    let fwd = local.add_fwd("foo_f", true);
    let empty = Builder::new();
    for (ty, access, kind, text) in [
        (
            s,
            "0:0",
            FieldByteOffset,
            "the kernel has no struct named `foo`",
        ),
        (
            flavor,
            "0:0",
            FieldExists,
            "the kernel has no union named `foo`, of which `foo___v2` is a flavor",
        ),
        (
            typedef,
            "0:0",
            FieldByteOffset,
            "the kernel has no typedef named `foo_t`",
        ),
        (e, "0", EnumvalValue, "the kernel has no enum named `foo_e`"),
        (
            fwd,
            "0",
            TypeExists,
            "the kernel has no forward declaration named `foo_f`",
        ),
        (
            int,
            "0",
            TypeSize,
            "the kernel has no integer type named `int`",
        ),
    ] {
        assert_eq!(says(&local, &empty, ty, access, kind), text);
    }
    let record = local.record(s, "0:0", FieldByteOffset);
    let text = said(&local, &[&empty, &empty], record);
    assert_eq!(
        text,
        "neither the kernel nor a module has a struct named `foo`"
    );
    let text = said(&local, &[], record);
    assert_eq!(text, "there is no kernel BTF to look for struct `foo` in");
}

#[test]
fn member_missing() {
    let (local, target, s) = pair(
        |b| m("bar", b.add_int("int", 4, SIGNED), 0),
        |b| m("baz", b.add_int("int", 4, SIGNED), 0),
    );
    let text = says(&local, &target, s, "0:0", FieldByteOffset);
    assert_eq!(text, "`struct S` has no member `bar` in the kernel");

    let (local, target, s) = pair(
        |b| m("bar", b.add_int("int", 4, SIGNED), 0),
        |b| m("", b.add_struct("", 4, &[]), 0),
    );
    let text = says(&local, &target, s, "0:0", FieldExists);
    assert_eq!(
        text,
        "`struct S` has no member `bar` in the kernel, not in its anonymous members either"
    );

    // In a struct without a name it is the way there that tells.
    let nameless = |member| {
        move |b: &mut Builder| {
            let int = b.add_int("int", 4, SIGNED);
            m("u", b.add_struct("", 4, &[m(member, int, 0)]), 0)
        }
    };
    let (local, target, s) = pair(nameless("bar"), nameless("baz"));
    let text = says(&local, &target, s, "0:0:0", FieldByteOffset);
    assert_eq!(text, "`S.u` has no member `bar` in the kernel");
}

#[test]
fn several_candidates() {
    let mut local = Builder::new();
    let int = local.add_int("int", 4, SIGNED);
    let s = local.add_struct("S", 4, &[m("bar", int, 0)]);
    let mut target = Builder::new();
    target.add_struct("S", 4, &[]);
    target.add_struct("S___2", 4, &[]);
    let text = says(&local, &target, s, "0:0", FieldByteOffset);
    let one = "`struct S` has no member `bar` in the kernel";
    assert_eq!(
        text,
        one.to_string() + ", and the other type of that name does not fit either"
    );
    target.add_struct("S", 4, &[]);
    let text = says(&local, &target, s, "0:0", FieldByteOffset);
    assert_eq!(
        text,
        one.to_string() + ", and the 2 other types of that name do not fit either"
    );
}

#[test]
fn in_a_module() {
    let mut local = Builder::new();
    let int = local.add_int("int", 4, SIGNED);
    let s = local.add_struct("S", 4, &[m("bar", int, 0)]);
    let record = local.record(s, "0:0", FieldByteOffset);
    let (kernel, mut module) = (Builder::new(), Builder::new());
    module.add_struct("S", 4, &[]);
    let text = said(&local, &[&kernel, &module], record);
    assert_eq!(text, "`struct S` has no member `bar` in a module");
    let targets = [&kernel, &module];
    with_answers(
        Endian::Little,
        &local,
        &targets,
        &[record],
        |local, targets, answers| {
            let subject = Subject::new(local, targets, &record).with_module_names(&["nf_tables"]);
            let text = OutcomeText::new(subject, answers[0].outcome).to_string();
            assert_eq!(text, "`struct S` has no member `bar` in module `nf_tables`");
        },
    );
}

#[test]
fn kinds_differ() {
    let int = |b: &mut Builder| b.add_int("int", 4, SIGNED);
    let ptr = |b: &mut Builder| b.add_ptr(TypeId::VOID);
    let array = |of: fn(&mut Builder) -> TypeId| {
        move |b: &mut Builder| {
            let element = of(b);
            b.add_array(element, 3)
        }
    };
    let (local, target, s) = pair(|b| m("state", ptr(b), 0), |b| m("state", int(b), 0));
    let text = says(&local, &target, s, "0:0", FieldByteOffset);
    assert_eq!(
        text,
        "`S.state` is a pointer in the object and an integer in the kernel"
    );

    let (local, target, s) = pair(|b| m("a", array(int)(b), 0), |b| m("a", int(b), 0));
    let text = says(&local, &target, s, "0:0", FieldByteOffset);
    assert_eq!(
        text,
        "`S.a` is an array in the object and an integer in the kernel"
    );

    let (local, target, s) = pair(|b| m("a", array(int)(b), 0), |b| m("a", array(ptr)(b), 0));
    let text = says(&local, &target, s, "0:0", FieldByteOffset);
    assert_eq!(
        text,
        "an element of `S.a` is an integer in the object and a pointer in the kernel"
    );

    let (local, target, s) = pair(
        |b| m("e", b.add_enum("old_state", &[]), 0),
        |b| m("e", b.add_enum("new_state", &[]), 0),
    );
    let text = says(&local, &target, s, "0:0", FieldByteOffset);
    assert_eq!(
        text,
        "`S.e` is `enum old_state` in the object and `enum new_state` in the kernel"
    );

    let part = |b: &mut Builder| {
        let name = b.add_string("int");
        b.add_raw(name, 1 << 24, 4, &[5 << 16 | 3])
    };
    let (local, target, s) = pair(|b| m("f", int(b), 0), |b| m("f", part(b), 0));
    let text = says(&local, &target, s, "0:0", FieldExists);
    assert_eq!(
        text,
        "in `S.f`, `int` is an integer inside another one, as compilers before 2018 described \
         bitfields, which can't be compared"
    );
}

#[test]
fn way_is_barred() {
    let inner = |b: &mut Builder| {
        let int = b.add_int("int", 4, SIGNED);
        b.add_struct("in", 8, &[m("x", int, 0)])
    };
    // Roots are typedefs, so that what they stand for may differ.
    let root = |b: &mut Builder, ty: fn(&mut Builder) -> TypeId| {
        let ty = ty(b);
        b.add_typedef("T", ty)
    };
    let (mut local, mut target) = (Builder::new(), Builder::new());
    let t = root(&mut local, inner);
    root(&mut target, |b| b.add_ptr(TypeId::VOID));
    let text = says(&local, &target, t, "0:0", FieldByteOffset);
    assert_eq!(
        text,
        "`T` is a pointer in the kernel, so it has no member `x`"
    );

    let ints = |len| {
        move |b: &mut Builder| {
            let int = b.add_int("int", 4, SIGNED);
            m("arr", b.add_array(int, len), 0)
        }
    };
    let (local, target, s) = pair(ints(8), ints(3));
    let text = says(&local, &target, s, "0:0:7", FieldByteOffset);
    assert_eq!(
        text,
        "`S.arr` has 3 elements in the kernel, too few for index 7"
    );
    let (local, target, s) = pair(ints(8), ints(1));
    let text = says(&local, &target, s, "1:0:7", FieldByteOffset);
    assert_eq!(
        text,
        "`S[1].arr` has 1 element in the kernel, too few for index 7"
    );

    let mut local = Builder::new();
    let int = local.add_int("int", 4, SIGNED);
    let array = local.add_array(int, 4);
    let t = local.add_typedef("T", array);
    let mut target = Builder::new();
    root(&mut target, inner);
    let text = says(&local, &target, t, "0:1", FieldByteOffset);
    assert_eq!(
        text,
        "`T` is an array in the object and a struct in the kernel"
    );
    let mut target = Builder::new();
    let int = target.add_int("int", 4, SIGNED);
    let array = target.add_array(int, 0);
    target.add_typedef("T", array);
    let text = says(&local, &target, t, "0:1", FieldByteOffset);
    assert_eq!(text, "`T` has no elements in the kernel");
}

#[test]
fn enumerator_missing() {
    let mut local = Builder::new();
    let e = local.add_enum("E", &[("EA", 0), ("EB___new", 1)]);
    let t = local.add_typedef("T", e);
    let mut target = Builder::new();
    target.add_enum64("E", &[("EA", 0)]);
    let int = target.add_int("int", 4, SIGNED);
    target.add_typedef("T", int);
    let text = says(&local, &target, e, "1", EnumvalValue);
    assert_eq!(text, "`enum E` has no enumerator `EB` in the kernel");
    let text = says(&local, &target, t, "0", EnumvalExists);
    assert_eq!(
        text,
        "`T` is an enum in the object and an integer in the kernel"
    );
}

#[test]
fn settled_elsewhere() {
    let mut local = Builder::new();
    let int = local.add_int("int", 4, SIGNED);
    let s = local.add_struct("S", 8, &[m("a", int, 0), m("b", int, 32)]);
    let mut target = Builder::new();
    let int = target.add_int("int", 4, SIGNED);
    target.add_struct("S", 4, &[m("a", int, 0)]);
    target.add_struct("S___2", 4, &[m("b", int, 0)]);
    let records = ["0:0", "0:1"].map(|access| local.record(s, access, FieldByteOffset));
    let text = said_of_last(&local, &[&target], &records);
    assert_eq!(
        text,
        "`struct S___2` of the kernel would fit, but an earlier record settled on another type of \
         that name, and the layouts of both are never mixed in one object"
    );
}

#[test]
fn sizes_differ() {
    let says = |local: &Builder, s, bytes: [u32; 2]| {
        let mut local = local.clone();
        let record = local.record(s, "0:0", FieldByteOffset);
        with_answers(Endian::Little, &local, &[], &[], |local, targets, _| {
            let [local_bytes, target_bytes] = bytes;
            let reason = Reason::SizeDiffers {
                local_bytes,
                target_bytes,
            };
            let subject = Subject::new(local, targets, &record);
            let text = ReasonText::new(subject, reason).to_string();
            assert_eq!(
                text,
                OutcomeText::new(subject, Outcome::Poison(reason)).to_string()
            );
            text
        })
    };
    let one = |member: fn(&mut Builder) -> M<'static>| {
        let (local, _, s) = pair(member, member);
        move |bytes| says(&local, s, bytes)
    };
    let start = "`S.f` has 8 bytes in the object and 4 in the kernel, and its load or store can't be resized: ";
    for (member, end) in [
        (
            one(|b| m("f", b.add_int("long", 8, SIGNED), 0)),
            "it is signed in the object",
        ),
        (
            one(|b| m("f", b.add_int("u64", 8, UNSIGNED), 0)),
            "it is signed in the kernel",
        ),
        (one(|b| m("f", b.add_enum64("e", &[]), 0)), "it is an enum"),
        (
            one(|b| m("f", b.add_float("double", 8), 0)),
            "it is a floating-point number",
        ),
    ] {
        assert_eq!(member([8, 4]), start.to_string() + end);
    }
    let bitfield = one(|b| bits("f", b.add_int("u32", 4, UNSIGNED), 0, 3));
    assert_eq!(
        bitfield([0, 4]),
        "`S.f` is a bitfield in the object and none in the kernel"
    );
    let whole = one(|b| m("f", b.add_int("u32", 4, UNSIGNED), 0));
    assert_eq!(
        whole([4, 0]),
        "`S.f` is a bitfield in the kernel and none in the object: read it with \
         BPF_CORE_READ_BITFIELD()"
    );
}
