//! The findings of one object on one kernel.
//!
//! Enters: a relocated object. Leaves: [`Report`]: records that ask for one thing and get one
//! answer become one [`Finding`], however often the object asks.

use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use hashbrown::HashMap;

use crate::btf::Btf;
use crate::elf::ProgramRange;
use crate::error::Result;
use crate::ext::CoreRelo;
use crate::owned::Relocated;
use crate::plan::Plan;
use crate::relo::{Outcome, Reason, RelocKind, Resolution};
use crate::show::RecordPath;
use crate::units::{StrOff, TypeId};

use super::advice;
use super::describe::{self, Describer};
use super::finding::{Effect, Finding, Guard, Use};
use super::members::Steps;
use super::reach::{self, Reach};
use super::source::{LineAt, Lines, asks_for_existence, mentions};

/// Findings that are told: any real object has fewer.
const MAX_FINDINGS: usize = 1 << 12;

/// Places that are kept of all findings together.
const MAX_USES: usize = 1 << 16;

/// Line records after a record's own in which its name is looked for.
const MAX_LATER: usize = 12;

/// Accesses that are kept of one finding about a whole type.
const MAX_OTHERS: usize = 64;

/// Members and types looked at in search of similar ones.
const MAX_STEPS: u32 = 1 << 23;

/// A relocated object, and the types that it was relocated against.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The object.
    pub plan: &'a Plan<'a>,
    /// The kernel's types first, then modules'.
    pub targets: &'a [Btf<'a>],
    /// Names of the modules.
    pub modules: &'a [&'a str],
    /// What became of its records.
    pub relocated: &'a Relocated,
    /// Records that are told: [`Which::Missing`] is what a person asks for.
    pub which: Which,
    /// Only what this function and those that it calls access; all if `None`.
    pub program: Option<&'a str>,
}

/// Which records are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those that are poisoned or failed.
    Missing,
    /// All.
    All,
}

/// What there is to say about one object on one kernel.
///
/// ```
/// # extern crate std;
/// use relocore::btf::Btf;
/// use relocore::explain::{FindingText, Input, Report, Style, Which};
/// use relocore::owned::relocate;
/// use relocore::plan::Plan;
///
/// fn explain(plan: &Plan<'_>, vmlinux: Btf<'_>) -> relocore::Result<()> {
///     let targets = [vmlinux];
///     let relocated = relocate(plan, &targets)?;
///     let which = Which::Missing;
///     let (modules, program) = (&[], None);
///     let input = Input { plan, targets: &targets, modules, relocated: &relocated, which, program };
///     for finding in &Report::new(&input)?.findings {
///         std::println!("{}", FindingText::new(finding, Style::PLAIN));
///     }
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// By root type, in the order in which the object first names these; then by record.
    pub findings: Vec<Finding>,
    /// Records that the report leaves out for their number.
    pub left_out: usize,
    /// The first record of the finding that an instruction belongs to, by section and offset.
    places: HashMap<(u32, u32), usize>,
}

/// What makes two records one finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    root: TypeId,
    access: StrOff,
    /// Records of one path that are missing are one problem whatever they ask; values differ.
    kind: Option<u32>,
    effect: Effect,
}

/// A record with its place.
#[derive(Clone, Copy)]
struct Told<'a> {
    number: usize,
    record: CoreRelo,
    section: &'a [u8],
    program: Option<&'a ProgramRange>,
    resolution: Resolution,
}

impl Report {
    /// Works out what there is to say. Takes some milliseconds: for who has a problem, not for
    /// every load.
    ///
    /// # Errors
    /// A table of the object is bad.
    pub fn new(input: &Input<'_>) -> Result<Self> {
        let Input {
            plan, relocated, ..
        } = *input;
        let lines = Lines::new(plan.local(), plan.object().btf_ext()?)?;
        let mut records = told(input)?;
        let places: HashMap<_, _> = records
            .iter()
            .filter_map(|told| Some(((told.program?.section, told.record.insn_off), told.number)))
            .collect();
        let is_poisoned = |told: &Told<'_>| matches!(told.resolution.outcome, Outcome::Poison(_));
        let reach = if input.program.is_some() || records.iter().any(is_poisoned) {
            let start = input.program.map(str::as_bytes);
            Some(Reach::new(plan, Some(&relocated.sections), &places, start)?)
        } else {
            None
        };
        if let (Some(reach), Some(_)) = (&reach, input.program) {
            records.retain(|told| told.program.is_some_and(|range| reach.belongs(range)));
        }
        let mut builder = Builder {
            input,
            lines,
            reach,
            records,
            describer: Describer::new(input, Steps(MAX_STEPS)),
            findings: Vec::new(),
            keys: HashMap::new(),
            places: HashMap::new(),
            uses: 0,
            left_out: 0,
        };
        for nth in 0..builder.records.len() {
            builder.add(nth);
        }
        let mut report = Self {
            findings: builder.findings,
            left_out: builder.left_out,
            places: builder.places,
        };
        report.sort();
        Ok(report)
    }

