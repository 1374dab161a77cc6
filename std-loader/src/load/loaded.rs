//! An object in the kernel.
//!
//! Enters: descriptors of programs and maps. Leaves: [`Loaded`], which lends them by name. When it
//! is dropped, all is gone that no link, pin or other process holds.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use crate::error::{Error, ErrorKind, Item};
use crate::map::Map;
use crate::object::{MapRole, Sec, Variable, find_variable};
use crate::sys::ProgType;

use super::Note;
use super::global::Global;

/// A loaded object.
#[derive(Debug)]
pub struct Loaded {
    pub(super) object: String,
    pub(super) programs: Vec<LoadedProgram>,
    pub(super) maps: Vec<LoadedMap>,
    pub(super) variables: Vec<Variable>,
    pub(super) notes: Vec<Note>,
}

/// A map with what the object calls it.
#[derive(Debug)]
pub(super) struct LoadedMap {
    pub(super) name: String,
    pub(super) role: MapRole,
    pub(super) is_mappable: bool,
    pub(super) map: Map,
}

/// A loaded program.
#[derive(Debug)]
pub struct LoadedProgram {
    pub(super) object: String,
    pub(super) name: String,
    pub(super) section: String,
    pub(super) sec: Sec,
    pub(super) fd: OwnedFd,
}

impl LoadedProgram {
    /// Name of its object.
    #[must_use]
    pub fn object(&self) -> &str {
        &self.object
    }

    /// Name of its function. The kernel keeps 15 bytes of it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Name of its section.
    #[must_use]
    pub fn section(&self) -> &str {
        &self.section
    }

    /// What its section's name says.
    #[must_use]
    pub const fn sec(&self) -> &Sec {
        &self.sec
    }

    /// What kind of program.
    #[must_use]
    pub fn prog_type(&self) -> ProgType {
        self.sec
            .kind
            .map_or(ProgType::UNSPEC, |kind| kind.prog_type)
    }
}

impl AsFd for LoadedProgram {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Loaded {
    /// The object's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.object
    }

    /// The programs, in the object's order; those without autoload are not among them.
    #[must_use]
    pub fn programs(&self) -> &[LoadedProgram] {
        &self.programs
    }

    /// The program of that name.
    ///
    /// # Errors
    /// None of that name was loaded.
    pub fn program(&self, name: &str) -> Result<&LoadedProgram, Error> {
        let found = self.programs.iter().find(|one| one.name == name);
        found.ok_or_else(|| ErrorKind::no_such(Item::Program, name).of(&self.object))
    }

    /// The maps with their names in the object; data sections and `.kconfig` are among them.
    pub fn maps(&self) -> impl Iterator<Item = (&str, &Map)> {
        self.maps.iter().map(|one| (one.name.as_str(), &one.map))
    }

    /// The map of that name: a variable's, or a section's such as `.bss`.
    ///
    /// # Errors
    /// There is none.
    pub fn map(&self, name: &str) -> Result<&Map, Error> {
        let found = self.maps.iter().find(|one| one.name == name);
        let map = found.map(|one| &one.map);
        map.ok_or_else(|| ErrorKind::no_such(Item::Map, name).of(&self.object))
    }

    /// The global variable of that name, to be read, and written unless it is constant, while
    /// programs use it.
    ///
    /// # Errors
    /// There is none, or its section can't be mapped.
    pub fn global(&self, name: &str) -> Result<Global, Error> {
        self.map_global(name)
            .map_err(|error| error.of(&self.object))
    }

    fn map_global(&self, name: &str) -> Result<Global, ErrorKind> {
        let variable = find_variable(&self.variables, name)?;
        let map = self.maps.get(variable.map);
        let map = map.ok_or_else(|| ErrorKind::no_such(Item::Variable, name))?;
        Global::new(&self.object, variable, map)
    }

    /// What went otherwise than the object's author may expect.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }
}
