//! The smallest case that still fails.
//!
//! Enters: a [`Case`], and how to see whether one fails. Leaves: one that no single step makes
//! smaller: without a record, without a member, without a change of the target.

use super::case::{Case, Target};
use super::program::{Access, Record};
use super::types::{Id, Ty, Types};

/// Cases tried, at most.
const TRIES: usize = 5_000;

/// Makes a case smaller as long as it `fails`.
pub fn shrink(case: Case, mut fails: impl FnMut(&Case) -> bool) -> Case {
    let mut best = case;
    let mut tries = 0;
    loop {
        let mut smaller = None;
        for step in steps(&best) {
            tries += 1;
            if tries > TRIES {
                return best;
            }
            let mut tried = best.clone();
            if apply(&mut tried, step) && fails(&tried) {
                smaller = Some(tried);
                break;
            }
        }
        match smaller {
            Some(case) => best = case,
            None => return best,
        }
    }
}

#[derive(Clone, Copy)]
enum Step {
    /// Without so many records from that one on.
    Records(usize, usize),
    /// Without a member of a local type.
    Local(Id, usize),
    /// Without a member of one of the target's types.
    Target(Id, usize),
    /// That one of the target's types is `void`, which no name leads to.
    Forget(Id),
}

fn steps(case: &Case) -> Vec<Step> {
    let mut steps = Vec::new();
    let count = case.program.records.len();
    let mut len = count / 2;
    while len > 0 {
        steps.extend((0..count).step_by(len).map(|from| Step::Records(from, len)));
        len /= 2;
    }
    let members = |types: &Types, step: fn(Id, usize) -> Step| -> Vec<_> {
        let ids = 0..types.all.len();
        let of = |id| {
            (0..types.composite(id).map_or(0, |one| one.members.len()))
                .map(move |nth| step(id, nth))
        };
        ids.flat_map(of).collect()
    };
    if let Target::Made(made) = &case.target {
        let named = (3..made.types.all.len()).filter(|id| !made.types.name(*id).is_empty());
        steps.extend(named.map(Step::Forget));
        steps.extend(members(&made.types, Step::Target));
    }
    steps.extend(members(&case.program.types, Step::Local));
    steps
}

/// `false` if it can't be done, or changes nothing.
fn apply(case: &mut Case, step: Step) -> bool {
    match (step, &mut case.target) {
        (Step::Records(from, len), _) => {
            let end = (from + len).min(case.program.records.len());
            case.program.records.drain(from..end);
            true
        }
        (Step::Local(id, nth), _) => {
            let types = case.program.types.clone();
            for record in &mut case.program.records {
                if !without(&types, record, id, nth) {
                    return false;
                }
            }
            remove(&mut case.program.types, id, nth)
        }
        (Step::Target(id, nth), Target::Made(made)) => remove(&mut made.types, id, nth),
        (Step::Forget(id), Target::Made(made)) => {
            let unnamed = Ty::Ptr(0);
            if made.types.all[id] == unnamed {
                return false;
            }
            made.types.all[id] = unnamed;
            true
        }
        _ => false,
    }
}

fn remove(types: &mut Types, id: Id, nth: usize) -> bool {
    let Some(one) = types.composite_mut(id) else {
        return false;
    };
    one.members.remove(nth);
    true
}

/// Makes a record's path right for a struct that will lack a member; `false` if it goes there.
fn without(types: &Types, record: &mut Record, id: Id, nth: usize) -> bool {
    let Access::Path(path) = &mut record.access else {
        return true;
    };
    let mut at = record.root;
    for step in path.iter_mut().skip(1) {
        let base = types.bare(at);
        let index = usize::try_from(*step).unwrap_or(usize::MAX);
        at = match &types.all[base] {
            Ty::Composite(one) => {
                let Some(member) = one.members.get(index) else {
                    return true;
                };
                if base == id && index == nth {
                    return false;
                }
                if base == id && index > nth {
                    *step -= 1;
                }
                member.ty
            }
            Ty::Array(element, _) => *element,
            _ => return true,
        };
    }
    true
}
