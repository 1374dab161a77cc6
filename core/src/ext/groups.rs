//! One list of `.BTF.ext`: records grouped by code section, checked once and then walked freely.
//!
//! Enters: the section's bytes and the place that its header gives for the list. Leaves:
//! [`Groups`], whose bounds are all checked; from it [`Group`]s, and from those records.

use core::fmt;
use core::iter::FusedIterator;
use core::marker::PhantomData;

use crate::error::{Error, ErrorKind, Result, What};
use crate::steps;
use crate::units::{Endian, StrOff};

use super::header::{Span, site, word};
use super::record::Record;

/// A list starts with the size of its records.
const LIST_HEADER: usize = 4;
/// A group starts with its section's name and the number of its records.
const GROUP_HEADER: usize = 8;

/// A list of records, grouped by code section. `Copy`: read it as often as needed.
#[derive(Clone, Copy)]
pub struct Groups<'a, R> {
    /// Groups only, end to end.
    body: &'a [u8],
    /// Where `body` starts in `.BTF.ext`.
    at: usize,
    /// Size of a record, at least `R::MIN_BYTES`.
    stride: usize,
    count: u32,
    endian: Endian,
    record: PhantomData<R>,
}

impl<'a, R: Record> Groups<'a, R> {
    /// The list of an object that has none.
    pub const EMPTY: Self = Self {
        body: &[],
        at: 0,
        stride: 0,
        count: 0,
        endian: Endian::Little,
        record: PhantomData,
    };

    /// Checks a list as libbpf's `btf_ext_parse_sec_info` does.
    pub(super) fn parse(bytes: &'a [u8], endian: Endian, span: Span) -> Result<Self> {
        let mut list = Self {
            body: &[],
            at: 0,
            stride: 0,
            count: 0,
            endian,
            record: PhantomData,
        };
        if span.len == 0 {
            return Ok(list);
        }
        if !span.off.is_multiple_of(4) {
            return Err(Error::new(
                ErrorKind::Malformed(R::LIST),
                site(span.field_at),
            ));
        }
        let start = u64::from(span.base).saturating_add(span.off.into());
        let end = start.saturating_add(span.len.into());
        let bounds = usize::try_from(start).ok().zip(usize::try_from(end).ok());
        let data = bounds.and_then(|(start, end)| Some((start, bytes.get(start..end)?)));
        let Some((start, data)) = data else {
            return Err(truncated(R::LIST, end, bytes.len(), span.field_at));
        };
        let head = data
            .split_at_checked(LIST_HEADER)
            .zip(word(data, 0, endian));
        let Some(((_, body), stride)) = head else {
            return Err(truncated(R::LIST, LIST_HEADER as u64, data.len(), start));
        };
        if stride < R::MIN_BYTES || !stride.is_multiple_of(4) {
            let kind = ErrorKind::Unsupported {
                what: What::RecordSize,
                found: stride.into(),
            };
            return Err(Error::new(kind, site(start)));
        }
        list.body = body;
        list.at = start.saturating_add(LIST_HEADER);
        list.stride = stride as usize;
        list.count = list.check()?;
        Ok(list)
    }

    /// Walks the groups, every one of which must fit; the number of their records. O(groups).
    fn check(&self) -> Result<u32> {
        if self.body.is_empty() {
            return Err(Error::new(ErrorKind::Missing(R::LIST), site(self.at)));
        }
        let (mut rest, mut at, mut count) = (self.body, self.at, 0_u32);
        while !rest.is_empty() {
            steps::count(1);
            let Some(num_info) = word(rest, 4, self.endian) else {
                let needed = GROUP_HEADER as u64;
                return Err(truncated(What::SectionRecords, needed, rest.len(), at));
            };
            if num_info == 0 {
                return Err(Error::new(
                    ErrorKind::Missing(What::SectionRecords),
                    site(at),
                ));
            }
            let size = (self.stride as u64).saturating_mul(num_info.into());
            let size = size.saturating_add(GROUP_HEADER as u64);
            let group = usize::try_from(size)
                .ok()
                .and_then(|size| rest.split_at_checked(size));
            let Some((group, next)) = group else {
                return Err(truncated(What::SectionRecords, size, rest.len(), at));
            };
            at = at.saturating_add(group.len());
            rest = next;
            count = count.saturating_add(num_info); // exact: a list is shorter than 4 GiB
        }
        Ok(count)
    }

    /// Number of records in all groups.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// Whether there is no record, hence no group either.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The groups, in file order. A section's name may come up in more than one.
    #[must_use]
    pub const fn iter(&self) -> GroupIter<'a, R> {
        GroupIter {
            groups: *self,
            rest: self.body,
            at: self.at,
        }
    }

    /// All records, in file order.
    #[must_use]
    pub const fn records(&self) -> Records<'a, R> {
        Records {
            groups: self.iter(),
            current: None,
        }
    }
}

impl<R> fmt::Debug for Groups<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut f = f.debug_struct("Groups");
        f.field("at", &self.at)
            .field("stride", &self.stride)
            .field("count", &self.count);
        f.finish_non_exhaustive()
    }
}

