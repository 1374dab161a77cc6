//! Why a record can't be relocated: one test for each sentence.

extern crate std;

use super::super::{ErrorText, FailureText, OutcomeText, Subject};
use super::{said, says};
use crate::btf::Btf;
use crate::error::{Error, ErrorKind, Site, What};
use crate::relo::{Failure, Outcome, RelocKind};
use crate::testing::{Builder, SIGNED, UNSIGNED, bits, m, with_answers};
use crate::units::{Endian, StrOff, TypeId};

use std::string::{String, ToString};

use RelocKind::*;

/// `struct S { int a; struct { int x; } in[2]; unsigned f : 3; }` and `enum E { EA }`.
fn types() -> (Builder, TypeId, TypeId) {
    let mut b = Builder::new();
    let int = b.add_int("int", 4, SIGNED);
    let unsigned = b.add_int("unsigned int", 4, UNSIGNED);
    let inner = b.add_struct("", 4, &[m("x", int, 0)]);
    let array = b.add_array(inner, 2);
    let s = b.add_struct(
        "S",
        16,
        &[
            m("a", int, 0),
            m("in", array, 32),
            bits("f", unsigned, 96, 3),
        ],
    );
    let e = b.add_enum("E", &[("EA", 0)]);
    (b, s, e)
}

/// What is said of a failure of this record, whether it could be or not.
fn text(access: &str, kind: RelocKind, failure: Failure) -> String {
    let (mut local, s, e) = types();
    let record = local.record(if kind.is_enumval() { e } else { s }, access, kind);
    let target = local.clone();
    with_answers(
        Endian::Little,
        &local,
        &[&target],
        &[],
        |local, targets, _| {
            let subject = Subject::new(local, targets, &record);
            let text = FailureText::new(subject, failure).to_string();
            assert_eq!(
                text,
                OutcomeText::new(subject, Outcome::Failed(failure)).to_string()
            );
            text
        },
    )
}

#[test]
fn access_strings() {
    let (local, s, e) = types();
    let same = local.clone();
    for (ty, access, kind, text) in [
        (
            s,
            "0:x",
            FieldExists,
            "is `0:x` and should be numbers between single colons",
        ),
        (
            s,
            "0:0",
            TypeExists,
            "is `0:0` and should be `0`, as for any record about a type as a whole",
        ),
        (
            e,
            "",
            EnumvalValue,
            "is `` and should be the number of an enumerator",
        ),
        (
            s,
            "0:9",
            FieldExists,
            "`0:9` does not fit the object's types: `struct S` has 3 members, none of them number 9",
        ),
        (
            s,
            "0:1:5:0",
            FieldExists,
            "`0:1:5:0` does not fit the object's types: `struct (anon)[2]` has no element 5",
        ),
        (
            s,
            "0:0:1",
            FieldExists,
            "`0:0:1` does not fit the object's types: `int` has neither members nor elements",
        ),
        (
            e,
            "4",
            EnumvalValue,
            "`4` does not fit the object's types: `enum E` has 1 enumerator, and `4` names none of them",
        ),
        (
            s,
            "0",
            EnumvalValue,
            "`0` does not fit the object's types: `struct S` is no enum",
        ),
    ] {
        let expected = "the record's access string ".to_string() + text;
        assert_eq!(says(&local, &same, ty, access, kind), expected);
    }
    let access = "0:".repeat(65) + "0";
    let said = says(&local, &same, s, &access, FieldExists);
    assert_eq!(
        said,
        std::format!("`S + {access}` takes more than 64 steps, in the object or in the kernel")
    );
}

#[test]
fn roots() {
    let mut local = Builder::new();
    let int = local.add_int("int", 4, SIGNED);
    let union = local.add_union("", 4, &[m("y", int, 0)]);
    let same = local.clone();
    assert_eq!(
        says(&local, &same, union, "0:0", FieldByteOffset),
        "the access starts at an anonymous union, which no kernel type can be found by: give the \
         union a name, or access it through the struct around it"
    );
    let record = crate::ext::CoreRelo {
        kind: 13,
        ..local.record(int, "0", TypeExists)
    };
    assert_eq!(
        said(&local, &[&same], record),
        "the record is of kind 13, which is newer than this library"
    );
}

