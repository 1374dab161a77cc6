//! BTF built by hand, for the tests of every module.
//!
//! Enters: types, one call each. Leaves: the bytes of a `.BTF` section in either byte order. Ids
//! are given in the order of the calls, from 1; a type may name one that comes later
//! ([`Builder::next`] says what the next id will be), or none at all.
//!
//! ```text
//! let mut b = Builder::new();
//! let int = b.add_int("int", 4, SIGNED);
//! b.add_struct("S", 8, &[m("a", int, 0), bits("b", int, 32, 3)]);
//! let bytes = b.finish(Endian::Big);
//! ```

extern crate std;

mod resolve;

pub(crate) use resolve::{answers, failure, outcome, poison, with_answers};

use std::vec::Vec;

use crate::ext::CoreRelo;
use crate::relo::RelocKind;
use crate::units::{Endian, StrOff, TypeId};

pub(crate) const BOTH: [Endian; 2] = [Endian::Little, Endian::Big];

/// Encodings of [`Builder::add_int`].
pub(crate) const UNSIGNED: u32 = 0;
pub(crate) const SIGNED: u32 = 1;
pub(crate) const BOOL: u32 = 4;

/// A member: name, type, bit offset, width in bits if it is a bitfield, else 0.
pub(crate) type M<'n> = (&'n str, TypeId, u32, u32);

/// An ordinary member at a bit offset; anonymous if the name is empty.
pub(crate) const fn m(name: &str, ty: TypeId, bit_offset: u32) -> M<'_> {
    (name, ty, bit_offset, 0)
}

/// A bitfield.
pub(crate) const fn bits(name: &str, ty: TypeId, bit_offset: u32, width: u32) -> M<'_> {
    (name, ty, bit_offset, width)
}

