//! The BPF object: an ELF file with sections, symbols and programs.
//!
//! Enters: the untrusted bytes of a file. Leaves: [`Object`], a view that lends its `.BTF` (to
//! [`btf`](crate::btf)), its `.BTF.ext` (to [`ext`](crate::ext)), its [`Program`]s and, for
//! loaders, everything else by section, symbol and relocation. [`ProgramTable`] then tells the
//! relocator which program an instruction belongs to.
//!
//! [`Object::parse`] checks what kind of file it is and that the section table is whole. All else
//! is checked when it is touched, so a broken section that nobody needs is no obstacle. Rules:
//! libbpf's `bpf_object__elf_init` and `bpf_object__elf_collect`.
//!
//! | error of [`Object::parse`] | file |
//! |---|---|
//! | `Malformed(ElfMagic)` | not ELF at all |
//! | `Unsupported { ElfClass, .. }` | 32 bit |
//! | `Unsupported { ElfMachine, .. }` | for another machine (62 is x86-64) |
//! | `Unsupported { ElfType, .. }` | not an object: 2 and 3 are programs and libraries |
//! | `Truncated { .. }` | cut off |
//!
//! ```
//! use relocore::elf::{Object, ProgramRange, ProgramTable};
//! use relocore::ext::Ext;
//!
//! fn list(file: &[u8]) -> relocore::Result<usize> {
//!     let object = Object::parse(file)?;
//!     let mut buffer = [ProgramRange::EMPTY; 64];
//!     let programs = ProgramTable::build(object, &mut buffer)?;
//!     if let Some(bytes) = object.btf_ext()? {
//!         assert!(Ext::parse(bytes)?.core_relos().count() > 0);
//!     }
//!     let in_text = programs.section(b".text"); // once for each section
//!     assert!(in_text.find(0x28).is_none()); // for each instruction
//!     Ok(programs.ranges().len())
//! }
//! assert_eq!(list(b"#!/bin/sh").unwrap_err().to_string(), "ELF magic number is malformed, at byte 0 of the ELF file");
//! ```

mod header;
mod program;
mod program_table;
mod relocation;
mod section;
mod strings;
mod symbol;

pub use program::{Program, Programs};
pub use program_table::{ProgramRange, ProgramTable, SectionPrograms};
pub use relocation::{Relocation, Relocations};
pub use section::{Section, SectionKind, Sections};
pub use symbol::{Binding, Symbol, SymbolKind, Symbols, Visibility};

use core::fmt;

use elf::endian::AnyEndian;
use elf::section::SectionHeaderTable;

use crate::error::{Error, ErrorKind, Result, Site, What};
use crate::steps;
use crate::units::Endian;

use symbol::SYMBOL_BYTES;

/// View of a BPF ELF object. `Copy`; borrows its input.
#[derive(Clone, Copy)]
pub struct Object<'a> {
    file: &'a [u8],
    any_endian: AnyEndian,
    headers: SectionHeaderTable<'a, AnyEndian>,
    /// The sections' names.
    names: &'a [u8],
    /// Index of the symbol table.
    symtab: Option<u32>,
}

impl<'a> Object<'a> {
    /// Checks the ELF header and the extents of section table and section names, and looks for
    /// the symbol table; O(sections).
    ///
    /// Machine 0 is taken as BPF: old clang wrote that, and libbpf takes it.
    ///
    /// # Errors
    /// `Malformed`, `Unsupported`, `Truncated` or `Missing`, as the [module](self) lists.
    pub fn parse(file: &'a [u8]) -> Result<Self> {
        let header = header::parse(file)?;
        let mut object = Self {
            file,
            any_endian: header.endian,
            headers: header.sections,
            names: &[],
            symtab: None,
        };
        object.names = object.strings(header.names_index, What::SectionNames)?;
        for section in object.sections() {
            if section.kind() == SectionKind::Symtab {
                if object.symtab.is_some() {
                    // Which one do relocations mean? libbpf refuses, too.
                    return Err(section.error(ErrorKind::Malformed(What::SymbolTable)));
                }
                object.symtab = Some(section.index());
            }
        }
        Ok(object)
    }

    /// Byte order of the ELF structures, and of the instructions.
    #[must_use]
    pub const fn endian(&self) -> Endian {
        match self.any_endian {
            AnyEndian::Little => Endian::Little,
            AnyEndian::Big => Endian::Big,
        }
    }

    /// Number of sections, with the placeholder at index 0.
    #[must_use]
    pub fn section_count(&self) -> u32 {
        u32::try_from(self.headers.len()).unwrap_or(u32::MAX)
    }

