//! The demo's live part: the object on this kernel, checked against /proc.
//!
//! Enters: nothing. Leaves: the events of a second, and the verdict on one of them: a process that
//! the demo starts itself must be reported with the pid, the command and the executable's inode
//! that /proc and the file system say.

use core::time::Duration;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use relocore_loader::{Object, RingBuffer};

use super::OBJECT;
use crate::Failure;
use crate::style::{DIM, ERROR, GOOD, HEAD, WARN};

/// How long events are waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// `struct event` of `demo.bpf.c`, in this machine's byte order.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Event {
    inode: u64,
    pid: u32,
    parent: u32,
    state: u32,
    kernel_version: u32,
    hz: u32,
    nr_shmem: u32,
    comm_bytes: u32,
    reset_on_fork: u8,
    has_arena: u8,
    old_state: u8,
    comm: String,
}

impl Event {
    /// Decodes a record; `None` if it has not the event's size.
    fn decode(bytes: &[u8]) -> Option<Self> {
        let (inode, rest) = bytes.split_first_chunk()?;
        let (words, rest) = rest.split_first_chunk::<28>()?;
        let (flags, comm) = rest.split_first_chunk::<4>()?;
        let comm: &[u8; 16] = comm.get(..16)?.try_into().ok()?;
        let mut words = words
            .as_chunks()
            .0
            .iter()
            .map(|word| u32::from_ne_bytes(*word));
        let mut word = || words.next();
        let end = comm
            .iter()
            .position(|&byte| byte == 0)
            .unwrap_or(comm.len());
        Some(Self {
            inode: u64::from_ne_bytes(*inode),
            pid: word()?,
            parent: word()?,
            state: word()?,
            kernel_version: word()?,
            hz: word()?,
            nr_shmem: word()?,
            comm_bytes: word()?,
            reset_on_fork: flags[0],
            has_arena: flags[1],
            old_state: flags[2],
            comm: String::from_utf8_lossy(comm.get(..end)?).into_owned(),
        })
    }
}

/// Loads, watches and checks. What the kernel or the privilege does not permit is said, and is no
/// failure of the demo: the table stands without it.
pub(super) fn run(out: &mut impl Write) -> Result<(), Failure> {
    match watch(out) {
        Ok(()) => Ok(()),
        Err(Stop::Failure(failure)) => Err(failure),
        Err(Stop::NotHere(reason)) => {
            writeln!(out, "{WARN}not loaded:{WARN:#} {reason}")?;
            writeln!(
                out,
                "The table above needs neither privilege nor a kernel, and stands."
            )?;
            Ok(())
        }
    }
}

/// Why nothing was seen.
#[derive(Debug)]
enum Stop {
    NotHere(String),
    Failure(Failure),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Failure(error.into())
    }
}

fn not_here(error: impl core::fmt::Display) -> Stop {
    Stop::NotHere(error.to_string())
}

fn watch(out: &mut impl Write) -> Result<(), Stop> {
    let object = Object::from_bytes("demo", OBJECT.to_vec()).map_err(not_here)?;
    let loaded = object.load().map_err(not_here)?;
    let _link = loaded
        .program("handle_exec")
        .map_err(not_here)?
        .attach()
        .map_err(not_here)?;
    let events = loaded.map("events").map_err(not_here)?;
    let mut ring = RingBuffer::new([events]).map_err(not_here)?;

    let mut child = Watched::start()?;
    let start = Instant::now();
    let mut seen = Vec::new();
    while let Some(left) = PATIENCE.checked_sub(start.elapsed()) {
        ring.poll(Some(left)).map_err(not_here)?;
        let mut bad = 0;
        ring.consume(usize::MAX, |_, bytes| match Event::decode(bytes) {
            Some(event) => seen.push(event),
            None => bad += 1,
        })
        .map_err(not_here)?;
        if bad > 0 {
            writeln!(out, "{ERROR}{bad} events of an unknown size{ERROR:#}")?;
        }
    }
    print(out, &seen)?;
    verdict(out, &mut child, &seen)
}

/// A process of the demo's own, which lives until it is dropped.
#[derive(Debug)]
struct Watched {
    child: Child,
    /// Device-independent inode of its executable.
    inode: u64,
}

impl Watched {
    fn start() -> Result<Self, Stop> {
        let exe = std::env::current_exe()?;
        let inode = fs::metadata(&exe)?.ino();
        let child = Command::new(exe)
            .arg(super::CHILD)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()?;
        Ok(Self { child, inode })
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // It may be gone already: then there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn print(out: &mut impl Write, events: &[Event]) -> Result<(), Stop> {
    writeln!(
        out,
        "{HEAD}{:>8} {:>8}  {:<16} {:>12}  {:>9} {:>5} {:>5}{HEAD:#}",
        "PID", "PARENT", "COMMAND", "EXE INODE", "KERNEL", "HZ", "SHMEM"
    )?;
    for event in events {
        let version = event.kernel_version;
        let version = format!(
            "{}.{}.{}",
            version >> 16,
            version >> 8 & 0xff,
            version & 0xff
        );
        writeln!(
            out,
            "{:>8} {:>8}  {:<16} {:>12}  {version:>9} {:>5} {:>5}",
            event.pid, event.parent, event.comm, event.inode, event.hz, event.nr_shmem
        )?;
    }
    writeln!(
        out,
        "{DIM}{} executions in {} s{DIM:#}",
        events.len(),
        PATIENCE.as_secs()
    )?;
    Ok(())
}

/// The event of our own process, against what /proc and the file system say of it.
fn verdict(out: &mut impl Write, watched: &mut Watched, events: &[Event]) -> Result<(), Stop> {
    let pid = watched.child.id();
    let proc = format!("/proc/{pid}");
    let comm = fs::read_to_string(format!("{proc}/comm"))?;
    let inode = fs::metadata(format!("{proc}/exe"))?.ino();
    let Some(event) = events.iter().find(|event| event.pid == pid) else {
        writeln!(
            out,
            "{ERROR}the demo's own process {pid} was not reported{ERROR:#}"
        )?;
        return Err(Stop::Failure(Failure::Object));
    };
    let checks = [
        ("command", event.comm == comm.trim_end()),
        (
            "executable's inode",
            event.inode == inode && inode == watched.inode,
        ),
        ("parent", event.parent == std::process::id()),
    ];
    for (what, right) in checks {
        let (style, word) = if right {
            (GOOD, "as /proc says")
        } else {
            (ERROR, "WRONG")
        };
        writeln!(out, "process {pid}: {what:<20} {style}{word}{style:#}")?;
    }
    if checks.iter().all(|(_, right)| *right) {
        Ok(())
    } else {
        Err(Stop::Failure(Failure::Object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_decodes_by_the_c_layout() {
        let mut bytes = Vec::new();
        bytes.extend(7u64.to_ne_bytes());
        for word in 1..=7u32 {
            bytes.extend(word.to_ne_bytes());
        }
        bytes.extend([1, 0, 1, 0]);
        bytes.extend(*b"sleep\0xxxxxxxxxx");
        let event = Event::decode(&bytes).unwrap();
        assert_eq!((event.inode, event.pid, event.comm_bytes), (7, 1, 7));
        assert_eq!(
            (event.reset_on_fork, event.has_arena, event.old_state),
            (1, 0, 1)
        );
        assert_eq!(event.comm, "sleep");
        assert_eq!(Event::decode(&bytes[..40]), None);
    }
}
