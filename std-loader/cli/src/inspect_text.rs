//! `relocore inspect` for people.
//!
//! Enters: [`Inspected`]. Leaves: headings and columns.

use std::io::Write;

use crate::Failure;
use crate::inspect::{ExternLine, Inspected, MapLine, ProgramLine};
use crate::inspect_lint::LintLine;
use crate::style::{DIM, GOOD, HEAD, WARN};

/// Words for the kinds of records.
const KINDS: [(&str, &str); 13] = [
    ("byte_off", "places of fields"),
    ("byte_sz", "sizes of fields"),
    ("field_exists", "existence of fields"),
    ("signed", "signs of fields"),
    ("lshift_u64", "left shifts of bitfields"),
    ("rshift_u64", "right shifts of bitfields"),
    ("local_type_id", "ids of the object's types"),
    ("target_type_id", "ids of the kernel's types"),
    ("type_exists", "existence of types"),
    ("type_size", "sizes of types"),
    ("enumval_exists", "existence of enumerators"),
    ("enumval_value", "values of enumerators"),
    ("type_matches", "likeness of types"),
];

/// Prints it all.
pub(crate) fn print(out: &mut impl Write, it: &Inspected) -> Result<(), Failure> {
    write!(
        out,
        "{HEAD}{}{HEAD:#}: BPF object of {} bytes, {}-endian, ",
        it.object, it.bytes, it.byte_order
    )?;
    match &it.license {
        Some(license) => writeln!(out, "licence \"{}\"", license.escape_debug())?,
        None => writeln!(out, "without a licence (helpers under the GPL are refused)")?,
    }
    records(out, it)?;
    if !it.has_lines {
        writeln!(
            out,
            "{DIM}no line numbers: compile it with -g to have lint and explanations name lines{DIM:#}"
        )?;
    }
    if let Some(reason) = &it.refused {
        writeln!(out, "{WARN}this loader does not take it:{WARN:#} {reason}")?;
    }
    programs(out, &it.programs)?;
    maps(out, &it.maps)?;
    externs(out, &it.externs)?;
    sections(out, it)?;
    lint(out, &it.lint)
}

fn records(out: &mut impl Write, it: &Inspected) -> Result<(), Failure> {
    if !it.is_core {
        writeln!(
            out,
            "CO-RE: {WARN}no{WARN:#}, nothing in it is adapted to the kernel"
        )?;
        return Ok(());
    }
    let count: usize = it.records.values().sum();
    writeln!(
        out,
        "CO-RE: {GOOD}yes{GOOD:#}, {} about {} of the kernel",
        counted(count, "record"),
        counted(it.types, "type"),
    )?;
    for (kind, words) in KINDS {
        if let Some(count) = it.records.get(kind) {
            writeln!(out, "  {count:>5}  {words}")?;
        }
    }
    if let Some(count) = it.records.get("unknown") {
        writeln!(out, "  {count:>5}  of kinds newer than this command")?;
    }
    Ok(())
}

/// A name, safe for a terminal.
fn shown(name: &str) -> String {
    name.escape_debug().to_string()
}

fn counted(count: usize, what: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {what}{s}")
}

/// The widest of some texts, up to a limit: one long name must not push all columns away.
fn width<'a>(texts: impl Iterator<Item = &'a str>) -> usize {
    texts
        .map(|text| text.chars().count())
        .max()
        .unwrap_or(0)
        .min(40)
}

fn programs(out: &mut impl Write, lines: &[ProgramLine]) -> Result<(), Failure> {
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{HEAD}Programs{HEAD:#}")?;
    let names = width(lines.iter().map(|line| line.name.as_str()));
    let sections = width(lines.iter().map(|line| line.section.as_str()));
    for line in lines {
        let kind = match line.kind {
            _ if line.is_subprogram => "subprogram",
            Some(kind) => kind,
            None => "unknown",
        };
        write!(
            out,
            "  {:<names$}  {:<sections$}  {kind:<16} {:>5} instructions",
            shown(&line.name),
            shown(&line.section),
            line.instructions,
        )?;
        if line.records > 0 {
            write!(out, ", {}", counted(line.records, "record"))?;
        }
        if !line.autoload && !line.is_subprogram {
            write!(out, "  {DIM}(loaded only if asked for){DIM:#}")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn maps(out: &mut impl Write, lines: &[MapLine]) -> Result<(), Failure> {
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{HEAD}Maps{HEAD:#}")?;
    let names = width(lines.iter().map(|line| line.name.as_str()));
    for line in lines {
        write!(out, "  {:<names$}  ", shown(&line.name))?;
        match (line.role, line.kind.as_str()) {
            ("declared", "ringbuf" | "user_ringbuf") => {
                writeln!(out, "{}, {} bytes", line.kind, line.max_entries)?;
            }
            ("declared", kind) => writeln!(
                out,
                "{kind}, {} x ({} + {} bytes)",
                line.max_entries, line.key_bytes, line.value_bytes
            )?,
            (role, _) => writeln!(out, "{role}, {} bytes", line.value_bytes)?,
        }
    }
    Ok(())
}

fn externs(out: &mut impl Write, lines: &[ExternLine]) -> Result<(), Failure> {
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{HEAD}From the kernel{HEAD:#}")?;
    let names = width(lines.iter().map(|line| line.name.as_str()));
    for line in lines {
        write!(out, "  {:<names$}  {}", shown(&line.name), line.from)?;
        if !line.declared.is_empty() {
            write!(out, ", `{}`", line.declared)?;
        }
        if line.is_weak {
            write!(out, "  {DIM}(may be missing){DIM:#}")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn sections(out: &mut impl Write, it: &Inspected) -> Result<(), Failure> {
    writeln!(out, "\n{HEAD}Sections{HEAD:#}")?;
    let names = width(it.sections.iter().map(|line| line.name.as_str()));
    let mut debug_bytes = 0;
    for line in &it.sections {
        match line.holds {
            // Tables of the file itself say nothing of the program.
            "relocations" | "symbols" | "names" | "other" => {}
            "DWARF" => debug_bytes += line.bytes,
            holds => writeln!(
                out,
                "  {:<names$}  {holds}, {} bytes",
                shown(&line.name),
                line.bytes
            )?,
        }
    }
    if debug_bytes > 0 {
        writeln!(
            out,
            "  {:<names$}  DWARF, {debug_bytes} bytes that no loader needs",
            ".debug_*"
        )?;
    }
    Ok(())
}

fn lint(out: &mut impl Write, lines: &[LintLine]) -> Result<(), Failure> {
    writeln!(out, "\n{HEAD}Lint{HEAD:#}")?;
    if lines.is_empty() {
        writeln!(out, "  nothing found")?;
        return Ok(());
    }
    let mut last = None;
    for line in lines {
        if last.replace(&line.text) != Some(&line.text) {
            writeln!(out, "  {WARN}{}{WARN:#}", line.text)?;
        }
        let (program, section) = (shown(&line.program), shown(&line.section));
        match (&line.file, line.line) {
            (Some(file), Some(number)) => {
                let name = shown(file.rsplit('/').next().unwrap_or(file));
                writeln!(out, "    {name}:{number} in `{program}` ({section})")?;
            }
            _ if !line.program.is_empty() => writeln!(out, "    in `{program}` ({section})")?,
            _ => {}
        }
        if let Some(source) = line.source.as_ref().filter(|source| !source.is_empty()) {
            let shown: String = source.chars().take(110).collect();
            writeln!(
                out,
                "    {DIM}| {}{DIM:#}",
                shown.replace(|c: char| c.is_control(), " ")
            )?;
        }
    }
    Ok(())
}
