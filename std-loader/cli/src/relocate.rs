//! `relocore relocate`: every record of an object, answered for a target.
//!
//! Enters: an object file and target BTF. Leaves: a table, or JSON lines ([`json`]),
//! and with `-o` the object with patched instructions.

use core::time::Duration;
use std::collections::HashMap;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use relocore::btf::Btf;
use relocore::elf::{Object, ProgramRange, Section};
use relocore::owned::{Relocated, relocate};
use relocore::plan::Plan;
use relocore::relo::needs_target;

use crate::input::{self, TargetArgs, TargetBytes};
use crate::{Failure, json, report};

/// Arguments of `relocore relocate`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The BPF object, as clang wrote it.
    #[arg(value_name = "OBJ")]
    object: PathBuf,
    #[command(flatten)]
    target: TargetArgs,
    /// Print JSON, one object a line: relocations, sections, a summary.
    #[arg(long)]
    json: bool,
    /// Write the object with patched instructions, and without CO-RE records, to this file.
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
}

/// Where the time went.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Times {
    /// Files to bytes.
    pub(crate) reading: Duration,
    /// Bytes to indexed BTF.
    pub(crate) indexing: Duration,
    /// Candidates, answers, patched sections.
    pub(crate) relocating: Duration,
}

/// What is to be told.
#[derive(Debug)]
pub(crate) struct Done<'a> {
    pub(crate) plan: &'a Plan<'a>,
    pub(crate) targets: &'a [Btf<'a>],
    pub(crate) target_name: &'a str,
    pub(crate) relocated: &'a Relocated,
    pub(crate) sections: &'a HashMap<&'a [u8], Section<'a>>,
    pub(crate) times: Times,
}

/// Runs the subcommand.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let start = Instant::now();
    let bytes = input::object(&args.object)?;
    let mut times = Times {
        reading: start.elapsed(),
        ..Times::default()
    };
    let bad = |error: relocore::Error| {
        Failure::Input(format!(
            "{}: {}",
            args.object.display(),
            input::explain(&error)
        ))
    };

    let start = Instant::now();
    let object = Object::parse(&bytes).map_err(bad)?;
    let mut programs = vec![ProgramRange::EMPTY; object.programs().map_err(bad)?.count()];
    let mut slots = vec![0; bytes.len() / 24 + 64];
    let plan = Plan::new(object, &mut slots, &mut programs).map_err(bad)?;
    times.indexing = start.elapsed();

    if !needs_target(plan.records().map(|entry| entry.record)) {
        return answer(args, &bytes, &plan, None, times, false).map(drop);
    }
    let start = Instant::now();
    let mut target = args.target.read()?;
    times.reading += start.elapsed();
    if answer(
        args,
        &bytes,
        &plan,
        Some(&target),
        times,
        args.target.has_modules(),
    )? {
        return Ok(());
    }
    target.add_running_modules();
    answer(args, &bytes, &plan, Some(&target), times, false).map(drop)
}

/// Relocates and tells. Or, if `more` modules could still be asked and are needed, returns false.
fn answer(
    args: &Args,
    bytes: &[u8],
    plan: &Plan<'_>,
    target: Option<&TargetBytes>,
    mut times: Times,
    more: bool,
) -> Result<bool, Failure> {
    let (mut slots, mut module_slots) = (Vec::new(), Vec::new());
    let mut targets = Vec::new();
    let start = Instant::now();
    let vmlinux = target
        .map(|t| input::parse(&t.name, &t.vmlinux, t.pointer_bytes, &mut slots))
        .transpose()?;
    targets.extend(vmlinux);
    if let (Some(target), Some(vmlinux)) = (target, &vmlinux) {
        module_slots.resize(target.modules.len(), Vec::new());
        for ((name, bytes), slots) in target.modules.iter().zip(&mut module_slots) {
            targets.push(input::parse_module(name, bytes, vmlinux, slots)?);
        }
    }
    times.indexing += start.elapsed();

    let start = Instant::now();
    let relocated = relocate(plan, &targets)
        .map_err(|error| Failure::Input(format!("{}: {error}", args.object.display())))?;
    times.relocating = start.elapsed();
    if more && relocated.unmatched_roots > 0 {
        return Ok(false);
    }
    let sections: HashMap<_, _> = plan
        .object()
        .sections()
        .filter_map(|section| Some((section.name().ok()?, section)))
        .collect();
    let done = Done {
        plan,
        targets: &targets,
        target_name: target.map_or("any kernel", |target| &target.name),
        relocated: &relocated,
        sections: &sections,
        times,
    };
    tell(args, bytes, &done)?;
    Ok(true)
}

fn tell(args: &Args, bytes: &[u8], done: &Done<'_>) -> Result<(), Failure> {
    let failed = done.relocated.failures() > 0;
    if let (Some(output), false) = (&args.output, failed) {
        write_whole(output, &patched(bytes, done))?;
    }
    let mut out = io::BufWriter::new(anstream::stdout().lock());
    if args.json {
        json::print(&mut out, done)?;
    } else {
        report::print(&mut out, &args.object, done)?;
    }
    out.flush()?;
    if failed { Err(Failure::Object) } else { Ok(()) }
}

/// The object with patched sections. Its CO-RE records are emptied: they are done, and a loader
/// that did them again would find other values than the compiler's and refuse.
fn patched(bytes: &[u8], done: &Done<'_>) -> Vec<u8> {
    /// Offset of `core_relo_len` in the header of `.BTF.ext`, in bytes.
    const CORE_RELO_LEN: usize = 28;
    let mut out = bytes.to_vec();
    let mut put = |at: u64, bytes: &[u8]| {
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        if let Some(to) = out
            .get_mut(at..)
            .and_then(|rest| rest.get_mut(..bytes.len()))
        {
            to.copy_from_slice(bytes);
        }
    };
    for (index, bytes) in &done.relocated.sections {
        if let Ok(section) = done.plan.object().section(*index) {
            put(section.offset(), bytes);
        }
    }
    if let (Some(ext), true) = (
        done.sections.get(&b".BTF.ext"[..]),
        done.plan.records().next().is_some(),
    ) {
        put(ext.offset().saturating_add(CORE_RELO_LEN as u64), &[0; 4]);
    }
    out
}

/// Writes a file whole or not at all: under another name first, in the same directory.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failure =
        |error: io::Error| Failure::Input(format!("{}: can't be written: {error}", path.display()));
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut file = tempfile::Builder::new()
        .permissions(fs::Permissions::from_mode(0o644))
        .tempfile_in(directory)
        .map_err(failure)?;
    file.write_all(bytes).map_err(failure)?;
    file.persist(path).map_err(|error| failure(error.error))?;
    Ok(())
}
