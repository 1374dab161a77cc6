//! Another size for a data section: its last variable, an array, gets more or fewer elements.
//!
//! Enters: the section's map and a size in bytes. Leaves: the map, its variables and the object's
//! BTF with that size. Rule: libbpf's `bpf_map__set_value_size` and `map_btf_datasec_resize`,
//! which drops the types where this reports what is wrong.

use relocore::btf::{Btf, Kind};

use crate::error::ErrorKind;

use super::btf_image::{HEAD_WORDS, info};
use super::map_definition::MapRole;
use super::map_problem::MapProblem;
use super::parts::Parts;

/// More than any map's value can have.
const MAX_BYTES: u32 = 1 << 30;

/// Gives the map, by place in the object's list, a value of `bytes` bytes.
pub(super) fn resize(parts: &mut Parts, nth: usize, bytes: u32) -> Result<(), ErrorKind> {
    let Some(map) = parts.maps.get_mut(nth) else {
        return Ok(());
    };
    let error = |problem| ErrorKind::MapDefinition {
        map: map.name.clone(),
        problem,
    };
    let because = |why| Err(error(MapProblem::Resize(why)));
    if !matches!(map.role, MapRole::RoData | MapRole::Data | MapRole::Bss) {
        return because("it is no section of variables");
    }
    if bytes > MAX_BYTES {
        return Err(error(MapProblem::TooLarge(bytes.into())));
    }
    let Some((mut data, datasec)) = map.data.and_then(|data| Some((data, data.datasec?))) else {
        return because("its variables have no types");
    };

    let image = parts.btf.to_bytes();
    let btf = Btf::open(&image)?;
    let section = btf.type_by_id(datasec)?;
    let last = (0..).zip(section.section_vars());
    let Some((entry_nth, entry)) = last.max_by_key(|(_, entry)| entry.offset_bytes) else {
        return because("it has no variables");
    };
    let var = btf.type_by_id(entry.var)?;
    let Some(array) = btf.skip_mods(var.referred())?.array() else {
        return because("its last variable is no array");
    };
    let element = btf.size_bytes(array.element)?;
    let (room, elements) = match bytes.checked_sub(entry.offset_bytes) {
        Some(room) if element > 0 && room > 0 && room.is_multiple_of(element) => {
            (room, room / element)
        }
        _ => return because("its last variable would not have whole elements, and one at least"),
    };
    let head = [0, info(Kind::Array.number(), 0), 0];
    let tail = [array.element.0, array.index.0, elements];
    let resized = parts.btf.add_type(&[head, tail].concat());
    parts.btf.set(entry.var, 2, resized.0);
    parts.btf.set(datasec, 2, bytes);
    parts.btf.set(datasec, HEAD_WORDS + entry_nth * 3 + 2, room);

    data.size_bytes = bytes;
    map.data = Some(data);
    map.value_size = bytes;
    if !map.initial.is_empty() {
        map.initial.resize(bytes as usize, 0);
    }
    let variables = parts.variables.iter_mut();
    for variable in variables.filter(|one| one.map == nth) {
        if variable.offset_bytes == entry.offset_bytes {
            variable.size_bytes = room;
        }
    }
    Ok(())
}
