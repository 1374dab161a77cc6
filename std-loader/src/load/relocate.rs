//! CO-RE: the object's instructions, patched for the target, before anything is created.
//!
//! Enters: the object, and the functions that will be loaded. Leaves: [`Patched`]: bytes of the
//! sections that changed, what was poisoned and why, for the day the verifier reaches it, and what
//! could not be resolved at all. The target is opened only if a record of those functions asks for it, modules only if the target
//! lacks a type.

use core::fmt;
use std::collections::{HashMap, HashSet};

use relocore::btf::Btf;
use relocore::elf::{self, ProgramRange};
use relocore::insn::INSN_BYTES;
use relocore::owned::{Relocated, relocate_wanted};
use relocore::plan::Plan;
use relocore::relo::{Outcome, Resolution, needs_target};
use relocore::show::{OutcomeText, Subject};

use crate::error::ErrorKind;
use crate::object::{Object, find_function, slot_count};

use super::targets::Targets;

/// Patched code.
#[derive(Debug, Default)]
pub(super) struct Patched {
    /// Bytes of sections, by index; those that had nothing to patch are not here.
    sections: HashMap<u32, Vec<u8>>,
    /// Why instructions were poisoned, by section and offset.
    poisoned: HashMap<(u32, u32), String>,
    /// Records that can't be resolved, with their function's place in the object's list.
    failed: Vec<(Option<usize>, FailedRelocation)>,
}

impl Patched {
    /// Bytes of a section.
    pub(super) fn section<'a>(
        &'a self,
        elf: &elf::Object<'a>,
        index: u32,
    ) -> relocore::Result<&'a [u8]> {
        match self.sections.get(&index) {
            Some(bytes) => Ok(bytes),
            None => elf.section(index)?.data(),
        }
    }

    /// What can't be resolved in those functions for which `is_in` holds; all that can't be if it
    /// is in none.
    pub(super) fn failed(&self, is_in: impl Fn(usize) -> bool) -> Vec<FailedRelocation> {
        let failed = self.failed.iter();
        let failed = failed.filter(|(function, _)| function.is_none_or(&is_in));
        failed.map(|(_, failed)| failed.clone()).collect()
    }

    /// Why the instruction there was poisoned, if it was.
    pub(super) fn poison(&self, section: u32, offset_bytes: u32) -> Option<&str> {
        self.poisoned
            .get(&(section, offset_bytes))
            .map(String::as_str)
    }
}

/// A CO-RE record that can't be resolved at all.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FailedRelocation {
    /// The function that has the instruction; empty if none has.
    pub program: String,
    /// Section of the instruction.
    pub section: String,
    /// Its place there, in bytes.
    pub offset_bytes: u32,
    /// What the record accesses: `task_struct.mm`.
    pub path: String,
    /// Why it can't.
    pub reason: String,
}

impl fmt::Display for FailedRelocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            program,
            section,
            offset_bytes,
            path,
            reason,
        } = self;
        let slot = *offset_bytes as usize / INSN_BYTES;
        write!(
            f,
            "`{program}` in section `{section}`, instruction {slot}, {path}: {reason}"
        )
    }
}

/// Relocates the functions for which `wanted` holds.
pub(super) fn relocate(
    object: &Object,
    elf: elf::Object<'_>,
    wanted: impl Iterator<Item = usize>,
) -> Result<Patched, ErrorKind> {
    let Ok(local) = elf.btf() else {
        return Ok(Patched::default()); // without types there are no records
    };
    let functions = &object.parts.functions;
    let place = |nth: usize| {
        functions
            .get(nth)
            .map(|one| (one.section, one.offset_bytes))
    };
    let wanted: HashSet<(u32, u32)> = wanted.filter_map(place).collect();
    let wanted = |range: &ProgramRange| wanted.contains(&(range.section, range.offset_bytes));

    let mut slots = vec![0; slot_count(local)];
    let mut programs = vec![ProgramRange::EMPTY; functions.len()];
    let plan = Plan::new(elf, &mut slots, &mut programs)?;
    if !asks_target(&plan, wanted)? {
        let relocated = relocate_wanted(&plan, &[], wanted)?;
        return patched(object, &plan, &[], &[], relocated);
    }
    let mut targets = Targets::open(object)?;
    let mut slots = Vec::new();
    let relocated = {
        let vmlinux = targets.parse(&mut slots)?;
        let vmlinux = [vmlinux];
        let relocated = relocate_wanted(&plan, &vmlinux, wanted)?;
        if relocated.unmatched_roots == 0 {
            return patched(object, &plan, &vmlinux, &[], relocated);
        }
        relocated
    };
    targets.open_modules(object)?;
    let vmlinux = targets.parse(&mut slots)?;
    if targets.modules.is_empty() {
        return patched(object, &plan, &[vmlinux], &[], relocated);
    }
    let mut module_slots = Vec::new();
    let modules = targets.parse_modules(&vmlinux, &mut module_slots)?;
    let views: Vec<_> = core::iter::once(vmlinux).chain(modules).collect();
    let names: Vec<_> = targets
        .modules
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    let relocated = relocate_wanted(&plan, &views, wanted)?;
    patched(object, &plan, &views, &names, relocated)
}

/// Whether a record of a wanted program asks about the target.
fn asks_target(plan: &Plan<'_>, wanted: impl Fn(&ProgramRange) -> bool) -> relocore::Result<bool> {
    for planned in plan.sections() {
        let planned = planned?;
        let records = planned.records.into_iter();
        let wanted = records.filter(|one| planned.programs.find(one.insn_off).is_some_and(&wanted));
        if needs_target(wanted) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Takes the result apart: all failures, or all sections.
fn patched(
    object: &Object,
    plan: &Plan<'_>,
    targets: &[Btf<'_>],
    modules: &[&str],
    relocated: Relocated,
) -> Result<Patched, ErrorKind> {
    let mut poisoned = HashMap::new();
    let mut failed = Vec::new();
    for planned in plan.sections() {
        let planned = planned?;
        let answers = relocated
            .resolutions
            .get(planned.first..)
            .unwrap_or_default();
        for (record, answer) in planned.records.into_iter().zip(answers) {
            let Resolution { outcome, .. } = *answer;
            let subject = Subject::new(plan.local(), targets, &record).with_module_names(modules);
            let reason = || OutcomeText::new(subject, outcome).to_string();
            match (outcome, planned.programs.index()) {
                (Outcome::Poison(_), Some(section)) => {
                    let text = format!("{}: {}", subject.path(), reason());
                    poisoned.insert((section, record.insn_off), text);
                }
                (Outcome::Failed(_), section) => {
                    let functions = &object.parts.functions;
                    let nth = section
                        .and_then(|section| find_function(functions, section, record.insn_off));
                    let function = nth.and_then(|nth| functions.get(nth));
                    failed.push((
                        nth,
                        FailedRelocation {
                            program: function.map(|one| one.name.clone()).unwrap_or_default(),
                            section: String::from_utf8_lossy(planned.name).into_owned(),
                            offset_bytes: record.insn_off,
                            path: subject.path().to_string(),
                            reason: reason(),
                        },
                    ));
                }
                _ => {}
            }
        }
    }
    Ok(Patched {
        sections: relocated.sections.into_iter().collect(),
        poisoned,
        failed,
    })
}
