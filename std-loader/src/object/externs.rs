//! What the object leaves to others: options of the configuration, symbols of the kernel.
//!
//! Enters: undefined symbols, and the DATASECs `.kconfig` and `.ksyms` of the object's BTF.
//! Leaves: [`Extern`]s, those of `.kconfig` with their place in its map. Rules: libbpf's
//! `bpf_object__collect_externs`.

use core::cmp::Reverse;
use core::fmt;
use std::collections::HashMap;

use relocore::TypeId;
use relocore::btf::{Btf, Kind};
use relocore::elf::{self, Binding, SymbolKind};

use crate::error::ErrorKind;
use crate::kernel::ExternClass;

use super::function::text;
use super::kconfig_class::class;
use super::map_problem::MapProblem;

pub(super) const KCONFIG: &[u8] = b".kconfig";
pub(super) const KSYMS: &[u8] = b".ksyms";

/// More than all options of a configuration together.
const MAX_KCONFIG_BYTES: u64 = 1 << 20;

/// Something that the object uses and does not define.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Extern {
    pub(crate) name: String,
    /// Index of its symbol, which relocations refer to; and its type in BTF.
    pub(crate) symbol: u32,
    pub(crate) btf_id: TypeId,
    /// May be missing.
    pub(crate) is_weak: bool,
    pub(crate) kind: ExternKind,
}

/// What an extern is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExternKind {
    /// A value of the configuration.
    Kconfig {
        class: ExternClass,
        align_bytes: u32,
        /// Place in the map.
        offset_bytes: u32,
    },
    /// The address of any symbol: `extern const void x __ksym`.
    Address,
    /// A variable of the kernel, by its type.
    TypedVariable,
    /// A function of the kernel.
    Kfunc,
}

/// Why an extern can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExternProblem {
    /// BTF does not know it.
    NoType,
    /// It is in no section that a loader knows.
    NoSection,
    /// A function in `.kconfig`.
    KconfigFunction,
    /// Its type can't hold a value of the configuration.
    KconfigType,
    /// Its name starts with neither `CONFIG_` nor `LINUX_`.
    KconfigName,
    /// No loader knows that `LINUX_` name.
    UnknownVirtual,
    /// The kernel has no symbol of that name.
    NoSymbol,
    /// The kernel has two symbols of that name.
    TwoSymbols,
    /// The kernel hides addresses from this process.
    HiddenAddress,
    /// Neither the kernel's types nor its modules' have a variable of that name.
    NoKernelVariable,
    /// Neither the kernel's types nor its modules' have a function of that name.
    NoKernelFunction,
    /// The kernel's variable or function has another type.
    OtherType,
}

impl fmt::Display for ExternProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoType => "is not in the object's BTF: is it defined in another object?",
            Self::NoSection => "is in neither .kconfig nor .ksyms: declare it __kconfig or __ksym",
            Self::KconfigFunction => "is a function, which no configuration gives",
            Self::KconfigType => {
                "has a type that no configuration value fits: bool, char, integers, arrays of \
                 char and enum libbpf_tristate do"
            }
            Self::KconfigName => "begins with neither CONFIG_ nor LINUX_",
            Self::UnknownVirtual => "is no LINUX_ value that is known (declare it __weak to get 0)",
            Self::NoSymbol => "is not in /proc/kallsyms (declare it __weak to get 0)",
            Self::TwoSymbols => "is in /proc/kallsyms twice, with different addresses",
            Self::HiddenAddress => {
                "has no address in /proc/kallsyms: the kernel hides it (sysctl \
                 kernel.kptr_restrict, missing CAP_SYSLOG)"
            }
            Self::NoKernelVariable => {
                "is no variable that the kernel's BTF or its modules' has (declare it __weak to \
                 get 0, or `extern const void` to take the address without its type)"
            }
            Self::NoKernelFunction => {
                "is no function that the kernel's BTF or its modules' has (declare it __weak and \
                 guard its calls with bpf_ksym_exists())"
            }
            Self::OtherType => "has another type in the kernel than in the object",
        })
    }
}

/// All externs, and the size of `.kconfig`'s value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Externs {
    /// Those of `.kconfig` first, in the order of their places.
    pub(crate) list: Vec<Extern>,
    pub(crate) kconfig_bytes: u32,
}

/// Reads the externs.
pub(super) fn read(elf: &elf::Object<'_>, btf: &Btf<'_>) -> Result<Externs, ErrorKind> {
    let symbols: Vec<_> = match elf.symbols() {
        Ok(symbols) => symbols.iter().filter(is_extern).collect(),
        Err(_) => Vec::new(), // `Object::programs` has said so already
    };
    if symbols.is_empty() {
        return Ok(Externs::default());
    }
    let sections = sections(btf)?;
    let mut list = Vec::new();
    for symbol in symbols {
        let name = symbol.name()?;
        if name.is_empty() {
            continue;
        }
        let error = |problem| ErrorKind::Extern {
            name: text(name),
            problem,
        };
        let &(btf_id, section) = sections
            .get(name)
            .ok_or_else(|| error(ExternProblem::NoType))?;
        let kind = match section {
            Section::Kconfig => kconfig(btf, btf_id)?.map_err(error)?,
            Section::Ksyms => ksym(btf, btf_id)?,
            Section::Other => return Err(error(ExternProblem::NoSection)),
        };
        list.push(Extern {
            name: text(name),
            symbol: symbol.index(),
            btf_id,
            is_weak: symbol.binding() == Binding::Weak,
            kind,
        });
    }
    place(list)
}

