//! Operations of the kernel that programs implement (`struct_ops`).
//!
//! Enters: the DATASECs `.struct_ops` and `.struct_ops.link` (with `?` in front: not created by
//! default), and their relocations. Leaves: a [`MapDefinition`] for each variable, which knows the
//! programs behind its function pointers. What the kernel's type looks like is looked up at load.
//! Rules: libbpf's `init_struct_ops_maps`, `bpf_object__collect_st_ops_relos`.

use std::collections::HashMap;

use relocore::TypeId;
use relocore::btf::{Btf, Kind, SectionVar, Type};
use relocore::elf;

use crate::error::ErrorKind;
use crate::sys::{MapType, ProgType, map_flags};

use super::function::{Function, find, text};
use super::map_definition::{MapDefinition, MapRole};
use super::map_problem::MapProblem;
use super::program::Program;

/// What a variable of operations has more than other maps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StructOps {
    /// Its type: a struct called as the kernel's, perhaps with a flavor.
    pub(crate) ty: TypeId,
    /// Programs by number of their member, each by place in the object's list.
    pub(crate) programs: Vec<(u32, usize)>,
}

/// Reads all variables.
pub(super) fn read(
    elf: &elf::Object<'_>,
    btf: &Btf<'_>,
    programs: &[Program],
    functions: &[Function],
) -> Result<Vec<MapDefinition>, ErrorKind> {
    let mut maps = Vec::new();
    for section in elf.sections() {
        let Some((is_created, is_link)) = kind(section.name()?) else {
            continue;
        };
        let datasec = btf.find(Kind::Datasec, section.name()?)?;
        let datasec =
            datasec.ok_or_else(|| error(section.name().unwrap_or_default(), "has no types"))?;
        let first = maps.len();
        for entry in datasec.section_vars() {
            let name = btf.name(btf.type_by_id(entry.var)?.name())?;
            let map = variable(btf, &section, entry)?;
            let mut map = map.map_err(|what| error(name, what))?;
            map.autocreate = is_created;
            map.flags = if is_link { map_flags::LINK } else { 0 };
            maps.push(map);
        }
        let own = maps.get_mut(first..).unwrap_or_default();
        own.sort_by_key(|map| map.offset_bytes);
        let programs = places(programs);
        for table in elf.sections().filter(|one| one.info() == section.index()) {
            for one in table.relocations() {
                let one = one?;
                let symbol = elf.symbols()?.get(one.symbol)?;
                let place = symbol.section().zip(u32::try_from(symbol.value()).ok());
                let function = place.and_then(|(section, at)| find(functions, section, at));
                let program = function.and_then(|function| programs.get(&function));
                let symbol = symbol.name().unwrap_or_default();
                let program = program.ok_or_else(|| error(symbol, NO_PROGRAM))?;
                set_program(btf, own, one.offset, *program)?
                    .ok_or_else(|| error(symbol, NO_MEMBER))?;
            }
        }
    }
    Ok(maps)
}

const NO_PROGRAM: &str = "is the value of an operation, and no program in a section struct_ops";
const NO_MEMBER: &str = "is a value in .struct_ops where no operation is";

fn error(map: &[u8], what: &str) -> ErrorKind {
    ErrorKind::MapDefinition {
        map: text(map),
        problem: MapProblem::StructOps(what.to_owned()),
    }
}

/// Programs for operations of the kernel, by function.
fn places(programs: &[Program]) -> HashMap<usize, usize> {
    let programs = programs.iter().enumerate();
    programs
        .filter(|(_, one)| one.prog_type() == ProgType::STRUCT_OPS)
        .map(|(nth, one)| (one.function, nth))
        .collect()
}

/// Whether a section's variables are created by default, and attached by links.
fn kind(name: &[u8]) -> Option<(bool, bool)> {
    match name {
        b".struct_ops" => Some((true, false)),
        b".struct_ops.link" => Some((true, true)),
        b"?.struct_ops" => Some((false, false)),
        b"?.struct_ops.link" => Some((false, true)),
        _ => None,
    }
}

fn variable(
    btf: &Btf<'_>,
    section: &elf::Section<'_>,
    entry: SectionVar,
) -> relocore::Result<Result<MapDefinition, &'static str>> {
    let var = btf.type_by_id(entry.var)?;
    let ty = btf.skip_mods(var.referred())?;
    if ty.kind() != Kind::Struct || btf.name(ty.name())?.is_empty() {
        return Ok(Err("is no struct with a name"));
    }
    let start = entry.offset_bytes as usize;
    let end = start.saturating_add(ty.own_size_bytes() as usize);
    let Some(initial) = section.data()?.get(start..end) else {
        return Ok(Err("goes past the end of its section"));
    };
    let mut map = MapDefinition::new(text(btf.name(var.name())?), MapRole::StructOps);
    map.map_type = MapType::STRUCT_OPS;
    map.key_size = 4;
    map.value_size = ty.own_size_bytes();
    map.max_entries = 1;
    map.section = section.index();
    map.offset_bytes = entry.offset_bytes;
    map.initial = initial.to_vec();
    map.struct_ops = Some(Box::new(StructOps {
        ty: ty.id(),
        programs: Vec::new(),
    }));
    Ok(Ok(map))
}

/// Notes the program of the function pointer at an offset of the section; `None` if none is there.
fn set_program(
    btf: &Btf<'_>,
    maps: &mut [MapDefinition],
    offset: u64,
    program: usize,
) -> relocore::Result<Option<()>> {
    let end = maps.partition_point(|map| u64::from(map.offset_bytes) <= offset);
    let map = end.checked_sub(1).and_then(|nth| maps.get_mut(nth));
    let Some((at, ops)) = map.and_then(|map| Some((map.offset_bytes, map.struct_ops.as_mut()?)))
    else {
        return Ok(None);
    };
    let within = offset - u64::from(at);
    let ty = btf.type_by_id(ops.ty)?;
    // Few: no kernel has a struct of operations with more.
    for (nth, member) in (0..MAX_MEMBERS).zip(ty.members()) {
        if u64::from(member.offset.0) == within * 8 && is_function_pointer(btf, member.ty)? {
            ops.programs.push((nth, program));
            return Ok(Some(()));
        }
    }
    Ok(None)
}

/// Members that are looked at of a struct of operations (`sched_ext_ops` has 40).
const MAX_MEMBERS: u32 = 1024;

/// Whether it is a pointer to a function.
pub(crate) fn is_function_pointer(btf: &Btf<'_>, id: TypeId) -> relocore::Result<bool> {
    let pointer: Type<'_> = btf.skip_mods(id)?;
    Ok(pointer.kind() == Kind::Ptr && btf.skip_mods(pointer.referred())?.kind() == Kind::FuncProto)
}
