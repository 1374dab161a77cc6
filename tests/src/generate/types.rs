//! Types as plain values, to be changed at will and written as BTF or C.
//!
//! Enters: types one by one, by hand or by [`import`](super::import). Leaves: [`Types`]. What is
//! computed here (sizes, layouts) follows the C language, not the code under test.

use core::fmt;

/// Number of a type in its [`Types`]: its BTF type id too, as long as all types are written.
pub type Id = usize;

/// A type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ty {
    /// Only number 0.
    Void,
    /// An integer.
    Int(Int),
    /// A pointer.
    Ptr(Id),
    /// An array; the index type is [`Types::INDEX`].
    Array(Id, u32),
    /// A struct or union.
    Composite(Composite),
    /// An enum, of either kind.
    Enum(Enum),
    /// A forward declaration; of a union?
    Fwd(String, bool),
    /// A typedef.
    Typedef(String, Id),
    /// `const`, `volatile` or `restrict`.
    Modifier(Modifier, Id),
    /// A type tag.
    Tag(String, Id),
    /// A function and its prototype.
    Func(String, Id),
    /// A prototype: result and parameters.
    Proto(Id, Vec<(String, Id)>),
    /// A floating-point type and its size in bytes.
    Float(String, u32),
}

/// An integer type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Int {
    /// Its name.
    pub name: String,
    /// Its size.
    pub bytes: u32,
    /// 0, or 1 signed, 2 character, 4 boolean.
    pub encoding: u32,
    /// Its value's first bit: 0 but in BTF of old compilers.
    pub offset: u32,
}

/// Qualifiers; the numbers are BTF's kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Modifier {
    /// `volatile`
    Volatile = 9,
    /// `const`
    Const = 10,
    /// `restrict`
    Restrict = 11,
}

/// A struct or union.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Composite {
    /// Empty if it is anonymous.
    pub name: String,
    /// Is it a union?
    pub union: bool,
    /// Its size.
    pub bytes: u32,
    /// Its members, in order.
    pub members: Vec<Member>,
}

/// A member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Empty if it is anonymous.
    pub name: String,
    /// Its type.
    pub ty: Id,
    /// Its first bit.
    pub offset: u32,
    /// Its width in bits if it is a bitfield, else 0.
    pub width: u32,
}

/// An enum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enum {
    /// Empty if it is anonymous.
    pub name: String,
    /// Its size.
    pub bytes: u32,
    /// Are its values signed?
    pub signed: bool,
    /// Of kind ENUM64?
    pub wide: bool,
    /// Its enumerators.
    pub values: Vec<(String, i64)>,
}

/// Types that refer to one another by number.
#[derive(Clone, PartialEq, Eq)]
pub struct Types {
    /// All of them; number 0 is `void`.
    pub all: Vec<Ty>,
    /// Size of pointers and of `long`, in bytes.
    pub pointer_bytes: u32,
}

impl Types {
    /// The type of array indices, which is always there.
    pub const INDEX: Id = 1;

    /// `void`, the index type, and a `long` that tells the size of pointers.
    pub fn new(pointer_bytes: u32) -> Self {
        let int = |name: &str, bytes, encoding| {
            let name = name.to_owned();
            let offset = 0;
            Ty::Int(Int {
                name,
                bytes,
                encoding,
                offset,
            })
        };
        let index = int("__ARRAY_SIZE_TYPE__", 4, 0);
        let long = int("long unsigned int", pointer_bytes, 0);
        Self {
            all: vec![Ty::Void, index, long],
            pointer_bytes,
        }
    }

    /// Adds a type.
    pub fn add(&mut self, ty: Ty) -> Id {
        self.all.push(ty);
        self.all.len() - 1
    }

    /// The struct or union of that number, if it is one.
    pub fn composite(&self, id: Id) -> Option<&Composite> {
        match &self.all[id] {
            Ty::Composite(composite) => Some(composite),
            _ => None,
        }
    }

    /// The same, to be changed.
    pub fn composite_mut(&mut self, id: Id) -> Option<&mut Composite> {
        match &mut self.all[id] {
            Ty::Composite(composite) => Some(composite),
            _ => None,
        }
    }

    /// Past typedefs, qualifiers and tags.
    pub fn bare(&self, mut id: Id) -> Id {
        while let Ty::Typedef(_, next) | Ty::Modifier(_, next) | Ty::Tag(_, next) = self.all[id] {
            id = next;
        }
        id
    }

