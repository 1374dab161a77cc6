//! Loading one program.
//!
//! Enters: its instructions and all that describes it. Leaves: its descriptor, or an error with
//! the verifier's log. The log costs time and memory, so it is asked for only after a failure, or
//! where the user wants it.

use std::os::fd::OwnedFd;

use relocore::insn::POISON_IMM;

use crate::error::ErrorKind;
use crate::kernel::kernel_version;
use crate::object::Program;
use crate::sys::ProgType;
use crate::sys::bpf::{ProgLoad, prog_load};

use super::Step;
use super::assemble::{Assembled, MISSING_FUNCTION, MISSING_MAP, Material};
use super::feature::is_refusal;
use super::log::logged;
use super::memlock::with_memlock;
use super::older::for_older_kernel;
use super::refused::Refused;
use super::token::Token;
use super::unknown;
use super::verifier_log::unknown_calls;

/// Loads the program that `load` describes and `assembled` tells the origin of. Gives what the
/// verifier wrote, if it was asked to.
pub(super) fn load(
    program: &Program,
    load: &ProgLoad<'_>,
    log_level: u32,
    token: Option<&Token>,
    assembled: &Assembled,
    material: &Material<'_>,
) -> Result<(OwnedFd, String), ErrorKind> {
    let (result, text) = logged(log_level, |mut log| {
        with_memlock(|| prog_load(load, log.as_deref_mut()))
    });
    let source = match result {
        Ok(fd) => return Ok((fd, text)),
        Err(source) => source,
    };
    let optional = program
        .sec()
        .kind
        .is_some_and(|kind| kind.attach_type_optional);
    if let Some(older) = for_older_kernel(load, optional, source, token)
        && let (Ok(fd), text) = logged(log_level, |log| prog_load(&older.of(load), log))
    {
        return Ok((fd, text));
    }
    // Again, to be told why.
    let log = match logged(log_level.max(1), |log| prog_load(load, log)) {
        (Ok(fd), text) => return Ok((fd, text)),
        (Err(_), text) => text,
    };
    if log.is_empty() {
        // The verifier has not seen it.
        let unknown = unknown::program_type(load.prog_type, load.expected_attach_type);
        return Err(match unknown.filter(|_| is_refusal(source)) {
            Some(unknown) => ErrorKind::TooOld {
                step: Step::LoadProgram,
                item: program.name().to_owned(),
                source,
                unknown,
            },
            None => ErrorKind::sys(Step::LoadProgram, program.name(), source),
        });
    }
    let reasons = reasons(&log, assembled, material);
    Err(ErrorKind::Refused(Box::new(Refused {
        program: program.name().to_owned(),
        section: program.section().to_owned(),
        source,
        log,
        reasons,
    })))
}

/// Why instructions are there that the verifier does not know.
fn reasons(log: &str, assembled: &Assembled, material: &Material<'_>) -> Vec<String> {
    let parts = material.parts;
    let mut reasons = Vec::new();
    for (slot, number) in unknown_calls(log) {
        let nth = |first: i32| usize::try_from(number.checked_sub(first)?).ok();
        let reason = if number == POISON_IMM {
            let origin = assembled.origin(parts, slot);
            let text = origin.and_then(|(section, at)| material.patched.poison(section, at));
            text.map(|text| {
                format!("instruction {slot} needs {text}; guard it with an existence check")
            })
        } else if let Some(one) = nth(MISSING_FUNCTION).and_then(|nth| parts.externs.list.get(nth))
        {
            let name = &one.name;
            Some(format!(
                "instruction {slot} calls `{name}`, which is weak and missing; guard it with \
                 bpf_ksym_exists()"
            ))
        } else {
            let map = nth(MISSING_MAP).and_then(|nth| parts.maps.get(nth));
            map.map(|map| {
                let name = map.name();
                format!("instruction {slot} uses map `{name}`, which was not to be created")
            })
        };
        reasons.extend(reason);
    }
    reasons
}

/// The kernel's version, for programs that older kernels want it for; 0 if it can't be told.
pub(super) fn version_for(prog_type: ProgType) -> u32 {
    match prog_type {
        ProgType::KPROBE => kernel_version().map_or(0, |known| known.version.0),
        _ => 0,
    }
}
