//! Everything that records say, checked in one walk.
//!
//! Enters: a view. Leaves: nothing, or the first record that names a string or a type that does
//! not exist. Nothing later relies on this: each look-up checks for itself. It is for whoever
//! wants to know about a file as a whole. Rules: libbpf's `btf_sanity_check`.

use crate::error::{Error, ErrorKind, Result, Site, What};
use crate::units::{StrOff, TypeId};

use super::kind::Kind;
use super::record::Type;
use super::view::Btf;

impl Btf<'_> {
    /// Checks every name and every referenced type id of the own types, and that functions are of
    /// function type.
    ///
    /// # Errors
    /// The first violation: `OutOfRange` or `Malformed`, with the type's id.
    pub fn validate(&self) -> Result<()> {
        let last = self.last_id()?;
        for ty in self.types() {
            self.validate_type(&ty?, last)?;
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
