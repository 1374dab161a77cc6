//! Everything that records say, checked in one walk.
//!
//! Enters: a view. Leaves: nothing, or the first record that names a string or a type that does
//! not exist. Nothing later relies on this: each look-up checks for itself. It is for whoever
//! wants to know about a file as a whole. Rules: libbpf's `btf_sanity_check`.
//!
//! Nearly every record of nearly every file is right, so they are first looked at in bulk
//! (`Bounds::suspicious`), and only one that looks wrong is examined word by word
//! (`validate_type`, which has the last word).

use zerocopy::FromBytes;

use crate::error::{Error, ErrorKind, Result, Site, What};
use crate::units::{Endian, StrOff, TypeId};

use super::kind::{Group, Info, Kind, step};
use super::raw::{Raw2, Raw3, RawType};
use super::record::{self, Type};
use super::view::Btf;
use super::walk::{Batch, Place, Walk};

/// What names and ids must stay below.
#[derive(Clone, Copy, Debug)]
struct Bounds<'p> {
    endian: Endian,
    /// The last type id.
    last: u32,
    /// Length of the strings, the base's included, in bytes.
    strings: u32,
    /// Places of the own types, where all are indexed, and the first one's id.
    places: &'p [u32],
    first: u32,
}

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
            endian: self.endian(),
            last: last.0,
            strings: self.strings_end(),
            places: indexed.unwrap_or(&[]),
            first,
        };
        if let Some(places) = indexed {
            return self.validate_places(places, first, bounds);
        }
        let (mut walk, mut batch, mut first) = (Walk::new(self.sections), Batch::new(), first);
        while walk.next(&mut batch)? {
            for places in batch.runs() {
                self.validate_places(places, first, bounds)?;
                first = first.wrapping_add(u32::try_from(places.len()).unwrap_or(0));
            }
        }
        Ok(())
    }

    fn validate_places(&self, places: &[u32], first: u32, bounds: Bounds<'_>) -> Result<()> {
        for (id, &place) in (first..).zip(places) {
            let at = Place::bytes(place);
            let record = self.sections.types.get(at..).unwrap_or(&[]);
            if bounds.suspicious(record) {
                let (ty, _) = record::read(&self.sections, at, TypeId(id))?;
                self.validate_type(&ty, TypeId(bounds.last))?;
            }
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

impl Bounds<'_> {
    /// May something be wrong with the record at the start of `bytes`?
    #[inline(always)]
    fn suspicious(&self, bytes: &[u8]) -> bool {
        let Ok((raw, rest)) = RawType::ref_from_prefix(bytes) else {
            return true;
        };
        let info = Info::new(raw.info.get(self.endian));
        let tail = step(info)
            .0
            .wrapping_mul(4)
            .checked_sub(super::kind::HEAD_BYTES);
        let Some(tail) = tail.and_then(|bytes| rest.get(..bytes)) else {
            return true;
        };
        let word = raw.size_or_type.get(self.endian);
        let head = self.bad_name(raw.name.get(self.endian));
        head | match info.kind() {
            Kind::Int | Kind::Fwd | Kind::Float => false,
            Kind::Struct | Kind::Union => self.any(tail, |Raw3(name, ty, _)| {
                (name.get(self.endian), ty.get(self.endian))
            }),
            Kind::Enum64 => self.any(tail, |Raw3(name, ..)| (name.get(self.endian), 0)),
            Kind::Datasec => self.any(tail, |Raw3(var, ..)| (0, var.get(self.endian))),
            Kind::Array => {
                self.any(tail, |Raw3(ty, _, _)| (0, ty.get(self.endian)))
                    | self.any(tail, |Raw3(_, index, _)| (0, index.get(self.endian)))
            }
            Kind::Enum => self.any(tail, |Raw2(name, _)| (name.get(self.endian), 0)),
            Kind::FuncProto => {
                self.bad_id(word)
                    | self.any(tail, |Raw2(name, ty)| {
                        (name.get(self.endian), ty.get(self.endian))
                    })
            }
            Kind::Func => {
                let place = self.places.get(word.wrapping_sub(self.first) as usize);
                place.is_none_or(|&place| Place::group(place) != Group::PROTO)
            }
            Kind::Void | Kind::Unknown(_) => true,
            _ => self.bad_id(word),
        }
    }

    const fn bad_id(&self, id: u32) -> bool {
        id > self.last
    }

    /// The last string has its NUL, so whatever starts inside the section ends there too.
    const fn bad_name(&self, name: u32) -> bool {
        // The empty name needs no string section.
        name >= self.strings && name != 0
    }

    /// Is the name or the id of any element bad? All are looked at, without a branch for each.
    #[inline(always)]
    fn any<T: FromBytes + zerocopy::Immutable + zerocopy::Unaligned + zerocopy::KnownLayout>(
        &self,
        tail: &[u8],
        words: impl Fn(&T) -> (u32, u32),
    ) -> bool {
        let Ok(elements) = <[T]>::ref_from_bytes(tail) else {
            return true;
        };
        elements.iter().fold(false, |bad, element| {
            let (name, id) = words(element);
            bad | self.bad_name(name) | self.bad_id(id)
        })
    }
}
