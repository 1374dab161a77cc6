//! Prints what is executed, by the demo's object: a raw tracepoint, a ring buffer, a counter.
//!
//! ```text
//! cargo run --example trace_exec -- tests/data/obj/demo.bpfel.o
//! ```
//!
//! Ends after ten seconds. Needs CAP_BPF and CAP_PERFMON.

use core::error::Error;
use core::time::Duration;
use std::time::Instant;

use relocore_loader::{Object, RingBuffer};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("which object?")?;
    let mut object = Object::open(path)?;
    // A larger ring than the program asks for; 0: report all processes.
    object.map_mut("events")?.set_max_entries(1 << 20);
    object.set_global("only_tgid", &0_u32.to_ne_bytes())?;

    let loaded = object.load()?;
    let mut rings = RingBuffer::new([loaded.map("events")?])?;
    let link = loaded.program("handle_exec")?.attach()?;

    let end = Instant::now() + Duration::from_secs(10);
    while let Some(left) = end.checked_duration_since(Instant::now()) {
        rings.poll(Some(left))?;
        rings.consume(usize::MAX, |_ring, record| {
            // `struct event` of demo.bpf.c: pid at byte 8, command at 40.
            let pid = record.get(8..).and_then(|rest| rest.first_chunk().copied());
            let command = record
                .get(40..56)
                .and_then(|name| name.split(|byte| *byte == 0).next());
            if let (Some(pid), Some(command)) = (pid.map(u32::from_ne_bytes), command) {
                println!("{pid:>8} {}", command.escape_ascii());
            }
        })?;
    }
    let seen = loaded.global("seen")?.array().map(u64::from_ne_bytes)?;
    drop(link); // detaches
    println!("{seen} executions");
    Ok(())
}
