//! An object before it is loaded: what it consists of, and what the user wants of it.
//!
//! Enters: a path, or a name and bytes. Leaves: an [`Object`] that can be configured: the target,
//! values of variables, sizes of maps, which programs to load. Next: [`Object::load`].
//!
//! | file | from | to |
//! |---|---|---|
//! | `parts` | the file's bytes | all of the below |
//! | `function` | symbols | functions by place |
//! | `sec`, `sec_table`, `program` | section names | program types, targets |
//! | `exceptions` | tags in BTF | callbacks of programs that throw |
//! | `map_members`, `map_slots` | BTF, relocations | maps and what they hold from the start |
//! | `data_section`, `arena`, `resize` | sections | maps with variables |
//! | `struct_ops` | sections, relocations | operations of the kernel |
//! | `map_definition`, `map_settings`, `map_problem` | a map | what the user may ask and change |
//! | `externs`, `kconfig_class` | undefined symbols | externs, layout of `.kconfig` |
//! | `btf_image`, `btf_fixups` | `.BTF` | BTF that the kernel accepts |

mod arena;
mod btf_fixups;
mod btf_image;
mod data_section;
mod exceptions;
mod externs;
mod function;
mod kconfig_class;
mod map_definition;
mod map_members;
mod map_problem;
mod map_settings;
mod map_slots;
mod parts;
mod program;
mod resize;
mod sec;
mod sec_table;
mod struct_ops;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind, Item};
use crate::kernel::Target;
use crate::load;
use crate::load::Loaded;

pub(crate) use btf_image::{BtfImage, HEAD_WORDS, info};
pub(crate) use data_section::Variable;
pub use externs::ExternProblem;
pub(crate) use externs::{Extern, ExternKind};
pub(crate) use function::{Function, find as find_function};
pub(crate) use map_definition::Slot;
pub use map_definition::{MapDefinition, MapRole};
pub use map_problem::MapProblem;
pub(crate) use parts::{Parts, slot_count};
pub use program::Program;
pub use sec::{Sec, SecKind};
pub(crate) use struct_ops::is_function_pointer;

/// Larger files are no BPF objects: real ones have kilobytes.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// A BPF object, open and not yet loaded.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn core::error::Error>> {
/// use relocore_loader::Object;
///
/// let mut object = Object::open("demo.bpf.o")?;
/// object.set_global("only_tgid", &1234_u32.to_ne_bytes())?;
/// object.map_mut("events")?.set_max_entries(1 << 20);
/// let loaded = object.load()?;
/// let link = loaded.program("handle_exec")?.attach()?;
/// # drop(link);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Object {
    pub(crate) name: String,
    pub(crate) file: Vec<u8>,
    pub(crate) parts: Parts,
    pub(crate) target: Target,
    pub(crate) module_btf: Vec<PathBuf>,
    pub(crate) kconfig: Option<String>,
    pub(crate) pin_root: PathBuf,
    pub(crate) log_level: u32,
    pub(crate) skip_failing: bool,
    pub(crate) token_path: Option<PathBuf>,
}

/// Where BPF's file system is mounted by custom.
const BPF_FS: &str = "/sys/fs/bpf";

