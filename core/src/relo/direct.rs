//! The way that most records go: a member of a struct, found by its name in the only candidate.
//!
//! Enters: a record and the one candidate of its root. Leaves: its answer; `None` for whatever is
//! not that plain or not in order, and then the general way answers (and says what is wrong). The
//! parts are the general way's own; what is saved is the access spec and the bookkeeping around
//! several candidates. Tests hold both ways equal.

use crate::btf::{Btf, Member, Type};
use crate::ext::CoreRelo;
use crate::units::StrOff;

use super::candidates::Candidate;
use super::compat::{self, Pair};
use super::kind::RelocKind;
use super::outcome::{Failure, Resolution};
use super::path::begins_with;
use super::spec::Leaf;
use super::value;

/// Answers `record`, if it is of that sort.
pub(super) fn resolve(
    pair: &mut Pair<'_, '_>,
    kind: RelocKind,
    record: &CoreRelo,
    candidate: Candidate,
) -> Option<Resolution> {
    if !kind.is_field() {
        return None;
    }
    let index = only_member(pair.local.text(record.access).ok()?)?;
    let root = pair.local.type_by_id(record.type_id).ok()?;
    let member = root.members().get(index)?;
    let name = pair.local.name(member.name).ok()?;
    if name.is_empty() {
        return None;
    }
    let local = leaf(pair.local, member)?;
    let own = value::of_field(pair.local, kind, member.offset.0, &local, Failure::Local).ok()?;

    pair.budget.spend().ok()?;
    let root = pair.target.type_by_id(candidate.id).ok()?;
    let member = find(pair, &root, index, name)?;
    let target = leaf(pair.target, member)?;
    let compatible = compat::fields(pair, local.ty, target.ty).ok()?.is_none();
    let offset = member.offset.0;
    let value = value::of_field(pair.target, kind, offset, &target, Failure::Target).ok()?;
    compatible.then(|| value::answer(kind, &own, candidate.target(), &value))
}

/// *n*, if the access is `0:n`: the member number *n* of what the root's pointer points to.
fn only_member(access: &[u8]) -> Option<u32> {
    let mut digits = access.strip_prefix(b"0:")?;
    let mut index = 0u32;
    let mut any = false;
    while let Some((&byte, rest)) = digits.split_first() {
        match byte {
            b'0'..=b'9' => index = index.checked_mul(10)?.checked_add(u32::from(byte & 15))?,
            0 => break,
            _ => return None,
        }
        (digits, any) = (rest, true);
    }
    any.then_some(index)
}

fn leaf<'a>(btf: &Btf<'a>, member: Member) -> Option<Leaf<'a>> {
    let ty = btf.skip_mods(member.ty).ok()?;
    Some(Leaf {
        ty,
        member: Some(member),
    })
}

/// The member of that name, first looked for at the local one's place. Not beyond an anonymous
/// one: what is inside comes before what is behind.
fn find(pair: &mut Pair<'_, '_>, root: &Type<'_>, index: u32, name: &[u8]) -> Option<Member> {
    let members = root.members();
    let text = |member: &Member| pair.target.text(member.name).ok();
    if let Some(member) = members.get(index)
        && begins_with(text(&member)?, name)
    {
        pair.budget.spend().ok()?;
        return Some(member);
    }
    for member in members {
        pair.budget.spend().ok()?;
        pair.budget.spend_name(name.len()).ok()?;
        let text = pair.target.text(member.name).ok()?;
        if member.name == StrOff::EMPTY || text.first() == Some(&0) {
            return None;
        }
        if begins_with(text, name) {
            return Some(member);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accesses() {
        for (access, index) in [
            (&b"0:7\0"[..], Some(7)),
            (b"0:07\0", Some(7)),
            (b"0:4294967295\0", Some(u32::MAX)),
            (b"0:4294967296\0", None),
            (b"0:\0", None),
            (b"0\0", None),
            (b"1:7\0", None),
            (b"0:7:1\0", None),
            (b"0:-7\0", None),
        ] {
            assert_eq!(only_member(access), index, "{access:?}");
        }
    }
}
