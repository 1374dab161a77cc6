//! Types of the kernel that programs are loaded for: `tp_btf/x`, `fentry/x`, `lsm/x`, `iter/x`.
//!
//! Enters: programs. Leaves: what they must be loaded with ([`AttachTo`]): the id of a type of the
//! kernel, of a module (`fentry/module:function`, or where the kernel itself has no such), or of
//! another program. Rules: libbpf's `btf_get_kernel_prefix_kind`, `libbpf_find_attach_btf_id`.

use core::fmt;
use std::collections::HashMap;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use relocore::TypeId;
use relocore::btf::{Btf, Kind};

use crate::error::ErrorKind;
use crate::object::Program;
use crate::sys::bpf::{btf_bytes, prog_info};
use crate::sys::{AttachType, ProgType};

use super::chosen::Chosen;
use super::kernel_types::{Found, KernelTypes, Wanted};
use super::{Step, struct_ops};

/// Why a program can't be loaded as it is declared.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProgramProblem {
    /// Its section's name tells no type.
    UnknownSection,
    /// Its section's name must have a target.
    NoTarget,
    /// It replaces a function of another program, which is not given.
    NoProgram,
    /// The kernel's BTF does not know its target: the type looked for.
    UnknownTarget(String),
    /// The program that it is for has no such function.
    UnknownFunction(String),
    /// It is an operation of the kernel, and no variable in `.struct_ops` holds it.
    NoOperation,
    /// It is two operations of the kernel at once.
    TwoOperations,
    /// The function that its tag names is no global one of the object.
    ExceptionCallback(String),
}

impl fmt::Display for ProgramProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownSection => f.write_str("the section's name tells no program type"),
            Self::NoTarget => {
                f.write_str("the section's name must say what it is for, after a slash")
            }
            Self::NoProgram => f.write_str(
                "it needs the program whose function it replaces (`Program::set_attach_program`)",
            ),
            Self::UnknownTarget(name) => {
                write!(f, "neither the kernel's BTF nor its modules' has `{name}`")
            }
            Self::UnknownFunction(name) => {
                write!(f, "the program that it is for has no function `{name}`")
            }
            Self::NoOperation => f.write_str(
                "it is an operation of the kernel, but no variable in section .struct_ops that is \
                 created has it",
            ),
            Self::TwoOperations => f.write_str(
                "variables in section .struct_ops have it as different operations of the kernel",
            ),
            Self::ExceptionCallback(name) => write!(
                f,
                "its exception callback `{name}` is no global function of section .text, or it has \
                 two callbacks"
            ),
        }
    }
}

/// What a program is loaded for.
#[derive(Clone, Debug)]
pub(super) enum AttachTo {
    /// A type of the kernel, or of a module.
    Kernel(Found),
    /// A function of another program.
    Program(Arc<OwnedFd>, TypeId),
}

/// Name and kind of the type that a program of that attach type and target is loaded for.
fn wanted_type(attach_type: AttachType, target: &str) -> (Kind, String) {
    match attach_type {
        AttachType::TRACE_RAW_TP => (Kind::Typedef, format!("btf_trace_{target}")),
        AttachType::LSM_MAC | AttachType::LSM_CGROUP => (Kind::Func, format!("bpf_lsm_{target}")),
        AttachType::TRACE_ITER => (Kind::Func, format!("bpf_iter_{target}")),
        _ => (Kind::Func, target.to_owned()),
    }
}

/// What those programs are loaded for that are for a type, by place in the object's list. All
/// programs are checked, too; those that can't be loaded as they are declared are left out, or
/// end the load.
pub(super) fn find(
    chosen: &mut Chosen<'_>,
    operations: &struct_ops::Plan,
    kernel: &mut KernelTypes,
) -> Result<HashMap<usize, AttachTo>, ErrorKind> {
    let (mut found, mut asking, mut wanted) = (HashMap::new(), Vec::new(), Vec::new());
    chosen.each(|nth, program| {
        let operation = operations.programs.get(&nth);
        if let Some(operation) = operation {
            found.insert(nth, AttachTo::Kernel(operation.ty));
            return Ok(());
        }
        match ask(program)? {
            Ask::Nothing => {}
            Ask::Program(target) => _ = found.insert(nth, target),
            Ask::Kernel(one) => {
                asking.push((nth, program));
                wanted.push(one);
            }
        }
        Ok(())
    })?;
    let answers = kernel.find(&wanted)?;
    for (((nth, program), wanted), answer) in asking.into_iter().zip(wanted).zip(answers) {
        match (answer, kernel.unavailable()) {
            (Some(answer), _) => _ = found.insert(nth, AttachTo::Kernel(answer)),
            (None, Some(reason)) => chosen.skip(nth, ErrorKind::Target(reason.clone()))?,
            (None, None) => {
                let name = String::from_utf8_lossy(&wanted.name).into_owned();
                chosen.skip(nth, error(program, ProgramProblem::UnknownTarget(name)))?;
            }
        }
    }
    Ok(found)
}

/// What a program asks for.
enum Ask {
    Nothing,
    Kernel(Wanted),
    Program(AttachTo),
}

fn ask(program: &Program) -> Result<Ask, ErrorKind> {
    let error = |problem| error(program, problem);
    match program.prog_type() {
        ProgType::UNSPEC => return Err(error(ProgramProblem::UnknownSection)),
        ProgType::STRUCT_OPS => return Err(error(ProgramProblem::NoOperation)),
        _ => {}
    }
    let no_target = || error(ProgramProblem::NoTarget);
    if let Some(fd) = program.attach_program() {
        let name = program.attach_target().ok_or_else(no_target)?;
        let id = function_of(program, fd, name)?;
        return Ok(Ask::Program(AttachTo::Program(Arc::clone(fd), id)));
    }
    if program.prog_type() == ProgType::EXT {
        return Err(error(ProgramProblem::NoProgram));
    }
    if !program.sec().kind.is_some_and(|kind| kind.by_btf) {
        return Ok(Ask::Nothing);
    }
    let target = program.attach_target().ok_or_else(no_target)?;
    let (module, target) = match target.split_once(':') {
        Some((module, target)) => (Some(module.to_owned()), target),
        None => (None, target),
    };
    let (kind, name) = wanted_type(program.attach_type(), target);
    Ok(Ask::Kernel(Wanted {
        module,
        ..Wanted::new(kind, name)
    }))
}

/// Id of a function in the types of another program.
fn function_of(program: &Program, fd: &Arc<OwnedFd>, name: &str) -> Result<TypeId, ErrorKind> {
    let sys = |source| ErrorKind::sys(Step::ReadProgram, program.name(), source);
    let info = prog_info(fd.as_fd()).map_err(sys)?;
    let unknown = || error(program, ProgramProblem::UnknownFunction(name.to_owned()));
    if info.btf_id == 0 {
        return Err(unknown());
    }
    let bytes = btf_bytes(info.btf_id).map_err(sys)?;
    let btf = Btf::open(&bytes)?;
    let found = btf.find(Kind::Func, name.as_bytes())?;
    found.map(|ty| ty.id()).ok_or_else(unknown)
}

pub(super) fn error(program: &Program, problem: ProgramProblem) -> ErrorKind {
    ErrorKind::Program {
        program: program.name().to_owned(),
        section: program.section().to_owned(),
        problem,
    }
}
