//! Access strings, and what the compiler would have worked out of them.
//!
//! Enters: [`Types`] and a root. Leaves: a random [`path`] and its [`Local`] value, by the rules of
//! C: what a correct object holds in the instruction.

use fastrand::Rng;

use super::types::{Id, Ty, Types};

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Local {
    /// Its type.
    pub ty: Id,
    /// Its first bit.
    pub offset: u64,
    /// Its width if it is a bitfield, else 0.
    pub width: u32,
    /// Is it an element of an array, or the root itself?
    pub is_element: bool,
}

/// A way from the root down, as an access string has it, first the root's own index.
pub fn path(types: &Types, root: Id, rng: &mut Rng) -> Vec<u32> {
    let mut path = vec![if rng.u8(..12) == 0 { rng.u32(1..4) } else { 0 }];
    let mut at = root;
    loop {
        // A compiler stops at nothing that has no name.
        if path.len() > 1 && rng.u8(..6) == 0 && !types.name(at).is_empty() {
            return path;
        }
        match &types.all[types.bare(at)] {
            Ty::Composite(one) if !one.members.is_empty() => {
                let nth = rng.usize(..one.members.len());
                path.push(u32::try_from(nth).expect("a few"));
                at = one.members[nth].ty;
            }
            // Sometimes one too far, which only flexible arrays allow.
            Ty::Array(element, len) if rng.u8(..3) > 0 => {
                let end = if rng.u8(..40) == 0 {
                    *len + 3
                } else {
                    (*len).max(1)
                };
                path.push(rng.u32(..end));
                at = *element;
            }
            _ => return path,
        }
    }
}

/// Follows a path. `None` if it leads nowhere.
pub fn follow(types: &Types, root: Id, path: &[u32]) -> Option<Local> {
    let (first, rest) = path.split_first()?;
    let mut at = Local {
        ty: root,
        offset: u64::from(*first) * u64::from(types.bytes(root)) * 8,
        width: 0,
        is_element: true,
    };
    for &nth in rest {
        at = match &types.all[types.bare(at.ty)] {
            Ty::Composite(one) => {
                let member = one.members.get(usize::try_from(nth).ok()?)?;
                Local {
                    ty: member.ty,
                    offset: at.offset + u64::from(member.offset),
                    width: member.width,
                    is_element: false,
                }
            }
            Ty::Array(element, _) => Local {
                ty: *element,
                offset: at.offset + u64::from(nth) * u64::from(types.bytes(*element)) * 8,
                width: 0,
                is_element: true,
            },
            _ => return None,
        };
    }
    Some(at)
}

/// Is a field of that type signed?
pub fn is_signed(types: &Types, ty: Id) -> bool {
    match &types.all[types.bare(ty)] {
        Ty::Int(int) => int.encoding == 1,
        Ty::Enum(one) => one.signed,
        _ => false,
    }
}

/// Size of one innermost element: what a load of it moves.
pub fn element_bytes(types: &Types, mut ty: Id) -> u32 {
    while let Ty::Array(element, _) = types.all[types.bare(ty)] {
        ty = element;
    }
    types.bytes(ty)
}
