//! The instructions of one program: its pieces one after the other, all references filled in.
//!
//! Enters: patched sections, pieces, descriptors of maps, values of externs. Leaves: instructions
//! for `BPF_PROG_LOAD`.
//!
//! | reference | first slot | second slot |
//! |---|---|---|
//! | call | `imm` = distance to the callee in slots | |
//! | function's address | source 4, `imm` = the same distance | |
//! | map | source 1, `imm` = descriptor | 0 |
//! | place in a map's value | source 2, `imm` = descriptor | offset |
//! | number | `imm` = low half | high half |
//! | variable or function of the kernel | source 3, `imm` = its id | module's descriptor |
//! | call of a function of the kernel | source 2, `off` = module's place, `imm` = its id | |
//! | what is missing | a call that the verifier refuses if it is reached | the same |

use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use relocore::insn::{INSN_BYTES, Insn};
use relocore::{Endian, elf};

use crate::error::ErrorKind;
use crate::object::{MapDefinition, MapRole, Parts};

use super::code::{Code, Piece};
use super::externs::Value;
use super::kernel_types::Found;
use super::maps::Made;
use super::modules::ModuleFds;
use super::reference::{Reference, slots};
use super::relocate::Patched;

/// Source registers of `ld_imm64`: what the immediate is.
const NUMBER: u8 = 0;
const MAP_FD: u8 = 1;
const MAP_VALUE: u8 = 2;
const KERNEL_TYPE: u8 = 3;
const FUNCTION: u8 = 4;
/// Source register of a call of a function of the kernel.
const KERNEL_CALL: u8 = 2;

/// Call of a missing weak function, by place of the extern; as libbpf writes it.
pub(super) const MISSING_FUNCTION: i32 = 2_002_000_000;
/// Use of a map that is not to be created, by its place; as libbpf writes it.
pub(super) const MISSING_MAP: i32 = 2_001_000_000;

/// What instructions are made of.
pub(super) struct Material<'a> {
    pub(super) elf: elf::Object<'a>,
    pub(super) parts: &'a Parts,
    pub(super) code: &'a Code<'a>,
    pub(super) patched: &'a Patched,
    /// In the order of the object's list.
    pub(super) maps: &'a [Option<Made>],
    pub(super) externs: &'a [Value],
    pub(super) modules: &'a ModuleFds,
}

/// One program.
#[derive(Debug)]
pub(super) struct Assembled {
    pub(super) insns: Vec<u8>,
    pub(super) pieces: Vec<Piece>,
}

