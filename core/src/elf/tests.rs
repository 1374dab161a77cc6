//! Hand-built objects, each in both byte orders.

extern crate std;

use std::string::ToString;
use std::vec::Vec;

use super::sample::{BOTH, GLOBAL_FUNC, Raw, file, sample_sections, symbol};
use super::*;

#[test]
fn sample_reads_alike_in_both_byte_orders() {
    for endian in BOTH {
        let bytes = file(endian, &sample_sections(endian));
        let object = Object::parse(&bytes).unwrap();
        assert_eq!((object.endian(), object.section_count()), (endian, 11));
        let names: Vec<_> = object
            .sections()
            .map(|section| section.name().unwrap())
            .collect();
        let [first, .., last] = &names[..] else {
            panic!()
        };
        assert_eq!(
            (names.len(), *first, *last),
            (10, &b".text"[..], &b"names"[..])
        );

        let code = object.code_section(b"kprobe/x").unwrap();
        assert_eq!(
            (code.index(), code.size(), code.kind()),
            (2, 32, SectionKind::Progbits)
        );
        assert_eq!(code.data().unwrap(), &bytes[code.offset() as usize..][..32]);
        assert!(object.code_section(b"license").is_none() && object.code_section(b"").is_none());
        let bss = object.section_by_name(b".bss").unwrap();
        assert_eq!((bss.size(), bss.data()), (99, Ok(&[][..])));
        assert_eq!(object.section(0).unwrap().kind(), SectionKind::Null);
        assert!(object.section(11).is_err());

        assert_eq!(object.btf(), Ok(&b"btf"[..]));
        assert_eq!(object.btf_ext(), Ok(Some(&b"ext"[..])));
        assert_eq!(object.license(), Ok(Some(&b"GPL"[..])));

        let symbols = object.symbols().unwrap();
        assert_eq!(
            (symbols.len(), symbols.iter().len(), symbols.iter().count()),
            (8, 7, 7)
        );
        let x = symbols.get(5).unwrap();
        assert_eq!(
            (x.name(), x.kind(), x.section()),
            (Ok(&b"x"[..]), SymbolKind::NoType, None)
        );
        assert!(x.is_undefined() && x.binding() == Binding::Global);
        assert!(symbols.get(8).is_err() && symbols.get(u32::MAX).is_err());

        let relocation = Relocation {
            offset: 8,
            symbol: 5,
            kind: 10,
        };
        assert!(object.relocations(2).eq([Ok(relocation)]));
        assert!(
            object
                .section(3)
                .unwrap()
                .relocations()
                .eq([Ok(relocation)])
        );
        assert!(object.relocations(1).next().is_none() && code.relocations().next().is_none());
    }
}

#[test]
fn programs_and_what_belongs_to_them() {
    for endian in BOTH {
        let bytes = file(endian, &sample_sections(endian));
        let object = Object::parse(&bytes).unwrap();
        let programs: Vec<_> = object.programs().unwrap().map(Result::unwrap).collect();
        let names: Vec<_> = programs.iter().map(|program| program.name).collect();
        assert_eq!(names, [&b"sub"[..], b"q", b"p"]); // the last two symbols aren't code
        let [sub, q, p] = &programs[..] else { panic!() };
        assert!(sub.is_global() && sub.is_weak() && sub.is_hidden());
        assert!(!p.is_global() && !p.is_hidden() && q.is_global() && !q.is_weak());
        assert_eq!(
            (q.section, q.offset_bytes, q.size_bytes, q.symbol),
            (2, 16, 16, 2)
        );
        assert!(q.insns.iter().copied().eq(16..32));

        let mut small = [ProgramRange::EMPTY; 2];
        let error = ProgramTable::build(object, &mut small).unwrap_err();
        let expected = ErrorKind::BufferTooSmall {
            what: What::ProgramBuffer,
            needed: 3,
        };
        assert_eq!(error.kind(), expected);

        let mut buffer = [ProgramRange::EMPTY; 4];
        let table = ProgramTable::build(object, &mut buffer).unwrap();
        assert_eq!(
            table
                .ranges()
                .iter()
                .map(|range| range.symbol)
                .collect::<Vec<_>>(),
            [1, 3, 2]
        );
        // (section, byte) → symbol: worked by hand from the table above.
        let cases = [
            (1, 0, None), // the dropped function
            (1, 8, Some(1)),
            (1, 16, Some(1)),
            (1, 24, None),
            (2, 0, Some(3)),
            (2, 8, Some(3)),
            (2, 16, Some(2)),
            (2, 24, Some(2)),
            (2, 32, None),
            (2, u32::MAX, None),
            (0, 0, None),
            (3, 0, None),
            (99, 0, None),
        ];
        for (section, insn_off, expected) in cases {
            let found = table.find(section, insn_off).map(|range| range.symbol);
            assert_eq!(found, expected, "{section} {insn_off}");
            let name = object
                .section(section)
                .ok()
                .and_then(|section| section.name().ok());
            let by_name = table.section(name.unwrap_or(b"nowhere"));
            assert_eq!(by_name.find(insn_off).map(|range| range.symbol), expected);
        }
        assert_eq!(table.section(b"kprobe/x").index(), Some(2));
        assert_eq!(table.section(b"kprobe/").index(), None);
    }
}

