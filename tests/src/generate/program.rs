//! A program that was never compiled: types, functions, and records about their instructions.
//!
//! Enters: [`Types`] and what to ask about them. Leaves: [`Program`], and the bytes of an object
//! file as clang would have written it, in either byte order.

use core::fmt::{self, Write as _};

use object::write::{Object, StandardSegment, Symbol, SymbolSection};
use object::{
    Architecture, BinaryFormat, Endianness, SectionKind, SymbolFlags, SymbolKind, SymbolScope,
};
use relocore::Endian;

use crate::types::put;

use super::btf::{self, number};
use super::types::{Id, Types};

/// An object file to be.
#[derive(Clone, PartialEq, Eq)]
pub struct Program {
    /// Its byte order.
    pub endian: Endian,
    /// Its types.
    pub types: Types,
    /// Its functions, by section.
    pub functions: Vec<Function>,
    /// Its records, in the order of `.BTF.ext`.
    pub records: Vec<Record>,
}

/// A function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Section that it is in; functions of one section stand side by side.
    pub section: String,
    /// Has it a symbol? If not, the static linker has dropped it, and its records are dead.
    pub named: bool,
    /// Its code.
    pub insns: Vec<Insn>,
}

/// An instruction, of two slots if it loads 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Insn {
    /// Opcode.
    pub code: u8,
    /// Destination register.
    pub dst: u8,
    /// Source register.
    pub src: u8,
    /// Offset of a load or store.
    pub off: i16,
    /// Immediate; 64 bits only of [`Insn::WIDE`].
    pub imm: i64,
}

/// A CO-RE record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Number of the function.
    pub function: usize,
    /// Number of the instruction in it; behind its last there is none.
    pub insn: usize,
    /// Bytes into the instruction: 0 in all that compilers write.
    pub skew: u32,
    /// Root type.
    pub root: Id,
    /// Access string.
    pub access: Access,
    /// Kind of relocation.
    pub kind: u32,
}

/// An access string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// Numbers.
    Path(Vec<u32>),
    /// Anything else.
    Text(&'static str),
}

impl Access {
    /// As the object has it.
    pub fn text(&self) -> String {
        match self {
            Self::Text(text) => (*text).to_owned(),
            Self::Path(path) => path.iter().fold(String::new(), |mut text, number| {
                let colon = if text.is_empty() { "" } else { ":" };
                let _ = write!(text, "{colon}{number}");
                text
            }),
        }
    }
}

impl Insn {
    /// `ld_imm64`
    pub const WIDE: u8 = 0x18;
    /// `exit`
    pub const EXIT: Self = Self::new(0x95);
    /// `r0 = 0`
    pub const ZERO: Self = Self::new(0xb7);

    /// An instruction with nothing but an opcode.
    pub const fn new(code: u8) -> Self {
        Self {
            code,
            dst: 0,
            src: 0,
            off: 0,
            imm: 0,
        }
    }

    /// Bytes that it takes.
    pub const fn bytes(self) -> usize {
        if self.code == Self::WIDE { 16 } else { 8 }
    }

    /// Its bytes.
    pub fn encode(self, endian: Endian) -> Vec<u8> {
        let mut bytes = vec![self.code];
        let (off, low, high) = (self.off, self.imm as u32, (self.imm >> 32) as u32);
        match endian {
            Endian::Little => {
                bytes.push(self.src << 4 | self.dst);
                bytes.extend(off.to_le_bytes());
            }
            Endian::Big => {
                bytes.push(self.dst << 4 | self.src);
                bytes.extend(off.to_be_bytes());
            }
        }
        bytes.extend(put(low, endian));
        if self.code == Self::WIDE {
            bytes.extend([0; 4]);
            bytes.extend(put(high, endian));
        }
        bytes
    }
}

impl Function {
    /// Bytes before that instruction.
    pub fn offset(&self, insn: usize) -> usize {
        self.insns.iter().take(insn).map(|insn| insn.bytes()).sum()
    }

    fn bytes(&self) -> usize {
        self.offset(self.insns.len())
    }
}

