//! One object on one target, by both: the pair's verdict.
//!
//! Enters: an object's bytes and a [`Target`]. Leaves: a [`Verdict`], and [`Findings`] of what is
//! not equal. Record by record, and then the sections as wholes.

use core::ops::Range;

use relocore::btf::Btf;
use relocore::elf::{Object as Elf, ProgramRange};
use relocore::ext::{CoreRelo, Entry};
use relocore::plan::Plan;
use relocore::relo::Outcome;
use relocore_tests::{Relocated, relocate};

use crate::documented::{Answers, Both, DOCUMENTED, question};
use crate::hook::{self, Parsed, Seen};

/// BTF to relocate for, as both have parsed it.
pub(crate) struct Target<'a> {
    /// vmlinux, then its modules.
    pub(crate) ours: &'a [Btf<'a>],
    pub(crate) libbpf: Parsed,
}

impl<'a> Target<'a> {
    /// `None` if libbpf can't read it.
    pub(crate) fn new(ours: &'a [Btf<'a>], vmlinux: &[u8], modules: &[&[u8]]) -> Option<Self> {
        let libbpf = Parsed::new(vmlinux, modules)?;
        Some(Self { ours, libbpf })
    }

    fn is_big_endian(&self) -> bool {
        self.ours[0].endian() == relocore::Endian::Big
    }
}

/// What came out for an object on a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    Equal,
    /// Both refuse the object, for the same records.
    BothFail,
    /// They differ where [`DOCUMENTED`] says so.
    Documented,
    /// libbpf can't open it, so there is nothing to compare.
    NotOpened,
    Differ,
}

/// What is not equal, and what was looked at.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// Numbers of [`DOCUMENTED`], once a record.
    pub(crate) documented: Vec<usize>,
    /// Records that both have answered.
    pub(crate) records: usize,
    /// Of them, those that an instruction got a value from: the rest was poisoned, or failed.
    pub(crate) values: usize,
    /// The unexplained.
    pub(crate) problems: Vec<String>,
}

pub(crate) fn compare(object: &[u8], target: &Target<'_>, found: &mut Findings) -> Verdict {
    let Ok(seen) = hook::run(object, &target.libbpf) else {
        return Verdict::NotOpened;
    };
    found.records = seen.len();
    let ours = match relocate(object, target.ours) {
        Ok(ours) => ours,
        Err(error) => {
            found.problems.push(format!("we can't read it: {error:?}"));
            return Verdict::Differ;
        }
    };
    let refused = records(object, target, &seen, &ours, found);
    if !found.problems.is_empty() {
        Verdict::Differ
    } else if refused {
        Verdict::BothFail
    } else if !found.documented.is_empty() {
        Verdict::Documented
    } else {
        Verdict::Equal
    }
}

