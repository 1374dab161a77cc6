//! The BTF inside an ELF file, without reading the file.
//!
//! Enters: anything readable by offset. Leaves: `.BTF` and, where a module was built against a
//! distilled base, `.BTF.base`. A kernel with debug information has a gigabyte; what is read of it
//! is the header, the section table, the section names and these sections.

use elf::endian::AnyEndian;
use elf::file::{Class, FileHeader, parse_ident};
use elf::parse::ParsingTable;
use elf::section::SectionHeader;
use elf::string_table::StringTable;
use elf::{ParseError, abi};

use super::attempt::Cause;
use super::read::ReadAt;

/// What an ELF file holds of BTF.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BtfSections {
    pub(super) btf: Vec<u8>,
    pub(super) base: Option<Vec<u8>>,
    pub(super) pointer_bytes: u8,
}

/// Section tables and section names together stay far below this, even with a section a function.
const MAX_TABLE_BYTES: u64 = 64 << 20;

/// Finds and reads the sections, each of at most `limit_bytes`.
pub(super) fn read_btf_sections<S: ReadAt + ?Sized>(
    source: &S,
    limit_bytes: u64,
) -> Result<BtfSections, Cause> {
    let header = read_header(source)?;
    let (table, names) = read_tables(source, &header)?;
    let sections = ParsingTable::<_, SectionHeader>::new(header.endianness, header.class, &table);
    let names = StringTable::new(&names);

    let (mut btf, mut base) = (None, None);
    for index in 0..sections.len() {
        let section = sections.get(index).map_err(|_| Cause::BadElf {
            what: "section table",
        })?;
        // An unreadable name is not ours; libbpf refuses the file, which helps nobody.
        match names.get_raw(section.sh_name as usize) {
            Ok(b".BTF") if btf.is_none() => btf = Some(section),
            Ok(b".BTF.base") if base.is_none() => base = Some(section),
            _ => {}
        }
    }
    let btf = btf.ok_or(Cause::NoBtfSection)?;
    let base = base
        .map(|section| read_section(source, &section, limit_bytes))
        .transpose()?;
    Ok(BtfSections {
        btf: read_section(source, &btf, limit_bytes)?,
        base,
        pointer_bytes: match header.class {
            Class::ELF32 => 4,
            Class::ELF64 => 8,
        },
    })
}

/// The file header, of either class and byte order.
pub(super) fn read_header<S: ReadAt + ?Sized>(source: &S) -> Result<FileHeader<AnyEndian>, Cause> {
    let bad = |_: ParseError| Cause::BadElf {
        what: "file header",
    };
    let ident = parse_ident(&source.read_exact_at(0, abi::EI_NIDENT)?).map_err(bad)?;
    let tail = match ident.1 {
        Class::ELF32 => elf::file::ELF32_EHDR_TAILSIZE,
        Class::ELF64 => elf::file::ELF64_EHDR_TAILSIZE,
    };
    FileHeader::parse_tail(ident, &source.read_exact_at(abi::EI_NIDENT as u64, tail)?).map_err(bad)
}

/// The section table and the string table with the sections' names.
fn read_tables<S: ReadAt + ?Sized>(
    source: &S,
    header: &FileHeader<AnyEndian>,
) -> Result<(Vec<u8>, Vec<u8>), Cause> {
    const BAD: Cause = Cause::BadElf {
        what: "section table",
    };
    let entry_bytes: u16 = match header.class {
        Class::ELF32 => 40,
        Class::ELF64 => 64,
    };
    if header.e_shoff == 0 {
        return Err(Cause::NoBtfSection);
    }
    if header.e_shentsize != entry_bytes {
        return Err(BAD);
    }
    let parse = |bytes: &[u8], index: usize| {
        ParsingTable::<_, SectionHeader>::new(header.endianness, header.class, bytes)
            .get(index)
            .map_err(|_| BAD)
    };
    // Section 0 holds what does not fit the header's 16 bits: the number of sections, the index of
    // the one with their names.
    let first = parse(
        &source.read_exact_at(header.e_shoff, usize::from(entry_bytes))?,
        0,
    )?;
    let count = if header.e_shnum == 0 {
        first.sh_size
    } else {
        u64::from(header.e_shnum)
    };
    let names = if header.e_shstrndx == abi::SHN_XINDEX {
        first.sh_link
    } else {
        u32::from(header.e_shstrndx)
    };

    let table_bytes = count.checked_mul(u64::from(entry_bytes)).ok_or(BAD)?;
    let table = read_part(source, header.e_shoff, table_bytes, MAX_TABLE_BYTES)?;
    let names = parse(&table, names as usize)?;
    if names.sh_type != abi::SHT_STRTAB {
        return Err(Cause::BadElf {
            what: "section names",
        });
    }
    let names = read_part(source, names.sh_offset, names.sh_size, MAX_TABLE_BYTES)?;
    Ok((table, names))
}