#[test]
fn fields() {
    let (local, s, _) = types();
    let same = local.clone();
    assert_eq!(
        says(&local, &same, s, "0:1:1", FieldSigned),
        "the record asks for the sign of array element `S.in[1]`: only members have them"
    );
    assert_eq!(
        says(&local, &same, s, "0:1:1", FieldLshift),
        "the record asks for the bit shifts of array element `S.in[1]`: only members have them"
    );
    let ty = TypeId(2);
    assert_eq!(
        text("0:2", FieldByteOffset, Failure::Bitfield { ty }),
        "no load of up to 8 bytes covers bitfield `S.f`, in the object or in the kernel"
    );
    assert_eq!(
        text("0:0", TypeMatches, Failure::TooComplex),
        "the types around `S + 0:0` are so intertwined that comparing them was given up"
    );
}

#[test]
fn ambiguity() {
    let mut local = Builder::new();
    let int = local.add_int("int", 4, SIGNED);
    let s = local.add_struct("S", 4, &[m("f", int, 0)]);
    let e = local.add_enum("E", &[("A", 0)]);
    let mut target = Builder::new();
    let int = target.add_int("int", 4, SIGNED);
    target.add_struct("S", 4, &[m("f", int, 64)]);
    target.add_struct("S___2", 9, &[m("f", int, 128)]);
    target.add_enum("E", &[("A", 1)]);
    target.add_enum("E", &[("A", 2)]);
    let twice = "`struct S` is in the kernel more than once, and which is meant can't be told: ";
    for (ty, access, kind, start, end) in [
        (
            s,
            "0:0",
            FieldByteOffset,
            twice,
            "`S.f` is at byte 8 of the one, at byte 16 of the other",
        ),
        (
            s,
            "0:0",
            FieldExists,
            twice,
            "`S.f` is at byte 8 of the one, at byte 16 of the other",
        ),
        (
            s,
            "0:0",
            FieldByteSize,
            twice,
            "`S.f` is another one in each (8 against 16)",
        ),
        (
            s,
            "0",
            TypeSize,
            twice,
            "`S` is 4 bytes in the one, 9 bytes in the other",
        ),
        (s, "0", TypeIdTarget, twice, "`S` is the id of either"),
        (
            e,
            "0",
            EnumvalValue,
            "`enum E` is in the kernel more than once, and which is meant can't be told: ",
            "`E::A` is equal to 1 in the one, equal to 2 in the other",
        ),
    ] {
        assert_eq!(
            says(&local, &target, ty, access, kind),
            start.to_string() + end
        );
    }
    let mut bit = Builder::new();
    let int = bit.add_int("int", 4, SIGNED);
    bit.add_struct("S", 4, &[m("f", int, 1)]);
    bit.add_struct("S", 4, &[m("f", int, 2)]);
    assert_eq!(
        says(&local, &bit, s, "0:0", FieldExists),
        twice.to_string() + "`S.f` is at different bits of them"
    );
    let mut modules = [Builder::new(), Builder::new()];
    for (module, at) in modules.iter_mut().zip([0, 32]) {
        let int = module.add_int("int", 4, SIGNED);
        module.add_struct("S", 8, &[m("f", int, at)]);
    }
    let record = local.record(s, "0:0", FieldByteOffset);
    let targets = [&Builder::new(), &modules[0], &modules[1]];
    with_answers(
        Endian::Little,
        &local,
        &targets,
        &[record],
        |local, targets, answers| {
            let subject = Subject::new(local, targets, &record).with_module_names(&["a", "b"]);
            assert_eq!(
                OutcomeText::new(subject, answers[0].outcome).to_string(),
                "`struct S` is in module `a` and in module `b`, and which is meant can't be told: \
             `S.f` is at byte 0 of the one, at byte 4 of the other"
            );
        },
    );
}

