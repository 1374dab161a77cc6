//! Maps that the program declares: structs whose member types say what they are.
//!
//! Enters: the DATASEC `.maps` of the object's BTF. Leaves: [`MapDefinition`]s. Rules: libbpf's
//! `parse_btf_map_def`.
//!
//! ```c
//! struct {
//!     __uint(type, BPF_MAP_TYPE_HASH); // int (*type)[1]: the length of the array is the number
//!     __type(key, u32);                // u32 *key
//!     __ulong(map_extra, 5);           // enum { ... = 5 } map_extra
//!     __array(values, struct inner);   // of maps of maps: struct inner *values[]
//! } counts SEC(".maps");
//! ```

use relocore::TypeId;
use relocore::btf::{Btf, Kind, Member, SectionVar, Type};

use crate::error::ErrorKind;
use crate::sys::MapType;

use super::function::text;
use super::map_definition::{MapDefinition, MapRole};
use super::map_problem::MapProblem;

/// Section of the definitions.
pub(super) const SECTION: &[u8] = b".maps";
/// Linkage of an extern variable.
const EXTERN: u32 = 2;

/// Reads all definitions. `section` is the index of `.maps`, and `size` its size in bytes.
pub(super) fn read(
    btf: &Btf<'_>,
    section: u32,
    size: u64,
) -> Result<Vec<MapDefinition>, ErrorKind> {
    let mut maps = Vec::new();
    let Some(datasec) = btf.find(Kind::Datasec, SECTION)? else {
        return Ok(maps);
    };
    for entry in datasec.section_vars() {
        let var = btf.type_by_id(entry.var)?;
        let name = text(btf.name(var.name())?);
        let map =
            read_one(btf, &name, entry, size).map_err(|problem| ErrorKind::MapDefinition {
                map: name.clone(),
                problem,
            })?;
        maps.push(MapDefinition { section, ..map });
    }
    Ok(maps)
}

fn read_one(
    btf: &Btf<'_>,
    name: &str,
    entry: SectionVar,
    section_bytes: u64,
) -> Result<MapDefinition, MapProblem> {
    let var = btf.type_by_id(entry.var)?;
    if var.kind() != Kind::Var || name.is_empty() || u64::from(entry.offset_bytes) >= section_bytes
    {
        return Err(MapProblem::NoPlace);
    }
    if var.linkage() == Some(EXTERN) {
        return Err(MapProblem::Extern);
    }
    let definition = btf.skip_mods(var.referred())?;
    let mut map = members(btf, name.to_owned(), &definition, Level::Outer)?;
    map.offset_bytes = entry.offset_bytes;
    Ok(map)
}

/// Whether a definition is a map's own, or that of the maps which it holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Outer,
    Inner,
}

fn members(
    btf: &Btf<'_>,
    name: String,
    definition: &Type<'_>,
    level: Level,
) -> Result<MapDefinition, MapProblem> {
    if definition.kind() != Kind::Struct {
        return Err(MapProblem::NoStruct);
    }
    let mut map = MapDefinition::new(name, MapRole::Declared);
    let (mut key, mut value) = (Size::new("key"), Size::new("value"));
    for member in definition.members() {
        if map.slots_at.is_some() {
            return Err(MapProblem::ValuesNotLast);
        }
        match btf.name(member.name)? {
            b"type" => map.map_type = MapType(number(btf, &member, "type")?),
            b"max_entries" => map.max_entries = number(btf, &member, "max_entries")?,
            b"map_flags" => map.flags = number(btf, &member, "map_flags")?,
            b"numa_node" => map.numa_node = number(btf, &member, "numa_node")?,
            b"map_extra" => map.map_extra = long(btf, &member)?,
            b"key_size" => key.set(number(btf, &member, "key_size")?)?,
            b"value_size" => value.set(number(btf, &member, "value_size")?)?,
            b"key" => {
                map.key_type = pointed(btf, &member, "key")?;
                key.set(btf.size_bytes(map.key_type)?)?;
            }
            b"value" => {
                map.value_type = pointed(btf, &member, "value")?;
                value.set(btf.size_bytes(map.value_type)?)?;
            }
            b"pinning" if level == Level::Inner => return Err(MapProblem::InnerPinned),
            b"pinning" => {
                map.pin_by_name = match number(btf, &member, "pinning")? {
                    0 => false,
                    1 => true,
                    other => return Err(MapProblem::Pinning(other)),
                }
            }
            b"values" if level == Level::Inner => return Err(MapProblem::InnerOfInner),
            b"values" => {
                value.set(FD_BYTES)?;
                map.slots_at = Some(member.offset.0 / 8);
                map.inner = values(btf, &map, &member)?;
            }
            other => return Err(MapProblem::UnknownMember(text(other))),
        }
    }
    if map.map_type == MapType::UNSPEC {
        return Err(MapProblem::NoType);
    }
    map.key_size = key.bytes.unwrap_or(0);
    map.value_size = value.bytes.unwrap_or(0);
    Ok(map)
}

