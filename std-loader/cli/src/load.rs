//! `relocore load`: whether the running kernel takes an object.
//!
//! Enters: an object file. Leaves: a line for each program that was loaded, and status 0 if all
//! that should be were. Without `--pin` all of it is gone again with the end of the process.

use std::io::Write;
use std::path::PathBuf;

use relocore_loader::{Object, Target};

use crate::style::{DIM, GOOD, HEAD};
use crate::{Failure, input};

/// Arguments of `relocore load`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The BPF object, as clang wrote it.
    #[arg(value_name = "OBJ")]
    object: PathBuf,
    /// Load this program alone; may be given several times. Default: all that load by themselves.
    #[arg(long, value_name = "NAME")]
    program: Vec<String>,
    /// Keep what was loaded: pin programs and maps, by their names, in this directory of a BPF file
    /// system. It is made, and must not exist or be empty. Without, maps that ask for a pin of
    /// their own get none.
    #[arg(long, value_name = "DIR")]
    pin: Option<PathBuf>,
    /// Load what can be loaded, and say what can't; the status is 1 then.
    #[arg(long)]
    keep_going: bool,
    /// What the verifier shall write of each program: 1 its path, 2 every instruction, 4
    /// statistics, or sums of them.
    #[arg(long, value_name = "LEVEL", default_value_t = 0)]
    log_level: u32,
    /// BTF to relocate against, where the running kernel shows none: raw, or an ELF file that has it.
    #[arg(long, value_name = "FILE")]
    btf: Option<PathBuf>,
}

/// Runs the subcommand.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let bytes = input::object(&args.object)?;
    let name = args.object.display().to_string();
    let usage = |error: relocore_loader::Error| Failure::Input(error.to_string());
    let mut object = Object::from_bytes(&name, bytes).map_err(usage)?;
    if let Some(path) = &args.btf {
        object.target(Target::File(path.clone()));
    }
    if !args.program.is_empty() {
        for program in object.programs_mut() {
            program.set_autoload(false);
        }
        for name in &args.program {
            object.program_mut(name).map_err(usage)?.set_autoload(true);
        }
    }
    if args.pin.is_none() {
        let names: Vec<_> = object
            .maps()
            .iter()
            .map(|map| map.name().to_owned())
            .collect();
        for name in names {
            object.map_mut(&name).map_err(usage)?.set_pin_by_name(false);
        }
    }
    object.log_level(args.log_level);
    object.skip_failing(args.keep_going);
    let fails = |error: &dyn core::fmt::Display| {
        anstream::eprintln!("{error}");
        Failure::Object
    };
    let loaded = object.load().map_err(|error| fails(&error))?;
    if let Some(directory) = &args.pin {
        loaded.pin(directory).map_err(|error| fails(&error))?;
    }
    let mut out = anstream::stdout().lock();
    for program in loaded.programs() {
        let (name, section) = (program.name(), program.section());
        writeln!(
            out,
            "{GOOD}loaded{GOOD:#} {HEAD}{name}{HEAD:#} {DIM}{section}{DIM:#}"
        )?;
        out.write_all(program.log().as_bytes())?;
    }
    for note in loaded.notes() {
        writeln!(out, "{DIM}{note}{DIM:#}")?;
    }
    for skipped in loaded.skipped() {
        anstream::eprintln!("{}", skipped.error);
    }
    match loaded.skipped() {
        [] => Ok(()),
        _ => Err(Failure::Object),
    }
}
