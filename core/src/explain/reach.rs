//! Which instructions of an object can be reached on this kernel.
//!
//! Enters: a plan and the patched sections. Leaves: [`Reach`], which tells of each instruction
//! whether control comes there, and if not, what keeps it away. Programs are followed from their
//! first instruction, subprograms (those in `.text`) once a reached instruction calls them or
//! takes their address; what callers pass to them is not followed.

use alloc::vec::Vec;

use hashbrown::HashMap;

use crate::elf::{Object, ProgramRange, Relocation};
use crate::error::Result;
use crate::insn::INSN_BYTES;
use crate::plan::Plan;

use super::flow::{Flow, Function, SLOT_BYTES};

/// Slots that are followed in all: more than the kernel takes for one program.
const MAX_SLOTS: u32 = 1 << 20;

/// Whether control comes to an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Guard {
    /// It does.
    Reached,
    /// A branch keeps it away.
    Barred {
        /// The record whose number the branch goes by.
        record: Option<usize>,
        /// The branch, by section and offset in bytes.
        section: u32,
        insn_off: u32,
    },
    /// The function is called by nobody.
    NotCalled,
    /// The code is too long, or jumps where nobody knows.
    Unknown,
}

/// What has been found out of one object.
#[derive(Debug)]
pub(super) struct Reach<'a> {
    plan: &'a Plan<'a>,
    /// Place of the range that starts there, by section and offset.
    starts: HashMap<(u32, u32), usize>,
    /// Of each range that control comes to.
    flows: Vec<Option<Flow<'a>>>,
    /// For each range a place that would call it and is not reached.
    barred: HashMap<usize, (usize, u32)>,
    is_cut: bool,
}

/// Sections whose programs get pointers of the kernel in their context.
const KERNEL_ARGUMENTS: [&[u8]; 13] = [
    b"tp_btf",
    b"fentry",
    b"fexit",
    b"fmod_ret",
    b"fsession",
    b"lsm",
    b"iter",
    b"raw_tp",
    b"raw_tracepoint",
    b"kprobe",
    b"kretprobe",
    b"ksyscall",
    b"struct_ops",
];

struct Walker<'a, 'r> {
    plan: &'a Plan<'a>,
    patched: HashMap<u32, &'a [u8]>,
    is_patched: bool,
    /// Number of each record, by section and offset.
    records: &'r HashMap<(u32, u32), usize>,
    relocations: HashMap<u32, Vec<Relocation>>,
    left: u32,
}

impl<'a> Reach<'a> {
    /// Follows an object, from all its programs or from the function called `start` alone.
    /// `patched` are the sections that have been relocated; without them no number of a record is
    /// known.
    ///
    /// # Errors
    /// A relocation table or section is bad.
    pub(super) fn new(
        plan: &'a Plan<'a>,
        patched: Option<&'a [(u32, Vec<u8>)]>,
        records: &HashMap<(u32, u32), usize>,
        start: Option<&[u8]>,
    ) -> Result<Self> {
        let ranges = plan.programs().ranges();
        let mut walker = Walker {
            plan,
            patched: patched
                .unwrap_or(&[])
                .iter()
                .map(|(index, bytes)| (*index, bytes.as_slice()))
                .collect(),
            is_patched: patched.is_some(),
            records,
            relocations: relocations(plan.object(), ranges)?,
            left: MAX_SLOTS,
        };
        let place = |range: &ProgramRange| (range.section, range.offset_bytes);
        let mut reach = Self {
            plan,
            starts: ranges.iter().map(place).zip(0..).collect(),
            flows: ranges.iter().map(|_| None).collect(),
            barred: HashMap::new(),
            is_cut: false,
        };
        let mut work = Vec::new();
        for (nth, range) in ranges.iter().enumerate() {
            let section = plan.object().section(range.section)?.name()?;
            let starts = match start {
                Some(start) => plan.object().symbols()?.get(range.symbol)?.name()? == start,
                None => section != b".text",
            };
            if starts {
                work.push((nth, is_kernel(section)));
            }
        }
        while let Some((nth, from_context)) = work.pop() {
            let (Some(range), Some(slot @ None)) = (ranges.get(nth), reach.flows.get_mut(nth))
            else {
                continue;
            };
            let Some(flow) = walker.follow(range, from_context)? else {
                reach.is_cut = true;
                continue;
            };
            let flow = slot.insert(flow);
            for (slot, to) in walker.callees(range, flow) {
                let Some(&callee) = reach.starts.get(&to) else {
                    continue;
                };
                if flow.reaches(slot) {
                    work.push((callee, false));
                } else {
                    reach.barred.entry(callee).or_insert((nth, slot));
                }
            }
        }
        Ok(reach)
    }

    /// Is the function one that was started from, or one that these call, be it on paper only?
    pub(super) fn belongs(&self, range: &ProgramRange) -> bool {
        let nth = self.starts.get(&(range.section, range.offset_bytes));
        nth.is_some_and(|nth| {
            self.barred.contains_key(nth) || matches!(self.flows.get(*nth), Some(Some(_)))
        })
    }

    /// Whether control comes to the instruction at that place.
    pub(super) fn guard(&self, section: u32, insn_off: u32) -> Guard {
        let Some(nth) = self.find(section, insn_off) else {
            return Guard::Unknown;
        };
        match self.flows.get(nth) {
            Some(Some(flow)) => self.guard_in(nth, flow, insn_off),
            _ if self.is_cut => Guard::Unknown,
            // Callers that are barred themselves lead no further: at most one step.
            _ => match self.barred.get(&nth) {
                Some(&(caller, slot)) => match self.flows.get(caller) {
                    Some(Some(flow)) => self.barred_at(caller, flow, slot),
                    _ => Guard::NotCalled,
                },
                None => Guard::NotCalled,
            },
        }
    }