impl Object {
    /// Reads an object file. It is called by its path.
    ///
    /// # Errors
    /// The file can't be read, or is no BPF object, or something in it is wrong: the error says
    /// which section, map, program or extern.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let name = path.as_ref().display().to_string();
        let file = read(path.as_ref()).map_err(|error| ErrorKind::Read(error).of(&name))?;
        Self::from_bytes(&name, file)
    }

    /// Takes an object from memory. `name` is for errors; the kernel's listings have as much of it,
    /// without directories and extension, as fits before `.bss` and its like.
    ///
    /// # Errors
    /// It is no BPF object, or something in it is wrong: the error says which section, map,
    /// program or extern.
    pub fn from_bytes(name: &str, file: impl Into<Vec<u8>>) -> Result<Self, Error> {
        let file = file.into();
        let parts = Parts::read(&file).map_err(|error| error.of(name))?;
        Ok(Self {
            name: name.to_owned(),
            file,
            parts,
            target: Target::Kernel,
            module_btf: Vec::new(),
            kconfig: None,
            pin_root: PathBuf::from(BPF_FS),
            log_level: 0,
            skip_failing: false,
            token_path: None,
        })
    }

    /// What it is called in errors and names of maps.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Relocates for another target than the running kernel's own BTF.
    pub fn target(&mut self, target: Target) -> &mut Self {
        self.target = target;
        self
    }

    /// Adds BTF of a module, for types that the target lacks. Without any, the modules of the
    /// running kernel are looked at, unless another [`target`](Self::target) was set.
    pub fn module_btf(&mut self, path: impl Into<PathBuf>) -> &mut Self {
        self.module_btf.push(path.into());
        self
    }

    /// Text as of a kernel's `.config`, which counts before that of the running kernel.
    pub fn kconfig_text(&mut self, text: impl Into<String>) -> &mut Self {
        self.kconfig = Some(text.into());
        self
    }

    /// Directory of the pins of maps that ask for one by name; it must exist. At first
    /// `/sys/fs/bpf`.
    pub fn pin_root(&mut self, directory: impl Into<PathBuf>) -> &mut Self {
        self.pin_root = directory.into();
        self
    }

    /// What the verifier is to write of every program, whether it takes it or not: 1 the failing
    /// path, 2 every instruction, 4 statistics, or sums of them. At first 0: nothing, unless it
    /// refuses a program.
    pub const fn log_level(&mut self, level: u32) -> &mut Self {
        self.log_level = level;
        self
    }

    /// Has a program that can't be loaded left out, and the others loaded, instead of none: see
    /// [`Loaded::skipped`]. What is wrong with maps, types or the configuration's text still ends
    /// the load.
    pub const fn skip_failing(&mut self, skip: bool) -> &mut Self {
        self.skip_failing = skip;
        self
    }

    /// Loads with a BPF token from that directory, the root of a BPF file system that delegates
    /// the right: for user namespaces. At first the directory that the environment variable
    /// `LIBBPF_BPF_TOKEN_PATH` names, if any.
    pub fn token_path(&mut self, directory: impl Into<PathBuf>) -> &mut Self {
        self.token_path = Some(directory.into());
        self
    }

    /// Adds names of sections: programs in sections that match one of `rows` become what the row
    /// says, also if the name is known already.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn core::error::Error>> {
    /// use relocore_loader::object::SecKind;
    /// use relocore_loader::sys::{AttachType, ProgType};
    /// use relocore_loader::Object;
    ///
    /// static MINE: [SecKind; 1] = [SecKind {
    ///     name: "acme/packets",
    ///     prog_type: ProgType::XDP,
    ///     attach_type: AttachType::XDP,
    ///     ..SecKind::NONE
    /// }];
    /// let mut object = Object::open("acme.bpf.o")?;
    /// object.section_kinds(&MINE);
    /// # Ok(()) }
    /// ```
    pub fn section_kinds(&mut self, rows: &'static [SecKind]) -> &mut Self {
        for program in &mut self.parts.programs {
            let sec = Sec::parse_with(&program.section, rows);
            if sec.kind.is_some() {
                program.take_sec(sec);
            }
        }
        self
    }

    /// Its programs.
    #[must_use]
    pub fn programs(&self) -> &[Program] {
        &self.parts.programs
    }

    /// Its programs, to choose which to load.
    pub fn programs_mut(&mut self) -> impl Iterator<Item = &mut Program> {
        self.parts.programs.iter_mut()
    }

    /// The program of that name.
    ///
    /// # Errors
    /// There is none.
    pub fn program_mut(&mut self, name: &str) -> Result<&mut Program, Error> {
        let found = self.parts.programs.iter_mut().find(|one| one.name == name);
        found.ok_or_else(|| ErrorKind::no_such(Item::Program, name).of(&self.name))
    }

    /// Its maps; data sections and `.kconfig` are among them.
    #[must_use]
    pub fn maps(&self) -> &[MapDefinition] {
        &self.parts.maps
    }

    /// The map of that name: a variable's, or a section's such as `.bss`.
    ///
    /// # Errors
    /// There is none.
    pub fn map_mut(&mut self, name: &str) -> Result<&mut MapDefinition, Error> {
        let found = self.parts.maps.iter_mut().find(|one| one.name == name);
        found.ok_or_else(|| ErrorKind::no_such(Item::Map, name).of(&self.name))
    }

    /// Sets the value that a global variable begins with. For `const volatile` ones in `.rodata`
    /// this is the only time: the verifier takes the value as a constant.
    ///
    /// `value` is in memory's form: as many bytes as the variable has, in this machine's order.
    ///
    /// # Errors
    /// There is no such variable, or it has another size.
    pub fn set_global(&mut self, name: &str, value: &[u8]) -> Result<&mut Self, Error> {
        self.put_global(name, value)
            .map_err(|error| error.of(&self.name))?;
        Ok(self)
    }

    /// Gives a section of variables (`.bss`, `.data.own`, ...) another size: its last variable,
    /// an array, gets as many elements as fit.
    ///
    /// # Errors
    /// There is no such section, its last variable is no array, or would not have whole elements.
    pub fn resize(&mut self, section: &str, bytes: u32) -> Result<&mut Self, Error> {
        let nth = self.parts.maps.iter().position(|map| map.name == section);
        let resized = nth
            .ok_or_else(|| ErrorKind::no_such(Item::Map, section))
            .and_then(|nth| resize::resize(&mut self.parts, nth, bytes));
        resized.map_err(|error| error.of(&self.name))?;
        Ok(self)
    }

    fn put_global(&mut self, name: &str, value: &[u8]) -> Result<(), ErrorKind> {
        let variable = find_variable(&self.parts.variables, name)?;
        let found = value.len();
        variable.check_size(found)?;
        let start = variable.offset_bytes as usize;
        let map = self.parts.maps.get_mut(variable.map);
        let map = map.filter(|map| map.role != MapRole::Kconfig);
        let map = map.and_then(|map| Some((map.data?.size_bytes, map)));
        let (bytes, map) = map.ok_or_else(|| ErrorKind::no_such(Item::Variable, name))?;
        map.initial.resize(bytes as usize, 0);
        if let Some(place) = map.initial.get_mut(start..start + found) {
            place.copy_from_slice(value);
        }
        Ok(())
    }

    /// Relocates it, creates its maps and loads its programs. All of them, or none: on failure
    /// nothing is left in the kernel.
    ///
    /// # Errors
    /// The first step that failed, with object, section, program, operation and errno; for a
    /// program that the verifier refused, with the lines of its log that tell why.
    pub fn load(&self) -> Result<Loaded, Error> {
        load::load(self).map_err(|error| error.of(&self.name))
    }
}

/// The variable of that name.
pub(crate) fn find_variable<'a>(
    variables: &'a [Variable],
    name: &str,
) -> Result<&'a Variable, ErrorKind> {
    let mut found = variables.iter().filter(|one| one.name == name);
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => Err(ErrorKind::no_such(Item::Variable, name)),
        (Some(_), Some(_)) => Err(ErrorKind::TwoVariables(name.to_owned())),
    }
}

impl Variable {
    /// Whether a value has its size.
    pub(crate) fn check_size(&self, found: usize) -> Result<(), ErrorKind> {
        let expected = self.size_bytes as usize;
        if found == expected {
            return Ok(());
        }
        Err(ErrorKind::VariableSize {
            name: self.name.clone(),
            expected,
            found,
        })
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let mut bytes = Vec::new();
    // One byte more tells a file that is too long from one that just fits.
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            "is over 64 MiB: no BPF object is",
        ));
    }
    if bytes.is_empty() {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "is empty"));
    }
    Ok(bytes)
}
