//! A whole object's relocation in vectors, by the core's default build: only the buffers are
//! found here.

use relocore::btf::Btf;
use relocore::elf::{Object, ProgramRange};
use relocore::error::{Error, ErrorKind, What};
use relocore::plan::Plan;
use relocore::relo::{Candidate, Outcome, Resolution, Root, Workspace};
use relocore::show::{Answer, OutcomeText, Subject};

use crate::exercise::printed;

/// What became of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relocated {
    /// One for each record, after it has met its instruction.
    pub resolutions: Vec<Resolution>,
    /// Name and patched bytes of each code section that has records.
    pub sections: Vec<(String, Vec<u8>)>,
}

/// The object, or a target, can't be read: no record has an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadObject(pub Error);

impl From<Error> for BadObject {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl Relocated {
    /// Number of the first record that failed.
    pub fn first_failure(&self) -> Option<usize> {
        let failed = |one: &Resolution| matches!(one.outcome, Outcome::Failed(_));
        self.resolutions.iter().position(failed)
    }
}

/// Relocates an object against `targets`, vmlinux first.
///
/// # Errors
/// The object or a target is malformed as a whole.
///
/// # Panics
/// A buffer as large as the core said is too small.
pub fn relocate(object: &[u8], targets: &[Btf<'_>]) -> Result<Relocated, BadObject> {
    let object = Object::parse(object)?;
    let mut programs = vec![ProgramRange::EMPTY; object.programs()?.count()];
    let mut slots = vec![0; 256];
    let plan = Plan::new(object, &mut slots, &mut programs)?;
    let count = plan.records().count();
    let mut roots = vec![Root::EMPTY; count];
    let mut resolutions = vec![Resolution::EMPTY; count];
    let mut room = 0;
    loop {
        let mut candidates = vec![Candidate::EMPTY; room];
        let workspace = Workspace {
            roots: &mut roots,
            candidates: &mut candidates,
        };
        match plan.relocator(targets, workspace) {
            Ok(mut relocator) => {
                assert_eq!(plan.resolve(&mut relocator, &mut resolutions)?, count);
                break;
            }
            // The error says how many there are: in vmlinux, and the next time with modules.
            Err(error) => match error.kind() {
                ErrorKind::BufferTooSmall {
                    what: What::CandidateBuffer,
                    needed,
                } => {
                    let needed = usize::try_from(needed).expect("it was counted in memory");
                    assert!(
                        needed > room,
                        "{needed} candidates, and {room} are not enough"
                    );
                    room = needed;
                }
                _ => return Err(error.into()),
            },
        }
    }
    let sections = patch(&plan, &mut resolutions)?;
    Ok(Relocated {
        resolutions,
        sections,
    })
}

fn patch(
    plan: &Plan<'_>,
    resolutions: &mut [Resolution],
) -> Result<Vec<(String, Vec<u8>)>, BadObject> {
    let mut sections: Vec<(String, Vec<u8>)> = Vec::new();
    for planned in plan.sections() {
        let planned = planned?;
        let name = String::from_utf8_lossy(planned.name).into_owned();
        let bytes = match planned.programs.index() {
            Some(index) => plan.object().section(index)?.data()?,
            None => &[],
        };
        // A section may have several groups: the next goes on where the last ended.
        let known = sections.iter().position(|(known, _)| *known == name);
        let nth = known.unwrap_or_else(|| {
            sections.push((name, bytes.to_vec()));
            sections.len() - 1
        });
        plan.patch(&planned, resolutions, &mut sections[nth].1, |_, _| ());
    }
    Ok(sections)
}

/// Prints every record's path, answer and reason.
pub(crate) fn print(object: &[u8], targets: &[Btf<'_>], relocated: &Relocated) {
    let object = Object::parse(object).expect("it was parsed before");
    let mut programs = vec![ProgramRange::EMPTY; relocated_programs(object)];
    let mut slots = vec![0; 256];
    let plan = Plan::new(object, &mut slots, &mut programs).expect("it was read before");
    for (entry, resolution) in plan.records().zip(&relocated.resolutions) {
        let subject = Subject::new(plan.local(), targets, &entry.record);
        printed(&subject.path());
        printed(&OutcomeText::new(subject, resolution.outcome));
        if let Some(kind) = resolution.kind {
            printed(&Answer::new(kind, resolution.local));
        }
    }
}

fn relocated_programs(object: Object<'_>) -> usize {
    object.programs().map_or(0, Iterator::count)
}
