//! BTF taken apart into words, to be built or changed at will, and put together again.
//!
//! Enters: a BTF view, or one type after the other. Leaves: the bytes of a `.BTF` section. Nothing
//! is checked: what comes out is as wrong as what was put in, but its records hang together, so
//! that a parser gets past its first checks.

use relocore::btf::{Btf, Kind, Type};
use relocore::{Endian, Result, StrOff, TypeId};

/// Types and strings.
#[derive(Clone, Debug)]
pub struct Types {
    /// Byte order to write.
    pub endian: Endian,
    /// In id order; the first has id 1 (or the one after the base's last).
    pub records: Vec<Record>,
    /// The string section; split BTF's goes on with its base's.
    pub strings: Vec<u8>,
    /// Length of the base's strings, in bytes; 0 without a base.
    pub first_string: u32,
}

/// One type, as the file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Offset of its name.
    pub name: u32,
    /// Flag, kind and number of elements.
    pub info: u32,
    /// Size in bytes or referred type.
    pub word: u32,
    /// What follows the head.
    pub tail: Vec<u32>,
}

/// Words of one element in the tail of a record of that kind; 0 for kinds that have no elements.
pub const fn element_words(kind: u8) -> usize {
    match kind {
        4 | 5 | 15 | 19 => 3,
        6 | 13 => 2,
        _ => 0,
    }
}

impl Record {
    /// Number of its kind.
    pub const fn kind(&self) -> u8 {
        (self.info >> 24 & 0x7f) as u8
    }

    /// Makes its number of elements that of its tail.
    pub fn recount(&mut self) {
        if let Some(count) = self.tail.len().checked_div(element_words(self.kind())) {
            self.info = self.info & 0xff00_0000 | u32::try_from(count).unwrap_or(0) & 0x00ff_ffff;
        }
    }
}

impl Types {
    /// No types, and the empty string.
    pub fn new(endian: Endian) -> Self {
        Self {
            endian,
            records: Vec::new(),
            strings: vec![0],
            first_string: 0,
        }
    }

    /// The types of a view (of split BTF its own). `bytes` are what the view was made of.
    ///
    /// # Errors
    /// The view's records can't be walked.
    pub fn of(btf: &Btf<'_>, bytes: &[u8]) -> Result<Self> {
        let endian = btf.endian();
        let record = |ty: Type<'_>| Record {
            name: ty.name().0,
            info: u32::from(ty.kind_flag()) << 31 | u32::from(ty.kind().number()) << 24 | ty.vlen(),
            word: ty.own_size_bytes(),
            tail: words(ty.tail(), endian),
        };
        let records = btf
            .types()
            .map(|ty| ty.map(record))
            .collect::<Result<_>>()?;
        let [at, len] = [16, 20].map(|at| word(bytes, at, endian) as usize);
        let start = word(bytes, 4, endian) as usize + at;
        let strings = bytes.get(start..start + len).unwrap_or(&[]).to_vec();
        Ok(Self {
            endian,
            records,
            strings,
            first_string: btf.base().map_or(0, strings_end),
        })
    }

    /// Puts a name into the strings; the empty one is there already.
    pub fn name(&mut self, name: &[u8]) -> u32 {
        if name.is_empty() {
            return 0;
        }
        let at = self.strings.len();
        self.strings.extend(name);
        self.strings.push(0);
        u32::try_from(at).expect("some megabytes") + self.first_string
    }

    /// The name there, if there is one.
    pub fn name_at(&self, at: u32) -> &[u8] {
        let own = at.wrapping_sub(self.first_string) as usize;
        let rest = self.strings.get(own..).unwrap_or(&[]);
        rest.split(|&byte| byte == 0).next().unwrap_or(&[])
    }

    /// Adds a type; its number of elements follows from the tail. Returns its id, without a base.
    pub fn add(&mut self, name: &[u8], kind: Kind, word: u32, tail: &[u32]) -> u32 {
        let name = self.name(name);
        self.add_named(name, kind, word, tail)
    }

    /// [`add`](Self::add) with a name that is there already.
    pub fn add_named(&mut self, name: u32, kind: Kind, word: u32, tail: &[u32]) -> u32 {
        let mut record = Record {
            name,
            info: u32::from(kind.number()) << 24,
            word,
            tail: tail.to_vec(),
        };
        record.recount();
        self.records.push(record);
        u32::try_from(self.records.len()).expect("some thousands")
    }

    /// A signed `int` of 4 bytes.
    pub fn add_int(&mut self) -> u32 {
        self.add(b"int", Kind::Int, 4, &[1 << 24 | 32])
    }

    /// The BTF: a header of 24 bytes, types, strings.
    pub fn bytes(&self) -> Vec<u8> {
        let mut types = Vec::new();
        for record in &self.records {
            types.extend([record.name, record.info, record.word]);
            types.extend(&record.tail);
        }
        let size = |len: usize| u32::try_from(len).expect("some megabytes");
        let (types_len, strings_len) = (size(types.len() * 4), size(self.strings.len()));
        let header = [24, 0, types_len, types_len, strings_len];
        let mut bytes = match self.endian {
            Endian::Little => vec![0x9f, 0xeb, 1, 0],
            Endian::Big => vec![0xeb, 0x9f, 1, 0],
        };
        for word in header.into_iter().chain(types) {
            bytes.extend(put(word, self.endian));
        }
        bytes.extend(&self.strings);
        bytes
    }
}

/// Where the strings of split BTF over this base start.
fn strings_end(base: &Btf<'_>) -> u32 {
    // The view says how long its strings are only in an error.
    let beyond = base.name(StrOff(u32::MAX)).err().map(|error| error.kind());
    match beyond {
        Some(relocore::error::ErrorKind::OutOfRange { limit, .. }) => {
            u32::try_from(limit + 1).unwrap_or(0)
        }
        _ => 0,
    }
}

/// A word's bytes.
pub fn put(word: u32, endian: Endian) -> [u8; 4] {
    match endian {
        Endian::Little => word.to_le_bytes(),
        Endian::Big => word.to_be_bytes(),
    }
}

/// The words of `bytes`, without what is left over.
pub fn words(bytes: &[u8], endian: Endian) -> Vec<u32> {
    let get = match endian {
        Endian::Little => u32::from_le_bytes,
        Endian::Big => u32::from_be_bytes,
    };
    bytes.as_chunks().0.iter().map(|word| get(*word)).collect()
}

/// The word there; 0 if it isn't.
fn word(bytes: &[u8], at: usize, endian: Endian) -> u32 {
    let word = bytes.get(at..).and_then(<[u8]>::first_chunk::<4>);
    word.and_then(|word| words(word, endian).first().copied())
        .unwrap_or(0)
}

/// Id of the type after the last.
pub fn next_id(types: &Types) -> TypeId {
    TypeId(u32::try_from(types.records.len()).expect("some thousands") + 1)
}
