//! The `bpf()` commands that the agent needs: maps, BTF, programs, one way to attach.
//!
//! Enters: plain values. Leaves: descriptors. `union bpf_attr` is put together as 64-bit words, two
//! 32-bit fields a word; fields that a command has beyond the words given are zero for the kernel.

use core::ffi::CStr;

use crate::sys::{self, Fd, Result};

/// Two neighbouring 32-bit fields.
fn pair(first: u32, second: u32) -> u64 {
    let (first, second) = (first.to_ne_bytes(), second.to_ne_bytes());
    let [a, b, c, d] = first;
    let [e, f, g, h] = second;
    u64::from_ne_bytes([a, b, c, d, e, f, g, h])
}

fn pointer<T>(to: &[T]) -> u64 {
    to.as_ptr() as u64
}

/// What a map is to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MapShape {
    pub kind: u32,
    pub key_bytes: u32,
    pub value_bytes: u32,
    pub max_entries: u32,
    pub flags: u32,
}

pub const ARRAY: u32 = 2;
pub const RINGBUF: u32 = 27;
/// The program may not write: the verifier takes what a frozen map holds for constant.
pub const RDONLY_PROG: u32 = 1 << 7;

pub fn map_create(shape: &MapShape) -> Result<Fd> {
    const COMMAND: usize = 0;
    let attr = [
        pair(shape.kind, shape.key_bytes),
        pair(shape.value_bytes, shape.max_entries),
        pair(shape.flags, 0),
    ];
    sys::bpf(COMMAND, &attr)
}

/// Sets element 0 of an array, and may make it the last word on it.
pub fn set(map: Fd, value: &[u8], freeze: bool) -> Result<()> {
    const UPDATE: usize = 2;
    const FREEZE: usize = 22;
    sys::bpf(
        UPDATE,
        &[pair(map.0, 0), pointer(&[0_u32]), pointer(value), 0],
    )?;
    if freeze {
        sys::bpf(FREEZE, &[pair(map.0, 0)])?;
    }
    Ok(())
}

pub fn btf_load(btf: &[u8]) -> Result<Fd> {
    const COMMAND: usize = 18;
    sys::bpf(COMMAND, &[pointer(btf), 0, pair(btf.len() as u32, 0), 0])
}

/// What a program is to be.
#[derive(Clone, Copy, Debug)]
pub struct ProgramShape<'a> {
    pub kind: u32,
    pub insns: &'a [u8],
    pub license: &'a CStr,
    /// Up to 15 bytes.
    pub name: &'a [u8],
    /// The object's BTF, and the type of the program's function in it.
    pub function: Option<(Fd, u32)>,
}

pub const RAW_TRACEPOINT: u32 = 17;

/// Loads a program; `log` gets the verifier's words.
pub fn prog_load(shape: &ProgramShape<'_>, log: &mut [u8]) -> Result<Fd> {
    const COMMAND: usize = 5;
    let count = (shape.insns.len() / 8) as u32;
    let mut name = [0; 16];
    for (to, from) in name.iter_mut().take(15).zip(shape.name) {
        *to = *from;
    }
    let [name_start, name_end] = [0, 8].map(|at| {
        let part = name.get(at..).and_then(<[u8]>::first_chunk);
        part.map_or(0, |part| u64::from_ne_bytes(*part))
    });
    let function_info = [0, shape.function.map_or(0, |(_, id)| id)];
    let (btf, functions) = shape.function.map_or((0, 0), |(btf, _)| (btf.0, 1));
    let attr = [
        pair(shape.kind, count),
        pointer(shape.insns),
        shape.license.as_ptr() as u64,
        pair(u32::from(!log.is_empty()), log.len() as u32),
        if log.is_empty() { 0 } else { pointer(log) },
        0, // kern_version, prog_flags
        name_start,
        name_end,
        0, // prog_ifindex, expected_attach_type
        pair(btf, if functions > 0 { 8 } else { 0 }),
        pointer(&function_info),
        pair(functions, 0),
    ];
    sys::bpf(COMMAND, &attr)
}

pub fn attach_raw_tracepoint(name: &CStr, program: Fd) -> Result<Fd> {
    const COMMAND: usize = 17;
    sys::bpf(COMMAND, &[name.as_ptr() as u64, pair(program.0, 0)])
}
