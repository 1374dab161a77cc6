//! JSON lines of `relocore explain --json`.
//!
//! Enters: what there is to say about each kernel. Leaves: a line for each finding, and after
//! those of a kernel a summary.

use std::io::Write;

use relocore::explain::{Candidate, Effect, Finding, Guard, SourceLine, Use};
use relocore::relo::RelocKind;
use serde::Serialize;

use crate::Failure;
use crate::explain::Told;

#[derive(Serialize)]
#[serde(tag = "type", rename = "finding")]
struct FindingLine<'a> {
    target: &'a str,
    record: usize,
    kind: Option<&'static str>,
    effect: &'static str,
    root: &'a str,
    path: &'a str,
    access: &'a str,
    what: &'a str,
    why: &'a str,
    object_declares: Option<&'a str>,
    kernel_declares: Option<&'a str>,
    candidates: Vec<CandidateLine<'a>>,
    similar: &'a [String],
    perhaps: &'a [String],
    help: &'a [String],
    uses: Vec<UseLine<'a>>,
}

#[derive(Serialize)]
struct CandidateLine<'a> {
    name: &'a str,
    verdict: &'a str,
    layout: &'a [String],
}

#[derive(Serialize)]
struct UseLine<'a> {
    program: &'a str,
    section: &'a str,
    /// Number of the instruction in its ELF section.
    insn: u32,
    source: Option<SourceJson<'a>>,
    guard: GuardJson<'a>,
}

#[derive(Serialize)]
struct SourceJson<'a> {
    file: &'a str,
    line: u32,
    column: u32,
    text: &'a str,
}

#[derive(Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
enum GuardJson<'a> {
    NotAsked,
    None,
    Check {
        what: &'a str,
        kind: Option<&'static str>,
        source: Option<SourceJson<'a>>,
    },
    NotCalled,
    Unknown,
}

#[derive(Serialize)]
#[serde(tag = "type", rename = "summary")]
struct SummaryLine<'a> {
    target: &'a str,
    records: usize,
    findings: usize,
    problems: usize,
    left_out: usize,
}

/// Prints it all.
pub(crate) fn print(out: &mut impl Write, told: &[Told]) -> Result<(), Failure> {
    for one in told {
        for finding in &one.report.findings {
            line(out, &finding_line(&one.target, finding))?;
        }
        line(
            out,
            &SummaryLine {
                target: &one.target,
                records: one.records,
                findings: one.report.findings.len(),
                problems: one.report.problems().count(),
                left_out: one.report.left_out,
            },
        )?;
    }
    Ok(())
}

fn line(out: &mut impl Write, value: &impl Serialize) -> Result<(), Failure> {
    serde_json::to_writer(&mut *out, value)
        .map_err(|error| Failure::from(std::io::Error::from(error)))?;
    out.write_all(b"\n")?;
    Ok(())
}

fn finding_line<'a>(target: &'a str, finding: &'a Finding) -> FindingLine<'a> {
    let declared = finding.declared.as_ref();
    FindingLine {
        target,
        record: finding.record,
        kind: finding.kind.map(RelocKind::name),
        effect: effect(finding.effect),
        root: &finding.root,
        path: &finding.path,
        access: &finding.access,
        what: &finding.what,
        why: &finding.why,
        object_declares: declared.map(|[ours, _]| ours.as_str()),
        kernel_declares: declared.map(|[_, theirs]| theirs.as_str()),
        candidates: finding.candidates.iter().map(candidate).collect(),
        similar: &finding.similar,
        perhaps: &finding.moved,
        help: &finding.help,
        uses: finding.uses.iter().map(one_use).collect(),
    }
}

const fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Fails => "fails",
        Effect::Refused => "refused",
        Effect::Unsure => "unsure",
        Effect::Guarded => "guarded",
        Effect::Absent => "absent",
        Effect::Found => "found",
        Effect::Unused => "unused",
    }
}

fn candidate(one: &Candidate) -> CandidateLine<'_> {
    CandidateLine {
        name: &one.name,
        verdict: &one.verdict,
        layout: &one.layout,
    }
}

fn one_use(one: &Use) -> UseLine<'_> {
    UseLine {
        program: &one.program,
        section: &one.section,
        insn: one.insn_off / 8,
        source: one.line.as_ref().map(source),
        guard: match &one.guard {
            Guard::None => GuardJson::None,
            Guard::Check { what, kind, line } => GuardJson::Check {
                what,
                kind: kind.map(RelocKind::name),
                source: line.as_ref().map(source),
            },
            Guard::NotCalled => GuardJson::NotCalled,
            Guard::Unknown => GuardJson::Unknown,
            _ => GuardJson::NotAsked,
        },
    }
}

fn source(line: &SourceLine) -> SourceJson<'_> {
    SourceJson {
        file: &line.file,
        line: line.line,
        column: line.column,
        text: &line.text,
    }
}
