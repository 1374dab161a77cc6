//! Names to types: what a look-up by name needs, once and for all.
//!
//! Enters: a BTF. Leaves: [`NameIndex`], which finds types by exact name and by essential name in
//! constant time, where [`Btf::find`] walks over all of them. The relocator does without it: one
//! pass finds all its candidates. This is for tools that ask again and again, and for the names
//! that a person may have meant.

use alloc::vec::Vec;

use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

use crate::btf::{Btf, Kind, essential_name};
use crate::error::Result;
use crate::units::TypeId;

/// A named type of the indexed BTF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NamedType<'a> {
    /// Its id.
    pub id: TypeId,
    /// Its kind.
    pub kind: Kind,
    /// Its whole name, with the flavor.
    pub name: &'a [u8],
}

/// All named types of one BTF by name; of split BTF its own, as [`Btf::types`] has them.
///
/// Types of one essential name (`foo`, `foo___v2`) hang on one chain in id order, which all
/// look-ups walk: real chains have a few links. For a whole kernel that is some 80 bytes for each
/// named type, 6 MB in all, and 40 ms once; a look-up then takes well under a microsecond.
///
/// ```
/// use relocore::btf::{Btf, Kind};
/// use relocore::owned::NameIndex;
///
/// # fn main() -> relocore::Result<()> {
/// # let mut btf = vec![0x9f, 0xeb, 1, 0, 24, 0, 0, 0, 0, 0, 0, 0, 24, 0, 0, 0, 24, 0, 0, 0, 14, 0, 0, 0];
/// # for word in [1u32, 4 << 24, 8, 5, 4 << 24, 8] { btf.extend(word.to_le_bytes()); }
/// # btf.extend(b"\0foo\0foo___v2\0");
/// # let vmlinux = Btf::open(&btf)?;
/// let names = NameIndex::new(&vmlinux)?;
/// let foo = names.find(Kind::Struct, b"foo");
/// assert_eq!(foo.map(|id| id.0), Some(1));
/// // What records about `struct foo___mine` are matched with:
/// let candidates: Vec<_> = names.essential(b"foo___mine").map(|ty| ty.name).collect();
/// assert_eq!(candidates, [&b"foo"[..], b"foo___v2"]);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct NameIndex<'a> {
    /// First and last of the types with that essential name.
    chains: HashMap<&'a [u8], Chain>,
    links: Vec<Link<'a>>,
}

#[derive(Clone, Copy, Debug)]
struct Chain {
    first: u32,
    last: u32,
}

#[derive(Clone, Copy, Debug)]
struct Link<'a> {
    ty: NamedType<'a>,
    next: u32,
}

/// The end of a chain: no BTF has so many types.
const END: u32 = u32::MAX;

impl<'a> NameIndex<'a> {
    /// Walks over all types once.
    ///
    /// # Errors
    /// The walk met a bad record or name.
    pub fn new(btf: &Btf<'a>) -> Result<Self> {
        let mut index = Self {
            chains: HashMap::new(),
            links: Vec::new(),
        };
        for ty in btf.types() {
            let ty = ty?;
            let name = btf.name(ty.name())?;
            if !name.is_empty() {
                index.add(NamedType {
                    id: ty.id(),
                    kind: ty.kind(),
                    name,
                });
            }
        }
        index.links.shrink_to_fit();
        Ok(index)
    }

    fn add(&mut self, ty: NamedType<'a>) {
        // Fewer than 2^32 types: each has 12 bytes of under 4 GiB.
        let number = u32::try_from(self.links.len()).unwrap_or(END);
        self.links.push(Link { ty, next: END });
        match self.chains.entry(essential_name(ty.name)) {
            Entry::Vacant(entry) => {
                entry.insert(Chain {
                    first: number,
                    last: number,
                });
            }
            Entry::Occupied(mut entry) => {
                let last = core::mem::replace(&mut entry.get_mut().last, number);
                if let Some(link) = self.links.get_mut(last as usize) {
                    link.next = number;
                }
            }
        }
    }

