//! Objects built by hand, for the tests of this module.

extern crate std;

use std::vec::Vec;

use crate::units::Endian;

pub(super) const BOTH: [Endian; 2] = [Endian::Little, Endian::Big];

/// A section of a [`file`]: name, `sh_type`, `sh_flags`, `sh_link`, `sh_info`, `sh_entsize`, data.
pub(super) type Raw = (&'static str, u32, u64, u32, u32, u64, Vec<u8>);

fn word64(endian: Endian, value: u64) -> [u8; 8] {
    match endian {
        Endian::Little => value.to_le_bytes(),
        Endian::Big => value.to_be_bytes(),
    }
}

/// An ELF file: header, data of all sections, names, section table. Section 0 and the names (the
/// last section) are added.
pub(super) fn file(endian: Endian, raw: &[Raw]) -> Vec<u8> {
    let mut data: Vec<u8> = Vec::new();
    let mut names = Vec::from([0]);
    let mut table = std::vec![0; 64];
    let names_section: Raw = ("names", 3, 0, 0, 0, 0, Vec::new());
    for (index, (name, kind, flags, link, info, entry, bytes)) in
        raw.iter().chain([&names_section]).enumerate()
    {
        let name_at = names.len() as u32;
        names.extend(name.bytes().chain([0]));
        let offset = 64 + data.len() as u64;
        let bytes = if index == raw.len() { &names } else { bytes };
        table.extend(
            [name_at, *kind]
                .iter()
                .flat_map(|&word| endian.bytes32(word)),
        );
        let wide = [*flags, 0, offset, bytes.len() as u64];
        table.extend(wide.iter().flat_map(|&word| word64(endian, word)));
        table.extend([*link, *info].iter().flat_map(|&word| endian.bytes32(word)));
        table.extend([1, *entry].iter().flat_map(|&word| word64(endian, word)));
        if *kind != 8 {
            data.extend(bytes);
        }
    }
    let order = if endian == Endian::Little { 1 } else { 2 };
    let mut file = Vec::from([
        0x7f, b'E', b'L', b'F', 2, order, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ]);
    file.extend([1, 247].iter().flat_map(|&half| endian.bytes16(half)));
    file.extend(endian.bytes32(1));
    let table_at = 64 + data.len() as u64;
    file.extend(
        [0, 0, table_at]
            .iter()
            .flat_map(|&word| word64(endian, word)),
    );
    file.extend(endian.bytes32(0));
    let count = raw.len() as u16 + 2;
    file.extend(
        [64, 0, 0, 64, count, count - 1]
            .iter()
            .flat_map(|&half| endian.bytes16(half)),
    );
    file.extend(data);
    file.extend(table);
    file
}

/// A symbol: name offset, info, other, section, value, size.
pub(super) fn symbol(
    endian: Endian,
    name: u32,
    [info, other]: [u8; 2],
    at: (u16, u64, u64),
) -> Vec<u8> {
    let mut bytes = Vec::from(endian.bytes32(name));
    bytes.extend([info, other]);
    bytes.extend(endian.bytes16(at.0));
    bytes.extend([at.1, at.2].iter().flat_map(|&word| word64(endian, word)));
    bytes
}

pub(super) const GLOBAL_FUNC: [u8; 2] = [0x12, 0];
pub(super) const LOCAL_FUNC: [u8; 2] = [0x02, 0];
pub(super) const WEAK_HIDDEN_FUNC: [u8; 2] = [0x22, 2];

/// 1 .text (3 insns: one dropped, two of `sub`), 2 kprobe/x (4 insns: `p` and `q`), 3 relocations
/// of 2, 4 license, 5 .BTF, 6 .BTF.ext, 7 .bss, 8 .symtab, 9 .strtab, 10 names.
pub(super) fn sample_sections(endian: Endian) -> Vec<Raw> {
    let mut rel = Vec::from(word64(endian, 8));
    rel.extend(word64(endian, 5 << 32 | 10));
    let symbols = [
        symbol(endian, 0, [0, 0], (0, 0, 0)),
        symbol(endian, 1, WEAK_HIDDEN_FUNC, (1, 8, 16)),
        symbol(endian, 7, GLOBAL_FUNC, (2, 16, 16)),
        symbol(endian, 5, LOCAL_FUNC, (2, 0, 16)),
        symbol(endian, 9, [0x11, 0], (4, 0, 4)),
        symbol(endian, 9, [0x10, 0], (0, 0, 0)),
        symbol(endian, 9, GLOBAL_FUNC, (0, 0, 0)),
        symbol(endian, 9, GLOBAL_FUNC, (4, 0, 4)),
    ];
    Vec::from([
        (".text", 1, 6, 0, 0, 0, Vec::from([0xa; 24])),
        ("kprobe/x", 1, 6, 0, 0, 0, (0..32).collect()),
        (".relkprobe/x", 9, 0x40, 8, 2, 16, rel),
        ("license", 1, 3, 0, 0, 0, Vec::from(*b"GPL\0")),
        (".BTF", 1, 0, 0, 0, 0, Vec::from(*b"btf")),
        (".BTF.ext", 1, 0, 0, 0, 0, Vec::from(*b"ext")),
        (".bss", 8, 3, 0, 0, 0, Vec::from([0; 99])),
        (".symtab", 2, 0, 9, 1, 24, symbols.concat()),
        (".strtab", 3, 0, 0, 0, 0, Vec::from(*b"\0sub\0p\0q\0x\0")),
    ])
}
