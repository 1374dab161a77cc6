//! What is reached, and what bars the rest.

extern crate std;

use std::vec;
use std::vec::Vec;

use super::super::flow::{Bar, Flow, Function};
use crate::insn::{INSN_BYTES, Insn};
use crate::units::Endian;

pub(super) const MOV: u8 = 0xb7;
pub(super) const MOV_REGISTER: u8 = 0xbf;
pub(super) const ADD_REGISTER: u8 = 0x0f;
pub(super) const LDX64: u8 = 0x79;
const JEQ: u8 = 0x15;
const JEQ32: u8 = 0x16;
const JNE: u8 = 0x55;
const JA: u8 = 0x05;
const GOTOL: u8 = 0x06;
const GOTOX: u8 = 0x0d;
const CALL: u8 = 0x85;
const EXIT: u8 = 0x95;
const LD_IMM64: u8 = 0x18;
const MAY_GOTO: u8 = 0xe5;

/// `code dst, src, off, imm`.
pub(super) type I = (u8, u8, u8, i16, i32);

pub(super) fn bytes(insns: &[I]) -> Vec<[u8; INSN_BYTES]> {
    let encode = |&(code, dst, src, off, imm): &I| {
        Insn {
            code,
            dst,
            src,
            off,
            imm,
        }
        .encode(Endian::Little)
    };
    insns.iter().map(encode).collect()
}

/// What is reached of these, the first of which has record number 7.
fn reached(insns: &[I]) -> Vec<bool> {
    let slots = bytes(insns);
    let flow = Flow::new(function(&slots, vec![8]));
    (0..slots.len() as u32)
        .map(|slot| flow.reaches(slot))
        .collect()
}

pub(super) fn function(slots: &[[u8; INSN_BYTES]], records: Vec<u32>) -> Function<'_> {
    Function {
        slots,
        endian: Endian::Little,
        records,
        is_patched: true,
        from_context: false,
    }
}

/// `if (exists) { x } y`, as clang writes it, with the check answered by `exists`.
fn checked(exists: i32) -> [I; 4] {
    [
        (MOV, 1, 0, 0, exists), // the record
        (JEQ, 1, 0, 1, 0),      // if r1 == 0 goto +1
        (MOV, 0, 0, 0, 5),      // guarded
        (EXIT, 0, 0, 0, 0),
    ]
}

#[test]
fn a_check_guards() {
    assert_eq!(reached(&checked(1)), [true; 4]);
    assert_eq!(reached(&checked(0)), [true, true, false, true]);
    let slots = bytes(&checked(0));
    let flow = Flow::new(function(&slots, vec![8]));
    let bar = Bar {
        slot: 1,
        record: Some(7),
    };
    assert_eq!(flow.bar_of(2), Some(bar));
    assert_eq!(flow.bar_of(3), None);
}

#[test]
fn the_nearest_branch_is_to_blame() {
    let slots = bytes(&[
        (MOV, 1, 0, 0, 0),
        (MOV, 2, 0, 0, 0),
        (JEQ, 1, 0, 3, 0), // bars all up to the exit
        (MOV, 3, 0, 0, 1),
        (JEQ, 2, 0, 1, 0), // never reached, so it decides nothing
        (MOV, 0, 0, 0, 5),
        (EXIT, 0, 0, 0, 0),
    ]);
    let flow = Flow::new(function(&slots, vec![1, 2]));
    let by = |slot| flow.bar_of(slot).map(|bar| (bar.slot, bar.record));
    assert_eq!(by(3), Some((2, Some(0))));
    assert_eq!(by(5), Some((2, Some(0))));
    assert_eq!(by(6), None);
}

#[test]
fn what_is_not_known_goes_both_ways() {
    // A value from memory, from a call, from two ways that differ, from a helper's register.
    for first in [(LDX64, 1, 10, -8, 0), (CALL, 0, 0, 0, 5)] {
        let mut insns = checked(0).to_vec();
        insns[0] = first;
        if first.0 == CALL {
            insns[1].1 = 0;
        }
        assert_eq!(reached(&insns), [true; 4]);
    }
    let both = [
        (MOV, 1, 0, 0, 0),
        (JEQ, 6, 0, 1, 0), // register 6 is not known
        (MOV, 1, 0, 0, 1),
        (JEQ, 1, 0, 1, 0),
        (MOV, 0, 0, 0, 5),
        (EXIT, 0, 0, 0, 0),
    ];
    assert_eq!(reached(&both), [true; 6]);
    // The same number on both ways is known still.
    let mut same = both;
    same[2].4 = 0;
    assert_eq!(reached(&same), [true, true, true, true, false, true]);
    // Registers 6 to 9 survive a call, 1 to 5 do not.
    for (register, dead) in [(6, true), (1, false)] {
        let insns = [
            (MOV, register, 0, 0, 0),
            (CALL, 0, 0, 0, 5),
            (JEQ, register, 0, 1, 0),
            (MOV, 0, 0, 0, 5),
            (EXIT, 0, 0, 0, 0),
        ];
        assert_eq!(reached(&insns)[3], !dead);
    }
}

