//! From an object to running programs.
//!
//! Enters: an [`Object`]. Leaves: [`Loaded`]. First (`prepare`) all that can fail
//! without the kernel's help:
//!
//! | step | from | to | file |
//! |---|---|---|---|
//! | 1 | operations of the kernel | their layout there, and which programs they need | `struct_ops`, `kernel_types` |
//! | 2 | programs with autoload | the functions they reach, and what these refer to | `chosen`, `code`, `reference` |
//! | 3 | section names | ids of the kernel's types that programs are for | `attach_target`, `kernel_types` |
//! | 4 | CO-RE records of those functions, target BTF | patched sections | `relocate`, `targets` |
//! | 5 | externs, Kconfig, kallsyms | the value of `.kconfig`, addresses, ids | `kconfig`, `externs`, `kallsyms` |
//!
//! Then the kernel is asked, each answer an owned descriptor, so that a failure leaves nothing:
//!
//! | step | from | to | file |
//! |---|---|---|---|
//! | 6 | a BPF file system, names of modules | a token, descriptors | `token`, `modules` |
//! | 7 | the object's BTF | a descriptor | `object_btf`, `sanitize` |
//! | 8 | map definitions | maps, filled, constants frozen | `maps`, `map_name`, `map_size`, `arena`, `slots` |
//! | 9 | pieces, maps, externs | instructions and their records | `assemble`, `ext_info` |
//! | 10 | instructions | a program, or its log explained | `program`, `older`, `log`, `verifier_log`, `refused` |
//! | 11 | programs, maps | program arrays filled, pins | `slots`, `pins` |
//!
//! The order is libbpf's (`bpf_object_load`): constants must be frozen before the verifier sees a
//! program, or it can't prune what they guard. What an older kernel does not know is asked
//! (`feature`, `memlock`) once it has refused something, and that done in another way, or the error
//! says which kernel can (`unknown`).

mod arena;
mod assemble;
mod attach;
mod attach_target;
mod chosen;
mod code;
mod ext_info;
mod externs;
mod feature;
mod global;
mod kallsyms;
mod kconfig;
mod kernel_types;
mod loaded;
mod log;
mod map_name;
mod map_size;
mod maps;
mod memlock;
mod modules;
mod note;
mod object_btf;
mod older;
mod pins;
mod prepare;
mod program;
mod reference;
mod refused;
mod relocate;
mod sanitize;
mod slots;
mod step;
mod struct_ops;
mod targets;
mod token;
mod unknown;
mod verifier_log;

use std::os::fd::{AsFd, BorrowedFd};

use crate::error::ErrorKind;
use crate::object::{Object, Program};
use crate::sys::AttachType;
use crate::sys::bpf::{ProgLoad, Records, prog_bind_map};

pub use attach::AttachProblem;
pub use attach_target::ProgramProblem;
pub use chosen::Skipped;
pub use feature::Feature;
pub use global::Global;
pub use loaded::{Loaded, LoadedProgram, StructOps};
pub use note::Note;
pub use reference::ReferenceProblem;
pub use refused::Refused;
pub use relocate::FailedRelocation;
pub use step::Step;
pub use unknown::Unknown;

use assemble::Material;
use attach_target::AttachTo;
use ext_info::{FUNC_INFO_BYTES, LINE_INFO_BYTES};
use loaded::LoadedMap;
use maps::Made;
use modules::ModuleFds;
use prepare::{Prepared, prepare};
use token::Token;

/// How often a load is begun again because somebody else has pinned one of its maps meanwhile.
const ATTEMPTS: u32 = 3;

/// Loads an object: see [`Object::load`].
pub(crate) fn load(object: &Object) -> Result<Loaded, ErrorKind> {
    let mut attempts = ATTEMPTS;
    loop {
        attempts -= 1;
        match load_once(object) {
            Err(error) if attempts > 0 && pins::was_overtaken(&error) => {}
            result => return result,
        }
    }
}

