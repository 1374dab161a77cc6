//! Which instructions of a function can be reached on this kernel.
//!
//! Enters: a function's patched instructions, and which of them have records. Leaves: [`Flow`]:
//! what is reached, which branch keeps the rest from it, and the registers before each
//! instruction. Existence checks are plain numbers once they are relocated, so following numbers
//! through registers and branches is enough to see what they guard; the verifier prunes the same
//! branches. What went through memory is not known, and then both sides of a branch count.
//!
//! This is conditional constant propagation (Wegman and Zadeck, 1991): registers only ever lose
//! knowledge, twice at most, so each block is walked at most 23 times, whatever the code.

use alloc::collections::VecDeque;
use alloc::vec;
use alloc::vec::Vec;

use hashbrown::HashMap;

use crate::insn::{INSN_BYTES, Insn};
use crate::units::Endian;

use super::value::{Known, Registers, Value, at_entry, get, jumps, step};

/// A function to be followed.
#[derive(Clone, Debug)]
pub(super) struct Function<'a> {
    pub(super) slots: &'a [[u8; INSN_BYTES]],
    pub(super) endian: Endian,
    /// For each slot one more than its record, 0 if it has none; may be shorter than `slots`.
    pub(super) records: Vec<u32>,
    /// Is it patched? If not, the numbers of its records are not known.
    pub(super) is_patched: bool,
    /// Are the words in the program's context pointers of the kernel?
    pub(super) from_context: bool,
}

/// What is known of one slot.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    /// It is an instruction's first, and can be reached.
    reached: bool,
    /// Something jumps here.
    target: bool,
    /// Ways out of a conditional jump that are taken: 1 onwards, 2 the jump.
    ways: u8,
    /// One more than the record whose number the branch went by.
    record: u32,
    /// If not reached: one more than the slot of the branch that keeps it from being so.
    barred: u32,
}

/// How control goes through a function.
#[derive(Debug)]
pub(super) struct Flow<'a> {
    function: Function<'a>,
    slots: Vec<Slot>,
    states: HashMap<u32, Registers>,
    /// A jump led where nobody knows: everything may be reached.
    pub(super) is_lost: bool,
}

/// What an instruction does to control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// Goes on behind its slots.
    On,
    /// Jumps there, always.
    Jump(u32),
    /// Jumps there or goes on.
    Either(u32),
    /// Ends the function.
    End,
    /// Jumps where a register says.
    Somewhere,
}

/// A branch that is never taken, or always.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bar {
    /// Its slot.
    pub(super) slot: u32,
    /// Number of the record that it goes by.
    pub(super) record: Option<u32>,
}

/// Bytes of a slot.
pub(super) const SLOT_BYTES: u32 = 8;

/// The slot after an instruction.
fn behind(slot: u32, second: Option<Insn>) -> u32 {
    slot.saturating_add(if second.is_some() { 2 } else { 1 })
}

const JMP: u8 = 5;
const JMP32: u8 = 6;

impl<'a> Flow<'a> {
    /// Follows a function from its first instruction.
    pub(super) fn new(function: Function<'a>) -> Self {
        let mut flow = Self {
            slots: vec![Slot::default(); function.slots.len()],
            states: HashMap::new(),
            function,
            is_lost: false,
        };
        flow.mark_targets();
        flow.propagate();
        if !flow.is_lost {
            flow.bar();
        }
        flow
    }

    /// The instruction at a slot, with its second one if it has two.
    fn insn(&self, slot: u32) -> Option<(Insn, Option<Insn>)> {
        let decode = |slot: u32| {
            let bytes = self.function.slots.get(slot as usize)?;
            Some(Insn::decode(*bytes, self.function.endian))
        };
        let insn = decode(slot)?;
        let second = insn.is_ld_imm64().then(|| decode(slot.wrapping_add(1)));
        Some((insn, second.flatten()))
    }

    fn next(slot: u32, insn: Insn) -> Next {
        let to = |distance: i32| slot.wrapping_add(1).wrapping_add_signed(distance);
        let near = to(i32::from(insn.off));
        match (insn.code & 7, insn.code & 0xf0) {
            (JMP, 0x00) if insn.code & 8 != 0 => Next::Somewhere,
            (JMP, 0x00) => Next::Jump(near),
            (JMP32, 0x00) => Next::Jump(to(insn.imm)),
            (JMP, 0x80) => Next::On, // a call
            (JMP, 0x90) => Next::End,
            // Also `may_goto`, which the kernel decides.
            (JMP | JMP32, _) => Next::Either(near),
            _ => Next::On,
        }
    }

    fn mark_targets(&mut self) {
        let mut slot = 0;
        while let Some((insn, second)) = self.insn(slot) {
            if let Next::Jump(to) | Next::Either(to) = Self::next(slot, insn)
                && let Some(target) = self.slots.get_mut(to as usize)
            {
                target.target = true;
            }
            slot = behind(slot, second);
        }
    }

    fn propagate(&mut self) {
        let mut work = VecDeque::new();
        self.meet(0, &at_entry(), &mut work);
        while let Some(start) = work.pop_front() {
            let Some(mut registers) = self.states.get(&start).copied() else {
                continue;
            };
            let mut slot = start;
            while let Some((insn, second)) = self.insn(slot) {
                let ways = self.leave(slot, insn, &registers);
                let behind = behind(slot, second);
                self.step(slot, &mut registers, insn, second);
                match Self::next(slot, insn) {
                    Next::On if self.slots.get(behind as usize).is_none_or(|s| !s.target) => {
                        slot = behind;
                        continue;
                    }
                    Next::On => self.meet(behind, &registers, &mut work),
                    Next::Jump(to) => self.meet(to, &registers, &mut work),
                    Next::Either(to) => {
                        if ways & 2 != 0 {
                            self.meet(to, &registers, &mut work);
                        }
                        if ways & 1 != 0 {
                            self.meet(behind, &registers, &mut work);
                        }
                    }
                    Next::End => {}
                    Next::Somewhere => self.is_lost = true,
                }
                break;
            }
        }
    }

