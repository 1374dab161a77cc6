//! Following a local access over a candidate.
//!
//! Enters: the local [`Spec`] and a candidate. Leaves: the target's spec, or the [`Mismatch`]:
//! at which turning point it ends, and why. Rule: libbpf's `bpf_core_spec_match`; members are
//! found by name, through anonymous structs and unions of any depth.

use heapless::Vec;

use crate::btf::{MAX_CHAIN, Type, essential_name};
use crate::units::{StrOff, TypeId};

use super::compat::{self, Pair};
use super::kind::RelocKind;
use super::matches;
use super::outcome::{Failure, Mismatch, Why};
use super::spec::{Accessor, MAX_ACCESSORS, Spec};

/// Follows `local` from the candidate `root`, and fills `target`.
pub(super) fn match_candidate(
    pair: &mut Pair<'_, '_>,
    kind: RelocKind,
    local: &Spec,
    root: TypeId,
    target: &mut Spec,
) -> Result<Option<Mismatch>, Failure> {
    target.start(root);
    let at_root = |why: Option<Why>| why.map(|why| Mismatch { accessor: 0, why });
    if kind.is_field() {
        return follow(pair, local, target);
    }
    if kind.is_enumval() {
        return enumerator(pair, local, target).map(at_root);
    }
    if kind == RelocKind::TypeMatches {
        let why = matches::types_match(pair, local.root(), root, false, MAX_CHAIN)?;
        return Ok(at_root(why));
    }
    compat::types(pair, local.root(), root, MAX_CHAIN).map(at_root)
}

/// The first enumerator of the same essential name.
fn enumerator(
    pair: &mut Pair<'_, '_>,
    local: &Spec,
    target: &mut Spec,
) -> Result<Option<Why>, Failure> {
    let Some(Accessor {
        name: Some(name), ..
    }) = local.last()
    else {
        return Err(Failure::AccessSyntax);
    };
    let name = essential_name(pair.local.name(name).map_err(Failure::Local)?);
    let ty = pair.target(target.root())?;
    if !ty.kind().is_enum() {
        return Ok(Some(Why::Kinds {
            local: crate::btf::Kind::Enum,
            target: ty.kind(),
        }));
    }
    for (index, candidate) in (0..).zip(ty.enumerators()) {
        pair.budget.spend()?;
        let found = pair.target.name(candidate.name).map_err(Failure::Target)?;
        pair.budget.spend_name(found.len())?;
        if essential_name(found) == name {
            target.turn(Accessor {
                ty: ty.id(),
                index,
                name: Some(candidate.name),
            })?;
            target.raw.push(index).map_err(|_| Failure::AccessTooLong)?;
            return Ok(None);
        }
    }
    Ok(Some(Why::NoEnumerator { owner: ty.id() }))
}

/// A path of members and indices.
fn follow(
    pair: &mut Pair<'_, '_>,
    local: &Spec,
    target: &mut Spec,
) -> Result<Option<Mismatch>, Failure> {
    let mut ty = pair.target(target.root())?;
    for (position, accessor) in local.accessors().iter().enumerate() {
        let step = match accessor.name {
            Some(name) => member(pair, *accessor, name, &ty, target)?.map(Some),
            None if position == 0 => Ok(None),
            None => element(pair, accessor.index, &ty, target)?.map(Some),
        };
        let next = match step {
            Ok(next) => next,
            Err(why) => {
                let accessor = u8::try_from(position).unwrap_or(u8::MAX);
                return Ok(Some(Mismatch { accessor, why }));
            }
        };
        // The root stays where it is.
        if let Some(next) = next {
            ty = pair.target(next)?;
        }
        if accessor.name.is_none() {
            let index = accessor.index;
            target.raw.push(index).map_err(|_| Failure::AccessTooLong)?;
            target.turn(Accessor {
                ty: ty.id(),
                index,
                name: None,
            })?;
            let bytes = pair.target.size_of(ty).map_err(Failure::Target)?;
            target.advance(index, bytes)?;
        }
    }
    Ok(None)
}

/// Where a step leads, or why there is none.
type Step = Result<TypeId, Why>;

