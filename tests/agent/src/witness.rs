//! What the events are checked against: a process says what `/proc` says of it, the agent what the
//! program saw of the same process.
//!
//! Enters: an event's bytes (`struct event` of `tests/data/bpf/demo.bpf.c`). Leaves: lines.

use crate::console::line;
use crate::{pager, stack, sys};

/// Processes that are started to be seen.
pub const COUNT: usize = 3;

/// The witness: prints what the kernel says of it in text, and ends.
pub fn testify() -> ! {
    let mut buffer = [0; 128];
    let stat = sys::read_file(c"/proc/self/stat", &mut buffer).unwrap_or_default();
    let inode = sys::stat(c"/proc/self/exe").map_or(0, |stat| stat.inode);
    // pid (comm) state parent ...
    line("proc: ")
        .bytes(stat.split(|&byte| byte == b'\n').next().unwrap_or_default())
        .with(" exe-inode ", inode)
        .end();
    sys::exit(0)
}

/// Prints an event.
pub fn event(bytes: &[u8]) {
    let long = bytes
        .first_chunk()
        .map_or(0, |bytes| u64::from_ne_bytes(*bytes));
    let word = |at: usize| {
        let word = bytes.get(at..).and_then(<[u8]>::first_chunk);
        word.map_or(0, |word| u32::from_ne_bytes(*word))
    };
    let byte = |at: usize| u32::from(bytes.get(at).copied().unwrap_or_default());
    line("event: pid ")
        .number(word(8).into())
        .with(" parent ", word(12).into())
        .text(" comm ")
        .bytes(bytes.get(40..56).unwrap_or_default())
        .with(" exe-inode ", long)
        .with(" state ", word(16).into())
        .with(" version ", word(20).into())
        .with(" hz ", word(24).into())
        .with(" shmem ", word(28).into())
        .with(" comm-bytes ", word(32).into())
        .with(" reset-on-fork ", byte(36).into())
        .with(" arena ", byte(37).into())
        .with(" old-state ", byte(38).into())
        .with(" new-state ", byte(39).into())
        .with(" task-bytes ", word(56).into())
        .end();
}

/// Prints what memory the agent has taken.
pub fn memory() {
    let pages = pager::faults().min(pager::PAGES) * pager::PAGE_BYTES;
    line("memory: stack ")
        .number(stack::used_bytes() as u64)
        .with(" of ", stack::BYTES as u64)
        .with(" bytes, paged ", pages as u64)
        .text(" bytes")
        .end();
    let mut buffer = [0; 2048];
    let status = sys::read_file(c"/proc/self/status", &mut buffer).unwrap_or_default();
    for text in status.split(|&byte| byte == b'\n') {
        if text.starts_with(b"RssAnon")
            || text.starts_with(b"VmHWM")
            || text.starts_with(b"RssFile")
        {
            line("memory: ").bytes(text).end();
        }
    }
}
