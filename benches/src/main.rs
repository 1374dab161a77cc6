//! The benches: relocore beside its peers, and its cost against the size of its work.
//!
//! `peers` does the same work by relocore, libbpf and aya in turns; `scaling` shows how our own
//! cost grows. `README.md` tells how to run them and what they measured.

mod aya;
mod chart;
mod concat;
mod harness;
mod heap;
mod inputs;
mod libbpf;
mod ours;
mod peers;
mod process;
mod scaling;
mod table;

use std::env;
use std::error::Error;
use std::process::ExitCode;

const USAGE: &str = "\
usage: relocore-benches peers [--json] [--rounds N] [--btf FILE] [--svg FILE] [--only ROW]
       relocore-benches scaling [--json] [--rounds N] [--btf FILE]";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    if process::child()? {
        return Ok(());
    }
    let mut args = env::args().skip(1);
    let command = args.next().ok_or(USAGE)?;
    let mut options = peers::Options {
        json: false,
        rounds: 31,
        btf: None,
        svg: None,
        only: String::new(),
    };
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| format!("{arg} wants a value"));
        match arg.as_str() {
            "--json" => options.json = true,
            "--rounds" => options.rounds = value()?.parse()?,
            "--btf" => options.btf = Some(value()?.into()),
            "--svg" => options.svg = Some(value()?.into()),
            "--only" => options.only = value()?,
            _ => return Err(USAGE.into()),
        }
    }
    options.rounds = options.rounds.max(1);
    match command.as_str() {
        "peers" => peers::run(&options),
        "scaling" => scaling::run(&options),
        _ => Err(USAGE.into()),
    }
}