    fn guard_in(&self, nth: usize, flow: &Flow<'_>, insn_off: u32) -> Guard {
        let start = self.range(nth).map_or(0, |range| range.offset_bytes);
        let slot = insn_off.saturating_sub(start) / SLOT_BYTES;
        if flow.is_lost {
            Guard::Unknown
        } else if flow.reaches(slot) {
            Guard::Reached
        } else {
            self.barred_at(nth, flow, slot)
        }
    }

    fn barred_at(&self, nth: usize, flow: &Flow<'_>, slot: u32) -> Guard {
        let (Some(bar), Some(range)) = (flow.bar_of(slot), self.range(nth)) else {
            return Guard::Unknown;
        };
        Guard::Barred {
            record: bar.record.map(|record| record as usize),
            section: range.section,
            insn_off: range
                .offset_bytes
                .saturating_add(bar.slot.saturating_mul(SLOT_BYTES)),
        }
    }

    fn find(&self, section: u32, insn_off: u32) -> Option<usize> {
        let range = self.plan.programs().find(section, insn_off)?;
        self.starts.get(&(section, range.offset_bytes)).copied()
    }

    fn range(&self, nth: usize) -> Option<&'a ProgramRange> {
        self.plan.programs().ranges().get(nth)
    }

    /// The functions that control comes to, with what is known of them.
    pub(super) fn flows(&self) -> impl Iterator<Item = (&'a ProgramRange, &Flow<'a>)> {
        let flows = self.plan.programs().ranges().iter().zip(&self.flows);
        flows.filter_map(|(range, flow)| Some((range, flow.as_ref()?)))
    }
}

impl<'a> Walker<'a, '_> {
    /// Follows one function, unless that would be too much.
    fn follow(&mut self, range: &ProgramRange, from_context: bool) -> Result<Option<Flow<'a>>> {
        let bytes = match self.patched.get(&range.section) {
            Some(bytes) => bytes,
            None => self.plan.object().section(range.section)?.data()?,
        };
        let start = range.offset_bytes as usize;
        let end = start.saturating_add(range.size_bytes as usize);
        let slots = bytes.get(start..end).unwrap_or(&[]).as_chunks().0;
        let count = u32::try_from(slots.len()).unwrap_or(u32::MAX);
        let Some(left) = self.left.checked_sub(count) else {
            return Ok(None);
        };
        self.left = left;
        let offsets = (range.offset_bytes..).step_by(INSN_BYTES).take(slots.len());
        let record = |offset| {
            let record = self.records.get(&(range.section, offset))?;
            u32::try_from(*record).ok()?.checked_add(1)
        };
        let records = offsets.map(|offset| record(offset).unwrap_or(0)).collect();
        Ok(Some(Flow::new(Function {
            slots,
            endian: self.plan.object().endian(),
            records,
            is_patched: self.is_patched,
            from_context,
        })))
    }

    /// Slots that call functions or take their addresses, and where these are: section and offset.
    fn callees(&self, range: &ProgramRange, flow: &Flow<'_>) -> Vec<(u32, (u32, u32))> {
        const PSEUDO_CALL: u8 = 1;
        let mut found = Vec::new();
        let empty = Vec::new();
        let list = self.relocations.get(&range.section).unwrap_or(&empty);
        for (slot, insn) in flow.insns() {
            let is_call = insn.code == 0x85 && insn.src == PSEUDO_CALL;
            if !is_call && !insn.is_ld_imm64() {
                continue;
            }
            let bytes = slot.saturating_mul(SLOT_BYTES);
            let at = range.offset_bytes.saturating_add(bytes);
            let distance = if is_call {
                i64::from(insn.imm)
                    .wrapping_add(1)
                    .wrapping_mul(i64::from(SLOT_BYTES))
            } else {
                i64::from(insn.imm)
            };
            let nth = list.partition_point(|one| one.offset < u64::from(at));
            let relocation = list.get(nth).filter(|one| one.offset == u64::from(at));
            let (section, base) = match relocation {
                Some(relocation) => match self.symbol(relocation.symbol) {
                    Some(place) => place,
                    None => continue,
                },
                None if is_call => (range.section, i64::from(at)),
                None => continue,
            };
            if let Ok(to) = u32::try_from(base.saturating_add(distance)) {
                found.push((slot, (section, to)));
            }
        }
        found
    }

    fn symbol(&self, index: u32) -> Option<(u32, i64)> {
        let symbol = self.plan.object().symbols().ok()?.get(index).ok()?;
        Some((symbol.section()?, i64::try_from(symbol.value()).ok()?))
    }
}

/// ELF relocations of each section that has functions, by offset.
fn relocations(
    object: &Object<'_>,
    ranges: &[ProgramRange],
) -> Result<HashMap<u32, Vec<Relocation>>> {
    let mut found: HashMap<u32, Vec<Relocation>> = HashMap::new();
    for range in ranges {
        found.entry(range.section).or_default();
    }
    for section in object.sections() {
        if let Some(list) = found.get_mut(&section.info()) {
            for relocation in section.relocations() {
                list.push(relocation?);
            }
        }
    }
    for list in found.values_mut() {
        list.sort_by_key(|one| one.offset);
    }
    Ok(found)
}

fn is_kernel(section: &[u8]) -> bool {
    let name = section.strip_prefix(b"?").unwrap_or(section);
    let kind = name.split(|byte| b"/.".contains(byte)).next();
    kind.is_some_and(|kind| KERNEL_ARGUMENTS.contains(&kind))
}
