//! JSON lines of `relocore relocate --json`.
//!
//! Enters: [`Done`]. Leaves: a line for each record, then for each section with records, then the
//! summary. No section lines if a record failed: nothing is to be loaded then.

use std::collections::HashSet;
use std::io::Write;

use relocore::ext::{CoreRelo, Entry};
use relocore::insn::{Applied, Place};
use relocore::relo::{Outcome, RelocKind, Resolution};
use serde::Serialize;

use crate::Failure;
use crate::relocate::Done;
use crate::report::{Counts, lossy, path_of, reason};

/// One record.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename = "relocation")]
struct Relocation {
    section: String,
    /// Running number over the object.
    record: usize,
    /// Number of the instruction in its ELF section.
    insn: u32,
    kind: String,
    local_id: u32,
    local: String,
    access: String,
    path: String,
    outcome: &'static str,
    /// What the instruction held.
    old: Option<Number>,
    /// What it holds now.
    new: Option<Number>,
    reason: Option<String>,
}

/// Offsets and immediates have a sign, 64-bit immediates have not.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(untagged)]
enum Number {
    Signed(i64),
    Unsigned(u64),
}

/// One section after patching.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename = "section")]
struct Section {
    name: String,
    /// Bytes in hexadecimal, in the object's byte order.
    insns: String,
}

/// The end.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename = "summary")]
struct Summary<'a> {
    target: &'a str,
    records: usize,
    resolved: usize,
    poisoned: usize,
    failed: usize,
    skipped: usize,
    reading_us: u128,
    indexing_us: u128,
    relocating_us: u128,
}

/// Prints it all.
pub(crate) fn print(out: &mut impl Write, done: &Done<'_>) -> Result<(), Failure> {
    let answers = done
        .relocated
        .resolutions
        .iter()
        .zip(&done.relocated.applied);
    for (number, (entry, (resolution, applied))) in done.plan.records().zip(answers).enumerate() {
        line(out, &relocation(done, number, &entry, resolution, applied))?;
    }
    let counts = Counts::of(done.relocated);
    if counts.failed == 0 {
        sections(out, done)?;
    }
    line(
        out,
        &Summary {
            target: done.target_name,
            records: done.relocated.resolutions.len(),
            resolved: counts.resolved,
            poisoned: counts.poisoned,
            failed: counts.failed,
            skipped: counts.skipped,
            reading_us: done.times.reading.as_micros(),
            indexing_us: done.times.indexing.as_micros(),
            relocating_us: done.times.relocating.as_micros(),
        },
    )
}

fn line(out: &mut impl Write, value: &impl Serialize) -> Result<(), Failure> {
    serde_json::to_writer(&mut *out, value)
        .map_err(|error| Failure::from(std::io::Error::from(error)))?;
    out.write_all(b"\n")?;
    Ok(())
}

fn relocation(
    done: &Done<'_>,
    number: usize,
    entry: &Entry<CoreRelo>,
    resolution: &Resolution,
    applied: &Applied,
) -> Relocation {
    let local = done.plan.local();
    let record = &entry.record;
    let name = |at| lossy(local.name(at).unwrap_or(&[]));
    let outcome = match resolution.outcome {
        Outcome::Value(_) | Outcome::Absent(_) => "resolved",
        Outcome::Poison(_) => "poisoned",
        Outcome::Failed(_) => "failed",
        Outcome::Skipped => "skipped",
    };
    let kind = RelocKind::from_raw(record.kind);
    let shown = |value: u64| match applied.place {
        Some(Place::Imm | Place::Off) => Number::Signed(value.cast_signed()),
        _ => Number::Unsigned(value),
    };
    Relocation {
        section: name(entry.section),
        record: number,
        insn: record.insn_off / 8,
        kind: kind.map_or_else(|| record.kind.to_string(), |kind| kind.name().to_owned()),
        local_id: record.type_id.0,
        local: local
            .type_by_id(record.type_id)
            .map_or_else(|_| String::new(), |ty| name(ty.name())),
        access: name(record.access),
        path: path_of(local, record),
        outcome,
        old: applied.place.map(|_| shown(applied.old)),
        new: Option::<u64>::from(resolution.outcome).map(shown),
        reason: reason(done, record, resolution),
    }
}

/// Every section that has records, patched or (without any program) as it was.
fn sections(out: &mut impl Write, done: &Done<'_>) -> Result<(), Failure> {
    let mut told = HashSet::new();
    for planned in done.plan.sections().flatten() {
        let Some(section) = done.sections.get(planned.name) else {
            continue;
        };
        if !told.insert(planned.name) {
            continue;
        }
        let index = planned.programs.index().unwrap_or_else(|| section.index());
        let patched = done.relocated.sections.iter().find(|(at, _)| *at == index);
        let bytes = match patched {
            Some((_, bytes)) => bytes,
            None => section.data().unwrap_or(&[]),
        };
        line(
            out,
            &Section {
                name: lossy(planned.name),
                insns: hex(bytes),
            },
        )?;
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    use core::fmt::Write;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a `String` can't fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}
