//! What a map of the object will be.
//!
//! Enters: a definition in `.maps`, a data section, a variable of `.struct_ops`, or the layout of
//! `.kconfig`. Leaves: a [`MapDefinition`], which the user may change (`map_settings`) until the
//! object is loaded.

use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;

use relocore::TypeId;

use crate::sys::MapType;

use super::struct_ops::StructOps;

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
    /// Operations of the kernel that programs implement: a variable in `.struct_ops`.
    StructOps,
}

impl MapRole {
    /// Whether programs and user space only read it.
    #[must_use]
    pub const fn is_constant(self) -> bool {
        matches!(self, Self::RoData | Self::Kconfig)
    }

    /// Whether it is a section with variables.
    #[must_use]
    pub const fn is_data(self) -> bool {
        matches!(self, Self::RoData | Self::Data | Self::Bss | Self::Kconfig)
    }
}

/// The variables that a map holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DataPart {
    /// Their section, which relocations refer to; 0 for `.kconfig`, which is none.
    pub(crate) section: u32,
    pub(crate) size_bytes: u32,
    /// Their list in the object's BTF, if it has one.
    pub(crate) datasec: Option<TypeId>,
}

/// What a map of maps or of programs holds from the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    /// A map, by place in the object's list.
    Map(usize),
    /// A program, by place in the object's list.
    Program(usize),
}

/// A map before it is created.
#[derive(Clone, Debug)]
pub struct MapDefinition {
    pub(crate) name: String,
    pub(crate) role: MapRole,
    pub(crate) map_type: MapType,
    pub(crate) key_size: u32,
    pub(crate) value_size: u32,
    pub(crate) max_entries: u32,
    pub(crate) flags: u32,
    pub(crate) numa_node: u32,
    pub(crate) ifindex: u32,
    pub(crate) map_extra: u64,
    pub(crate) pin_by_name: bool,
    pub(crate) pin_path: Option<PathBuf>,
    /// Whether it is created: not, if its section says so (`?.struct_ops`) or the user.
    pub(crate) autocreate: bool,
    /// A map to take in place of a new one.
    pub(crate) reuse: Option<Arc<OwnedFd>>,
    /// BTF types of keys and values; void where unknown.
    pub(crate) key_type: TypeId,
    pub(crate) value_type: TypeId,
    /// Where relocations find it: section and offset.
    pub(crate) section: u32,
    pub(crate) offset_bytes: u32,
    /// Of data and arenas, the variables.
    pub(crate) data: Option<DataPart>,
    /// What those begin with; empty is zeros.
    pub(crate) initial: Vec<u8>,
    /// Whether it has variables that user space may map.
    pub(crate) is_mappable: bool,
    /// Of a map of maps, what these are like: as the program declares it, or a map of the user's.
    pub(crate) inner: Option<Box<Self>>,
    pub(crate) inner_like: Option<Arc<OwnedFd>>,
    /// Of maps of maps and programs, where in the variable the initial slots are.
    pub(crate) slots_at: Option<u32>,
    /// Those slots, by number.
    pub(crate) slots: Vec<(u32, Slot)>,
    pub(crate) struct_ops: Option<Box<StructOps>>,
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
            ifindex: 0,
            map_extra: 0,
            pin_by_name: false,
            pin_path: None,
            autocreate: true,
            reuse: None,
            key_type: TypeId::VOID,
            value_type: TypeId::VOID,
            section: 0,
            offset_bytes: 0,
            data: None,
            initial: Vec::new(),
            is_mappable: false,
            inner: None,
            inner_like: None,
            slots_at: None,
            slots: Vec::new(),
            struct_ops: None,
        }
    }

    /// A map for a section: one value of `bytes` bytes.
    pub(crate) fn of_data(name: String, role: MapRole, bytes: u32) -> Self {
        let mut map = Self::new(name, role);
        map.data = Some(DataPart {
            section: 0,
            size_bytes: bytes,
            datasec: None,
        });
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

    /// Entries at most; for ring buffers the size in bytes, for arenas in pages.
    #[must_use]
    pub const fn max_entries(&self) -> u32 {
        self.max_entries
    }

    /// `BPF_F_` flags of its creation.
    #[must_use]
    pub const fn flags(&self) -> u32 {
        self.flags
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

    /// Of a map of maps, what the program says of the maps that it will hold.
    #[must_use]
    pub fn inner(&self) -> Option<&Self> {
        self.inner.as_deref()
    }

    /// Of a map of maps, what the program says of the maps that it will hold.
    pub fn inner_mut(&mut self) -> Option<&mut Self> {
        self.inner.as_deref_mut()
    }

    /// Whether the program asks for a pin of the map's name in the BPF file system.
    #[must_use]
    pub const fn pin_by_name(&self) -> bool {
        self.pin_by_name
    }

    /// Whether it is created with the others.
    #[must_use]
    pub const fn autocreate(&self) -> bool {
        self.autocreate
    }
}
