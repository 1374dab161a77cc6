//! Callbacks of programs that throw.
//!
//! Enters: the declaration tags of the object's BTF. Leaves: in each program's [`Function`] the one
//! that the kernel calls in place of what is left of it: no instruction refers to it, so only the
//! tag tells that it belongs to the program. Rule: libbpf's `bpf_prog_assign_exc_cb`.
//!
//! ```c
//! __attribute__((btf_decl_tag("exception_callback:on_throw")))
//! SEC("tc") int program(struct __sk_buff *skb) { ... bpf_throw(3); ... }
//! ```

use std::collections::HashMap;

use relocore::btf::{Btf, Kind};

use crate::error::ErrorKind;
use crate::load::ProgramProblem;

use super::function::{Function, text};

const PREFIX: &[u8] = b"exception_callback:";

/// Notes the callbacks.
pub(super) fn read(btf: &Btf<'_>, functions: &mut [Function]) -> Result<(), ErrorKind> {
    let mut names = None;
    for tag in btf.types() {
        let tag = tag?;
        if tag.kind() != Kind::DeclTag || tag.component() != Some(-1) {
            continue;
        }
        let Some(callback) = btf.name(tag.name())?.strip_prefix(PREFIX) else {
            continue;
        };
        let tagged = btf.type_by_id(tag.referred())?;
        let names = names.get_or_insert_with(|| Names::of(functions));
        let program = names.programs.get(btf.name(tagged.name())?).copied();
        let Some(program) = program.filter(|_| tagged.kind() == Kind::Func) else {
            continue; // a function that throws to its caller's callback
        };
        let callback_nth = names.subprograms.get(callback).copied();
        let Some(program) = functions.get_mut(program) else {
            continue;
        };
        let is_second = program.on_exception.is_some() && program.on_exception != callback_nth;
        if callback_nth.is_none() || is_second {
            return Err(ErrorKind::Program {
                program: program.name.clone(),
                section: program.section_name.clone(),
                problem: ProgramProblem::ExceptionCallback(text(callback)),
            });
        }
        program.on_exception = callback_nth;
    }
    Ok(())
}

/// Global functions by name.
struct Names {
    programs: HashMap<Vec<u8>, usize>,
    subprograms: HashMap<Vec<u8>, usize>,
}

impl Names {
    fn of(functions: &[Function]) -> Self {
        let of = |is_subprogram| {
            let all = functions.iter().enumerate();
            let wanted = all.filter(|(_, one)| one.is_global && one.is_subprogram == is_subprogram);
            wanted
                .map(|(nth, one)| (one.name.clone().into_bytes(), nth))
                .collect()
        };
        Self {
            programs: of(false),
            subprograms: of(true),
        }
    }
}
