//! The agent's job by the std loader: what a static binary of it costs beside the freestanding agent.
//!
//! Enters, leaves: as the agent's, whose lines it prints as far as it knows them.

use std::error::Error;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, id};
use std::time::Instant;

use nix::mount::{MsFlags, mount};
use nix::sys::reboot::{RebootMode, reboot};
use nix::sys::resource::{RLIM_INFINITY, Resource, setrlimit};
use nix::sys::utsname::uname;
use relocore_loader::{Object, RingBuffer};

#[cfg(target_endian = "little")]
static OBJECT: &[u8] = include_bytes!("../../../data/obj/demo.bpfel.o");
#[cfg(target_endian = "big")]
static OBJECT: &[u8] = include_bytes!("../../../data/obj/demo.bpfeb.o");

/// Processes that are started to be seen.
const WITNESSES: usize = 3;

fn main() {
    if std::env::args().nth(1).as_deref() == Some("witness") {
        testify();
        return;
    }
    let is_first = id() == 1;
    if is_first {
        for (kind, at) in [("proc", "/proc"), ("sysfs", "/sys")] {
            let made = fs::create_dir_all(at);
            let mounted = mount(Some(kind), at, Some(kind), MsFlags::empty(), None::<&Path>);
            if made.is_err() || mounted.is_err() {
                println!("note: not mounted: {at}");
            }
        }
    }
    // Kernels before 5.11 count maps as locked memory.
    let _ = setrlimit(Resource::RLIMIT_MEMLOCK, RLIM_INFINITY, RLIM_INFINITY);
    match watch() {
        Ok(()) => println!("agent: done"),
        Err(error) => println!("agent: {error}"),
    }
    if is_first {
        let _ = reboot(RebootMode::RB_POWER_OFF);
    }
}

fn watch() -> Result<(), Box<dyn Error>> {
    let name = uname()?;
    let text = |one: &std::ffi::OsStr| one.to_string_lossy().into_owned();
    println!(
        "agent: Linux {} {}",
        text(name.release()),
        text(name.machine())
    );
    let start = Instant::now();
    let mut object = Object::from_bytes("demo", OBJECT)?;
    if let Ok(config) = fs::read_to_string("/config") {
        object.kconfig_text(config);
    }
    let loaded = object.load()?;
    println!("opened and loaded: {} us", start.elapsed().as_micros());
    let mut links = Vec::new();
    for program in loaded.programs() {
        links.push(program.attach()?);
        println!("loaded: {}", program.name());
    }
    let mut rings = RingBuffer::new([loaded.map("events")?])?;
    for _ in 0..WITNESSES {
        Command::new("/proc/self/exe").arg("witness").status()?;
        rings.consume(usize::MAX, |_, record| show(record))?;
    }
    let status = fs::read_to_string("/proc/self/status")?;
    for line in status
        .lines()
        .filter(|line| line.starts_with("RssAnon") || line.starts_with("VmHWM"))
    {
        println!("memory: {line}");
    }
    Ok(())
}

/// What the kernel says of this process in text.
fn testify() {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let inode = fs::metadata("/proc/self/exe").map_or(0, |file| file.ino());
    println!("proc: {} exe-inode {inode}", stat.trim_end());
}

/// Prints a `struct event` of `tests/data/bpf/demo.bpf.c`.
fn show(event: &[u8]) {
    let word = |at: usize| {
        event
            .get(at..)
            .and_then(<[u8]>::first_chunk)
            .map_or(0, |word| u32::from_ne_bytes(*word))
    };
    let byte = |at: usize| event.get(at).copied().unwrap_or_default();
    let inode = event
        .first_chunk()
        .map_or(0, |word| u64::from_ne_bytes(*word));
    let comm = event.get(40..56).unwrap_or_default();
    let comm = String::from_utf8_lossy(comm.split(|&byte| byte == 0).next().unwrap_or_default());
    println!(
        "event: pid {} parent {} comm {comm} exe-inode {inode} state {} version {} hz {} shmem {} comm-bytes {} \
         reset-on-fork {} arena {} old-state {} new-state {} task-bytes {}",
        word(8),
        word(12),
        word(16),
        word(20),
        word(24),
        word(28),
        word(32),
        byte(36),
        byte(37),
        byte(38),
        byte(39),
        word(56),
    );
}
