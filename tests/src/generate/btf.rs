//! [`Types`] written as BTF, in either byte order.
//!
//! Enters: types; for a module's, how many of them are its base's. Leaves: the bytes of a `.BTF`
//! section, and of strings the offsets.

use relocore::Endian;

use super::types::{Id, Ty, Types};

/// A string section under construction: offsets count from the end of the base's, if there is one.
#[derive(Clone, Debug)]
pub struct Strings {
    start: usize,
    bytes: Vec<u8>,
}

impl Strings {
    /// Of BTF that stands alone: the empty string is its first.
    pub fn new() -> Self {
        Self {
            start: 0,
            bytes: vec![0],
        }
    }

    /// Of split BTF over a base with these.
    pub fn over(base: &Self) -> Self {
        Self {
            start: base.start + base.bytes.len(),
            bytes: Vec::new(),
        }
    }

    /// Offset of the string, which is put in unless it is there.
    pub fn add(&mut self, text: &str) -> u32 {
        if text.is_empty() {
            return 0;
        }
        let mut wanted = text.as_bytes().to_vec();
        wanted.push(0);
        let known = self
            .bytes
            .windows(wanted.len())
            .position(|found| found == wanted);
        let at = known.unwrap_or_else(|| {
            self.bytes.extend(&wanted);
            self.bytes.len() - wanted.len()
        });
        u32::try_from(self.start + at).expect("some kilobytes")
    }
}

impl Default for Strings {
    fn default() -> Self {
        Self::new()
    }
}

/// A word in that byte order.
pub(super) const fn word_bytes(word: u32, endian: Endian) -> [u8; 4] {
    match endian {
        Endian::Little => word.to_le_bytes(),
        Endian::Big => word.to_be_bytes(),
    }
}

fn number(id: Id) -> u32 {
    u32::try_from(id).expect("some thousands")
}

/// The words of a type's record, its name first.
fn record(ty: &Ty, strings: &mut Strings, out: &mut Vec<u32>) {
    let info =
        |kind: u32, vlen: usize, flag: bool| u32::from(flag) << 31 | kind << 24 | number(vlen);
    match ty {
        Ty::Void => {}
        Ty::Int(int) => {
            let word = int.encoding << 24 | int.offset << 16 | (int.bytes * 8).min(128);
            out.extend([strings.add(&int.name), info(1, 0, false), int.bytes, word]);
        }
        Ty::Ptr(to) => out.extend([0, info(2, 0, false), number(*to)]),
        Ty::Array(element, len) => {
            let tail = [number(*element), number(Types::INDEX), *len];
            out.extend([0, info(3, 0, false), 0]);
            out.extend(tail);
        }
        Ty::Composite(one) => {
            let kind = if one.union { 5 } else { 4 };
            let flag = one.members.iter().any(|member| member.width > 0);
            let info = info(kind, one.members.len(), flag);
            out.extend([strings.add(&one.name), info, one.bytes]);
            for member in &one.members {
                let place = member.width << 24 | member.offset;
                out.extend([strings.add(&member.name), number(member.ty), place]);
            }
        }
        Ty::Enum(one) => {
            let kind = if one.wide { 19 } else { 6 };
            let info = info(kind, one.values.len(), one.signed);
            out.extend([strings.add(&one.name), info, one.bytes]);
            for (name, value) in &one.values {
                let [low, high] = [*value as u32, (*value >> 32) as u32];
                out.extend([strings.add(name), low]);
                out.extend(one.wide.then_some(high));
            }
        }
        Ty::Fwd(name, union) => out.extend([strings.add(name), info(7, 0, *union), 0]),
        Ty::Typedef(name, to) => out.extend([strings.add(name), info(8, 0, false), number(*to)]),
        Ty::Modifier(kind, to) => out.extend([0, info(*kind as u32, 0, false), number(*to)]),
        Ty::Tag(name, to) => out.extend([strings.add(name), info(18, 0, false), number(*to)]),
        Ty::Func(name, proto) => {
            // Linkage: static.
            out.extend([strings.add(name), info(12, 0, false), number(*proto)]);
        }
        Ty::Proto(result, params) => {
            out.extend([0, info(13, params.len(), false), number(*result)]);
            for (name, ty) in params {
                out.extend([strings.add(name), number(*ty)]);
            }
        }
        Ty::Float(name, bytes) => out.extend([strings.add(name), info(16, 0, false), *bytes]),
    }
}

/// The section: the types from number `first` on (1, or the base's count), then `strings` with
/// their names added.
pub fn write(types: &Types, first: Id, strings: &mut Strings, endian: Endian) -> Vec<u8> {
    let mut words = Vec::new();
    for ty in &types.all[first..] {
        record(ty, strings, &mut words);
    }
    let types_len = number(words.len() * 4);
    let header = [24, 0, types_len, types_len, number(strings.bytes.len())];
    let mut bytes = match endian {
        Endian::Little => vec![0x9f, 0xeb],
        Endian::Big => vec![0xeb, 0x9f],
    };
    bytes.extend([1, 0]);
    let all = header.iter().chain(&words);
    bytes.extend(all.flat_map(|&word| word_bytes(word, endian)));
    bytes.extend(&strings.bytes);
    bytes
}
