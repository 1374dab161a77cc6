//! Sizes that a load or store is made to fit by (notes, 6.1, 6.2 and 7.2), and 32-bit targets.

extern crate std;

use std::vec::Vec;

use crate::relo::{Outcome, RelocKind};
use crate::testing::{BOOL, BOTH, Builder, M, SIGNED, UNSIGNED, answers, bits, m};
use crate::units::TypeId;

use RelocKind::*;

const CHAR: u32 = 2;

/// (local bytes, target bytes, adjustable) of `S.f`, whose type differs.
fn sizes(
    local: impl Fn(&mut Builder) -> TypeId,
    target: impl Fn(&mut Builder) -> TypeId,
    access: &str,
) -> (u32, u32, bool) {
    let one = |ty| m("f", ty, 0);
    with_members(|b| one(local(b)), |b| one(target(b)), access)
}

fn with_members(
    local_member: impl Fn(&mut Builder) -> M<'static>,
    target_member: impl Fn(&mut Builder) -> M<'static>,
    access: &str,
) -> (u32, u32, bool) {
    let (mut local, mut target) = (Builder::new(), Builder::new());
    let member = local_member(&mut local);
    let s = local.add_struct("S", 64, &[member]);
    let member = target_member(&mut target);
    target.add_struct("S", 64, &[member]);
    let record = local.record(s, access, FieldByteOffset);
    let [one, other] = BOTH.map(|endian| {
        let answer = answers(endian, &local, &[&target], &[record])[0];
        (answer.local_bytes, answer.target_bytes, answer.adjustable)
    });
    assert_eq!(one, other);
    one
}

#[test]
fn of_scalars() {
    let int = |name, bytes, encoding| move |b: &mut Builder| b.add_int(name, bytes, encoding);
    let (u64, u32, u8) = (
        int("u64", 8, UNSIGNED),
        int("u32", 4, UNSIGNED),
        int("u8", 1, UNSIGNED),
    );
    let (long, i32) = (int("s64", 8, SIGNED), int("int", 4, SIGNED));
    let (bool, char) = (int("bool", 1, BOOL), int("char", 1, CHAR));
    assert_eq!(sizes(u64, u32, "0:0"), (8, 4, true));
    assert_eq!(sizes(u32, u8, "0:0"), (4, 1, true));
    assert_eq!(sizes(u8, u64, "0:0"), (1, 8, true));
    assert_eq!(sizes(bool, u32, "0:0"), (1, 4, true));
    assert_eq!(sizes(u32, char, "0:0"), (4, 1, true));
    assert_eq!(sizes(u64, u64, "0:0"), (8, 8, true));
    for (local, target) in [(i32, u64), (u64, i32), (i32, long)] {
        assert!(!sizes(local, target, "0:0").2);
    }
}

#[test]
fn of_what_is_no_integer() {
    let enum32 = |b: &mut Builder| b.add_enum("e", &[("A", 0)]);
    let enum64 = |b: &mut Builder| b.add_enum64("e", &[("A", 0)]);
    assert_eq!(sizes(enum32, enum64, "0:0"), (4, 8, false));
    let float = |bytes| move |b: &mut Builder| b.add_float("f", bytes);
    assert_eq!(sizes(float(4), float(8), "0:0"), (4, 8, false));
    let composite = |bytes| move |b: &mut Builder| b.add_struct("in", bytes, &[]);
    assert_eq!(sizes(composite(4), composite(12), "0:0"), (4, 12, false));
}

/// Of an array the innermost element counts, and never adjusts: libbpf looks at the array's type.
#[test]
fn of_arrays() {
    let matrix = |bytes| {
        move |b: &mut Builder| {
            let int = b.add_int("u", bytes, UNSIGNED);
            let row = b.add_array(int, 3);
            b.add_array(row, 2)
        }
    };
    assert_eq!(sizes(matrix(8), matrix(4), "0:0"), (8, 4, false));
    assert_eq!(sizes(matrix(8), matrix(4), "0:0:1"), (8, 4, false));
    assert_eq!(sizes(matrix(8), matrix(4), "0:0:1:2"), (8, 4, true));
}

#[test]
fn of_bitfields() {
    let whole = |b: &mut Builder| m("f", b.add_int("u", 4, UNSIGNED), 0);
    let field = |b: &mut Builder| bits("f", b.add_int("u", 4, UNSIGNED), 3, 5);
    assert_eq!(with_members(whole, field, "0:0"), (4, 0, false));
    assert_eq!(with_members(field, whole, "0:0"), (0, 4, false));
    assert_eq!(with_members(field, field, "0:0"), (0, 0, false));
}

/// A kernel of 32 bits: pointers and `long` have 4 bytes there and 8 in the object.
#[test]
fn target_of_32_bits() {
    let types = |long_bytes: u32| {
        let mut b = Builder::new();
        let long = b.add_int("long", long_bytes, SIGNED);
        let ulong = b.add_int("unsigned long", long_bytes, UNSIGNED);
        let ptr = b.add_ptr(TypeId::VOID);
        let ptrs = b.add_array(ptr, 4);
        let bits = long_bytes * 8;
        let members = [
            m("p", ptr, 0),
            m("u", ulong, bits),
            m("l", long, 2 * bits),
            m("a", ptrs, 3 * bits),
        ];
        let s = b.add_struct("S", 7 * long_bytes, &members);
        (b, s)
    };
    let (mut local, s) = types(8);
    let (target, _) = types(4);
    for endian in BOTH {
        let all = |local: &mut Builder, kind| -> Vec<_> {
            let records: Vec<_> = ["0:0", "0:1", "0:2", "0:3:2"]
                .iter()
                .map(|access| local.record(s, access, kind))
                .collect();
            answers(endian, local, &[&target], &records)
        };
        let offsets = all(&mut local, FieldByteOffset);
        let values: Vec<_> = offsets
            .iter()
            .map(|answer| (answer.local, answer.outcome))
            .collect();
        let value = Outcome::Value;
        assert_eq!(
            values,
            [
                (0, value(0)),
                (8, value(4)),
                (16, value(8)),
                (40, value(20))
            ]
        );
        let adjust: Vec<_> = offsets
            .iter()
            .map(|answer| (answer.local_bytes, answer.target_bytes, answer.adjustable))
            .collect();
        assert_eq!(
            adjust,
            [(8, 4, true), (8, 4, true), (8, 4, false), (8, 4, true)]
        );
        let sizes = all(&mut local, FieldByteSize);
        assert!(
            sizes
                .iter()
                .all(|answer| (answer.local, answer.outcome) == (8, value(4)))
        );
    }
}