#[test]
fn instructions() {
    for (failure, expected) in [
        (
            Failure::NoInsn,
            "the record is for byte 0 of its section, where no whole instruction is",
        ),
        (
            Failure::Insn { code: 0x05 },
            "the instruction (opcode 0x05) holds no offset or constant to relocate",
        ),
        (
            Failure::InsnValue {
                expected: 8,
                found: (-8i64).cast_unsigned(),
            },
            "the instruction holds -8 where the object's own types say 8: code and type \
             information are not of one compilation, or it is relocated already",
        ),
        (
            Failure::OffsetTooLarge(40_000),
            "`S.a` is at byte 40000 in the kernel, and a load or store reaches 32767 at most: read \
             it with bpf_core_read() or BPF_CORE_READ(), which have no such limit",
        ),
        (
            Failure::OffsetTooLarge(1 << 29),
            "`S.a` would be beyond byte 536870912, where nothing is",
        ),
        (
            Failure::ImmTooLarge(1 << 32),
            "the new value, 4294967296, does not fit the 32 bits of its instruction",
        ),
        (
            Failure::InsnSize {
                insn_bytes: 4,
                field_bytes: 8,
            },
            "`S.a` has another size in the kernel, but its instruction can't be resized: it moves \
             4 of the field's 8 bytes",
        ),
        (
            Failure::NoInsnOfSize(3),
            "`S.a` has 3 bytes in the kernel, and loads and stores have 1, 2, 4 or 8",
        ),
    ] {
        assert_eq!(text("0:0", FieldByteOffset, failure), expected);
    }
}

#[test]
fn errors_with_names() {
    let kind = ErrorKind::TooDeep {
        what: What::TypeChain,
        limit: 32,
    };
    let error = Error::new(kind, Site::Type(TypeId(5)));
    let chain =
        "chain of typedefs, modifiers, arrays or pointers is longer than 32 steps, or a cycle";
    assert_eq!(
        text("0:0", FieldExists, Failure::Local(error)),
        std::format!("the object's type information is wrong: {chain}, in type 5 `struct S`")
    );
    assert_eq!(
        text("0:0", FieldExists, Failure::Target(error)),
        std::format!("the kernel's type information is wrong: {chain}, in type 5 `struct S`")
    );
    let (b, ..) = types();
    let bytes = b.finish(Endian::Big);
    let btf = Btf::parse(&bytes, &mut []).unwrap();
    for (site, text) in [
        (Site::Type(TypeId(6)), "in type 6 `enum E`"),
        (Site::Type(TypeId(99)), "in BTF type [99]"),
        (Site::Btf(24), "at byte 24 of the BTF"),
        (Site::Call, "in the call"),
    ] {
        let error = Error::new(ErrorKind::Malformed(What::Kind), site);
        let expected = std::format!("BTF kind is malformed, {text}");
        assert_eq!(ErrorText::new(&btf, error).to_string(), expected);
    }
}

#[test]
fn outcomes_that_are_no_trouble() {
    let (local, s, _) = types();
    let same = local.clone();
    assert_eq!(says(&local, &same, s, "0:1", FieldByteOffset), "at byte 4");
    assert_eq!(says(&local, &same, s, "0", TypeMatches), "matches");
    with_answers(Endian::Little, &local, &[], &[], |local, targets, _| {
        let nothing = crate::ext::CoreRelo {
            insn_off: 0,
            type_id: TypeId(77),
            access: StrOff(1 << 30),
            kind: 99,
        };
        let subject = Subject::new(local, targets, &nothing);
        assert_eq!(subject.path().to_string(), "(bad type) + (bad name)");
        let skipped = OutcomeText::new(subject, Outcome::Skipped).to_string();
        assert_eq!(
            skipped,
            "its instruction belongs to no program, or to one that is not loaded"
        );
        assert_eq!(
            OutcomeText::new(subject, Outcome::Value(3)).to_string(),
            "3"
        );
    });
}
