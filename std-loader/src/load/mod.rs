//! From an object to running programs.
//!
//! Enters: an [`Object`]. Leaves: [`Loaded`]. First (`prepare`) all that can fail
//! without the kernel's help:
//!
//! | step | from | to | file |
//! |---|---|---|---|
//! | 1 | programs with autoload | the functions they reach, and what these refer to | `code`, `reference` |
//! | 2 | section names | ids of the kernel's types that programs are for | `attach_target` |
//! | 3 | CO-RE records of those functions, target BTF | patched sections | `relocate`, `targets` |
//! | 4 | externs, Kconfig, kallsyms | the value of `.kconfig`, addresses | `kconfig`, `externs`, `kallsyms`, `probe` |
//!
//! Then the kernel is asked, each answer an owned descriptor, so that a failure leaves nothing:
//!
//! | step | from | to | file |
//! |---|---|---|---|
//! | 5 | the object's BTF | a descriptor | `object_btf`, `sanitize` |
//! | 6 | map definitions | maps, filled, constants frozen | `maps` |
//! | 7 | pieces, maps, externs | instructions and their records | `assemble`, `ext_info` |
//! | 8 | instructions | a program, or its log explained | `program`, `verifier_log`, `refused` |
//!
//! The order is libbpf's (`bpf_object_load`): constants must be frozen before the verifier sees a
//! program, or it can't prune what they guard.

mod assemble;
mod attach;
mod attach_target;
mod code;
mod ext_info;
mod externs;
mod global;
mod kallsyms;
mod kconfig;
mod loaded;
mod maps;
mod note;
mod object_btf;
mod prepare;
mod probe;
mod program;
mod reference;
mod refused;
mod relocate;
mod sanitize;
mod step;
mod targets;
mod verifier_log;

use std::os::fd::{AsFd, BorrowedFd};

use crate::error::ErrorKind;
use crate::map::Map;
use crate::object::Object;
use crate::sys::bpf::{ProgLoad, Records};

pub use attach::AttachProblem;
pub use attach_target::ProgramProblem;
pub use global::Global;
pub use loaded::{Loaded, LoadedProgram};
pub use note::Note;
pub use reference::ReferenceProblem;
pub use refused::Refused;
pub use relocate::FailedRelocation;
pub use step::Step;

use assemble::Material;
use ext_info::{FUNC_INFO_BYTES, LINE_INFO_BYTES};
use loaded::LoadedMap;
use prepare::{Prepared, prepare};

/// Loads an object: see [`Object::load`].
pub(crate) fn load(object: &Object) -> Result<Loaded, ErrorKind> {
    let parts = &object.parts;
    let mut prepared = prepare(object)?;
    let btf = object_btf::load(&parts.btf, &mut prepared.notes);
    let btf = btf.as_ref().map(AsFd::as_fd);
    let maps = maps::create(object, btf, &prepared.kconfig)?;
    let programs = load_programs(object, &prepared, &maps, btf)?;
    let maps = parts
        .maps
        .iter()
        .zip(maps)
        .map(|(definition, map)| LoadedMap {
            name: definition.name.clone(),
            role: definition.role,
            is_mappable: definition.is_mappable,
            map,
        });
    Ok(Loaded {
        object: object.name.clone(),
        programs,
        maps: maps.collect(),
        variables: parts.variables.clone(),
        notes: prepared.notes,
    })
}

/// Does steps 7 and 8, one program after the other.
fn load_programs(
    object: &Object,
    prepared: &Prepared<'_>,
    maps: &[Map],
    btf: Option<BorrowedFd<'_>>,
) -> Result<Vec<LoadedProgram>, ErrorKind> {
    let parts = &object.parts;
    let material = Material {
        elf: prepared.elf,
        parts,
        code: &prepared.code,
        patched: &prepared.patched,
        maps,
        externs: &prepared.externs,
    };
    let mut loaded = Vec::with_capacity(prepared.programs.len());
    for (nth, program) in prepared.programs.iter().enumerate() {
        let assembled = material.assemble(program.function)?;
        let described = match btf {
            Some(_) => prepared.records.of(&prepared.elf, parts, &assembled.pieces),
            None => ext_info::Records::default(),
        };
        let kind = program.sec.kind;
        let load = ProgLoad {
            prog_type: program.prog_type(),
            expected_attach_type: kind.map(|kind| kind.attach_type).unwrap_or_default(),
            name: &program.name,
            license: &parts.license,
            insns: &assembled.insns,
            flags: kind.map_or(0, |kind| kind.flags),
            kern_version: program::version_for(program.prog_type()),
            btf,
            func_info: Records {
                bytes: &described.functions,
                rec_size: FUNC_INFO_BYTES,
            },
            line_info: Records {
                bytes: &described.lines,
                rec_size: LINE_INFO_BYTES,
            },
            attach_btf_id: prepared.attach_ids.get(&nth).copied().unwrap_or(0),
            ..ProgLoad::default()
        };
        loaded.push(LoadedProgram {
            object: object.name.clone(),
            fd: program::load(program, &load, &assembled, &material)?,
            name: program.name.clone(),
            section: program.section.clone(),
            sec: program.sec.clone(),
        });
    }
    Ok(loaded)
}
