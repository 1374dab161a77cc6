//! What a text is about: one record, and the types of both sides.
//!
//! Enters: the object's BTF, the targets, a record. Leaves: [`Subject`], from which every sentence
//! takes its names.

use core::fmt;

use crate::btf::{Btf, essential_name};
use crate::ext::CoreRelo;
use crate::relo::{RelocKind, Spec};
use crate::units::TypeId;

use super::name::Name;
use super::path::RecordPath;
use super::type_name::TypeName;

/// A record with all that its numbers count in. `Copy`; made for each text anew.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    pub(crate) local: &'a Btf<'a>,
    pub(crate) targets: &'a [Btf<'a>],
    pub(crate) record: CoreRelo,
    modules: &'a [&'a str],
}

impl<'a> Subject<'a> {
    /// A record of the object whose types are `local`, and the targets that it was resolved
    /// against, in the same order.
    #[must_use]
    pub const fn new(local: &'a Btf<'a>, targets: &'a [Btf<'a>], record: &CoreRelo) -> Self {
        Self {
            local,
            targets,
            record: *record,
            modules: &[],
        }
    }

    /// With the names of the modules, which are the targets from the second on. Without them a
    /// text says `a module`.
    #[must_use]
    pub const fn with_module_names(self, modules: &'a [&'a str]) -> Self {
        Self { modules, ..self }
    }

    /// What the record accesses: see [`RecordPath`].
    #[must_use]
    pub const fn path(&self) -> RecordPath<'a> {
        RecordPath::new(self.local, &self.record)
    }

    pub(crate) fn kind(&self) -> Option<RelocKind> {
        RelocKind::from_raw(self.record.kind)
    }

    /// The local spec, if the record has one.
    pub(crate) fn spec(&self) -> Option<(RelocKind, Spec)> {
        self.path().spec()
    }

    pub(crate) fn target(&self, btf: u16) -> Option<&'a Btf<'a>> {
        self.targets.get(usize::from(btf))
    }

    /// The root's type as C has it.
    pub(crate) const fn root(&self) -> TypeName<'a> {
        TypeName::new(self.local, self.record.type_id)
    }

    /// The record's root type, without its flavor.
    pub(crate) fn essential_root(&self) -> &'a [u8] {
        let ty = self.local.type_by_id(self.record.type_id);
        let name = ty.and_then(|ty| self.local.name(ty.name()));
        essential_name(name.unwrap_or(b"(bad name)"))
    }

    /// The target of that number, in words.
    pub(crate) fn place(&self, btf: u16) -> Place<'a> {
        match usize::from(btf).checked_sub(1) {
            None => Place::Kernel,
            Some(nth) => Place::Module(self.modules.get(nth).copied()),
        }
    }

    /// A type of a target, or of no target: then it has no name.
    pub(crate) fn target_type(&self, btf: u16, id: TypeId) -> TargetName<'a> {
        TargetName(self.target(btf).map(|target| TypeName::new(target, id)))
    }
}

/// One of the targets, in words.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place<'a> {
    Kernel,
    Module(Option<&'a str>),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kernel => f.write_str("the kernel"),
            Self::Module(None) => f.write_str("a module"),
            Self::Module(Some(name)) => write!(f, "module `{}`", Name(name.as_bytes())),
        }
    }
}

/// The name of a type in a target that should be there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TargetName<'a>(Option<TypeName<'a>>);

impl fmt::Display for TargetName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(name) => name.fmt(f),
            None => f.write_str("(type of no target)"),
        }
    }
}
