//! Writing a resolution into its instruction.
//!
//! Enters: a section's bytes, an instruction's offset, a [`Resolution`]. Leaves: [`Applied`]. All
//! or nothing: where the outcome is `Failed`, no byte has changed. Rule: libbpf's
//! `bpf_core_patch_insn`, but values that the instruction can't hold are errors here.

use crate::relo::{Failure, Outcome, Reason, Resolution, Validate};
use crate::units::Endian;

use super::view::{INSN_BYTES, Insn};

/// What has become of an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Applied {
    /// The resolution's outcome, or what the instruction made of it: loads and stores that can't
    /// be resized are poisoned, unfit instructions fail.
    pub outcome: Outcome,
    /// Where the instruction holds its value; `None` if it holds none, or was never looked at.
    pub place: Option<Place>,
    /// The value that it held, sign-extended from its place.
    pub old: u64,
}

/// Where an instruction holds a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Place {
    /// The 32-bit immediate of an arithmetic instruction or move.
    Imm,
    /// The 16-bit offset of a load or store, in bytes.
    Off,
    /// The 64-bit immediate of two slots.
    Imm64,
}

impl Applied {
    const fn untouched(outcome: Outcome) -> Self {
        Self {
            outcome,
            place: None,
            old: 0,
        }
    }
}

/// Applies `resolution` to the instruction at `insn_off` bytes of the section.
pub fn apply(
    section: &mut [u8],
    endian: Endian,
    insn_off: u32,
    resolution: &Resolution,
) -> Applied {
    if matches!(resolution.outcome, Outcome::Skipped | Outcome::Failed(_)) {
        return Applied::untouched(resolution.outcome);
    }
    let Some((first, second)) = slots(section, insn_off) else {
        return Applied::untouched(Outcome::Failed(Failure::NoInsn));
    };
    let mut insn = Insn::decode(*first, endian);
    let mut next = second.as_ref().map(|second| Insn::decode(**second, endian));
    let place = place(insn);
    let old = match (place, next) {
        (Some(Place::Imm), _) => i64::from(insn.imm).cast_unsigned(),
        (Some(Place::Off), _) => i64::from(insn.off).cast_unsigned(),
        (Some(Place::Imm64), Some(next)) => wide(insn, next),
        _ => 0,
    };
    let outcome = match resolution.outcome {
        Outcome::Value(value) => rewrite(&mut insn, next.as_mut(), resolution, value),
        Outcome::Absent(_) => rewrite(&mut insn, next.as_mut(), resolution, 0),
        other => Ok(other),
    };
    let outcome = match outcome {
        // The rewriting says only what it changed of the outcome.
        Ok(Outcome::Value(_)) => resolution.outcome,
        Ok(outcome) => outcome,
        Err(failure) => Outcome::Failed(failure),
    };
    match outcome {
        Outcome::Failed(_) => {}
        Outcome::Poison(_) => {
            let poison = Insn::POISON.encode(endian);
            if insn.is_ld_imm64() {
                // The second slot too, or the verifier would complain of an unknown opcode.
                let Some(second) = second else {
                    return Applied {
                        outcome: Outcome::Failed(Failure::NoInsn),
                        place,
                        old,
                    };
                };
                *second = poison;
            }
            *first = poison;
        }
        _ => {
            *first = insn.encode(endian);
            if let (Some(second), Some(next), true) = (second, next, insn.is_ld_imm64()) {
                *second = next.encode(endian);
            }
        }
    }
    Applied {
        outcome,
        place,
        old,
    }
}

type Slot = [u8; INSN_BYTES];

/// The instruction's slot, and the one after it if there is one.
fn slots(section: &mut [u8], insn_off: u32) -> Option<(&mut Slot, Option<&mut Slot>)> {
    if !(insn_off as usize).is_multiple_of(INSN_BYTES) {
        return None;
    }
    let rest = section.get_mut(insn_off as usize..)?;
    let (first, rest) = rest.split_first_chunk_mut()?;
    Some((first, rest.first_chunk_mut()))
}

const CLASS: u8 = 0x07;
const SOURCE_REGISTER: u8 = 0x08;
const SIZE: u8 = 0x18;

const LD: u8 = 0;
const LDX: u8 = 1;
const ST: u8 = 2;
const STX: u8 = 3;
const ALU: u8 = 4;
const ALU64: u8 = 7;

fn place(insn: Insn) -> Option<Place> {
    match insn.code & CLASS {
        ALU | ALU64 if insn.code & SOURCE_REGISTER == 0 => Some(Place::Imm),
        LDX | ST | STX => Some(Place::Off),
        LD if insn.is_ld_imm64() => Some(Place::Imm64),
        _ => None,
    }
}