#[test]
fn of_sections_of_one_name_the_first_with_programs_counts() {
    let endian = Endian::Little;
    let mut sections = sample_sections(endian);
    sections[0].0 = "tc";
    sections[1].0 = "tc";
    let bytes = file(endian, &sections);
    let mut buffer = [ProgramRange::EMPTY; 3];
    let table = ProgramTable::build(Object::parse(&bytes).unwrap(), &mut buffer).unwrap();
    assert_eq!(table.section(b"tc").index(), Some(1));
    assert_eq!(table.section(b"tc").find(0), None);
    assert_eq!(table.find(2, 0).unwrap().symbol, 3);
}

#[test]
fn foreign_files_are_told_apart() {
    let good = file(Endian::Little, &sample_sections(Endian::Little));
    let unsupported = |what, found| ErrorKind::Unsupported { what, found };
    // What byte to set to what, and the error.
    let cases = [
        (0, 0, ErrorKind::Malformed(What::ElfMagic)),
        (4, 1, unsupported(What::ElfClass, 1)),
        (5, 3, unsupported(What::ElfByteOrder, 3)),
        (6, 0, unsupported(What::ElfVersion, 0)),
        (16, 3, unsupported(What::ElfType, 3)),
        (18, 62, unsupported(What::ElfMachine, 62)),
        (58, 40, unsupported(What::SectionEntrySize, 40)),
        (62, 0, ErrorKind::Missing(What::SectionNames)),
        (62, 1, ErrorKind::Malformed(What::SectionNames)),
    ];
    for (at, value, kind) in cases {
        let mut bytes = good.clone();
        bytes[at] = value;
        assert_eq!(Object::parse(&bytes).unwrap_err().kind(), kind);
    }
    let mut old_clang = good.clone();
    old_clang[18] = 0;
    assert!(Object::parse(&old_clang).is_ok());

    let kind = |bytes: &[u8]| Object::parse(bytes).unwrap_err().kind();
    let header = |available| ErrorKind::Truncated {
        what: What::ElfHeader,
        needed: 64,
        available,
    };
    assert_eq!(kind(b""), header(0));
    assert_eq!(kind(b"\x7fEL"), header(3));
    assert_eq!(kind(&good[..63]), header(63));
    assert_eq!(kind(b"#!"), ErrorKind::Malformed(What::ElfMagic));
    let (needed, available) = (good.len() as u64, good.len() as u64 - 1);
    let cut = ErrorKind::Truncated {
        what: What::SectionTable,
        needed,
        available,
    };
    assert_eq!(kind(&good[..good.len() - 1]), cut);
    let error = Object::parse(&good[..63]).unwrap_err().to_string();
    assert_eq!(
        error,
        "ELF header is cut off: 64 bytes needed, 63 there, at byte 0 of the ELF file"
    );
}

/// The kind of the first error among the programs, after `change` of the sections.
fn program_error(change: impl Fn(&mut Vec<Raw>)) -> Option<(ErrorKind, Site)> {
    let mut sections = sample_sections(Endian::Big);
    change(&mut sections);
    let bytes = file(Endian::Big, &sections);
    let object = Object::parse(&bytes).unwrap();
    let mut programs = match object.programs() {
        Ok(programs) => programs,
        Err(error) => return Some((error.kind(), error.site())),
    };
    let error = programs.find_map(Result::err)?;
    assert!(programs.next().is_none());
    Some((error.kind(), error.site()))
}

#[test]
fn bad_programs_are_refused() {
    let with = |at: (u16, u64, u64)| {
        program_error(move |sections| {
            sections[7]
                .6
                .extend(symbol(Endian::Big, 1, GLOBAL_FUNC, at));
        })
    };
    let site = Site::Symbol(8);
    let unsupported = |what, found| Some((ErrorKind::Unsupported { what, found }, site));
    let end = |value| {
        Some((
            ErrorKind::OutOfRange {
                what: What::ProgramEnd,
                value,
                limit: 24,
            },
            site,
        ))
    };
    assert_eq!(with((1, 0, 24)), None);
    assert_eq!(with((1, 8, 24)), end(32));
    assert_eq!(with((1, u64::MAX - 7, 16)), end(u64::MAX));
    assert_eq!(with((1, 4, 16)), unsupported(What::ProgramOffset, 4));
    assert_eq!(with((1, 8, 12)), unsupported(What::ProgramSize, 12));
    assert_eq!(with((1, 24, 0)), unsupported(What::ProgramSize, 0));
    assert_eq!(
        with((0xffff, 0, 8)),
        unsupported(What::SectionIndex, 0xffff)
    );
    assert_eq!(with((0xfff1, 0, 8)), None); // a constant
    assert_eq!(with((77, 0, 8)), None); // no such section: of no program, as in libbpf

    let name = program_error(|sections| sections[8].6 = Vec::from(*b"\0sub"));
    assert_eq!(
        name,
        Some((ErrorKind::Malformed(What::SymbolName), Site::Symbol(1)))
    );
    let odd = program_error(|sections| sections[7].6.push(0));
    assert_eq!(
        odd,
        Some((ErrorKind::Malformed(What::SymbolTable), Site::Section(8)))
    );
    let names = program_error(|sections| sections[7].3 = 1);
    assert_eq!(
        names,
        Some((ErrorKind::Malformed(What::SymbolNames), Site::Section(1)))
    );
    let stripped = program_error(|sections| sections[7].1 = 3);
    assert_eq!(
        stripped,
        Some((ErrorKind::Missing(What::SymbolTable), Site::Elf(0)))
    );
}