/// libbpf's `sym_is_extern`.
fn is_extern(symbol: &elf::Symbol<'_>) -> bool {
    symbol.is_undefined()
        && symbol.kind() == SymbolKind::NoType
        && matches!(symbol.binding(), Binding::Global | Binding::Weak)
}

#[derive(Clone, Copy)]
enum Section {
    Kconfig,
    Ksyms,
    Other,
}

/// Variables and functions of all DATASECs, by name.
fn sections<'a>(btf: &Btf<'a>) -> relocore::Result<HashMap<&'a [u8], (TypeId, Section)>> {
    let mut found = HashMap::new();
    for ty in btf.types() {
        let ty = ty?;
        if ty.kind() != Kind::Datasec {
            continue;
        }
        let section = match btf.name(ty.name())? {
            KCONFIG => Section::Kconfig,
            KSYMS => Section::Ksyms,
            _ => Section::Other,
        };
        for entry in ty.section_vars() {
            let var = btf.type_by_id(entry.var)?;
            found.insert(btf.name(var.name())?, (var.id(), section));
        }
    }
    Ok(found)
}

fn kconfig(btf: &Btf<'_>, id: TypeId) -> relocore::Result<Result<ExternKind, ExternProblem>> {
    let var = btf.type_by_id(id)?;
    if var.kind() != Kind::Var {
        return Ok(Err(ExternProblem::KconfigFunction));
    }
    let Some(class) = class(btf, var.referred())? else {
        return Ok(Err(ExternProblem::KconfigType));
    };
    Ok(Ok(ExternKind::Kconfig {
        class,
        align_bytes: btf.align_bytes(var.referred())?,
        offset_bytes: 0,
    }))
}

fn ksym(btf: &Btf<'_>, id: TypeId) -> relocore::Result<ExternKind> {
    let ty = btf.type_by_id(id)?;
    Ok(match ty.kind() {
        Kind::Func => ExternKind::Kfunc,
        _ if btf.skip_mods(ty.referred())?.kind() == Kind::Void => ExternKind::Address,
        _ => ExternKind::TypedVariable,
    })
}

/// Sorts the externs and gives those of `.kconfig` their places: the widest alignment first, then
/// by size, then by name; each at the next multiple of its alignment.
fn place(mut list: Vec<Extern>) -> Result<Externs, ErrorKind> {
    let key = |one: &Extern| match one.kind {
        ExternKind::Kconfig {
            class, align_bytes, ..
        } => (0, Reverse(align_bytes), class.size_bytes()),
        _ => (1, Reverse(0), 0),
    };
    list.sort_by(|a, b| key(a).cmp(&key(b)).then_with(|| a.name.cmp(&b.name)));
    let mut end = 0_u64;
    for one in &mut list {
        if let ExternKind::Kconfig {
            class,
            align_bytes,
            offset_bytes,
        } = &mut one.kind
        {
            let start = end.next_multiple_of(u64::from(*align_bytes).max(1));
            end = start.saturating_add(class.size_bytes() as u64);
            *offset_bytes = u32::try_from(start).unwrap_or(u32::MAX);
        }
    }
    let kconfig_bytes = u32::try_from(end).ok().filter(|_| end <= MAX_KCONFIG_BYTES);
    let kconfig_bytes = kconfig_bytes.ok_or_else(|| ErrorKind::MapDefinition {
        map: text(KCONFIG),
        problem: MapProblem::TooLarge(end),
    })?;
    Ok(Externs {
        list,
        kconfig_bytes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn option(name: &str, class: ExternClass, align_bytes: u32) -> Extern {
        Extern {
            name: name.to_owned(),
            symbol: 0,
            btf_id: TypeId::VOID,
            is_weak: false,
            kind: ExternKind::Kconfig {
                class,
                align_bytes,
                offset_bytes: 0,
            },
        }
    }

    #[test]
    fn kconfig_is_laid_out_by_alignment_size_and_name() {
        let int = |size_bytes| ExternClass::Int {
            size_bytes,
            signed: false,
        };
        let address = Extern {
            kind: ExternKind::Address,
            ..option("a_symbol", ExternClass::Bool, 0)
        };
        let externs = place(vec![
            address,
            option("CONFIG_S", ExternClass::Str { len_bytes: 10 }, 1),
            option("CONFIG_HZ", int(4), 4),
            option("CONFIG_A", ExternClass::Bool, 1),
            option("CONFIG_N", int(8), 8),
        ])
        .unwrap();
        let places: Vec<_> = externs
            .list
            .iter()
            .map(|one| match one.kind {
                ExternKind::Kconfig { offset_bytes, .. } => (one.name.as_str(), offset_bytes),
                _ => (one.name.as_str(), 99),
            })
            .collect();
        let expected = [
            ("CONFIG_N", 0),
            ("CONFIG_HZ", 8),
            ("CONFIG_A", 12),
            ("CONFIG_S", 13),
            ("a_symbol", 99),
        ];
        assert_eq!((&places[..], externs.kconfig_bytes), (&expected[..], 23));
        let huge = option(
            "CONFIG_S",
            ExternClass::Str {
                len_bytes: u32::MAX,
            },
            1,
        );
        assert!(place(vec![huge.clone(), huge]).is_err());
    }
}
