//! One instruction.

use relocore::insn::{Insn, Place, apply};
use relocore::relo::{Mismatch, Outcome, RelocKind, Resolution, TargetType, Validate, Why};
use relocore::{Endian, TypeId};

/// One resolution, made of the first bytes, into the instructions that the rest are.
pub fn patch(bytes: &[u8]) {
    let Some((&[how, value_bytes, local, sizes, at, ..], rest)) = bytes.split_at_checked(16) else {
        return;
    };
    let number = |at: usize| {
        let bytes = bytes
            .get(at..at + 8)
            .and_then(|bytes| bytes.try_into().ok());
        u64::from_le_bytes(bytes.unwrap_or_default())
    };
    let value = number(5) >> (value_bytes & 63);
    let reason = relocore::relo::Reason::NoMatch {
        candidates: 1,
        first: TargetType {
            btf: 0,
            id: TypeId(1),
        },
        mismatch: Mismatch {
            accessor: 0,
            why: Why::NoMember { owner: TypeId(1) },
        },
    };
    let outcome = match how & 3 {
        0 | 1 => Outcome::Value(value),
        2 => Outcome::Absent(reason),
        _ => Outcome::Poison(reason),
    };
    let validates = [Validate::No, Validate::Full, Validate::Low32, Validate::No];
    let resolution = Resolution {
        local: u64::from(local),
        validate: validates[usize::from(how >> 2 & 3)],
        local_bytes: u32::from(sizes & 15),
        target_bytes: u32::from(sizes >> 4),
        adjustable: how & 16 != 0,
        ..Resolution::new(Some(RelocKind::FieldByteOffset), outcome)
    };
    let endian = [Endian::Little, Endian::Big][usize::from(how >> 7)];
    let mut section = rest.to_vec();
    let applied = apply(&mut section, endian, u32::from(at), &resolution);
    let (start, end) = (usize::from(at), usize::from(at) + 16);
    for (offset, (before, after)) in rest.iter().zip(&section).enumerate() {
        assert!(before == after || (start..end).contains(&offset));
    }
    let insn = |at: usize| {
        let bytes = section.get(at..at + 8)?.try_into().ok()?;
        Some(Insn::decode(bytes, endian))
    };
    match (applied.outcome, applied.place) {
        (Outcome::Failed(_), _) => assert_eq!(section, rest, "failed, and not as it was"),
        (Outcome::Poison(_), _) => assert_eq!(insn(start), Some(Insn::POISON)),
        (Outcome::Value(value), Some(Place::Off)) => {
            assert_eq!(
                insn(start).map(|insn| i64::from(insn.off) as u64),
                Some(value)
            );
        }
        _ => {}
    }
}