/// The element type, if `ty` is an array that long.
fn element(pair: &Pair<'_, '_>, index: u32, ty: &Type<'_>, target: &Spec) -> Result<Step, Failure> {
    let Some(array) = ty.array() else {
        return Ok(Err(Why::NotArray { found: ty.kind() }));
    };
    let flexible = || {
        target
            .is_flexible(pair.target, array.len)
            .map_err(Failure::Target)
    };
    if index >= array.len && !flexible()? {
        return Ok(Err(Why::ArrayBound { len: array.len }));
    }
    Ok(Ok(array.element))
}

/// A struct or union whose members are being searched.
#[derive(Clone, Copy, Debug)]
struct Frame<'a> {
    ty: Type<'a>,
    next: u32,
    /// Offset of this struct from the root, in bits.
    bit_offset: u32,
}

/// Is `name` the NUL-terminated name at the start of `text`?
#[inline(always)]
fn begins_with(text: &[u8], name: &[u8]) -> bool {
    // Most names differ at once; only then is it worth a call to compare them.
    text.first() == name.first()
        && text
            .strip_prefix(name)
            .is_some_and(|rest| rest.first() == Some(&0))
}

/// Finds the member called like the local accessor's, depth first through anonymous members. The
/// one found ends the search: if its type is not compatible, the candidate does not match (libbpf
/// goes on with a wrong offset there). C forbids a second one of that name; if there is one all
/// the same, the one at the local member's place is taken, else the first.
fn member<'a>(
    pair: &mut Pair<'_, 'a>,
    local: Accessor,
    name: StrOff,
    ty: &Type<'a>,
    target: &mut Spec,
) -> Result<Step, Failure> {
    if !ty.kind().is_composite() {
        return Ok(Err(Why::NotComposite { found: ty.kind() }));
    }
    let name = pair.local.name(name).map_err(Failure::Local)?;
    let mut frames = Vec::<Frame<'a>, MAX_ACCESSORS>::new();
    let mut frame = Frame {
        ty: *ty,
        next: 0,
        bit_offset: target.bit_offset,
    };
    // Objects made from a kernel's own header mostly have the member at the same place.
    if let Some(member) = ty.members().get(local.index)
        && pair
            .target
            .name_is(member.name, name)
            .map_err(Failure::Target)?
    {
        frame.next = local.index;
    }
    loop {
        let index = frame.next;
        let Some(member) = frame.ty.members().get(index) else {
            // This one does not have it: back to the struct around it.
            let Some(outer) = frames.pop() else {
                return Ok(Err(Why::NoMember { owner: ty.id() }));
            };
            frame = outer;
            target.raw.pop();
            continue;
        };
        pair.budget.spend()?;
        pair.budget.spend_name(name.len())?;
        frame.next = index.wrapping_add(1);
        let text = pair.target.text(member.name).map_err(Failure::Target)?;
        let anonymous = member.name == StrOff::EMPTY || text.first() == Some(&0);
        if !anonymous && !begins_with(text, name) {
            continue;
        }
        target.bit_offset = frame.bit_offset;
        target.advance_bits(u64::from(member.offset.0))?;
        target.raw.push(index).map_err(|_| Failure::AccessTooLong)?;
        if anonymous {
            let inner = pair.target(member.ty)?;
            if inner.kind().is_composite() {
                frames.push(frame).map_err(|_| Failure::AccessTooLong)?;
                frame = Frame {
                    ty: inner,
                    next: 0,
                    bit_offset: target.bit_offset,
                };
            } else {
                target.raw.pop();
            }
            continue;
        }
        target.turn(Accessor {
            ty: frame.ty.id(),
            index,
            name: Some(member.name),
        })?;
        let owner = pair.local.type_by_id(local.ty).map_err(Failure::Local)?;
        // The spec was made from this very member.
        let declared = owner
            .members()
            .get(local.index)
            .ok_or(Failure::AccessSyntax)?;
        let why = compat::fields(pair, declared.ty, member.ty)?;
        return Ok(why.map_or(Ok(member.ty), Err));
    }
}
