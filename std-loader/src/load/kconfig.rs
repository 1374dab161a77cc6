//! The value of `.kconfig`.
//!
//! Enters: the object's externs, the user's text, the running kernel. Leaves: the bytes of the
//! map, and of each extern without a value why. An extern that is weak, or that no loaded program uses, may be unset and is 0 then; the
//! kernel's configuration is read only if the user's text leaves something open.

use relocore::Endian;

use crate::error::ErrorKind;
use crate::kernel::{
    ConfigError, ExternClass, Settings, StoreError, Stored, VirtualError, VirtualExtern,
    lookup_config, read_system_config, store_number,
};
use crate::object::{Extern, ExternKind, ExternProblem, Object};

use super::Note;
use super::feature::{Feature, has};
use super::token::Token;

/// The value, and what is missing in it.
pub(super) struct Kconfig {
    /// Value of the map.
    pub(super) value: Vec<u8>,
    /// Externs that loaded programs need and that have no value, by place in the object's list.
    problems: Vec<(usize, Problem)>,
    settings: Settings,
}

/// Why an extern has no value.
#[derive(Clone)]
enum Problem {
    Extern(ExternProblem),
    Virtual(VirtualError),
    Store(StoreError),
    Config(ConfigError),
    Unset,
}

/// An extern with its slot.
struct Slot<'a> {
    nth: usize,
    one: &'a Extern,
    class: ExternClass,
    start: usize,
    /// Must have a value.
    needed: bool,
}

impl Slot<'_> {
    /// Its bytes; the layout has placed it inside.
    fn of<'v>(&self, value: &'v mut [u8]) -> &'v mut [u8] {
        let end = self.start.saturating_add(self.class.size_bytes());
        value.get_mut(self.start..end).unwrap_or_default()
    }
}

/// Works out the value. `used` says which externs loaded programs refer to.
pub(super) fn value(
    object: &Object,
    used: &[bool],
    token: Option<&Token>,
    notes: &mut Vec<Note>,
) -> Result<Kconfig, ErrorKind> {
    let externs = &object.parts.externs;
    let mut value = vec![0; externs.kconfig_bytes as usize];
    let (mut options, mut problems) = (Vec::new(), Vec::new());
    for (nth, (one, used)) in externs.list.iter().zip(used).enumerate() {
        let ExternKind::Kconfig {
            class,
            offset_bytes,
            ..
        } = one.kind
        else {
            continue;
        };
        let slot = Slot {
            nth,
            one,
            class,
            start: offset_bytes as usize,
            needed: *used && !one.is_weak,
        };
        if one.name.starts_with("CONFIG_") {
            options.push(slot);
        } else if let Err(problem) = store_virtual(&slot, slot.of(&mut value), token) {
            problems.push((nth, problem));
        }
    }
    let names: Vec<_> = options
        .iter()
        .map(|slot| slot.one.name.as_bytes())
        .collect();
    let text = object.kconfig.as_ref().map(String::as_bytes);
    let settings = lookup_config(&names, text, read_system_config).map_err(ErrorKind::Config)?;
    for (slot, setting) in options.iter().zip(&settings.found) {
        let Some(setting) = setting else {
            if slot.needed {
                problems.push((slot.nth, Problem::Unset));
            }
            continue;
        };
        match setting.store(slot.class, Endian::NATIVE, slot.of(&mut value)) {
            Ok(Stored::Truncated { kept_bytes, .. }) => notes.push(Note::CutString {
                name: slot.one.name.clone(),
                kept_bytes,
            }),
            Ok(_) => {}
            Err(error) => problems.push((slot.nth, Problem::Config(error))),
        }
    }
    Ok(Kconfig {
        value,
        problems,
        settings,
    })
}

fn store_virtual(slot: &Slot<'_>, out: &mut [u8], token: Option<&Token>) -> Result<(), Problem> {
    let one = slot.one;
    if !one.name.starts_with("LINUX_") {
        return Err(Problem::Extern(ExternProblem::KconfigName));
    }
    let Some(known) = VirtualExtern::by_name(one.name.as_bytes()) else {
        if slot.needed {
            return Err(Problem::Extern(ExternProblem::UnknownVirtual));
        }
        return Ok(());
    };
    let number = match known.value(|| has(Feature::BpfCookie, token)) {
        Ok(number) => number,
        Err(_) if !slot.needed => return Ok(()),
        Err(error) => return Err(Problem::Virtual(error)),
    };
    store_number(slot.class, number, Endian::NATIVE, out).map_err(Problem::Store)
}

impl Kconfig {
    /// What is wrong with these of the object's externs: the first mistake, or all that are unset.
    pub(super) fn error(
        &self,
        externs: &[Extern],
        is_asked: impl Fn(usize) -> bool,
    ) -> Option<ErrorKind> {
        let mut unset = Vec::new();
        for (nth, problem) in self.problems.iter().filter(|(nth, _)| is_asked(*nth)) {
            let name = externs
                .get(*nth)
                .map(|one| one.name.clone())
                .unwrap_or_default();
            return Some(match problem.clone() {
                Problem::Unset => {
                    unset.push(name);
                    continue;
                }
                Problem::Extern(problem) => ErrorKind::Extern { name, problem },
                Problem::Virtual(error) => ErrorKind::Virtual(error),
                Problem::Store(source) => ErrorKind::Store { name, source },
                Problem::Config(error) => ErrorKind::Config(error),
            });
        }
        (!unset.is_empty()).then(|| ErrorKind::Unset(self.settings.unset(unset)))
    }
}
