//! Random changes: what happens to types from one kernel version to the next, and what authors of
//! programs do to them.
//!
//! Enters: [`Types`]. Leaves: the same, a little different, still such that a compiler could have
//! made them: names within a struct are unique over all its anonymous levels, and layouts are C's.

use std::collections::HashSet;

use fastrand::Rng;

use super::types::{Composite, Enum, Id, Int, Member, Modifier, Ty, Types};

/// Makes `count` random changes.
pub fn mutate(types: &mut Types, count: usize, rng: &mut Rng) {
    for _ in 0..count {
        let id = rng.usize(3..types.all.len().max(4));
        if id >= types.all.len() {
            return;
        }
        match &types.all[id] {
            Ty::Composite(_) => composite(types, id, rng),
            Ty::Enum(_) => enumerators(types, id, rng),
            Ty::Array(element, len) => {
                let len = [0, 1, *len / 2, *len + 1, *len * 2][rng.usize(..5)];
                types.all[id] = Ty::Array(*element, len.min(1000));
            }
            Ty::Proto(..) => parameters(types, id, rng),
            Ty::Int(_) => types.all[id] = Ty::Int(int(rng)),
            _ => {}
        }
        if rng.u8(..8) == 0 {
            flavor(types, id, rng);
        }
    }
    let ids: Vec<_> = (0..types.all.len()).collect();
    for id in &ids {
        unique_names(types, *id);
    }
    lay_out_all(types, rng);
}

/// C's layout for most; of the rest some are packed, and some keep their offsets, as structs of
/// which only parts are declared do.
fn lay_out_all(types: &mut Types, rng: &mut Rng) {
    let mut done = HashSet::new();
    for id in 0..types.all.len() {
        lay_out(types, id, &mut done, rng);
    }
}

fn lay_out(types: &mut Types, id: Id, done: &mut HashSet<Id>, rng: &mut Rng) {
    if !done.insert(id) {
        return;
    }
    // What it contains comes first.
    let inner: Vec<_> = match &types.all[id] {
        Ty::Composite(one) => one.members.iter().map(|member| member.ty).collect(),
        Ty::Array(to, _) | Ty::Typedef(_, to) | Ty::Modifier(_, to) | Ty::Tag(_, to) => vec![*to],
        _ => return,
    };
    for id in inner {
        lay_out(types, id, done, rng);
    }
    match rng.u8(..10) {
        0 => types.lay_out(id, true),
        _ => types.lay_out(id, false),
    }
}

fn composite(types: &mut Types, id: Id, rng: &mut Rng) {
    let one = types.composite(id).expect("the caller looked");
    if one.members.is_empty() {
        return add_member(types, id, rng);
    }
    let nth = rng.usize(..one.members.len());
    let member = one.members[nth].clone();
    match rng.u8(..17) {
        0 => drop(edit(types, id).members.remove(nth)),
        1 => edit(types, id).members[nth].name = renamed(&member.name, rng),
        2 => edit(types, id).members[nth].name += "___new",
        3 | 4 => retype(types, id, nth, rng),
        5 => wrap(types, id, nth, rng),
        6 => unwrap(types, id, nth),
        7 | 15 | 16 => bitfield(types, id, nth, rng),
        8 => {
            let ty = qualified(types, member.ty, rng);
            edit(types, id).members[nth].ty = ty;
        }
        9 => {
            let len = rng.u32(..5);
            let ty = types.add(Ty::Array(member.ty, len));
            set_type(types, id, nth, ty);
        }
        10 => rng.shuffle(&mut edit(types, id).members),
        11 => add_member(types, id, rng),
        12 => edit(types, id).union ^= true,
        13 => {
            // A flexible array at the end, or what looks like one in the middle.
            let ty = types.add(Ty::Array(member.ty, 0));
            let last = Member {
                name: format!("{}_flex", member.name),
                ty,
                offset: 0,
                width: 0,
            };
            let at = if rng.bool() {
                nth
            } else {
                edit(types, id).members.len()
            };
            edit(types, id).members.insert(at, last);
        }
        _ => edit(types, id).members.swap(0, nth),
    }
}

fn edit(types: &mut Types, id: Id) -> &mut Composite {
    types.composite_mut(id).expect("the caller looked")
}