fn read_section<S: ReadAt + ?Sized>(
    source: &S,
    section: &SectionHeader,
    limit_bytes: u64,
) -> Result<Vec<u8>, Cause> {
    if section.sh_flags & u64::from(abi::SHF_COMPRESSED) != 0 {
        return Err(Cause::BadElf {
            what: "its .BTF section is compressed",
        });
    }
    // `objcopy --only-keep-debug` leaves the header of .BTF and takes the bytes.
    if section.sh_type == abi::SHT_NOBITS || section.sh_size == 0 {
        return Err(Cause::EmptyBtfSection);
    }
    read_part(source, section.sh_offset, section.sh_size, limit_bytes)
}

fn read_part<S: ReadAt + ?Sized>(
    source: &S,
    offset: u64,
    size: u64,
    limit_bytes: u64,
) -> Result<Vec<u8>, Cause> {
    let too_large = Cause::TooLarge { limit_bytes };
    if size > limit_bytes {
        return Err(too_large);
    }
    source.read_exact_at(offset, usize::try_from(size).map_err(|_| too_large)?)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A small ELF64 file of either byte order, with these sections and a table of names.
    pub(in super::super) fn elf64(big: bool, sections: &[(&str, &[u8])]) -> Vec<u8> {
        let n16 = |v: u16| {
            if big {
                v.to_be_bytes()
            } else {
                v.to_le_bytes()
            }
        };
        let n32 = |v: u32| {
            if big {
                v.to_be_bytes()
            } else {
                v.to_le_bytes()
            }
        };
        let n64 = |v: u64| {
            if big {
                v.to_be_bytes()
            } else {
                v.to_le_bytes()
            }
        };
        let mut names = b"\0.shstrtab\0".to_vec();
        let mut body = Vec::new();
        let mut rows = vec![(0u32, 0u32, 0u64, 0u64)];
        for (name, data) in sections {
            rows.push((
                names.len() as u32,
                1,
                64 + body.len() as u64,
                data.len() as u64,
            ));
            names.extend_from_slice(name.as_bytes());
            names.push(0);
            body.extend_from_slice(data);
        }
        rows.push((
            1,
            abi::SHT_STRTAB,
            64 + body.len() as u64,
            names.len() as u64,
        ));
        body.extend_from_slice(&names);

        let mut out = b"\x7fELF\x02".to_vec();
        out.extend_from_slice(&[if big { 2 } else { 1 }, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        out.extend_from_slice(&n16(1));
        out.extend_from_slice(&n16(247));
        out.extend_from_slice(&n32(1));
        out.extend_from_slice(&n64(0));
        out.extend_from_slice(&n64(0));
        out.extend_from_slice(&n64(64 + body.len() as u64));
        out.extend_from_slice(&n32(0));
        for v in [64, 0, 0, 64, rows.len() as u16, rows.len() as u16 - 1] {
            out.extend_from_slice(&n16(v));
        }
        out.extend_from_slice(&body);
        for (name, kind, offset, size) in rows {
            out.extend_from_slice(&n32(name));
            out.extend_from_slice(&n32(kind));
            for v in [0, 0, offset, size] {
                out.extend_from_slice(&n64(v));
            }
            out.extend_from_slice(&[0; 8]);
            out.extend_from_slice(&n64(1));
            out.extend_from_slice(&n64(0));
        }
        out
    }

    #[test]
    fn both_byte_orders_and_the_distilled_base() {
        for big in [false, true] {
            let file = elf64(
                big,
                &[(".text", b"xx"), (".BTF", b"btf"), (".BTF.base", b"base")],
            );
            let found = read_btf_sections(file.as_slice(), 100).unwrap();
            let expected = BtfSections {
                btf: b"btf".to_vec(),
                base: Some(b"base".to_vec()),
                pointer_bytes: 8,
            };
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn what_can_be_missing() {
        let none = elf64(false, &[(".text", b"xx")]);
        assert_eq!(
            read_btf_sections(none.as_slice(), 100),
            Err(Cause::NoBtfSection)
        );
        let empty = elf64(false, &[(".BTF", b"")]);
        assert_eq!(
            read_btf_sections(empty.as_slice(), 100),
            Err(Cause::EmptyBtfSection)
        );
        let long = elf64(false, &[(".BTF", b"12345")]);
        assert_eq!(
            read_btf_sections(long.as_slice(), 4),
            Err(Cause::TooLarge { limit_bytes: 4 })
        );
    }

    #[test]
    fn every_prefix_and_every_changed_byte_gives_an_answer() {
        let file = elf64(
            true,
            &[(".text", b"xx"), (".BTF", b"btf"), (".BTF.base", b"base")],
        );
        for end in 0..file.len() {
            assert!(
                read_btf_sections(&file[..end], 100).is_err(),
                "prefix {end}"
            );
        }
        for at in 0..file.len() {
            for value in [0, 1, 0x7f, 0x80, 0xff, file[at] ^ 1] {
                let mut changed = file.clone();
                changed[at] = value;
                let _ = read_btf_sections(changed.as_slice(), 100);
            }
        }
    }
}
