//! What a map of the object will be.
//!
//! Enters: a definition in `.maps`, a data section, or the layout of `.kconfig`. Leaves: a
//! [`MapDefinition`], which the user may change until the object is loaded.

use relocore::TypeId;

use crate::sys::MapType;

/// What a map stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MapRole {
    /// A map that the program declares in `.maps`.
    Declared,
    /// Constants: frozen before programs are loaded, so that the verifier knows them.
    RoData,
    /// Initialised variables.
    Data,
    /// Variables that start as 0.
    Bss,
    /// Externs of the kernel's configuration; frozen too.
    Kconfig,
}

impl MapRole {
    /// Whether programs and user space only read it.
    #[must_use]
    pub const fn is_constant(self) -> bool {
        matches!(self, Self::RoData | Self::Kconfig)
    }
}

/// A map before it is created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapDefinition {
    pub(crate) name: String,
    pub(crate) role: MapRole,
    pub(crate) map_type: MapType,
    pub(crate) key_size: u32,
    pub(crate) value_size: u32,
    pub(crate) max_entries: u32,
    pub(crate) flags: u32,
    pub(crate) numa_node: u32,
    pub(crate) map_extra: u64,
    pub(crate) pin_by_name: bool,
    /// BTF types of keys and values; void where unknown.
    pub(crate) key_type: TypeId,
    pub(crate) value_type: TypeId,
    /// Where relocations find it: section and offset. Of data, the whole section.
    pub(crate) section: u32,
    pub(crate) offset_bytes: u32,
    /// Value to begin with, of data; empty is zeros.
    pub(crate) initial: Vec<u8>,
    /// Whether it has variables that user space may map.
    pub(crate) is_mappable: bool,
}

impl MapDefinition {
    pub(super) const fn new(name: String, role: MapRole) -> Self {
        Self {
            name,
            role,
            map_type: MapType::UNSPEC,
            key_size: 0,
            value_size: 0,
            max_entries: 0,
            flags: 0,
            numa_node: 0,
            map_extra: 0,
            pin_by_name: false,
            key_type: TypeId::VOID,
            value_type: TypeId::VOID,
            section: 0,
            offset_bytes: 0,
            initial: Vec::new(),
            is_mappable: false,
        }
    }

    /// A map for a section: one value of `bytes` bytes.
    pub(crate) const fn of_data(name: String, role: MapRole, bytes: u32) -> Self {
        let mut map = Self::new(name, role);
        map.map_type = MapType::ARRAY;
        map.key_size = 4;
        map.value_size = bytes;
        map.max_entries = 1;
        map
    }

    /// Its name in the object: the variable's, or for data the section's (`.bss`).
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it stands for.
    #[must_use]
    pub const fn role(&self) -> MapRole {
        self.role
    }

    /// What kind of map.
    #[must_use]
    pub const fn map_type(&self) -> MapType {
        self.map_type
    }

    /// Bytes of a key.
    #[must_use]
    pub const fn key_size(&self) -> u32 {
        self.key_size
    }

    /// Bytes of a value.
    #[must_use]
    pub const fn value_size(&self) -> u32 {
        self.value_size
    }

    /// Entries at most; for ring buffers the size in bytes.
    #[must_use]
    pub const fn max_entries(&self) -> u32 {
        self.max_entries
    }

    /// Sets the number of entries, or the size of a ring buffer in bytes, which is rounded up to
    /// what the kernel takes.
    pub const fn set_max_entries(&mut self, max_entries: u32) -> &mut Self {
        self.max_entries = max_entries;
        self
    }

    /// `BPF_F_` flags of its creation.
    #[must_use]
    pub const fn flags(&self) -> u32 {
        self.flags
    }

    /// Sets the `BPF_F_` flags of its creation.
    pub const fn set_flags(&mut self, flags: u32) -> &mut Self {
        self.flags = flags;
        self
    }

    /// NUMA node of its memory; counts with the flag `BPF_F_NUMA_NODE` (4).
    #[must_use]
    pub const fn numa_node(&self) -> u32 {
        self.numa_node
    }

    /// More for some types: hash functions of a bloom filter, address of an arena.
    #[must_use]
    pub const fn map_extra(&self) -> u64 {
        self.map_extra
    }

    /// Whether the program asks for a pin of the map's name in the BPF file system.
    #[must_use]
    pub const fn pin_by_name(&self) -> bool {
        self.pin_by_name
    }

    /// Asks for such a pin, or does without one.
    pub const fn set_pin_by_name(&mut self, pin: bool) -> &mut Self {
        self.pin_by_name = pin;
        self
    }
}
