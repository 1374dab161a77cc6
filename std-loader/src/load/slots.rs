//! What maps of maps and of programs hold from the start.
//!
//! Enters: maps and programs of an object. Leaves: their descriptors in the slots that the object
//! gives them; what was not loaded is left out, with a note. Maps of maps are filled before programs are loaded, those of programs after. Rules:
//! libbpf's `init_map_in_map_slots`, `init_prog_array_slots`.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use crate::error::ErrorKind;
use crate::object::{Object, Slot};
use crate::sys::UpdateMode;

use super::maps::Made;
use super::{Note, Step};

/// Fills in maps.
pub(super) fn fill_maps(
    object: &Object,
    maps: &[Option<Made>],
    notes: &mut Vec<Note>,
) -> Result<(), ErrorKind> {
    let map = |slot: Slot| match slot {
        Slot::Map(nth) => Some(maps.get(nth)?.as_ref()?.map.as_fd()),
        Slot::Program(_) => None,
    };
    fill(
        object,
        maps,
        |slot| matches!(slot, Slot::Map(_)),
        map,
        notes,
    )
}

/// Fills in programs: `program` gives those that were loaded.
pub(super) fn fill_programs<'a>(
    object: &Object,
    maps: &[Option<Made>],
    program: impl Fn(usize) -> Option<BorrowedFd<'a>>,
    notes: &mut Vec<Note>,
) -> Result<(), ErrorKind> {
    let program = |slot: Slot| match slot {
        Slot::Program(nth) => program(nth),
        Slot::Map(_) => None,
    };
    fill(
        object,
        maps,
        |slot| matches!(slot, Slot::Program(_)),
        program,
        notes,
    )
}

fn fill<'a>(
    object: &Object,
    maps: &[Option<Made>],
    is_wanted: impl Fn(Slot) -> bool,
    find: impl Fn(Slot) -> Option<BorrowedFd<'a>>,
    notes: &mut Vec<Note>,
) -> Result<(), ErrorKind> {
    let parts = &object.parts;
    for (definition, made) in parts.maps.iter().zip(maps) {
        // One that was there before keeps what it has.
        let Some(made) = made.as_ref().filter(|made| !made.is_reused) else {
            continue;
        };
        for (slot, holds) in definition.slots.iter().filter(|(_, slot)| is_wanted(*slot)) {
            let Some(fd) = find(*holds) else {
                let name = match holds {
                    Slot::Map(nth) => parts.maps.get(*nth).map(|one| one.name()),
                    Slot::Program(nth) => parts.programs.get(*nth).map(|one| one.name()),
                };
                notes.push(Note::EmptySlot {
                    map: definition.name().to_owned(),
                    slot: *slot,
                    holds: name.unwrap_or_default().to_owned(),
                });
                continue;
            };
            let value = fd.as_raw_fd().to_ne_bytes();
            let filled = made
                .map
                .update(&slot.to_ne_bytes(), &value, UpdateMode::ANY);
            filled.map_err(|error| ErrorKind::Map(Step::FillSlot, error))?;
        }
    }
    Ok(())
}