/// Record by record, then section by section. Did both refuse one?
fn records(
    object: &[u8],
    target: &Target<'_>,
    seen: &[Seen],
    ours: &Relocated,
    found: &mut Findings,
) -> bool {
    let elf = Elf::parse(object).expect("relocated before");
    let mut programs = vec![ProgramRange::EMPTY; 4096];
    let mut slots = vec![0; 256];
    let plan = Plan::new(elf, &mut slots, &mut programs).expect("relocated before");
    let big_endian = elf.endian() == relocore::Endian::Big;
    let entries: Vec<_> = plan.records().collect();
    assert_eq!(entries.len(), ours.resolutions.len());

    let by_record: Answers = (entries.iter())
        .filter_map(|entry| {
            let seen = seen.iter().find(|seen| seen.at == entry.at as usize)?;
            Some((question(&entry.record, entry.record.kind), seen.res.new_val))
        })
        .collect();
    let mut expected = original(&plan);
    let mut refused = false;
    let mut seen = seen.iter().peekable();
    let mut records = entries.iter().zip(&ours.resolutions);
    while let Some((entry, resolution)) = records.next() {
        let number = entries.len() - records.len() - 1;
        let mut problem = |what: String| {
            let text = format!("record {number} {:?}: {what}", resolution.kind);
            found.problems.push(text);
        };
        let Some(libbpf) = seen.next_if(|seen| seen.at == entry.at as usize) else {
            match resolution.outcome {
                Outcome::Skipped => continue,
                // It fails before it calculates; nothing later can be known.
                Outcome::Failed(_) if seen.peek().is_none() => return true,
                other => problem(format!("libbpf passed over it, {other:?}")),
            }
            continue;
        };
        let both = Both {
            record: &entry.record,
            answers: &by_record,
            ours: resolution,
            libbpf,
            target_is_big_endian: target.is_big_endian(),
        };
        let failed = matches!(resolution.outcome, Outcome::Failed(_));
        let section = plan.local().name(entry.section).expect("it has a name");
        let section = String::from_utf8_lossy(section);
        let in_ours = find(&ours.sections, &section);
        let at = entry.record.insn_off as usize;
        let range = at..at + libbpf.after.len();
        let after = in_order(&libbpf.after, big_endian);
        // What a later record wrote there is seen when whole sections are compared.
        let is_last = |(later, _): &(&Entry<CoreRelo>, _)| {
            let (later_section, at_later) = (later.section, later.record.insn_off as usize);
            later_section != entry.section || at_later + 16 <= at || range.end <= at_later
        };
        let is_last = records.clone().all(|later| is_last(&later));
        let equal = match (failed, libbpf.error) {
            (true, 0) | (false, 1..) | (false, ..=-1) => false,
            (true, _) => true,
            (false, 0) => !is_last || in_ours.get(range.clone()) == Some(&after[..]),
        };
        if !equal {
            let documented = DOCUMENTED.iter().position(|(_, applies)| applies(&both));
            match documented {
                Some(reason) => found.documented.push(reason),
                None => problem(format!("ours {resolution:?}, libbpf {libbpf:?}")),
            }
            // These bytes are settled: the rest must be equal all the same.
            let in_ours = in_ours.get(range.clone()).unwrap_or_default().to_vec();
            put(&mut expected, &section, range, &in_ours);
        } else if failed {
            refused = true;
        } else {
            found.values += usize::from(!matches!(resolution.outcome, Outcome::Poison(_)));
            put(&mut expected, &section, range, &after);
        }
    }
    if let Some(seen) = seen.next() {
        let problem = format!("libbpf has a record at {}, which we lack", seen.at);
        found.problems.push(problem);
    }
    for (name, bytes) in &expected {
        if find(&ours.sections, name) != bytes {
            found.problems.push(format!("section {name} differs"));
        }
    }
    refused
}

/// The sections that have records, as the file has them.
fn original(plan: &Plan<'_>) -> Vec<(String, Vec<u8>)> {
    let mut sections: Vec<(String, Vec<u8>)> = Vec::new();
    for planned in plan.sections() {
        let planned = planned.expect("it has a name");
        let name = String::from_utf8_lossy(planned.name).into_owned();
        let section = planned
            .programs
            .index()
            .map(|index| plan.object().section(index));
        let bytes = section.map(|section| section.and_then(|section| section.data()));
        let bytes = bytes.transpose().expect("it is in the file").unwrap_or(&[]);
        if find(&sections, &name).is_empty() {
            sections.push((name, bytes.to_vec()));
        }
    }
    sections
}

fn find<'a>(sections: &'a [(String, Vec<u8>)], name: &str) -> &'a [u8] {
    let section = sections.iter().find(|(known, _)| known == name);
    section.map_or(&[], |(_, bytes)| bytes)
}

fn put(sections: &mut [(String, Vec<u8>)], name: &str, at: Range<usize>, bytes: &[u8]) {
    let section = sections.iter_mut().find(|(known, _)| known == name);
    if let Some(to) = section.and_then(|(_, section)| section.get_mut(at)) {
        to.copy_from_slice(bytes);
    }
}

/// Instructions as libbpf holds them, in the object's byte order: registers, offset, immediate.
fn in_order(insns: &[u8], big_endian: bool) -> Vec<u8> {
    let mut insns = insns.to_vec();
    if big_endian {
        for insn in insns.chunks_exact_mut(8) {
            insn[1] = insn[1].rotate_left(4);
            insn[2..4].reverse();
            insn[4..8].reverse();
        }
    }
    insns
}