fn load_once(object: &Object) -> Result<Loaded, ErrorKind> {
    let token = Token::open(object)?;
    let mut prepared = prepare(object, token.as_ref())?;
    let modules = ModuleFds::open(core::mem::take(&mut prepared.modules))?;
    let btf = object_btf::load(&object.parts.btf, token.as_ref(), &mut prepared.notes);
    let kernel = Kernel {
        object,
        btf: btf.as_ref().map(AsFd::as_fd),
        modules: &modules,
        token: token.as_ref(),
    };
    let maps = maps::Material {
        object,
        btf: kernel.btf,
        kconfig: &prepared.kconfig,
        operations: &prepared.operations,
        modules: &modules,
        token: kernel.token,
    };
    let maps = maps.create()?;
    slots::fill_maps(object, &maps, &mut prepared.notes)?;
    let programs = kernel.load_programs(&mut prepared, &maps)?;
    let find = |wanted| {
        let found = programs.iter().find(|(nth, _)| *nth == wanted);
        found.map(|(_, program)| program.as_fd())
    };
    slots::fill_programs(object, &maps, find, &mut prepared.notes)?;
    let operations = |nth| {
        let operations: Option<&struct_ops::Operations> = prepared.operations.maps.get(&nth);
        operations.map(|one| one.filled(find))
    };
    pins::pin_new(object, &maps)?;
    let definitions = object.parts.maps.iter().enumerate().zip(maps);
    let maps = definitions.map(|((nth, definition), made)| LoadedMap {
        name: definition.name().to_owned(),
        role: definition.role(),
        operations: operations(nth),
        made,
    });
    Ok(Loaded {
        object: object.name.clone(),
        maps: maps.collect(),
        programs: programs.into_iter().map(|(_, program)| program).collect(),
        variables: object.parts.variables.clone(),
        skipped: prepared.chosen.into_skipped(),
        notes: prepared.notes,
    })
}

/// What all programs of an object are loaded with.
struct Kernel<'a> {
    object: &'a Object,
    btf: Option<BorrowedFd<'a>>,
    modules: &'a ModuleFds,
    token: Option<&'a Token>,
}

impl Kernel<'_> {
    /// Does steps 9 and 10, one program after the other. Gives each with its place in the object's
    /// list.
    fn load_programs(
        &self,
        prepared: &mut Prepared<'_>,
        maps: &[Option<Made>],
    ) -> Result<Vec<(usize, LoadedProgram)>, ErrorKind> {
        let Prepared {
            chosen,
            attach_to,
            operations,
            records,
            ..
        } = prepared;
        let material = Material {
            elf: prepared.elf,
            parts: &self.object.parts,
            code: &prepared.code,
            patched: &prepared.patched,
            maps,
            externs: &prepared.externs,
            modules: self.modules,
        };
        chosen.each(|nth, program| {
            let operation = operations.programs.get(&nth);
            let attach_type = operation.map(|operation| AttachType(operation.member));
            let attach_type = attach_type.unwrap_or_else(|| program.attach_type());
            let described = |pieces: &_| records.of(&material.elf, material.parts, pieces);
            self.load_one(
                program,
                attach_type,
                attach_to.get(&nth),
                &material,
                described,
            )
        })
    }

    fn load_one(
        &self,
        program: &Program,
        attach_type: AttachType,
        attach_to: Option<&AttachTo>,
        material: &Material<'_>,
        described: impl FnOnce(&[code::Piece]) -> ext_info::Records,
    ) -> Result<LoadedProgram, ErrorKind> {
        let assembled = material.assemble(program.function)?;
        let described = match self.btf {
            Some(_) => described(&assembled.pieces),
            None => ext_info::Records::default(),
        };
        let (attach_btf_id, attach_fd) = match attach_to {
            None => (0, None),
            Some(AttachTo::Program(fd, id)) => (id.0, Some(fd.as_fd())),
            Some(AttachTo::Kernel(found)) => {
                let module = found.module.map(|nth| self.modules.fd(nth));
                (found.id.0, module.transpose()?)
            }
        };
        let load = ProgLoad {
            prog_type: program.prog_type(),
            expected_attach_type: attach_type,
            name: program.name(),
            license: &self.object.parts.license,
            insns: &assembled.insns,
            flags: program.flags() | Token::flag(self.token),
            kern_version: program::version_for(program.prog_type()),
            btf: self.btf,
            func_info: Records {
                bytes: &described.functions,
                rec_size: FUNC_INFO_BYTES,
            },
            line_info: Records {
                bytes: &described.lines,
                rec_size: LINE_INFO_BYTES,
            },
            attach_btf_id,
            attach_to: attach_fd,
            fd_array: &material.fd_array(),
            token: Token::fd(self.token),
            ..ProgLoad::default()
        };
        let level = program.log_level().unwrap_or(self.object.log_level);
        let explain = |program: &Program| {
            let reached = material.code.reached();
            relocate::explain(self.object, material.elf, reached, program.name())
        };
        let token = self.token;
        let loaded = program::load(program, &load, level, token, &assembled, material, explain);
        let (fd, log) = loaded?;
        for made in material.maps.iter().flatten().filter(|made| made.is_rodata) {
            // For listings, which show a program's constants; older kernels can't, and do without.
            let _ = prog_bind_map(fd.as_fd(), made.map.as_fd());
        }
        Ok(LoadedProgram {
            object: self.object.name.clone(),
            name: program.name().to_owned(),
            section: program.section().to_owned(),
            sec: program.sec().clone(),
            prog_type: program.prog_type(),
            attach_type,
            attach_target: program.attach_target().map(str::to_owned),
            autoattach: program.autoattach(),
            log,
            fd,
        })
    }
}