#[test]
fn broken_sections_are_errors_when_touched() {
    let mut sections = sample_sections(Endian::Little);
    sections[4].1 = 7; // .BTF as a note
    sections[5].2 = 0x800; // .BTF.ext compressed: "ext" is too short to tell how
    sections[3].1 = 8; // licence without bytes
    sections[2].5 = 24; // relocations of 24 bytes
    let bytes = file(Endian::Little, &sections);
    let object = Object::parse(&bytes).unwrap();
    let kind = |error: Error| error.kind();
    let expected = ErrorKind::Unsupported {
        what: What::SectionType,
        found: 7,
    };
    assert_eq!(object.btf().map_err(kind), Err(expected));
    let expected = ErrorKind::Unsupported {
        what: What::CompressedSection,
        found: 0,
    };
    assert_eq!(object.btf_ext().map_err(kind), Err(expected));
    assert_eq!(object.license(), Ok(Some(&[][..])));
    let mut relocations = object.relocations(2);
    let expected = ErrorKind::Unsupported {
        what: What::RelocationEntrySize,
        found: 24,
    };
    assert_eq!(
        relocations.next().map(|result| result.map_err(kind)),
        Some(Err(expected))
    );
    assert!(relocations.next().is_none());

    let none = file(Endian::Little, &[]);
    let object = Object::parse(&none).unwrap();
    assert_eq!(
        object.btf().map_err(kind),
        Err(ErrorKind::Missing(What::BtfSection))
    );
    assert_eq!((object.btf_ext(), object.license()), (Ok(None), Ok(None)));

    let mut twice = sample_sections(Endian::Little);
    twice.push(twice[7].clone());
    let error = Object::parse(&file(Endian::Little, &twice)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed(What::SymbolTable));
}

#[test]
fn large_counts_are_in_section_0() {
    let mut bytes = file(Endian::Little, &sample_sections(Endian::Little));
    let table = bytes.len() - 11 * 64;
    bytes[60..64].copy_from_slice(&[0, 0, 0xff, 0xff]);
    bytes[table + 32] = 11; // sh_size
    bytes[table + 40] = 10; // sh_link
    let object = Object::parse(&bytes).unwrap();
    assert_eq!(object.section_by_name(b"license").unwrap().index(), 4);
    bytes[table + 39] = 0xff;
    let error = Object::parse(&bytes).unwrap_err();
    assert!(matches!(
        error.kind(),
        ErrorKind::Truncated {
            what: What::SectionTable,
            ..
        }
    ));
}

/// Reads everything there is to read.
fn walk(bytes: &[u8]) {
    let Ok(object) = Object::parse(bytes) else {
        return;
    };
    for section in object.sections() {
        let _ = (section.name(), section.data());
        let _ = section.relocations().map_while(Result::ok).count();
        let _ = object
            .relocations(section.index())
            .map_while(Result::ok)
            .count();
    }
    let _ = (object.btf(), object.btf_ext(), object.license());
    if let Ok(symbols) = object.symbols() {
        let _ = symbols
            .iter()
            .filter(|symbol| symbol.name().is_ok())
            .count();
    }
    let mut buffer = [ProgramRange::EMPTY; 4];
    let Ok(table) = ProgramTable::build(object, &mut buffer) else {
        return;
    };
    for range in table.ranges() {
        let last = range.offset_bytes + range.size_bytes - 8;
        let found = table.find(range.section, last).unwrap();
        assert!(found.contains(last) && found.section == range.section);
    }
}

#[test]
fn any_prefix_and_any_damaged_byte_is_read_or_refused() {
    for endian in BOTH {
        let good = file(endian, &sample_sections(endian));
        for len in 0..good.len() {
            assert!(Object::parse(&good[..len]).is_err()); // the table is last
        }
        for at in 0..good.len() {
            for damage in [0, 1, 2, 8, 9, 0x7f, 0x80, 0xff, good[at].wrapping_add(1)] {
                let mut bytes = good.clone();
                bytes[at] = damage;
                walk(&bytes);
            }
        }
    }
}