/// Types under construction. Type records are words throughout, so the byte order can wait.
#[derive(Clone, Debug)]
pub(crate) struct Builder {
    words: Vec<u32>,
    strings: Vec<u8>,
    next: u32,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            words: Vec::new(),
            strings: Vec::from([0]),
            next: 1,
        }
    }

    /// The id that the next type will get.
    pub(crate) const fn next(&self) -> TypeId {
        TypeId(self.next)
    }

    /// Puts a string into the string section; the empty one is already there.
    pub(crate) fn add_string(&mut self, text: impl AsRef<[u8]>) -> StrOff {
        let text = text.as_ref();
        if text.is_empty() {
            return StrOff::EMPTY;
        }
        let at = self.strings.len() as u32;
        self.strings.extend(text);
        self.strings.push(0);
        StrOff(at)
    }

    /// A record as it stands: for kinds without a method of their own, and for wrong ones.
    pub(crate) fn add_raw(
        &mut self,
        name: StrOff,
        info: u32,
        size_or_type: u32,
        tail: &[u32],
    ) -> TypeId {
        self.words.extend([name.0, info, size_or_type]);
        self.words.extend(tail);
        self.next += 1;
        TypeId(self.next - 1)
    }

    fn add(&mut self, name: &str, kind: u32, size_or_type: u32, tail: &[u32]) -> TypeId {
        let name = self.add_string(name);
        self.add_raw(name, kind << 24, size_or_type, tail)
    }

    pub(crate) fn add_int(&mut self, name: &str, bytes: u32, encoding: u32) -> TypeId {
        self.add(name, 1, bytes, &[(encoding << 24) | (bytes * 8)])
    }

    pub(crate) fn add_ptr(&mut self, to: TypeId) -> TypeId {
        self.add("", 2, to.0, &[])
    }

    pub(crate) fn add_array(&mut self, element: TypeId, len: u32) -> TypeId {
        self.add("", 3, 0, &[element.0, element.0, len])
    }

    pub(crate) fn add_struct(&mut self, name: &str, bytes: u32, members: &[M<'_>]) -> TypeId {
        self.add_composite(4, name, bytes, members)
    }

    pub(crate) fn add_union(&mut self, name: &str, bytes: u32, members: &[M<'_>]) -> TypeId {
        self.add_composite(5, name, bytes, members)
    }

    fn add_composite(&mut self, kind: u32, name: &str, bytes: u32, members: &[M<'_>]) -> TypeId {
        let flag = u32::from(members.iter().any(|member| member.3 != 0));
        let mut tail = Vec::new();
        for &(name, ty, bit_offset, width) in members {
            tail.extend([self.add_string(name).0, ty.0, width << 24 | bit_offset]);
        }
        let name = self.add_string(name);
        self.add_raw(
            name,
            flag << 31 | kind << 24 | members.len() as u32,
            bytes,
            &tail,
        )
    }

    /// An enum of 4 bytes; signed as the compiler has it: if an enumerator is negative.
    pub(crate) fn add_enum(&mut self, name: &str, enumerators: &[(&str, i64)]) -> TypeId {
        self.add_any_enum(6, name, 4, enumerators)
    }

    /// An enum of 8 bytes, with 64-bit values.
    pub(crate) fn add_enum64(&mut self, name: &str, enumerators: &[(&str, i64)]) -> TypeId {
        self.add_any_enum(19, name, 8, enumerators)
    }

    fn add_any_enum(
        &mut self,
        kind: u32,
        name: &str,
        bytes: u32,
        enumerators: &[(&str, i64)],
    ) -> TypeId {
        let flag = u32::from(enumerators.iter().any(|enumerator| enumerator.1 < 0));
        let mut tail = Vec::new();
        for &(name, value) in enumerators {
            tail.extend([self.add_string(name).0, value as u32]);
            if kind == 19 {
                tail.push((value >> 32) as u32);
            }
        }
        let name = self.add_string(name);
        self.add_raw(
            name,
            flag << 31 | kind << 24 | enumerators.len() as u32,
            bytes,
            &tail,
        )
    }

    pub(crate) fn add_fwd(&mut self, name: &str, union: bool) -> TypeId {
        let name = self.add_string(name);
        self.add_raw(name, u32::from(union) << 31 | 7 << 24, 0, &[])
    }

    pub(crate) fn add_typedef(&mut self, name: &str, ty: TypeId) -> TypeId {
        self.add(name, 8, ty.0, &[])
    }

    pub(crate) fn add_const(&mut self, ty: TypeId) -> TypeId {
        self.add("", 10, ty.0, &[])
    }

    pub(crate) fn add_func_proto(&mut self, result: TypeId, params: &[(&str, TypeId)]) -> TypeId {
        let mut tail = Vec::new();
        for &(name, ty) in params {
            tail.extend([self.add_string(name).0, ty.0]);
        }
        self.add_raw(
            StrOff::EMPTY,
            13 << 24 | params.len() as u32,
            result.0,
            &tail,
        )
    }

    pub(crate) fn add_float(&mut self, name: &str, bytes: u32) -> TypeId {
        self.add(name, 16, bytes, &[])
    }

    pub(crate) fn add_type_tag(&mut self, tag: &str, ty: TypeId) -> TypeId {
        self.add(tag, 18, ty.0, &[])
    }

    /// A record about the instruction at byte 0; its access string goes into these strings.
    pub(crate) fn record(&mut self, ty: TypeId, access: &str, kind: RelocKind) -> CoreRelo {
        let access = self.add_string(access);
        CoreRelo {
            insn_off: 0,
            type_id: ty,
            access,
            kind: kind as u32,
        }
    }

    /// The BTF: a header of 24 bytes, types, strings.
    pub(crate) fn finish(&self, endian: Endian) -> Vec<u8> {
        let types = self.words.len() as u32 * 4;
        let header = [24, 0, types, types, self.strings.len() as u32];
        let mut bytes = Vec::from(endian.bytes16(0xeb9f));
        bytes.extend([1, 0]);
        bytes.extend(
            header
                .iter()
                .chain(&self.words)
                .flat_map(|&word| endian.bytes32(word)),
        );
        bytes.extend(&self.strings);
        bytes
    }
}
