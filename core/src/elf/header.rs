//! The ELF header: is this a BPF object at all, and where is its section table?
//!
//! Enters: untrusted bytes. Leaves: [`Header`], with the section table sliced; each foreign kind
//! of file has an error of its own. Rules: libbpf's `bpf_object__elf_init`.
//!
//! The crate `elf` decodes; `ElfBytes` isn't used, because it also demands a valid program header
//! table, which objects don't have and nobody reads, and because its errors don't tell which
//! table was meant.

use elf::abi;
use elf::endian::AnyEndian;
use elf::file::{Class, FileHeader, parse_ident};
use elf::parse::ParseAt;
use elf::section::{SectionHeader, SectionHeaderTable};

use crate::error::{Error, ErrorKind, Result, Site, What};

/// Size of `Elf64_Ehdr`, in bytes.
const HEADER_BYTES: usize = 64;
/// Size of `Elf64_Shdr`, in bytes.
const SECTION_HEADER_BYTES: u64 = 64;

/// What the ELF header says.
#[derive(Clone, Copy)]
pub(super) struct Header<'a> {
    pub(super) endian: AnyEndian,
    /// All section headers: as many as the file says.
    pub(super) sections: SectionHeaderTable<'a, AnyEndian>,
    /// Index of the section that has the sections' names.
    pub(super) names_index: u32,
}

/// Checks the header and slices the section table. Constant time.
pub(super) fn parse(file: &[u8]) -> Result<Header<'_>> {
    let (ident, ehdr) = identify(file)?;
    if ehdr.e_machine != abi::EM_BPF && ehdr.e_machine != abi::EM_NONE {
        return Err(unsupported(What::ElfMachine, ehdr.e_machine, 18));
    }
    if ehdr.e_type != abi::ET_REL {
        return Err(unsupported(What::ElfType, ehdr.e_type, 16));
    }
    if ehdr.e_shoff == 0 {
        return Err(Error::new(
            ErrorKind::Missing(What::SectionTable),
            Site::Elf(40),
        ));
    }
    if u64::from(ehdr.e_shentsize) != SECTION_HEADER_BYTES {
        return Err(unsupported(What::SectionEntrySize, ehdr.e_shentsize, 58));
    }

    // Section 0 is a placeholder; it holds what is too large for the header's own 16 bits.
    let first = || {
        let first = table(file, ident, ehdr.e_shoff, 1)?;
        first
            .get(0)
            .map_err(|_| Error::new(ErrorKind::Malformed(What::SectionTable), Site::Elf(40)))
    };
    let count = if ehdr.e_shnum == 0 {
        first()?.sh_size
    } else {
        ehdr.e_shnum.into()
    };
    let sections = table(file, ident, ehdr.e_shoff, count)?;
    let names_index = match ehdr.e_shstrndx {
        abi::SHN_XINDEX => first()?.sh_link,
        index => index.into(),
    };
    if names_index == 0 {
        return Err(Error::new(
            ErrorKind::Missing(What::SectionNames),
            Site::Elf(62),
        ));
    }
    Ok(Header {
        endian: ident,
        sections,
        names_index,
    })
}

/// The fields that say what kind of file it is, in their order.
fn identify(file: &[u8]) -> Result<(AnyEndian, FileHeader<AnyEndian>)> {
    let magic = file.get(..abi::ELFMAGIC.len()).unwrap_or(file);
    if !abi::ELFMAGIC.starts_with(magic) {
        return Err(Error::new(
            ErrorKind::Malformed(What::ElfMagic),
            Site::Elf(0),
        ));
    }
    let head = file
        .get(..HEADER_BYTES)
        .and_then(|head| head.split_at_checked(abi::EI_NIDENT));
    let Some((ident, tail)) = head else {
        let (needed, available) = (HEADER_BYTES as u64, file.len() as u64);
        let kind = ErrorKind::Truncated {
            what: What::ElfHeader,
            needed,
            available,
        };
        return Err(Error::new(kind, Site::Elf(0)));
    };
    let byte = |at: usize| ident.get(at).copied().unwrap_or_default();
    let checks = [
        (
            abi::EI_CLASS,
            What::ElfClass,
            abi::ELFCLASS64..=abi::ELFCLASS64,
        ),
        (
            abi::EI_DATA,
            What::ElfByteOrder,
            abi::ELFDATA2LSB..=abi::ELFDATA2MSB,
        ),
        (
            abi::EI_VERSION,
            What::ElfVersion,
            abi::EV_CURRENT..=abi::EV_CURRENT,
        ),
    ];
    for (at, what, allowed) in checks {
        if !allowed.contains(&byte(at)) {
            return Err(unsupported(what, byte(at).into(), at as u64));
        }
    }
    // Both can only fail on what was just checked.
    let malformed = |_| Error::new(ErrorKind::Malformed(What::ElfHeader), Site::Elf(0));
    let ident = parse_ident::<AnyEndian>(ident).map_err(malformed)?;
    Ok((
        ident.0,
        FileHeader::parse_tail(ident, tail).map_err(malformed)?,
    ))
}

/// The section table of `count` entries at `offset`.
fn table(
    file: &[u8],
    endian: AnyEndian,
    offset: u64,
    count: u64,
) -> Result<SectionHeaderTable<'_, AnyEndian>> {
    let size = count.saturating_mul(SECTION_HEADER_BYTES);
    let Some(bytes) = slice(file, offset, size) else {
        let (needed, available) = (offset.saturating_add(size), file.len() as u64);
        let kind = ErrorKind::Truncated {
            what: What::SectionTable,
            needed,
            available,
        };
        return Err(Error::new(kind, Site::Elf(offset)));
    };
    debug_assert_eq!(
        SectionHeader::size_for(Class::ELF64) as u64,
        SECTION_HEADER_BYTES
    );
    Ok(SectionHeaderTable::new(endian, Class::ELF64, bytes))
}

/// `size` bytes from `offset`, if the file has them.
pub(super) fn slice(file: &[u8], offset: u64, size: u64) -> Option<&[u8]> {
    let start = usize::try_from(offset).ok()?;
    let end = usize::try_from(offset.checked_add(size)?).ok()?;
    file.get(start..end)
}

fn unsupported(what: What, found: u16, at: u64) -> Error {
    Error::new(
        ErrorKind::Unsupported {
            what,
            found: found.into(),
        },
        Site::Elf(at),
    )
}
