//! Types of maps and programs that a kernel is too old for.
//!
//! Enters: what was refused, and the kernel's version. Leaves: [`Unknown`], the name of the type
//! and the first kernel that has it, or nothing if the kernel should know it.

use core::fmt;

use crate::kernel::{KernelVersion, kernel_version};
use crate::sys::{AttachType, MapType, ProgType, Since};

/// Something that the running kernel is too old for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unknown {
    /// What it is: `maps of type`.
    pub what: &'static str,
    /// Its name: `bloom_filter`.
    pub name: &'static str,
    /// The first kernel of the main line that has it: major and minor number.
    pub since: Since,
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, name, since } = self;
        let (major, minor) = since;
        write!(f, "{what} {name} came with Linux {major}.{minor}")
    }
}

/// A map's type, if this kernel is too old for it.
pub(super) fn map_type(map_type: MapType) -> Option<Unknown> {
    too_new("maps of type", map_type.known_as())
}

/// A program's type or attach type, if this kernel is too old for it.
pub(super) fn program_type(prog_type: ProgType, attach_type: AttachType) -> Option<Unknown> {
    // Numbers of members, not of attach types.
    let attach_type = match prog_type {
        ProgType::STRUCT_OPS => None,
        _ => attach_type.known_as(),
    };
    too_new("programs of type", prog_type.known_as())
        .or_else(|| too_new("programs of attach type", attach_type))
}

fn too_new(what: &'static str, known: Option<(&'static str, Since)>) -> Option<Unknown> {
    let (name, since) = known?;
    let running = kernel_version().ok()?.version;
    let unknown = Unknown { what, name, since };
    (running < KernelVersion::new(since.0, since.1, 0)).then_some(unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_newer_than_the_kernel_is_told() {
        let known = |since| too_new("maps of type", Some(("arena", since)));
        assert_eq!(known((3, 0)), None);
        let unknown = known((99, 1)).unwrap();
        assert_eq!(
            unknown.to_string(),
            "maps of type arena came with Linux 99.1"
        );
        assert_eq!(too_new("maps of type", None), None);
    }
}
