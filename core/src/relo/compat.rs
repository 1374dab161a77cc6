//! The two loose relations between types: may a field of one stand for a field of the other
//! ([`fields`]), and is a type of this name the same thing ([`types`]).
//!
//! Enters: a local and a target type. Leaves: `None` if they are compatible, else [`Why`] not.
//! Rules: libbpf's `bpf_core_fields_are_compat` and `__bpf_core_types_are_compat`.

use crate::btf::{Btf, Kind, MAX_CHAIN, Type, essential_name};
use crate::steps;
use crate::units::{Bits, TypeId};

use super::outcome::{Failure, Why};

/// Both sides of a comparison, and how much more of it there may be.
#[derive(Debug)]
pub(super) struct Pair<'p, 'a> {
    pub(super) local: &'p Btf<'a>,
    pub(super) target: &'p Btf<'a>,
    pub(super) budget: &'p mut Budget,
}

/// Work that is left for one object: hostile types can ask for comparisons without end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget(pub(super) u64);

impl Budget {
    /// Takes one step of work: a member, parameter or type looked at.
    #[inline]
    pub(super) fn spend(&mut self) -> Result<(), Failure> {
        self.take(1)
    }

    /// Takes what the look at a name of so many bytes is, besides one step: most names have less
    /// than a line of cache.
    #[inline]
    pub(super) fn spend_name(&mut self, bytes: usize) -> Result<(), Failure> {
        self.take(bytes / 64)
    }

    #[inline]
    fn take(&mut self, steps: usize) -> Result<(), Failure> {
        steps::count(steps);
        self.0 = self
            .0
            .checked_sub(steps as u64)
            .ok_or(Failure::TooComplex)?;
        Ok(())
    }
}

/// Steps of work that one pair of types may ask for: far beyond what real ones take.
const BUDGET: u64 = 1 << 16;

/// Is the target's type what the local one means? Kinds, and for pointers, arrays and functions
/// what they are made of; neither names nor members. Loaders ask it of variables and functions of
/// the kernel (`__ksym`) before they rely on them; rule: libbpf's `bpf_core_types_are_compat`.
///
/// `Ok(None)` is yes.
///
/// # Errors
/// [`Failure`]: a type of either side is bad, or nested too deep.
///
/// ```
/// use relocore::btf::{Btf, Kind};
/// use relocore::relo::types_compatible;
///
/// # fn main() -> Result<(), Box<dyn core::error::Error>> {
/// # let mut bytes = vec![0x9f, 0xeb, 1, 0, 24, 0, 0, 0, 0, 0, 0, 0, 28, 0, 0, 0, 28, 0, 0, 0, 5, 0, 0, 0];
/// # for word in [1_u32, 1 << 24, 4, 1 << 24 | 32, 0, 2 << 24, 1] { bytes.extend(word.to_le_bytes()); }
/// # bytes.extend(b"\0int\0");
/// let btf = Btf::open(&bytes)?; // [1] int, [2] int *
/// let [int, pointer] = [1, 2].map(relocore::TypeId);
/// assert_eq!(types_compatible(&btf, pointer, &btf, pointer), Ok(None));
/// assert!(types_compatible(&btf, pointer, &btf, int).unwrap().is_some());
/// # Ok(()) }
/// ```
pub fn types_compatible(
    local: &Btf<'_>,
    local_type: TypeId,
    target: &Btf<'_>,
    target_type: TypeId,
) -> Result<Option<Why>, Failure> {
    let mut pair = Pair {
        local,
        target,
        budget: &mut Budget(BUDGET),
    };
    types(&mut pair, local_type, target_type, MAX_CHAIN)
}

impl<'a> Pair<'_, 'a> {
    pub(super) fn local(&mut self, id: TypeId) -> Result<Type<'a>, Failure> {
        behind_mods(self.local, id, self.budget)?.map_err(Failure::Local)
    }

    pub(super) fn target(&mut self, id: TypeId) -> Result<Type<'a>, Failure> {
        behind_mods(self.target, id, self.budget)?.map_err(Failure::Target)
    }

    /// Are the essential names equal? An unnamed target needs an unnamed local (libbpf:
    /// `bpf_core_names_match`).
    pub(super) fn essential_names(
        &mut self,
        local: crate::StrOff,
        target: crate::StrOff,
    ) -> Result<bool, Failure> {
        let local = self.local.name(local).map_err(Failure::Local)?;
        let target = self.target.name(target).map_err(Failure::Target)?;
        self.budget
            .spend_name(local.len().saturating_add(target.len()))?;
        Ok(essential_name(local) == essential_name(target))
    }
}

