//! Types out of a real kernel's BTF.
//!
//! Enters: a kernel's BTF and the numbers of some of its types. Leaves: [`Types`] with these and
//! what they need, cut short: of large structs some members, behind pointers and deep inside only
//! names.

use std::collections::HashMap;

use fastrand::Rng;
use relocore::TypeId;
use relocore::btf::{Btf, Encoding, Kind, Type};

use super::types::{Composite, Enum, Id, Int, Member, Modifier, Ty, Types};

/// Takes types over from a kernel.
#[derive(Debug)]
pub struct Import<'a, 'r> {
    btf: &'a Btf<'a>,
    rng: &'r mut Rng,
    known: HashMap<TypeId, Id>,
    /// What has been taken.
    pub types: Types,
}

/// Members and enumerators taken of one type, at most.
const MEMBERS: usize = 12;

impl<'a, 'r> Import<'a, 'r> {
    /// Nothing taken yet.
    pub fn new(btf: &'a Btf<'a>, rng: &'r mut Rng) -> Self {
        Self {
            btf,
            rng,
            known: HashMap::new(),
            types: Types::new(8),
        }
    }

    /// The source of chance, lent back.
    pub const fn rng(&mut self) -> &mut Rng {
        self.rng
    }

    /// Takes a type; `depth` levels of structs and prototypes keep what is in them.
    pub fn take(&mut self, id: TypeId, depth: u32) -> Id {
        if id == TypeId(0) {
            return 0;
        }
        if let Some(known) = self.known.get(&id) {
            return *known;
        }
        let ty = self.btf.type_by_id(id).expect("a kernel's own number");
        // Its number is given before its members are taken, which may point back to it.
        let taken = self.types.add(Ty::Void);
        self.known.insert(id, taken);
        self.types.all[taken] = self.convert(&ty, depth);
        taken
    }

    fn text(&self, at: relocore::StrOff) -> String {
        let name = self.btf.name(at).expect("a kernel's own name");
        String::from_utf8_lossy(name).into_owned()
    }

    fn convert(&mut self, ty: &Type<'_>, depth: u32) -> Ty {
        let name = self.text(ty.name());
        match ty.kind() {
            Kind::Int => {
                let int = ty.int().expect("it is one");
                Ty::Int(Int {
                    name,
                    bytes: ty.own_size_bytes(),
                    encoding: match int.encoding {
                        Encoding::Unsigned => 0,
                        Encoding::Signed => 1,
                        Encoding::Char => 2,
                        Encoding::Bool => 4,
                        Encoding::Other(bits) => u32::from(bits),
                    },
                    offset: 0,
                })
            }
            Kind::Ptr => Ty::Ptr(self.pointee(ty.referred(), depth)),
            Kind::Array => {
                let array = ty.array().expect("it is one");
                let len = array.len.min(1000); // offsets stay far from 512 MiB
                Ty::Array(self.take(array.element, depth), len)
            }
            Kind::Struct | Kind::Union => {
                let members = self.members(ty, depth);
                Ty::Composite(Composite {
                    name,
                    union: ty.kind() == Kind::Union,
                    bytes: ty.own_size_bytes(),
                    members,
                })
            }
            Kind::Enum | Kind::Enum64 => {
                let start = self.start(ty.vlen());
                let values = ty.enumerators().skip(start).take(MEMBERS);
                Ty::Enum(Enum {
                    name,
                    bytes: ty.own_size_bytes(),
                    signed: ty.kind_flag(),
                    wide: ty.kind() == Kind::Enum64,
                    values: values
                        .map(|one| (self.text(one.name), one.value.cast_signed()))
                        .collect(),
                })
            }
            Kind::Fwd => Ty::Fwd(name, ty.kind_flag()),
            Kind::Typedef => Ty::Typedef(name, self.take(ty.referred(), depth)),
            Kind::Volatile => Ty::Modifier(Modifier::Volatile, self.take(ty.referred(), depth)),
            Kind::Const => Ty::Modifier(Modifier::Const, self.take(ty.referred(), depth)),
            Kind::Restrict => Ty::Modifier(Modifier::Restrict, self.take(ty.referred(), depth)),
            Kind::TypeTag => Ty::Tag(name, self.take(ty.referred(), depth)),
            Kind::Func => Ty::Func(name, self.take(ty.referred(), depth)),
            Kind::FuncProto => {
                let deeper = depth.saturating_sub(1);
                let params = ty.params();
                let params = params.map(|one| (self.text(one.name), self.pointee(one.ty, deeper)));
                let params = params.collect();
                Ty::Proto(self.pointee(ty.referred(), deeper), params)
            }
            Kind::Float => Ty::Float(name, ty.own_size_bytes()),
            _ => Ty::Void, // nothing refers to a variable, a section or a declaration's tag
        }
    }

    /// Where to start taking at most [`MEMBERS`] out of so many.
    fn start(&mut self, count: u32) -> usize {
        let count = usize::try_from(count).expect("at most 2^24");
        self.rng.usize(..=count.saturating_sub(MEMBERS))
    }

    /// Some members in a row, with all before them forgotten; too deep, only small ones.
    fn members(&mut self, ty: &Type<'_>, depth: u32) -> Vec<Member> {
        if depth == 0 {
            return Vec::new();
        }
        let start = self.start(ty.vlen());
        let mut members = Vec::new();
        for member in ty.members().skip(start).take(MEMBERS) {
            members.push(Member {
                name: self.text(member.name),
                ty: self.take(member.ty, depth - 1),
                offset: member.offset.0,
                width: member.bitfield.0,
            });
        }
        members
    }

    /// What a pointer points to: mostly a name will do.
    fn pointee(&mut self, id: TypeId, depth: u32) -> Id {
        if id == TypeId(0) || self.known.contains_key(&id) {
            return self.take(id, 0);
        }
        let ty = self.btf.type_by_id(id).expect("a kernel's own number");
        let keep = depth > 0 && self.rng.u8(..4) == 0;
        match ty.kind() {
            Kind::Struct | Kind::Union if !keep && self.text(ty.name()).is_empty() => 0,
            Kind::Struct | Kind::Union if !keep => {
                let name = self.text(ty.name());
                self.types.add(Ty::Fwd(name, ty.kind() == Kind::Union))
            }
            Kind::FuncProto if depth == 0 => 0,
            _ => self.take(id, depth.saturating_sub(1)),
        }
    }
}
