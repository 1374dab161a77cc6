//! Types as C writes them.
//!
//! Enters: a type id. Leaves: `unsigned int`, `struct task_struct *`, `int (*[3])(void *)`. C
//! writes a type around the place of its name, so a type is printed in two walks: what stands
//! before that place, and what stands after it.

use core::fmt::{self, Write};

use crate::btf::{Btf, Kind, MAX_CHAIN, Member, Type};
use crate::units::TypeId;

use super::bounded::{Bounded, bounded};
use super::name::Name;

/// Longest type name, in bytes.
const MAX_BYTES: usize = 512;

/// A type's name, as C writes it: with `struct`, `union` or `enum` before a tag; `struct (anon)`
/// without one; a type tag as the kernel's `__user` and `__rcu`. Nested more than 32 deep or more
/// than 512 bytes long it is cut with `…`.
///
/// ```no_run
/// # fn main() -> relocore::Result<()> {
/// # let bytes: &[u8] = &[];
/// use relocore::{TypeId, btf::Btf, show::TypeName};
/// let btf = Btf::parse(bytes, &mut [])?;
/// let text = format!("{}", TypeName::new(&btf, TypeId(5))); // struct task_struct *
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct TypeName<'a> {
    btf: &'a Btf<'a>,
    id: TypeId,
}

impl<'a> TypeName<'a> {
    /// The name of the type `id` of `btf`. An id that does not exist prints as `(bad type)`.
    #[must_use]
    pub const fn new(btf: &'a Btf<'a>, id: TypeId) -> Self {
        Self { btf, id }
    }
}

impl fmt::Display for TypeName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        bounded(f, MAX_BYTES, |to| {
            let mut writer = Writer { btf: self.btf, to };
            writer.before(self.id, MAX_CHAIN)?;
            writer.after(self.id, MAX_CHAIN)
        })
    }
}

/// A member or variable as C declares it: `char comm[16]`, `struct task_struct *parent`; a bitfield
/// with its width: `unsigned int in_iowait:1`. Bounded as [`TypeName`] is.
#[derive(Clone, Copy, Debug)]
pub struct Declaration<'a> {
    ty: TypeName<'a>,
    name: Name<'a>,
    bits: u32,
}

impl<'a> Declaration<'a> {
    /// The declaration of `name` with the type `id` of `btf`.
    #[must_use]
    pub const fn new(btf: &'a Btf<'a>, id: TypeId, name: &'a [u8]) -> Self {
        Self {
            ty: TypeName::new(btf, id),
            name: Name(name),
            bits: 0,
        }
    }

    /// The declaration of a member, bitfield or not.
    #[must_use]
    pub fn of_member(btf: &'a Btf<'a>, member: &Member) -> Self {
        let name = btf.name(member.name).unwrap_or(b"(bad name)");
        Self {
            bits: member.bitfield.0,
            ..Self::new(btf, member.ty, name)
        }
    }
}

impl fmt::Display for Declaration<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        bounded(f, MAX_BYTES, |to| {
            let TypeName { btf, id } = self.ty;
            let mut writer = Writer { btf, to };
            writer.before(id, MAX_CHAIN)?;
            if writer.to.last() != b'*' {
                writer.to.write_str(" ")?;
            }
            write!(writer.to, "{}", self.name)?;
            writer.after(id, MAX_CHAIN)?;
            match self.bits {
                0 => Ok(()),
                bits => write!(to, ":{bits}"),
            }
        })
    }
}

/// What the name is printed by. Every recursion takes one of `depth`, and each function type
/// writes at least its brackets, so the bounded writer ends the whole.
struct Writer<'w, 'v, 'f, 'a> {
    btf: &'a Btf<'a>,
    to: &'w mut Bounded<'v, 'f>,
}

