//! The table of `relocore relocate` for people, and words that JSON shares with it.
//!
//! Enters: [`Done`]. Leaves: a line a record, grouped by section, and a summary.

use std::io::Write;
use std::path::Path;

use relocore::btf::Btf;
use relocore::ext::CoreRelo;
use relocore::owned::Relocated;
use relocore::relo::{Outcome, RelocKind, Resolution};
use relocore::show::{OutcomeText, RecordPath, Subject};

use crate::Failure;
use crate::relocate::Done;
use crate::style::{DIM, ERROR, GOOD, HEAD, WARN};

/// Records by outcome.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) resolved: usize,
    pub(crate) poisoned: usize,
    pub(crate) failed: usize,
    pub(crate) skipped: usize,
}

impl Counts {
    pub(crate) fn of(relocated: &Relocated) -> Self {
        let mut counts = Self::default();
        for resolution in &relocated.resolutions {
            match resolution.outcome {
                Outcome::Value(_) | Outcome::Absent(_) => counts.resolved += 1,
                Outcome::Poison(_) => counts.poisoned += 1,
                Outcome::Failed(_) => counts.failed += 1,
                Outcome::Skipped => counts.skipped += 1,
            }
        }
        counts
    }
}

/// Bytes of a name, as text.
pub(crate) fn lossy(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

/// The access as a person writes it: `task_struct.mm`.
pub(crate) fn path_of(local: &Btf<'_>, record: &CoreRelo) -> String {
    RecordPath::new(local, record).to_string()
}

/// Why a record is not simply resolved.
pub(crate) fn reason(
    done: &Done<'_>,
    record: &CoreRelo,
    resolution: &Resolution,
) -> Option<String> {
    match resolution.outcome {
        Outcome::Value(_) => None,
        Outcome::Skipped => Some("its instruction belongs to no program".to_owned()),
        outcome => {
            let subject = Subject::new(done.plan.local(), done.targets, record);
            Some(OutcomeText::new(subject, outcome).to_string())
        }
    }
}

/// Prints it all.
pub(crate) fn print(out: &mut impl Write, object: &Path, done: &Done<'_>) -> Result<(), Failure> {
    let local = done.plan.local();
    let mut section = None;
    let answers = done
        .relocated
        .resolutions
        .iter()
        .zip(&done.relocated.applied);
    for (entry, (resolution, applied)) in done.plan.records().zip(answers) {
        if section != Some(entry.section) {
            section = Some(entry.section);
            let name = lossy(local.name(entry.section).unwrap_or(&[]));
            writeln!(out, "{HEAD}{name}{HEAD:#}")?;
        }
        let record = &entry.record;
        let kind = RelocKind::from_raw(record.kind).map_or("unknown", RelocKind::name);
        write!(
            out,
            "  {DIM}insn {:>5}{DIM:#}  {kind:<14} {}",
            record.insn_off / 8,
            path_of(local, record)
        )?;
        let old = applied.old.cast_signed();
        match (resolution.outcome, Option::<u64>::from(resolution.outcome)) {
            (Outcome::Failed(_), _) => write!(out, "  {ERROR}failed{ERROR:#}")?,
            (Outcome::Poison(_), _) => write!(out, "  {WARN}poisoned{WARN:#}")?,
            (_, Some(new)) => write!(out, "  {old} -> {GOOD}{}{GOOD:#}", new.cast_signed())?,
            _ => write!(out, "  {DIM}skipped{DIM:#}")?,
        }
        match reason(done, record, resolution) {
            Some(reason) => writeln!(out, "  ({reason})")?,
            None => writeln!(out)?,
        }
    }
    summary(out, object, done)
}

fn summary(out: &mut impl Write, object: &Path, done: &Done<'_>) -> Result<(), Failure> {
    let Counts {
        resolved,
        poisoned,
        failed,
        skipped,
    } = Counts::of(done.relocated);
    let records = done.relocated.resolutions.len();
    let name = object.display();
    if records == 0 {
        writeln!(
            out,
            "{name}: no CO-RE records: it is the same for every kernel"
        )?;
        return Ok(());
    }
    let (style, verdict) = match (failed, poisoned) {
        (0, 0) => (GOOD, "relocated"),
        (0, _) => (WARN, "relocated; poisoned instructions must be unreachable"),
        _ => (ERROR, "fails"),
    };
    writeln!(
        out,
        "{HEAD}{name}{HEAD:#} on {}: {style}{verdict}{style:#}",
        done.target_name
    )?;
    writeln!(
        out,
        "{records} records: {resolved} resolved, {poisoned} poisoned, {failed} failed, {skipped} skipped"
    )?;
    let times = done.times;
    writeln!(
        out,
        "{DIM}reading {} µs, indexing {} µs, relocating {} µs{DIM:#}",
        times.reading.as_micros(),
        times.indexing.as_micros(),
        times.relocating.as_micros()
    )?;
    Ok(())
}
