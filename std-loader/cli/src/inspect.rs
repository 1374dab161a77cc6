//! `relocore inspect`: what an object consists of, and what in it may not do elsewhere.
//!
//! Enters: an object file; no kernel is asked. Leaves: programs, maps, externs, sections, CO-RE
//! records by kind, and lint; as text ([`inspect_text`](crate::inspect_text)) or as one JSON
//! object. An object that no loader takes is shown as far as it can be read.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};
use std::path::PathBuf;

use relocore::btf::{Btf, Kind};
use relocore::elf::{Binding, Object, ProgramRange, SectionKind, SymbolKind};
use relocore::explain;
use relocore::plan::Plan;
use relocore::relo::RelocKind;
use relocore::show::Declaration;
use relocore_loader::object::{MapRole, Sec};
use serde::Serialize;

use crate::inspect_lint::{LintLine, section_lints};
use crate::report::lossy;
use crate::{Failure, input, inspect_text, type_names};

/// Arguments of `relocore inspect`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The BPF object, as clang wrote it.
    #[arg(value_name = "OBJ")]
    object: PathBuf,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// All that is told.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename = "object")]
pub(crate) struct Inspected {
    pub(crate) object: String,
    pub(crate) bytes: usize,
    pub(crate) byte_order: &'static str,
    pub(crate) license: Option<String>,
    /// Does it have records at all?
    pub(crate) is_core: bool,
    /// Number of records by kind, and of distinct types that they start from.
    pub(crate) records: BTreeMap<&'static str, usize>,
    pub(crate) types: usize,
    pub(crate) has_lines: bool,
    pub(crate) programs: Vec<ProgramLine>,
    pub(crate) maps: Vec<MapLine>,
    pub(crate) externs: Vec<ExternLine>,
    pub(crate) sections: Vec<SectionLine>,
    pub(crate) lint: Vec<LintLine>,
    /// Why a loader would refuse it, if it would.
    pub(crate) refused: Option<String>,
}

/// A program or subprogram.
#[derive(Debug, Serialize)]
pub(crate) struct ProgramLine {
    pub(crate) section: String,
    pub(crate) name: String,
    /// Its type's word; nothing for a subprogram.
    pub(crate) kind: Option<&'static str>,
    pub(crate) is_subprogram: bool,
    pub(crate) autoload: bool,
    pub(crate) instructions: u32,
    pub(crate) records: usize,
}

/// A map.
#[derive(Debug, Serialize)]
pub(crate) struct MapLine {
    pub(crate) name: String,
    pub(crate) kind: String,
    /// What it stands for: declared, or data of some sort.
    pub(crate) role: &'static str,
    pub(crate) key_bytes: u32,
    pub(crate) value_bytes: u32,
    pub(crate) max_entries: u32,
}

/// Something that the object uses and does not define.
#[derive(Debug, Serialize)]
pub(crate) struct ExternLine {
    pub(crate) name: String,
    /// Where it is looked for.
    pub(crate) from: &'static str,
    /// Its type, as C has it; empty if unknown.
    pub(crate) declared: String,
    pub(crate) is_weak: bool,
}

/// An ELF section.
#[derive(Debug, Serialize)]
pub(crate) struct SectionLine {
    pub(crate) name: String,
    pub(crate) holds: &'static str,
    pub(crate) bytes: u64,
}

/// Runs the subcommand.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let bytes = input::object(&args.object)?;
    let name = args.object.display().to_string();
    let bad =
        |error: relocore::Error| Failure::Input(format!("{name}: {}", input::explain(&error)));
    let object = Object::parse(&bytes).map_err(bad)?;
    let mut programs = vec![ProgramRange::EMPTY; object.programs().map_err(bad)?.count()];
    let mut slots = vec![0; bytes.len() / 24 + 64];
    let plan = Plan::new(object, &mut slots, &mut programs).map_err(bad)?;
    let inspected = inspect(&plan, &name, &bytes).map_err(bad)?;
    let mut out = io::BufWriter::new(anstream::stdout().lock());
    if args.json {
        serde_json::to_writer(&mut out, &inspected)
            .map_err(|error| Failure::from(io::Error::from(error)))?;
        writeln!(out)?;
    } else {
        inspect_text::print(&mut out, &inspected)?;
    }
    out.flush()?;
    Ok(())
}

fn inspect(plan: &Plan<'_>, name: &str, bytes: &[u8]) -> relocore::Result<Inspected> {
    let object = plan.object();
    let mut records = BTreeMap::new();
    let mut roots = std::collections::HashSet::new();
    for entry in plan.records() {
        let kind = RelocKind::from_raw(entry.record.kind).map_or("unknown", RelocKind::name);
        *records.entry(kind).or_insert(0) += 1;
        roots.insert(entry.record.type_id);
    }
    let opened = relocore_loader::Object::from_bytes(name, bytes);
    let mut lint: Vec<_> = section_lints(object);
    lint.extend(explain::lint(plan)?.iter().map(LintLine::from));
    let has_lines = match object.btf_ext()? {
        Some(ext) => !relocore::ext::Ext::parse(ext)?.line_infos().is_empty(),
        None => false,
    };
    Ok(Inspected {
        object: name.to_owned(),
        bytes: bytes.len(),
        byte_order: match object.endian() {
            relocore::Endian::Little => "little",
            relocore::Endian::Big => "big",
        },
        license: object.license()?.map(lossy),
        is_core: !records.is_empty(),
        records,
        types: roots.len(),
        has_lines,
        programs: programs(plan)?,
        maps: opened.as_ref().map(maps).unwrap_or_default(),
        externs: externs(object, plan.local())?,
        sections: sections(object)?,
        lint,
        refused: opened.err().map(|error| error.kind().to_string()),
    })
}

