//! Operations of the kernel: what their variables and programs are in the kernel's types.
//!
//! Enters: the object's variables in `.struct_ops`. Leaves: for each that is created its value in
//! the kernel's layout ([`Operations`]), and for each of its programs which member of which struct
//! it is ([`Operation`]). The kernel's struct may have more members, in another order; members that
//! it lacks must be zero, or programs, which then are not loaded. Rules: libbpf's
//! `bpf_map__init_kern_struct_ops` and `bpf_object_adjust_struct_ops_autoload`.
//!
//! | object | kernel |
//! |---|---|
//! | `struct tcp_congestion_ops ops = { .init = f, .name = "x" }` | `struct bpf_struct_ops_tcp_congestion_ops { ...; struct tcp_congestion_ops data; }` |

use std::collections::{HashMap, HashSet};
use std::os::fd::{AsRawFd, BorrowedFd};

use relocore::btf::{Btf, Kind, Member, Type, essential_name};

use crate::error::ErrorKind;
use crate::object::{MapDefinition, MapProblem, Object, is_function_pointer};

use super::attach_target::{ProgramProblem, error as program_error};
use super::kernel_types::{Found, KernelTypes, Wanted};

/// Name of the kernel's type of the value, before the struct's.
const VALUE_PREFIX: &[u8] = b"bpf_struct_ops_";

/// A variable of operations, as the kernel wants it.
#[derive(Debug)]
pub(super) struct Operations {
    /// Type of the value.
    pub(super) value_type: Found,
    /// The value, without its functions.
    pub(super) value: Vec<u8>,
    /// Where in the value which program's descriptor goes.
    pub(super) functions: Vec<(usize, usize)>,
}

impl Operations {
    /// The value with the descriptors of those programs that `find` knows; operations without one
    /// are left to the kernel's defaults.
    pub(super) fn filled<'a>(&self, find: impl Fn(usize) -> Option<BorrowedFd<'a>>) -> Vec<u8> {
        let mut value = self.value.clone();
        for (at, program) in &self.functions {
            let Some(fd) = find(*program) else { continue };
            // The kernel's `unsigned long`.
            let word = (fd.as_raw_fd().cast_unsigned() as usize).to_ne_bytes();
            if let Some(place) = value.get_mut(*at..at.saturating_add(word.len())) {
                place.copy_from_slice(&word);
            }
        }
        value
    }
}

/// Which operation a program is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Operation {
    /// The kernel's struct.
    pub(super) ty: Found,
    /// Number of its member.
    pub(super) member: u32,
}

/// All of an object.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// By place in the object's list of maps.
    pub(super) maps: HashMap<usize, Operations>,
    /// By place in the object's list of programs.
    pub(super) programs: HashMap<usize, Operation>,
    /// Programs that variables of operations have, but none that is created and has them where
    /// the kernel has a member.
    pub(super) unused: HashSet<usize>,
}

/// Works it out.
pub(super) fn plan(
    object: &Object,
    kernel: &mut KernelTypes,
    local: Option<&Btf<'_>>,
) -> Result<Plan, ErrorKind> {
    let mut plan = Plan::default();
    let Some(local) = local else {
        return Ok(plan);
    };
    let mut wanted = Vec::new();
    let mut asking = Vec::new();
    for (nth, map) in object.parts.maps.iter().enumerate() {
        let Some(ops) = &map.struct_ops else {
            continue;
        };
        plan.unused
            .extend(ops.programs.iter().map(|(_, program)| *program));
        if map.autocreate {
            let name = local.name(local.type_by_id(ops.ty)?.name())?;
            let name = [VALUE_PREFIX, essential_name(name)].concat();
            wanted.push(Wanted::new(Kind::Struct, name));
            asking.push((nth, map));
        }
    }
    let found = kernel.find(&wanted)?;
    for (((nth, map), wanted), found) in asking.into_iter().zip(&wanted).zip(found) {
        let Some(found) = found else {
            if let Some(reason) = kernel.unavailable() {
                return Err(ErrorKind::Target(reason.clone()));
            }
            let name = String::from_utf8_lossy(&wanted.name);
            return Err(error(
                map,
                format!(
                    "is for no operations that this kernel lets programs implement: its BTF has no `struct {name}`"
                ),
            ));
        };
        let placed = kernel.look(found.module, |target| place(local, map, target, found))?;
        // Found in what `look` shows.
        let Some(placed) = placed else { continue };
        let (operations, programs) = placed.map_err(|what| error(map, what))?;
        for (program, operation) in programs {
            plan.unused.remove(&program);
            let first = *plan.programs.entry(program).or_insert(operation);
            if let Some(program) = object.parts.programs.get(program)
                && first != operation
            {
                return Err(program_error(program, ProgramProblem::TwoOperations));
            }
        }
        plan.maps.insert(nth, operations);
    }
    Ok(plan)
}

