//! The view of one BTF: open, index, look up.
//!
//! Enters: bytes, and slots for the index. Leaves: [`Btf`], by which all other modules reach
//! types ([`Btf::type_by_id`], [`Btf::types`]) and names ([`Btf::name`]).

use crate::error::{Error, ErrorKind, Result, Site, What};
use crate::steps;
use crate::units::{Endian, StrOff, TypeId};

use super::header::{self, Sections};
use super::index::{Index, Writer};
use super::kind::Kind;
use super::named::{Named, Picker};
use super::record::{self, Records, Type};
use super::resolve::is_long;
use super::strings::{self, MAX_NAME_BYTES};
use super::walk::{Batch, Place, Walk};

/// View of BTF data. Cheap to copy; borrows its input; decodes at access, in either byte order.
///
/// ```no_run
/// # fn main() -> relocore::Result<()> {
/// # let bytes: &[u8] = &[];
/// use relocore::btf::Btf;
/// let mut slots = [0; 1024]; // 4 KiB: a checkpoint every 64 or 128 types of a whole kernel
/// let vmlinux = Btf::parse(bytes, &mut slots)?;
/// for ty in vmlinux.types() {
///     let ty = ty?;
///     let _name: &[u8] = vmlinux.name(ty.name())?;
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Btf<'a> {
    pub(super) sections: Sections<'a>,
    base: Option<&'a Self>,
    /// Id of the first own type: 1, or one more than the base's last.
    first: u32,
    /// Own types; not known before a walk.
    count: Option<u32>,
    /// Length of the base's strings, in bytes: own string offsets start there.
    first_string: u32,
    /// 4 or 8, set or deduced; not known before a walk.
    pointer_bytes: Option<u8>,
    index: Index<'a>,
}

impl<'a> Btf<'a> {
    /// Checks the header and nothing else, in constant time. Everything works on the result, but
    /// each look-up by id walks from the first type: good for one walk over [`types`](Self::types).
    ///
    /// # Errors
    /// `Truncated`, `Malformed` or `Unsupported`, with the byte offset in the BTF.
    pub fn open(bytes: &'a [u8]) -> Result<Self> {
        let sections = header::parse(bytes)?;
        // Split BTF goes on with its base's strings, so it need not start with the empty name.
        // Without its base nothing in it can be resolved.
        let strings = sections.strings;
        if !strings.is_empty() && (strings.first() != Some(&0) || strings.last() != Some(&0)) {
            return Err(Error::new(
                ErrorKind::Malformed(What::StringSection),
                Site::Btf(16),
            ));
        }
        Ok(Self {
            sections,
            base: None,
            first: 1,
            count: None,
            first_string: 0,
            pointer_bytes: None,
            index: Index::EMPTY,
        })
    }

    /// How many slots give every type of a kernel's BTF its own, for a whole index: kernels spend
    /// 43 bytes and more on a type, strings included. Were it fewer, every second type would have
    /// a slot, and the answers be the same.
    ///
    /// ```
    /// # use relocore::btf::Btf;
    /// assert_eq!(Btf::slots_for(5_515_236), 137_880); // 126,610 types
    /// ```
    #[must_use]
    pub const fn slots_for(bytes: usize) -> usize {
        bytes / 40
    }

    /// Like [`open`](Self::open), and walks all records once: their lengths are checked, types
    /// counted, the pointer size deduced and `slots` filled, so that
    /// [`type_by_id`](Self::type_by_id) skips about `types / slots` records. Any length will do:
    /// a slot for every type makes it direct, none leaves it right and slow.
    ///
    /// What the records say (names, referenced ids) is checked where it is used, or by
    /// [`validate`](Self::validate).
    ///
    /// # Errors
    /// As [`open`](Self::open), besides the first record that is cut off or of unknown length.
    pub fn parse(bytes: &'a [u8], slots: &'a mut [u32]) -> Result<Self> {
        Self::open(bytes)?.indexed(slots)
    }