fn programs(plan: &Plan<'_>) -> relocore::Result<Vec<ProgramLine>> {
    let mut records: HashMap<u32, usize> = HashMap::new();
    for planned in plan.sections() {
        let planned = planned?;
        for record in planned.records {
            if let Some(program) = planned.programs.find(record.insn_off) {
                *records.entry(program.symbol).or_default() += 1;
            }
        }
    }
    let mut lines = Vec::new();
    for program in plan.object().programs()? {
        let program = program?;
        let section = lossy(plan.object().section(program.section)?.name()?);
        let sec = Sec::parse(&section);
        let is_subprogram = section == ".text" || program.binding == Binding::Local;
        lines.push(ProgramLine {
            name: lossy(program.name),
            kind: sec
                .kind
                .filter(|_| !is_subprogram)
                .and_then(|kind| type_names::program(kind.prog_type.0)),
            is_subprogram,
            autoload: sec.autoload && !is_subprogram,
            instructions: program.size_bytes / 8,
            records: records.get(&program.symbol).copied().unwrap_or(0),
            section,
        });
    }
    lines.sort_by_key(|line| line.is_subprogram);
    Ok(lines)
}

fn maps(object: &relocore_loader::Object) -> Vec<MapLine> {
    let line = |map: &relocore_loader::MapDefinition| MapLine {
        name: map.name().to_owned(),
        kind: match type_names::map(map.map_type().0) {
            Some(word) => word.to_owned(),
            None => format!("type {}", map.map_type().0),
        },
        role: match map.role() {
            MapRole::Declared => "declared",
            MapRole::RoData => "constants",
            MapRole::Data => "variables",
            MapRole::Bss => "variables that start as 0",
            MapRole::Kconfig => "the kernel's configuration",
            _ => "other",
        },
        key_bytes: map.key_size(),
        value_bytes: map.value_size(),
        max_entries: map.max_entries(),
    };
    object.maps().iter().map(line).collect()
}

/// Undefined symbols, and what BTF says of them.
fn externs(object: &Object<'_>, btf: &Btf<'_>) -> relocore::Result<Vec<ExternLine>> {
    let mut declared = HashMap::new();
    for datasec in btf.types() {
        let datasec = datasec?;
        let from = match btf.name(datasec.name())? {
            b".kconfig" => "the kernel's configuration",
            b".ksyms" => "the kernel's symbols",
            _ => continue,
        };
        for var in datasec.section_vars() {
            let ty = btf.type_by_id(var.var)?;
            let from = match ty.kind() {
                Kind::Func => "the kernel's functions",
                _ => from,
            };
            let name = btf.name(ty.name())?;
            let text = Declaration::new(btf, ty.referred(), name).to_string();
            declared.insert(name, (from, text));
        }
    }
    let mut lines = Vec::new();
    for symbol in object.symbols()?.iter() {
        let is_extern = symbol.is_undefined() && symbol.binding() != Binding::Local;
        let name = symbol.name().unwrap_or(&[]);
        if !is_extern || name.is_empty() || symbol.kind() == SymbolKind::File {
            continue;
        }
        let (from, text) = declared.get(name).cloned().unwrap_or_default();
        lines.push(ExternLine {
            name: lossy(name),
            from: if from.is_empty() {
                "another object"
            } else {
                from
            },
            declared: text,
            is_weak: symbol.binding() == Binding::Weak,
        });
    }
    lines.sort_by(|a, b| (a.from, &a.name).cmp(&(b.from, &b.name)));
    Ok(lines)
}

fn sections(object: &Object<'_>) -> relocore::Result<Vec<SectionLine>> {
    let mut lines = Vec::new();
    for section in object.sections() {
        let name = section.name()?;
        let holds = match section.kind() {
            _ if section.size() == 0 => continue,
            _ if section.is_code() => "instructions",
            SectionKind::Rel => "relocations",
            SectionKind::Symtab => "symbols",
            SectionKind::Strtab => "names",
            SectionKind::Nobits => "variables that start as 0",
            SectionKind::Progbits => match name {
                b".BTF" => "types",
                b".BTF.ext" => "lines and CO-RE records",
                b".maps" => "declarations of maps",
                b"license" => "the licence",
                _ if name.starts_with(b".rodata") => "constants",
                _ if name.starts_with(b".data") => "variables",
                _ if name.starts_with(b".debug") => "DWARF",
                _ => "data",
            },
            _ => "other",
        };
        lines.push(SectionLine {
            name: lossy(name),
            holds,
            bytes: section.size(),
        });
    }
    Ok(lines)
}
