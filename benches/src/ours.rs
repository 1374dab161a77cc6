//! relocore, as its users call it.

use std::path::Path;

use relocore::elf::{Object, ProgramRange};
use relocore::owned::{self, Relocated};
use relocore::plan::Plan;
use relocore::relo::{Candidate, Root, Workspace};

/// Slots for the object's own types.
const LOCAL_SLOTS: usize = 4096;

/// From both files' bytes to patched instructions, with nothing kept from before.
pub fn relocate(file: &[u8], target: &[u8]) -> relocore::Result<Relocated> {
    let object = Object::parse(file)?;
    let mut local_slots = [0; LOCAL_SLOTS];
    let mut programs = vec![ProgramRange::EMPTY; object.programs()?.count()];
    let plan = Plan::new(object, &mut local_slots, &mut programs)?;
    owned::relocate_once(&plan, target)
}

/// Buffers for a whole object, made once.
pub struct Buffers {
    pub slots: Vec<u32>,
    pub programs: Vec<ProgramRange>,
    pub roots: Vec<Root>,
    pub candidates: Vec<Candidate>,
}

impl Buffers {
    /// Enough for every object of the benches.
    pub fn new() -> Self {
        Self {
            slots: vec![0; 1 << 15],
            programs: vec![ProgramRange::EMPTY; 1024],
            roots: vec![Root::EMPTY; 8192],
            candidates: vec![Candidate::EMPTY; 1 << 16],
        }
    }

    /// The object's plan, and the rest of the buffers.
    pub fn plan<'s>(&'s mut self, file: &'s [u8]) -> relocore::Result<(Plan<'s>, Workspace<'s>)> {
        let plan = Plan::new(Object::parse(file)?, &mut self.slots, &mut self.programs)?;
        let workspace = Workspace {
            roots: &mut self.roots,
            candidates: &mut self.candidates,
        };
        Ok((plan, workspace))
    }
}

/// Loads the object's only program into the kernel and attaches it.
pub fn attach(path: &Path) -> Result<(), relocore_loader::Error> {
    let loaded = relocore_loader::Object::open(path)?.load()?;
    let program = loaded.program("small")?;
    // The process ends soon: as with the others, nothing is freed.
    core::mem::forget(program.attach()?);
    core::mem::forget(loaded);
    Ok(())
}