#[test]
fn loops_lose_what_they_change() {
    // r1 = 0; do { r1 += 1 } while (r1 != 3): the verifier may know more, both ways are right.
    let insns = [
        (MOV, 1, 0, 0, 0),
        (0x07, 1, 0, 0, 1),
        (JNE, 1, 0, -2, 3),
        (EXIT, 0, 0, 0, 0),
    ];
    assert_eq!(reached(&insns), [true; 4]);
    // What a loop does not change stays known behind it.
    let insns = [
        (MOV, 6, 0, 0, 0),
        (0x07, 1, 0, 0, 1),
        (JNE, 1, 0, -2, 3),
        (JEQ, 6, 0, 1, 0),
        (MOV, 0, 0, 0, 5),
        (EXIT, 0, 0, 0, 0),
    ];
    assert_eq!(reached(&insns), [true, true, true, true, false, true]);
}

#[test]
fn all_jumps() {
    // Always: short, long.
    for jump in [(JA, 0, 0, 1, 0), (GOTOL, 0, 0, 0, 1)] {
        let insns = [jump, (MOV, 0, 0, 0, 1), (EXIT, 0, 0, 0, 0)];
        assert_eq!(reached(&insns), [true, false, true]);
    }
    // What the kernel decides goes both ways.
    let insns = [
        (MAY_GOTO, 0, 0, 1, 0),
        (MOV, 0, 0, 0, 1),
        (EXIT, 0, 0, 0, 0),
    ];
    assert_eq!(reached(&insns), [true; 3]);
    // Where a register says: everything may be reached.
    let insns = [(GOTOX, 1, 0, 0, 0), (MOV, 0, 0, 0, 1), (EXIT, 0, 0, 0, 0)];
    assert_eq!(reached(&insns), [true; 3]);
    // 32 bits of a register, and a number of two slots.
    let insns = [
        (LD_IMM64, 1, 0, 0, 0),
        (0, 0, 0, 0, 1), // 1 << 32
        (JEQ32, 1, 0, 1, 0),
        (MOV, 0, 0, 0, 5),
        (EXIT, 0, 0, 0, 0),
    ];
    assert_eq!(reached(&insns), [true, false, true, false, true]);
    let mut wide = insns;
    wide[2].0 = JEQ;
    assert_eq!(reached(&wide), [true, false, true, true, true]);
    // Beyond the end, and before the start.
    assert_eq!(reached(&[(JA, 0, 0, 100, 0)]), [true]);
    assert_eq!(reached(&[(JA, 0, 0, -100, 0)]), [true]);
    assert_eq!(reached(&[]), [false; 0]);
}

/// A poisoned instruction may have stood for any: nothing is known behind it.
#[test]
fn poison_forgets() {
    let poison = Insn::POISON;
    let insns = [
        (MOV, 6, 0, 0, 0),
        (poison.code, 0, 0, 0, poison.imm),
        (JEQ, 6, 0, 1, 0),
        (MOV, 0, 0, 0, 5),
        (EXIT, 0, 0, 0, 0),
    ];
    assert_eq!(reached(&insns), [true; 5]);
}

/// Code that branches everywhere to everywhere ends in time that grows with its length.
#[test]
fn twisted_code_ends() {
    let count = 1u32 << 14;
    let mut random = 1u32;
    let mut next = || {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        random >> 8
    };
    let insns: Vec<I> = (0..count)
        .map(|_| {
            let (dst, imm) = ((next() % 10) as u8, (next() % 3) as i32);
            match next() % 3 {
                0 => (MOV, dst, 0, 0, imm),
                1 => (0x07, dst, 0, 0, imm),
                _ => (JEQ, dst, 0, next() as i16, imm),
            }
        })
        .collect();
    let reached = reached(&insns);
    assert_eq!(reached.len(), count as usize);
    assert!(reached[0]);
}
