//! What externs stand for on the running kernel.
//!
//! Enters: the object's externs, and which of them loaded programs use. Leaves: a [`Value`] each,
//! and why some have none. Typed ones are looked up in the kernel's BTF, and their types compared;
//! typeless ones in `/proc/kallsyms`. Rules: libbpf's `bpf_object__resolve_externs`.

use relocore::btf::{Btf, Kind, essential_name};
use relocore::relo::types_compatible;

use crate::error::ErrorKind;
use crate::kernel::OpenTargetError;
use crate::object::{Extern, ExternKind, ExternProblem};

use super::kallsyms::{Symbol, find};
use super::kernel_types::{Found, KernelTypes, Wanted};

/// What takes an extern's place in instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// A place in the map `.kconfig`.
    Kconfig { offset_bytes: u32 },
    /// A number: an address, or 0 for what is weak and missing.
    Number(u64),
    /// A variable or function of the kernel.
    Kernel(Found),
    /// A function that is weak and missing: calls of it are poisoned.
    NoFunction,
}

/// The values of all externs, and what is missing.
#[derive(Debug)]
pub(super) struct Externs {
    /// In the order of the object's list; 0 where it is missing.
    pub(super) values: Vec<Value>,
    /// Externs that programs need and that have no value.
    problems: Vec<(usize, ExternProblem)>,
    /// Why the kernel's types are not known.
    no_types: Option<OpenTargetError>,
}

impl Externs {
    /// What is wrong with the first of those externs for which `is_asked` holds.
    pub(super) fn error(
        &self,
        externs: &[Extern],
        is_asked: impl Fn(usize) -> bool,
    ) -> Option<ErrorKind> {
        let (nth, problem) = *self.problems.iter().find(|(nth, _)| is_asked(*nth))?;
        let one = externs.get(nth)?;
        Some(match &self.no_types {
            Some(reason) if one.kind != ExternKind::Address => ErrorKind::Target(reason.clone()),
            _ => ErrorKind::Extern {
                name: one.name.clone(),
                problem,
            },
        })
    }
}

/// What each extern asks of the kernel's types; nothing, if nobody uses it.
fn ask(externs: &[Extern], used: &[bool]) -> Vec<(usize, Wanted)> {
    let used = externs
        .iter()
        .enumerate()
        .zip(used)
        .filter(|(_, used)| **used);
    let ask = |((nth, one), _): ((usize, &Extern), &bool)| {
        let name = one.name.as_bytes();
        let wanted = match one.kind {
            ExternKind::TypedVariable => Wanted::new(Kind::Var, name),
            // Several declarations may stand for one function.
            ExternKind::Kfunc => Wanted::new(Kind::Func, essential_name(name)),
            _ => return None,
        };
        Some((nth, wanted))
    };
    used.filter_map(ask).collect()
}

/// Resolves all externs; those that nobody uses are taken for missing. `local` are the object's
/// own types as the file has them.
pub(super) fn resolve(
    externs: &[Extern],
    used: &[bool],
    kernel: &mut KernelTypes,
    local: Option<&Btf<'_>>,
) -> Result<Externs, ErrorKind> {
    let used_addresses = externs.iter().zip(used).filter_map(|(one, used)| {
        (*used && one.kind == ExternKind::Address).then_some(one.name.as_str())
    });
    let symbols = find(used_addresses).map_err(ErrorKind::Kallsyms)?;
    let (asking, wanted): (Vec<_>, Vec<_>) = ask(externs, used).into_iter().unzip();
    let mut found = vec![None; externs.len()];
    for (nth, answer) in asking.into_iter().zip(kernel.find(&wanted)?) {
        if let Some(found) = found.get_mut(nth) {
            *found = answer;
        }
    }
    let compatible = compatible(externs, &found, kernel, local)?;
    let (mut values, mut problems) = (Vec::with_capacity(externs.len()), Vec::new());
    for (nth, one) in externs.iter().enumerate() {
        let found = found.get(nth).copied().flatten();
        let is_compatible = compatible.get(nth).copied().unwrap_or(false);
        let answer = match (one.kind, found) {
            (ExternKind::Kconfig { offset_bytes, .. }, _) => Ok(Value::Kconfig { offset_bytes }),
            (ExternKind::Address, _) => address(symbols.get(one.name.as_str()).copied()),
            (_, Some(found)) if is_compatible => Ok(Value::Kernel(found)),
            (_, Some(_)) => Err(ExternProblem::OtherType),
            (ExternKind::Kfunc, None) => Err(ExternProblem::NoKernelFunction),
            (ExternKind::TypedVariable, None) => Err(ExternProblem::NoKernelVariable),
        };
        values.push(answer.unwrap_or(match one.kind {
            ExternKind::Kfunc => Value::NoFunction,
            _ => Value::Number(0),
        }));
        if let Err(problem) = answer {
            // What is there, but not as the object takes it, is wrong even if it may be missing;
            // of functions, another one of that name counts as none.
            let is_other = problem == ExternProblem::OtherType && one.kind != ExternKind::Kfunc;
            let is_wrong = is_other || problem == ExternProblem::TwoSymbols;
            let is_used = used.get(nth).copied().unwrap_or(false);
            if is_used && (is_wrong || !one.is_weak) {
                problems.push((nth, problem));
            }
        }
    }
    Ok(Externs {
        values,
        problems,
        no_types: kernel.unavailable().cloned(),
    })
}