/// Bytes of a value that is a descriptor.
const FD_BYTES: u32 = 4;

/// What the maps in `map` are like, from `struct inner *values[]`; none for programs, which are
/// `int (*values[])(void *)`.
fn values(
    btf: &Btf<'_>,
    map: &MapDefinition,
    member: &Member,
) -> Result<Option<Box<MapDefinition>>, MapProblem> {
    let array = btf.type_by_id(member.ty)?.array();
    let array = array.filter(|array| array.len == 0);
    let array = array.ok_or(MapProblem::NotValues)?;
    let pointer = btf.skip_mods(array.element)?;
    if pointer.kind() != Kind::Ptr {
        return Err(MapProblem::NotValues);
    }
    let target = btf.skip_mods(pointer.referred())?;
    match map.map_type {
        MapType::ARRAY_OF_MAPS | MapType::HASH_OF_MAPS => {
            let inner = members(btf, format!("{}.inner", map.name), &target, Level::Inner)?;
            Ok(Some(Box::new(inner)))
        }
        MapType::PROG_ARRAY if target.kind() == Kind::FuncProto => Ok(None),
        MapType::PROG_ARRAY => Err(MapProblem::NotValues),
        other => Err(MapProblem::NoValuesIn(other.0)),
    }
}

/// Size of keys or values, which two members may give.
struct Size {
    what: &'static str,
    bytes: Option<u32>,
}

impl Size {
    const fn new(what: &'static str) -> Self {
        Self { what, bytes: None }
    }

    const fn set(&mut self, bytes: u32) -> Result<(), MapProblem> {
        match self.bytes {
            Some(first) if first != bytes => Err(MapProblem::ConflictingSize {
                what: self.what,
                first,
                second: bytes,
            }),
            _ => {
                self.bytes = Some(bytes);
                Ok(())
            }
        }
    }
}

/// `int (*member)[N]` is N.
fn number(btf: &Btf<'_>, member: &Member, name: &'static str) -> Result<u32, MapProblem> {
    let pointer = btf.skip_mods(member.ty)?;
    let array = match pointer.kind() {
        Kind::Ptr => btf.type_by_id(pointer.referred())?.array(),
        _ => None,
    };
    Ok(array.ok_or(MapProblem::NotANumber(name))?.len)
}

/// As [`number`], or `enum { ... = N } member`.
fn long(btf: &Btf<'_>, member: &Member) -> Result<u64, MapProblem> {
    let ty = btf.skip_mods(member.ty)?;
    if !ty.kind().is_enum() {
        return number(btf, member, "map_extra").map(u64::from);
    }
    match (ty.vlen(), ty.enumerators().next()) {
        (1, Some(only)) => Ok(only.value),
        _ => Err(MapProblem::NotANumber("map_extra")),
    }
}

/// `T *member` is T.
fn pointed(btf: &Btf<'_>, member: &Member, name: &'static str) -> Result<TypeId, MapProblem> {
    let pointer = btf.type_by_id(member.ty)?;
    if pointer.kind() != Kind::Ptr {
        return Err(MapProblem::NotAType(name));
    }
    Ok(pointer.referred())
}