/// A bitfield only goes with integers and enums that have its bits.
fn set_type(types: &mut Types, id: Id, nth: usize, ty: Id) {
    let bits = match types.all[types.bare(ty)] {
        Ty::Int(_) | Ty::Enum(_) => types.bytes(ty) * 8,
        _ => 0,
    };
    let member = &mut edit(types, id).members[nth];
    member.ty = ty;
    member.width = member.width.min(bits);
}

fn renamed(name: &str, rng: &mut Rng) -> String {
    match rng.u8(..3) {
        0 => format!("__{name}"),
        1 => format!("{name}_old"),
        _ => name
            .chars()
            .rev()
            .filter(char::is_ascii_alphabetic)
            .collect(),
    }
}

/// An integer of some size and sign.
fn int(rng: &mut Rng) -> Int {
    let (name, bytes, encoding) = [
        ("char", 1, 1),
        ("unsigned char", 1, 0),
        ("char", 1, 2),
        ("_Bool", 1, 4),
        ("short int", 2, 1),
        ("short unsigned int", 2, 0),
        ("int", 4, 1),
        ("unsigned int", 4, 0),
        ("long long int", 8, 1),
        ("long long unsigned int", 8, 0),
        ("__int128 unsigned", 16, 0),
    ][rng.usize(..11)];
    Int {
        name: name.to_owned(),
        bytes,
        encoding,
        // Old compilers' bitfields: nobody's fields are compatible with them.
        offset: u32::from(bytes == 4 && rng.u8(..100) == 0),
    }
}

/// Another type for a member: mostly an integer, sometimes anything that has a size.
fn retype(types: &mut Types, id: Id, nth: usize, rng: &mut Rng) {
    let old = types.composite(id).expect("the caller looked").members[nth].ty;
    let ty = match rng.u8(..10) {
        0 => Ty::Ptr(old),
        1 => Ty::Ptr(0),
        2 => Ty::Float("double".to_owned(), 8),
        3 => Ty::Enum(Enum {
            name: String::new(),
            bytes: 4,
            signed: false,
            wide: false,
            values: vec![("ONLY_ONE".to_owned(), 1)],
        }),
        4 => {
            // Something that is here already; what it is made of can't contain it.
            let other = rng.usize(1..types.all.len());
            let plain = matches!(
                types.all[types.bare(other)],
                Ty::Int(_) | Ty::Enum(_) | Ty::Ptr(_)
            );
            return if plain {
                set_type(types, id, nth, other)
            };
        }
        _ => Ty::Int(int(rng)),
    };
    let ty = types.add(ty);
    set_type(types, id, nth, ty);
}

/// Moves a member, and perhaps its neighbours, into an anonymous struct or union.
fn wrap(types: &mut Types, id: Id, nth: usize, rng: &mut Rng) {
    let one = edit(types, id);
    let end = (nth + rng.usize(1..4)).min(one.members.len());
    let moved = one.members.drain(nth..end).collect();
    let inner = types.add(Ty::Composite(Composite {
        name: String::new(),
        union: rng.bool(),
        bytes: 0,
        members: moved,
    }));
    let member = Member {
        name: String::new(),
        ty: inner,
        offset: 0,
        width: 0,
    };
    edit(types, id).members.insert(nth, member);
}

/// Moves the members of an anonymous member, or of a named one, up to where it was.
fn unwrap(types: &mut Types, id: Id, nth: usize) {
    let inner = types.composite(id).expect("the caller looked").members[nth].ty;
    let Some(inner) = types.composite(types.bare(inner)) else {
        return;
    };
    let members = inner.members.clone();
    edit(types, id).members.splice(nth..=nth, members);
}

fn bitfield(types: &mut Types, id: Id, nth: usize, rng: &mut Rng) {
    let member = types.composite(id).expect("the caller looked").members[nth].clone();
    let base = types.bare(member.ty);
    // Anonymous bitfields are but gaps; of 16 bytes, no load is.
    let fits = matches!(&types.all[base], Ty::Int(int) if int.offset == 0)
        || matches!(types.all[base], Ty::Enum(_));
    let bits = types.bytes(base) * 8;
    if fits && !member.name.is_empty() && (8..=64).contains(&bits) {
        let width = if member.width > 0 {
            0
        } else {
            rng.u32(1..=bits)
        };
        edit(types, id).members[nth].width = width;
    }
}

