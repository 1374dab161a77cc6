//! Patching: every class of instruction, in both byte orders, and what must not be touched.
//!
//! Expected bytes are laid out by hand from `struct bpf_insn`: opcode, registers, 16-bit offset,
//! 32-bit immediate.

extern crate std;

mod bounds;
mod immediates;
mod memory;

use std::vec::Vec;

use super::{Applied, INSN_BYTES, Insn, Place, apply};
use crate::error::{Error, ErrorKind, Site, What};
use crate::relo::{Failure, Outcome, Reason, RelocKind, Resolution, Validate};
use crate::testing::BOTH;
use crate::units::Endian;

/// `r1 = imm`, 64 and 32 bits wide.
const MOV64: u8 = 0xb7;
const MOV32: u8 = 0xb4;
/// `r1 += imm`; `r1 += r6`.
const ADD64: u8 = 0x07;
const ADD_REGISTER: u8 = 0x0f;
/// `r1 = *(u64 *)(r6 + off)`, its narrower sisters, and the sign-extending one of 4 bytes.
const LDX64: u8 = 0x79;
const LDX32: u8 = 0x61;
const LDX16: u8 = 0x69;
const LDX8: u8 = 0x71;
const LDXS32: u8 = 0x81;
/// `*(u32 *)(r1 + off) = imm`; `= r6`; atomic add.
const ST32: u8 = 0x62;
const STX32: u8 = 0x63;
const ATOMIC64: u8 = 0xdb;
const LD_IMM64: u8 = 0x18;
/// Loads from packets by absolute offset; jumps; calls; exit.
const LD_ABS: u8 = 0x20;
const JEQ: u8 = 0x15;
const JNE32: u8 = 0x56;
const CALL: u8 = 0x85;
const EXIT: u8 = 0x95;

const fn insn(code: u8, off: i16, imm: i32) -> Insn {
    Insn {
        code,
        dst: 1,
        src: if code == LD_IMM64 { 0 } else { 6 },
        off,
        imm,
    }
}

const SECOND: Insn = Insn {
    code: 0,
    dst: 0,
    src: 0,
    off: 0,
    imm: 0,
};

fn wide(value: u64) -> [Insn; 2] {
    let (low, high) = (value as u32 as i32, (value >> 32) as u32 as i32);
    [
        insn(LD_IMM64, 0, low),
        Insn {
            imm: high,
            ..SECOND
        },
    ]
}

fn encode(insns: &[Insn], endian: Endian) -> Vec<u8> {
    insns.iter().flat_map(|insn| insn.encode(endian)).collect()
}

fn value(local: u64, value: u64) -> Resolution {
    Resolution {
        local,
        validate: Validate::Full,
        ..Resolution::new(Some(RelocKind::FieldByteOffset), Outcome::Value(value))
    }
}

fn sized(local_bytes: u32, target_bytes: u32, adjustable: bool) -> Resolution {
    Resolution {
        local_bytes,
        target_bytes,
        adjustable,
        ..value(8, 4)
    }
}

/// Applies to the first of these instructions, in both byte orders. Returns what it did and what
/// they are then.
fn applied(insns: &[Insn], resolution: &Resolution) -> (Applied, Vec<Insn>) {
    let [little, big] = BOTH.map(|endian| {
        let mut bytes = encode(insns, endian);
        let before = bytes.clone();
        let applied = apply(&mut bytes, endian, 0, resolution);
        if let Outcome::Failed(_) = applied.outcome {
            assert_eq!(bytes, before, "a failure changes nothing");
        }
        let after = bytes.as_chunks::<INSN_BYTES>().0;
        (
            applied,
            after
                .iter()
                .map(|bytes| Insn::decode(*bytes, endian))
                .collect::<Vec<_>>(),
        )
    });
    assert_eq!(little, big);
    little
}

fn fails(insns: &[Insn], resolution: &Resolution) -> Failure {
    match applied(insns, resolution).0.outcome {
        Outcome::Failed(failure) => failure,
        other => panic!("{other:?}"),
    }
}
