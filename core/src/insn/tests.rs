//! Patching: every class of instruction, in both byte orders, and what must not be touched.
//!
//! Expected bytes are laid out by hand from `struct bpf_insn`: opcode, registers, 16-bit offset,
//! 32-bit immediate.

extern crate std;

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
    Insn { code, dst: 1, src: if code == LD_IMM64 { 0 } else { 6 }, off, imm }
}

const SECOND: Insn = Insn { code: 0, dst: 0, src: 0, off: 0, imm: 0 };

fn wide(value: u64) -> [Insn; 2] {
    let (low, high) = (value as u32 as i32, (value >> 32) as u32 as i32);
    [insn(LD_IMM64, 0, low), Insn { imm: high, ..SECOND }]
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
    Resolution { local_bytes, target_bytes, adjustable, ..value(8, 4) }
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
        (applied, after.iter().map(|bytes| Insn::decode(*bytes, endian)).collect::<Vec<_>>())
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

#[test]
fn bytes_as_the_kernel_reads_them() {
    let field = value(0x0708, 0x0102);
    for (endian, before, after) in [
        (Endian::Little, [0x79, 0x61, 0x08, 0x07, 0, 0, 0, 0], [0x79, 0x61, 0x02, 0x01, 0, 0, 0, 0]),
        (Endian::Big, [0x79, 0x16, 0x07, 0x08, 0, 0, 0, 0], [0x79, 0x16, 0x01, 0x02, 0, 0, 0, 0]),
    ] {
        let mut bytes = before;
        let applied = apply(&mut bytes, endian, 0, &field);
        assert_eq!(bytes, after);
        let expected = Applied { outcome: field.outcome, place: Some(Place::Off), old: 0x0708 };
        assert_eq!(applied, expected);
    }
    let poison = Resolution::new(None, Outcome::Poison(Reason::NoCandidate));
    let mut bytes = [0x79, 0x61, 8, 7, 0, 0, 0, 0];
    apply(&mut bytes, Endian::Little, 0, &poison);
    assert_eq!(bytes, [0x85, 0, 0, 0, 0x10, 0x23, 0xad, 0x0b]);
    apply(&mut bytes, Endian::Big, 0, &poison);
    assert_eq!(bytes, [0x85, 0, 0, 0, 0x0b, 0xad, 0x23, 0x10]);
}

#[test]
fn immediates() {
    for code in [MOV64, MOV32, ADD64] {
        let (applied, after) = applied(&[insn(code, 0, 11)], &value(11, 1755));
        let expected = Applied { outcome: Outcome::Value(1755), place: Some(Place::Imm), old: 11 };
        assert_eq!(applied, expected);
        assert_eq!(after, [insn(code, 0, 1755)]);
    }
    // -2 as an enumerator: all bits of 64 on both sides.
    let minus = |n: i64| n.cast_unsigned();
    let (applied, after) = applied(&[insn(MOV64, 0, -2)], &value(minus(-2), minus(-3)));
    assert_eq!((applied.old, after[0].imm), (minus(-2), -3));
}

#[test]
fn immediates_that_do_not_fit() {
    for too_large in [1 << 31, 0xffff_ffff, 1 << 32, u64::MAX >> 1, (-1i64 << 32).cast_unsigned()] {
        let failure = fails(&[insn(MOV64, 0, 0)], &value(0, too_large));
        assert_eq!(failure, Failure::ImmTooLarge(too_large));
    }
    let fits = |code, value_: u64| applied(&[insn(code, 0, 0)], &value(0, value_)).1[0].imm;
    assert_eq!(fits(MOV64, (1 << 31) - 1), i32::MAX);
    assert_eq!(fits(MOV64, (-1i64 << 31).cast_unsigned()), i32::MIN);
    // A 32-bit move has these bits and no sign to extend.
    assert_eq!(fits(MOV32, 1 << 31), i32::MIN);
    assert_eq!(fits(MOV32, 0xffff_ffff), -1);
    let failure = fails(&[insn(MOV32, 0, 0)], &value(0, 1 << 32));
    assert_eq!(failure, Failure::ImmTooLarge(1 << 32));
}

#[test]
fn offsets() {
    for code in [LDX64, LDX32, LDX16, LDX8, LDXS32, ST32, STX32, ATOMIC64] {
        let before = Insn { imm: 7, ..insn(code, 4, 0) };
        let (applied, after) = applied(&[before], &value(4, 108));
        let expected = Applied { outcome: Outcome::Value(108), place: Some(Place::Off), old: 4 };
        assert_eq!(applied, expected, "{code:#x}");
        assert_eq!(after, [Insn { off: 108, ..before }]);
    }
}

#[test]
fn the_largest_offset() {
    assert_eq!(applied(&[insn(LDX64, 0, 0)], &value(0, 32_767)).1[0].off, i16::MAX);
    for offset in [32_768, 65_535, 65_536, u64::from(u32::MAX)] {
        let failure = fails(&[insn(LDX64, 0, 0)], &value(0, offset));
        assert_eq!(failure, Failure::OffsetTooLarge(offset));
    }
    // As an addend it may be larger.
    assert_eq!(applied(&[insn(ADD64, 0, 0)], &value(0, 32_768)).1[0].imm, 32_768);
}

#[test]
fn wide_immediates() {
    let (old, new) = (0x0102_0304_0506_0708, 0xf1f2_f3f4_f5f6_f7f8);
    let (applied, after) = applied(&wide(old), &value(old, new));
    assert_eq!(applied, Applied { outcome: Outcome::Value(new), place: Some(Place::Imm64), old });
    assert_eq!(after, wide(new));
    // The low half's sign is not the value's.
    let (_, after) = self::applied(&wide(0xefff_ffff), &value(0xefff_ffff, 0x8000_0000));
    assert_eq!(after, wide(0x8000_0000));
}

#[test]
fn wide_immediates_of_another_meaning() {
    let [first, second] = wide(5);
    let resolution = value(5, 6);
    for (first, second) in [
        (Insn { src: 1, ..first }, second), // a map
        (Insn { off: 1, ..first }, second),
        (first, Insn { code: MOV64, ..second }),
        (first, Insn { dst: 1, ..second }),
        (first, Insn { src: 1, ..second }),
        (first, Insn { off: 1, ..second }),
    ] {
        let failure = fails(&[first, second], &resolution);
        assert_eq!(failure, Failure::Insn { code: LD_IMM64 });
    }
    assert_eq!(fails(&[first], &resolution), Failure::NoInsn);
}

#[test]
fn instructions_without_a_place() {
    for code in [ADD_REGISTER, LD_ABS, JEQ, JNE32, CALL, EXIT] {
        assert_eq!(fails(&[insn(code, 0, 0)], &value(0, 0)), Failure::Insn { code });
    }
    // 0 is a value too.
    let absent = Resolution { outcome: Outcome::Absent(Reason::NoCandidate), ..value(1, 0) };
    assert_eq!(fails(&[insn(JEQ, 0, 1)], &absent), Failure::Insn { code: JEQ });
}

#[test]
fn validation() {
    let mismatch = |found| Failure::InsnValue { expected: 8, found };
    assert_eq!(fails(&[insn(MOV64, 0, 9)], &value(8, 4)), mismatch(9));
    assert_eq!(fails(&[insn(LDX64, 9, 0)], &value(8, 4)), mismatch(9));
    assert_eq!(fails(&[insn(LDX64, -8, 0)], &value(8, 4)), mismatch((-8i64).cast_unsigned()));
    assert_eq!(fails(&wide(8 | 1 << 32), &value(8, 4)), mismatch(8 | 1 << 32));
    // Even where nothing would change.
    assert_eq!(fails(&[insn(MOV64, 0, 9)], &value(8, 9)), mismatch(9));
    let no = |resolution| Resolution { validate: Validate::No, ..resolution };
    for insns in [&[insn(MOV64, 0, 9)][..], &[insn(LDX64, 9, 0)], &wide(u64::MAX)] {
        assert_eq!(applied(insns, &no(value(8, 4))).0.outcome, Outcome::Value(4));
    }
    // Only the low half, for compilers that extend it otherwise.
    let low = |local| Resolution { validate: Validate::Low32, ..value(local, 1) };
    assert_eq!(applied(&wide(u64::MAX), &low(0xffff_ffff)).0.outcome, Outcome::Value(1));
    assert_eq!(applied(&wide(0xffff_ffff), &low(u64::MAX)).0.outcome, Outcome::Value(1));
    assert!(matches!(fails(&wide(0xffff_fffe), &low(u64::MAX)), Failure::InsnValue { .. }));
}

#[test]
fn absence_is_a_zero() {
    let outcome = Outcome::Absent(Reason::NoCandidate);
    let absent = Resolution { outcome, ..value(1, 0) };
    let (applied, after) = applied(&[insn(MOV64, 0, 1)], &absent);
    assert_eq!(applied, Applied { outcome, place: Some(Place::Imm), old: 1 });
    assert_eq!(after, [insn(MOV64, 0, 0)]);
    let (_, after) = self::applied(&wide(1), &absent);
    assert_eq!(after, wide(0));
    // It is validated as any value is.
    assert!(matches!(fails(&[insn(MOV64, 0, 2)], &absent), Failure::InsnValue { .. }));
}

#[test]
fn resizing() {
    let size_of = [(8, LDX64), (4, LDX32), (2, LDX16), (1, LDX8)];
    for (local_bytes, before) in size_of {
        for (target_bytes, after) in size_of {
            let resolution = sized(local_bytes, target_bytes, true);
            let (applied, insns) = applied(&[insn(before, 8, 0)], &resolution);
            assert_eq!(applied.outcome, Outcome::Value(4));
            assert_eq!(insns, [insn(after, 4, 0)]);
        }
    }
    // Mode and class stay: stores, sign-extending loads, atomics.
    for (before, after) in [(ST32, 0x7a), (STX32, 0x7b), (LDXS32, 0x99)] {
        assert_eq!(applied(&[insn(before, 8, 0)], &sized(4, 8, true)).1[0].code, after);
    }
    assert_eq!(applied(&[insn(ATOMIC64, 8, 0)], &sized(8, 4, true)).1[0].code, 0xc3);
}

#[test]
fn resizing_that_can_not_be() {
    // The field is larger than what the instruction moves.
    let failure = fails(&[insn(LDX32, 8, 0)], &sized(8, 4, true));
    assert_eq!(failure, Failure::InsnSize { insn_bytes: 4, field_bytes: 8 });
    for bytes in [0, 3, 16] {
        assert_eq!(fails(&[insn(LDX64, 8, 0)], &sized(8, bytes, true)), Failure::NoInsnOfSize(bytes));
    }
    // Signed: the verifier is to refuse it, if it is reached at all.
    let (applied, after) = applied(&[insn(LDX64, 8, 0)], &sized(8, 4, false));
    let reason = Reason::SizeDiffers { local_bytes: 8, target_bytes: 4 };
    let outcome = Outcome::Poison(reason);
    assert_eq!(applied, Applied { outcome, place: Some(Place::Off), old: 8 });
    assert_eq!(after, [Insn::POISON]);
    // Too far comes before unfit, as in libbpf.
    let far = Resolution { outcome: Outcome::Value(40_000), ..sized(8, 4, false) };
    assert_eq!(fails(&[insn(LDX64, 8, 0)], &far), Failure::OffsetTooLarge(40_000));
    // An addend has no size.
    let (added, _) = self::applied(&[insn(ADD64, 0, 8)], &sized(8, 4, false));
    assert_eq!(added.outcome, Outcome::Value(4));
    let (loaded, _) = self::applied(&wide(8), &sized(8, 4, false));
    assert_eq!(loaded.outcome, Outcome::Value(4));
}

#[test]
fn poison() {
    let poison = Resolution::new(None, Outcome::Poison(Reason::NoCandidate));
    let next = insn(MOV64, 0, 3);
    // Whatever it is: the record says that it must not run.
    for code in [MOV64, ADD_REGISTER, LDX64, STX32, JEQ, LD_ABS] {
        let (applied, after) = applied(&[insn(code, 4, 5), next], &poison);
        assert_eq!(applied.outcome, poison.outcome);
        assert_eq!(after, [Insn::POISON, next], "{code:#x}");
    }
    let [first, second] = wide(7);
    let (_, after) = applied(&[first, second, next], &poison);
    assert_eq!(after, [Insn::POISON, Insn::POISON, next]);
    // As the last instruction it has no second half; libbpf writes behind the program here.
    assert_eq!(fails(&[first], &poison), Failure::NoInsn);
    // Twice is as once.
    assert_eq!(applied(&[Insn::POISON, next], &poison).1, [Insn::POISON, next]);
}

#[test]
fn places_outside() {
    let three = [insn(MOV64, 0, 8), insn(MOV64, 0, 8), insn(MOV64, 0, 8)];
    for outcome in [Outcome::Value(4), Outcome::Poison(Reason::NoCandidate)] {
        let resolution = Resolution { outcome, ..value(8, 4) };
        for insn_off in [1, 4, 7, 9, 24, 32, u32::MAX, u32::MAX - 7] {
            for endian in BOTH {
                let mut bytes = encode(&three, endian);
                let applied = apply(&mut bytes, endian, insn_off, &resolution);
                let outcome = Outcome::Failed(Failure::NoInsn);
                assert_eq!(applied, Applied { outcome, place: None, old: 0 }, "{insn_off}");
                assert_eq!(bytes, encode(&three, endian));
            }
        }
        // The last one is whole, and a section may end in half an instruction.
        let mut bytes = encode(&three, Endian::Little);
        let applied = apply(&mut bytes, Endian::Little, 16, &resolution);
        assert_eq!(applied.outcome, outcome);
        bytes.truncate(23);
        let applied = apply(&mut bytes, Endian::Little, 16, &resolution);
        assert_eq!(applied.outcome, Outcome::Failed(Failure::NoInsn));
    }
    let applied = apply(&mut [], Endian::Big, 0, &value(0, 0));
    assert_eq!(applied.outcome, Outcome::Failed(Failure::NoInsn));
}

#[test]
fn only_its_own_instruction() {
    let insns = [insn(LDX64, 8, 1), insn(LDX64, 8, 2), insn(LDX64, 8, 3)];
    for endian in BOTH {
        let mut bytes = encode(&insns, endian);
        apply(&mut bytes, endian, 8, &value(8, 16));
        let [first, second, third] = insns;
        assert_eq!(bytes, encode(&[first, Insn { off: 16, ..second }, third], endian));
    }
}

#[test]
fn what_is_no_value_leaves_the_bytes() {
    let failed = Failure::Local(Error::new(ErrorKind::Malformed(What::Kind), Site::Call));
    for outcome in [Outcome::Skipped, Outcome::Failed(failed)] {
        let resolution = Resolution { outcome, ..value(8, 4) };
        let (applied, after) = applied(&[insn(LDX64, 8, 0)], &resolution);
        assert_eq!(applied, Applied { outcome, place: None, old: 0 });
        assert_eq!(after, [insn(LDX64, 8, 0)]);
    }
    // Not even where there is nothing to look at.
    let skipped = apply(&mut [], Endian::Little, 3, &Resolution::EMPTY);
    assert_eq!(skipped.outcome, Outcome::Skipped);
}
