//! How two types differ, in words.
//!
//! Enters: a local and a target type that a comparison has told apart. Leaves: half a sentence
//! that shows both: their kinds ([`noun`]), or what within one kind is not the same ([`Shapes`]).

use core::fmt;

use crate::btf::{Btf, Kind, Type};
use crate::units::{Bits, TypeId};

use super::subject::Place;
use super::type_name::TypeName;

/// A kind as a noun with its article.
pub(super) const fn noun(kind: Kind) -> &'static str {
    match kind {
        Kind::Void => "void",
        Kind::Int => "an integer",
        Kind::Ptr => "a pointer",
        Kind::Array => "an array",
        Kind::Struct => "a struct",
        Kind::Union => "a union",
        Kind::Enum | Kind::Enum64 => "an enum",
        Kind::Fwd => "a forward declaration",
        Kind::Typedef => "a typedef",
        Kind::Volatile | Kind::Const | Kind::Restrict => "a qualified type",
        Kind::Func => "a function",
        Kind::FuncProto => "a function type",
        Kind::Var => "a variable",
        Kind::Datasec => "a data section",
        Kind::Float => "a floating-point number",
        Kind::DeclTag => "a declaration tag",
        Kind::TypeTag => "a tagged type",
        Kind::Unknown(_) => "a type of unknown kind",
    }
}

/// So many of them: `1 byte`, `4 bytes`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted(pub(super) u32, pub(super) &'static str);

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(count, what) = self;
        let s = if *count == 1 { "" } else { "s" };
        write!(f, "{count} {what}{s}")
    }
}

/// Two types of one kind whose sizes, signs or lengths differ.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shapes<'a> {
    pub(super) local: &'a Btf<'a>,
    pub(super) local_id: TypeId,
    pub(super) target: &'a Btf<'a>,
    pub(super) target_id: TypeId,
    /// Where the target's type is.
    pub(super) place: Place<'a>,
}

impl fmt::Display for Shapes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let types = (
            self.local.type_by_id(self.local_id),
            self.target.type_by_id(self.target_id),
        );
        let (Ok(local), Ok(target)) = types else {
            return self.unlike(f);
        };
        let name = TypeName::new(self.local, self.local_id);
        let place = self.place;
        match (local.kind(), target.kind()) {
            (Kind::Int, Kind::Int) => self.ints(f, &local, &target),
            (Kind::Enum | Kind::Enum64, Kind::Enum | Kind::Enum64)
                if local.own_size_bytes() != target.own_size_bytes() =>
            {
                let (own, found) = (local.own_size_bytes(), target.own_size_bytes());
                write!(
                    f,
                    "`{name}` has {} in the object and {found} in {place}",
                    Counted(own, "byte")
                )
            }
            (Kind::Enum | Kind::Enum64, Kind::Enum | Kind::Enum64) => {
                self.counts(f, local.vlen(), "enumerator", target.vlen())
            }
            (Kind::Struct | Kind::Union, Kind::Struct | Kind::Union) => {
                self.counts(f, local.vlen(), "member", target.vlen())
            }
            (Kind::FuncProto, Kind::FuncProto) => {
                self.counts(f, local.vlen(), "parameter", target.vlen())
            }
            _ => self.unlike(f),
        }
    }
}

impl Shapes<'_> {
    fn counts(
        &self,
        f: &mut fmt::Formatter<'_>,
        local: u32,
        what: &'static str,
        target: u32,
    ) -> fmt::Result {
        let (name, place) = (TypeName::new(self.local, self.local_id), self.place);
        write!(
            f,
            "`{name}` has {} in the object and {target} in {place}",
            Counted(local, what)
        )
    }

    fn ints(&self, f: &mut fmt::Formatter<'_>, local: &Type<'_>, target: &Type<'_>) -> fmt::Result {
        let in_part = |ty: &Type<'_>| ty.int().is_some_and(|int| int.offset != Bits(0));
        let signed = |ty: &Type<'_>| match ty.int() {
            Some(int) if int.encoding.is_signed() => "signed",
            _ => "unsigned",
        };
        let (name, place) = (TypeName::new(self.local, self.local_id), self.place);
        if in_part(local) || in_part(target) {
            return write!(
                f,
                "`{name}` is an integer inside another one, as compilers before 2018 described \
                 bitfields, which can't be compared"
            );
        }
        let (own, found) = (local.own_size_bytes(), target.own_size_bytes());
        let (own_sign, sign) = (signed(local), signed(target));
        write!(
            f,
            "`{name}` is {own_sign} and has {} in the object, {sign} and {found} in {place}",
            Counted(own, "byte")
        )
    }

    /// The types as they are: arrays say their length, and for others it is the best there is.
    fn unlike(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (local, place) = (TypeName::new(self.local, self.local_id), self.place);
        let target = TypeName::new(self.target, self.target_id);
        write!(f, "where the object has `{local}`, {place} has `{target}`")
    }
}