    /// Types whose name, without its flavor, is that of `name` without its: what CO-RE pairs, if
    /// their kinds agree too. In id order.
    pub fn essential(&self, name: &[u8]) -> impl Iterator<Item = NamedType<'a>> + use<'_, 'a> {
        let mut at = self
            .chains
            .get(essential_name(name))
            .map_or(END, |chain| chain.first);
        core::iter::from_fn(move || {
            let link = self.links.get(at as usize)?;
            at = link.next;
            Some(link.ty)
        })
    }

    /// Types of exactly that name, of any kind, in id order.
    pub fn named<'n>(
        &self,
        name: &'n [u8],
    ) -> impl Iterator<Item = NamedType<'a>> + use<'_, 'n, 'a> {
        self.essential(name).filter(move |ty| ty.name == name)
    }

    /// The first type of that kind and exact name: the answer of [`Btf::find`].
    #[must_use]
    pub fn find(&self, kind: Kind, name: &[u8]) -> Option<TypeId> {
        self.named(name).find(|ty| ty.kind == kind).map(|ty| ty.id)
    }

    /// All named types, in id order.
    pub fn types(&self) -> impl ExactSizeIterator<Item = NamedType<'a>> + use<'_, 'a> {
        self.links.iter().map(|link| link.ty)
    }

    /// All essential names, each once, in no order: what to look through for a name that is
    /// nearly the one asked for.
    pub fn essential_names(&self) -> impl ExactSizeIterator<Item = &'a [u8]> + use<'_, 'a> {
        self.chains.keys().copied()
    }

    /// Number of named types.
    #[must_use]
    pub fn len(&self) -> usize {
        self.links.len()
    }

    /// No type has a name.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.links.is_empty()
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::collections::BTreeSet;
    use std::vec::Vec;

    use super::*;
    use crate::testing::{BOTH, Builder, SIGNED, m};
    use crate::units::StrOff;

    fn sample() -> Builder {
        let mut b = Builder::new();
        let int = b.add_int("int", 4, SIGNED);
        b.add_struct("foo", 4, &[m("foo___v9", int, 0)]);
        b.add_typedef("foo", TypeId(2));
        b.add_struct("foo___v2", 4, &[]);
        b.add_struct("", 4, &[]);
        b.add_struct("foo", 8, &[]);
        b.add_enum("foo___", &[("x", 0)]);
        b.add_union("___foo", 4, &[]);
        b
    }

    #[test]
    fn look_ups() {
        for endian in BOTH {
            let bytes = sample().finish(endian);
            let btf = Btf::open(&bytes).unwrap();
            let names = NameIndex::new(&btf).unwrap();
            let ids = |types: &mut dyn Iterator<Item = NamedType<'_>>| -> Vec<_> {
                types.map(|ty| ty.id.0).collect()
            };
            assert_eq!(ids(&mut names.essential(b"foo")), [2, 3, 4, 6]);
            assert_eq!(ids(&mut names.essential(b"foo___old")), [2, 3, 4, 6]);
            assert_eq!(ids(&mut names.essential(b"foo___")), [7]);
            assert_eq!(ids(&mut names.named(b"foo")), [2, 3, 6]);
            assert_eq!(ids(&mut names.named(b"foo___v2")), [4]);
            assert_eq!(ids(&mut names.named(b"foo___v3")), [0; 0]);
            assert_eq!(ids(&mut names.named(b"")), [0; 0]);
            assert_eq!(names.find(Kind::Typedef, b"foo"), Some(TypeId(3)));
            assert_eq!(names.find(Kind::Enum, b"foo"), None);
            assert_eq!((names.len(), names.is_empty()), (7, false));
            assert_eq!(ids(&mut names.types()), [1, 2, 3, 4, 6, 7, 8]);
            let all: BTreeSet<_> = names.essential_names().collect();
            assert_eq!(
                all,
                BTreeSet::from([&b"int"[..], b"foo", b"foo___", b"___foo"])
            );
        }
        let bytes = Builder::new().finish(BOTH[0]);
        assert!(
            NameIndex::new(&Btf::open(&bytes).unwrap())
                .unwrap()
                .is_empty()
        );
    }

    /// Many types, many of one name: the same as the linear search says, for every kind and name.
    #[test]
    fn as_the_linear_search() {
        let mut b = Builder::new();
        let names: Vec<_> = (0..40)
            .map(|n| std::format!("t{}___{}", n % 13, n % 3))
            .collect();
        for n in 0..600usize {
            let name = &names[n.wrapping_mul(2_654_435_761) % names.len()];
            match n % 5 {
                0 => b.add_struct(name, 4, &[]),
                1 => b.add_union(name, 4, &[]),
                2 => b.add_typedef(name, TypeId(1)),
                3 => b.add_enum(name, &[]),
                _ => b.add_ptr(TypeId(1)),
            };
        }
        let bytes = b.finish(BOTH[1]);
        let btf = Btf::parse(&bytes, &mut []).unwrap();
        let index = NameIndex::new(&btf).unwrap();
        for name in names
            .iter()
            .map(|name| name.as_bytes())
            .chain([&b"t1"[..], b"", b"t99___1"])
        {
            for kind in [
                Kind::Struct,
                Kind::Union,
                Kind::Typedef,
                Kind::Enum,
                Kind::Fwd,
            ] {
                let linear = btf.find(kind, name).unwrap().map(|ty| ty.id());
                // Only named types are here.
                let linear = linear.filter(|_| !name.is_empty());
                assert_eq!(index.find(kind, name), linear);
            }
            let linear: Vec<_> = btf
                .types()
                .map(core::result::Result::unwrap)
                .filter(|ty| {
                    let found = btf.name(ty.name()).unwrap();
                    !found.is_empty() && essential_name(found) == essential_name(name)
                })
                .map(|ty| ty.id())
                .collect();
            let indexed: Vec<_> = index.essential(name).map(|ty| ty.id).collect();
            assert_eq!(indexed, linear);
        }
    }

    #[test]
    fn split_has_its_own_types_only() {
        let base = sample().finish(BOTH[0]);
        let base = Btf::parse(&base, &mut []).unwrap();
        // A struct whose name is the base's first string, and which is the module's only type.
        let mut module = Builder::new();
        module.add_raw(StrOff(1), 4 << 24, 0, &[]);
        let mut bytes = module.finish(BOTH[0]);
        // Without strings of its own.
        bytes[20..24].copy_from_slice(&[0; 4]);
        bytes.pop();
        let mut slots = [0; 4];
        let module = Btf::parse_split(&bytes, &base, &mut slots).unwrap();
        let names = NameIndex::new(&module).unwrap();
        assert_eq!(names.find(Kind::Struct, b"int"), Some(TypeId(9)));
        assert_eq!(names.len(), 1);
    }

    #[test]
    fn bad_names_are_errors() {
        let mut b = Builder::new();
        b.add_raw(StrOff(1 << 20), 4 << 24, 0, &[]);
        let bytes = b.finish(BOTH[0]);
        assert!(NameIndex::new(&Btf::open(&bytes).unwrap()).is_err());
    }
}
