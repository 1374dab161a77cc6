//! What maps of maps and of programs hold from the start.
//!
//! Enters: the relocations of `.maps`. Leaves: in each [`MapDefinition`] its slots. Rule: libbpf's
//! `bpf_object__collect_map_relos`.
//!
//! ```c
//! struct {
//!     __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
//!     __uint(max_entries, 2);
//!     __uint(key_size, 4);
//!     __array(values, int (void *));
//! } jumps SEC(".maps") = { .values = { [1] = (void *)&target } }; // slot 1: a pointer of 8 bytes
//! ```

use std::collections::{BTreeMap, HashMap};

use relocore::Endian;
use relocore::elf;

use crate::error::ErrorKind;
use crate::sys::MapType;

use super::function::{Function, text};
use super::map_definition::{MapDefinition, MapRole, Slot};
use super::map_members;
use super::map_problem::MapProblem;
use super::program::Program;

/// Bytes of a pointer in an object.
const POINTER_BYTES: u64 = 8;

/// Reads the slots of all maps.
pub(super) fn read(
    elf: &elf::Object<'_>,
    maps: &mut [MapDefinition],
    programs: &[Program],
    functions: &[Function],
) -> Result<(), ErrorKind> {
    let Some(section) = elf.section_by_name(map_members::SECTION) else {
        return Ok(());
    };
    let mut places = None;
    for table in elf.sections().filter(|one| one.info() == section.index()) {
        for relocation in table.relocations() {
            let at = relocation?;
            let places = places.get_or_insert_with(|| Places::of(maps, programs, functions));
            let place = places.slot(maps, at.offset);
            let map = place.and_then(|(nth, slot)| Some((maps.get_mut(nth)?, slot)));
            let (map, slot) = map.ok_or_else(|| error(map_members::SECTION, at.offset))?;
            let symbol = elf.symbols()?.get(at.symbol)?;
            let section_index = symbol.section().unwrap_or(0);
            let holds = if map.map_type == MapType::PROG_ARRAY {
                let key = (section_index, symbol.value());
                places.programs.get(&key).map(|nth| Slot::Program(*nth))
            } else {
                // Symbols of sections are their start: the slot itself has the rest.
                let value = symbol.value().wrapping_add(word(elf, &section, at.offset)?);
                let is_map = section_index == section.index();
                let nth = places.maps.get(&value).filter(|_| is_map);
                nth.map(|nth| Slot::Map(*nth))
            };
            let holds = holds.ok_or_else(|| error(map.name.as_bytes(), at.offset))?;
            map.slots.push((slot, holds));
        }
    }
    Ok(())
}

fn error(map: &[u8], at: u64) -> ErrorKind {
    ErrorKind::MapDefinition {
        map: text(map),
        problem: MapProblem::Slot(at),
    }
}

/// Where everything is that a slot can be in or hold.
struct Places {
    /// Declared maps, by offset in `.maps`.
    maps: BTreeMap<u64, usize>,
    /// Programs, by section and offset.
    programs: HashMap<(u32, u64), usize>,
}

impl Places {
    fn of(maps: &[MapDefinition], programs: &[Program], functions: &[Function]) -> Self {
        let maps = maps.iter().enumerate();
        let declared = maps.filter(|(_, map)| map.role == MapRole::Declared);
        let place = |program: &Program| {
            let function = functions.get(program.function)?;
            Some((function.section, u64::from(function.offset_bytes)))
        };
        let programs = programs.iter().enumerate();
        Self {
            maps: declared
                .map(|(nth, map)| (map.offset_bytes.into(), nth))
                .collect(),
            programs: programs
                .filter_map(|(nth, one)| Some((place(one)?, nth)))
                .collect(),
        }
    }

    /// The map and slot at an offset of `.maps`.
    fn slot(&self, maps: &[MapDefinition], offset: u64) -> Option<(usize, u32)> {
        // The last that starts before it; the slots of a map end with its variable.
        let (start, nth) = self.maps.range(..=offset).next_back()?;
        let slots_at = maps.get(*nth)?.slots_at?;
        let within = (offset - start).checked_sub(slots_at.into())?;
        let slot = u32::try_from(within / POINTER_BYTES).ok()?;
        within.is_multiple_of(POINTER_BYTES).then_some((*nth, slot))
    }
}

/// The 8 bytes at an offset of a section.
fn word(elf: &elf::Object<'_>, section: &elf::Section<'_>, at: u64) -> relocore::Result<u64> {
    let at = usize::try_from(at).unwrap_or(usize::MAX);
    let word = section.data()?.get(at..).and_then(<[u8]>::first_chunk);
    Ok(word.map_or(0, |word| match elf.endian() {
        Endian::Little => u64::from_le_bytes(*word),
        Endian::Big => u64::from_be_bytes(*word),
    }))
}