impl Material<'_> {
    /// Assembles the program that starts with the function `entry`.
    pub(super) fn assemble(&self, entry: usize) -> Result<Assembled, ErrorKind> {
        let (pieces, starts) = self.code.pieces(entry);
        let mut insns = Vec::new();
        for piece in &pieces {
            let Some(function) = self.parts.functions.get(piece.function) else {
                continue;
            };
            let section = self.patched.section(&self.elf, function.section)?;
            insns.extend_from_slice(slots(section, function).as_flattened());
        }
        let (slots, _) = insns.as_chunks_mut();
        for piece in &pieces {
            for (slot, reference) in self.code.references(piece.function) {
                let at = piece.start.saturating_add(*slot);
                let distance = |function: &usize| {
                    let to = i64::from(starts.get(function).copied().unwrap_or(0));
                    i32::try_from(to - i64::from(at) - 1).unwrap_or(i32::MAX)
                };
                self.fill(slots, at as usize, *reference, distance)?;
            }
        }
        Ok(Assembled { insns, pieces })
    }

    fn fill(
        &self,
        slots: &mut [[u8; INSN_BYTES]],
        at: usize,
        reference: Reference,
        distance: impl Fn(&usize) -> i32,
    ) -> Result<(), ErrorKind> {
        match reference {
            Reference::Call(function) => edit(slots, at, |insn| insn.imm = distance(&function)),
            Reference::Address(function) => load(slots, at, FUNCTION, distance(&function), 0),
            Reference::Map(map) => self.map(slots, at, map, None),
            Reference::MapValue { map, offset_bytes } => {
                self.map(slots, at, map, Some(offset_bytes));
            }
            Reference::Extern(nth) => match self.externs.get(nth) {
                Some(Value::Kconfig { offset_bytes }) => {
                    let is_kconfig = |map: &MapDefinition| map.role() == MapRole::Kconfig;
                    let map = self.parts.maps.iter().position(is_kconfig);
                    self.map(slots, at, map.unwrap_or(usize::MAX), Some(*offset_bytes));
                }
                Some(Value::Number(number)) => {
                    let [low, high] =
                        [*number as u32, (*number >> 32) as u32].map(u32::cast_signed);
                    load(slots, at, NUMBER, low, high);
                }
                Some(Value::Kernel(Found { module, id })) => {
                    let module = module.map(|nth| self.modules.fd(nth)).transpose()?;
                    let module = module.map_or(0, |fd| fd.as_raw_fd());
                    load(slots, at, KERNEL_TYPE, id.0.cast_signed(), module);
                }
                Some(Value::NoFunction) | None => load(slots, at, NUMBER, 0, 0),
            },
            Reference::ExternCall(nth) => match self.externs.get(nth) {
                Some(Value::Kernel(Found { module, id })) => {
                    let module = module.map_or(0, |nth| self.module_place(nth));
                    edit(slots, at, |insn| {
                        (insn.src, insn.off, insn.imm) = (KERNEL_CALL, module, id.0.cast_signed());
                    });
                }
                _ => poison(slots, at, MISSING_FUNCTION, nth),
            },
        }
        Ok(())
    }

    /// A map, or a place in its value.
    fn map(
        &self,
        slots: &mut [[u8; INSN_BYTES]],
        at: usize,
        map: usize,
        offset_bytes: Option<u32>,
    ) {
        let Some(made) = self.maps.get(map).and_then(Option::as_ref) else {
            poison(slots, at, MISSING_MAP, map);
            poison(slots, at + 1, MISSING_MAP, map);
            return;
        };
        let fd = made.map.as_fd().as_raw_fd();
        match offset_bytes {
            None => load(slots, at, MAP_FD, fd, 0),
            Some(offset) => load(slots, at, MAP_VALUE, fd, offset.cast_signed()),
        }
    }

    /// Number of a module in [`fd_array`](Self::fd_array).
    fn module_place(&self, module: usize) -> i16 {
        let place = self.modules.all().position(|(nth, _)| nth == module);
        // Kernels have fewer modules; a number that is too large is refused.
        place.map_or(i16::MAX, |place| {
            i16::try_from(place + 1).unwrap_or(i16::MAX)
        })
    }

    /// Descriptors of modules as calls count them: 0 stands for the kernel itself.
    pub(super) fn fd_array(&self) -> Vec<BorrowedFd<'_>> {
        let mut fds: Vec<_> = self.modules.all().map(|(_, fd)| fd).collect();
        if let Some(first) = fds.first().copied() {
            fds.insert(0, first); // never looked at
        }
        fds
    }
}

impl Assembled {
    /// The section and offset that a slot is from.
    pub(super) fn origin(&self, parts: &Parts, slot: u32) -> Option<(u32, u32)> {
        let end = self.pieces.partition_point(|piece| piece.start <= slot);
        let piece = self.pieces.get(end.checked_sub(1)?)?;
        let function = parts.functions.get(piece.function)?;
        let within = (slot - piece.start).checked_mul(INSN_BYTES as u32)?;
        let offset = function.offset_bytes.checked_add(within)?;
        function
            .contains(offset)
            .then_some((function.section, offset))
    }
}

fn edit(slots: &mut [[u8; INSN_BYTES]], at: usize, change: impl FnOnce(&mut Insn)) {
    if let Some(slot) = slots.get_mut(at) {
        let mut insn = Insn::decode(*slot, Endian::NATIVE);
        change(&mut insn);
        *slot = insn.encode(Endian::NATIVE);
    }
}

/// Puts a call there that the verifier refuses if it is reached, and says which.
fn poison(slots: &mut [[u8; INSN_BYTES]], at: usize, first: i32, nth: usize) {
    edit(slots, at, |insn| {
        *insn = Insn {
            imm: first.saturating_add(i32::try_from(nth).unwrap_or(0)),
            ..Insn::POISON
        };
    });
}

/// Fills in the two slots of a `ld_imm64`.
fn load(slots: &mut [[u8; INSN_BYTES]], at: usize, source: u8, low: i32, high: i32) {
    edit(slots, at, |insn| (insn.src, insn.imm) = (source, low));
    edit(slots, at + 1, |insn| insn.imm = high);
}