    fn step(&self, slot: u32, registers: &mut Registers, insn: Insn, second: Option<Insn>) {
        let Function {
            is_patched,
            from_context,
            ..
        } = self.function;
        let number = match self.record(slot) {
            record if is_patched || record == 0 => Known::Number(record),
            _ => Known::No,
        };
        step(registers, insn, second, number, from_context);
    }

    /// One more than the slot's record; 0 if it has none.
    pub(super) fn record(&self, slot: u32) -> u32 {
        let record = self.function.records.get(slot as usize);
        record.copied().unwrap_or(0)
    }

    /// Marks an instruction as reached. Returns the ways out of a branch that may be taken.
    fn leave(&mut self, slot: u32, insn: Insn, registers: &Registers) -> u8 {
        let operand = if insn.code & 8 == 0 {
            let value = i64::from(insn.imm).cast_unsigned();
            Value::Number { value, record: 0 }
        } else {
            get(registers, insn.src)
        };
        let wide = insn.code & 7 == JMP;
        let (mut ways, mut record) = (3, 0);
        if matches!(Self::next(slot, insn), Next::Either(_))
            && let (
                Value::Number {
                    value: a,
                    record: x,
                },
                Value::Number {
                    value: b,
                    record: y,
                },
            ) = (get(registers, insn.dst), operand)
            && let Some(jumps) = jumps(insn.code & 0xf0, a, b, wide)
        {
            ways = if jumps { 2 } else { 1 };
            record = x.max(y);
        }
        let Some(slot) = self.slots.get_mut(slot as usize) else {
            return 3;
        };
        slot.reached = true;
        slot.ways |= ways;
        slot.record = record;
        slot.ways
    }

    /// Control comes to a slot with these registers.
    fn meet(&mut self, slot: u32, registers: &Registers, work: &mut VecDeque<u32>) {
        if slot as usize >= self.slots.len() {
            return;
        }
        let Some(known) = self.states.get_mut(&slot) else {
            self.states.insert(slot, *registers);
            work.push_back(slot);
            return;
        };
        let mut changed = false;
        for (known, new) in known.iter_mut().zip(registers) {
            let joined = known.join(*new);
            changed |= joined != *known;
            *known = joined;
        }
        // A slot may wait twice; the second time little has changed.
        if changed {
            work.push_back(slot);
        }
    }

    /// Finds for each slot that is not reached the nearest branch that is to blame.
    fn bar(&mut self) {
        let mut work = VecDeque::new();
        for slot in 0..u32::try_from(self.slots.len()).unwrap_or(u32::MAX) {
            let Some((insn, _)) = self.insn(slot) else {
                break;
            };
            let Some(&Slot {
                reached: true,
                ways,
                ..
            }) = self.slots.get(slot as usize)
            else {
                continue;
            };
            if let Next::Either(to) = Self::next(slot, insn) {
                if ways & 1 == 0 {
                    work.push_back((slot.saturating_add(1), slot));
                }
                if ways & 2 == 0 {
                    work.push_back((to, slot));
                }
            }
        }
        while let Some((slot, branch)) = work.pop_front() {
            let Some((insn, second)) = self.insn(slot) else {
                continue;
            };
            let Some(known) = self.slots.get_mut(slot as usize) else {
                continue;
            };
            if known.reached || known.barred != 0 {
                continue;
            }
            known.barred = branch.saturating_add(1);
            let behind = behind(slot, second);
            match Self::next(slot, insn) {
                Next::On => work.push_back((behind, branch)),
                Next::Jump(to) => work.push_back((to, branch)),
                Next::Either(to) => work.extend([(behind, branch), (to, branch)]),
                Next::End | Next::Somewhere => {}
            }
        }
    }

    /// Can the instruction at that slot be reached?
    pub(super) fn reaches(&self, slot: u32) -> bool {
        let slot = self.slots.get(slot as usize);
        self.is_lost || slot.is_some_and(|slot| slot.reached)
    }

    /// The branch that keeps control from an instruction that is not reached.
    pub(super) fn bar_of(&self, slot: u32) -> Option<Bar> {
        let slot = self.slots.get(slot as usize)?.barred.checked_sub(1)?;
        let branch = self.slots.get(slot as usize)?;
        Some(Bar {
            slot,
            record: branch.record.checked_sub(1),
        })
    }

    /// All instructions, reached or not, by slot.
    pub(super) fn insns(&self) -> impl Iterator<Item = (u32, Insn)> {
        let mut slot = 0;
        core::iter::from_fn(move || {
            let at = slot;
            let (insn, second) = self.insn(at)?;
            slot = behind(at, second);
            Some((at, insn))
        })
    }

    /// Shows `each` the reached instructions with the registers before them.
    pub(super) fn each(&self, mut each: impl FnMut(u32, Insn, &Registers)) {
        for (&start, registers) in &self.states {
            let (mut slot, mut registers) = (start, *registers);
            while let Some((insn, second)) = self.insn(slot) {
                each(slot, insn, &registers);
                let before = slot;
                self.step(slot, &mut registers, insn, second);
                slot = behind(slot, second);
                if Self::next(before, insn) != Next::On || self.states.contains_key(&slot) {
                    break;
                }
            }
        }
    }
}
