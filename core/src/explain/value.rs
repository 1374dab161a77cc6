//! What a register is known to hold.
//!
//! Enters: instructions, one after the other. Leaves: [`Registers`]: numbers that the code itself
//! fixes, with the record that they come from, and pointers into the kernel, with whether their
//! offset was relocated. Anything else is not known. The rules are the instruction set's
//! (RFC 9669); memory is not followed.

use crate::insn::{Insn, POISON_IMM};

/// What one register holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// Not known.
    Any,
    /// A number, and one more than the record that it was relocated by; 0 for none.
    Number { value: u64, record: u32 },
    /// The program's context.
    Context,
    /// A pointer into the kernel's memory.
    Kernel(Offset),
}

/// What has been added to a pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offset {
    /// Nothing.
    None,
    /// A number that no record adapts.
    Fixed,
    /// A relocated number, or one that is not known.
    Relocated,
}

/// What is known of the number in an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// It is as it stands; with one more than the record that it was relocated by, 0 for none.
    Number(u32),
    /// Nothing: it is still to be relocated.
    No,
}

impl Known {
    const fn value(self, value: u64) -> Value {
        match self {
            Self::Number(record) => Value::Number { value, record },
            Self::No => Value::Any,
        }
    }
}

/// Registers 0 to 10.
pub(super) type Registers = [Value; 11];

/// What a program starts with: its context in register 1.
pub(super) const fn at_entry() -> Registers {
    let mut registers = [Value::Any; 11];
    registers[1] = Value::Context;
    registers
}

impl Value {
    /// What is known wherever either may be.
    pub(super) fn join(self, other: Self) -> Self {
        match (self, other) {
            _ if self == other => self,
            (Self::Number { value, .. }, Self::Number { value: same, .. }) if value == same => {
                Self::Number { value, record: 0 }
            }
            _ => Self::Any,
        }
    }
}

pub(super) fn get(registers: &Registers, nth: u8) -> Value {
    registers
        .get(usize::from(nth))
        .copied()
        .unwrap_or(Value::Any)
}

fn set(registers: &mut Registers, nth: u8, value: Value) {
    if let Some(register) = registers.get_mut(usize::from(nth)) {
        *register = value;
    }
}

const CLASS: u8 = 0x07;
const FROM_REGISTER: u8 = 0x08;
const CALL: u8 = 0x85;

/// Helpers that give the current task.
const CURRENT_TASK: [i32; 2] = [35, 158];

/// Carries out an instruction that is no jump. `next` is its second slot, `number` what is known of
/// the number in it. `from_context`: what the context holds are kernel pointers.
pub(super) fn step(
    registers: &mut Registers,
    insn: Insn,
    next: Option<Insn>,
    number: Known,
    from_context: bool,
) {
    match insn.code & CLASS {
        0 if insn.is_ld_imm64() => {
            let high = next.map_or(0, |next| next.imm.cast_unsigned());
            let value = u64::from(high) << 32 | u64::from(insn.imm.cast_unsigned());
            let is_number = insn.src == 0;
            let value = if is_number {
                number.value(value)
            } else {
                Value::Any
            };
            set(registers, insn.dst, value);
        }
        // Loads from packets clobber what calls do.
        0 => clobber(registers),
        1 => {
            let wide = insn.code & 0x18 == 0x18;
            let base = get(registers, insn.src);
            let is_pointer = match base {
                Value::Context => from_context,
                Value::Kernel(_) => true,
                _ => false,
            };
            let value = if wide && is_pointer {
                Value::Kernel(Offset::None)
            } else {
                Value::Any
            };
            set(registers, insn.dst, value);
        }
        // Stores; atomic ones may load into their source or register 0.
        3 if insn.code & 0xe0 == 0xc0 => {
            set(registers, insn.src, Value::Any);
            set(registers, 0, Value::Any);
        }
        2 | 3 => {}
        4 | 7 => {
            let operand = if insn.code & FROM_REGISTER == 0 {
                number.value(i64::from(insn.imm).cast_unsigned())
            } else {
                get(registers, insn.src)
            };
            let wide = insn.code & CLASS == 7;
            let value = arithmetic(insn, get(registers, insn.dst), operand, wide);
            set(registers, insn.dst, value);
        }
        _ if insn.code == CALL && insn.src == 0 && insn.imm == POISON_IMM => {
            // In its place was any instruction, with any destination.
            *registers = [Value::Any; 11];
        }
        _ if insn.code == CALL => {
            clobber(registers);
            if insn.src == 0 && CURRENT_TASK.contains(&insn.imm) {
                set(registers, 0, Value::Kernel(Offset::None));
            }
        }
        _ => {}
    }
}