fn error(map: &MapDefinition, what: String) -> ErrorKind {
    ErrorKind::MapDefinition {
        map: map.name.clone(),
        problem: MapProblem::StructOps(what),
    }
}

type Placed = (Operations, Vec<(usize, Operation)>);

/// Lays a variable out as the kernel's type has it.
fn place(
    local: &Btf<'_>,
    map: &MapDefinition,
    target: &Btf<'_>,
    value_type: Found,
) -> relocore::Result<Result<Placed, String>> {
    let Some(ops) = &map.struct_ops else {
        return Ok(Err("has no operations".to_owned()));
    };
    let ours = local.type_by_id(ops.ty)?;
    let value = target.type_by_id(value_type.id)?;
    let name = essential_name(local.name(ours.name())?);
    let Some((data, theirs)) = data_member(target, &value, name)? else {
        let name = name.escape_ascii();
        return Ok(Err(format!(
            "is of `struct {name}`, which the kernel has in another form"
        )));
    };
    let data_at = data.offset.0 / 8;
    let mut operations = Operations {
        value_type,
        value: vec![0; value.own_size_bytes() as usize],
        functions: Vec::new(),
    };
    let mut programs = Vec::new();
    let members: HashMap<_, _> =
        (0..)
            .zip(theirs.members())
            .try_fold(HashMap::new(), |mut all, (nth, member)| {
                all.entry(target.name(member.name)?)
                    .or_insert((nth, member));
                Ok::<_, relocore::Error>(all)
            })?;
    for (nth, member) in (0..).zip(ours.members()) {
        let name = local.name(member.name)?;
        let shown = || name.escape_ascii();
        let bytes = local.size_bytes(member.ty)? as usize;
        let start = member.offset.0 as usize / 8;
        let own = map.initial.get(start..start.saturating_add(bytes));
        let own = own.unwrap_or_default();
        let Some((kernel_nth, kernel)) = members.get(name) else {
            if own.iter().any(|byte| *byte != 0) {
                return Ok(Err(format!(
                    "sets `{}`, which the kernel's struct has not",
                    shown()
                )));
            }
            continue;
        };
        if member.bitfield.0 > 0 || kernel.bitfield.0 > 0 {
            return Ok(Err(format!(
                "has the bitfield `{}`, which no loader can set",
                shown()
            )));
        }
        let at = (data_at + kernel.offset.0 / 8) as usize;
        let kinds = (
            local.skip_mods(member.ty)?.kind(),
            target.skip_mods(kernel.ty)?.kind(),
        );
        if kinds.0 != kinds.1 {
            return Ok(Err(format!(
                "has `{}` of another kind than the kernel",
                shown()
            )));
        }
        if kinds.0 == Kind::Ptr {
            // Of pointers, those to programs alone mean anything to the kernel.
            let program = ops.programs.iter().rev().find(|(member, _)| *member == nth);
            let Some((_, program)) = program else {
                if own.iter().any(|byte| *byte != 0) {
                    return Ok(Err(format!("has an address as `{}`", shown())));
                }
                continue;
            };
            if !is_function_pointer(target, kernel.ty)? {
                return Ok(Err(format!(
                    "has a program as `{}`, where the kernel has none",
                    shown()
                )));
            }
            operations.functions.push((at, *program));
            let ty = Found {
                id: theirs.id(),
                ..value_type
            };
            let member = *kernel_nth;
            programs.push((*program, Operation { ty, member }));
            continue;
        }
        let place = operations.value.get_mut(at..at.saturating_add(own.len()));
        let same_size = target.size_bytes(kernel.ty)? as usize == bytes && own.len() == bytes;
        match place.filter(|_| same_size) {
            Some(place) => place.copy_from_slice(own),
            None => {
                return Ok(Err(format!(
                    "has `{}` of another size than the kernel",
                    shown()
                )));
            }
        }
    }
    Ok(Ok((operations, programs)))
}

/// The member of the kernel's value that is the struct of operations, and its type.
fn data_member<'a>(
    target: &Btf<'a>,
    value: &Type<'a>,
    name: &[u8],
) -> relocore::Result<Option<(Member, Type<'a>)>> {
    for member in value.members() {
        let ty = target.skip_mods(member.ty)?;
        if ty.kind() == Kind::Struct && target.name_is(ty.name(), name)? {
            return Ok(Some((member, ty)));
        }
    }
    Ok(None)
}
