//! Why a candidate does not fit, in one sentence.
//!
//! Enters: a [`Subject`], a candidate, the [`Mismatch`]. Leaves: a sentence about the place where
//! the two part: the accessor's number becomes a path of the local type, the candidate's types
//! their names.

use core::fmt;

use crate::btf::{Btf, Kind, Type, essential_name};
use crate::relo::{Accessor, Mismatch, RelocKind, Spec, TargetType, Why};
use crate::units::{StrOff, TypeId};

use super::name::Name;
use super::path::Path;
use super::shapes::{Counted, Shapes, noun};
use super::subject::Subject;
use super::type_name::TypeName;

/// Why one candidate does not fit.
#[derive(Clone, Copy, Debug)]
pub struct MismatchText<'a> {
    subject: Subject<'a>,
    candidate: TargetType,
    mismatch: Mismatch,
}

impl<'a> MismatchText<'a> {
    /// The text of the `mismatch` between the subject's record and `candidate`.
    #[must_use]
    pub const fn new(subject: Subject<'a>, candidate: TargetType, mismatch: Mismatch) -> Self {
        Self {
            subject,
            candidate,
            mismatch,
        }
    }
}

impl fmt::Display for MismatchText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            subject,
            candidate,
            mismatch,
        } = *self;
        let place = subject.place(candidate.btf);
        // Both were there when the mismatch was found.
        let (Some((kind, spec)), Some(target)) = (subject.spec(), subject.target(candidate.btf))
        else {
            return write!(f, "`{}` is another one in {place}", subject.path());
        };
        let sides = Sides {
            subject,
            candidate,
            target,
            kind,
            spec: &spec,
        };
        if kind.is_field() {
            sides.field(f, mismatch)
        } else if kind.is_enumval() {
            sides.enumerator(f, mismatch.why)
        } else {
            sides.whole_type(f, mismatch.why)
        }
    }
}

/// What a sentence is put together from.
#[derive(Clone, Copy)]
struct Sides<'a> {
    subject: Subject<'a>,
    candidate: TargetType,
    target: &'a Btf<'a>,
    kind: RelocKind,
    spec: &'a Spec,
}

