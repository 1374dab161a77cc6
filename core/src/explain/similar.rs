//! What the kernel has instead.
//!
//! Enters: a record and the place where the kernel parts from it. Leaves: names that are nearly
//! the one wanted, and places where the same name or the same type is. A person looks there first
//! when a kernel has renamed or moved something.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::btf::{Btf, Kind, Member, Type, essential_name};
use crate::relo::{Mismatch, Reason, Spec, TargetType, Why};
use crate::show::{Declaration, Name, Subject, TypeName};
use crate::units::{StrOff, TypeId};

use super::members::{Reach, Steps, Way, each_member};
use super::nearest::{Nearest, shares_word};

/// Names that are told of each sort.
const MAX_TOLD: usize = 3;

/// Named structs that a member may have moved into, one in the other.
const MAX_LEVELS: usize = 3;

/// What the kernel has instead of something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Similar {
    pub(super) near: Vec<String>,
    pub(super) moved: Vec<String>,
    /// What differs from the wanted name by underscores at most, as C declares it: surely renamed.
    pub(super) renamed: Option<String>,
}

/// What stands in for what `reason` says is missing.
pub(super) fn similar(subject: &Subject<'_>, reason: Reason, steps: &mut Steps) -> Similar {
    match reason {
        Reason::NoCandidate => types(subject, steps),
        Reason::NoMatch {
            first, mismatch, ..
        } => in_candidate(subject, first, mismatch, steps),
        Reason::Narrowed { .. } | Reason::SizeDiffers { .. } => Similar::default(),
    }
}

fn in_candidate(
    subject: &Subject<'_>,
    candidate: TargetType,
    mismatch: Mismatch,
    steps: &mut Steps,
) -> Similar {
    let (Some((kind, spec)), Some(target)) = (subject.spec(), subject.target(candidate.btf)) else {
        return Similar::default();
    };
    match mismatch.why {
        Why::NoMember { owner } if kind.is_field() => {
            let nth = usize::from(mismatch.accessor);
            let Ok(owner) = target.type_by_id(owner) else {
                return Similar::default();
            };
            let mut found = Similar::default();
            Members {
                subject,
                target,
                owner,
                spec: &spec,
                nth,
            }
            .find(&mut found, steps);
            found
        }
        Why::NoEnumerator { owner } if kind.is_enumval() => {
            enumerators(subject, &spec, target, owner, steps)
        }
        _ => Similar::default(),
    }
}

/// A member that a struct of the kernel lacks.
struct Members<'a> {
    subject: &'a Subject<'a>,
    target: &'a Btf<'a>,
    owner: Type<'a>,
    spec: &'a Spec,
    /// The accessor that names it.
    nth: usize,
}

impl<'a> Members<'a> {
    fn find(&self, found: &mut Similar, steps: &mut Steps) {
        let accessors = self.spec.accessors();
        let wanted = accessors.get(self.nth).and_then(|accessor| accessor.name);
        let Some(wanted) = wanted.map(|at| self.local_name(at)) else {
            return;
        };
        let mut near = Nearest::<_, MAX_TOLD>::new(wanted);
        self.each(Reach::OWN, steps, |way| {
            near.offer(self.name(way), || way.clone());
            false
        });
        self.deeper(wanted, found, steps);
        self.outside(wanted, found, steps);
        for (unlike, way) in near.into_best() {
            if unlike == 0 && found.renamed.is_none() {
                let declaration = Declaration::of_member(self.target, &way.member);
                found.renamed = Some(declaration.to_string());
            }
            let text = self.declared(&way);
            if !found.moved.contains(&text) {
                found.near.push(text);
            }
        }
        if found.near.is_empty() && found.moved.is_empty() {
            self.kin(wanted, found, steps);
        }
        if found.moved.is_empty() {
            self.same_type(found, steps);
        }
    }

