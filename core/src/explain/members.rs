//! Members of a struct, also those further inside.
//!
//! Enters: a struct or union. Leaves: its members one by one, with the way that leads to each
//! ([`Way`]): those of anonymous members as its own, those of named ones a level down, and, if
//! asked for, those behind its pointers. One level a call, so that the nearest are found first.
//! Work and depth are bounded, and nothing is allocated.

use core::fmt;

use heapless::Vec;

use crate::btf::{Btf, Kind, Member, Type};
use crate::show::Name;
use crate::units::{Bits, StrOff};

/// Structs that may be inside each other on a way.
const MAX_FRAMES: usize = 12;

/// Members that are still to be looked at: shared by all questions about an object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Steps(pub(super) u32);

impl Steps {
    /// False when there are none left.
    pub(super) const fn take(&mut self) -> bool {
        match self.0.checked_sub(1) {
            Some(left) => {
                self.0 = left;
                true
            }
            None => false,
        }
    }
}

/// A named member on the way to another, and what follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Step {
    name: StrOff,
    is_pointer: bool,
}

/// How a member is reached from the struct that was asked.
#[derive(Clone, Debug)]
pub(super) struct Way<'a> {
    btf: Btf<'a>,
    steps: Vec<Step, MAX_FRAMES>,
    pub(super) member: Member,
    /// From the start of the struct, if no pointer is on the way.
    pub(super) offset: Bits,
}

impl fmt::Display for Way<'_> {
    /// `inner.x`, `q->disk`: the way with the member's name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |at| Name(self.btf.name(at).unwrap_or(b"(bad name)"));
        for step in &self.steps {
            let arrow = if step.is_pointer { "->" } else { "." };
            write!(f, "{}{arrow}", name(step.name))?;
        }
        write!(f, "{}", name(self.member.name))
    }
}

/// How far to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reach {
    /// Named structs to go into: 0 for a struct's own members.
    pub(super) levels: usize,
    /// The first of them is behind a pointer.
    pub(super) by_pointer: bool,
}

impl Reach {
    /// The struct's own members, those of anonymous ones included.
    pub(super) const OWN: Self = Self {
        levels: 0,
        by_pointer: false,
    };
}

struct Frame<'a> {
    ty: Type<'a>,
    next: u32,
    start: Bits,
    named: bool,
}

/// Shows `each` the named members at exactly that reach, until it returns true or `steps` are used
/// up. Damaged types end the walk: what is said is a help, not an answer.
pub(super) fn each_member<'a>(
    btf: &Btf<'a>,
    root: Type<'a>,
    reach: Reach,
    steps: &mut Steps,
    mut each: impl FnMut(&Way<'a>) -> bool,
) {
    let mut frames = Vec::<Frame<'a>, MAX_FRAMES>::new();
    let mut way = Way {
        btf: *btf,
        steps: Vec::new(),
        member: NO_MEMBER,
        offset: Bits(0),
    };
    let mut frame = Frame {
        ty: root,
        next: 0,
        start: Bits(0),
        named: false,
    };
    loop {
        let Some(member) = frame.ty.members().get(frame.next) else {
            if frame.named {
                way.steps.pop();
            }
            match frames.pop() {
                Some(outer) => frame = outer,
                None => return,
            }
            continue;
        };
        if !steps.take() {
            return;
        }
        frame.next = frame.next.saturating_add(1);
        let offset = Bits(frame.start.0.saturating_add(member.offset.0));
        let anonymous = member.name == StrOff::EMPTY;
        if !anonymous && way.steps.len() == reach.levels {
            way.member = member;
            way.offset = offset;
            if each(&way) {
                return;
            }
            continue;
        }
        let by_pointer = !anonymous && reach.by_pointer && way.steps.is_empty();
        let Some((inner, is_pointer)) = inside(btf, &member) else {
            continue;
        };
        if is_pointer != by_pointer || frames.is_full() {
            continue;
        }
        if !anonymous {
            let step = Step {
                name: member.name,
                is_pointer,
            };
            // There are no more named frames than frames.
            let _ = way.steps.push(step);
        }
        let inner = Frame {
            ty: inner,
            next: 0,
            start: if is_pointer { Bits(0) } else { offset },
            named: !anonymous,
        };
        let _ = frames.push(core::mem::replace(&mut frame, inner));
    }
}

const NO_MEMBER: Member = Member {
    name: StrOff::EMPTY,
    ty: crate::units::TypeId::VOID,
    offset: Bits(0),
    bitfield: Bits(0),
};

/// The struct or union that a member is, or points to.
fn inside<'a>(btf: &Btf<'a>, member: &Member) -> Option<(Type<'a>, bool)> {
    let ty = btf.skip_mods(member.ty).ok()?;
    if ty.kind().is_composite() {
        return Some((ty, false));
    }
    if ty.kind() != Kind::Ptr {
        return None;
    }
    let behind = btf.skip_mods(ty.referred()).ok()?;
    behind.kind().is_composite().then_some((behind, true))
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::string::{String, ToString};
    use std::vec;
    use std::vec::Vec;

    use super::*;
    use crate::testing::{Builder, SIGNED, m};
    use crate::units::{Endian, TypeId};

    fn ways(b: &Builder, root: TypeId, reach: Reach, steps: u32) -> Vec<String> {
        let bytes = b.finish(Endian::Little);
        let mut slots = vec![0; 64];
        let btf = Btf::parse(&bytes, &mut slots).unwrap();
        let mut found = Vec::new();
        let root = btf.type_by_id(root).unwrap();
        each_member(&btf, root, reach, &mut Steps(steps), |way| {
            found.push(way.to_string());
            false
        });
        found
    }

    #[test]
    fn levels() {
        let mut b = Builder::new();
        let int = b.add_int("int", 4, SIGNED);
        let deep = b.add_struct("deep", 4, &[m("z", int, 0)]);
        let named = b.add_struct("named", 8, &[m("x", int, 0), m("deep", deep, 32)]);
        let nameless = b.add_union("", 4, &[m("u", int, 0), m("v", named, 0)]);
        let ptr = b.add_ptr(named);
        let s = b.add_struct(
            "S",
            24,
            &[
                m("a", int, 0),
                m("", nameless, 32),
                m("p", ptr, 64),
                m("n", named, 128),
            ],
        );
        let at = |levels, by_pointer| ways(&b, s, Reach { levels, by_pointer }, 1000);
        assert_eq!(at(0, false), ["a", "u", "v", "p", "n"]);
        assert_eq!(at(1, false), ["v.x", "v.deep", "n.x", "n.deep"]);
        assert_eq!(at(2, false), ["v.deep.z", "n.deep.z"]);
        assert_eq!(at(3, false), [""; 0]);
        assert_eq!(at(1, true), ["p->x", "p->deep"]);
        assert_eq!(at(2, true), ["p->deep.z"]);
        assert_eq!(ways(&b, s, Reach::OWN, 3), ["a", "u"]);
    }

    #[test]
    fn structs_inside_each_other_end() {
        let mut b = Builder::new();
        let s = b.next();
        b.add_struct("", 4, &[m("", s, 0), m("x", s, 0), m("y", s, 0)]);
        for levels in 0..4 {
            let reach = Reach {
                levels,
                by_pointer: false,
            };
            let found = ways(&b, s, reach, 10_000);
            assert!(found.len() <= 10_000);
        }
    }
}
