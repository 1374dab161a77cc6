//! Structured damage: a real object and its target, changed in their types, members, names,
//! records and instructions, so that everything still parses and nothing fits.
//!
//! Enters: a [`Case`], which `arbitrary` makes of any bytes. Leaves: [`Built`], the bytes of the
//! object and of the target's BTF. All numbers are taken modulo what is there.

mod types;

use std::sync::OnceLock;

use arbitrary::Arbitrary;
use relocore::btf::Btf;
use relocore::elf::Object as Elf;
use relocore::ext::{Entry, Ext};

use crate::data::{objects, target_of};
use crate::elf_file;
use crate::types::{Types, put};

use types::{Edit, Word};

/// What becomes of a pair.
#[derive(Clone, Debug, Arbitrary)]
pub struct Case {
    /// Which pair.
    pair: u8,
    /// What becomes of the target's types.
    target: Vec<Edit>,
    /// Of the object's.
    local: Vec<Edit>,
    /// Of its records.
    records: Vec<RecordEdit>,
    /// Of its code: words of all its sections, one after the other, and what is XORed into them.
    code: Vec<(u16, Word)>,
}

/// One change to a record.
#[derive(Clone, Debug, Arbitrary)]
enum RecordEdit {
    /// Of another instruction.
    Insn { record: u16, insn: u16 },
    /// About another type.
    Type { record: u16, ty: u16 },
    /// Another kind.
    Kind { record: u16, kind: u8 },
    /// Other members.
    Access { record: u16, numbers: Vec<u8> },
    /// Any access string.
    Text { record: u16, text: [u8; 5] },
}

/// An object and the BTF of a target.
#[derive(Clone, Debug)]
pub struct Built {
    /// The object's file.
    pub object: Vec<u8>,
    /// Raw BTF.
    pub target: Vec<u8>,
}

/// A whole object, its types, and the types of a target that it was made for.
struct Pair {
    file: &'static [u8],
    local: Types,
    target: Types,
}

fn read(elf: &[u8]) -> Option<Types> {
    let bytes = Elf::parse(elf).ok()?.btf().ok()?;
    Types::of(&Btf::open(bytes).ok()?, bytes).ok()
}

/// Every object with its target, and with its own types.
fn pairs() -> &'static [Pair] {
    static PAIRS: OnceLock<Vec<Pair>> = OnceLock::new();
    PAIRS.get_or_init(|| {
        let mut pairs = Vec::new();
        for object in objects() {
            let Some(local) = read(&object.bytes) else {
                continue;
            };
            let file = &object.bytes[..];
            if let Some(target) = target_of(object).and_then(|target| read(&target.bytes)) {
                let local = local.clone();
                pairs.push(Pair {
                    file,
                    local,
                    target,
                });
            }
            let target = local.clone();
            pairs.push(Pair {
                file,
                local,
                target,
            });
        }
        pairs
    })
}

impl Case {
    /// The pair that it changes, changed.
    ///
    /// # Panics
    /// There are no objects.
    pub fn build(&self) -> Built {
        let pair = &pairs()[usize::from(self.pair) % pairs().len()];
        let (mut local, mut target) = (pair.local.clone(), pair.target.clone());
        for edit in &self.local {
            edit.apply(&mut local);
        }
        for edit in &self.target {
            edit.apply(&mut target);
        }
        let mut file = pair.file.to_vec();
        self.change_code(&mut file);
        if let Some(ext) = self.change_records(pair.file, &mut local) {
            file = elf_file::replace(&file, b".BTF.ext", &ext).expect("a whole object");
        }
        Built {
            object: elf_file::replace(&file, b".BTF", &local.bytes()).expect("a whole object"),
            target: target.bytes(),
        }
    }

    fn change_code(&self, file: &mut [u8]) {
        let elf = Elf::parse(file).expect("a whole object");
        let mut words = Vec::new();
        for section in elf.sections().filter(|section| section.is_code()) {
            let start = usize::try_from(section.offset()).expect("it is in memory");
            words.extend((start..start + section.data().map_or(0, <[u8]>::len)).step_by(4));
        }
        if words.is_empty() {
            return;
        }
        for (at, word) in &self.code {
            let at = words[usize::from(*at) % words.len()];
            for (byte, with) in file[at..at + 4].iter_mut().zip(word.value().to_le_bytes()) {
                *byte ^= with;
            }
        }
    }

    fn change_records(&self, file: &[u8], local: &mut Types) -> Option<Vec<u8>> {
        let bytes = Elf::parse(file).ok()?.btf_ext().ok()??;
        let entries: Vec<Entry<_>> = Ext::parse(bytes).ok()?.core_relos().records().collect();
        let mut ext = bytes.to_vec();
        for edit in &self.records {
            let (RecordEdit::Insn { record, .. }
            | RecordEdit::Type { record, .. }
            | RecordEdit::Kind { record, .. }
            | RecordEdit::Access { record, .. }
            | RecordEdit::Text { record, .. }) = edit;
            let at = entries.get(usize::from(*record) % entries.len().max(1))?.at as usize;
            let (offset, word) = match edit {
                RecordEdit::Insn { insn, .. } => (0, u32::from(*insn) * 8),
                RecordEdit::Type { ty, .. } => (4, local.some_id(*ty)),
                RecordEdit::Kind { kind, .. } => (12, u32::from(*kind % 14)),
                RecordEdit::Access { numbers, .. } => {
                    let numbers: Vec<_> = numbers.iter().take(70).map(u8::to_string).collect();
                    (8, local.name(numbers.join(":").as_bytes()))
                }
                RecordEdit::Text { text, .. } => (8, local.name(text)),
            };
            ext[at + offset..at + offset + 4].copy_from_slice(&put(word, local.endian));
        }
        Some(ext)
    }
}
