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
use super::spec::{Accessor, Leaf, MAX_ACCESSORS, Spec};

/// A match, and where it ends; or why there is none.
pub(super) type Match<'a> = Result<Leaf<'a>, Mismatch>;

/// Follows `local`, which ends at `leaf`, from the candidate `root`, and fills `target`.
pub(super) fn match_candidate<'a>(
    pair: &mut Pair<'_, 'a>,
    kind: RelocKind,
    (local, leaf): (&Spec, &Leaf<'a>),
    root: TypeId,
    target: &mut Spec,
) -> Result<Match<'a>, Failure> {
    target.start(root);
    if kind.is_field() {
        return follow(pair, local, leaf, target);
    }
    let at_root = |why: Why| Mismatch { accessor: 0, why };
    if kind.is_enumval() {
        return Ok(enumerator(pair, local, target)?.map_err(at_root));
    }
    let why = if kind == RelocKind::TypeMatches {
        matches::types_match(pair, local.root(), root, false, MAX_CHAIN)?
    } else {
        compat::types(pair, local.root(), root, MAX_CHAIN)?
    };
    if let Some(why) = why {
        return Ok(Err(at_root(why)));
    }
    let root = pair.target.type_by_id(root).map_err(Failure::Target)?;
    Ok(Ok(Leaf::new(root)))
}

/// The first enumerator of the same essential name.
fn enumerator<'a>(
    pair: &mut Pair<'_, 'a>,
    local: &Spec,
    target: &mut Spec,
) -> Result<Result<Leaf<'a>, Why>, Failure> {
    let Some(Accessor {
        name: Some(name), ..
    }) = local.last()
    else {
        return Err(Failure::AccessSyntax);
    };
    let name = essential_name(pair.local.name(name).map_err(Failure::Local)?);
    let ty = pair.target(target.root())?;
    if !ty.kind().is_enum() {
        return Ok(Err(Why::Kinds {
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
            return Ok(Ok(Leaf::new(ty)));
        }
    }
    Ok(Err(Why::NoEnumerator { owner: ty.id() }))
}

/// A path of members and indices.
fn follow<'a>(
    pair: &mut Pair<'_, 'a>,
    local: &Spec,
    leaf: &Leaf<'a>,
    target: &mut Spec,
) -> Result<Match<'a>, Failure> {
    let mut at = Leaf::new(pair.target(target.root())?);
    let last = local.accessors().len().wrapping_sub(1);
    for (position, accessor) in local.accessors().iter().enumerate() {
        let step = match accessor.name {
            Some(name) => {
                let declared = if position == last {
                    leaf.ty
                } else {
                    declared(pair, accessor)?
                };
                member(pair, accessor.index, name, &declared, &at.ty, target)?
            }
            // The root stays where it is.
            None if position == 0 => Ok(at),
            None => element(pair, accessor.index, &at.ty, target)?,
        };
        at = match step {
            Ok(next) => next,
            Err(why) => {
                let accessor = u8::try_from(position).unwrap_or(u8::MAX);
                return Ok(Err(Mismatch { accessor, why }));
            }
        };
        if accessor.name.is_none() {
            let index = accessor.index;
            target.raw.push(index).map_err(|_| Failure::AccessTooLong)?;
            target.turn(Accessor {
                ty: at.ty.id(),
                index,
                name: None,
            })?;
            let bytes = pair.target.size_of(at.ty).map_err(Failure::Target)?;
            target.advance(index, bytes)?;
        }
    }
    Ok(Ok(at))
}

/// Type of a local member, modifiers skipped.
fn declared<'a>(pair: &mut Pair<'_, 'a>, accessor: &Accessor) -> Result<Type<'a>, Failure> {
    let owner = pair.local.type_by_id(accessor.ty).map_err(Failure::Local)?;
    // The spec was made from this very member.
    let member = owner.members().get(accessor.index);
    pair.local(member.ok_or(Failure::AccessSyntax)?.ty)
}

/// Where a step leads, or why there is none.
type Step<'a> = Result<Leaf<'a>, Why>;

/// The element type, if `ty` is an array that long.
fn element<'a>(
    pair: &mut Pair<'_, 'a>,
    index: u32,
    ty: &Type<'_>,
    target: &Spec,
) -> Result<Step<'a>, Failure> {
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
    Ok(Ok(Leaf::new(pair.target(array.element)?)))
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
pub(super) fn begins_with(text: &[u8], name: &[u8]) -> bool {
    // Most names differ at once; only then is it worth a call to compare them.
    text.first() == name.first()
        && text
            .strip_prefix(name)
            .is_some_and(|rest| rest.first() == Some(&0))
}

/// Finds the member called like the local one, number `like` of its struct and of type
/// `declared`, depth first through anonymous members. The one found ends the search: if its type
/// is not compatible, the candidate does not match (libbpf goes on with a wrong offset there). C
/// forbids a second one of that name; if there is one all the same, the one at the local member's
/// place is taken, else the first.
fn member<'a>(
    pair: &mut Pair<'_, 'a>,
    like: u32,
    name: StrOff,
    declared: &Type<'a>,
    ty: &Type<'a>,
    target: &mut Spec,
) -> Result<Step<'a>, Failure> {
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
    if let Some(member) = ty.members().get(like)
        && pair
            .target
            .name_is(member.name, name)
            .map_err(Failure::Target)?
    {
        frame.next = like;
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
        let found = pair.target(member.ty)?;
        let why = compat::fields(pair, *declared, found)?;
        return Ok(match why {
            Some(why) => Err(why),
            None => Ok(Leaf {
                ty: found,
                member: Some(member),
            }),
        });
    }
}
