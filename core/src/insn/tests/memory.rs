//! Loads and stores: offsets, and sizes that differ.

use super::*;

#[test]
fn bytes_as_the_kernel_reads_them() {
    let field = value(0x0708, 0x0102);
    for (endian, before, after) in [
        (
            Endian::Little,
            [0x79, 0x61, 0x08, 0x07, 0, 0, 0, 0],
            [0x79, 0x61, 0x02, 0x01, 0, 0, 0, 0],
        ),
        (
            Endian::Big,
            [0x79, 0x16, 0x07, 0x08, 0, 0, 0, 0],
            [0x79, 0x16, 0x01, 0x02, 0, 0, 0, 0],
        ),
    ] {
        let mut bytes = before;
        let applied = apply(&mut bytes, endian, 0, &field);
        assert_eq!(bytes, after);
        let expected = Applied {
            outcome: field.outcome,
            place: Some(Place::Off),
            old: 0x0708,
        };
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
fn offsets() {
    for code in [LDX64, LDX32, LDX16, LDX8, LDXS32, ST32, STX32, ATOMIC64] {
        let before = Insn {
            imm: 7,
            ..insn(code, 4, 0)
        };
        let (applied, after) = applied(&[before], &value(4, 108));
        let expected = Applied {
            outcome: Outcome::Value(108),
            place: Some(Place::Off),
            old: 4,
        };
        assert_eq!(applied, expected, "{code:#x}");
        assert_eq!(after, [Insn { off: 108, ..before }]);
    }
}

#[test]
fn the_largest_offset() {
    assert_eq!(
        applied(&[insn(LDX64, 0, 0)], &value(0, 32_767)).1[0].off,
        i16::MAX
    );
    for offset in [32_768, 65_535, 65_536, u64::from(u32::MAX)] {
        let failure = fails(&[insn(LDX64, 0, 0)], &value(0, offset));
        assert_eq!(failure, Failure::OffsetTooLarge(offset));
    }
    // As an addend it may be larger.
    assert_eq!(
        applied(&[insn(ADD64, 0, 0)], &value(0, 32_768)).1[0].imm,
        32_768
    );
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
        assert_eq!(
            applied(&[insn(before, 8, 0)], &sized(4, 8, true)).1[0].code,
            after
        );
    }
    assert_eq!(
        applied(&[insn(ATOMIC64, 8, 0)], &sized(8, 4, true)).1[0].code,
        0xc3
    );
}

#[test]
fn resizing_that_can_not_be() {
    // The field is larger than what the instruction moves.
    let failure = fails(&[insn(LDX32, 8, 0)], &sized(8, 4, true));
    assert_eq!(
        failure,
        Failure::InsnSize {
            insn_bytes: 4,
            field_bytes: 8
        }
    );
    for bytes in [0, 3, 16] {
        assert_eq!(
            fails(&[insn(LDX64, 8, 0)], &sized(8, bytes, true)),
            Failure::NoInsnOfSize(bytes)
        );
    }
    // Signed: the verifier is to refuse it, if it is reached at all.
    let (applied, after) = applied(&[insn(LDX64, 8, 0)], &sized(8, 4, false));
    let reason = Reason::SizeDiffers {
        local_bytes: 8,
        target_bytes: 4,
    };
    let outcome = Outcome::Poison(reason);
    assert_eq!(
        applied,
        Applied {
            outcome,
            place: Some(Place::Off),
            old: 8
        }
    );
    assert_eq!(after, [Insn::POISON]);
    // Too far comes before unfit, as in libbpf.
    let far = Resolution {
        outcome: Outcome::Value(40_000),
        ..sized(8, 4, false)
    };
    assert_eq!(
        fails(&[insn(LDX64, 8, 0)], &far),
        Failure::OffsetTooLarge(40_000)
    );
    // An addend has no size.
    let (added, _) = self::applied(&[insn(ADD64, 0, 8)], &sized(8, 4, false));
    assert_eq!(added.outcome, Outcome::Value(4));
    let (loaded, _) = self::applied(&wide(8), &sized(8, 4, false));
    assert_eq!(loaded.outcome, Outcome::Value(4));
}
