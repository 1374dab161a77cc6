//! A whole object's relocation in vectors, by the core's default build: only the buffers are
//! found here.

use relocore::btf::Btf;
use relocore::elf::{Object, ProgramRange};
use relocore::error::{Error, ErrorKind, What};
use relocore::plan::Plan;
use relocore::relo::{Candidate, Outcome, Resolution, Root, Workspace};

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
    with_plan(object, |plan| Job::new(plan).run(plan, targets, None))
}

/// [`relocate`], and then once more in the same buffers, as they are left, from the code that came
/// out of the first time.
///
/// # Errors
/// As [`relocate`].
///
/// # Panics
/// As [`relocate`].
pub fn relocate_twice(
    object: &[u8],
    targets: &[Btf<'_>],
) -> Result<(Relocated, Relocated), BadObject> {
    with_plan(object, |plan| {
        let mut job = Job::new(plan);
        let first = job.run(plan, targets, None)?;
        let second = job.run(plan, targets, Some(&first.sections))?;
        Ok((first, second))
    })
}

/// Reads what an object asks for, and hands it on.
///
/// # Errors
/// The object is malformed; what `then` returns.
pub fn with_plan<T>(
    object: &[u8],
    then: impl FnOnce(&Plan<'_>) -> Result<T, BadObject>,
) -> Result<T, BadObject> {
    let object = Object::parse(object)?;
    let mut programs = vec![ProgramRange::EMPTY; object.programs()?.count()];
    let mut slots = vec![0; 256];
    then(&Plan::new(object, &mut slots, &mut programs)?)
}

/// The buffers of a relocation.
struct Job {
    roots: Vec<Root>,
    candidates: Vec<Candidate>,
    resolutions: Vec<Resolution>,
}

type Sections = Vec<(String, Vec<u8>)>;

impl Job {
    fn new(plan: &Plan<'_>) -> Self {
        let count = plan.records().count();
        Self {
            roots: vec![Root::EMPTY; count],
            candidates: Vec::new(),
            resolutions: vec![Resolution::EMPTY; count],
        }
    }

    fn run(
        &mut self,
        plan: &Plan<'_>,
        targets: &[Btf<'_>],
        code: Option<&Sections>,
    ) -> Result<Relocated, BadObject> {
        let count = self.resolutions.len();
        loop {
            let workspace = Workspace {
                roots: &mut self.roots,
                candidates: &mut self.candidates,
            };
            match plan.relocator(targets, workspace) {
                Ok(mut relocator) => {
                    let answered = plan.resolve(&mut relocator, &mut self.resolutions)?;
                    assert_eq!(answered, count);
                    break;
                }
                // The error says how many there are: in vmlinux, and the next time with modules.
                Err(error) => match error.kind() {
                    ErrorKind::BufferTooSmall {
                        what: What::CandidateBuffer,
                        needed,
                    } => {
                        let (room, needed) = (
                            self.candidates.len(),
                            usize::try_from(needed).expect("it was counted in memory"),
                        );
                        assert!(
                            needed > room,
                            "{needed} candidates, and {room} are not enough"
                        );
                        self.candidates.resize(needed, Candidate::EMPTY);
                    }
                    _ => return Err(error.into()),
                },
            }
        }
        let mut resolutions = self.resolutions.clone();
        let sections = patch(plan, &mut resolutions, code)?;
        Ok(Relocated {
            resolutions,
            sections,
        })
    }
}

/// Patches copies of the code: the object's, or `code` where it has the section.
fn patch(
    plan: &Plan<'_>,
    resolutions: &mut [Resolution],
    code: Option<&Sections>,
) -> Result<Sections, BadObject> {
    let mut sections: Sections = Vec::new();
    for planned in plan.sections() {
        let planned = planned?;
        let name = String::from_utf8_lossy(planned.name).into_owned();
        let of_name = |(known, _): &&(String, Vec<u8>)| *known == name;
        let bytes = match (code, planned.programs.index()) {
            (Some(code), _) => code
                .iter()
                .find(of_name)
                .map_or(&[][..], |(_, bytes)| bytes),
            (None, Some(index)) => plan.object().section(index)?.data()?,
            (None, None) => &[],
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
