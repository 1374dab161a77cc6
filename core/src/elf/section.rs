//! Sections: their headers, names and bytes.
//!
//! Enters: the section table, whose bounds [`Object::parse`] checked. Leaves: [`Section`]s. What a
//! header claims (name, extent) is checked when it is asked for, not before: a broken debug
//! section is no reason to refuse a program.

use core::fmt;
use core::iter::FusedIterator;

use elf::abi;
use elf::section::SectionHeader;

use crate::error::{Error, ErrorKind, Result, Site, What};

use super::header::slice;
use super::strings::{is_name, name_at};
use super::{Object, Relocations};

/// What a section holds (`sh_type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum SectionKind {
    /// 0: the placeholder at index 0.
    Null,
    /// 1 (`PROGBITS`): instructions, initialised data, BTF.
    Progbits,
    /// 2 (`SYMTAB`): symbols.
    Symtab,
    /// 3 (`STRTAB`): names.
    Strtab,
    /// 8 (`NOBITS`): zeros that aren't in the file (`.bss`).
    Nobits,
    /// 9 (`REL`): relocations of another section.
    Rel,
    /// Anything else, such as 0x6fff4c03, LLVM's address-significance table.
    Other(u32),
}

impl From<u32> for SectionKind {
    fn from(sh_type: u32) -> Self {
        match sh_type {
            abi::SHT_NULL => Self::Null,
            abi::SHT_PROGBITS => Self::Progbits,
            abi::SHT_SYMTAB => Self::Symtab,
            abi::SHT_STRTAB => Self::Strtab,
            abi::SHT_NOBITS => Self::Nobits,
            abi::SHT_REL => Self::Rel,
            other => Self::Other(other),
        }
    }
}

/// One section of an [`Object`].
#[derive(Clone, Copy)]
pub struct Section<'a> {
    pub(super) object: Object<'a>,
    pub(super) header: SectionHeader,
    pub(super) index: u32,
}

impl<'a> Section<'a> {
    /// Index in the section table.
    #[must_use]
    pub const fn index(&self) -> u32 {
        self.index
    }

    /// Its name, such as `kprobe/do_unlinkat` or `.maps`, without NUL.
    ///
    /// # Errors
    /// `Malformed` if the name is out of range, without NUL, or longer than 8191 bytes.
    pub fn name(&self) -> Result<&'a [u8]> {
        name_at(self.object.names, self.header.sh_name)
            .ok_or_else(|| self.error(ErrorKind::Malformed(What::SectionName)))
    }

    /// Whether that is its name. Unlike [`name`](Self::name), never fails.
    #[must_use]
    pub fn is_named(&self, name: &[u8]) -> bool {
        is_name(self.object.names, self.header.sh_name, name)
    }

    /// What it holds.
    #[must_use]
    pub fn kind(&self) -> SectionKind {
        self.header.sh_type.into()
    }

    /// `sh_flags`: 1 writable, 2 occupies memory, 4 executable, ...
    #[must_use]
    pub const fn flags(&self) -> u64 {
        self.header.sh_flags
    }

    /// Whether it is flagged as instructions.
    #[must_use]
    pub fn is_executable(&self) -> bool {
        self.flags() & u64::from(abi::SHF_EXECINSTR) != 0
    }

    /// Whether it has programs: executable, with contents. libbpf's condition in
    /// `bpf_object__elf_collect`.
    #[must_use]
    pub fn is_code(&self) -> bool {
        self.kind() == SectionKind::Progbits && self.is_executable() && self.size() > 0
    }

    /// Size in memory, in bytes; for `.bss` more than [`data`](Self::data) has.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.header.sh_size
    }

    /// Address; 0 in objects.
    #[must_use]
    pub const fn addr(&self) -> u64 {
        self.header.sh_addr
    }

    /// A section that belongs to it: of symbols, their names; of relocations, the symbols.
    #[must_use]
    pub const fn link(&self) -> u32 {
        self.header.sh_link
    }

    /// Of relocations, the section that they change; else up to the kind.
    #[must_use]
    pub const fn info(&self) -> u32 {
        self.header.sh_info
    }

    /// Size of one entry if it is a table, in bytes.
    #[must_use]
    pub const fn entry_bytes(&self) -> u64 {
        self.header.sh_entsize
    }

    /// Where its bytes start in the file: for who writes a patched copy.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.header.sh_offset
    }

    /// Its bytes; none if they aren't in the file (`.bss`).
    ///
    /// # Errors
    /// `Truncated` if the file ends before the section does; `Unsupported` if it is compressed,
    /// which only debug sections ever are.
    pub fn data(&self) -> Result<&'a [u8]> {
        if matches!(self.kind(), SectionKind::Null | SectionKind::Nobits) {
            return Ok(&[]);
        }
        let (offset, size) = (self.offset(), self.size());
        let Some(data) = slice(self.object.file, offset, size) else {
            let (needed, available) = (offset.saturating_add(size), self.object.file.len() as u64);
            let what = What::SectionData;
            return Err(self.error(ErrorKind::Truncated {
                what,
                needed,
                available,
            }));
        };
        if self.flags() & u64::from(abi::SHF_COMPRESSED) != 0 {
            let endian = self.object.endian();
            let algorithm = data.first_chunk().map_or(0, |&word| endian.u32(word));
            let (what, found) = (What::CompressedSection, algorithm.into());
            return Err(self.error(ErrorKind::Unsupported { what, found }));
        }
        Ok(data)
    }

    /// Its entries, if it is a table of relocations ([`SectionKind::Rel`]), else none. To read all
    /// relocations of an object, walk its sections once and ask each; [`info`](Self::info) is
    /// what they change.
    #[must_use]
    pub fn relocations(&self) -> Relocations<'a> {
        Relocations::of_section(*self)
    }

    /// An error about this section.
    pub(super) fn error(&self, kind: ErrorKind) -> Error {
        Error::new(kind, Site::Section(self.index))
    }
}

impl fmt::Debug for Section<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut f = f.debug_struct("Section");
        f.field("index", &self.index)
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}

/// Iterator over the sections of an [`Object`], from index 1 on: 0 is a placeholder.
#[derive(Clone, Debug)]
pub struct Sections<'a> {
    pub(super) object: Object<'a>,
    pub(super) next: u32,
}

impl<'a> Iterator for Sections<'a> {
    type Item = Section<'a>;

    fn next(&mut self) -> Option<Section<'a>> {
        let section = self.object.section(self.next).ok()?; // fails only beyond the last
        self.next = self.next.saturating_add(1);
        Some(section)
    }
}

impl FusedIterator for Sections<'_> {}
