//! What externs stand for on the running kernel.
//!
//! Enters: the object's externs, and which of them loaded programs use. Leaves: a [`Value`] each.

use crate::error::ErrorKind;
use crate::object::{Extern, ExternKind, ExternProblem};

use super::kallsyms::{Symbol, find};

/// What takes an extern's place in instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// A place in the map `.kconfig`.
    Kconfig { offset_bytes: u32 },
    /// A number: an address, or 0 for what is weak and missing.
    Number(u64),
    /// A function that is weak and missing: calls of it are poisoned.
    NoFunction,
}

/// Resolves all externs; those that nobody uses are taken for missing.
pub(super) fn resolve(externs: &[Extern], used: &[bool]) -> Result<Vec<Value>, ErrorKind> {
    let used_addresses = externs.iter().zip(used).filter_map(|(one, used)| {
        (*used && one.kind == ExternKind::Address).then_some(one.name.as_str())
    });
    let symbols = find(used_addresses).map_err(ErrorKind::Kallsyms)?;
    let mut values = Vec::with_capacity(externs.len());
    for (one, used) in externs.iter().zip(used) {
        let needed = *used && !one.is_weak;
        let problem = match (one.kind, symbols.get(one.name.as_str())) {
            (ExternKind::Kconfig { offset_bytes, .. }, _) => {
                values.push(Value::Kconfig { offset_bytes });
                continue;
            }
            (ExternKind::Address, Some(Symbol::Twice)) => {
                return Err(error(one, ExternProblem::TwoSymbols));
            }
            (ExternKind::Address, Some(Symbol::At(address @ 1..))) => {
                values.push(Value::Number(*address));
                continue;
            }
            (ExternKind::Address, Some(Symbol::At(0))) => ExternProblem::HiddenAddress,
            (ExternKind::Address, None) => ExternProblem::NoSymbol,
            (ExternKind::TypedVariable, _) => ExternProblem::NotYet("typed variable of the kernel"),
            (ExternKind::Kfunc, _) => ExternProblem::NotYet("function of the kernel (kfunc)"),
        };
        if needed {
            return Err(error(one, problem));
        }
        values.push(match one.kind {
            ExternKind::Kfunc => Value::NoFunction,
            _ => Value::Number(0),
        });
    }
    Ok(values)
}

fn error(one: &Extern, problem: ExternProblem) -> ErrorKind {
    ErrorKind::Extern {
        name: one.name.clone(),
        problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use relocore::TypeId;

    #[test]
    fn weak_or_unused_externs_may_be_missing() {
        let one = |kind, is_weak| Extern {
            name: "relocore no such symbol".to_owned(),
            symbol: 1,
            btf_id: TypeId(1),
            is_weak,
            kind,
        };
        for (kind, value) in [
            (ExternKind::Address, Value::Number(0)),
            (ExternKind::TypedVariable, Value::Number(0)),
            (ExternKind::Kfunc, Value::NoFunction),
        ] {
            for (is_weak, used) in [(true, true), (true, false), (false, false)] {
                assert_eq!(resolve(&[one(kind, is_weak)], &[used]).unwrap(), [value]);
            }
            assert!(resolve(&[one(kind, false)], &[true]).is_err());
        }
    }
}