impl Program {
    /// Where a function starts in its section.
    fn start(&self, function: usize) -> usize {
        let before = self.functions.iter().take(function);
        let same = before.filter(|one| one.section == self.functions[function].section);
        same.map(Function::bytes).sum()
    }

    /// Byte offset of a record's instruction in its section.
    pub fn insn_off(&self, record: &Record) -> u32 {
        let start = self.start(record.function);
        let at = self.functions[record.function].offset(record.insn);
        u32::try_from(start + at).expect("some kilobytes") + record.skew
    }

    /// `.BTF` and `.BTF.ext`.
    pub fn btf(&self) -> (Vec<u8>, Vec<u8>) {
        let mut raw = btf::write(&self.types, 1, None, self.endian);
        let mut words = vec![16]; // bytes of a record
        let mut rest = &self.records[..];
        while let Some(first) = rest.first() {
            let section = |record: &Record| &self.functions[record.function].section;
            let same = rest.iter().take_while(|one| section(one) == section(first));
            let same = same.count();
            words.extend([raw.name(section(first).as_bytes()), number(same)]);
            for record in &rest[..same] {
                let access = raw.name(record.access.text().as_bytes());
                words.extend([
                    self.insn_off(record),
                    number(record.root),
                    access,
                    record.kind,
                ]);
            }
            rest = &rest[same..];
        }
        let relos = if words.len() > 1 { &words[..] } else { &[] };
        let mut ext = match self.endian {
            Endian::Little => vec![0x9f, 0xeb, 1, 0],
            Endian::Big => vec![0xeb, 0x9f, 1, 0],
        };
        // Header of 32 bytes; neither functions nor lines.
        let header = [32, 0, 0, 0, 0, 0, number(relos.len() * 4)];
        let all = header.iter().chain(relos);
        ext.extend(all.flat_map(|word| put(*word, self.endian)));
        (raw.bytes(), ext)
    }

    /// The object file.
    pub fn elf(&self) -> Vec<u8> {
        let endian = match self.endian {
            Endian::Little => Endianness::Little,
            Endian::Big => Endianness::Big,
        };
        let mut elf = Object::new(BinaryFormat::Elf, Architecture::Bpf, endian);
        let mut sections = Vec::new();
        for (nth, function) in self.functions.iter().enumerate() {
            let known = sections.iter().find(|(name, _)| *name == function.section);
            let section = known.map(|(_, section)| *section).unwrap_or_else(|| {
                let name = function.section.clone().into_bytes();
                let section = elf.add_section(Vec::new(), name, SectionKind::Text);
                sections.push((function.section.clone(), section));
                section
            });
            let insns = function.insns.iter();
            let code: Vec<_> = insns.flat_map(|insn| insn.encode(self.endian)).collect();
            let at = elf.append_section_data(section, &code, 8);
            if function.named {
                elf.add_symbol(Symbol {
                    name: format!("program_{nth}").into_bytes(),
                    value: at,
                    size: code.len() as u64,
                    kind: SymbolKind::Text,
                    scope: SymbolScope::Dynamic,
                    weak: false,
                    section: SymbolSection::Section(section),
                    flags: SymbolFlags::None,
                });
            }
        }
        let (btf, ext) = self.btf();
        let data = [
            ("license", SectionKind::Data, b"GPL\0".to_vec()),
            (".BTF", SectionKind::Debug, btf),
            (".BTF.ext", SectionKind::Debug, ext),
        ];
        for (name, kind, bytes) in data {
            let segment = elf.segment_name(StandardSegment::Data).to_vec();
            let section = elf.add_section(segment, name.as_bytes().to_vec(), kind);
            elf.append_section_data(section, &bytes, 8);
        }
        elf.write().expect("all of it is in range")
    }
}

/// The types, then one line a record with its instruction.
impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "program, {:?}-endian\n{:?}", self.endian, self.types)?;
        for record in &self.records {
            let function = &self.functions[record.function];
            let (root, kind, access) = (record.root, record.kind, record.access.text());
            let (section, at) = (&function.section, self.insn_off(record));
            writeln!(
                f,
                "kind {kind} of [{root}] '{access}' at {section}+{at}: {:x?}",
                function.insns[record.insn]
            )?;
        }
        Ok(())
    }
}
