//! Immediates of 32 and 64 bits: written, checked against what was there, refused.

use super::*;

#[test]
fn immediates() {
    for code in [MOV64, MOV32, ADD64] {
        let (applied, after) = applied(&[insn(code, 0, 11)], &value(11, 1755));
        let expected = Applied {
            outcome: Outcome::Value(1755),
            place: Some(Place::Imm),
            old: 11,
        };
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
    for too_large in [
        1 << 31,
        0xffff_ffff,
        1 << 32,
        u64::MAX >> 1,
        (-1i64 << 32).cast_unsigned(),
    ] {
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
fn wide_immediates() {
    let (old, new) = (0x0102_0304_0506_0708, 0xf1f2_f3f4_f5f6_f7f8);
    let (applied, after) = applied(&wide(old), &value(old, new));
    assert_eq!(
        applied,
        Applied {
            outcome: Outcome::Value(new),
            place: Some(Place::Imm64),
            old
        }
    );
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
        (
            first,
            Insn {
                code: MOV64,
                ..second
            },
        ),
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
fn validation() {
    let mismatch = |found| Failure::InsnValue { expected: 8, found };
    assert_eq!(fails(&[insn(MOV64, 0, 9)], &value(8, 4)), mismatch(9));
    assert_eq!(fails(&[insn(LDX64, 9, 0)], &value(8, 4)), mismatch(9));
    assert_eq!(
        fails(&[insn(LDX64, -8, 0)], &value(8, 4)),
        mismatch((-8i64).cast_unsigned())
    );
    assert_eq!(
        fails(&wide(8 | 1 << 32), &value(8, 4)),
        mismatch(8 | 1 << 32)
    );
    // Even where nothing would change.
    assert_eq!(fails(&[insn(MOV64, 0, 9)], &value(8, 9)), mismatch(9));
    let no = |resolution| Resolution {
        validate: Validate::No,
        ..resolution
    };
    for insns in [
        &[insn(MOV64, 0, 9)][..],
        &[insn(LDX64, 9, 0)],
        &wide(u64::MAX),
    ] {
        assert_eq!(
            applied(insns, &no(value(8, 4))).0.outcome,
            Outcome::Value(4)
        );
    }
    // Only the low half, for compilers that extend it otherwise.
    let low = |local| Resolution {
        validate: Validate::Low32,
        ..value(local, 1)
    };
    assert_eq!(
        applied(&wide(u64::MAX), &low(0xffff_ffff)).0.outcome,
        Outcome::Value(1)
    );
    assert_eq!(
        applied(&wide(0xffff_ffff), &low(u64::MAX)).0.outcome,
        Outcome::Value(1)
    );
    assert!(matches!(
        fails(&wide(0xffff_fffe), &low(u64::MAX)),
        Failure::InsnValue { .. }
    ));
}

#[test]
fn absence_is_a_zero() {
    let outcome = Outcome::Absent(Reason::NoCandidate);
    let absent = Resolution {
        outcome,
        ..value(1, 0)
    };
    let (applied, after) = applied(&[insn(MOV64, 0, 1)], &absent);
    assert_eq!(
        applied,
        Applied {
            outcome,
            place: Some(Place::Imm),
            old: 1
        }
    );
    assert_eq!(after, [insn(MOV64, 0, 0)]);
    let (_, after) = self::applied(&wide(1), &absent);
    assert_eq!(after, wide(0));
    // It is validated as any value is.
    assert!(matches!(
        fails(&[insn(MOV64, 0, 2)], &absent),
        Failure::InsnValue { .. }
    ));
}
