//! An object in the kernel.
//!
//! Enters: descriptors of programs and maps. Leaves: [`Loaded`], which lends them by name. When it
//! is dropped, all is gone that no link, pin or other process holds.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use crate::error::{Error, ErrorKind, Item};
use crate::map::Map;
use crate::object::{MapRole, Sec, Variable, find_variable};
use crate::sys::{AttachType, ProgType, map_flags};

use super::Note;
use super::chosen::Skipped;
use super::global::Global;
use super::maps::Made;

/// A loaded object.
#[derive(Debug)]
pub struct Loaded {
    pub(super) object: String,
    pub(super) programs: Vec<LoadedProgram>,
    pub(super) maps: Vec<LoadedMap>,
    pub(super) variables: Vec<Variable>,
    pub(super) skipped: Vec<Skipped>,
    pub(super) notes: Vec<Note>,
}

/// A map with what the object calls it.
#[derive(Debug)]
pub(super) struct LoadedMap {
    pub(super) name: String,
    pub(super) role: MapRole,
    /// None, if the user did not want it.
    pub(super) made: Option<Made>,
    /// Of operations of the kernel, the value that makes them known to it.
    pub(super) operations: Option<Vec<u8>>,
}

/// Operations of the kernel that programs implement, ready to be attached.
#[derive(Clone, Copy, Debug)]
pub struct StructOps<'a> {
    /// Its map.
    pub map: &'a Map,
    /// The map's only value, with the programs' descriptors in it: once it is stored under key 0,
    /// the kernel has the operations (without [`is_link`](Self::is_link) it uses them at once).
    pub value: &'a [u8],
    /// Whether a link attaches it (section `.struct_ops.link`).
    pub is_link: bool,
}

/// A loaded program.
#[derive(Debug)]
pub struct LoadedProgram {
    pub(super) object: String,
    pub(super) name: String,
    pub(super) section: String,
    pub(super) sec: Sec,
    pub(super) prog_type: ProgType,
    pub(super) attach_type: AttachType,
    pub(super) attach_target: Option<String>,
    pub(super) autoattach: bool,
    pub(super) log: String,
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
    pub const fn prog_type(&self) -> ProgType {
        self.prog_type
    }

    /// Where it was loaded to be attached; 0 for types that are not checked for it.
    #[must_use]
    pub const fn attach_type(&self) -> AttachType {
        self.attach_type
    }

    /// What it is for, from the user or its section's name:
    /// [`Program::attach_target`](crate::Program::attach_target).
    #[must_use]
    pub fn attach_target(&self) -> Option<&str> {
        self.attach_target.as_deref()
    }

    /// Whether it belongs to those that are attached when the whole object is.
    #[must_use]
    pub const fn autoattach(&self) -> bool {
        self.autoattach
    }

    /// What the verifier wrote, if [asked to](crate::Object::log_level).
    #[must_use]
    pub fn log(&self) -> &str {
        &self.log
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

    /// Programs that could not be loaded and were left out, with
    /// [`Object::skip_failing`](crate::Object::skip_failing).
    #[must_use]
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// The maps with their names in the object; data sections and `.kconfig` are among them, those
    /// that were not to be created are not.
    pub fn maps(&self) -> impl Iterator<Item = (&str, &Map)> {
        let made = self.maps.iter().map(|one| (one, one.made.as_ref()));
        made.filter_map(|(one, made)| Some((one.name.as_str(), &made?.map)))
    }

    /// The operations of the kernel in the variable of that name.
    ///
    /// # Errors
    /// There is none, or it was not to be created.
    pub fn struct_ops(&self, name: &str) -> Result<StructOps<'_>, Error> {
        let found = self.maps.iter().find(|one| one.name == name);
        let found = found.and_then(|one| Some((one.made.as_ref()?, one.operations.as_ref()?)));
        let (made, value) =
            found.ok_or_else(|| ErrorKind::no_such(Item::Map, name).of(&self.object))?;
        Ok(StructOps {
            map: &made.map,
            value,
            is_link: made.map.spec().flags & map_flags::LINK != 0,
        })
    }

    /// The map of that name: a variable's, or a section's such as `.bss`.
    ///
    /// # Errors
    /// There is none.
    pub fn map(&self, name: &str) -> Result<&Map, Error> {
        let map = self.maps().find(|(one, _)| *one == name);
        let map = map.map(|(_, map)| map);
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