fn clobber(registers: &mut Registers) {
    for register in registers.iter_mut().take(6) {
        *register = Value::Any;
    }
}

fn arithmetic(insn: Insn, old: Value, operand: Value, wide: bool) -> Value {
    const ADD: u8 = 0x00;
    const MOV: u8 = 0xb0;
    let narrow = |value: u64| if wide { value } else { value & 0xffff_ffff };
    let operation = insn.code & 0xf0;
    match (operation, old, operand) {
        // Moves that extend a sign have an offset.
        (MOV, _, Value::Number { value, record }) if insn.off == 0 => Value::Number {
            value: narrow(value),
            record,
        },
        (MOV, _, operand) if insn.off == 0 && wide => operand,
        (ADD, Value::Kernel(offset), operand) | (ADD, operand, Value::Kernel(offset)) if wide => {
            let added = match operand {
                Value::Number { record: 0, value } if value != 0 => Offset::Fixed,
                Value::Number { record: 0, .. } => Offset::None,
                _ => Offset::Relocated,
            };
            Value::Kernel(match (offset, added) {
                (Offset::Relocated, _) | (_, Offset::Relocated) => Offset::Relocated,
                (Offset::Fixed, _) | (_, Offset::Fixed) => Offset::Fixed,
                (Offset::None, Offset::None) => Offset::None,
            })
        }
        (
            _,
            Value::Number { value, record },
            Value::Number {
                value: by,
                record: other,
            },
        ) => {
            let Some(value) = compute(operation, insn.off, narrow(value), narrow(by), wide) else {
                return Value::Any;
            };
            Value::Number {
                value: narrow(value),
                record: if record == 0 { other } else { record },
            }
        }
        _ => Value::Any,
    }
}

/// Two numbers, as the kernel's own interpreter works them out.
fn compute(operation: u8, offset: i16, a: u64, b: u64, wide: bool) -> Option<u64> {
    let width: u32 = if wide { 64 } else { 32 };
    let shift = u32::try_from(b & u64::from(width.wrapping_sub(1))).ok()?;
    Some(match operation {
        0x00 => a.wrapping_add(b),
        0x10 => a.wrapping_sub(b),
        0x20 => a.wrapping_mul(b),
        0x40 => a | b,
        0x50 => a & b,
        0x60 => a.wrapping_shl(shift),
        0x70 => a.wrapping_shr(shift),
        0x80 => a.wrapping_neg(),
        0xa0 => a ^ b,
        0xc0 if wide => a.cast_signed().wrapping_shr(shift).cast_unsigned(),
        0xc0 => {
            let low = (a & 0xffff_ffff) as u32;
            u64::from(low.cast_signed().wrapping_shr(shift).cast_unsigned())
        }
        // Division by 0 gives 0; signed division has an offset.
        0x30 if offset == 0 => a.checked_div(b).unwrap_or(0),
        0x90 if offset == 0 => a.checked_rem(b).unwrap_or(a),
        _ => return None,
    })
}

/// What a conditional jump over two numbers does; `None` for one that is no such jump.
pub(super) fn jumps(operation: u8, a: u64, b: u64, wide: bool) -> Option<bool> {
    let narrow = |value: u64| if wide { value } else { value & 0xffff_ffff };
    let signed = |value: u64| match wide {
        true => value.cast_signed(),
        false => i64::from(((value & 0xffff_ffff) as u32).cast_signed()),
    };
    let (a, b) = (narrow(a), narrow(b));
    Some(match operation {
        0x10 => a == b,
        0x20 => a > b,
        0x30 => a >= b,
        0x40 => a & b != 0,
        0x50 => a != b,
        0x60 => signed(a) > signed(b),
        0x70 => signed(a) >= signed(b),
        0xa0 => a < b,
        0xb0 => a <= b,
        0xc0 => signed(a) < signed(b),
        0xd0 => signed(a) <= signed(b),
        _ => return None,
    })
}
