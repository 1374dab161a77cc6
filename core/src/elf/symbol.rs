//! Symbols: functions, variables, externs.
//!
//! Enters: the symbol table's bytes. Leaves: [`Symbol`]s, each decoded on its own; a bad name is
//! found when it is asked for.

use core::fmt;

use elf::abi;
use elf::endian::AnyEndian;
use elf::file::Class;
use elf::symbol::SymbolTable;

use crate::error::{Error, ErrorKind, Result, Site, What};
use crate::steps;

use super::strings::name_at;

/// Size of `Elf64_Sym`, in bytes.
pub(super) const SYMBOL_BYTES: usize = 24;

/// What a symbol stands for (low half of `st_info`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum SymbolKind {
    /// 0: not said; so are labels, and externs.
    NoType,
    /// 1: a variable, such as a map.
    Object,
    /// 2: a function.
    Func,
    /// 3: the section as such.
    Section,
    /// 4: the source file's name.
    File,
    /// Anything else.
    Other(u8),
}

/// Who sees a symbol (high half of `st_info`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Binding {
    /// 0: its own file (`static`).
    Local,
    /// 1: all files that are linked together.
    Global,
    /// 2: as global, but gives way to another of its name; an extern may stay undefined.
    Weak,
    /// Anything else.
    Other(u8),
}

/// How far a global symbol is seen at run time (low bits of `st_other`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Visibility {
    /// 0: as its binding says.
    Default,
    /// 1: as hidden.
    Internal,
    /// 2: not outside of the object. libbpf makes such a function static in BTF, so that the
    /// verifier checks it together with its callers.
    Hidden,
    /// 3: seen, but not replaceable.
    Protected,
}

/// One symbol.
#[derive(Clone, Copy)]
pub struct Symbol<'a> {
    names: &'a [u8],
    name: u32,
    index: u32,
    shndx: u16,
    info: u8,
    other: u8,
    value: u64,
    size: u64,
}

impl<'a> Symbol<'a> {
    /// Index in the symbol table: what relocations refer to.
    #[must_use]
    pub const fn index(&self) -> u32 {
        self.index
    }

    /// Its name, without NUL; empty for sections.
    ///
    /// # Errors
    /// `Malformed` if the name is out of range, without NUL, or longer than 8191 bytes.
    pub fn name(&self) -> Result<&'a [u8]> {
        let error = || self.error(ErrorKind::Malformed(What::SymbolName));
        name_at(self.names, self.name).ok_or_else(error)
    }

    /// Offset in its section, in bytes.
    #[must_use]
    pub const fn value(&self) -> u64 {
        self.value
    }

    /// Size in bytes; 0 if unknown.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Index of its section; `None` if it is undefined (an extern) or has none (a constant, a
    /// common variable). Not checked to exist.
    ///
    /// `None` as well for sections from 65,280 on, whose index is in a table of its own
    /// (`SHT_SYMTAB_SHNDX`) that libbpf doesn't read either; [`Object::programs`] refuses functions
    /// there.
    ///
    /// [`Object::programs`]: super::Object::programs
    #[must_use]
    pub const fn section(&self) -> Option<u32> {
        match self.shndx {
            abi::SHN_UNDEF | abi::SHN_LORESERVE.. => None,
            index => Some(index as u32),
        }
    }

    /// Whether it is defined elsewhere (an extern).
    #[must_use]
    pub const fn is_undefined(&self) -> bool {
        self.shndx == abi::SHN_UNDEF
    }

    /// Whether its section's index doesn't fit; see [`section`](Self::section).
    pub(super) const fn is_beyond(&self) -> bool {
        self.shndx == abi::SHN_XINDEX
    }

    /// What it stands for.
    #[must_use]
    pub const fn kind(&self) -> SymbolKind {
        match self.info & 0xf {
            abi::STT_NOTYPE => SymbolKind::NoType,
            abi::STT_OBJECT => SymbolKind::Object,
            abi::STT_FUNC => SymbolKind::Func,
            abi::STT_SECTION => SymbolKind::Section,
            abi::STT_FILE => SymbolKind::File,
            other => SymbolKind::Other(other),
        }
    }

    /// Who sees it.
    #[must_use]
    pub const fn binding(&self) -> Binding {
        match self.info >> 4 {
            abi::STB_LOCAL => Binding::Local,
            abi::STB_GLOBAL => Binding::Global,
            abi::STB_WEAK => Binding::Weak,
            other => Binding::Other(other),
        }
    }

    /// How far it is seen.
    #[must_use]
    pub const fn visibility(&self) -> Visibility {
        match self.other & 3 {
            abi::STV_INTERNAL => Visibility::Internal,
            abi::STV_HIDDEN => Visibility::Hidden,
            abi::STV_PROTECTED => Visibility::Protected,
            _ => Visibility::Default,
        }
    }

    /// An error about this symbol.
    pub(super) const fn error(&self, kind: ErrorKind) -> Error {
        Error::new(kind, Site::Symbol(self.index))
    }
}

impl fmt::Debug for Symbol<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut f = f.debug_struct("Symbol");
        f.field("index", &self.index)
            .field("section", &self.shndx)
            .field("value", &self.value);
        f.field("size", &self.size)
            .field("kind", &self.kind())
            .field("binding", &self.binding());
        f.finish_non_exhaustive()
    }
}

/// The symbol table. `Copy`.
#[derive(Clone, Copy)]
pub struct Symbols<'a> {
    /// Whole entries.
    pub(super) entries: &'a [u8],
    pub(super) names: &'a [u8],
    pub(super) endian: AnyEndian,
}

impl<'a> Symbols<'a> {
    /// Number of symbols, with the placeholder at index 0.
    #[must_use]
    pub fn len(&self) -> u32 {
        u32::try_from(self.entries.len() / SYMBOL_BYTES).unwrap_or(u32::MAX)
    }

    /// Whether there is none, not even the placeholder.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The symbol of that index, which a relocation gave; constant time.
    ///
    /// # Errors
    /// `OutOfRange` if there are fewer.
    pub fn get(&self, index: u32) -> Result<Symbol<'a>> {
        steps::count(1);
        let table = SymbolTable::new(self.endian, Class::ELF64, self.entries);
        let symbol = table.get(index as usize).map_err(|_| {
            let limit = u64::from(self.len()).saturating_sub(1);
            let kind = ErrorKind::OutOfRange {
                what: What::Symbol,
                value: index.into(),
                limit,
            };
            Error::new(kind, Site::Symbol(index))
        })?;
        Ok(Symbol {
            names: self.names,
            name: symbol.st_name,
            index,
            shndx: symbol.st_shndx,
            info: symbol.st_info,
            other: symbol.st_other,
            value: symbol.st_value,
            size: symbol.st_size,
        })
    }

    /// All symbols, in file order, without the placeholder at index 0.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Symbol<'a>> + Clone + use<'a> {
        SymbolIter {
            symbols: *self,
            next: 1,
        }
    }
}

impl fmt::Debug for Symbols<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Symbols")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

#[derive(Clone)]
struct SymbolIter<'a> {
    symbols: Symbols<'a>,
    next: u32,
}

impl<'a> Iterator for SymbolIter<'a> {
    type Item = Symbol<'a>;

    fn next(&mut self) -> Option<Symbol<'a>> {
        let symbol = self.symbols.get(self.next).ok()?; // fails only beyond the last
        self.next = self.next.saturating_add(1);
        Some(symbol)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.symbols.len().saturating_sub(self.next) as usize;
        (left, Some(left))
    }
}

impl ExactSizeIterator for SymbolIter<'_> {}
