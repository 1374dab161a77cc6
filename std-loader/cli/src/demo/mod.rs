//! `relocore demo`: the main job on an embedded default, without an argument or a file.
//!
//! Enters: nothing. Leaves: a table of one object relocated for the bundled kernels and for the
//! running one, and then, where BPF is permitted, a second of what that object sees live, checked
//! against /proc.

mod kernels;
mod live;
mod table;

use std::io::{self, Write};

use relocore::elf::{Object, ProgramRange};
use relocore::plan::Plan;

use crate::Failure;
use crate::style::{DIM, HEAD};

/// The demo's program, `tests/data/bpf/demo.bpf.c`, as clang compiled it once.
const OBJECT: &[u8] = include_bytes!("../../../../tests/data/obj/demo.bpfel.o");

/// Arguments of `relocore demo`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only the table: nothing is loaded into the kernel.
    #[arg(long)]
    offline: bool,
}

/// Runs the subcommand.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let bad = |error: relocore::Error| Failure::Input(format!("the bundled object: {error}"));
    let object = Object::parse(OBJECT).map_err(bad)?;
    let mut programs = vec![ProgramRange::EMPTY; object.programs().map_err(bad)?.count()];
    let mut slots = vec![0; OBJECT.len() / 24];
    let plan = Plan::new(object, &mut slots, &mut programs).map_err(bad)?;

    let mut out = anstream::stdout().lock();
    writeln!(
        out,
        "{HEAD}One object, compiled once, on {} kernels{HEAD:#} {DIM}({} bytes, {} CO-RE records){DIM:#}",
        kernels::BUNDLED.len() + 1,
        OBJECT.len(),
        plan.records().count()
    )?;
    table::print(&mut out, &plan)?;
    if args.offline {
        return Ok(());
    }
    writeln!(out, "\n{HEAD}The same object, live on this kernel{HEAD:#}")?;
    live::run(&mut out)
}

/// Hidden subcommand: the process that the live part starts and watches.
pub(crate) const CHILD: &str = "demo-child";

/// Waits until the parent is gone.
pub(crate) fn child() {
    let _ = io::stdin().read_line(&mut String::new());
}
