//! Both sides of a field, as C declares it.
//!
//! Enters: a record and a type of the kernel. Leaves: the two declarations where they differ
//! ([`declared`]), and the members around the field with their places ([`layout`]): what a person
//! compares when two types of one name disagree.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::btf::{Btf, Kind, MAX_CHAIN, Member, Type, essential_name};
use crate::relo::{RelocKind, Spec, TargetType, Why};
use crate::show::{Declaration, Subject};
use crate::units::{Bits, StrOff, TypeId};

use super::members::{Reach, Steps, each_member};

/// The last named member on the way of an access that the kernel's type has by name, and its
/// likeness in the object; if they are not declared alike. Of types that do not match, which `why`
/// says why, the member in which they differ.
pub(super) fn declared(
    subject: &Subject<'_>,
    candidate: TargetType,
    why: Option<Why>,
    steps: &mut Steps,
) -> Option<[String; 2]> {
    let (kind, spec) = subject.spec()?;
    let target = subject.target(candidate.btf)?;
    if kind == RelocKind::TypeMatches {
        return differing(subject, target, candidate.id, why?, steps);
    }
    if !kind.is_field() {
        return None;
    }
    let (nth, found) = follow(subject.local, target, &spec, candidate.id, steps)?;
    let accessor = spec.accessors().get(nth)?;
    let owner = subject.local.type_by_id(accessor.ty).ok()?;
    let own = owner.members().get(accessor.index)?;
    let ours = Declaration::of_member(subject.local, &own).to_string();
    let theirs = Declaration::of_member(target, &found.member).to_string();
    (ours != theirs).then_some([ours, theirs])
}

/// The member whose types on both sides are, or lead to, the two that a comparison told apart.
fn differing(
    subject: &Subject<'_>,
    target: &Btf<'_>,
    root: TypeId,
    why: Why,
    steps: &mut Steps,
) -> Option<[String; 2]> {
    let (Why::Names {
        local: ours,
        target: theirs,
    }
    | Why::Shapes {
        local: ours,
        target: theirs,
    }) = why
    else {
        return None;
    };
    let local = subject.local;
    let own = local.skip_mods(subject.record.type_id).ok()?;
    let root = target.skip_mods(root).ok()?;
    for one in own.members() {
        if !steps.take() {
            return None;
        }
        if !leads(local, one.ty, ours) {
            continue;
        }
        let Some(found) = member(target, root, local.name(one.name).ok()?, steps) else {
            continue;
        };
        if leads(target, found.member.ty, theirs) {
            return Some([
                Declaration::of_member(local, &one).to_string(),
                Declaration::of_member(target, &found.member).to_string(),
            ]);
        }
    }
    None
}

/// Is the type that one, or a pointer to it, or an array of it?
fn leads(btf: &Btf<'_>, from: TypeId, to: TypeId) -> bool {
    let mut at = from;
    for _ in 0..MAX_CHAIN {
        let Ok(ty) = btf.skip_mods(at) else {
            return false;
        };
        if ty.id() == to {
            return true;
        }
        at = match (ty.kind(), ty.array()) {
            (Kind::Ptr, _) => ty.referred(),
            (_, Some(array)) => array.element,
            _ => return false,
        };
    }
    false
}

/// Where an access leads over a type of the kernel, going by names alone.
struct Followed<'a> {
    owner: Type<'a>,
    member: Member,
    /// From the owner's start, anonymous structs included.
    offset: Bits,
}

/// Follows the names of an access as far as the kernel's type has them.
fn follow<'a>(
    local: &Btf<'_>,
    target: &Btf<'a>,
    spec: &Spec,
    root: TypeId,
    steps: &mut Steps,
) -> Option<(usize, Followed<'a>)> {
    let mut last = None;
    let mut at = root;
    for (nth, accessor) in spec.accessors().iter().enumerate() {
        let Ok(ty) = target.skip_mods(at) else {
            break;
        };
        let Some(name) = accessor.name else {
            if nth > 0 {
                match ty.array() {
                    Some(array) => at = array.element,
                    None => break,
                }
            }
            continue;
        };
        let Some(found) = member(target, ty, local.name(name).ok()?, steps) else {
            break;
        };
        at = found.member.ty;
        last = Some((nth, found));
    }
    last
}

/// The member of that name, also in anonymous structs.
fn member<'a>(
    target: &Btf<'a>,
    owner: Type<'a>,
    name: &[u8],
    steps: &mut Steps,
) -> Option<Followed<'a>> {
    let mut found = None;
    each_member(target, owner, Reach::OWN, steps, |way| {
        let same = target.name_is(way.member.name, name) == Ok(true);
        if same {
            found = Some(Followed {
                owner,
                member: way.member,
                offset: way.offset,
            });
        }
        same
    });
    found
}

/// Members of the struct that holds the field, from two before it to two behind it, each with its
/// place; the field's own is marked.
pub(super) fn layout(
    subject: &Subject<'_>,
    candidate: TargetType,
    steps: &mut Steps,
) -> Option<Vec<String>> {
    const AROUND: usize = 2;
    let (kind, spec) = subject.spec()?;
    let target = subject.target(candidate.btf)?;
    if !kind.is_field() {
        return None;
    }
    let (_, field) = follow(subject.local, target, &spec, candidate.id, steps)?;
    let mut lines = Vec::new();
    let (mut before, mut after) = (Vec::new(), 0usize);
    let mut seen = false;
    each_member(target, field.owner, Reach::OWN, steps, |way| {
        let is_field = way.member == field.member && way.offset == field.offset;
        let declaration = Declaration::of_member(target, &way.member);
        let mark = if is_field { "  <-- this one" } else { "" };
        let line = format!(
            "{:<10} {declaration};{mark}",
            place(way.offset, way.member.bitfield)
        );
        if seen {
            lines.push(line);
            after = after.saturating_add(1);
        } else if is_field {
            seen = true;
            if before.len() > AROUND {
                lines.push("...".to_string());
            }
            let skip = before.len().saturating_sub(AROUND);
            lines.extend(before.drain(..).skip(skip));
            lines.push(line);
        } else {
            // One more than is shown tells that there are more.
            if before.len() > AROUND {
                before.remove(0);
            }
            before.push(line);
        }
        after >= AROUND
    });
    Some(lines)
}

/// `byte 8`, `byte 8.3` for a bit inside.
fn place(offset: Bits, bitfield: Bits) -> String {
    let (byte, bit) = (offset.0 / 8, offset.0 % 8);
    if bitfield.0 == 0 {
        format!("byte {byte}:")
    } else {
        format!("byte {byte}, bit {bit}:")
    }
}

/// Has the kernel's struct a member with that essential name?
pub(super) fn has_member(btf: &Btf<'_>, owner: Type<'_>, name: &[u8], steps: &mut Steps) -> bool {
    let mut found = false;
    each_member(btf, owner, Reach::OWN, steps, |way| {
        let member = btf.name(way.member.name).unwrap_or(&[]);
        found |= way.member.name != StrOff::EMPTY && essential_name(member) == name;
        found
    });
    found
}