fn wide(low: Insn, high: Insn) -> u64 {
    u64::from(high.imm.cast_unsigned()) << 32 | u64::from(low.imm.cast_unsigned())
}

/// Changes the decoded instruction. `Ok` is `Value` if it did, or the poison that it must be.
fn rewrite(
    insn: &mut Insn,
    next: Option<&mut Insn>,
    resolution: &Resolution,
    value: u64,
) -> Result<Outcome, Failure> {
    match place(*insn) {
        Some(Place::Imm) => immediate(insn, resolution, value)?,
        Some(Place::Off) => return memory(insn, resolution, value),
        Some(Place::Imm64) => immediate64(insn, next, resolution, value)?,
        None => return Err(Failure::Insn { code: insn.code }),
    }
    Ok(Outcome::Value(value))
}

/// The instruction must hold what the compiler worked out from the local types.
fn validate(resolution: &Resolution, found: u64) -> Result<(), Failure> {
    let expected = resolution.local;
    let equal = match resolution.validate {
        Validate::No => true,
        Validate::Full => found == expected,
        Validate::Low32 => found & 0xffff_ffff == expected & 0xffff_ffff,
    };
    if equal {
        Ok(())
    } else {
        Err(Failure::InsnValue { expected, found })
    }
}

fn immediate(insn: &mut Insn, resolution: &Resolution, value: u64) -> Result<(), Failure> {
    validate(resolution, i64::from(insn.imm).cast_unsigned())?;
    // A 64-bit operation extends the immediate's sign; a 32-bit one has no more than its bits.
    let [b0, b1, b2, b3, ..] = value.to_le_bytes();
    let imm = i32::from_le_bytes([b0, b1, b2, b3]);
    let extended = i64::from(imm).cast_unsigned() == value;
    let narrow = insn.code & CLASS == ALU && u32::try_from(value).is_ok();
    if !extended && !narrow {
        return Err(Failure::ImmTooLarge(value));
    }
    insn.imm = imm;
    Ok(())
}

fn memory(insn: &mut Insn, resolution: &Resolution, value: u64) -> Result<Outcome, Failure> {
    validate(resolution, i64::from(insn.off).cast_unsigned())?;
    let off = i16::try_from(value).map_err(|_| Failure::OffsetTooLarge(value))?;
    let Resolution {
        local_bytes,
        target_bytes,
        adjustable,
        ..
    } = *resolution;
    if local_bytes != target_bytes {
        if !adjustable {
            return Ok(Outcome::Poison(Reason::SizeDiffers {
                local_bytes,
                target_bytes,
            }));
        }
        let insn_bytes = size_bytes(insn.code);
        if insn_bytes != local_bytes {
            return Err(Failure::InsnSize {
                insn_bytes,
                field_bytes: local_bytes,
            });
        }
        let size = size_code(target_bytes).ok_or(Failure::NoInsnOfSize(target_bytes))?;
        insn.code = insn.code & !SIZE | size;
    }
    insn.off = off;
    Ok(Outcome::Value(value))
}

fn immediate64(
    insn: &mut Insn,
    next: Option<&mut Insn>,
    resolution: &Resolution,
    value: u64,
) -> Result<(), Failure> {
    let next = next.ok_or(Failure::NoInsn)?;
    let plain = insn.src == 0 && insn.off == 0;
    let second = Insn { imm: 0, ..*next };
    if !plain
        || second
            != (Insn {
                code: 0,
                dst: 0,
                src: 0,
                off: 0,
                imm: 0,
            })
    {
        return Err(Failure::Insn { code: insn.code });
    }
    validate(resolution, wide(*insn, *next))?;
    let [b0, b1, b2, b3, b4, b5, b6, b7] = value.to_le_bytes();
    insn.imm = i32::from_le_bytes([b0, b1, b2, b3]);
    next.imm = i32::from_le_bytes([b4, b5, b6, b7]);
    Ok(())
}

/// Bytes that a load or store of that opcode moves.
const fn size_bytes(code: u8) -> u32 {
    match code & SIZE {
        0x00 => 4,
        0x08 => 2,
        0x10 => 1,
        _ => 8,
    }
}

const fn size_code(bytes: u32) -> Option<u8> {
    match bytes {
        1 => Some(0x10),
        2 => Some(0x08),
        4 => Some(0x00),
        8 => Some(0x18),
        _ => None,
    }
}