    /// Findings that keep the object from being loaded.
    pub fn problems(&self) -> impl Iterator<Item = &Finding> {
        let findings = self.findings.iter();
        findings.filter(|finding| finding.effect.is_problem())
    }

    /// The finding that the instruction at `insn_off` bytes of that section (by ELF index) belongs
    /// to, if any is told.
    #[must_use]
    pub fn finding_at(&self, section: u32, insn_off: u32) -> Option<&Finding> {
        let record = self.places.get(&(section, insn_off))?;
        let mut findings = self.findings.iter();
        findings.find(|finding| finding.record == *record)
    }

    /// Stable: findings of one root keep the order of their records.
    fn sort(&mut self) {
        let mut firsts: HashMap<String, usize> = HashMap::new();
        for (nth, finding) in self.findings.iter().enumerate() {
            firsts.entry(finding.root.clone()).or_insert(nth);
        }
        self.findings
            .sort_by_key(|finding| firsts.get(&finding.root).copied());
    }
}

/// All records of the object, with their places.
fn told<'a>(input: &Input<'a>) -> Result<Vec<Told<'a>>> {
    let mut records = vec![];
    for planned in input.plan.sections() {
        let planned = planned?;
        let resolutions = input.relocated.resolutions.get(planned.first..);
        let all = planned.records.into_iter().zip(planned.first..);
        for ((record, number), resolution) in all.zip(resolutions.unwrap_or(&[])) {
            records.push(Told {
                number,
                record,
                section: planned.name,
                program: planned.programs.find(record.insn_off),
                resolution: *resolution,
            });
        }
    }
    Ok(records)
}

struct Builder<'i, 'a> {
    input: &'i Input<'a>,
    lines: Lines<'a>,
    reach: Option<Reach<'a>>,
    records: Vec<Told<'a>>,
    describer: Describer<'i, 'a>,
    findings: Vec<Finding>,
    /// The last finding of each key, with its outcome's first record.
    keys: HashMap<Key, (usize, Outcome)>,
    places: HashMap<(u32, u32), usize>,
    uses: usize,
    left_out: usize,
}

impl Builder<'_, '_> {
    fn add(&mut self, nth: usize) {
        let Some(&told) = self.records.get(nth) else {
            return;
        };
        let outcome = told.resolution.outcome;
        let guard = self.guard(&told);
        let effect = match (outcome, &guard) {
            (Outcome::Failed(_), _) => Effect::Fails,
            (Outcome::Poison(_), Guard::None) => Effect::Refused,
            (Outcome::Poison(_), Guard::Unknown | Guard::NotAsked) => Effect::Unsure,
            (Outcome::Poison(_), _) => Effect::Guarded,
            (Outcome::Absent(_), _) => Effect::Absent,
            (Outcome::Value(_), _) => Effect::Found,
            (Outcome::Skipped, _) => Effect::Unused,
        };
        let is_missing = matches!(outcome, Outcome::Poison(_) | Outcome::Failed(_));
        if !is_missing && self.input.which == Which::Missing {
            return;
        }
        // A type that is not there at all, or of another machine, is one problem.
        let whole = is_missing
            && (outcome == Outcome::Poison(Reason::NoCandidate) || self.is_registers(&told));
        let key = Key {
            root: told.record.type_id,
            access: if whole {
                StrOff::EMPTY
            } else {
                told.record.access
            },
            kind: (!is_missing).then_some(told.record.kind),
            effect,
        };
        let known = self.keys.get(&key).filter(|(_, known)| *known == outcome);
        if self.uses >= MAX_USES {
            self.left_out = self.left_out.saturating_add(1);
            return;
        }
        let line = self.line(&told);
        let one_use = self.one_use(&told, line, guard);
        if let Some(finding) = known.and_then(|(nth, _)| self.findings.get_mut(*nth)) {
            if let Some(program) = told.program {
                let place = (program.section, told.record.insn_off);
                self.places.insert(place, finding.record);
            }
            if whole {
                let path = RecordPath::new(self.input.plan.local(), &told.record).to_string();
                let is_new = finding.path != path && !finding.others.contains(&path);
                if is_new && finding.others.len() < MAX_OTHERS {
                    finding.others.push(path);
                }
            }
            // A bitfield has five records on one line, and loops are unrolled.
            let same =
                |other: &Use| other.is_on_line_of(&one_use) && other.program == one_use.program;
            if !finding.uses.iter().rev().take(8).any(same) {
                self.uses = self.uses.saturating_add(1);
                finding.uses.push(one_use);
            }
            return;
        }
        if self.findings.len() >= MAX_FINDINGS {
            self.left_out = self.left_out.saturating_add(1);
            return;
        }
        let place = describe::Place {
            section: told.section,
            text: line.map(|line| self.lines.text(line)),
        };
        let mut finding =
            self.describer
                .describe(told.number, &told.record, &told.resolution, effect, &place);
        finding.uses.push(one_use);
        self.uses = self.uses.saturating_add(1);
        if let Some(program) = told.program {
            let place = (program.section, told.record.insn_off);
            self.places.insert(place, finding.record);
        }
        self.keys.insert(key, (self.findings.len(), outcome));
        self.findings.push(finding);
    }

