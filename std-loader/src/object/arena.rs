//! Variables of an arena: memory that programs and user space address alike.
//!
//! Enters: the section `.addr_space.1`, where clang puts variables of that address space. Leaves:
//! its bytes as what the object's only arena begins with. Rule: libbpf's `init_arena_map_data`.

use relocore::btf::{Btf, Kind};
use relocore::elf;

use crate::error::ErrorKind;
use crate::sys::MapType;

use super::function::text;
use super::map_definition::{DataPart, MapDefinition};
use super::map_problem::MapProblem;

const SECTION: &[u8] = b".addr_space.1";

/// Gives the arena among `maps` its variables.
pub(super) fn read(
    elf: &elf::Object<'_>,
    btf: &Btf<'_>,
    maps: &mut [MapDefinition],
) -> Result<(), ErrorKind> {
    let mut arenas = maps.iter_mut().filter(|map| map.map_type == MapType::ARENA);
    let arena = arenas.next();
    let error = |map: &str, problem| ErrorKind::MapDefinition {
        map: map.to_owned(),
        problem,
    };
    if let Some(second) = arenas.next() {
        return Err(error(&second.name, MapProblem::SecondArena));
    }
    let section = elf.section_by_name(SECTION).filter(|one| one.size() > 0);
    let Some(section) = section else {
        return Ok(());
    };
    let arena = arena.ok_or_else(|| error(&text(SECTION), MapProblem::NoArena))?;
    let size = section.size();
    let size_bytes =
        u32::try_from(size).map_err(|_| error(&arena.name, MapProblem::TooLarge(size)))?;
    arena.initial = section.data()?.to_vec();
    arena.data = Some(DataPart {
        section: section.index(),
        size_bytes,
        datasec: btf.find(Kind::Datasec, SECTION)?.map(|ty| ty.id()),
    });
    Ok(())
}
