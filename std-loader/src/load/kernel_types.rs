//! Types of the running kernel and of its modules, by name.
//!
//! Enters: names that programs, externs and operations ask for. Leaves: where each is ([`Found`]),
//! and views of the BTFs to look closer. It is always the running kernel, whatever the object is
//! relocated to. Nothing is opened before something is looked for, and modules only for what
//! vmlinux lacks. Rule: libbpf's `find_ksym_btf_id` and `find_kernel_btf_id`.

use std::collections::HashMap;

use relocore::TypeId;
use relocore::btf::{Btf, Kind};

use crate::error::ErrorKind;
use crate::kernel::{BtfBytes, OpenTargetError, Target, TargetBtf, module_names, read_module_btf};

use super::targets::slot_count;

/// A type to look for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Wanted {
    pub(super) kind: Kind,
    pub(super) name: Vec<u8>,
    /// In that module alone; `vmlinux` is the kernel itself.
    pub(super) module: Option<String>,
}

/// Where a type is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// By place among the modules; none is vmlinux.
    pub(super) module: Option<usize>,
    pub(super) id: TypeId,
}

/// The opened BTFs.
#[derive(Default)]
pub(super) struct KernelTypes {
    vmlinux: Option<TargetBtf>,
    /// Why there is no vmlinux.
    unavailable: Option<OpenTargetError>,
    modules: Option<Vec<(String, BtfBytes)>>,
}

impl Wanted {
    pub(super) fn new(kind: Kind, name: impl Into<Vec<u8>>) -> Self {
        Self {
            kind,
            name: name.into(),
            module: None,
        }
    }

    fn may_be_in(&self, module: &str) -> bool {
        self.module.as_ref().is_none_or(|wanted| wanted == module)
    }
}

impl KernelTypes {
    /// Looks for all of them in one pass; of several types of that kind and name the first. The
    /// answers are in the order of `wanted`.
    pub(super) fn find(&mut self, wanted: &[Wanted]) -> Result<Vec<Option<Found>>, ErrorKind> {
        let mut found = vec![None; wanted.len()];
        if wanted.is_empty() || !self.open() {
            return Ok(found);
        }
        let Some(vmlinux) = &self.vmlinux else {
            return Ok(found);
        };
        let origin = vmlinux.origin.to_string();
        let format = |name: &str| {
            let name = name.to_owned();
            |source| ErrorKind::TargetFormat { name, source }
        };
        let base = Btf::open(&vmlinux.bytes).map_err(format(&origin))?;
        search(&base, None, "vmlinux", wanted, &mut found).map_err(format(&origin))?;
        if found.iter().all(Option::is_some) {
            return Ok(found);
        }
        // Counted once, for all modules.
        let base = Btf::parse(&vmlinux.bytes, &mut []).map_err(format(&origin))?;
        let modules = self.modules.get_or_insert_with(read_modules);
        for (nth, (name, bytes)) in modules.iter().enumerate() {
            // One that does not continue this vmlinux is not for us.
            if let Ok(split) = Btf::parse_split(bytes, &base, &mut []) {
                search(&split, Some(nth), name, wanted, &mut found).map_err(format(name))?;
            }
        }
        Ok(found)
    }

    /// Why nothing is found, if the kernel shows no types at all.
    pub(super) const fn unavailable(&self) -> Option<&OpenTargetError> {
        self.unavailable.as_ref()
    }

    /// Name of a module.
    pub(super) fn module_name(&self, nth: usize) -> &str {
        let module = self.modules.as_ref().and_then(|all| all.get(nth));
        module.map_or("", |(name, _)| name)
    }

    /// Asks the view of vmlinux or of a module, with an index for look-ups by id. `None` where the
    /// kernel shows no types.
    pub(super) fn look<T>(
        &self,
        module: Option<usize>,
        ask: impl FnOnce(&Btf<'_>) -> relocore::Result<T>,
    ) -> Result<Option<T>, ErrorKind> {
        let Some(vmlinux) = &self.vmlinux else {
            return Ok(None);
        };
        let error = |source| ErrorKind::TargetFormat {
            name: module.map_or_else(
                || vmlinux.origin.to_string(),
                |nth| self.module_name(nth).to_owned(),
            ),
            source,
        };
        let mut slots = vec![0; slot_count(&vmlinux.bytes)];
        let base = Btf::parse(&vmlinux.bytes, &mut slots).map_err(error)?;
        let bytes = module.and_then(|nth| self.modules.as_ref()?.get(nth));
        let Some((_, bytes)) = bytes else {
            return ask(&base).map(Some).map_err(error);
        };
        let mut slots = vec![0; slot_count(bytes)];
        let split = Btf::parse_split(bytes, &base, &mut slots).map_err(error)?;
        ask(&split).map(Some).map_err(error)
    }

    fn open(&mut self) -> bool {
        if self.vmlinux.is_none() && self.unavailable.is_none() {
            match Target::Kernel.open() {
                Ok(opened) => self.vmlinux = Some(opened),
                Err(error) => self.unavailable = Some(error),
            }
        }
        self.vmlinux.is_some()
    }
}

/// The modules that can be read; others have been unloaded meanwhile, or are not for us.
fn read_modules() -> Vec<(String, BtfBytes)> {
    let names = module_names().unwrap_or_default();
    let read = names.into_iter().filter_map(|name| {
        let file = read_module_btf(&name).ok()?;
        Some((name, file.bytes))
    });
    read.collect()
}

/// Notes the places of those that are still wanted and may be in this module.
fn search(
    btf: &Btf<'_>,
    module: Option<usize>,
    module_name: &str,
    wanted: &[Wanted],
    found: &mut [Option<Found>],
) -> relocore::Result<()> {
    let mut open: HashMap<(Kind, &[u8]), Vec<usize>> = HashMap::new();
    for (nth, (one, found)) in wanted.iter().zip(&*found).enumerate() {
        if found.is_none() && one.may_be_in(module_name) {
            open.entry((one.kind, &one.name)).or_default().push(nth);
        }
    }
    if open.is_empty() {
        return Ok(());
    }
    let mut kinds: Vec<Kind> = open.keys().map(|(kind, _)| *kind).collect();
    kinds.sort_unstable_by_key(|kind| kind.number());
    kinds.dedup();
    for ty in btf.types() {
        let ty = ty?;
        if !kinds.contains(&ty.kind()) {
            continue;
        }
        let Some(all) = open.remove(&(ty.kind(), btf.name(ty.name())?)) else {
            continue;
        };
        for nth in all {
            if let Some(slot) = found.get_mut(nth) {
                *slot = Some(Found {
                    module,
                    id: ty.id(),
                });
            }
        }
        if open.is_empty() {
            break;
        }
    }
    Ok(())
}
