//! Loading one program.
//!
//! Enters: its instructions and all that describes it. Leaves: its descriptor, or an error with
//! the verifier's log. The log costs time and memory, so it is asked for only after a failure:
//! level 1, into a buffer that grows until the text fits.

use std::os::fd::OwnedFd;

use relocore::insn::POISON_IMM;

use crate::error::ErrorKind;
use crate::kernel::kernel_version;
use crate::object::Program;
use crate::sys::ProgType;
use crate::sys::SysError;
use crate::sys::bpf::{Log, ProgLoad, prog_load};

use super::Step;
use super::assemble::{Assembled, MISSING_FUNCTION, Material};
use super::refused::Refused;
use super::verifier_log::unknown_calls;

/// First size of the log's buffer, and the largest that all kernels take.
const FIRST_LOG_BYTES: usize = 64 << 10;
const MAX_LOG_BYTES: usize = (16 << 20) - 1;

/// Loads the program that `load` describes and `assembled` tells the origin of.
pub(super) fn load(
    program: &Program,
    load: &ProgLoad<'_>,
    assembled: &Assembled,
    material: &Material<'_>,
) -> Result<OwnedFd, ErrorKind> {
    let source = match prog_load(load, None) {
        Ok(fd) => return Ok(fd),
        Err(source) => source,
    };
    let log = match explain(load) {
        Ok(fd) => return Ok(fd),
        Err(log) => log,
    };
    if log.is_empty() {
        return Err(ErrorKind::sys(Step::LoadProgram, program.name(), source));
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

/// Tries again, for the log.
fn explain(load: &ProgLoad<'_>) -> Result<OwnedFd, String> {
    let mut size = FIRST_LOG_BYTES;
    loop {
        let mut buf = vec![0; size];
        let mut log = Log::new(1, &mut buf);
        let error = match prog_load(load, Some(&mut log)) {
            Ok(fd) => return Ok(fd),
            Err(error) => error,
        };
        if !is_too_short(error) || size == MAX_LOG_BYTES {
            return Err(String::from_utf8_lossy(log.text()).into_owned());
        }
        let needed = usize::try_from(log.true_len).unwrap_or(0);
        size = size.saturating_mul(4).max(needed).min(MAX_LOG_BYTES);
    }
}

fn is_too_short(error: SysError) -> bool {
    error.errno == nix::libc::ENOSPC
}

/// Why instructions are there that the verifier does not know.
fn reasons(log: &str, assembled: &Assembled, material: &Material<'_>) -> Vec<String> {
    let mut reasons = Vec::new();
    for (slot, number) in unknown_calls(log) {
        let reason = if number == POISON_IMM {
            let origin = assembled.origin(material.parts, slot);
            let text = origin.and_then(|(section, at)| material.patched.poison(section, at));
            text.map(|text| {
                format!("instruction {slot} needs {text}; guard it with an existence check")
            })
        } else {
            let nth = number
                .checked_sub(MISSING_FUNCTION)
                .and_then(|nth| usize::try_from(nth).ok());
            let missing = nth.and_then(|nth| material.parts.externs.list.get(nth));
            missing.map(|one| {
                let name = &one.name;
                format!("instruction {slot} calls `{name}`, which is weak and missing; guard it with bpf_ksym_exists()")
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
