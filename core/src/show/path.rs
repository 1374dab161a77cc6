//! Accesses as C writes them.
//!
//! Enters: a record, or the [`Spec`] worked out from one. Leaves: `task_struct.mm`,
//! `S[2].arr[1].y[3]`, `E::EB`; for records about a type its name alone.

use core::fmt::{self, Write};

use crate::btf::Btf;
use crate::ext::CoreRelo;
use crate::relo::{RelocKind, Spec};
use crate::units::{StrOff, TypeId};

use super::bounded::{Bounded, bounded};
use super::name::Name;
use super::type_name::keyword;

/// Longest path, in bytes.
const MAX_BYTES: usize = 1024;

/// The path of a [`Spec`]. The root's index is left out where it is 0; members of anonymous
/// structs and unions appear as C lets them, as if they were the outer type's own; flavors stay.
#[derive(Clone, Copy, Debug)]
pub struct Path<'a> {
    btf: &'a Btf<'a>,
    spec: &'a Spec,
    kind: RelocKind,
    /// Accessors that are left out, and with them the root's name.
    skip: usize,
    /// Accessors up to here are printed.
    len: usize,
}

impl<'a> Path<'a> {
    /// The path of `spec`, which was worked out over `btf` for a record of `kind`.
    #[must_use]
    pub const fn new(btf: &'a Btf<'a>, spec: &'a Spec, kind: RelocKind) -> Self {
        Self {
            btf,
            spec,
            kind,
            skip: 0,
            len: usize::MAX,
        }
    }

    /// From the accessor number `first`, a member, on: `mm`, `arr[1].y`.
    #[cfg(feature = "alloc")]
    pub(crate) const fn behind(self, first: usize) -> Self {
        Self {
            skip: first,
            ..self
        }
    }

    /// Only the first `len` accessors, of which the first is the root's index.
    pub(super) const fn first(self, len: usize) -> Self {
        Self { len, ..self }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        bounded(f, MAX_BYTES, |to| {
            if self.skip == 0 {
                root(to, self.btf, self.spec.root())?;
            }
            let accessors = self.spec.accessors().iter().take(self.len);
            for (position, accessor) in accessors.enumerate().skip(self.skip) {
                match accessor.name {
                    Some(at) if position == self.skip && position > 0 => {
                        write!(to, "{}", name(self.btf, at))?;
                    }
                    Some(at) if self.kind.is_enumval() => {
                        write!(to, "::{}", name(self.btf, at))?;
                    }
                    Some(at) => write!(to, ".{}", name(self.btf, at))?,
                    None if position == 0 && accessor.index == 0 => {}
                    None => write!(to, "[{}]", accessor.index)?,
                }
            }
            Ok(())
        })
    }
}

/// The path of a record, worked out here. Where the access string is no such string or does not
/// fit the type, both are printed as they are: `S + 0:9`.
#[derive(Clone, Copy, Debug)]
pub struct RecordPath<'a> {
    local: &'a Btf<'a>,
    record: CoreRelo,
}

impl<'a> RecordPath<'a> {
    /// The path of `record` over the object's own types.
    #[must_use]
    pub const fn new(local: &'a Btf<'a>, record: &CoreRelo) -> Self {
        Self {
            local,
            record: *record,
        }
    }

    /// What the record means, if it means anything.
    pub(crate) fn spec(&self) -> Option<(RelocKind, Spec)> {
        let kind = RelocKind::from_raw(self.record.kind)?;
        let access = self.local.name(self.record.access).ok()?;
        Some((
            kind,
            Spec::parse(self.local, self.record.type_id, access, kind).ok()?,
        ))
    }
}

impl fmt::Display for RecordPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((kind, spec)) = self.spec() {
            return Path::new(self.local, &spec, kind).fmt(f);
        }
        bounded(f, MAX_BYTES, |to| {
            root(to, self.local, self.record.type_id)?;
            write!(to, " + {}", name(self.local, self.record.access))
        })
    }
}

fn root(to: &mut Bounded<'_, '_>, btf: &Btf<'_>, id: TypeId) -> fmt::Result {
    let Ok(ty) = btf.type_by_id(id) else {
        return to.write_str("(bad type)");
    };
    match ty.name() {
        StrOff::EMPTY => write!(to, "(anon {})", keyword(&ty)),
        at => write!(to, "{}", name(btf, at)),
    }
}

fn name<'a>(btf: &Btf<'a>, at: StrOff) -> Name<'a> {
    Name(btf.name(at).unwrap_or(b"(bad name)"))
}
