//! The value of `.kconfig`.
//!
//! Enters: the object's externs, the user's text, the running kernel. Leaves: the bytes of the
//! map. An extern that is weak, or that no loaded program uses, may be unset and is 0 then; the
//! kernel's configuration is read only if the user's text leaves something open.

use relocore::Endian;

use crate::error::ErrorKind;
use crate::kernel::{
    ExternClass, Stored, VirtualExtern, lookup_config, read_system_config, store_number,
};
use crate::object::{Extern, ExternKind, ExternProblem, Object};

use super::Note;
use super::probe::has_bpf_cookie;

/// An extern with its slot.
struct Slot<'a> {
    one: &'a Extern,
    class: ExternClass,
    start: usize,
    /// Must have a value.
    needed: bool,
}

/// Works out the value. `used` says which externs loaded programs refer to.
pub(super) fn value(
    object: &Object,
    used: &[bool],
    notes: &mut Vec<Note>,
) -> Result<Vec<u8>, ErrorKind> {
    let externs = &object.parts.externs;
    let mut value = vec![0; externs.kconfig_bytes as usize];
    let (mut options, mut virtuals) = (Vec::new(), Vec::new());
    for (one, used) in externs.list.iter().zip(used) {
        let ExternKind::Kconfig {
            class,
            offset_bytes,
            ..
        } = one.kind
        else {
            continue;
        };
        let slot = Slot {
            one,
            class,
            start: offset_bytes as usize,
            needed: *used && !one.is_weak,
        };
        match one.name.as_bytes() {
            name if name.starts_with(b"CONFIG_") => options.push(slot),
            name if name.starts_with(b"LINUX_") => virtuals.push(slot),
            _ => return Err(extern_error(one, ExternProblem::KconfigName)),
        }
    }
    for slot in virtuals {
        store_virtual(&slot, slot.of(&mut value))?;
    }
    store_options(object, &options, &mut value, notes)?;
    Ok(value)
}

impl Slot<'_> {
    /// Its bytes; the layout has placed it inside.
    fn of<'v>(&self, value: &'v mut [u8]) -> &'v mut [u8] {
        let end = self.start.saturating_add(self.class.size_bytes());
        value.get_mut(self.start..end).unwrap_or_default()
    }
}

fn extern_error(one: &Extern, problem: ExternProblem) -> ErrorKind {
    ErrorKind::Extern {
        name: one.name.clone(),
        problem,
    }
}

fn store_virtual(slot: &Slot<'_>, out: &mut [u8]) -> Result<(), ErrorKind> {
    let one = slot.one;
    let Some(known) = VirtualExtern::by_name(one.name.as_bytes()) else {
        if slot.needed {
            return Err(extern_error(one, ExternProblem::UnknownVirtual));
        }
        return Ok(());
    };
    let number = match known.value(has_bpf_cookie) {
        Ok(number) => number,
        Err(_) if !slot.needed => return Ok(()),
        Err(error) => return Err(ErrorKind::Virtual(error)),
    };
    store_number(slot.class, number, Endian::NATIVE, out).map_err(|source| ErrorKind::Store {
        name: one.name.clone(),
        source,
    })
}

fn store_options(
    object: &Object,
    options: &[Slot<'_>],
    value: &mut [u8],
    notes: &mut Vec<Note>,
) -> Result<(), ErrorKind> {
    let names: Vec<_> = options
        .iter()
        .map(|slot| slot.one.name.as_bytes())
        .collect();
    let text = object.kconfig.as_ref().map(String::as_bytes);
    let settings = lookup_config(&names, text, read_system_config).map_err(ErrorKind::Config)?;
    let mut unset = Vec::new();
    for (slot, setting) in options.iter().zip(&settings.found) {
        let name = || slot.one.name.clone();
        match setting {
            Some(setting) => {
                let stored = setting.store(slot.class, Endian::NATIVE, slot.of(value));
                if let Stored::Truncated { kept_bytes, .. } = stored.map_err(ErrorKind::Config)? {
                    notes.push(Note::CutString {
                        name: name(),
                        kept_bytes,
                    });
                }
            }
            None if slot.needed => unset.push(name()),
            None => {}
        }
    }
    if unset.is_empty() {
        return Ok(());
    }
    Err(ErrorKind::Unset(settings.unset(unset)))
}
