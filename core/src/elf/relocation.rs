//! ELF relocations: which instruction uses which map, variable or function.
//!
//! Enters: `SHT_REL` sections. Leaves: [`Relocation`]s. (They have nothing to do with CO-RE, whose
//! records are in `.BTF.ext`; a loader needs them.) BPF has no `SHT_RELA`; libbpf passes over
//! such sections, and so does this.

use core::iter::FusedIterator;

use elf::file::Class;
use elf::parse::ParsingTable;
use elf::relocation::Rel;

use crate::error::{ErrorKind, Result, What};
use crate::steps;

use super::{Object, Section, SectionKind, Sections};

/// Size of `Elf64_Rel`, in bytes.
const RELOCATION_BYTES: usize = 16;

/// One ELF relocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Relocation {
    /// Where, in bytes from the start of the section that it changes.
    pub offset: u64,
    /// Index of the symbol whose address is wanted there.
    pub symbol: u32,
    /// `R_BPF_*`: 1 `ld_imm64`, 2 and 3 data, 4 data that isn't loaded (BTF), 10 call.
    pub kind: u32,
}

/// Iterator over relocations; ends after the first error.
#[derive(Clone, Debug)]
pub struct Relocations<'a> {
    /// Sections still to look at, and the one that they must change.
    rest: Option<(Sections<'a>, u32)>,
    table: Option<Table<'a>>,
    /// A section that the table must still be made of.
    pending: Option<Section<'a>>,
}

#[derive(Clone, Copy)]
struct Table<'a> {
    object: Object<'a>,
    entries: &'a [u8],
    next: usize,
}

impl core::fmt::Debug for Table<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Table")
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

impl<'a> Relocations<'a> {
    /// Of one table.
    pub(super) fn of_section(section: Section<'a>) -> Self {
        let pending = (section.kind() == SectionKind::Rel).then_some(section);
        Self {
            rest: None,
            table: None,
            pending,
        }
    }

    /// Of all tables that change `target`.
    pub(super) const fn of_target(sections: Sections<'a>, target: u32) -> Self {
        Self {
            rest: Some((sections, target)),
            table: None,
            pending: None,
        }
    }

    /// The next table to read, if any.
    fn next_section(&mut self) -> Option<Section<'a>> {
        if let Some(section) = self.pending.take() {
            return Some(section);
        }
        let (sections, target) = self.rest.as_mut()?;
        sections.find(|section| section.kind() == SectionKind::Rel && section.info() == *target)
    }
}

impl<'a> Table<'a> {
    /// libbpf demands the entry size as well (`bpf_object__elf_collect`).
    fn open(section: &Section<'a>) -> Result<Self> {
        if section.entry_bytes() != RELOCATION_BYTES as u64 {
            let (what, found) = (What::RelocationEntrySize, section.entry_bytes());
            return Err(section.error(ErrorKind::Unsupported { what, found }));
        }
        let entries = section.data()?;
        if !entries.len().is_multiple_of(RELOCATION_BYTES) {
            return Err(section.error(ErrorKind::Malformed(What::RelocationTable)));
        }
        Ok(Self {
            object: section.object,
            entries,
            next: 0,
        })
    }

    fn next(&mut self) -> Option<Relocation> {
        let table = ParsingTable::<_, Rel>::new(self.object.any_endian, Class::ELF64, self.entries);
        steps::count(1);
        let rel = table.get(self.next).ok()?; // fails only beyond the last
        self.next = self.next.saturating_add(1);
        Some(Relocation {
            offset: rel.r_offset,
            symbol: rel.r_sym,
            kind: rel.r_type,
        })
    }
}

impl Iterator for Relocations<'_> {
    type Item = Result<Relocation>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(relocation) = self.table.as_mut().and_then(Table::next) {
                return Some(Ok(relocation));
            }
            self.table = None;
            match Table::open(&self.next_section()?) {
                Ok(table) => self.table = Some(table),
                Err(error) => {
                    self.rest = None;
                    return Some(Err(error));
                }
            }
        }
    }
}

impl FusedIterator for Relocations<'_> {}