/// Behind a typedef, a qualifier or a tag.
fn qualified(types: &mut Types, ty: Id, rng: &mut Rng) -> Id {
    let modifiers = [Modifier::Const, Modifier::Volatile];
    let ty = match rng.u8(..4) {
        0 => Ty::Typedef(format!("alias_{ty}_t"), ty),
        1 if matches!(types.all[ty], Ty::Ptr(_)) => Ty::Modifier(Modifier::Restrict, ty),
        2 if matches!(types.all[ty], Ty::Ptr(to) if to != 0) => {
            // Tags are on what is pointed to.
            let Ty::Ptr(to) = types.all[ty] else {
                return ty;
            };
            let tagged = types.add(Ty::Tag("rcu".to_owned(), to));
            Ty::Ptr(tagged)
        }
        _ => Ty::Modifier(modifiers[rng.usize(..2)], ty),
    };
    types.add(ty)
}

fn add_member(types: &mut Types, id: Id, rng: &mut Rng) {
    let ty = types.add(Ty::Int(int(rng)));
    let one = edit(types, id);
    let member = Member {
        name: format!("added_{ty}"),
        ty,
        offset: 0,
        width: 0,
    };
    let at = rng.usize(..=one.members.len());
    one.members.insert(at, member);
}

fn enumerators(types: &mut Types, id: Id, rng: &mut Rng) {
    let Ty::Enum(one) = &mut types.all[id] else {
        return;
    };
    let nth = rng.usize(..one.values.len().max(1));
    match rng.u8(..8) {
        0 if nth < one.values.len() => drop(one.values.remove(nth)),
        1 if nth < one.values.len() => one.values[nth].0 += "___v2",
        2 if nth < one.values.len() => one.values[nth].0 = format!("NEW_{}", one.values[nth].0),
        3 | 4 => {
            let values = [
                0,
                -1,
                i64::from(i32::MIN),
                i64::from(i32::MAX),
                1 << 31,
                1 << 32,
                i64::MIN,
            ];
            let value = values[rng.usize(..values.len())].wrapping_add(rng.i64(..3));
            one.values
                .push((format!("ADDED_{}", one.values.len()), value));
        }
        5 => one.wide ^= true,
        6 => rng.shuffle(&mut one.values),
        _ => one.bytes = [1, 2, 4, 8][rng.usize(..4)],
    }
    one.signed = one.values.iter().any(|(_, value)| *value < 0);
    if one.wide {
        one.bytes = 8;
    } else if one
        .values
        .iter()
        .any(|(_, value)| i32::try_from(*value).is_err() && u32::try_from(*value).is_err())
    {
        one.wide = true;
        one.bytes = 8;
    }
}

fn parameters(types: &mut Types, id: Id, rng: &mut Rng) {
    let added = types.add(Ty::Int(int(rng)));
    let Ty::Proto(result, params) = &mut types.all[id] else {
        return;
    };
    match rng.u8(..3) {
        0 => drop(params.pop()),
        1 => params.push(("added".to_owned(), added)),
        _ => *result = added,
    }
}

/// A flavor behind a type's name, or what only looks like one.
pub fn flavor(types: &mut Types, id: Id, rng: &mut Rng) {
    if let Some(name) = types.name_mut(id)
        && !name.is_empty()
    {
        *name += ["___x", "___x", "___old___new", "____y", "___", "__z"][rng.usize(..6)];
    }
}

/// Gives every second member of a name another one, whatever anonymous levels they are at.
fn unique_names(types: &mut Types, id: Id) {
    fn rename(types: &mut Types, id: Id, known: &mut HashSet<String>) {
        let count = types.composite(id).map_or(0, |one| one.members.len());
        for nth in 0..count {
            let member = types.composite(id).expect("looked above").members[nth].clone();
            if member.name.is_empty() {
                let inner = types.bare(member.ty);
                rename(types, inner, known);
            } else if !known.insert(member.name.clone()) {
                let name = format!("{}_{}", member.name, known.len());
                known.insert(name.clone());
                edit(types, id).members[nth].name = name;
            }
        }
    }
    if types.composite(id).is_some() {
        rename(types, id, &mut HashSet::new());
    }
}