    /// A module's BTF over its `base`: ids and names below its own are the base's.
    ///
    /// # Errors
    /// As [`parse`](Self::parse); `Malformed(BaseMismatch)` if the byte orders differ. BTF of
    /// neither types nor strings, as kernels have shipped for modules, is fine.
    pub fn parse_split(bytes: &'a [u8], base: &'a Self, slots: &'a mut [u32]) -> Result<Self> {
        let sections = header::parse(bytes)?;
        if sections.endian != base.endian() {
            return Err(Error::new(
                ErrorKind::Malformed(What::BaseMismatch),
                Site::Btf(0),
            ));
        }
        if sections.strings.last().is_some_and(|&last| last != 0) {
            return Err(Error::new(
                ErrorKind::Malformed(What::StringSection),
                Site::Btf(16),
            ));
        }
        let count = u64::from(base.last_id()?.0).wrapping_add(1);
        let first = fits(count, What::TypeCount)?;
        let base_strings =
            u64::from(base.first_string).wrapping_add(base.sections.strings.len() as u64);
        let split = Self {
            sections,
            base: Some(base),
            first,
            count: None,
            first_string: fits(base_strings, What::StringSection)?,
            pointer_bytes: base.pointer_bytes,
            index: Index::EMPTY,
        };
        split.indexed(slots)
    }

    /// [`parse`](Self::parse), and in the same walk [`named`](Self::named).
    pub(crate) fn parse_named(
        bytes: &'a [u8],
        slots: &'a mut [u32],
        kinds: u32,
        perhaps: impl Fn(&[u8]) -> bool,
        mut each: impl FnMut(&Self, &[Named]) -> Result<()>,
    ) -> Result<Self> {
        let opened = Self::open(bytes)?;
        let perhaps = |name| opened.perhaps(name, &perhaps);
        let mut picker = Picker::new(opened.sections, kinds);
        opened.indexed_with(slots, |first, places| {
            picker.pick(first, places, &perhaps, &mut |types| each(&opened, types))
        })
    }

    fn indexed(self, slots: &'a mut [u32]) -> Result<Self> {
        self.indexed_with(slots, |_, _| Ok(()))
    }

    /// Fills the index, and hands all places on: those of types from an id on.
    fn indexed_with(
        mut self,
        slots: &'a mut [u32],
        mut each: impl FnMut(u32, &[u32]) -> Result<()>,
    ) -> Result<Self> {
        let mut writer = Writer::new(slots);
        let (mut walk, mut batch) = (Walk::new(self.sections), Batch::new());
        let mut count = 0u32;
        while walk.next(&mut batch)? {
            for places in batch.runs() {
                steps::count(places.len());
                if self.pointer_bytes.is_none() {
                    self.pointer_bytes = places
                        .iter()
                        .find_map(|&place| self.pointer_bytes_of(place));
                }
                writer.extend(count, places);
                each(self.first.wrapping_add(count), places)?;
                // Under 4 GiB of records of 12 bytes or more.
                count = count.wrapping_add(u32::try_from(places.len()).unwrap_or(0));
            }
        }
        fits(
            u64::from(self.first).wrapping_add(u64::from(count)),
            What::TypeCount,
        )?;
        self.count = Some(count);
        self.index = writer.finish();
        Ok(self)
    }

    /// Pointer size, if the record at `at` is an integer that tells it.
    fn pointer_bytes_of(&self, place: u32) -> Option<u8> {
        let (ty, _) = record::read(&self.sections, Place::bytes(place), TypeId::VOID).ok()?;
        if ty.kind() != Kind::Int {
            return None;
        }
        let name = self.name(ty.name()).ok()?;
        match (is_long(name), ty.own_size_bytes()) {
            (true, 4) => Some(4),
            (true, 8) => Some(8),
            _ => None,
        }
    }

    /// The same view with the pointer size set, in bytes: 4 or 8. Where the BTF comes from an
    /// ELF file its class tells; a BPF object's is always 8.
    #[must_use]
    pub const fn with_pointer_bytes(mut self, bytes: u8) -> Self {
        self.pointer_bytes = Some(if bytes == 4 { 4 } else { 8 });
        self
    }

    /// Pointer size in bytes: as set, else that of an integer called `long`, else the base's,
    /// else 8.
    #[must_use]
    pub fn pointer_bytes(&self) -> u8 {
        self.pointer_bytes.unwrap_or(8)
    }

    /// Byte order of the data.
    #[must_use]
    pub const fn endian(&self) -> Endian {
        self.sections.endian
    }

