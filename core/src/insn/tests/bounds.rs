//! What becomes poison, and what must stay as it is.

use super::*;

#[test]
fn instructions_without_a_place() {
    for code in [ADD_REGISTER, LD_ABS, JEQ, JNE32, CALL, EXIT] {
        assert_eq!(
            fails(&[insn(code, 0, 0)], &value(0, 0)),
            Failure::Insn { code }
        );
    }
    // 0 is a value too.
    let absent = Resolution {
        outcome: Outcome::Absent(Reason::NoCandidate),
        ..value(1, 0)
    };
    assert_eq!(
        fails(&[insn(JEQ, 0, 1)], &absent),
        Failure::Insn { code: JEQ }
    );
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
    assert_eq!(
        applied(&[Insn::POISON, next], &poison).1,
        [Insn::POISON, next]
    );
}

#[test]
fn places_outside() {
    let three = [insn(MOV64, 0, 8), insn(MOV64, 0, 8), insn(MOV64, 0, 8)];
    for outcome in [Outcome::Value(4), Outcome::Poison(Reason::NoCandidate)] {
        let resolution = Resolution {
            outcome,
            ..value(8, 4)
        };
        for insn_off in [1, 4, 7, 9, 24, 32, u32::MAX, u32::MAX - 7] {
            for endian in BOTH {
                let mut bytes = encode(&three, endian);
                let applied = apply(&mut bytes, endian, insn_off, &resolution);
                let outcome = Outcome::Failed(Failure::NoInsn);
                assert_eq!(
                    applied,
                    Applied {
                        outcome,
                        place: None,
                        old: 0
                    },
                    "{insn_off}"
                );
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
        assert_eq!(
            bytes,
            encode(&[first, Insn { off: 16, ..second }, third], endian)
        );
    }
}

#[test]
fn what_is_no_value_leaves_the_bytes() {
    let failed = Failure::Local(Error::new(ErrorKind::Malformed(What::Kind), Site::Call));
    for outcome in [Outcome::Skipped, Outcome::Failed(failed)] {
        let resolution = Resolution {
            outcome,
            ..value(8, 4)
        };
        let (applied, after) = applied(&[insn(LDX64, 8, 0)], &resolution);
        assert_eq!(
            applied,
            Applied {
                outcome,
                place: None,
                old: 0
            }
        );
        assert_eq!(after, [insn(LDX64, 8, 0)]);
    }
    // Not even where there is nothing to look at.
    let skipped = apply(&mut [], Endian::Little, 3, &Resolution::EMPTY);
    assert_eq!(skipped.outcome, Outcome::Skipped);
}
