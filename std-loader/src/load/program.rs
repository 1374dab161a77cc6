//! Loading one program.
//!
//! Enters: its instructions and all that describes it. Leaves: its descriptor, or an error with
//! the verifier's log. The log costs time and memory, so it is asked for only after a failure, or
//! where the user wants it.

use std::os::fd::OwnedFd;

use relocore::Endian;
use relocore::explain::Report;
use relocore::insn::{INSN_BYTES, Insn};

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
use super::verifier_log::{rewritten, unknown_calls};

/// Loads the program that `load` describes and `assembled` tells the origin of. Gives what the
/// verifier wrote, if it was asked to. `explain` works out what the kernel lacks of what the program
/// accesses.
pub(super) fn load(
    program: &Program,
    load: &ProgLoad<'_>,
    log_level: u32,
    token: Option<&Token>,
    assembled: &Assembled,
    material: &Material<'_>,
    explain: impl FnOnce(&Program) -> Option<Report>,
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
    let missing = |slot, number| missing(number, slot, material);
    let calls = unknown_calls(&log);
    let reasons = calls.filter_map(|(slot, number)| Some(missing(slot, number)?.1));
    let mut refused = Refused {
        program: program.name().to_owned(),
        section: program.section().to_owned(),
        source,
        reasons: reasons.collect(),
        log: rewritten(&log, |slot, number| Some(missing(slot, number)?.0)),
        findings: Vec::new(),
    };
    if has_poison(&assembled.insns)
        && let Some(report) = explain(program)
    {
        refused.explain(&report, |slot| assembled.origin(material.parts, slot));
    }
    Err(ErrorKind::Refused(Box::new(refused)))
}

/// The function or map that is missing behind a call of that number: in a few words, and with what
/// can be done.
fn missing(number: i32, slot: u32, material: &Material<'_>) -> Option<(String, String)> {
    let parts = material.parts;
    let nth = |first: i32| usize::try_from(number.checked_sub(first)?).ok();
    if let Some(one) = nth(MISSING_FUNCTION).and_then(|nth| parts.externs.list.get(nth)) {
        let name = &one.name;
        return Some((
            format!("function `{name}` is not in this kernel"),
            format!(
                "instruction {slot} calls `{name}`, which is weak and missing; guard it with \
                 bpf_ksym_exists()"
            ),
        ));
    }
    let map = nth(MISSING_MAP).and_then(|nth| parts.maps.get(nth))?;
    let name = map.name();
    Some((
        format!("map `{name}` was not created"),
        format!("instruction {slot} uses map `{name}`, which was not to be created"),
    ))
}

/// Is there an instruction whose relocation found nothing?
fn has_poison(insns: &[u8]) -> bool {
    let (slots, _) = insns.as_chunks::<INSN_BYTES>();
    let mut slots = slots.iter();
    slots.any(|slot| Insn::decode(*slot, Endian::NATIVE) == Insn::POISON)
}

/// The kernel's version, for programs that older kernels want it for; 0 if it can't be told.
pub(super) fn version_for(prog_type: ProgType) -> u32 {
    match prog_type {
        ProgType::KPROBE => kernel_version().map_or(0, |known| known.version.0),
        _ => 0,
    }
}
