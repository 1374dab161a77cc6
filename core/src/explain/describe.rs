//! From a record's answer to the sentences of a finding.
//!
//! Enters: a record and its resolution. Leaves: a [`Finding`] without places. Each question of a
//! reader has a file of its own: what is it ([`advice::what`]), why not (the sentences of
//! [`show`](crate::show)), what else is there ([`similar`]), both declarations ([`layout`]), what
//! can be done ([`advice`]).

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use crate::ext::CoreRelo;
use crate::relo::{
    Candidate as Slot, Failure, Mismatch, Outcome, Reason, RelocKind, Relocator, Resolution, Root,
    TargetType, Workspace,
};
use crate::show::{Answer, MismatchText, Name, OutcomeText, Path, RecordPath, Subject, keyword};

use super::advice::{self, Case};
use super::finding::{Candidate, Effect, Finding};
use super::layout;
use super::members::Steps;
use super::report::Input;
use super::similar::{Similar, similar};
use super::source::expression;

/// Candidates whose verdicts are told.
const MAX_CANDIDATES: usize = 8;

/// Room for the candidates of one root: real kernels have up to a hundred types of one name.
const CANDIDATE_ROOM: usize = 1 << 10;

/// Where a record is first met.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'p> {
    /// Name of its section.
    pub(super) section: &'p [u8],
    /// Its source line.
    pub(super) text: Option<&'p [u8]>,
}

/// Describes records, one after the other.
pub(super) struct Describer<'i, 'a> {
    input: &'i Input<'a>,
    steps: Steps,
}

impl<'i, 'a> Describer<'i, 'a> {
    pub(super) const fn new(input: &'i Input<'a>, steps: Steps) -> Self {
        Self { input, steps }
    }

    /// What a source line calls that a record accesses: its member, enumerator or type.
    pub(super) fn name(&self, record: &CoreRelo) -> &'a [u8] {
        let local = self.input.plan.local();
        let path = RecordPath::new(local, record);
        let named = path.spec().and_then(|(_, spec)| {
            let mut accessors = spec.accessors().iter().rev();
            accessors.find_map(|accessor| accessor.name)
        });
        let root = || Some(local.type_by_id(record.type_id).ok()?.name());
        let name = named.or_else(root).and_then(|at| local.name(at).ok());
        name.unwrap_or(&[])
    }

    /// All that can be said of a record but where it is.
    pub(super) fn describe(
        &mut self,
        number: usize,
        record: &CoreRelo,
        resolution: &Resolution,
        effect: Effect,
        place: &Place<'_>,
    ) -> Finding {
        let Input {
            plan,
            targets,
            modules,
            ..
        } = *self.input;
        let subject = Subject::new(plan.local(), targets, record).with_module_names(modules);
        let outcome = resolution.outcome;
        let written = place.text.and_then(|text| access(&subject, text));
        let path = subject.path().to_string();
        let reason = match outcome {
            Outcome::Poison(reason) | Outcome::Absent(reason) => Some(reason),
            _ => None,
        };
        let candidate = candidate_of(resolution);
        let similar = match reason {
            Some(reason) => similar(&subject, reason, &mut self.steps),
            None => Similar::default(),
        };
        let kind = RelocKind::from_raw(record.kind);
        let declared = match effect {
            Effect::Found | Effect::Unused => None,
            _ => candidate.and_then(|one| {
                let why = match reason {
                    Some(Reason::NoMatch { mismatch, .. }) => Some(mismatch.why),
                    _ => None,
                };
                layout::declared(&subject, one, why, &mut self.steps)
            }),
        };
        let help = kind.map_or_else(Vec::new, |kind| {
            Case {
                subject: &subject,
                kind,
                outcome,
                effect,
                access: written.as_deref(),
                similar: &similar,
                candidate,
                has_modules: targets.len() > 1,
                declared: declared.as_ref().map(|[_, theirs]| theirs.as_str()),
                section: place.section,
            }
            .advice(&mut self.steps)
        });
        Finding {
            record: number,
            kind,
            outcome,
            effect,
            root: root(&subject),
            access: written.unwrap_or_else(|| path.clone()),
            path,
            what: advice::what(&subject),
            others: vec![],
            why: why(&subject, kind, outcome),
            declared,
            candidates: self.candidates(&subject, record, outcome),
            similar: similar.near,
            moved: similar.moved,
            help,
            uses: vec![],
        }
    }

    /// The verdicts on several types of one name.
    fn candidates(
        &mut self,
        subject: &Subject<'_>,
        record: &CoreRelo,
        outcome: Outcome,
    ) -> Vec<Candidate> {
        let is_ambiguous = matches!(outcome, Outcome::Failed(Failure::Ambiguous { .. }));
        let several = match outcome {
            Outcome::Poison(reason) | Outcome::Absent(reason) => match reason {
                Reason::NoMatch { candidates, .. } => candidates > 1,
                Reason::Narrowed { .. } => true,
                _ => false,
            },
            _ => is_ambiguous,
        };
        if !several {
            return Vec::new();
        }
        let mut candidates = Vec::new();
        let verdicts = verdicts(self.input, record);
        for (target, verdict) in verdicts.into_iter().take(MAX_CANDIDATES) {
            let name = subject.target_type(target.btf, target.id);
            let place = subject.place(target.btf);
            let layout = is_ambiguous
                .then(|| layout::layout(subject, target, &mut self.steps))
                .flatten();
            let verdict = match verdict {
                Ok(value) => match subject.kind() {
                    Some(kind) if is_ambiguous => Answer::new(kind, value).to_string(),
                    _ => String::from("fits"),
                },
                Err(mismatch) => MismatchText::new(*subject, target, mismatch).to_string(),
            };
            candidates.push(Candidate {
                name: format!("`{name}` of {place}"),
                verdict,
                layout: layout.unwrap_or_default(),
            });
        }
        candidates
    }
}

