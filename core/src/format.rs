//! That the public values can be logged (feature `defmt`), checked where it costs nothing: when
//! the crate is compiled.
//!
//! Enters, leaves: nothing. A test of this would need a global logger to link, and so `unsafe`.
//! Views (`Btf`, `Object`, `Ext` and what borrows from them) have no format on purpose: they hold
//! the whole of their bytes.

use crate::{Bits, Endian, Error, StrOff, TypeId};
use crate::{btf, elf, error, ext, insn, relo};

const fn has_format<T: defmt::Format>() {}

const _: () = {
    has_format::<(TypeId, StrOff, Bits, Endian)>();
    has_format::<(Error, error::ErrorKind, error::Site, error::What)>();
    has_format::<(
        btf::Kind,
        btf::Member,
        btf::Enumerator,
        btf::Param,
        btf::SectionVar,
    )>();
    has_format::<(btf::Encoding, btf::IntInfo, btf::ArrayInfo)>();
    has_format::<(
        ext::CoreRelo,
        ext::FuncInfo,
        ext::LineInfo,
        ext::Entry<ext::CoreRelo>,
    )>();
    has_format::<(
        elf::SectionKind,
        elf::SymbolKind,
        elf::Binding,
        elf::Visibility,
    )>();
    has_format::<(elf::Relocation, elf::ProgramRange)>();
    has_format::<(
        relo::RelocKind,
        relo::Spec,
        relo::Accessor,
        relo::Root,
        relo::Candidate,
    )>();
    has_format::<(relo::Resolution, relo::Outcome, relo::Reason, relo::Failure)>();
    has_format::<(relo::Mismatch, relo::Why, relo::Validate, relo::TargetType)>();
    has_format::<(insn::Insn, insn::Applied, insn::Place)>();
    #[cfg(feature = "alloc")]
    has_format::<crate::owned::NamedType<'static>>();
};
