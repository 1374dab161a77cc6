//! An object's BTF, taken apart so that it can be changed.
//!
//! Enters: the bytes of `.BTF`, of the object's byte order. Leaves, after changes to single words
//! and additions at the end: bytes for `BPF_BTF_LOAD`. Ids and string offsets of what was there
//! stay, so the unchanged original can go on serving CO-RE.
//!
//! The header is written anew with 24 bytes: a longer one, and the kind layout of 2026, are
//! dropped, since older kernels refuse them.

use relocore::btf::Btf;
use relocore::{Endian, StrOff, TypeId};

/// BTF in parts. Word 0 of a record is its name, 1 its `info`, 2 its size or type; then its tail.
#[derive(Clone, Debug)]
pub(crate) struct BtfImage {
    endian: Endian,
    types: Vec<u8>,
    strings: Vec<u8>,
    /// Where each record starts in `types`, by id - 1.
    starts: Vec<usize>,
}

/// Bytes of the header that is written.
const HEADER_BYTES: u32 = 24;
/// `BTF_MAGIC`.
const MAGIC: u16 = 0xeb9f;
/// `BTF_VERSION`.
const VERSION: u8 = 1;
/// Words of a record before its tail.
pub(crate) const HEAD_WORDS: usize = 3;

/// The `info` word of a record.
pub(crate) const fn info(kind: u8, vlen: u32) -> u32 {
    (kind as u32) << 24 | vlen & 0xff_ffff
}

impl BtfImage {
    /// BTF without a type.
    pub(crate) fn empty(endian: Endian) -> Self {
        Self {
            endian,
            types: Vec::new(),
            strings: vec![0],
            starts: Vec::new(),
        }
    }

    /// Takes BTF apart.
    pub(crate) fn read(bytes: &[u8]) -> relocore::Result<Self> {
        let btf = Btf::parse(bytes, &mut [])?;
        let mut image = Self::empty(btf.endian());
        // `parse` has checked that these parts lie in the bytes.
        let word = |at| image.endian_word(bytes, at).unwrap_or(0) as usize;
        let [header, types_at, types_len, strings_at, strings_len] = [4, 8, 12, 16, 20].map(word);
        let part = |at: usize, len: usize| {
            let start = header.saturating_add(at);
            bytes
                .get(start..start.saturating_add(len))
                .unwrap_or_default()
                .to_vec()
        };
        image.types = part(types_at, types_len);
        let strings = part(strings_at, strings_len);
        if !strings.is_empty() {
            image.strings = strings;
        }
        let mut at = 0;
        for ty in btf.types() {
            image.starts.push(at);
            at += HEAD_WORDS * 4 + ty?.tail().len();
        }
        Ok(image)
    }

    /// Whether there is no type.
    pub(crate) const fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// Puts it together again.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let len = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let (types, strings) = (len(&self.types), len(&self.strings));
        let mut bytes = match self.endian {
            Endian::Little => MAGIC.to_le_bytes(),
            Endian::Big => MAGIC.to_be_bytes(),
        }
        .to_vec();
        bytes.extend([VERSION, 0]);
        for word in [HEADER_BYTES, 0, types, types, strings] {
            bytes.extend(self.bytes(word));
        }
        bytes.extend(&self.types);
        bytes.extend(&self.strings);
        bytes
    }

    /// Changes a word of a record. Ids and words that do not exist are left alone: the caller has
    /// them from a view of the same BTF.
    pub(crate) fn set(&mut self, id: TypeId, word: usize, value: u32) {
        let bytes = self.bytes(value);
        let nth = (id.0 as usize).checked_sub(1);
        let Some(&start) = nth.and_then(|nth| self.starts.get(nth)) else {
            return;
        };
        let at = start + word * 4;
        if let Some(place) = self.types.get_mut(at..at + 4) {
            place.copy_from_slice(&bytes);
        }
    }

    /// Adds a string.
    pub(crate) fn add_string(&mut self, string: &str) -> StrOff {
        let at = u32::try_from(self.strings.len()).unwrap_or(u32::MAX);
        self.strings.extend(string.as_bytes());
        self.strings.push(0);
        StrOff(at)
    }

    /// Adds a type from the words of its record.
    pub(crate) fn add_type(&mut self, words: &[u32]) -> TypeId {
        self.starts.push(self.types.len());
        for word in words {
            let bytes = self.bytes(*word);
            self.types.extend(bytes);
        }
        TypeId(u32::try_from(self.starts.len()).unwrap_or(u32::MAX))
    }

    const fn bytes(&self, word: u32) -> [u8; 4] {
        match self.endian {
            Endian::Little => word.to_le_bytes(),
            Endian::Big => word.to_be_bytes(),
        }
    }

    fn endian_word(&self, bytes: &[u8], at: usize) -> Option<u32> {
        let word = *bytes.get(at..)?.first_chunk()?;
        Some(match self.endian {
            Endian::Little => u32::from_le_bytes(word),
            Endian::Big => u32::from_be_bytes(word),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use relocore::btf::Kind;

    #[test]
    fn what_is_read_changed_and_written_can_be_read() {
        for endian in [Endian::Little, Endian::Big] {
            let mut image = BtfImage::empty(endian);
            assert!(image.is_empty());
            let name = image.add_string("int");
            let int = image.add_type(&[name.0, info(Kind::Int.number(), 0), 4, 0x0100_0020]);
            let var_name = image.add_string("x");
            let var = image.add_type(&[var_name.0, info(Kind::Var.number(), 0), int.0, 2]);
            let bytes = image.to_bytes();

            let mut again = BtfImage::read(&bytes).unwrap();
            assert_eq!(again.to_bytes(), bytes);
            again.set(var, 3, 1);
            again.set(TypeId(0), 0, 99);
            again.set(TypeId(9), 0, 99);
            let bytes = again.to_bytes();
            let btf = Btf::parse(&bytes, &mut []).unwrap();
            let ty = btf.type_by_id(var).unwrap();
            assert_eq!(
                (ty.linkage(), ty.referred(), btf.name(ty.name())),
                (Some(1), int, Ok(&b"x"[..]))
            );
            assert_eq!(btf.endian(), endian);
        }
    }

    #[test]
    fn longer_headers_are_dropped() {
        let mut image = BtfImage::empty(Endian::NATIVE);
        let name = image.add_string("int");
        image.add_type(&[name.0, info(Kind::Int.number(), 0), 4, 32]);
        let short = image.to_bytes();
        let mut long = short.clone();
        long[4..8].copy_from_slice(&32_u32.to_ne_bytes());
        long.splice(24..24, [0; 8]);
        assert_eq!(BtfImage::read(&long).unwrap().to_bytes(), short);
    }
}