    /// Members of the very type that was wanted that share a word with it: `nr_running` may be
    /// `nr_queued` now.
    fn kin(&self, wanted: &[u8], found: &mut Similar, steps: &mut Steps) {
        let Some(ty) = self.wanted_member().map(|member| member.ty) else {
            return;
        };
        let ty = TypeName::new(self.subject.local, ty).to_string();
        self.each(Reach::OWN, steps, |way| {
            if shares_word(wanted, self.name(way))
                && TypeName::new(self.target, way.member.ty).to_string() == ty
            {
                found.near.push(self.declared(way));
            }
            found.near.len() >= MAX_TOLD
        });
    }

    /// The same name in a struct further inside, or behind a pointer: the nearest such places.
    fn deeper(&self, wanted: &[u8], found: &mut Similar, steps: &mut Steps) {
        for by_pointer in [false, true] {
            for levels in 1..=MAX_LEVELS {
                let reach = Reach { levels, by_pointer };
                self.each(reach, steps, |way| {
                    if essential_name(self.name(way)) == essential_name(wanted) {
                        found.moved.push(self.declared(way));
                    }
                    found.moved.len() >= MAX_TOLD
                });
                if !found.moved.is_empty() {
                    return;
                }
            }
        }
    }

    /// What was wanted of the missing member may be the struct's own now.
    fn outside(&self, wanted: &[u8], found: &mut Similar, steps: &mut Steps) {
        let rest = self.spec.accessors().iter().skip(self.nth);
        let last = rest.rev().find_map(|accessor| accessor.name);
        let Some(last) = last.map(|at| self.local_name(at)) else {
            return;
        };
        if last == wanted {
            return;
        }
        self.each(Reach::OWN, steps, |way| {
            let same = essential_name(self.name(way)) == essential_name(last);
            if same {
                found.moved.push(self.declared(way));
            }
            same
        });
    }

    /// Members of the type that was wanted, if it is a struct or enum that has a name, or points to
    /// one: a renamed member mostly keeps its type.
    fn same_type(&self, found: &mut Similar, steps: &mut Steps) {
        let Some(wanted) = self.wanted_type() else {
            return;
        };
        let reaches = [
            Reach::OWN,
            Reach {
                levels: 1,
                by_pointer: true,
            },
        ];
        for reach in reaches {
            self.each(reach, steps, |way| {
                if telling(self.target, way.member.ty) == Some(wanted) {
                    found.moved.push(self.declared(way));
                }
                found.moved.len() >= MAX_TOLD
            });
            if !found.moved.is_empty() {
                return;
            }
        }
    }

    fn wanted_type(&self) -> Option<(bool, Kind, &[u8])> {
        telling(self.subject.local, self.wanted_member()?.ty)
    }

    fn wanted_member(&self) -> Option<Member> {
        let accessor = self.spec.accessors().get(self.nth)?;
        let owner = self.subject.local.type_by_id(accessor.ty).ok()?;
        owner.members().get(accessor.index)
    }

    fn each(&self, reach: Reach, steps: &mut Steps, each: impl FnMut(&Way<'a>) -> bool) {
        each_member(self.target, self.owner, reach, steps, each);
    }

    fn name(&self, way: &Way<'_>) -> &'a [u8] {
        self.target.name(way.member.name).unwrap_or(&[])
    }

    fn declared(&self, way: &Way<'_>) -> String {
        let ty = TypeName::new(self.target, way.member.ty);
        if way.member.bitfield.0 > 0 {
            return format!("`{way}` (`{ty}`, a bitfield)");
        }
        format!("`{way}` (`{ty}`)")
    }

    fn local_name(&self, at: StrOff) -> &'a [u8] {
        self.subject.local.name(at).unwrap_or(&[])
    }
}

/// A type that tells what it is for: is it a pointer, the kind behind it, its name.
fn telling<'a>(btf: &Btf<'a>, id: TypeId) -> Option<(bool, Kind, &'a [u8])> {
    let mut ty = btf.skip_mods(id).ok()?;
    let is_pointer = ty.kind() == Kind::Ptr;
    if is_pointer {
        ty = btf.skip_mods(ty.referred()).ok()?;
    }
    let kind = match ty.kind() {
        Kind::Fwd if ty.kind_flag() => Kind::Union,
        Kind::Fwd => Kind::Struct,
        kind => kind,
    };
    let name = essential_name(btf.name(ty.name()).ok()?);
    let tells = kind.is_composite() || kind.is_enum();
    (tells && !name.is_empty()).then_some((is_pointer, kind, name))
}