    /// The sections, from index 1 on: 0 is a placeholder.
    #[must_use]
    pub const fn sections(&self) -> Sections<'a> {
        Sections {
            object: *self,
            next: 1,
        }
    }

    /// The section of that index; constant time.
    ///
    /// # Errors
    /// `OutOfRange` if there are fewer.
    pub fn section(&self, index: u32) -> Result<Section<'a>> {
        steps::count(1);
        let header = self.headers.get(index as usize).map_err(|_| {
            let (value, limit) = (
                index.into(),
                u64::from(self.section_count()).saturating_sub(1),
            );
            let kind = ErrorKind::OutOfRange {
                what: What::SectionIndex,
                value,
                limit,
            };
            Error::new(kind, Site::Section(index))
        })?;
        Ok(Section {
            object: *self,
            header,
            index,
        })
    }

    /// The first section of that name (libbpf: `elf_sec_by_name`); O(sections). Who asks for many
    /// names walks [`sections`](Self::sections) once instead.
    #[must_use]
    pub fn section_by_name(&self, name: &[u8]) -> Option<Section<'a>> {
        if !strings::is_possible(name) {
            return None; // also bounds the time of each comparison
        }
        self.sections().find(|section| section.is_named(name))
    }

    /// The first section of that name, if it is code; O(sections). For the groups of `.BTF.ext`
    /// use [`ProgramTable::section`], which doesn't search the sections.
    #[must_use]
    pub fn code_section(&self, name: &[u8]) -> Option<Section<'a>> {
        self.section_by_name(name).filter(Section::is_code)
    }

    /// The symbol table; constant time.
    ///
    /// # Errors
    /// `Missing` if the file was stripped of it; `Truncated` or `Malformed` if it or the table of
    /// its names is.
    pub fn symbols(&self) -> Result<Symbols<'a>> {
        let Some(index) = self.symtab else {
            return Err(Error::new(
                ErrorKind::Missing(What::SymbolTable),
                Site::Elf(0),
            ));
        };
        let section = self.section(index)?;
        let entries = section.data()?;
        if !entries.len().is_multiple_of(SYMBOL_BYTES) {
            return Err(section.error(ErrorKind::Malformed(What::SymbolTable)));
        }
        let names = self.strings(section.link(), What::SymbolNames)?;
        Ok(Symbols {
            entries,
            names,
            endian: self.any_endian,
        })
    }

    /// ELF relocations that change the section of that index. Looks for their tables in all
    /// sections, O(sections): to read those of many sections, walk the sections once and use
    /// [`Section::relocations`].
    #[must_use]
    pub const fn relocations(&self, section: u32) -> Relocations<'a> {
        Relocations::of_target(self.sections(), section)
    }

    /// Functions in code sections, in the order of the symbol table; O(symbols) for a whole walk.
    ///
    /// An item is `Err`, and the last, if a function reaches beyond its section (`OutOfRange`),
    /// doesn't consist of whole instructions (`Unsupported`, with place or size), has no readable
    /// name (`Malformed`), or if its section reaches beyond the file (`Truncated`): libbpf fails
    /// to open the object for each of them.
    ///
    /// # Errors
    /// As [`symbols`](Self::symbols).
    pub fn programs(&self) -> Result<Programs<'a>> {
        Ok(Programs::new(*self, self.symbols()?))
    }

    /// Bytes of the `.BTF` section; O(sections).
    ///
    /// # Errors
    /// `Missing` if there is none; `Unsupported` if it isn't of type `PROGBITS` (as libbpf);
    /// `Truncated` if it reaches beyond the file.
    pub fn btf(&self) -> Result<&'a [u8]> {
        let missing = Error::new(ErrorKind::Missing(What::BtfSection), Site::Elf(0));
        self.progbits(b".BTF")?.ok_or(missing)
    }

    /// Bytes of the `.BTF.ext` section, for [`Ext::parse`](crate::ext::Ext::parse); O(sections).
    ///
    /// # Errors
    /// `Unsupported` if it isn't of type `PROGBITS`, `Truncated` if it reaches beyond the file.
    pub fn btf_ext(&self) -> Result<Option<&'a [u8]>> {
        self.progbits(b".BTF.ext")
    }

    /// The licence string that the object carries, up to its NUL; O(sections). The kernel knows a
    /// few as GPL-compatible.
    ///
    /// # Errors
    /// `Truncated` if its section reaches beyond the file.
    pub fn license(&self) -> Result<Option<&'a [u8]>> {
        let Some(section) = self.section_by_name(b"license") else {
            return Ok(None);
        };
        Ok(section.data()?.split(|&byte| byte == 0).next())
    }

    fn progbits(&self, name: &[u8]) -> Result<Option<&'a [u8]>> {
        let Some(section) = self.section_by_name(name) else {
            return Ok(None);
        };
        if section.kind() != SectionKind::Progbits {
            let found = section.header.sh_type.into();
            return Err(section.error(ErrorKind::Unsupported {
                what: What::SectionType,
                found,
            }));
        }
        section.data().map(Some)
    }

    /// A string table, which `what` calls it.
    fn strings(&self, index: u32, what: What) -> Result<&'a [u8]> {
        let section = self.section(index)?;
        if section.kind() != SectionKind::Strtab {
            return Err(section.error(ErrorKind::Malformed(what)));
        }
        section.data()
    }
}

impl fmt::Debug for Object<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut f = f.debug_struct("Object");
        f.field("bytes", &self.file.len())
            .field("endian", &self.endian());
        f.field("sections", &self.section_count())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test may panic")]
#[allow(clippy::cast_possible_truncation, reason = "test files are small")]
mod sample;
#[cfg(test)]
#[allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may panic"
)]
#[allow(clippy::arithmetic_side_effects, reason = "a test may panic")]
#[allow(clippy::cast_possible_truncation, reason = "test files are small")]
mod tests;