impl<'a> Writer<'_, '_, '_, 'a> {
    fn before(&mut self, id: TypeId, depth: u32) -> fmt::Result {
        let Some(depth) = depth.checked_sub(1) else {
            return self.to.write_str("…");
        };
        let Ok(ty) = self.btf.type_by_id(id) else {
            return self.to.write_str("(bad type)");
        };
        match ty.kind() {
            Kind::Void => self.to.write_str("void"),
            Kind::Struct | Kind::Union | Kind::Fwd | Kind::Enum | Kind::Enum64 => {
                write!(self.to, "{} ", keyword(&ty))?;
                self.name(&ty)
            }
            Kind::Ptr => {
                self.before(ty.referred(), depth)?;
                self.to.write_str(
                    match (
                        self.kind_behind_qualifiers(ty.referred()),
                        self.kind_of(ty.referred()),
                    ) {
                        (Some(Kind::Array | Kind::FuncProto), _) => " (*",
                        (_, Some(Kind::Ptr)) => "*",
                        _ => " *",
                    },
                )
            }
            Kind::Array => match ty.array() {
                Some(array) => self.before(array.element, depth),
                None => Ok(()),
            },
            Kind::FuncProto => self.before(ty.referred(), depth),
            // A qualifier of a pointer stands behind its star.
            Kind::Const | Kind::Volatile | Kind::Restrict => {
                let pointer = self.kind_behind_qualifiers(ty.referred()) == Some(Kind::Ptr);
                if !pointer {
                    write!(self.to, "{} ", ty.kind().name())?;
                }
                self.before(ty.referred(), depth)?;
                if pointer {
                    self.to.write_str(ty.kind().name())
                } else {
                    Ok(())
                }
            }
            Kind::TypeTag => {
                self.before(ty.referred(), depth)?;
                self.to.write_str(" __")?;
                self.name(&ty)
            }
            Kind::Int
            | Kind::Float
            | Kind::Typedef
            | Kind::Func
            | Kind::Var
            | Kind::Datasec
            | Kind::DeclTag => self.name(&ty),
            Kind::Unknown(_) => self.to.write_str("(type of unknown kind)"),
        }
    }

    fn after(&mut self, id: TypeId, depth: u32) -> fmt::Result {
        // What `before` could not print has been said there.
        let (Some(depth), Ok(ty)) = (depth.checked_sub(1), self.btf.type_by_id(id)) else {
            return Ok(());
        };
        match ty.kind() {
            Kind::Ptr => {
                if let Some(Kind::Array | Kind::FuncProto) =
                    self.kind_behind_qualifiers(ty.referred())
                {
                    self.to.write_str(")")?;
                }
                self.after(ty.referred(), depth)
            }
            Kind::Array => {
                let Some(array) = ty.array() else {
                    return Ok(());
                };
                match array.len {
                    0 => self.to.write_str("[]")?,
                    len => write!(self.to, "[{len}]")?,
                }
                self.after(array.element, depth)
            }
            Kind::FuncProto => {
                self.parameters(&ty, depth)?;
                self.after(ty.referred(), depth)
            }
            Kind::Const | Kind::Volatile | Kind::Restrict | Kind::TypeTag => {
                self.after(ty.referred(), depth)
            }
            _ => Ok(()),
        }
    }

    fn parameters(&mut self, ty: &Type<'a>, depth: u32) -> fmt::Result {
        self.to.write_str("(")?;
        if ty.params().is_empty() {
            self.to.write_str("void")?;
        }
        for (number, param) in ty.params().enumerate() {
            if number > 0 {
                self.to.write_str(", ")?;
            }
            if param.ty == TypeId::VOID {
                self.to.write_str("...")?;
                continue;
            }
            self.before(param.ty, depth)?;
            self.after(param.ty, depth)?;
        }
        self.to.write_str(")")
    }

    fn name(&mut self, ty: &Type<'_>) -> fmt::Result {
        match self.btf.name(ty.name()) {
            Ok(b"") => self.to.write_str("(anon)"),
            Ok(name) => write!(self.to, "{}", Name(name)),
            Err(_) => self.to.write_str("(bad name)"),
        }
    }

    fn kind_of(&self, id: TypeId) -> Option<Kind> {
        self.btf.type_by_id(id).ok().map(|ty| ty.kind())
    }

    /// Behind qualifiers and type tags, which C's brackets look through; not behind typedefs.
    fn kind_behind_qualifiers(&self, id: TypeId) -> Option<Kind> {
        let mut ty = self.btf.type_by_id(id).ok()?;
        for _ in 0..MAX_CHAIN {
            if !ty.kind().is_modifier() || ty.kind() == Kind::Typedef {
                return Some(ty.kind());
            }
            ty = self.btf.type_by_id(ty.referred()).ok()?;
        }
        None
    }
}

/// The word before a tag.
pub(crate) const fn keyword(ty: &Type<'_>) -> &'static str {
    match ty.kind() {
        Kind::Enum | Kind::Enum64 => "enum",
        Kind::Union => "union",
        Kind::Fwd if ty.kind_flag() => "union",
        Kind::Struct | Kind::Fwd => "struct",
        kind => kind.name(),
    }
}