const fn address(symbol: Option<Symbol>) -> Result<Value, ExternProblem> {
    match symbol {
        Some(Symbol::Twice) => Err(ExternProblem::TwoSymbols),
        Some(Symbol::At(0)) => Err(ExternProblem::HiddenAddress),
        Some(Symbol::At(address)) => Ok(Value::Number(address)),
        None => Err(ExternProblem::NoSymbol),
    }
}

/// Of each extern that was found in the kernel's types, whether it is of the object's type.
fn compatible(
    externs: &[Extern],
    found: &[Option<Found>],
    kernel: &KernelTypes,
    local: Option<&Btf<'_>>,
) -> Result<Vec<bool>, ErrorKind> {
    let mut answers = vec![false; externs.len()];
    let Some(local) = local else {
        return Ok(answers);
    };
    let mut modules: Vec<_> = found.iter().flatten().map(|found| found.module).collect();
    modules.sort_unstable();
    modules.dedup();
    for module in modules {
        let answered = kernel.look(module, |target| {
            let list = externs.iter().zip(found).zip(&mut answers);
            for ((one, found), answer) in list {
                if let Some(found) = found.filter(|found| found.module == module) {
                    *answer = is_compatible(local, one, target, found)?;
                }
            }
            Ok(())
        });
        answered?;
    }
    Ok(answers)
}

fn is_compatible(
    local: &Btf<'_>,
    one: &Extern,
    target: &Btf<'_>,
    found: Found,
) -> relocore::Result<bool> {
    let (ours, theirs) = (local.type_by_id(one.btf_id)?, target.type_by_id(found.id)?);
    let (ours, theirs) = match one.kind {
        // The type of a function.
        ExternKind::Kfunc => (ours.referred(), theirs.referred()),
        _ => (
            local.skip_mods(ours.referred())?.id(),
            target.skip_mods(theirs.referred())?.id(),
        ),
    };
    Ok(matches!(
        types_compatible(local, ours, target, theirs),
        Ok(None)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use relocore::TypeId;

    fn one(kind: ExternKind, is_weak: bool) -> Extern {
        Extern {
            name: "relocore no such symbol".to_owned(),
            symbol: 1,
            btf_id: TypeId(1),
            is_weak,
            kind,
        }
    }

    #[test]
    fn weak_or_unused_externs_may_be_missing() {
        // Nothing but what is used is looked for, so this finds no types.
        let kernel = || KernelTypes::default();
        for (kind, value) in [
            (ExternKind::Address, Value::Number(0)),
            (ExternKind::TypedVariable, Value::Number(0)),
            (ExternKind::Kfunc, Value::NoFunction),
        ] {
            for (is_weak, used, is_missed) in [
                (true, true, false),
                (true, false, false),
                (false, false, false),
                (false, true, true),
            ] {
                let list = [one(kind, is_weak)];
                let resolved = resolve(&list, &[used], &mut kernel(), None).unwrap();
                assert_eq!(resolved.values, [value]);
                assert_eq!(resolved.error(&list, |_| true).is_some(), is_missed);
                assert!(resolved.error(&list, |_| false).is_none());
            }
        }
    }

    #[test]
    fn functions_are_asked_for_by_their_essential_name() {
        let named = |kind, name: &str| Extern {
            name: name.to_owned(),
            ..one(kind, false)
        };
        let externs = [
            named(ExternKind::Kfunc, "bpf_f___mine"),
            named(ExternKind::Kfunc, "unused"),
            named(ExternKind::Address, "schedule"),
            named(ExternKind::TypedVariable, "runqueues"),
        ];
        let wanted = ask(&externs, &[true, false, true, true]);
        let expected = [
            (0, Wanted::new(Kind::Func, "bpf_f")),
            (3, Wanted::new(Kind::Var, "runqueues")),
        ];
        assert_eq!(wanted, expected);
    }
}