impl<'a, R: Record> IntoIterator for Groups<'a, R> {
    type Item = Group<'a, R>;
    type IntoIter = GroupIter<'a, R>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Iterator over the groups of a list.
#[derive(Clone, Debug)]
pub struct GroupIter<'a, R> {
    groups: Groups<'a, R>,
    rest: &'a [u8],
    at: usize,
}

impl<'a, R: Record> Iterator for GroupIter<'a, R> {
    type Item = Group<'a, R>;

    fn next(&mut self) -> Option<Self::Item> {
        let Groups { stride, endian, .. } = self.groups;
        let section = StrOff(word(self.rest, 0, endian)?);
        let len = word(self.rest, 4, endian)?;
        let (_, records) = self.rest.split_at_checked(GROUP_HEADER)?;
        let (records, rest) = records.split_at_checked(stride.checked_mul(len as usize)?)?;
        let at = self.at.saturating_add(GROUP_HEADER);
        self.rest = rest;
        self.at = at.saturating_add(records.len());
        Some(Group {
            section,
            records,
            at,
            stride,
            len,
            endian,
            record: PhantomData,
        })
    }
}

impl<R: Record> FusedIterator for GroupIter<'_, R> {}

/// The records of one code section.
#[derive(Clone, Copy)]
pub struct Group<'a, R> {
    section: StrOff,
    records: &'a [u8],
    /// Where `records` starts in `.BTF.ext`.
    at: usize,
    stride: usize,
    len: u32,
    endian: Endian,
    record: PhantomData<R>,
}

impl<'a, R: Record> Group<'a, R> {
    /// Name of the ELF section, in the object's BTF strings. libbpf fails the load if it is empty
    /// or out of range, and passes over the records if no ELF section has it (see
    /// [`ProgramTable::section`](crate::elf::ProgramTable::section)).
    #[must_use]
    pub const fn section(&self) -> StrOff {
        self.section
    }

    /// Number of records, at least 1.
    #[must_use]
    #[expect(
        clippy::len_without_is_empty,
        reason = "a group without records is refused by parse"
    )]
    pub const fn len(&self) -> u32 {
        self.len
    }

    /// The record of that index; constant time.
    #[must_use]
    #[inline]
    pub fn get(&self, index: u32) -> Option<R> {
        steps::count(1);
        let start = self.stride.checked_mul(index as usize)?;
        R::read(self.records.get(start..)?, self.endian)
    }

    /// Where that record starts in `.BTF.ext`, in bytes: for error messages.
    #[must_use]
    pub fn record_at(&self, index: u32) -> u32 {
        let at = self
            .stride
            .saturating_mul(index as usize)
            .saturating_add(self.at);
        u32::try_from(at).unwrap_or(u32::MAX)
    }

    /// The records, in file order.
    #[must_use]
    pub const fn iter(&self) -> GroupRecords<'a, R> {
        GroupRecords {
            group: *self,
            next: 0,
        }
    }
}

impl<R> fmt::Debug for Group<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut f = f.debug_struct("Group");
        f.field("section", &self.section)
            .field("at", &self.at)
            .field("len", &self.len);
        f.finish_non_exhaustive()
    }
}

impl<'a, R: Record> IntoIterator for Group<'a, R> {
    type Item = R;
    type IntoIter = GroupRecords<'a, R>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Iterator over the records of one group.
#[derive(Clone, Debug)]
pub struct GroupRecords<'a, R> {
    group: Group<'a, R>,
    next: u32,
}

impl<R: Record> Iterator for GroupRecords<'_, R> {
    type Item = R;

    #[inline]
    fn next(&mut self) -> Option<R> {
        let record = self.group.get(self.next)?;
        self.next = self.next.saturating_add(1);
        Some(record)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.group.len.saturating_sub(self.next) as usize;
        (left, Some(left))
    }
}

impl<R: Record> ExactSizeIterator for GroupRecords<'_, R> {}
impl<R: Record> FusedIterator for GroupRecords<'_, R> {}

/// A record and where it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Entry<R> {
    /// Name of the ELF section, in the object's BTF strings.
    pub section: StrOff,
    /// Index in its group, from 0: the number that libbpf's logs print (`relo #3`).
    pub index: u32,
    /// Byte offset of the record in `.BTF.ext`.
    pub at: u32,
    /// The record.
    pub record: R,
}

/// Iterator over all records of a list.
#[derive(Clone, Debug)]
pub struct Records<'a, R> {
    groups: GroupIter<'a, R>,
    current: Option<(Group<'a, R>, u32)>,
}

impl<R: Record> Iterator for Records<'_, R> {
    type Item = Entry<R>;

    fn next(&mut self) -> Option<Self::Item> {
        let (group, index) = match self.current {
            Some((group, index)) if index < group.len => (group, index),
            _ => (self.groups.next()?, 0), // never an empty group: no loop
        };
        self.current = Some((group, index.saturating_add(1)));
        let record = group.get(index)?;
        Some(Entry {
            section: group.section,
            index,
            at: group.record_at(index),
            record,
        })
    }
}

impl<R: Record> FusedIterator for Records<'_, R> {}

fn truncated(what: What, needed: u64, available: usize, at: usize) -> Error {
    let available = available as u64;
    Error::new(
        ErrorKind::Truncated {
            what,
            needed,
            available,
        },
        site(at),
    )
}
