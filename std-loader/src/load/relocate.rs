//! CO-RE: the object's instructions, patched for the target, before anything is created.
//!
//! Enters: the object, and the functions that will be loaded. Leaves: [`Patched`]: bytes of the
//! sections that changed, and what could not be resolved at all, explained. The target is opened
//! only if a record of those functions asks for it, modules only if the target lacks a type. Why
//! something was poisoned is worked out on the day the verifier reaches it ([`explain`]), by doing
//! all this once more: most loads never ask.

use core::fmt;
use std::collections::{HashMap, HashSet};

use relocore::btf::Btf;
use relocore::elf::{self, ProgramRange};
use relocore::explain::{Finding, FindingText, Input, Report, Style, Which};
use relocore::insn::INSN_BYTES;
use relocore::owned::{Relocated, relocate_opening, relocate_wanted};
use relocore::plan::Plan;
use relocore::relo::{Outcome, needs_target};
use relocore::show::{OutcomeText, Subject};

use crate::error::ErrorKind;
use crate::object::{Object, find_function, slot_count};

use super::targets::Targets;

/// Patched code.
#[derive(Debug, Default)]
pub(super) struct Patched {
    /// Bytes of sections, by index; those that had nothing to patch are not here.
    sections: HashMap<u32, Vec<u8>>,
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
    /// The same for who does not know BTF: lines with the source, what the kernel has instead, and
    /// what to do. Several records may have one cause, and then one explanation.
    pub explanation: String,
}

impl fmt::Display for FailedRelocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            program,
            section,
            offset_bytes,
            path,
            reason,
            ..
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
    let relocated = relocated(object, elf, wanted, |answered| answered.patched(object))?;
    // Without types there are no records.
    Ok(relocated.unwrap_or_default())
}

/// What the kernel lacks of what a program accesses; relocates as [`relocate`] does.
pub(super) fn explain(
    object: &Object,
    elf: elf::Object<'_>,
    wanted: impl Iterator<Item = usize>,
    program: &str,
) -> Option<Report> {
    let report = relocated(object, elf, wanted, |answered| {
        Ok(answered.report(Some(program))?)
    });
    // What went well the first time, and goes wrong now, leaves the error as it is.
    report.ok().flatten()
}

/// All answers, with what they are about.
struct Answered<'a> {
    plan: &'a Plan<'a>,
    targets: &'a [Btf<'a>],
    modules: &'a [&'a str],
    relocated: Relocated,
}

/// Relocates, and hands over the answers; nothing if the object has no types.
fn relocated<T>(
    object: &Object,
    elf: elf::Object<'_>,
    wanted: impl Iterator<Item = usize>,
    then: impl FnOnce(Answered<'_>) -> Result<T, ErrorKind>,
) -> Result<Option<T>, ErrorKind> {
    let Ok(local) = elf.btf() else {
        return Ok(None);
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
        return then(Answered::new(&plan, &[], &[], relocated)).map(Some);
    }
    let mut targets = Targets::open(object)?;
    let mut slots = Vec::new();
    let relocated = {
        let pointer_bytes = targets.vmlinux.pointer_bytes;
        let bytes = &targets.vmlinux.bytes;
        let (vmlinux, relocated) =
            relocate_opening(&plan, bytes, pointer_bytes, &mut slots, wanted).map_err(
                |source| {
                    let name = targets.vmlinux.origin.to_string();
                    ErrorKind::TargetFormat { name, source }
                },
            )?;
        let vmlinux = [vmlinux];
        if relocated.unmatched_roots == 0 {
            return then(Answered::new(&plan, &vmlinux, &[], relocated)).map(Some);
        }
        relocated
    };
    targets.open_modules(object)?;
    let vmlinux = targets.parse(&mut slots)?;
    if targets.modules.is_empty() {
        return then(Answered::new(&plan, &[vmlinux], &[], relocated)).map(Some);
    }
    let mut module_slots = Vec::new();
    let modules = targets.parse_modules(&vmlinux, &mut module_slots)?;
    let views: Vec<_> = core::iter::once(vmlinux).chain(modules).collect();
    let modules = targets.modules.iter();
    let names: Vec<_> = modules.map(|(name, _)| name.as_str()).collect();
    let relocated = relocate_wanted(&plan, &views, wanted)?;
    then(Answered::new(&plan, &views, &names, relocated)).map(Some)
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

impl<'a> Answered<'a> {
    const fn new(
        plan: &'a Plan<'a>,
        targets: &'a [Btf<'a>],
        modules: &'a [&'a str],
        relocated: Relocated,
    ) -> Self {
        Self {
            plan,
            targets,
            modules,
            relocated,
        }
    }

    /// What there is to say about a program, or about all.
    fn report(&self, program: Option<&str>) -> relocore::Result<Report> {
        Report::new(&Input {
            plan: self.plan,
            targets: self.targets,
            modules: self.modules,
            relocated: &self.relocated,
            which: Which::Missing,
            program,
        })
    }

    /// Takes the result apart: what has failed, and all sections.
    fn patched(self, object: &Object) -> Result<Patched, ErrorKind> {
        let mut failed = Vec::new();
        let mut report = None;
        for planned in self.plan.sections() {
            let planned = planned?;
            let answers = self.relocated.resolutions.get(planned.first..);
            let answers = answers.unwrap_or_default();
            for (record, answer) in planned.records.into_iter().zip(answers) {
                if !matches!(answer.outcome, Outcome::Failed(_)) {
                    continue;
                }
                let report = match &report {
                    Some(report) => report,
                    None => report.insert(self.report(None)?),
                };
                let section = planned.programs.index();
                let functions = &object.parts.functions;
                let nth =
                    section.and_then(|section| find_function(functions, section, record.insn_off));
                let function = nth.and_then(|nth| functions.get(nth));
                let finding =
                    section.and_then(|section| report.finding_at(section, record.insn_off));
                let subject = Subject::new(self.plan.local(), self.targets, &record)
                    .with_module_names(self.modules);
                failed.push((
                    nth,
                    FailedRelocation {
                        program: function.map(|one| one.name.clone()).unwrap_or_default(),
                        section: String::from_utf8_lossy(planned.name).into_owned(),
                        offset_bytes: record.insn_off,
                        path: subject.path().to_string(),
                        reason: OutcomeText::new(subject, answer.outcome).to_string(),
                        explanation: finding.map(explanation).unwrap_or_default(),
                    },
                ));
            }
        }
        Ok(Patched {
            sections: self.relocated.sections.into_iter().collect(),
            failed,
        })
    }
}

fn explanation(finding: &Finding) -> String {
    FindingText::new(finding, Style::PLAIN).to_string()
}