impl Sides<'_> {
    /// Of the members and elements on the way, one is missing or of another type.
    fn field(&self, f: &mut fmt::Formatter<'_>, mismatch: Mismatch) -> fmt::Result {
        let nth = usize::from(mismatch.accessor);
        let path = Path::new(self.subject.local, self.spec, self.kind);
        let (owner, field) = (path.first(nth), path.first(nth.saturating_add(1)));
        let place = self.subject.place(self.candidate.btf);
        let accessor = self.spec.accessors().get(nth);
        let member = Name(
            accessor
                .and_then(|accessor| accessor.name)
                .map_or(&[], |at| self.local_name(at)),
        );
        match mismatch.why {
            Why::NoMember { owner: id } => {
                let ty = self.target.type_by_id(id).ok();
                match ty.filter(|ty| ty.name() != StrOff::EMPTY) {
                    Some(_) => write!(f, "`{}` has", TypeName::new(self.target, id))?,
                    None => write!(f, "`{owner}` has")?,
                }
                write!(f, " no member `{member}` in {place}")?;
                let nested =
                    ty.is_some_and(|ty| ty.members().any(|member| member.name == StrOff::EMPTY));
                if nested {
                    f.write_str(", not in its anonymous members either")
                } else {
                    Ok(())
                }
            }
            Why::NotComposite { found } => {
                let found = noun(found);
                write!(
                    f,
                    "`{owner}` is {found} in {place}, so it has no member `{member}`"
                )
            }
            Why::NotArray { found } => {
                write!(
                    f,
                    "`{owner}` is an array in the object and {} in {place}",
                    noun(found)
                )
            }
            Why::ArrayBound { len: 0 } => write!(f, "`{owner}` has no elements in {place}"),
            Why::ArrayBound { len } => {
                let index = accessor.map_or(0, |accessor| accessor.index);
                let elements = Counted(len, "element");
                write!(
                    f,
                    "`{owner}` has {elements} in {place}, too few for index {index}"
                )
            }
            Why::Kinds { local, target } => {
                // Arrays are compared by their elements.
                let (is, target) = (noun(local), noun(target));
                match self.dimensions(accessor) {
                    0 => write!(f, "`{field}` is {is} in the object and {target} in {place}"),
                    1 if local == Kind::Array => {
                        write!(
                            f,
                            "`{field}` is an array in the object and {target} in {place}"
                        )
                    }
                    _ => write!(
                        f,
                        "an element of `{field}` is {is} in the object and {target} in {place}"
                    ),
                }
            }
            Why::Names { local, target } => {
                let (is, target) = (self.local_type(local), TypeName::new(self.target, target));
                let element = if self.dimensions(accessor) == 0 {
                    ""
                } else {
                    "an element of "
                };
                write!(
                    f,
                    "{element}`{field}` is `{is}` in the object and `{target}` in {place}"
                )
            }
            Why::NoEnumerator { owner: id } => self.no_enumerator(f, id, None),
            Why::Shapes { local, target } => {
                write!(f, "in `{field}`, {}", self.shapes(local, target))
            }
        }
    }

    /// The enum lacks the enumerator, or is none.
    fn enumerator(&self, f: &mut fmt::Formatter<'_>, why: Why) -> fmt::Result {
        match why {
            Why::NoEnumerator { owner } => {
                let name = self.spec.last().and_then(|accessor| accessor.name);
                self.no_enumerator(f, owner, name.map(|at| essential_name(self.local_name(at))))
            }
            Why::Kinds { target, .. } => {
                let (root, place) = (self.subject.root(), self.subject.place(self.candidate.btf));
                write!(
                    f,
                    "`{root}` is an enum in the object and {} in {place}",
                    noun(target)
                )
            }
            // None of these comes from looking for an enumerator.
            Why::NoMember { .. }
            | Why::NotComposite { .. }
            | Why::NotArray { .. }
            | Why::ArrayBound { .. }
            | Why::Names { .. }
            | Why::Shapes { .. } => self.whole_type(f, why),
        }
    }

    /// The types differ, themselves or somewhere inside.
    fn whole_type(&self, f: &mut fmt::Formatter<'_>, why: Why) -> fmt::Result {
        let (root, place) = (self.subject.root(), self.subject.place(self.candidate.btf));
        match why {
            Why::Kinds { local, target } => {
                let (is, found) = (noun(local), noun(target));
                if (local, target) == (Kind::Fwd, Kind::Fwd) {
                    return write!(
                        f,
                        "inside `{root}`, one side declares a struct where the other declares a union"
                    );
                }
                if local == target {
                    // Floating-point numbers and what is newer: libbpf does not compare them.
                    return write!(
                        f,
                        "`{root}` is or has {is}, and such types are never compared"
                    );
                }
                if self
                    .roots()
                    .is_some_and(|(l, t)| (l.kind(), t.kind()) == (local, target))
                {
                    return write!(f, "`{root}` is {is} in the object and {found} in {place}");
                }
                write!(
                    f,
                    "inside `{root}`, {place} has {found} where the object has {is}"
                )
            }
            Why::Names { local, target } => {
                let (is, found) = (self.local_type(local), TypeName::new(self.target, target));
                write!(
                    f,
                    "inside `{root}`, {place} has `{found}` where the object has `{is}`"
                )
            }
            Why::Shapes { local, target } => {
                self.inside(f, local)?;
                write!(f, "{}", self.shapes(local, target))
            }
            Why::NoMember { owner } => {
                let name = self.first_missing(owner);
                self.owner(f, owner)?;
                f.write_str(" lacks ")?;
                match name {
                    Some(name) => write!(f, "member `{}` in {place}", Name(name)),
                    None => write!(f, "a member in {place} that it has in the object"),
                }
            }
            Why::NoEnumerator { owner } => self.no_enumerator(f, owner, self.first_missing(owner)),
            Why::NotComposite { found } => {
                write!(
                    f,
                    "`{root}` is {} in {place}, which has no members",
                    noun(found)
                )
            }
            Why::NotArray { found } => {
                write!(
                    f,
                    "inside `{root}`, {place} has {} where the object has an array",
                    noun(found)
                )
            }
            Why::ArrayBound { len } => {
                write!(
                    f,
                    "inside `{root}`, {place} has an array of only {len} elements"
                )
            }
        }
    }

    fn no_enumerator(
        &self,
        f: &mut fmt::Formatter<'_>,
        owner: TypeId,
        name: Option<&[u8]>,
    ) -> fmt::Result {
        let place = self.subject.place(self.candidate.btf);
        self.owner(f, owner)?;
        match name {
            Some(name) => write!(f, " has no enumerator `{}` in {place}", Name(name)),
            None => write!(
                f,
                " lacks an enumerator in {place} that it has in the object"
            ),
        }
    }

    /// A target type that lacks something; where it has no name, by the root that it is in.
    fn owner(&self, f: &mut fmt::Formatter<'_>, id: TypeId) -> fmt::Result {
        let anonymous = self
            .target
            .type_by_id(id)
            .is_ok_and(|ty| ty.name() == StrOff::EMPTY);
        let root = self.subject.root();
        match self.roots() {
            _ if !anonymous => write!(f, "`{}`", TypeName::new(self.target, id)),
            Some((_, target)) if target.id() == id => write!(f, "`{root}`"),
            _ => write!(f, "`{}` inside `{root}`", TypeName::new(self.target, id)),
        }
    }

    /// "in `struct S`, ", unless the type is the root itself.
    fn inside(&self, f: &mut fmt::Formatter<'_>, local: TypeId) -> fmt::Result {
        match self.roots() {
            Some((root, _)) if root.id() == local => Ok(()),
            _ => write!(f, "inside `{}`, ", self.subject.root()),
        }
    }

    /// Both roots behind their typedefs.
    fn roots(&self) -> Option<(Type<'_>, Type<'_>)> {
        let local = self.subject.local.skip_mods(self.spec.root()).ok()?;
        Some((local, self.target.skip_mods(self.candidate.id).ok()?))
    }

    /// How often an array the local member is.
    fn dimensions(&self, accessor: Option<&Accessor>) -> u32 {
        let local = self.subject.local;
        let Some(&Accessor {
            ty,
            index,
            name: Some(_),
        }) = accessor
        else {
            return 0;
        };
        let member = local
            .type_by_id(ty)
            .ok()
            .and_then(|owner| owner.members().get(index));
        let mut id = member.map_or(TypeId::VOID, |member| member.ty);
        for dimensions in 0..crate::btf::MAX_CHAIN {
            let ty = local.skip_mods(id).ok();
            match ty.and_then(|ty| ty.array()) {
                Some(array) => id = array.element,
                None => return dimensions,
            }
        }
        crate::btf::MAX_CHAIN
    }

    fn shapes(&self, local_id: TypeId, target_id: TypeId) -> Shapes<'_> {
        let Subject { local, .. } = self.subject;
        let place = self.subject.place(self.candidate.btf);
        Shapes {
            local,
            local_id,
            target: self.target,
            target_id,
            place,
        }
    }

    fn local_type(&self, id: TypeId) -> TypeName<'_> {
        TypeName::new(self.subject.local, id)
    }

    fn local_name(&self, at: StrOff) -> &[u8] {
        self.subject.local.name(at).unwrap_or(b"(bad name)")
    }

    /// The first member or enumerator of the local root that the target's root lacks by name. The
    /// comparison did not keep it, so it is looked for again: only at the root, and only so far.
    fn first_missing(&self, owner: TypeId) -> Option<&[u8]> {
        const MAX_COMPARED: u32 = 1 << 16;
        let (local, target) = self.roots().filter(|(_, target)| target.id() == owner)?;
        let mut left = MAX_COMPARED;
        let mut missing = |name: StrOff, others: &mut dyn Iterator<Item = StrOff>| {
            let name = essential_name(self.local_name(name));
            for other in others {
                left = left.checked_sub(1)?;
                let other = self.target.name(other).ok()?;
                if essential_name(other) == name {
                    return Some(None);
                }
            }
            Some(Some(name))
        };
        for member in local.members() {
            let mut others = target.members().map(|member| member.name);
            if let Some(name) = missing(member.name, &mut others)? {
                return Some(name).filter(|name| !name.is_empty());
            }
        }
        for enumerator in local.enumerators() {
            let mut others = target.enumerators().map(|enumerator| enumerator.name);
            if let Some(name) = missing(enumerator.name, &mut others)? {
                return Some(name);
            }
        }
        None
    }
}