    fn is_registers(&self, told: &Told<'_>) -> bool {
        let local = self.input.plan.local();
        let name = local
            .type_by_id(told.record.type_id)
            .and_then(|ty| local.name(ty.name()));
        name.is_ok_and(advice::is_registers)
    }

    /// The line of a record. Compilers load offsets early, often on the function's first line; then
    /// a line soon after it that names what is accessed is the one that a person means.
    fn line(&self, told: &Told<'_>) -> Option<LineAt> {
        let (start, end) = Self::extent(told);
        let first = self.lines.at(told.section, start, told.record.insn_off);
        self.named_line(told, first, end).or(first)
    }

    /// The line from `first` on that names what is accessed.
    fn named_line(&self, told: &Told<'_>, first: Option<LineAt>, end: u32) -> Option<LineAt> {
        let insn_off = told.record.insn_off;
        let name = self.describer.name(&told.record);
        let later = self
            .lines
            .after(told.section, insn_off, end)
            .take(MAX_LATER);
        let lines = first.into_iter().chain(later);
        let asks = RelocKind::from_raw(told.record.kind).is_some_and(RelocKind::absent_is_zero);
        let mut named = lines.filter(|line| mentions(self.lines.text(*line), name));
        // A read is not where it is asked whether it can be.
        let question = named.next()?;
        let is_question = |line: LineAt| asks_for_existence(self.lines.text(line));
        if asks || !is_question(question) {
            return Some(question);
        }
        named.find(|line| !is_question(*line)).or(Some(question))
    }

    /// Where the function of a record is in its section.
    fn extent(told: &Told<'_>) -> (u32, u32) {
        match told.program {
            Some(one) => (
                one.offset_bytes,
                one.offset_bytes.saturating_add(one.size_bytes),
            ),
            None => (0, u32::MAX),
        }
    }

    fn one_use(&self, told: &Told<'_>, line: Option<LineAt>, guard: Guard) -> Use {
        Use {
            program: told.program.map_or_else(String::new, |program| {
                symbol_name(self.input.plan, program.symbol)
            }),
            section: String::from_utf8_lossy(told.section).into_owned(),
            insn_off: told.record.insn_off,
            line: line.map(|line| self.lines.read(line)),
            guard,
        }
    }

    /// What keeps control from a poisoned instruction.
    fn guard(&self, told: &Told<'_>) -> Guard {
        let (Outcome::Poison(_), Some(program), Some(reach)) =
            (told.resolution.outcome, told.program, &self.reach)
        else {
            return Guard::NotAsked;
        };
        match reach.guard(program.section, told.record.insn_off) {
            reach::Guard::Reached => Guard::None,
            reach::Guard::NotCalled => Guard::NotCalled,
            reach::Guard::Unknown => Guard::Unknown,
            reach::Guard::Barred {
                record,
                section,
                insn_off,
            } => self.check(record, section, insn_off),
        }
    }

    /// The check that a branch goes by. Its line is that of the record, which names it; the
    /// branch may be elsewhere.
    fn check(&self, record: Option<usize>, section: u32, insn_off: u32) -> Guard {
        let record = record.and_then(|number| {
            let nth = self.records.binary_search_by_key(&number, |one| one.number);
            self.records.get(nth.ok()?)
        });
        let Some(told) = record else {
            let ranges = self.input.plan.programs();
            let start = ranges
                .find(section, insn_off)
                .map_or(0, |one| one.offset_bytes);
            let object = self.input.plan.object();
            let name = object.section(section).and_then(|section| section.name());
            let line = self.lines.at(name.unwrap_or(&[]), start, insn_off);
            return Guard::Check {
                what: String::new(),
                kind: None,
                line: line.map(|line| self.lines.read(line)),
            };
        };
        let what = RecordPath::new(self.input.plan.local(), &told.record);
        Guard::Check {
            what: what.to_string(),
            kind: RelocKind::from_raw(told.record.kind),
            line: self.line(told).map(|line| self.lines.read(line)),
        }
    }
}

/// Name of a symbol; empty if it has none that can be read.
pub(super) fn symbol_name(plan: &Plan<'_>, symbol: u32) -> String {
    let symbol = plan
        .object()
        .symbols()
        .and_then(|symbols| symbols.get(symbol));
    let name = symbol.and_then(|symbol| symbol.name()).unwrap_or(&[]);
    String::from_utf8_lossy(name).into_owned()
}
