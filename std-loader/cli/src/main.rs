//! The command `relocore`.
//!
//! Enters: a command line. Leaves: text or JSON lines on stdout, and an exit status: 0 done, 1 the
//! object fails on this target, 2 usage or unreadable input. One file a subcommand; all real work
//! is `relocore` (relocation) and `relocore_loader` (files, kernel, programs).

mod demo;
mod input;
mod json;
mod load;
mod relocate;
mod report;
mod run;
mod style;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// BPF CO-RE without libbpf: relocate an object for any kernel, load it, and watch what it sees.
#[derive(Debug, Parser)]
#[command(name = "relocore", version, max_term_width = 100, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  relocore demo                                   one object on seven kernels, then live
  relocore relocate probe.bpf.o                   every record, against the running kernel
  relocore relocate probe.bpf.o --btf v5.10.btf   ... against another one
  relocore relocate probe.bpf.o -o patched.bpf.o  ... and the object with patched instructions
  relocore load probe.bpf.o                       does this kernel take it?
  relocore run probe.bpf.o --seconds 5            load, attach, print ring buffer records

Exit status: 0 done, 1 the object fails on this target, 2 usage or unreadable input.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer every CO-RE record of an object for a target kernel.
    Relocate(relocate::Args),
    /// Load an object's programs into the kernel, and let go of them.
    Load(load::Args),
    /// Relocate an object, load it, attach its programs, and print its ring buffers.
    Run(run::Args),
    /// See it work: one embedded object on seven kernels, then live on this one.
    Demo(demo::Args),
    /// The process that the demo watches.
    #[command(name = demo::CHILD, hide = true)]
    DemoChild,
}

/// How a command ended, when it did not end well.
#[derive(Debug)]
enum Failure {
    /// The object fails on this target; everything has been said.
    Object,
    /// Usage or input: the message is still to be said.
    Input(String),
    /// Nobody reads our output any more.
    BrokenPipe,
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Self::BrokenPipe,
            _ => Self::Input(format!("can't write the output: {error}")),
        }
    }
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Relocate(args) => relocate::run(&args),
        Command::Load(args) => load::run(&args),
        Command::Run(args) => run::run(&args),
        Command::Demo(args) => demo::run(&args),
        Command::DemoChild => {
            demo::child();
            Ok(())
        }
    };
    match result {
        Ok(()) | Err(Failure::BrokenPipe) => ExitCode::SUCCESS,
        Err(Failure::Object) => ExitCode::from(1),
        Err(Failure::Input(message)) => {
            anstream::eprintln!(
                "{}error:{} {message}",
                style::ERROR,
                style::ERROR.render_reset()
            );
            ExitCode::from(2)
        }
    }
}
