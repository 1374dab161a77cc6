//! [`Types`] written as BTF, in either byte order.
//!
//! Enters: types; for a module's, how many of them are its base's. Leaves: the words of a `.BTF`
//! section, to which other strings can still be added.

use relocore::Endian;

use crate::types::{Record, Types as Raw};

use super::types::{Id, Ty, Types};

/// The types from number `first` on: 1, or behind the base's, whose strings go before these.
pub fn write(types: &Types, first: Id, base: Option<&Raw>, endian: Endian) -> Raw {
    let mut raw = Raw::new(endian);
    if let Some(base) = base {
        raw.strings.clear();
        raw.first_string = base.first_string + number(base.strings.len());
    }
    for ty in &types.all[first..] {
        let record = record(ty, &mut raw);
        raw.records.push(record);
    }
    raw
}

pub(super) fn number(id: usize) -> u32 {
    u32::try_from(id).expect("some thousands")
}

fn record(ty: &Ty, raw: &mut Raw) -> Record {
    let (kind, flag, name, word) = match ty {
        Ty::Void => (0, false, "", 0),
        Ty::Int(int) => (1, false, &int.name[..], int.bytes),
        Ty::Ptr(to) => (2, false, "", number(*to)),
        Ty::Array(..) => (3, false, "", 0),
        Ty::Composite(one) => {
            let flag = one.members.iter().any(|member| member.width > 0);
            (4 + u32::from(one.union), flag, &one.name[..], one.bytes)
        }
        Ty::Enum(one) if one.wide => (19, one.signed, &one.name[..], one.bytes),
        Ty::Enum(one) => (6, one.signed, &one.name[..], one.bytes),
        Ty::Fwd(name, union) => (7, *union, &name[..], 0),
        Ty::Typedef(name, to) => (8, false, &name[..], number(*to)),
        Ty::Modifier(kind, to) => (*kind as u32, false, "", number(*to)),
        // Of functions the linkage is static.
        Ty::Func(name, proto) => (12, false, &name[..], number(*proto)),
        Ty::Proto(result, _) => (13, false, "", number(*result)),
        Ty::Float(name, bytes) => (16, false, &name[..], *bytes),
        Ty::Tag(name, to) => (18, false, &name[..], number(*to)),
    };
    let mut record = Record {
        name: raw.name(name.as_bytes()),
        info: u32::from(flag) << 31 | kind << 24,
        word,
        tail: tail(ty, raw),
    };
    record.recount();
    record
}

fn tail(ty: &Ty, raw: &mut Raw) -> Vec<u32> {
    let mut tail = Vec::new();
    match ty {
        Ty::Int(int) => tail.push(int.encoding << 24 | int.offset << 16 | (int.bytes * 8).min(128)),
        Ty::Array(element, len) => tail.extend([number(*element), number(Types::INDEX), *len]),
        Ty::Composite(one) => {
            for member in &one.members {
                let place = member.width << 24 | member.offset;
                tail.extend([raw.name(member.name.as_bytes()), number(member.ty), place]);
            }
        }
        Ty::Enum(one) => {
            for (name, value) in &one.values {
                tail.extend([raw.name(name.as_bytes()), *value as u32]);
                tail.extend(one.wide.then_some((*value >> 32) as u32));
            }
        }
        Ty::Proto(_, params) => {
            for (name, ty) in params {
                tail.extend([raw.name(name.as_bytes()), number(*ty)]);
            }
        }
        _ => {}
    }
    tail
}
