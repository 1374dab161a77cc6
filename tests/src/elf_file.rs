//! ELF objects, made or changed: any sections at all, or a real object with other BTF.
//!
//! Enters: sections, or an object and bytes for one of its sections. Leaves: the bytes of an object.

use relocore::elf::Object;
use relocore::{Endian, Result};

use crate::types::Types;

/// A section to be.
#[derive(Clone, Debug, Default)]
pub struct Section {
    /// Where its name is in the table of names.
    pub name: u32,
    /// `sh_type`.
    pub kind: u32,
    /// `sh_flags`.
    pub flags: u64,
    /// `sh_link`.
    pub link: u32,
    /// `sh_info`.
    pub info: u32,
    /// `sh_entsize`.
    pub entry_bytes: u64,
    /// Where its bytes are among all contents, and how many.
    pub at: (usize, usize),
}

/// Little-endian object of these sections (besides the placeholder at 0) over shared `contents`;
/// the one numbered `names` has the names.
pub fn object(contents: &[u8], sections: &[Section], names: u16) -> Vec<u8> {
    const HEADER: usize = 64;
    let table = HEADER + contents.len();
    let count = sections.len() + 1;
    let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    file.extend([1, 0, 247, 0, 1, 0, 0, 0]);
    file.extend([0; 16]);
    file.extend((table as u64).to_le_bytes());
    // What does not fit 16 bits is in the placeholder.
    let short = u16::try_from(count).unwrap_or(0);
    let halves = [0, 0, HEADER as u16, 0, 0, 64, short, names];
    file.extend(halves.iter().flat_map(|half| half.to_le_bytes()));
    file.extend(contents);
    let first = Section {
        at: (0, if short == 0 { count } else { 0 }),
        ..Section::default()
    };
    for (number, section) in core::iter::once(&first).chain(sections).enumerate() {
        let (at, len) = section.at;
        let offset = if number == 0 { 0 } else { at + HEADER };
        file.extend(section.name.to_le_bytes());
        file.extend(section.kind.to_le_bytes());
        for word in [section.flags, 0, offset as u64, len as u64] {
            file.extend(word.to_le_bytes());
        }
        file.extend(section.link.to_le_bytes());
        file.extend(section.info.to_le_bytes());
        file.extend(1_u64.to_le_bytes());
        file.extend(section.entry_bytes.to_le_bytes());
    }
    file
}

/// A symbol table's entry for a function.
pub fn function(section: u16, offset: u64, size: u64) -> [u8; 24] {
    let mut entry = [0; 24];
    entry[4] = 0x12; // global, function
    entry[6..8].copy_from_slice(&section.to_le_bytes());
    entry[8..16].copy_from_slice(&offset.to_le_bytes());
    entry[16..].copy_from_slice(&size.to_le_bytes());
    entry
}

/// The object with other bytes in the first section of that name, which are put at its end.
///
/// # Errors
/// It is no object.
pub fn replace(file: &[u8], name: &[u8], bytes: &[u8]) -> Result<Vec<u8>> {
    let object = Object::parse(file)?;
    let mut out = file.to_vec();
    if let Some(section) = object.section_by_name(name) {
        let number = |value: usize| match object.endian() {
            Endian::Little => (value as u64).to_le_bytes(),
            Endian::Big => (value as u64).to_be_bytes(),
        };
        let table: [u8; 8] = *file[40..].first_chunk().expect("a header has 64 bytes");
        let table = match object.endian() {
            Endian::Little => u64::from_le_bytes(table),
            Endian::Big => u64::from_be_bytes(table),
        };
        let header =
            usize::try_from(table).expect("it is in memory") + 64 * section.index() as usize;
        out[header + 24..header + 32].copy_from_slice(&number(file.len()));
        out[header + 32..header + 40].copy_from_slice(&number(bytes.len()));
        out.extend(bytes);
    }
    Ok(out)
}

/// A record to be: the type that it starts from, its access string and its kind.
pub type Asked<'a> = (u32, &'a str, u32);

/// Little-endian object of these types with one program, which loads a 64-bit immediate for each
/// record.
pub fn relocatable(types: &Types, records: &[Asked<'_>]) -> Vec<u8> {
    let mut types = types.clone();
    let section = types.name(b"socket");
    let mut list = vec![16, section, u32::try_from(records.len()).expect("some")];
    for (at, (ty, access, kind)) in (0..).step_by(16).zip(records) {
        list.extend([at, *ty, types.name(access.as_bytes()), *kind]);
    }
    let core_bytes = u32::try_from(list.len() * 4).expect("some");
    let mut ext = vec![0x9f, 0xeb, 1, 0];
    let header = [32, 0, 0, 0, 0, 0, core_bytes];
    ext.extend(
        header
            .iter()
            .chain(&list)
            .flat_map(|word| word.to_le_bytes()),
    );
    let code = [0x18, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0].repeat(records.len());

    let mut contents = b"\0socket\0.BTF\0.BTF.ext\0".to_vec();
    let mut add = |bytes: &[u8]| {
        let at = contents.len();
        contents.extend(bytes);
        (at, bytes.len())
    };
    let symbols = [[0; 24], function(3, 0, code.len() as u64)].concat();
    let symbols = add(&symbols);
    let parts = [(1, &code), (8, &types.bytes()), (13, &ext)].map(|(name, bytes)| Section {
        name,
        kind: 1,
        flags: if name == 1 { 6 } else { 0 },
        at: add(bytes),
        ..Section::default()
    });
    let mut sections = vec![
        Section {
            kind: 3,
            at: (0, 22),
            ..Section::default()
        },
        Section {
            kind: 2,
            link: 1,
            entry_bytes: 24,
            at: symbols,
            ..Section::default()
        },
    ];
    sections.extend(parts);
    object(&contents, &sections, 1)
}
