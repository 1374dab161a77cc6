//! Everything that records say, checked in one walk.
//!
//! Enters: a view. Leaves: nothing, or the first record that names a string or a type that does
//! not exist. Nothing later relies on this: each look-up checks for itself. It is for whoever
//! wants to know about a file as a whole. Rules: libbpf's `btf_sanity_check`.
//!
//! Nearly every record of nearly every file is right, so they are first looked at in bulk
//! ([`bulk`](super::bulk)), and only where something looks wrong is each record examined
//! (`validate_type`, which has the last word).

use crate::error::{Error, ErrorKind, Result, Site, What};
use crate::units::{StrOff, TypeId};

use super::bulk::{Bounds, Bulk, CHUNK};
use super::kind::Kind;
use super::record::{self, Type};
use super::view::Btf;
use super::walk::{Batch, Place, Walk};

impl Btf<'_> {
    /// Checks every name and every referenced type id of the own types, and that functions are of
    /// function type.
    ///
    /// # Errors
    /// The first violation: `OutOfRange` or `Malformed`, with the type's id.
    pub fn validate(&self) -> Result<()> {
        let last = self.last_id()?;
        let first = self.first_id().0;
        let count = last.0.wrapping_add(1).wrapping_sub(first);
        let indexed = self.index().all(count);
        let bounds = Bounds {
            last: last.0,
            strings: self.strings_end(),
            places: indexed.unwrap_or(&[]),
            first,
        };
        let mut bulk = Bulk::new(self.sections, bounds);
        if let Some(places) = indexed {
            return self.validate_places(&mut bulk, places, first);
        }
        let (mut walk, mut batch, mut first) = (Walk::new(self.sections), Batch::new(), first);
        while walk.next(&mut batch)? {
            for places in batch.runs() {
                self.validate_places(&mut bulk, places, first)?;
                first = first.wrapping_add(u32::try_from(places.len()).unwrap_or(0));
            }
        }
        Ok(())
    }

    fn validate_places(&self, bulk: &mut Bulk<'_>, places: &[u32], first: u32) -> Result<()> {
        let mut first = first;
        for places in places.chunks(CHUNK) {
            if bulk.suspicious(places) {
                for (id, &place) in (first..).zip(places) {
                    let at = Place::bytes(place);
                    let (ty, _) = record::read(&self.sections, at, TypeId(id))?;
                    self.validate_type(&ty, self.last_id()?)?;
                }
            }
            first = first.wrapping_add(u32::try_from(places.len()).unwrap_or(0));
        }
        Ok(())
    }

    fn validate_type(&self, ty: &Type<'_>, last: TypeId) -> Result<()> {
        let site = Site::Type(ty.id());
        let malformed = |what| Error::new(ErrorKind::Malformed(what), site);
        let id = |what: What, id: TypeId| {
            if id <= last {
                return Ok(());
            }
            let (value, limit) = (u64::from(id.0), u64::from(last.0));
            Err(Error::new(
                ErrorKind::OutOfRange { what, value, limit },
                site,
            ))
        };
        // The last string has its NUL, so whatever starts inside the section ends there too.
        let name = |at: StrOff| match self.text(at) {
            Ok(_) => Ok(()),
            Err(error) => Err(Error::new(error.kind(), site)),
        };
        name(ty.name())?;
        match ty.kind() {
            Kind::Void | Kind::Fwd | Kind::Float | Kind::Unknown(_) => {}
            Kind::Int => {
                ty.int().ok_or_else(|| malformed(What::IntEncoding))?;
            }
            Kind::Array => {
                let array = ty.array().ok_or_else(|| malformed(What::TypeRecord))?;
                id(What::TypeId, array.element)?;
                id(What::TypeId, array.index)?;
            }
            Kind::Struct | Kind::Union => {
                for member in ty.members() {
                    name(member.name)?;
                    id(What::Member, member.ty)?;
                }
            }
            Kind::Enum | Kind::Enum64 => {
                for enumerator in ty.enumerators() {
                    name(enumerator.name)?;
                }
            }
            Kind::Ptr
            | Kind::Typedef
            | Kind::Volatile
            | Kind::Const
            | Kind::Restrict
            | Kind::Var
            | Kind::DeclTag
            | Kind::TypeTag => id(What::TypeId, ty.referred())?,
            Kind::Func => {
                id(What::FunctionType, ty.referred())?;
                if self.type_by_id(ty.referred())?.kind() != Kind::FuncProto {
                    return Err(malformed(What::FunctionType));
                }
            }
            Kind::FuncProto => {
                id(What::TypeId, ty.referred())?;
                for param in ty.params() {
                    name(param.name)?;
                    id(What::Parameter, param.ty)?;
                }
            }
            Kind::Datasec => {
                for var in ty.section_vars() {
                    id(What::SectionVar, var.var)?;
                }
            }
        }
        Ok(())
    }
}