/// [`Btf::skip_mods`], each look-up of which is a step.
fn behind_mods<'a>(
    btf: &Btf<'a>,
    id: TypeId,
    budget: &mut Budget,
) -> Result<crate::Result<Type<'a>>, Failure> {
    let mut next = id;
    for _ in 0..=MAX_CHAIN {
        budget.spend()?;
        match btf.type_by_id(next) {
            Ok(ty) if ty.kind().is_modifier() => next = ty.referred(),
            found => return Ok(found),
        }
    }
    // Too long a chain: for the error.
    Ok(btf.skip_mods(id))
}

fn plain_int(ty: &Type<'_>) -> bool {
    ty.int().is_some_and(|int| int.offset == Bits(0))
}

/// May a field of the local type be read as the target's? Both come without modifiers. Sizes and
/// pointees don't matter here.
pub(super) fn fields<'a>(
    pair: &mut Pair<'_, 'a>,
    local: Type<'a>,
    target: Type<'a>,
) -> Result<Option<Why>, Failure> {
    let (mut local, mut target) = (local, target);
    for _ in 0..MAX_CHAIN {
        pair.budget.spend()?;
        let (l, t) = (local.kind(), target.kind());
        let kinds = Some(Why::Kinds {
            local: l,
            target: t,
        });
        if l.is_composite() && t.is_composite() {
            return Ok(None);
        }
        if !l.is_compatible(t) {
            return Ok(kinds);
        }
        return Ok(match l {
            Kind::Ptr | Kind::Float => None,
            Kind::Fwd | Kind::Enum | Kind::Enum64 => {
                // One of them may be anonymous.
                let anonymous =
                    |btf: &Btf<'_>, ty: &Type<'_>| btf.name(ty.name()).map(<[u8]>::is_empty);
                let either = anonymous(pair.local, &local).map_err(Failure::Local)?
                    || anonymous(pair.target, &target).map_err(Failure::Target)?;
                if either || pair.essential_names(local.name(), target.name())? {
                    None
                } else {
                    Some(Why::Names {
                        local: local.id(),
                        target: target.id(),
                    })
                }
            }
            Kind::Int if plain_int(&local) && plain_int(&target) => None,
            Kind::Int => Some(Why::Shapes {
                local: local.id(),
                target: target.id(),
            }),
            Kind::Array => {
                if let (Some(l), Some(t)) = (local.array(), target.array()) {
                    (local, target) = (pair.local(l.element)?, pair.target(t.element)?);
                    continue;
                }
                kinds
            }
            _ => kinds,
        });
    }
    Err(Failure::TooComplex)
}

/// Is the target's type what the local one means? Names have been compared; members are not
/// looked at.
pub(super) fn types(
    pair: &mut Pair<'_, '_>,
    local: TypeId,
    target: TypeId,
    level: u32,
) -> Result<Option<Why>, Failure> {
    // A typedef stands for a typedef only: the roots' kinds are compared as they are.
    let root_local = pair.local.type_by_id(local).map_err(Failure::Local)?.kind();
    let root_target = pair
        .target
        .type_by_id(target)
        .map_err(Failure::Target)?
        .kind();
    if !root_local.is_compatible(root_target) {
        return Ok(Some(Why::Kinds {
            local: root_local,
            target: root_target,
        }));
    }
    let (mut local, mut target) = (pair.local(local)?, pair.target(target)?);
    for _ in 0..MAX_CHAIN {
        pair.budget.spend()?;
        let (l, t) = (local.kind(), target.kind());
        let kinds = Some(Why::Kinds {
            local: l,
            target: t,
        });
        if !l.is_compatible(t) {
            return Ok(kinds);
        }
        let shapes = Some(Why::Shapes {
            local: local.id(),
            target: target.id(),
        });
        let (next_local, next_target) = match l {
            Kind::Void | Kind::Struct | Kind::Union | Kind::Enum | Kind::Enum64 | Kind::Fwd => {
                return Ok(None);
            }
            Kind::Int => {
                let plain = plain_int(&local) && plain_int(&target);
                return Ok(if plain { None } else { shapes });
            }
            Kind::Ptr | Kind::FuncProto => (local.referred(), target.referred()),
            Kind::Array => match (local.array(), target.array()) {
                (Some(l), Some(t)) => (l.element, t.element),
                _ => return Ok(kinds),
            },
            // libbpf does not list FLOAT here: a floating-point root exists nowhere.
            _ => return Ok(kinds),
        };
        if l == Kind::FuncProto {
            if local.vlen() != target.vlen() {
                return Ok(shapes);
            }
            for (l, t) in local.params().zip(target.params()) {
                pair.budget.spend()?;
                let level = level.checked_sub(1).ok_or(Failure::TooComplex)?;
                // Parameters are compared behind their own modifiers.
                let (l, t) = (pair.local(l.ty)?.id(), pair.target(t.ty)?.id());
                if let Some(why) = types(pair, l, t, level)? {
                    return Ok(Some(why));
                }
            }
        }
        (local, target) = (pair.local(next_local)?, pair.target(next_target)?);
    }
    Err(Failure::TooComplex)
}
