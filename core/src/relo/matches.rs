//! The strict relation of `TYPE_MATCHES`: every local member, enumerator and parameter has its
//! like in the target.
//!
//! Enters: a local and a target type whose names are known to agree. Leaves: `None` if they
//! match, else [`Why`] not. Rule: libbpf's `__bpf_core_types_match`. Recursion is bounded by
//! [`MAX_CHAIN`] levels and by the object's budget of work.

use crate::btf::{Enumerators, Kind, MAX_CHAIN, Type};
use crate::units::TypeId;

use super::compat::Pair;
use super::outcome::{Failure, Why};

/// Compares two types. Behind a pointer a composite need only be one of the same name.
pub(super) fn types_match(
    pair: &mut Pair<'_, '_>,
    local: TypeId,
    target: TypeId,
    mut behind_ptr: bool,
    level: u32,
) -> Result<Option<Why>, Failure> {
    let Some(level) = level.checked_sub(1) else {
        return Err(Failure::TooComplex);
    };
    let (mut local, mut target) = (pair.local(local)?, pair.target(target)?);
    for _ in 0..MAX_CHAIN {
        pair.budget.spend()?;
        if !pair.essential_names(local.name(), target.name())? {
            return Ok(Some(Why::Names {
                local: local.id(),
                target: target.id(),
            }));
        }
        let (l, t) = (local.kind(), target.kind());
        let when = |matches, why| Ok(if matches { None } else { Some(why) });
        let kinds = Why::Kinds {
            local: l,
            target: t,
        };
        let shapes = Why::Shapes {
            local: local.id(),
            target: target.id(),
        };
        let (next_local, next_target) = match l {
            Kind::Void => return when(l == t, kinds),
            Kind::Fwd if l == t => return when(local.kind_flag() == target.kind_flag(), kinds),
            Kind::Fwd => return when(behind_ptr && declares(&local, t), kinds),
            Kind::Enum | Kind::Enum64 if t.is_enum() => return enums(pair, &local, &target),
            Kind::Struct | Kind::Union if behind_ptr => {
                return when(l == t || t == Kind::Fwd && declares(&target, l), kinds);
            }
            Kind::Struct | Kind::Union if l == t => return members(pair, &local, &target, level),
            Kind::Int => {
                let signed = |ty: &Type<'_>| ty.int().map(|int| int.encoding.is_signed());
                let same = local.own_size_bytes() == target.own_size_bytes();
                return when(l == t && same && signed(&local) == signed(&target), shapes);
            }
            Kind::Ptr if l == t => {
                behind_ptr = true;
                (local.referred(), target.referred())
            }
            Kind::Array => match (local.array(), target.array()) {
                (Some(l), Some(t)) if l.len == t.len => (l.element, t.element),
                (Some(_), Some(_)) => return Ok(Some(shapes)),
                _ => return Ok(Some(kinds)),
            },
            Kind::FuncProto if l == t => {
                if local.vlen() != target.vlen() {
                    return Ok(Some(shapes));
                }
                for (l, t) in local.params().zip(target.params()) {
                    if let Some(why) = types_match(pair, l.ty, t.ty, behind_ptr, level)? {
                        return Ok(Some(why));
                    }
                }
                (local.referred(), target.referred())
            }
            _ => return Ok(Some(kinds)),
        };
        (local, target) = (pair.local(next_local)?, pair.target(next_target)?);
    }
    Err(Failure::TooComplex)
}

/// Is `fwd` a forward declaration of that kind of composite?
const fn declares(fwd: &Type<'_>, kind: Kind) -> bool {
    match kind {
        Kind::Struct => !fwd.kind_flag(),
        Kind::Union => fwd.kind_flag(),
        _ => false,
    }
}

/// Every local enumerator has one of the same essential name; values don't matter.
fn enums(
    pair: &mut Pair<'_, '_>,
    local: &Type<'_>,
    target: &Type<'_>,
) -> Result<Option<Why>, Failure> {
    let shapes = Some(Why::Shapes {
        local: local.id(),
        target: target.id(),
    });
    if local.own_size_bytes() != target.own_size_bytes() || local.vlen() > target.vlen() {
        return Ok(shapes);
    }
    'locals: for enumerator in local.enumerators() {
        let candidates: Enumerators<'_> = target.enumerators();
        for candidate in candidates {
            pair.budget.spend()?;
            if pair.essential_names(enumerator.name, candidate.name)? {
                continue 'locals;
            }
        }
        return Ok(Some(Why::NoEnumerator { owner: target.id() }));
    }
    Ok(None)
}

/// Every local member has one of the same essential name whose type matches.
fn members(
    pair: &mut Pair<'_, '_>,
    local: &Type<'_>,
    target: &Type<'_>,
    level: u32,
) -> Result<Option<Why>, Failure> {
    if local.vlen() > target.vlen() {
        return Ok(Some(Why::Shapes {
            local: local.id(),
            target: target.id(),
        }));
    }
    'locals: for member in local.members() {
        let mut missing = Why::NoMember { owner: target.id() };
        for candidate in target.members() {
            pair.budget.spend()?;
            if !pair.essential_names(member.name, candidate.name)? {
                continue;
            }
            match types_match(pair, member.ty, candidate.ty, false, level)? {
                None => continue 'locals,
                Some(why) => missing = why,
            }
        }
        return Ok(Some(missing));
    }
    Ok(None)
}
