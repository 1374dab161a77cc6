//! Creating maps.
//!
//! Enters: definitions, the object's BTF, the value of `.kconfig`. Leaves: maps in the same order,
//! filled and, those that are constant, frozen: the verifier takes their contents for constants
//! only if nobody can change them any more. Rules: libbpf's `bpf_object__create_map`.

use std::os::fd::BorrowedFd;

use relocore::TypeId;

use crate::error::ErrorKind;
use crate::map::{Map, MapBtf, MapError, MapSpec};
use crate::object::{MapDefinition, MapProblem, MapRole, Object};
use crate::sys::mmap::page_bytes;
use crate::sys::{MapType, UpdateMode, possible_cpus};

use super::Step;

/// Creates all maps of an object.
pub(super) fn create(
    object: &Object,
    btf: Option<BorrowedFd<'_>>,
    kconfig: &[u8],
) -> Result<Vec<Map>, ErrorKind> {
    let mut maps = Vec::with_capacity(object.parts.maps.len());
    for definition in &object.parts.maps {
        if let Some(problem) = not_yet(definition) {
            return Err(ErrorKind::MapDefinition {
                map: definition.name.clone(),
                problem,
            });
        }
        let map = create_one(&object.name, definition, btf)?;
        let initial = match definition.role {
            MapRole::Kconfig => kconfig,
            _ => &definition.initial,
        };
        if !initial.is_empty() {
            let fill = map.update(&0_u32.to_ne_bytes(), initial, UpdateMode::ANY);
            fill.map_err(|error| ErrorKind::Map(Step::FillMap, error))?;
        }
        if definition.role.is_constant() {
            map.freeze()
                .map_err(|error| ErrorKind::Map(Step::FreezeMap, error))?;
        }
        maps.push(map);
    }
    Ok(maps)
}

const fn not_yet(definition: &MapDefinition) -> Option<MapProblem> {
    let what = match definition.map_type {
        _ if definition.pin_by_name => "is to be pinned by name",
        MapType::ARRAY_OF_MAPS | MapType::HASH_OF_MAPS => "holds maps",
        MapType::STRUCT_OPS => "holds operations of the kernel (struct_ops)",
        MapType::ARENA => "is an arena",
        MapType::INSN_ARRAY => "is a jump table",
        _ => return None,
    };
    Some(MapProblem::NotYet(what))
}

fn create_one(
    object: &str,
    definition: &MapDefinition,
    btf: Option<BorrowedFd<'_>>,
) -> Result<Map, ErrorKind> {
    let spec = MapSpec {
        name: kernel_name(object, definition),
        map_type: definition.map_type,
        key_size: definition.key_size,
        value_size: definition.value_size,
        max_entries: max_entries(definition)?,
        flags: definition.flags,
        numa_node: definition.numa_node,
        map_extra: definition.map_extra,
    };
    let (key, value) = (definition.key_type, definition.value_type);
    // The kernel takes a type of keys only together with one of values.
    let described = value != TypeId::VOID;
    let btf = btf
        .filter(|_| described && takes_btf(definition.map_type))
        .map(|btf| MapBtf {
            btf,
            key_type_id: key.0,
            value_type_id: value.0,
        });
    let error = |error: MapError| ErrorKind::Map(Step::CreateMap, error);
    match (Map::create(spec.clone(), btf), btf) {
        (Ok(map), _) => Ok(map),
        (Err(first), None) => Err(error(first)),
        // What a map holds is described to those who list it; few types depend on it.
        (Err(first), Some(_)) => Map::create(spec, None).map_err(|_| error(first)),
    }
}

/// Types whose creation fails if it says what they hold.
const fn takes_btf(map_type: MapType) -> bool {
    !matches!(
        map_type,
        MapType::PERF_EVENT_ARRAY
            | MapType::CGROUP_ARRAY
            | MapType::STACK_TRACE
            | MapType::DEVMAP
            | MapType::DEVMAP_HASH
            | MapType::CPUMAP
            | MapType::XSKMAP
            | MapType::SOCKMAP
            | MapType::SOCKHASH
            | MapType::QUEUE
            | MapType::STACK
    )
}

/// Entries that the kernel is asked for: a perf event array without a number has one a CPU, and a
/// ring buffer a power of two of pages.
fn max_entries(definition: &MapDefinition) -> Result<u32, ErrorKind> {
    let sys = |error| ErrorKind::sys(Step::SizeMap, &definition.name, error);
    let entries = definition.max_entries;
    match definition.map_type {
        MapType::PERF_EVENT_ARRAY if entries == 0 => {
            let cpus = possible_cpus().map_err(sys)?;
            Ok(u32::try_from(cpus).unwrap_or(u32::MAX))
        }
        MapType::RINGBUF | MapType::USER_RINGBUF => {
            let page = page_bytes().map_err(sys)?;
            Ok(ring_bytes(entries, u32::try_from(page).unwrap_or(u32::MAX)))
        }
        _ => Ok(entries),
    }
}

/// The next power of two of pages. 0 stays, so that the kernel refuses a forgotten size; so does
/// what is too large.
fn ring_bytes(bytes: u32, page: u32) -> u32 {
    if bytes == 0 {
        return 0;
    }
    let pages = bytes.div_ceil(page.max(1)).checked_next_power_of_two();
    pages
        .and_then(|pages| pages.checked_mul(page))
        .unwrap_or(bytes)
}

/// Bytes of a name that the kernel keeps.
const NAME_BYTES: usize = 15;
/// Least bytes that libbpf keeps for a section's name, so that objects look alike in listings.
const SECTION_BYTES: usize = 7;

/// The name in the kernel: as declared, or for data as libbpf makes it: as much of the object's
/// name as fits before `.bss`; sections such as `.data.own` alone.
fn kernel_name(object: &str, definition: &MapDefinition) -> String {
    let name = &definition.name;
    if definition.role == MapRole::Declared {
        return name.clone();
    }
    let is_own = name.get(1..).is_some_and(|rest| rest.contains('.'));
    let room = match is_own {
        true => 0,
        false => NAME_BYTES.saturating_sub(name.len().max(SECTION_BYTES)),
    };
    let stem = object
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .split('.')
        .next();
    let prefix = stem.unwrap_or_default().chars().map(|c| {
        if c.is_ascii_alphanumeric() || c == '.' {
            c
        } else {
            '_'
        }
    });
    prefix.take(room).chain(name.chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rings_are_powers_of_two_of_pages() {
        for (bytes, expected) in [
            (0, 0),
            (1, 4096),
            (4096, 4096),
            (4097, 8192),
            (3 * 4096, 4 * 4096),
            (1 << 31, 1 << 31),
            ((1 << 31) + 1, (1 << 31) + 1),
        ] {
            assert_eq!(ring_bytes(bytes, 4096), expected);
        }
    }

    #[test]
    fn sections_are_called_after_the_object() {
        for (object, section, expected) in [
            ("demo", ".rodata", "demo.rodata"),
            ("my_object_name", ".rodata", "my_objec.rodata"),
            ("my_object_name", ".bss", "my_objec.bss"),
            ("my_object_name", ".kconfig", "my_obje.kconfig"),
            ("my-object", ".data.own", ".data.own"),
            ("/tmp/demo.bpf.o", ".bss", "demo.bss"),
            ("é-x", ".bss", "__x.bss"),
        ] {
            let definition = MapDefinition::of_data(section.to_owned(), MapRole::Bss, 8);
            assert_eq!(kernel_name(object, &definition), expected);
        }
    }
}
