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

use std::os::fd::{AsFd, AsRawFd};

use relocore::insn::{INSN_BYTES, Insn};
use relocore::{Endian, elf};

use crate::map::Map;
use crate::object::{MapDefinition, MapRole, Parts};

use super::code::{Code, Piece};
use super::externs::Value;
use super::reference::{Reference, slots};
use super::relocate::Patched;

/// Source registers of `ld_imm64`: what the immediate is.
const NUMBER: u8 = 0;
const MAP_FD: u8 = 1;
const MAP_VALUE: u8 = 2;
const FUNCTION: u8 = 4;

/// Call of a missing weak function, by place of the extern; as libbpf writes it.
pub(super) const MISSING_FUNCTION: i32 = 2_002_000_000;

/// What instructions are made of.
pub(super) struct Material<'a> {
    pub(super) elf: elf::Object<'a>,
    pub(super) parts: &'a Parts,
    pub(super) code: &'a Code<'a>,
    pub(super) patched: &'a Patched,
    /// In the order of the object's list.
    pub(super) maps: &'a [Map],
    pub(super) externs: &'a [Value],
}

/// One program.
#[derive(Debug)]
pub(super) struct Assembled {
    pub(super) insns: Vec<u8>,
    pub(super) pieces: Vec<Piece>,
}

impl Material<'_> {
    /// Assembles the program that starts with the function `entry`.
    pub(super) fn assemble(&self, entry: usize) -> relocore::Result<Assembled> {
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
                self.fill(slots, at as usize, *reference, distance);
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
    ) {
        match reference {
            Reference::Call(function) => edit(slots, at, |insn| insn.imm = distance(&function)),
            Reference::Address(function) => load(slots, at, FUNCTION, distance(&function), 0),
            Reference::Map(map) => load(slots, at, MAP_FD, self.map_fd(Some(map)), 0),
            Reference::MapValue { map, offset_bytes } => {
                load(
                    slots,
                    at,
                    MAP_VALUE,
                    self.map_fd(Some(map)),
                    offset_bytes.cast_signed(),
                );
            }
            Reference::Extern(nth) => match self.externs.get(nth) {
                Some(Value::Kconfig { offset_bytes }) => {
                    let is_kconfig = |map: &MapDefinition| map.role() == MapRole::Kconfig;
                    let map = self.parts.maps.iter().position(is_kconfig);
                    load(
                        slots,
                        at,
                        MAP_VALUE,
                        self.map_fd(map),
                        offset_bytes.cast_signed(),
                    );
                }
                Some(Value::Number(number)) => {
                    let [low, high] =
                        [*number as u32, (*number >> 32) as u32].map(u32::cast_signed);
                    load(slots, at, NUMBER, low, high);
                }
                Some(Value::NoFunction) | None => load(slots, at, NUMBER, 0, 0),
            },
            Reference::ExternCall(nth) => edit(slots, at, |insn| {
                *insn = Insn {
                    imm: MISSING_FUNCTION.saturating_add(i32::try_from(nth).unwrap_or(0)),
                    ..Insn::POISON
                };
            }),
        }
    }

    /// -1 for none, which the kernel refuses.
    fn map_fd(&self, map: Option<usize>) -> i32 {
        let map = map.and_then(|map| self.maps.get(map));
        map.map_or(-1, |map| map.as_fd().as_raw_fd())
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

/// Fills in the two slots of a `ld_imm64`.
fn load(slots: &mut [[u8; INSN_BYTES]], at: usize, source: u8, low: i32, high: i32) {
    edit(slots, at, |insn| (insn.src, insn.imm) = (source, low));
    edit(slots, at + 1, |insn| insn.imm = high);
}
