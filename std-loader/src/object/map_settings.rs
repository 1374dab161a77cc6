//! What the user may change of a map before it is created.

use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;

use super::map_definition::MapDefinition;
use super::map_problem::MapProblem;

impl MapDefinition {
    /// Sets the number of entries, or the size of a ring buffer in bytes, which is rounded up to
    /// what the kernel takes.
    pub const fn set_max_entries(&mut self, max_entries: u32) -> &mut Self {
        self.max_entries = max_entries;
        self
    }

    /// Sets the bytes of a key.
    ///
    /// # Errors
    /// [`MapProblem::SectionSize`] for sections and operations of the kernel.
    pub fn set_key_size(&mut self, bytes: u32) -> Result<&mut Self, MapProblem> {
        self.check_sizable()?;
        self.key_size = bytes;
        Ok(self)
    }

    /// Sets the bytes of a value.
    ///
    /// # Errors
    /// [`MapProblem::SectionSize`] for sections, whose size follows from their variables
    /// ([`Object::resize`](super::Object::resize)), and for operations of the kernel.
    pub fn set_value_size(&mut self, bytes: u32) -> Result<&mut Self, MapProblem> {
        self.check_sizable()?;
        self.value_size = bytes;
        Ok(self)
    }

    fn check_sizable(&self) -> Result<(), MapProblem> {
        let is_declared = self.role == super::MapRole::Declared;
        is_declared.then_some(()).ok_or(MapProblem::SectionSize)
    }

    /// Sets the `BPF_F_` flags of its creation.
    pub const fn set_flags(&mut self, flags: u32) -> &mut Self {
        self.flags = flags;
        self
    }

    /// Sets the NUMA node of its memory; counts with the flag `BPF_F_NUMA_NODE` (4).
    pub const fn set_numa_node(&mut self, node: u32) -> &mut Self {
        self.numa_node = node;
        self
    }

    /// Sets what some types have more: hash functions of a bloom filter, address of an arena.
    pub const fn set_map_extra(&mut self, extra: u64) -> &mut Self {
        self.map_extra = extra;
        self
    }

    /// Has it offloaded to that network device.
    pub const fn set_ifindex(&mut self, ifindex: u32) -> &mut Self {
        self.ifindex = ifindex;
        self
    }

    /// Asks for a pin of the map's name below the object's
    /// [`pin_root`](super::Object::pin_root), or does without one.
    pub const fn set_pin_by_name(&mut self, pin: bool) -> &mut Self {
        self.pin_by_name = pin;
        self
    }

    /// Asks for a pin at that path in a BPF file system. If there is one already, that map is
    /// taken in place of a new one, provided that it is alike.
    pub fn set_pin_path(&mut self, path: impl Into<PathBuf>) -> &mut Self {
        self.pin_path = Some(path.into());
        self
    }

    /// Takes that map in place of a new one. It keeps its contents; sizes and type must be those
    /// that programs expect, which the verifier judges.
    pub fn reuse(&mut self, map: impl Into<Arc<OwnedFd>>) -> &mut Self {
        self.reuse = Some(map.into());
        self
    }

    /// Has it created with the others, or not: then programs that use it must not reach that.
    pub const fn set_autocreate(&mut self, autocreate: bool) -> &mut Self {
        self.autocreate = autocreate;
        self
    }

    /// Of a map of maps, gives a map like those that it will hold, in place of what the program
    /// says of them.
    pub fn set_inner_like(&mut self, map: impl Into<Arc<OwnedFd>>) -> &mut Self {
        self.inner_like = Some(map.into());
        self
    }
}
