//! Programs: the functions of an object, as far as they are code.
//!
//! Enters: an [`Object`]. Leaves: [`Program`]s, one a function symbol, with libbpf's checks
//! (`bpf_object__add_programs`, `bpf_object__init_prog`). They go to the loader, and into a
//! [`ProgramTable`](super::ProgramTable), which tells what instruction belongs to which program.

use core::iter::FusedIterator;

use crate::error::{ErrorKind, Result, What};

use super::{Binding, Object, Symbol, SymbolKind, Symbols, Visibility};

/// Size of an instruction slot, in bytes.
const INSN_BYTES: u64 = 8;

/// A function: an entry program, or a subprogram (those are in `.text`).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Program<'a> {
    /// The function's name.
    pub name: &'a [u8],
    /// Index of its section.
    pub section: u32,
    /// Index of its symbol.
    pub symbol: u32,
    /// Where it starts in its section, in bytes; a multiple of 8.
    pub offset_bytes: u32,
    /// Its size in bytes; a multiple of 8, not 0.
    pub size_bytes: u32,
    /// Its instructions: `size_bytes` bytes in the object's byte order, before any relocation.
    pub insns: &'a [u8],
    /// Who sees it. libbpf refuses a [`Local`](Binding::Local) one outside of `.text`; here that
    /// is the loader's to decide, since relocation works all the same.
    pub binding: Binding,
    /// How far it is seen.
    pub visibility: Visibility,
}

impl Program<'_> {
    /// Whether it is checked by the verifier on its own: not `static` (libbpf: `sym_global`).
    #[must_use]
    pub fn is_global(&self) -> bool {
        self.binding != Binding::Local
    }

    /// Whether it gives way to another of its name.
    #[must_use]
    pub fn is_weak(&self) -> bool {
        self.binding == Binding::Weak
    }

    /// Whether it is global but hidden, so that a loader turns it `static` in BTF
    /// (libbpf: `mark_btf_static`).
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        let hidden = matches!(self.visibility, Visibility::Hidden | Visibility::Internal);
        self.is_global() && hidden
    }
}

/// Iterator over the programs of an object, in the order of its symbol table; ends after the
/// first error.
#[derive(Clone, Debug)]
pub struct Programs<'a> {
    object: Object<'a>,
    symbols: Symbols<'a>,
    next: u32,
}

impl<'a> Programs<'a> {
    pub(super) const fn new(object: Object<'a>, symbols: Symbols<'a>) -> Self {
        Self {
            object,
            symbols,
            next: 1,
        }
    }

    /// The program that a symbol stands for, if it does. Constant time.
    fn program(&self, symbol: Symbol<'a>) -> Result<Option<Program<'a>>> {
        if symbol.kind() != SymbolKind::Func {
            return Ok(None);
        }
        if symbol.is_beyond() {
            let (what, found) = (What::SectionIndex, u64::from(u16::MAX));
            return Err(symbol.error(ErrorKind::Unsupported { what, found }));
        }
        let section = symbol
            .section()
            .and_then(|index| self.object.section(index).ok());
        let Some(section) = section.filter(super::Section::is_code) else {
            return Ok(None);
        };
        let (offset, size) = (symbol.value(), symbol.size());
        let end = offset.saturating_add(size);
        if end > section.size() {
            let (what, limit) = (What::ProgramEnd, section.size());
            return Err(symbol.error(ErrorKind::OutOfRange {
                what,
                value: end,
                limit,
            }));
        }
        if !offset.is_multiple_of(INSN_BYTES) {
            let (what, found) = (What::ProgramOffset, offset);
            return Err(symbol.error(ErrorKind::Unsupported { what, found }));
        }
        if size == 0 || !size.is_multiple_of(INSN_BYTES) {
            let (what, found) = (What::ProgramSize, size);
            return Err(symbol.error(ErrorKind::Unsupported { what, found }));
        }
        let insns = super::header::slice(section.data()?, offset, size);
        let narrow = u32::try_from(offset).ok().zip(u32::try_from(size).ok());
        let Some(((offset_bytes, size_bytes), insns)) = narrow.zip(insns) else {
            let (what, limit) = (What::ProgramEnd, u64::from(u32::MAX));
            return Err(symbol.error(ErrorKind::OutOfRange {
                what,
                value: end,
                limit,
            }));
        };
        Ok(Some(Program {
            name: symbol.name()?,
            section: section.index(),
            symbol: symbol.index(),
            offset_bytes,
            size_bytes,
            insns,
            binding: symbol.binding(),
            visibility: symbol.visibility(),
        }))
    }
}

impl<'a> Iterator for Programs<'a> {
    type Item = Result<Program<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let symbol = self.symbols.get(self.next).ok()?;
            self.next = self.next.saturating_add(1);
            if let Some(result) = self.program(symbol).transpose() {
                if result.is_err() {
                    self.next = u32::MAX; // no table has as many
                }
                return Some(result);
            }
        }
    }
}

impl FusedIterator for Programs<'_> {}
