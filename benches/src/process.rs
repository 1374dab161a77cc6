//! The row `process`: a program that loads and attaches one BPF program and ends.
//!
//! Enters: a contender. Leaves: the time from starting this very binary as a child, which does
//! that work and nothing else, to its end; what it allocated; and its largest resident set. That
//! one is `VmHWM`, read by the child itself: `wait4` would also count the parent's pages, which
//! the child has until it executes.

use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::harness::{Lap, Who};
use crate::heap::{self, Heap};
use crate::{aya, libbpf, ours};

/// What the child is asked for by its first argument.
const CHILD: &str = "child";

fn attach(who: &str, object: &Path) -> Result<(), Box<dyn Error>> {
    match who {
        "relocore" => Ok(ours::attach(object)?),
        "libbpf" => {
            libbpf::hush();
            Ok(libbpf::attach(object)?)
        }
        "aya" => Ok(aya::attach(object)?),
        // What starting a process takes.
        "nobody" => Ok(()),
        _ => Err(format!("who is {who}?").into()),
    }
}

/// If this process is a child, does its work; true if it was one.
pub fn child() -> Result<bool, Box<dyn Error>> {
    let mut args = env::args_os().skip(1);
    if args.next().is_none_or(|arg| arg != CHILD) {
        return Ok(false);
    }
    let (Some(who), Some(object)) = (args.next(), args.next()) else {
        return Err("usage: child WHO OBJECT [count]".into());
    };
    let (who, object) = (who.to_string_lossy(), Path::new(&object));
    if args.next().is_some() {
        let (done, heap) = heap::counted(|| attach(&who, object));
        done?;
        let status = fs::read_to_string("/proc/self/status")?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = peak.and_then(|peak| peak.trim().strip_suffix(" kB"));
        println!("{} {}", heap.allocs, kib.unwrap_or("0"));
    } else {
        attach(&who, object)?;
    }
    Ok(true)
}

fn command(who: &str, object: &Path) -> Result<Command, Box<dyn Error>> {
    let mut command = Command::new(env::current_exe()?);
    command.arg(CHILD).arg(who).arg(object).stdin(Stdio::null());
    Ok(command)
}

/// Allocations and largest resident set of a child; its error, if it has one.
pub fn count(who: &str, object: &Path) -> Result<Heap, Box<dyn Error>> {
    let output = command(who, object)?.arg("count").output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().into());
    }
    let line = String::from_utf8(output.stdout)?;
    let (allocs, kib) = line.trim().split_once(' ').ok_or("no count")?;
    Ok(Heap {
        allocs: allocs.parse()?,
        peak_bytes: kib.trim().parse::<u64>()? * 1024,
    })
}

/// The time of a child, from start to end.
pub fn time(who: &str, object: &Path) -> Lap {
    let mut command = command(who, object).expect("this binary has a path");
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let status = command.status();
    let took = start.elapsed();
    assert!(status.is_ok_and(|status| status.success()), "child {who}");
    Lap {
        ns: took.as_secs_f64() * 1e9,
        heap: Heap::default(),
    }
}

/// Contenders that can do it here, with what they took; else why not.
pub fn contenders(object: &Path) -> Vec<(Who, Result<Heap, String>)> {
    let all = Who::ALL.into_iter();
    all.map(|who| (who, count(who.name(), object).map_err(|e| e.to_string())))
        .collect()
}