fn enumerators(
    subject: &Subject<'_>,
    spec: &Spec,
    target: &Btf<'_>,
    owner: TypeId,
    steps: &mut Steps,
) -> Similar {
    let mut found = Similar::default();
    let name = spec.last().and_then(|accessor| accessor.name);
    let wanted = name.and_then(|at| subject.local.name(at).ok());
    let (Some(wanted), Ok(owner)) = (wanted.map(essential_name), target.type_by_id(owner)) else {
        return found;
    };
    let mut near = Nearest::<_, MAX_TOLD>::new(wanted);
    for enumerator in owner.enumerators() {
        if !steps.take() {
            break;
        }
        let name = target.name(enumerator.name).unwrap_or(&[]);
        near.offer(name, || name);
    }
    for (_, name) in near.into_best() {
        found.near.push(format!("`{}`", Name(name)));
    }
    for ty in target.types().map_while(Result::ok) {
        if !steps.take() || found.moved.len() >= MAX_TOLD {
            break;
        }
        if !ty.kind().is_enum() || ty.id() == owner.id() {
            continue;
        }
        let mut all = ty.enumerators().take_while(|_| steps.take());
        if all.any(|one| target.name_is(one.name, wanted) == Ok(true)) {
            let name = TypeName::new(target, ty.id());
            found.moved.push(format!("`{}` of `{name}`", Name(wanted)));
        }
    }
    found
}

/// Types whose name is nearly the root's, of its kind or another.
fn types(subject: &Subject<'_>, steps: &mut Steps) -> Similar {
    let mut found = Similar::default();
    let Ok(root) = subject.local.type_by_id(subject.record.type_id) else {
        return found;
    };
    let wanted = subject.essential_root();
    let mut near = Nearest::<_, MAX_TOLD>::new(wanted);
    for (nth, target) in (0u16..).zip(subject.targets) {
        for ty in target.types().map_while(Result::ok) {
            if !steps.take() {
                break;
            }
            if ty.name() == StrOff::EMPTY || !comparable(root.kind(), ty.kind()) {
                continue;
            }
            let name = target.name(ty.name()).unwrap_or(&[]);
            near.offer(name, || (nth, ty));
        }
    }
    for (_, (nth, ty)) in near.into_best() {
        let Some(target) = subject.target(nth) else {
            continue;
        };
        let word = match ty.kind() {
            Kind::Typedef => "typedef ",
            _ => "",
        };
        let mut text = format!("`{word}{}`", TypeName::new(target, ty.id()));
        if ty.kind() == Kind::Fwd {
            text.push_str(" (only declared)");
        }
        if nth > 0 {
            text = format!("{text} in {}", subject.place(nth));
        }
        if found.near.contains(&text) {
            continue;
        }
        found.near.push(text);
    }
    found
}

/// May a person have meant the one by the other?
const fn comparable(wanted: Kind, found: Kind) -> bool {
    match wanted {
        Kind::Struct | Kind::Union | Kind::Fwd => matches!(
            found,
            Kind::Struct | Kind::Union | Kind::Fwd | Kind::Typedef
        ),
        Kind::Enum | Kind::Enum64 => matches!(found, Kind::Enum | Kind::Enum64 | Kind::Typedef),
        Kind::Typedef => matches!(
            found,
            Kind::Struct | Kind::Union | Kind::Enum | Kind::Enum64 | Kind::Typedef | Kind::Int
        ),
        Kind::Func => matches!(found, Kind::Func),
        _ => matches!(found, Kind::Int | Kind::Float | Kind::Typedef),
    }
}
