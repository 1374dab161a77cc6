//! One error type for every input: what was wrong, where, and the numbers that show it.
//!
//! Enters: nothing. Leaves: [`Error`], `Copy` and without allocation, from every parser of the
//! crate. An `Error` means that the *input or the caller* is wrong; "this kernel lacks it" is
//! never an `Error` but a [`Reason`](crate::relo::Reason).

use core::fmt;

use crate::units::TypeId;

/// Result of the crate's parsers.
pub type Result<T, E = Error> = core::result::Result<T, E>;

/// What is wrong and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Error {
    kind: ErrorKind,
    site: Site,
}

impl Error {
    pub(crate) const fn new(kind: ErrorKind, site: Site) -> Self {
        Self { kind, site }
    }

    /// What is wrong, with the numbers found and allowed.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Where it is wrong.
    #[must_use]
    pub const fn site(&self) -> Site {
        self.site
    }
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ErrorKind {
    /// The input ends before the thing does. Sizes in bytes.
    Truncated {
        /// The thing that was read.
        what: What,
        /// Bytes that it needs.
        needed: u64,
        /// Bytes that are there.
        available: u64,
    },
    /// A number is outside of what it may be.
    OutOfRange {
        /// The thing that the number is.
        what: What,
        /// The number found.
        value: u64,
        /// The largest number allowed there.
        limit: u64,
    },
    /// The thing breaks a rule of its format.
    Malformed(What),
    /// The thing may be well-formed, but is of a version or kind unknown here.
    Unsupported {
        /// The thing.
        what: What,
        /// Its version, kind or number.
        found: u64,
    },
    /// The thing is not in the input at all.
    Missing(What),
    /// A chain or nesting is longer than any real one, or a cycle.
    TooDeep {
        /// The chain.
        what: What,
        /// Steps after which it was given up.
        limit: u32,
    },
    /// A buffer of the caller's is too small to hold a correct answer.
    BufferTooSmall {
        /// The buffer.
        what: What,
        /// Elements that it needs (bytes for byte buffers).
        needed: u64,
    },
}

/// Where: one of our coordinates, always filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Site {
    /// An argument of the caller's.
    Call,
    /// Byte offset in the BTF data (from its magic).
    Btf(u32),
    /// A BTF type.
    Type(TypeId),
    /// Byte offset in `.BTF.ext`.
    Ext(u32),
    /// Byte offset in the ELF file.
    Elf(u64),
    /// Index of an ELF section.
    Section(u32),
    /// Index in the ELF symbol table.
    Symbol(u32),
}

macro_rules! what {
    ($($name:ident => $text:literal,)*) => {
        /// The thing that an error is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        #[non_exhaustive]
        pub enum What { $(#[doc = $text] $name,)* }

        impl fmt::Display for What {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$name => $text,)* })
            }
        }
    };
}

// One list, so that a thing can't be without a name.
what! {
    BtfHeader => "BTF header",
    BtfMagic => "BTF magic number",
    BtfVersion => "BTF version",
    BtfData => "BTF data size",
    TypeSection => "BTF type section",
    StringSection => "BTF string section",
    LayoutSection => "BTF kind-layout section",
    TypeRecord => "BTF type record",
    TypeCount => "number of BTF types",
    Kind => "BTF kind",
    Name => "BTF string offset",
    NameLength => "length of a BTF name",
    NamesAlike => "bytes of names that are alike",
    TypeId => "BTF type id",
    Member => "struct member",
    Parameter => "function parameter",
    Enumerator => "enumerator",
    SectionVar => "data section variable",
    IntEncoding => "integer encoding",
    BitfieldOffset => "bitfield offset",
    FunctionType => "type of a function",
    TypeChain => "chain of typedefs, modifiers, arrays or pointers",
    TypeSize => "size of a type",
    TypeWithoutSize => "type that has no size",
    BaseMismatch => "byte order of split BTF and its base",
    ExtHeader => "BTF.ext header",
    ExtMagic => "BTF.ext magic number",
    ExtVersion => "BTF.ext version",
    ExtFlags => "BTF.ext flags",
    ExtSection => "BTF.ext subsection",
    FuncInfo => "list of BTF.ext function records",
    LineInfo => "list of BTF.ext line records",
    CoreRelos => "list of BTF.ext CO-RE records",
    RecordSize => "BTF.ext record size",
    SectionRecords => "BTF.ext records of one section",
    InsnOffset => "instruction offset",
    ElfHeader => "ELF header",
    ElfMagic => "ELF magic number",
    ElfByteOrder => "ELF byte order",
    ElfVersion => "ELF version",
    ElfClass => "ELF class (64-bit expected)",
    ElfType => "ELF type (relocatable object expected)",
    ElfMachine => "ELF machine (BPF is 247)",
    SectionTable => "ELF section table",
    SectionEntrySize => "size of an ELF section header (64 expected)",
    SectionIndex => "ELF section index",
    SectionName => "ELF section name",
    SectionData => "ELF section data",
    SectionNames => "ELF section name table",
    CompressedSection => "compression of an ELF section, by algorithm",
    SectionType => "type of an ELF section (PROGBITS, 1, expected)",
    SymbolTable => "ELF symbol table",
    Symbol => "ELF symbol",
    SymbolName => "ELF symbol name",
    SymbolNames => "ELF symbol name table",
    RelocationTable => "ELF relocation table",
    RelocationEntrySize => "size of an ELF relocation (16 expected)",
    Program => "BPF program",
    ProgramOffset => "start of a BPF program (a multiple of 8 bytes expected)",
    ProgramSize => "size of a BPF program (a positive multiple of 8 bytes expected)",
    ProgramEnd => "end of a BPF program in its section",
    InsnStream => "instruction bytes (a multiple of 8 expected)",
    BtfSection => ".BTF section",
    RootBuffer => "buffer for root types",
    CandidateBuffer => "buffer for candidates",
    ProgramBuffer => "buffer for programs",
    OutcomeBuffer => "buffer for outcomes",
    InsnBuffer => "buffer for instructions",
    Targets => "list of target BTFs",
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Truncated {
                what,
                needed,
                available,
            } => {
                write!(
                    f,
                    "{what} is cut off: {needed} bytes needed, {available} there"
                )
            }
            Self::OutOfRange { what, value, limit } => {
                write!(f, "{what} {value} is out of range (at most {limit})")
            }
            Self::Malformed(what) => write!(f, "{what} is malformed"),
            Self::Unsupported { what, found } => write!(f, "{what} {found} is not supported"),
            Self::Missing(what) => write!(f, "{what} is missing"),
            Self::TooDeep { what, limit } => {
                write!(f, "{what} is longer than {limit} steps, or a cycle")
            }
            Self::BufferTooSmall { what, needed } => {
                write!(f, "{what} is too small: {needed} elements needed")
            }
        }
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Call => f.write_str("in the call"),
            Self::Btf(offset) => write!(f, "at byte {offset} of the BTF"),
            Self::Type(id) => write!(f, "in BTF type {id}"),
            Self::Ext(offset) => write!(f, "at byte {offset} of .BTF.ext"),
            Self::Elf(offset) => write!(f, "at byte {offset} of the ELF file"),
            Self::Section(index) => write!(f, "in ELF section {index}"),
            Self::Symbol(index) => write!(f, "in ELF symbol {index}"),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.kind, self.site)
    }
}

impl core::error::Error for Error {}

// Errors travel by value on every path: they must stay small.
const _: () = assert!(size_of::<Error>() <= 48);
