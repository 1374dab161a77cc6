//! `relocore run`: relocate, load, attach, and print what the ring buffers deliver.
//!
//! Enters: an object file. Leaves: a line for each ring buffer record, until Ctrl-C or the time is
//! up; then everything is detached and gone.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use relocore_loader::sys::MapType;
use relocore_loader::{Map, Object, RingBuffer, Target};

use crate::style::{DIM, HEAD, WARN};
use crate::{Failure, input};

/// Arguments of `relocore run`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The BPF object, as clang wrote it.
    #[arg(value_name = "OBJ")]
    object: PathBuf,
    /// BTF to relocate against, where the running kernel shows none: raw, or an ELF file that has it.
    #[arg(long, value_name = "FILE")]
    btf: Option<PathBuf>,
    /// Stop after this many seconds; default: at Ctrl-C.
    #[arg(long, value_name = "N")]
    seconds: Option<u64>,
}

/// How often the wish to stop is looked at.
const TICK: Duration = Duration::from_millis(200);

/// Runs the subcommand.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let bytes = input::object(&args.object)?;
    let name = args.object.display().to_string();
    let mut object =
        Object::from_bytes(&name, bytes).map_err(|error| Failure::Input(error.to_string()))?;
    if let Some(path) = &args.btf {
        object.target(Target::File(path.clone()));
    }
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed))
        .map_err(|error| Failure::Input(format!("can't watch for Ctrl-C: {error}")))?;

    let fails = |error: &dyn core::fmt::Display| {
        anstream::eprintln!("{error}");
        Failure::Object
    };
    let loaded = object.load().map_err(|error| fails(&error))?;
    let mut out = anstream::stdout().lock();
    let mut links = Vec::new();
    for program in loaded.programs() {
        match program.attach() {
            Ok(link) => {
                writeln!(out, "{DIM}attached {}{DIM:#}", program.name())?;
                links.push(link);
            }
            Err(error) => writeln!(out, "{WARN}not attached:{WARN:#} {error}")?,
        }
    }
    if links.is_empty() {
        return Err(fails(&format!(
            "{name}: no program of it could be attached"
        )));
    }
    for note in loaded.notes() {
        writeln!(out, "{DIM}{note}{DIM:#}")?;
    }
    let is_ring = |map: &Map| map.spec().map_type == MapType::RINGBUF;
    let (names, rings): (Vec<_>, Vec<_>) = loaded.maps().filter(|(_, map)| is_ring(map)).unzip();
    if rings.is_empty() {
        writeln!(
            out,
            "{name} has no ring buffer: it stays attached until the end"
        )?;
    }
    let mut ring = RingBuffer::new(rings).map_err(|error| fails(&error))?;
    let end = args
        .seconds
        .map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let mut lines = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let left = end.map(|end| end.saturating_duration_since(Instant::now()));
        if left == Some(Duration::ZERO) {
            break;
        }
        ring.poll(Some(left.unwrap_or(TICK).min(TICK)))
            .map_err(|error| fails(&error))?;
        lines.clear();
        ring.consume(usize::MAX, |ring, record| {
            let name = names.get(ring).copied().unwrap_or_default();
            // Writing to a vector can't fail.
            let _ = line(&mut lines, name, record);
        })
        .map_err(|error| fails(&error))?;
        out.write_all(&lines)?;
        out.flush()?;
    }
    Ok(())
}

/// A record: its bytes in hexadecimal, and as text where they are.
fn line(out: &mut impl Write, ring: &str, record: &[u8]) -> std::io::Result<()> {
    write!(out, "{HEAD}{ring}{HEAD:#} {} bytes ", record.len())?;
    for word in record.chunks(4) {
        write!(out, " ")?;
        for byte in word {
            write!(out, "{byte:02x}")?;
        }
    }
    let text: String = record
        .iter()
        .map(|&byte| {
            if byte.is_ascii_graphic() || byte == b' ' {
                byte as char
            } else {
                '.'
            }
        })
        .collect();
    writeln!(out, "  {DIM}{text}{DIM:#}")
}
