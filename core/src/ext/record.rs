//! The three records of `.BTF.ext`, by value.
//!
//! Enters: bytes of one record, which may be longer than known. Leaves: [`CoreRelo`],
//! [`FuncInfo`], [`LineInfo`]. Layouts: uapi `struct bpf_core_relo`; libbpf `struct
//! bpf_func_info_min`, `struct bpf_line_info_min`.

use scroll::Pread;

use crate::error::What;
use crate::units::{Endian, StrOff, TypeId};

mod sealed {
    use crate::error::What;
    use crate::units::Endian;

    /// How a record is read; not for other crates to implement.
    #[expect(unnameable_types, reason = "that is what seals `Record`")]
    pub trait Read: Sized {
        /// Bytes that are known of a record; a list may have longer ones.
        const MIN_BYTES: u32;
        /// The list of such records, in error messages.
        const LIST: What;

        /// The record at the start of `bytes`, or nothing if they are too few.
        fn read(bytes: &[u8], endian: Endian) -> Option<Self>;
    }
}

pub(super) use sealed::Read;

/// A record of `.BTF.ext`: one of [`CoreRelo`], [`FuncInfo`], [`LineInfo`]. Sealed.
pub trait Record: Copy + Read {}

/// One CO-RE relocation: "this instruction holds a number that depends on the kernel".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct CoreRelo {
    /// The instruction, in **bytes** from the start of its ELF section. Not checked to be a
    /// multiple of 8.
    pub insn_off: u32,
    /// The local root type. Not checked to exist.
    pub type_id: TypeId,
    /// The access string (`0:1:2`) in the object's BTF strings. Not checked to exist.
    pub access: StrOff,
    /// `enum bpf_core_relo_kind`, 0 to 12 so far; as the file has it.
    pub kind: u32,
}

/// One function: where its code starts, and its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct FuncInfo {
    /// The first instruction, in **bytes** from the start of its ELF section.
    pub insn_off: u32,
    /// The function's BTF type, of kind `FUNC`.
    pub type_id: TypeId,
}

/// One source line: the instructions from here up to the next record's come from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct LineInfo {
    /// The first instruction, in **bytes** from the start of its ELF section.
    pub insn_off: u32,
    /// File name, in the object's BTF strings.
    pub file: StrOff,
    /// Text of the line, in the object's BTF strings.
    pub line_text: StrOff,
    /// Line number, from 1; upper 22 bits of the file's `line_col`.
    pub line: u32,
    /// Column, from 1 (0 = unknown); lower 10 bits of `line_col`.
    pub column: u32,
}

impl Record for CoreRelo {}
impl Record for FuncInfo {}
impl Record for LineInfo {}

impl Read for CoreRelo {
    const MIN_BYTES: u32 = 16;
    const LIST: What = What::CoreRelos;

    #[inline]
    fn read(bytes: &[u8], endian: Endian) -> Option<Self> {
        let [insn_off, type_id, access, kind] = words(bytes, endian)?;
        Some(Self {
            insn_off,
            type_id: TypeId(type_id),
            access: StrOff(access),
            kind,
        })
    }
}

impl Read for FuncInfo {
    const MIN_BYTES: u32 = 8;
    const LIST: What = What::FuncInfo;

    #[inline]
    fn read(bytes: &[u8], endian: Endian) -> Option<Self> {
        let [insn_off, type_id] = words(bytes, endian)?;
        Some(Self {
            insn_off,
            type_id: TypeId(type_id),
        })
    }
}

impl Read for LineInfo {
    const MIN_BYTES: u32 = 16;
    const LIST: What = What::LineInfo;

    #[inline]
    fn read(bytes: &[u8], endian: Endian) -> Option<Self> {
        let [insn_off, file, line_text, line_col] = words(bytes, endian)?;
        let (line, column) = (line_col >> 10, line_col & 0x3ff);
        Some(Self {
            insn_off,
            file: StrOff(file),
            line_text: StrOff(line_text),
            line,
            column,
        })
    }
}

/// The first `N` words.
#[inline]
fn words<const N: usize>(bytes: &[u8], endian: Endian) -> Option<[u32; N]> {
    let (mut words, mut at) = ([0; N], 0);
    bytes
        .gread_inout_with(&mut at, &mut words, scroll::Endian::from(endian))
        .ok()?;
    Some(words)
}
