//! A whole object's relocation in one call, into vectors.
//!
//! Enters: a [`Plan`] and the targets. Leaves: [`Relocated`]. The same steps as without
//! allocation; only the buffers are found here.

use alloc::vec;
use alloc::vec::Vec;

use hashbrown::HashMap;

use crate::btf::Btf;
use crate::elf::ProgramRange;
use crate::error::{ErrorKind, Result, What};
use crate::insn::Applied;
use crate::plan::Plan;
use crate::relo::{Candidate, Outcome, Relocator, Resolution, Root, Workspace};

/// What became of an object.
#[derive(Clone, Debug)]
pub struct Relocated {
    /// One for each record, in the object's order, after it has met its instruction.
    pub resolutions: Vec<Resolution>,
    /// What each record's instruction held, in the same order.
    pub applied: Vec<Applied>,
    /// Patched bytes of each code section that has records, by ELF section index.
    pub sections: Vec<(u32, Vec<u8>)>,
    /// Roots that no target has a type for: where modules might help, if they were left out.
    pub unmatched_roots: usize,
}

impl Relocated {
    /// Number of records that failed: the object can't be loaded as a whole if there is any.
    #[must_use]
    pub fn failures(&self) -> usize {
        let failed = |r: &&Resolution| matches!(r.outcome, Outcome::Failed(_));
        self.resolutions.iter().filter(failed).count()
    }
}

/// Candidates that a root has, by experience: the buffer grows if it is more.
const CANDIDATES_A_RECORD: usize = 2;

/// Candidates that any object may have: 16 MiB of them. Real ones have hundreds; every root may
/// stand for every type of its name, so hostile inputs could ask for the product of both.
const MAX_CANDIDATES: usize = 1 << 20;

/// Relocates an object against a kernel's BTF that nobody else needs: opening it, filling its index
/// and finding the candidates are one pass over its bytes. Quickest for one object; [`relocate`]
/// serves many with one target.
///
/// # Errors
/// As [`relocate`], and as [`Btf::parse`].
pub fn relocate_once(plan: &Plan<'_>, vmlinux: &[u8]) -> Result<Relocated> {
    // An index pays by the look-up, and costs by the page of fresh memory.
    let records = plan.records().count();
    let slots = records.saturating_mul(SLOTS_A_RECORD).max(MIN_SLOTS);
    let mut slots = vec![0; slots.min(Btf::slots_for(vmlinux.len()))];
    let mut roots = vec![Root::EMPTY; records];
    let mut candidates = vec![Candidate::EMPTY; room(records)];
    let workspace = Workspace {
        roots: &mut roots,
        candidates: &mut candidates,
    };
    let mut survey = plan.survey(workspace)?;
    let targets = [survey.open(vmlinux, &mut slots)?];
    match survey.relocator(&targets) {
        Ok(relocator) => finish(plan, relocator, &|_| true),
        // Rare: more candidates than any real object has.
        Err(error) if matches!(error.kind(), ErrorKind::BufferTooSmall { .. }) => {
            relocate(plan, &targets)
        }
        Err(error) => Err(error),
    }
}

/// Slots of the target's index for each record, when one object is all that it serves.
const SLOTS_A_RECORD: usize = 128;
/// The least: 16 KiB.
const MIN_SLOTS: usize = 4096;

/// Room for candidates to begin with.
fn room(records: usize) -> usize {
    records
        .saturating_mul(CANDIDATES_A_RECORD)
        .min(MAX_CANDIDATES)
}

/// Relocates an object against `targets`: vmlinux first, then modules.
///
/// # Errors
/// The object's or a target's tables are bad; `BufferTooSmall` for more than 2^20 candidates. What
/// single records lack or get wrong is in their resolutions.
pub fn relocate(plan: &Plan<'_>, targets: &[Btf<'_>]) -> Result<Relocated> {
    relocate_wanted(plan, targets, |_| true)
}

/// As [`relocate`], and skips the records of programs that are not `wanted`: they can neither fail
/// nor settle the choice of candidates for the others ([`Plan::resolve_wanted`]).
///
/// # Errors
/// As [`relocate`].
pub fn relocate_wanted(
    plan: &Plan<'_>,
    targets: &[Btf<'_>],
    wanted: impl Fn(&ProgramRange) -> bool,
) -> Result<Relocated> {
    let records = plan.records().count();
    let mut roots = vec![Root::EMPTY; records];
    let mut room = room(records);
    loop {
        let mut candidates = vec![Candidate::EMPTY; room];
        let error = match run(plan, targets, &wanted, &mut roots, &mut candidates) {
            Err(error) => error,
            done => return done,
        };
        // vmlinux and the modules are searched one after the other, so this may happen twice.
        room = match error.kind() {
            ErrorKind::BufferTooSmall {
                what: What::CandidateBuffer,
                needed,
            } => match usize::try_from(needed) {
                Ok(needed) if room < needed && needed <= MAX_CANDIDATES => needed,
                _ => return Err(error),
            },
            _ => return Err(error),
        };
    }
}

fn run(
    plan: &Plan<'_>,
    targets: &[Btf<'_>],
    wanted: &impl Fn(&ProgramRange) -> bool,
    roots: &mut [Root],
    candidates: &mut [Candidate],
) -> Result<Relocated> {
    finish(
        plan,
        plan.relocator(targets, Workspace { roots, candidates })?,
        wanted,
    )
}

/// Answers all records and patches all sections.
fn finish(
    plan: &Plan<'_>,
    mut relocator: Relocator<'_, '_>,
    wanted: &impl Fn(&ProgramRange) -> bool,
) -> Result<Relocated> {
    let mut resolutions = vec![Resolution::EMPTY; plan.records().count()];
    plan.resolve_wanted(&mut relocator, &mut resolutions, wanted)?;
    let mut applied = Vec::with_capacity(resolutions.len());
    let mut sections: Vec<(u32, Vec<u8>)> = Vec::new();
    // Two groups may name one section: the second goes on where the first ended.
    let mut places = HashMap::new();
    for planned in plan.sections() {
        let planned = planned?;
        let mut each = |_, one| applied.push(one);
        let Some(index) = planned.programs.index() else {
            plan.patch(&planned, &mut resolutions, &mut [], &mut each);
            continue;
        };
        let place = *places.entry(index).or_insert(sections.len());
        if place == sections.len() {
            sections.push((index, plan.object().section(index)?.data()?.to_vec()));
        }
        if let Some((_, bytes)) = sections.get_mut(place) {
            plan.patch(&planned, &mut resolutions, bytes, &mut each);
        }
    }
    let unmatched_roots = relocator.unmatched_roots();
    Ok(Relocated {
        resolutions,
        applied,
        sections,
        unmatched_roots,
    })
}
