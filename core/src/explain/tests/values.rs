//! What registers are known to hold.

extern crate std;

use std::vec;
use std::vec::Vec;

use super::super::flow::Flow;
use super::super::value::{Offset, Value, get, jumps};
use super::flow::{ADD_REGISTER, I, LDX64, MOV, MOV_REGISTER, bytes, function};

/// Register 1 before the last of these instructions.
fn before_last(insns: &[I], records: Vec<u32>, from_context: bool) -> Value {
    let slots = bytes(insns);
    let mut function = function(&slots, records);
    function.from_context = from_context;
    let flow = Flow::new(function);
    let mut found = Value::Any;
    flow.each(|slot, _, registers| {
        if slot as usize == insns.len() - 1 {
            found = get(registers, 1);
        }
    });
    found
}

const EXIT: I = (0x95, 0, 0, 0, 0);

const fn number(value: u64) -> Value {
    Value::Number { value, record: 0 }
}

/// Worked out by hand from RFC 9669, section 4.1.
#[test]
fn arithmetic() {
    const MINUS_ONE: u64 = u64::MAX;
    for (operation, wide, narrow) in [
        (0x00, 12, 12),                                    // 7 + 5
        (0x10, 2, 2),                                      // 7 - 5
        (0x20, 35, 35),                                    // 7 * 5
        (0x30, 1, 1),                                      // 7 / 5
        (0x40, 7, 7),                                      // 7 | 5
        (0x50, 5, 5),                                      // 7 & 5
        (0x60, 224, 224),                                  // 7 << 5
        (0x70, 0, 0),                                      // 7 >> 5
        (0x80, (-7i64) as u64, u64::from((-7i32) as u32)), // -7
        (0x90, 2, 2),                                      // 7 % 5
        (0xa0, 2, 2),                                      // 7 ^ 5
        (0xb0, 5, 5),                                      // 5
        (0xc0, 0, 0),                                      // 7 >> 5, with its sign
    ] {
        for (class, expected) in [(7, wide), (4, narrow)] {
            let insns = [(MOV, 1, 0, 0, 7), (operation | class, 1, 0, 0, 5), EXIT];
            let found = before_last(&insns, vec![], false);
            assert_eq!(found, number(expected), "{operation:#x} {class}");
        }
    }
    // -1, in 64 bits and in 32; shifted right with and without its sign.
    let shifted = |mov, shift| {
        before_last(
            &[(mov, 1, 0, 0, -1), (shift, 1, 0, 0, 4), EXIT],
            vec![],
            false,
        )
    };
    assert_eq!(shifted(MOV, 0xc7), number(MINUS_ONE));
    assert_eq!(shifted(MOV, 0x77), number(MINUS_ONE >> 4));
    assert_eq!(shifted(0xb4, 0xc4), number(0xffff_ffff));
    assert_eq!(shifted(0xb4, 0x77), number(0x0fff_ffff));
    // Division by 0 gives 0, the remainder leaves the number.
    let by_zero = |code| {
        before_last(
            &[(MOV, 1, 0, 0, 7), (code, 1, 0, 0, 0), EXIT],
            vec![],
            false,
        )
    };
    assert_eq!((by_zero(0x37), by_zero(0x97)), (number(0), number(7)));
    // Swapped bytes and moves that extend a sign are not worked out.
    for insn in [(0xd4, 1, 0, 0, 16), (0xbf, 1, 1, 8, 0)] {
        assert_eq!(
            before_last(&[(MOV, 1, 0, 0, 7), insn, EXIT], vec![], false),
            Value::Any
        );
    }
}

#[test]
fn jumps_compare_as_the_kernel() {
    let minus = (-1i64) as u64;
    for (operation, a, b, wide, expected) in [
        (0x10, 1, 1, true, true),
        (0x10, 1 << 32 | 1, 1, false, true), // 32 bits only
        (0x20, minus, 1, true, true),
        (0x60, minus, 1, true, false), // signed
        (0x60, 1, minus, false, true),
        (0x40, 6, 1, true, false),
        (0x50, 1, 1, true, false),
        (0xa0, 1, 2, true, true),
        (0xb0, 2, 2, true, true),
        (0xc0, minus, 0, false, true),
        (0xd0, 0, minus, true, false),
    ] {
        assert_eq!(
            jumps(operation, a, b, wide),
            Some(expected),
            "{operation:#x}"
        );
    }
    assert_eq!(jumps(0xe0, 0, 0, true), None); // may_goto
}

#[test]
fn pointers_of_the_kernel() {
    let load = (LDX64, 1, 1, 8, 0);
    // A word of the context; 4 bytes of it are no pointer; no pointer where the context has none.
    assert_eq!(
        before_last(&[load, EXIT], vec![], true),
        Value::Kernel(Offset::None)
    );
    assert_eq!(
        before_last(&[(0x61, 1, 1, 8, 0), EXIT], vec![], true),
        Value::Any
    );
    assert_eq!(before_last(&[load, EXIT], vec![], false), Value::Any);
    // Behind a pointer is a pointer.
    assert_eq!(
        before_last(&[load, load, EXIT], vec![], true),
        Value::Kernel(Offset::None)
    );
    // A number without a record; with one, and whatever comes then; an index that is not known.
    let add = (0x07, 1, 0, 0, 16);
    assert_eq!(
        before_last(&[load, add, EXIT], vec![], true),
        Value::Kernel(Offset::Fixed)
    );
    assert_eq!(
        before_last(&[load, add, add, EXIT], vec![0, 3], true),
        Value::Kernel(Offset::Relocated)
    );
    let by_register = [load, (MOV, 2, 0, 0, 16), (ADD_REGISTER, 1, 2, 0, 0), EXIT];
    assert_eq!(
        before_last(&by_register, vec![0, 3], true),
        Value::Kernel(Offset::Relocated)
    );
    assert_eq!(
        before_last(&[load, (ADD_REGISTER, 1, 7, 0, 0), EXIT], vec![], true),
        Value::Kernel(Offset::Relocated)
    );
    // Either side of the sum may be the pointer, and a copy is one too.
    let other_side = [
        load,
        (MOV_REGISTER, 3, 1, 0, 0),
        (MOV, 1, 0, 0, 16),
        (ADD_REGISTER, 1, 3, 0, 0),
        EXIT,
    ];
    assert_eq!(
        before_last(&other_side, vec![0, 0, 3], true),
        Value::Kernel(Offset::Relocated)
    );
    // The current task.
    let task = [(0x85, 0, 0, 0, 35), (MOV_REGISTER, 1, 0, 0, 0), EXIT];
    assert_eq!(
        before_last(&task, vec![], false),
        Value::Kernel(Offset::None)
    );
}