    /// The base that this split BTF goes on from.
    #[must_use]
    pub const fn base(&self) -> Option<&'a Self> {
        self.base
    }

    /// The index that [`parse`](Self::parse) filled.
    #[must_use]
    pub const fn index(&self) -> Index<'a> {
        self.index
    }

    /// Id of the first own type: 1, or for split BTF one more than the base's last.
    #[must_use]
    pub const fn first_id(&self) -> TypeId {
        TypeId(self.first)
    }

    /// The last id in use, the base's included; 0 if there is no type at all. Constant time after
    /// [`parse`](Self::parse), else a walk.
    ///
    /// # Errors
    /// The walk met a bad record.
    pub fn last_id(&self) -> Result<TypeId> {
        let count = match self.count {
            Some(count) => count,
            None => {
                let mut count = 0u32;
                for ty in self.types() {
                    ty?;
                    count = count.wrapping_add(1);
                }
                count
            }
        };
        Ok(TypeId(self.first.wrapping_add(count).wrapping_sub(1)))
    }

    /// Own types in id order: of split BTF without the base's.
    #[must_use]
    pub const fn types(&self) -> Records<'a> {
        Records::new(self.sections, 0, self.first)
    }

    /// Hands over the named own types of certain kinds, some at a time, in id order: bit *k* of
    /// `kinds` asks for kind number *k*. `perhaps` is asked about the strings from each name on,
    /// and what it says no to is left out. What a search over a whole kernel looks at first.
    ///
    /// # Errors
    /// The walk met a bad record; what `each` returns.
    pub(crate) fn named(
        &self,
        kinds: u32,
        perhaps: impl Fn(&[u8]) -> bool,
        mut each: impl FnMut(&[Named]) -> Result<()>,
    ) -> Result<()> {
        let perhaps = |name| self.perhaps(name, &perhaps);
        let mut picker = Picker::new(self.sections, kinds);
        let mut first = self.first;
        if let Some(places) = self.count.and_then(|count| self.index.all(count)) {
            steps::count(places.len());
            return picker.pick(first, places, &perhaps, &mut each);
        }
        let (mut walk, mut batch) = (Walk::new(self.sections), Batch::new());
        while walk.next(&mut batch)? {
            for places in batch.runs() {
                steps::count(places.len());
                picker.pick(first, places, &perhaps, &mut each)?;
                first = first.wrapping_add(u32::try_from(places.len()).unwrap_or(0));
            }
        }
        Ok(())
    }

    /// What a search thinks of an own name. The base's, and bad ones, are let through: a closer
    /// look follows.
    #[inline(always)]
    fn perhaps(&self, name: StrOff, perhaps: &impl Fn(&[u8]) -> bool) -> bool {
        let own = name.0.wrapping_sub(self.first_string) as usize;
        self.sections.strings.get(own..).is_none_or(perhaps)
    }

    /// The type of that id; id 0 is `void`.
    ///
    /// # Errors
    /// `OutOfRange` if there is none; a bad record on the way, if the view was only opened.
    // Called from everywhere: inlined, it makes the code a third larger and no faster.
    #[inline(never)]
    pub fn type_by_id(&self, id: TypeId) -> Result<Type<'a>> {
        // Of a base's id, what is left is beyond all slots.
        let nth = id.0.wrapping_sub(self.first);
        steps::count(1);
        match self.index.direct(nth) {
            Some(at) => record::known(&self.sections, at, id),
            None => self.type_from_checkpoint(id),
        }
    }

    /// [`type_by_id`](Self::type_by_id) where there is no slot for each type, and for the base's
    /// ids.
    #[inline(never)]
    fn type_from_checkpoint(&self, id: TypeId) -> Result<Type<'a>> {
        if id.0 < self.first {
            return match self.base {
                Some(base) => base.type_by_id(id),
                None => Ok(Type::void(self.endian())),
            };
        }
        let nth = id.0.wrapping_sub(self.first);
        let (mut at_nth, mut at) = self.index.before(nth);
        if self.count.is_some_and(|count| nth >= count) {
            return Err(self.no_such_type(id));
        }
        while at_nth < nth {
            if at >= self.sections.types.len() {
                return Err(self.no_such_type(id));
            }
            steps::count(1);
            at = record::extent(&self.sections, at)?.1;
            at_nth = at_nth.wrapping_add(1);
        }
        if at >= self.sections.types.len() {
            return Err(self.no_such_type(id));
        }
        record::read(&self.sections, at, id).map(|(ty, _)| ty)
    }

    #[cold]
    fn no_such_type(&self, id: TypeId) -> Error {
        let limit = self.last_id().map_or(0, |last| u64::from(last.0));
        let kind = ErrorKind::OutOfRange {
            what: What::TypeId,
            value: u64::from(id.0),
            limit,
        };
        Error::new(kind, Site::Type(id))
    }

    /// The name at that offset, without its NUL. Not checked for UTF-8: C identifiers need not be.
    ///
    /// # Errors
    /// `OutOfRange` if the offset is beyond the strings, or the name longer than
    /// [`MAX_NAME_BYTES`].
    #[inline]
    pub fn name(&self, at: StrOff) -> Result<&'a [u8]> {
        if at == StrOff::EMPTY {
            return Ok(&[]);
        }
        if let Some(base) = self.base
            && at.0 < self.first_string
        {
            return base.name(at);
        }
        let name = strings::first(self.text(at)?);
        steps::count_name(name.map_or(MAX_NAME_BYTES, <[u8]>::len));
        name.ok_or_else(|| self.long_name(at))
    }

    /// Is that the name? Without a look for the end of the one that is there.
    ///
    /// # Errors
    /// As [`name`](Self::name).
    #[inline]
    pub fn name_is(&self, at: StrOff, name: &[u8]) -> Result<bool> {
        if at == StrOff::EMPTY {
            return Ok(name.is_empty());
        }
        steps::count_name(name.len());
        let rest = self.text(at)?.strip_prefix(name);
        // A NUL inside of what is asked for is the end of the one that is there.
        Ok(rest.is_some_and(|rest| rest.first() == Some(&0)) && !name.contains(&0))
    }

    /// The string section from a name on, its NUL and later names included.
    #[inline]
    pub(crate) fn text(&self, at: StrOff) -> Result<&'a [u8]> {
        match self.base {
            Some(base) if at.0 < self.first_string => base.text(at),
            _ => {
                let own = at.0.wrapping_sub(self.first_string);
                self.sections
                    .strings
                    .get(own as usize..)
                    .ok_or_else(|| self.no_such_name(at))
            }
        }
    }

    /// Length of the strings, the base's included, in bytes: what names must stay below.
    pub(super) fn strings_end(&self) -> u32 {
        let own = u32::try_from(self.sections.strings.len()).unwrap_or(u32::MAX);
        self.first_string.saturating_add(own)
    }

    #[cold]
    fn no_such_name(&self, at: StrOff) -> Error {
        let limit = u64::from(self.first_string)
            .wrapping_add(self.sections.strings.len() as u64)
            .saturating_sub(1);
        let kind = ErrorKind::OutOfRange {
            what: What::Name,
            value: u64::from(at.0),
            limit,
        };
        Error::new(kind, Site::Btf(self.sections.types_at))
    }

    /// The section's last byte is a NUL, so a name without an end nearby is a long one.
    #[cold]
    fn long_name(&self, at: StrOff) -> Error {
        let limit = MAX_NAME_BYTES as u64;
        let kind = ErrorKind::OutOfRange {
            what: What::NameLength,
            value: limit.wrapping_add(1),
            limit,
        };
        let own = at.0.wrapping_sub(self.first_string);
        Error::new(kind, Site::Btf(self.sections.strings_at.wrapping_add(own)))
    }

    /// The first own type of that kind and exact name: a walk over all types.
    ///
    /// # Errors
    /// The walk met a bad record or name.
    pub fn find(&self, kind: Kind, name: &[u8]) -> Result<Option<Type<'a>>> {
        for ty in self.types() {
            let ty = ty?;
            if ty.kind() == kind && self.name_is(ty.name(), name)? {
                return Ok(Some(ty));
            }
        }
        Ok(None)
    }
}

/// A sum that must stay a 32-bit id or offset.
fn fits(value: u64, what: What) -> Result<u32> {
    u32::try_from(value).map_err(|_| {
        let limit = u64::from(u32::MAX);
        Error::new(ErrorKind::OutOfRange { what, value, limit }, Site::Call)
    })
}