/// What every candidate would answer alone.
fn verdicts(input: &Input<'_>, record: &CoreRelo) -> Vec<(TargetType, Result<u64, Mismatch>)> {
    let (mut roots, mut slots) = ([Root::EMPTY; 1], vec![Slot::EMPTY; CANDIDATE_ROOM]);
    let workspace = Workspace {
        roots: &mut roots,
        candidates: &mut slots,
    };
    let records = core::iter::once(*record);
    let local = *input.plan.local();
    let mut verdicts = Vec::new();
    if let Ok(mut relocator) = Relocator::new(local, input.targets, records, workspace) {
        // A failure ends the list: the finding itself says what failed.
        let _ = relocator.verdicts(record, |target, verdict| verdicts.push((target, verdict)));
    }
    verdicts
}

/// The kernel's type that the answer is about.
const fn candidate_of(resolution: &Resolution) -> Option<TargetType> {
    match resolution.outcome {
        Outcome::Poison(Reason::NoMatch { first, .. })
        | Outcome::Absent(Reason::NoMatch { first, .. }) => Some(first),
        Outcome::Poison(Reason::SizeDiffers { .. }) | Outcome::Failed(_) => resolution.target,
        _ => None,
    }
}

/// Why, or the value.
fn why(subject: &Subject<'_>, kind: Option<RelocKind>, outcome: Outcome) -> String {
    match (outcome, kind) {
        (Outcome::Value(value), Some(kind)) => Answer::new(kind, value).to_string(),
        (Outcome::Skipped, _) => String::from("its instruction belongs to no program"),
        _ => OutcomeText::new(*subject, outcome).to_string(),
    }
}

/// The type that the access starts from, as the kernel would call it.
fn root(subject: &Subject<'_>) -> String {
    let name = Name(subject.essential_root());
    match subject.local.type_by_id(subject.record.type_id) {
        Ok(ty) if ty.name() == crate::units::StrOff::EMPTY => subject.root().to_string(),
        Ok(ty) => format!("{} {name}", keyword(&ty)),
        Err(_) => name.to_string(),
    }
}

/// The access as the source has it: the text knows what leads to the first member, the types know
/// the rest.
fn access(subject: &Subject<'_>, text: &[u8]) -> Option<String> {
    let (kind, spec) = subject.spec()?;
    if !kind.is_field() {
        return None;
    }
    let named = spec.accessors().iter().position(|one| one.name.is_some())?;
    let name = spec.accessors().get(named)?.name?;
    let base = expression(text, subject.local.name(name).ok()?)?;
    let members = Path::new(subject.local, &spec, kind).behind(named);
    Some(format!("{base}{members}"))
}
