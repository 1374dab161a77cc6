//! Data sections: each becomes a map of one value.
//!
//! Enters: the sections of the object, and its BTF with offsets filled in. Leaves: a
//! [`MapDefinition`] for each of `.rodata*`, `.data*`, `.bss*` that is not empty, and the
//! [`Variable`]s in them.

use std::collections::HashMap;

use relocore::btf::{Btf, Kind, Type};
use relocore::elf::{self, SectionKind};

use crate::error::ErrorKind;
use crate::sys::map_flags;

use super::function::text;
use super::map_definition::{DataPart, MapDefinition, MapRole};
use super::map_problem::MapProblem;

/// More than any map's value can have.
const MAX_BYTES: u64 = 1 << 30;
/// Linkage of a static variable.
const STATIC: u32 = 0;

/// A global variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variable {
    pub(crate) name: String,
    /// Its map, by place in the object's list.
    pub(crate) map: usize,
    pub(crate) offset_bytes: u32,
    pub(crate) size_bytes: u32,
}

/// What a section's name says it holds.
fn role(name: &[u8], kind: SectionKind) -> Option<MapRole> {
    let is = |base: &[u8]| {
        let rest = name.strip_prefix(base);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"."))
    };
    match kind {
        SectionKind::Progbits if is(b".rodata") => Some(MapRole::RoData),
        SectionKind::Progbits if is(b".data") => Some(MapRole::Data),
        SectionKind::Nobits if is(b".bss") => Some(MapRole::Bss),
        _ => None,
    }
}

/// The DATASECs by name; of several the first.
fn datasecs<'a>(btf: &Btf<'a>) -> relocore::Result<HashMap<&'a [u8], Type<'a>>> {
    let mut found = HashMap::new();
    for ty in btf.types() {
        let ty = ty?;
        if ty.kind() == Kind::Datasec {
            found.entry(btf.name(ty.name())?).or_insert(ty);
        }
    }
    Ok(found)
}

/// Maps of all data sections.
pub(super) fn read(elf: &elf::Object<'_>, btf: &Btf<'_>) -> Result<Vec<MapDefinition>, ErrorKind> {
    let mut maps = Vec::new();
    let datasecs = datasecs(btf)?;
    for section in elf.sections() {
        let name = section.name()?;
        let Some(role) = role(name, section.kind()).filter(|_| section.size() > 0) else {
            continue;
        };
        let name = text(name);
        let size = section.size();
        let bytes = u32::try_from(size).ok().filter(|_| size <= MAX_BYTES);
        let bytes = bytes.ok_or_else(|| ErrorKind::MapDefinition {
            map: name.clone(),
            problem: MapProblem::TooLarge(size),
        })?;
        let datasec = datasecs.get(name.as_bytes());
        let mut map = MapDefinition::of_data(name, role, bytes);
        map.data = Some(DataPart {
            section: section.index(),
            size_bytes: bytes,
            datasec: datasec.map(Type::id),
        });
        map.initial = section.data()?.to_vec();
        if let Some(datasec) = datasec {
            map.value_type = datasec.id();
            for entry in datasec.section_vars() {
                let var = btf.type_by_id(entry.var)?;
                map.is_mappable |= var.linkage().is_some_and(|linkage| linkage != STATIC);
            }
        }
        map.flags = match role {
            MapRole::RoData => map_flags::RDONLY_PROG,
            // Static data may hold locks or timers, which the kernel does not lend by mmap.
            _ if map.is_mappable => map_flags::MMAPABLE,
            _ => 0,
        };
        maps.push(map);
    }
    Ok(maps)
}

/// The variables in `maps`.
pub(super) fn variables(btf: &Btf<'_>, maps: &[MapDefinition]) -> Result<Vec<Variable>, ErrorKind> {
    let mut variables = Vec::new();
    for (nth, map) in maps.iter().enumerate() {
        let Some((data, datasec)) = map.data.and_then(|data| Some((data, data.datasec?))) else {
            continue;
        };
        for entry in btf.type_by_id(datasec)?.section_vars() {
            let var = btf.type_by_id(entry.var)?;
            let end = entry.offset_bytes.checked_add(entry.size_bytes);
            if var.kind() == Kind::Var && end.is_some_and(|end| end <= data.size_bytes) {
                variables.push(Variable {
                    name: text(btf.name(var.name())?),
                    map: nth,
                    offset_bytes: entry.offset_bytes,
                    size_bytes: entry.size_bytes,
                });
            }
        }
    }
    Ok(variables)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_roles() {
        use SectionKind::{Nobits, Progbits};
        for (name, kind, expected) in [
            (".rodata", Progbits, Some(MapRole::RoData)),
            (".rodata.str1.1", Progbits, Some(MapRole::RoData)),
            (".data.own", Progbits, Some(MapRole::Data)),
            (".bss", Nobits, Some(MapRole::Bss)),
            (".bss", Progbits, None),
            (".database", Progbits, None),
            (".debug_info", Progbits, None),
        ] {
            assert_eq!(role(name.as_bytes(), kind), expected, "{name}");
        }
    }
}
