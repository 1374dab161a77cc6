//! The demo's table: every record of the object, on every kernel.
//!
//! Enters: the object's plan. Leaves: a row for each distinct record and a column for each kernel,
//! with what the instruction gets there, and the time that the relocation took.

use std::io::Write;
use std::time::Instant;

use relocore::btf::Btf;
use relocore::owned::{Relocated, relocate};
use relocore::plan::Plan;
use relocore::relo::{Outcome, RelocKind, Resolution};
use relocore_loader::kernel::Target;

use super::kernels::BUNDLED;
use crate::Failure;
use crate::input;
use crate::report;
use crate::style::{DIM, ERROR, GOOD, HEAD, WARN};

/// One kernel's answers.
struct Column {
    name: String,
    answers: Result<Relocated, String>,
    /// From BTF bytes to patched instructions.
    micros: u128,
}

/// One record, by what it asks: the same question twice has one row.
struct Row {
    label: String,
    record: usize,
}

pub(super) fn print(out: &mut impl Write, plan: &Plan<'_>) -> Result<(), Failure> {
    let mut columns = Vec::new();
    for kernel in BUNDLED {
        columns.push(column(kernel.name.to_owned(), &kernel.btf()?, plan));
    }
    match Target::Kernel.open() {
        Ok(running) => columns.push(column("running".to_owned(), &running.bytes, plan)),
        Err(error) => writeln!(
            out,
            "{WARN}no column for the running kernel:{WARN:#} {error}"
        )?,
    }
    let rows = rows(plan);
    let label = rows.iter().map(|row| row.label.len()).max().unwrap_or(0);
    let width = columns
        .iter()
        .map(|column| column.name.len())
        .max()
        .unwrap_or(0)
        .max(8);

    write!(out, "{HEAD}{:label$}", "")?;
    for column in &columns {
        write!(out, "  {:>width$}", column.name)?;
    }
    writeln!(out, "{HEAD:#}")?;
    for row in &rows {
        write!(out, "{:label$}", row.label)?;
        for column in &columns {
            let answer = column.answers.as_ref().ok();
            let resolution = answer.and_then(|answer| answer.resolutions.get(row.record));
            let (style, text) = cell(resolution);
            write!(out, "  {style}{text:>width$}{style:#}")?;
        }
        writeln!(out)?;
    }
    write!(out, "{DIM}{:label$}", "BTF bytes to patched code, µs")?;
    for column in &columns {
        write!(out, "  {:>width$}", column.micros)?;
    }
    writeln!(out, "{DIM:#}")?;
    for column in &columns {
        if let Err(error) = &column.answers {
            writeln!(out, "{ERROR}{}: {error}{ERROR:#}", column.name)?;
        }
    }
    Ok(())
}

fn column(name: String, bytes: &[u8], plan: &Plan<'_>) -> Column {
    let mut slots = vec![0; input::slot_count(bytes)];
    let start = Instant::now();
    let answers = Btf::parse(bytes, &mut slots).and_then(|btf| relocate(plan, &[btf]));
    let micros = start.elapsed().as_micros();
    Column {
        name,
        answers: answers.map_err(|error| error.to_string()),
        micros,
    }
}

fn rows(plan: &Plan<'_>) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for (record, entry) in plan.records().enumerate() {
        let kind = RelocKind::from_raw(entry.record.kind).map_or("unknown", what);
        let label = format!(
            "{kind:<10} {}",
            report::path_of(plan.local(), &entry.record)
        );
        if !rows.iter().any(|row| row.label == label) {
            rows.push(Row { label, record });
        }
    }
    rows
}

/// What a record asks, in a word.
const fn what(kind: RelocKind) -> &'static str {
    match kind {
        RelocKind::FieldByteOffset => "offset of",
        RelocKind::FieldByteSize | RelocKind::TypeSize => "size of",
        RelocKind::FieldExists | RelocKind::TypeExists | RelocKind::EnumvalExists => "exists",
        RelocKind::FieldSigned => "signed",
        RelocKind::FieldLshift => "lshift of",
        RelocKind::FieldRshift => "rshift of",
        RelocKind::TypeIdLocal => "local id",
        RelocKind::TypeIdTarget => "type id",
        RelocKind::EnumvalValue => "value of",
        RelocKind::TypeMatches => "matches",
    }
}

/// What a record's instruction gets.
fn cell(resolution: Option<&Resolution>) -> (anstyle::Style, String) {
    let Some(resolution) = resolution else {
        return (ERROR, "?".to_owned());
    };
    let question = resolution.kind.is_some_and(|kind| {
        matches!(
            kind,
            RelocKind::FieldExists
                | RelocKind::TypeExists
                | RelocKind::EnumvalExists
                | RelocKind::TypeMatches
        )
    });
    match resolution.outcome {
        Outcome::Value(1) if question => (GOOD, "yes".to_owned()),
        Outcome::Absent(_) if question => (WARN, "no".to_owned()),
        Outcome::Value(value) => (GOOD, value.cast_signed().to_string()),
        Outcome::Absent(_) => (WARN, "0".to_owned()),
        Outcome::Poison(_) => (WARN, "-".to_owned()),
        Outcome::Failed(_) => (ERROR, "fails".to_owned()),
        Outcome::Skipped => (DIM, "skipped".to_owned()),
    }
}
