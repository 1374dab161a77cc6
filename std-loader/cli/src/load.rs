//! `relocore load`: whether the running kernel takes an object.
//!
//! Enters: an object file. Leaves: a line for each program that was loaded, and status 0 if all
//! that should be were. With the end of the process all of it is gone again.

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
    let loaded = object.load().map_err(|error| {
        anstream::eprintln!("{error}");
        Failure::Object
    })?;
    let mut out = anstream::stdout().lock();
    for program in loaded.programs() {
        let (name, section) = (program.name(), program.section());
        writeln!(
            out,
            "{GOOD}loaded{GOOD:#} {HEAD}{name}{HEAD:#} {DIM}{section}{DIM:#}"
        )?;
    }
    for note in loaded.notes() {
        writeln!(out, "{DIM}{note}{DIM:#}")?;
    }
    Ok(())
}
