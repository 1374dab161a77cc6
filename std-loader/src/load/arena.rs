//! An arena's memory in this process.
//!
//! Enters: an arena that was created. Leaves: its mapping, with the object's variables at its
//! start. The kernel wants it mapped before it takes a program that uses it.

use std::sync::{Arc, Mutex};

use crate::error::ErrorKind;
use crate::map::Map;
use crate::object::{MapDefinition, MapProblem};
use crate::sys::map_flags;
use crate::sys::mmap::{SharedMmap, page_bytes};

use super::Step;
use super::maps::map_error;

/// Maps it and fills in its variables.
pub(super) fn map(
    definition: &MapDefinition,
    map: &Map,
) -> Result<Arc<Mutex<SharedMmap>>, ErrorKind> {
    let sys = |error| map_error(Step::MapArena, definition.name(), error);
    let problem = |problem| ErrorKind::MapDefinition {
        map: definition.name().to_owned(),
        problem,
    };
    let page = page_bytes().map_err(sys)? as u64;
    let found = u64::from(map.spec().max_entries) * page;
    let needed = definition.initial.len() as u64;
    if needed > found {
        return Err(problem(MapProblem::ArenaTooSmall { needed, found }));
    }
    // Pages that nobody has allocated are a fault then, and the variables' are such.
    if needed > 0 && definition.flags() & map_flags::SEGV_ON_FAULT != 0 {
        return Err(problem(MapProblem::ArenaFaults));
    }
    let len = usize::try_from(found).unwrap_or(usize::MAX);
    let mut memory = SharedMmap::map_arena(map, map.spec().map_extra, len).map_err(sys)?;
    // It has been checked to fit.
    let _ = memory.write(0, &definition.initial);
    Ok(Arc::new(Mutex::new(memory)))
}
