//! What this kernel can: tried, not concluded from its version.
//!
//! Enters: nothing. Leaves: a line.

use crate::bpf::{self, MapShape, ProgramShape};
use crate::console::line;

/// Kinds of BTF, each by a type that has nothing else: the words of its record.
const KINDS: [(&str, [u32; 4]); 4] = [
    ("float", [1, 16 << 24, 4, 0]),
    ("decl-tag", [1, 17 << 24, 2, u32::MAX]),
    ("type-tag", [1, 18 << 24, 2, 0]),
    ("enum64", [1, 19 << 24, 8, 0]),
];

/// Kinds of maps that came after 5.8.
const MAPS: [(&str, MapShape); 3] = [
    (
        "ringbuf",
        MapShape {
            kind: 27,
            key_bytes: 0,
            value_bytes: 0,
            max_entries: 65536,
            flags: 0,
        },
    ),
    (
        "bloom",
        MapShape {
            kind: 30,
            key_bytes: 0,
            value_bytes: 4,
            max_entries: 1,
            flags: 0,
        },
    ),
    (
        "arena",
        MapShape {
            kind: 33,
            key_bytes: 0,
            value_bytes: 0,
            max_entries: 1,
            flags: 1 << 10,
        },
    ),
];

/// Helpers without arguments.
const HELPERS: [(&str, u8); 3] = [("boot-ns", 125), ("task-btf", 158), ("tai-ns", 208)];

/// Prints what there is.
pub fn run() {
    let mut found = line("probes:");
    for (name, record) in &KINDS {
        found = found
            .text(" ")
            .text(name)
            .text("=")
            .text(yes(has_kind(record)));
    }
    for (name, shape) in &MAPS {
        let map = bpf::map_create(shape).map(crate::sys::close);
        found = found.text(" ").text(name).text("=").text(yes(map.is_ok()));
    }
    for (name, helper) in &HELPERS {
        // call helper; r0 = 0; exit
        let call = insn(0x85, *helper);
        let code = [call, insn(0xb7, 0), insn(0x95, 0)];
        found = found
            .text(" ")
            .text(name)
            .text("=")
            .text(yes(loads(code.as_flattened())));
    }
    // r0 = (s8) 0 as a move with sign extension, of the instruction set's version 4
    let mut extend = insn(0xbf, 0);
    let [_, _, low, high, ..] = &mut extend;
    *(if cfg!(target_endian = "big") {
        high
    } else {
        low
    }) = 8;
    let code = [insn(0xb7, 0), extend, insn(0x95, 0)];
    found
        .text(" cpu-v4=")
        .text(yes(loads(code.as_flattened())))
        .end();
}

fn yes(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

/// An instruction on r0 with an immediate.
fn insn(code: u8, imm: u8) -> [u8; 8] {
    let [a, b, c, d] = u32::from(imm).to_ne_bytes();
    [code, 0, 0, 0, a, b, c, d]
}

fn loads(insns: &[u8]) -> bool {
    let shape = ProgramShape {
        kind: bpf::RAW_TRACEPOINT,
        insns,
        license: c"GPL",
        name: b"probe",
        function: None,
    };
    bpf::prog_load(&shape, &mut [])
        .map(crate::sys::close)
        .is_ok()
}

/// Loads BTF of an integer, a typedef of it, and a type of that record behind them.
fn has_kind(record: &[u32; 4]) -> bool {
    const BEFORE: [u32; 7] = [1, 1 << 24, 4, 32, 1, 8 << 24, 1];
    // Only declaration tags have a word after the head.
    let [_, info, ..] = *record;
    let len = if info >> 24 == 17 { 4 } else { 3 };
    let types = (7 + len as u32) * 4;
    let mut words = [0_u32; 6 + 11 + 1];
    let head = [u32::from_ne_bytes(magic()), 24, 0, types, types, 3];
    let strings = u32::from_ne_bytes([0, b'x', 0, 0]);
    let parts = head
        .iter()
        .chain(&BEFORE)
        .chain(record.iter().take(len))
        .chain(core::iter::once(&strings));
    for (to, from) in words.iter_mut().zip(parts) {
        *to = *from;
    }
    let bytes = 24 + types as usize + 3;
    // SAFETY: plain words as bytes.
    let image = unsafe { core::slice::from_raw_parts(words.as_ptr().cast::<u8>(), bytes) };
    bpf::btf_load(image).map(crate::sys::close).is_ok()
}

/// The header's magic number, version and flags.
fn magic() -> [u8; 4] {
    let [a, b] = 0xeb9f_u16.to_ne_bytes();
    [a, b, 1, 0]
}