    /// Its name, if its kind has one.
    pub fn name(&self, id: Id) -> &str {
        match &self.all[id] {
            Ty::Int(Int { name, .. })
            | Ty::Composite(Composite { name, .. })
            | Ty::Enum(Enum { name, .. })
            | Ty::Fwd(name, _)
            | Ty::Typedef(name, _)
            | Ty::Tag(name, _)
            | Ty::Func(name, _)
            | Ty::Float(name, _) => name,
            _ => "",
        }
    }

    /// The same, to be changed.
    pub fn name_mut(&mut self, id: Id) -> Option<&mut String> {
        match &mut self.all[id] {
            Ty::Int(Int { name, .. })
            | Ty::Composite(Composite { name, .. })
            | Ty::Enum(Enum { name, .. })
            | Ty::Fwd(name, _)
            | Ty::Typedef(name, _)
            | Ty::Tag(name, _)
            | Ty::Func(name, _)
            | Ty::Float(name, _) => Some(name),
            _ => None,
        }
    }

    /// Size in bytes; 0 for what has none.
    pub fn bytes(&self, id: Id) -> u32 {
        match &self.all[self.bare(id)] {
            Ty::Int(int) => int.bytes,
            Ty::Ptr(_) => self.pointer_bytes,
            Ty::Array(element, len) => self.bytes(*element).saturating_mul(*len),
            Ty::Composite(composite) => composite.bytes,
            Ty::Enum(one) => one.bytes,
            Ty::Float(_, bytes) => *bytes,
            _ => 0,
        }
    }

    /// Does an object of the type have a size, be it 0?
    pub fn is_sized(&self, id: Id) -> bool {
        match &self.all[self.bare(id)] {
            Ty::Array(element, _) => self.is_sized(*element),
            Ty::Void | Ty::Fwd(..) | Ty::Func(..) | Ty::Proto(..) => false,
            _ => true,
        }
    }

    /// Alignment in bytes, by the usual rules of a 64-bit machine.
    pub fn align(&self, id: Id) -> u32 {
        match &self.all[self.bare(id)] {
            Ty::Array(element, _) => self.align(*element),
            Ty::Composite(composite) => {
                let members = composite.members.iter();
                members
                    .map(|member| self.align(member.ty))
                    .max()
                    .unwrap_or(1)
            }
            _ => self.bytes(id).clamp(1, 8),
        }
    }

    /// Lays a struct or union out anew: as C does, and `packed` without gaps between bytes.
    pub fn lay_out(&mut self, id: Id, packed: bool) {
        let Some(mut composite) = self.composite(id).cloned() else {
            return;
        };
        let align = |ty| if packed { 1 } else { self.align(ty) };
        let (mut end, mut largest) = (0u32, 0);
        for member in &mut composite.members {
            let bits = self.bytes(member.ty).saturating_mul(8);
            if composite.union {
                end = 0;
            }
            if member.width > 0 {
                // A bitfield stays within one object of its type.
                let unit = bits.max(8);
                if end / unit != (end + member.width - 1) / unit {
                    end = end.next_multiple_of(unit);
                }
                member.offset = end;
                end += member.width;
            } else {
                end = end.next_multiple_of(align(member.ty) * 8);
                member.offset = end;
                end = end.saturating_add(bits);
            }
            largest = largest.max(end);
        }
        let alignment = composite
            .members
            .iter()
            .map(|member| align(member.ty))
            .max();
        composite.bytes = largest.div_ceil(8).next_multiple_of(alignment.unwrap_or(1));
        self.all[id] = Ty::Composite(composite);
    }
}

/// One line a type.
impl fmt::Debug for Types {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (id, ty) in self.all.iter().enumerate().skip(1) {
            write!(f, "[{id}] ")?;
            match ty {
                Ty::Composite(one) => {
                    let kind = if one.union { "union" } else { "struct" };
                    write!(f, "{kind} '{}' of {} bytes {{", one.name, one.bytes)?;
                    for member in &one.members {
                        write!(f, " {}: [{}] @{}", member.name, member.ty, member.offset)?;
                        if member.width > 0 {
                            write!(f, ":{}", member.width)?;
                        }
                    }
                    writeln!(f, " }}")?;
                }
                other => writeln!(f, "{other:?}")?,
            }
        }
        Ok(())
    }
}
