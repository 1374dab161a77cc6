//! A global variable that programs and user space share.
//!
//! Enters: the variable's place, and the map of its section. Leaves: copies of its value. Aligned
//! values of up to 8 bytes are read and written whole; larger ones change while they are copied,
//! and who needs them consistent must agree with the program on how.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::{Error, ErrorKind, Item};
use crate::object::Variable;
use crate::sys::mmap::{Access, SharedMmap};

use super::Step;
use super::loaded::LoadedMap;

/// A global variable of a loaded object. It keeps its section's memory alive, even when the
/// [`Loaded`](super::Loaded) is gone.
#[derive(Debug)]
pub struct Global {
    object: String,
    variable: Variable,
    memory: Memory,
}

#[derive(Debug)]
enum Memory {
    /// Shared with the programs.
    Shared(SharedMmap),
    /// The same, and with all variables of an arena.
    Arena(Arc<Mutex<SharedMmap>>),
    /// Frozen: the value of the whole section.
    Constant(Vec<u8>),
}

impl Global {
    pub(super) fn new(
        object: &str,
        variable: &Variable,
        map: &LoadedMap,
    ) -> Result<Self, ErrorKind> {
        let no_such = || ErrorKind::no_such(Item::Variable, &variable.name);
        let made = map.made.as_ref().ok_or_else(no_such)?;
        let memory = if let Some(arena) = &made.arena {
            Memory::Arena(Arc::clone(arena))
        } else if map.role.is_constant() {
            let value = made.map.lookup(&0_u32.to_ne_bytes());
            let value = value.map_err(|error| ErrorKind::Map(Step::MapVariable, error))?;
            Memory::Constant(value.unwrap_or_default())
        } else if made.is_mappable {
            let mapped = SharedMmap::map(&made.map, 0, made.map.value_bytes(), Access::ReadWrite);
            let error = |source| ErrorKind::sys(Step::MapVariable, &variable.name, source);
            Memory::Shared(mapped.map_err(error)?)
        } else {
            return Err(ErrorKind::NotMapped(variable.name.clone()));
        };
        Ok(Self {
            object: object.to_owned(),
            variable: variable.clone(),
            memory,
        })
    }

    /// Bytes that it has.
    #[must_use]
    pub const fn size_bytes(&self) -> usize {
        self.variable.size_bytes as usize
    }

    /// Its value, in memory's form.
    #[must_use]
    pub fn read(&self) -> Vec<u8> {
        let mut value = vec![0; self.size_bytes()];
        let start = self.variable.offset_bytes as usize;
        match &self.memory {
            Memory::Shared(shared) => {
                // The place has been checked against the section, so it is inside.
                let _inside = shared.read(start, &mut value);
            }
            Memory::Arena(shared) => {
                let _inside = lock(shared).read(start, &mut value);
            }
            Memory::Constant(section) => {
                let place = section.get(start..).unwrap_or_default();
                for (to, from) in value.iter_mut().zip(place) {
                    *to = *from;
                }
            }
        }
        value
    }

    /// Its value, if it has `N` bytes: `u64::from_ne_bytes(global.array()?)`.
    ///
    /// # Errors
    /// It has another size.
    pub fn array<const N: usize>(&self) -> Result<[u8; N], Error> {
        let error = || ErrorKind::VariableSize {
            name: self.variable.name.clone(),
            expected: self.size_bytes(),
            found: N,
        };
        let value = self.read();
        value
            .first_chunk()
            .filter(|_| value.len() == N)
            .copied()
            .ok_or_else(|| error().of(&self.object))
    }

    /// Changes its value.
    ///
    /// # Errors
    /// `value` has another size, or the variable is constant.
    pub fn write(&mut self, value: &[u8]) -> Result<(), Error> {
        self.variable
            .check_size(value.len())
            .map_err(|error| error.of(&self.object))?;
        let start = self.variable.offset_bytes as usize;
        let written = match &mut self.memory {
            Memory::Shared(shared) => shared.write(start, value),
            Memory::Arena(shared) => lock(shared).write(start, value),
            Memory::Constant(_) => None,
        };
        written.ok_or_else(|| ErrorKind::Constant(self.variable.name.clone()).of(&self.object))
    }
}

/// Nothing is half done when a thread panics with it.
fn lock(shared: &Mutex<SharedMmap>) -> MutexGuard<'_, SharedMmap> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
