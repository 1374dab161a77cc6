//! Types of the kernel that programs are loaded for: `tp_btf/x`, `fentry/x`, `lsm/x`, `iter/x`.
//!
//! Enters: the wanted programs. Leaves: for those whose target the kernel's BTF must know, the
//! type's id. It is always the running kernel's, whatever the object is relocated to. Rule:
//! libbpf's `btf_get_kernel_prefix_kind`.

use core::fmt;
use std::collections::HashMap;

use relocore::btf::{Btf, Kind};

use crate::error::ErrorKind;
use crate::kernel::Target;
use crate::object::{Program, SecKind};
use crate::sys::{AttachType, ProgType};

/// Why a program can't be loaded as it is declared.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProgramProblem {
    /// Its section's name tells no type.
    UnknownSection,
    /// Its section's name must have a target.
    NoTarget,
    /// The kernel's BTF does not know its target: the type looked for.
    UnknownTarget(String),
    /// Something that later versions will do.
    NotYet(&'static str),
}

impl fmt::Display for ProgramProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownSection => f.write_str("the section's name tells no program type"),
            Self::NoTarget => {
                f.write_str("the section's name must say what it is for, after a slash")
            }
            Self::UnknownTarget(name) => {
                write!(
                    f,
                    "the kernel's BTF has no `{name}` (in modules it is not yet looked for)"
                )
            }
            Self::NotYet(what) => write!(f, "{what}: not yet supported"),
        }
    }
}

/// Name and kind of the type that a program of that kind and target is loaded for.
fn wanted_type(kind: &SecKind, target: &str) -> (Kind, String) {
    match kind.attach_type {
        AttachType::TRACE_RAW_TP => (Kind::Typedef, format!("btf_trace_{target}")),
        AttachType::LSM_MAC | AttachType::LSM_CGROUP => (Kind::Func, format!("bpf_lsm_{target}")),
        AttachType::TRACE_ITER => (Kind::Func, format!("bpf_iter_{target}")),
        _ => (Kind::Func, target.to_owned()),
    }
}

/// Ids for those programs that need one, by place among `programs`; all others are checked too.
pub(super) fn find(programs: &[&Program]) -> Result<HashMap<usize, u32>, ErrorKind> {
    let mut wanted = Vec::new();
    for (nth, program) in programs.iter().enumerate() {
        let error = |problem| error(program, problem);
        let kind = program
            .sec()
            .kind
            .ok_or_else(|| error(ProgramProblem::UnknownSection))?;
        match kind.prog_type {
            ProgType::EXT => return Err(error(ProgramProblem::NotYet("freplace"))),
            ProgType::STRUCT_OPS => return Err(error(ProgramProblem::NotYet("struct_ops"))),
            _ => {}
        }
        if kind.by_btf {
            let target = program.sec().target.as_deref();
            let target = target.ok_or_else(|| error(ProgramProblem::NoTarget))?;
            wanted.push((nth, wanted_type(kind, target)));
        }
    }
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    let mut ids = Ids::default();
    for (_, (kind, name)) in &wanted {
        ids.of(*kind).insert(name.as_bytes(), None);
    }
    ids.search()?;
    let mut found = HashMap::new();
    for (nth, (kind, name)) in &wanted {
        match (ids.of(*kind).get(name.as_bytes()), programs.get(*nth)) {
            (Some(Some(id)), _) => {
                found.insert(*nth, *id);
            }
            (_, Some(program)) => {
                return Err(error(program, ProgramProblem::UnknownTarget(name.clone())));
            }
            (_, None) => {}
        }
    }
    Ok(found)
}

/// Ids by name; `None` until they are found.
#[derive(Default)]
struct Ids<'n> {
    typedefs: HashMap<&'n [u8], Option<u32>>,
    functions: HashMap<&'n [u8], Option<u32>>,
}

impl<'n> Ids<'n> {
    fn of(&mut self, kind: Kind) -> &mut HashMap<&'n [u8], Option<u32>> {
        match kind {
            Kind::Typedef => &mut self.typedefs,
            _ => &mut self.functions,
        }
    }

    /// Finds the first type of each kind and name, in one pass.
    fn search(&mut self) -> Result<(), ErrorKind> {
        let kernel = Target::Kernel.open().map_err(ErrorKind::Target)?;
        let format = |source| ErrorKind::TargetFormat {
            name: kernel.origin.to_string(),
            source,
        };
        let btf = Btf::open(&kernel.bytes).map_err(format)?;
        for ty in btf.types() {
            let ty = ty.map_err(format)?;
            if !matches!(ty.kind(), Kind::Typedef | Kind::Func) {
                continue;
            }
            let name = btf.name(ty.name()).map_err(format)?;
            if let Some(id @ None) = self.of(ty.kind()).get_mut(name) {
                *id = Some(ty.id().0);
            }
        }
        Ok(())
    }
}

fn error(program: &Program, problem: ProgramProblem) -> ErrorKind {
    ErrorKind::Program {
        program: program.name().to_owned(),
        section: program.section().to_owned(),
        problem,
    }
}
