//! The BTFs that an object is relocated to.
//!
//! Enters: what the user chose. Leaves: bytes of vmlinux and, only if vmlinux lacks something, of
//! modules; views of them by [`parse`](Targets::parse).

use std::path::Path;

use relocore::btf::Btf;

use crate::error::ErrorKind;
use crate::kernel::{BtfBytes, Target, TargetBtf, module_names, read_btf_file, read_module_btf};
use crate::object::Object;

/// Opened targets.
pub(super) struct Targets {
    pub(super) vmlinux: TargetBtf,
    pub(super) modules: Vec<(String, BtfBytes)>,
}

/// An index slot for every type: records of real kernels have 25 bytes on average, of which this
/// counts the strings in as well.
pub(super) const fn slot_count(btf: &[u8]) -> usize {
    btf.len() / 24 + 64
}

impl Targets {
    /// Opens the target itself.
    pub(super) fn open(object: &Object) -> Result<Self, ErrorKind> {
        let vmlinux = object.target.clone().open().map_err(ErrorKind::Target)?;
        Ok(Self {
            vmlinux,
            modules: Vec::new(),
        })
    }

    /// Opens the modules: those that the user named, else those of the running kernel if that is
    /// the target. One of the latter that can't be read has been unloaded meanwhile, or is not for
    /// us: it is left out.
    pub(super) fn open_modules(&mut self, object: &Object) -> Result<(), ErrorKind> {
        for path in &object.module_btf {
            let file = read_btf_file(path).map_err(ErrorKind::Module)?;
            self.modules.push((module_name(path), file.bytes));
        }
        if object.module_btf.is_empty() && object.target == Target::Kernel {
            for name in module_names().unwrap_or_default() {
                if let Ok(file) = read_module_btf(&name) {
                    self.modules.push((name, file.bytes));
                }
            }
        }
        Ok(())
    }

    /// The view of the target itself.
    pub(super) fn parse<'a>(&'a self, slots: &'a mut Vec<u32>) -> Result<Btf<'a>, ErrorKind> {
        let bytes = &self.vmlinux.bytes;
        slots.resize(slot_count(bytes), 0);
        let btf = Btf::parse(bytes, slots).map_err(|source| ErrorKind::TargetFormat {
            name: self.vmlinux.origin.to_string(),
            source,
        })?;
        let pointer_bytes = self.vmlinux.pointer_bytes;
        Ok(pointer_bytes.map_or(btf, |bytes| btf.with_pointer_bytes(bytes)))
    }

    /// Views of the modules over `base`.
    pub(super) fn parse_modules<'a>(
        &'a self,
        base: &'a Btf<'a>,
        slots: &'a mut Vec<Vec<u32>>,
    ) -> Result<Vec<Btf<'a>>, ErrorKind> {
        slots.resize(self.modules.len(), Vec::new());
        let mut views = Vec::with_capacity(slots.len());
        for ((name, bytes), slots) in self.modules.iter().zip(slots) {
            slots.resize(slot_count(bytes), 0);
            let view = Btf::parse_split(bytes, base, slots);
            views.push(view.map_err(|source| ErrorKind::TargetFormat {
                name: name.clone(),
                source,
            })?);
        }
        Ok(views)
    }
}

fn module_name(path: &Path) -> String {
    let name = path.file_stem().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}
