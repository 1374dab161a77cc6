//! Which program an instruction belongs to.
//!
//! Enters: the programs of an object, and a buffer of the caller's. Leaves: [`ProgramTable`],
//! sorted, which answers in logarithmic time by section name (as `.BTF.ext` gives it) or section
//! index (as relocations give it). The relocator passes over records that belong to none.
//!
//! Why sorted by the section's *name* first: `.BTF.ext` knows sections by name only, and a search
//! of the section table for each of its groups would cost `groups x sections`.

use core::cmp::Ordering;

use crate::error::{Error, ErrorKind, Result, Site, What};
use crate::names::Names;
use crate::sort::sort_by;

use super::Object;

/// Where a program is. Plain numbers: the element of the buffer for [`ProgramTable::build`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ProgramRange {
    /// Index of the section.
    pub section: u32,
    /// Start in the section, in bytes.
    pub offset_bytes: u32,
    /// Size in bytes.
    pub size_bytes: u32,
    /// Index of the function's symbol.
    pub symbol: u32,
    /// Where the section's name is in the section names.
    name_at: u32,
    /// Length of that name, in bytes.
    name_bytes: u32,
}

impl ProgramRange {
    /// No program: to fill a buffer with.
    pub const EMPTY: Self = Self {
        section: 0,
        offset_bytes: 0,
        size_bytes: 0,
        symbol: 0,
        name_at: 0,
        name_bytes: 0,
    };

    /// Whether it has the instruction at that offset in its section, in bytes.
    #[must_use]
    #[inline]
    pub fn contains(&self, insn_off: u32) -> bool {
        insn_off
            .checked_sub(self.offset_bytes)
            .is_some_and(|within| within < self.size_bytes)
    }

    fn name<'a>(&self, names: &'a [u8]) -> &'a [u8] {
        let rest = names.get(self.name_at as usize..);
        rest.and_then(|rest| rest.get(..self.name_bytes as usize))
            .unwrap_or_default()
    }

    /// By section name, section, place. Of two programs in one place, the later symbol is last.
    fn order(&self, other: &Self, table: &[u8], names: &mut Names) -> Ordering {
        let name = |range: &Self| (range.name_at, range.name_bytes);
        let by_name = if name(self) == name(other) {
            Ordering::Equal
        } else {
            names.compare(self.name(table), other.name(table))
        };
        let place = |range: &Self| (range.section, range.offset_bytes, range.symbol);
        by_name.then_with(|| place(self).cmp(&place(other)))
    }
}

/// All programs of an object, sorted. `Copy`.
#[derive(Clone, Copy)]
pub struct ProgramTable<'a, 's> {
    object: Object<'a>,
    ranges: &'s [ProgramRange],
}

impl<'a, 's> ProgramTable<'a, 's> {
    /// Reads the programs of `object` into `buffer` and sorts them; n log n, without recursion or
    /// allocation. A real object has 1 to some 200 programs; one slot each.
    ///
    /// # Errors
    /// As [`Object::programs`]; `BufferTooSmall` with the number of slots needed; `OutOfRange` for
    /// too many names of sections that are alike.
    pub fn build(object: Object<'a>, buffer: &'s mut [ProgramRange]) -> Result<Self> {
        let mut needed = 0_usize;
        let mut last = (0, ProgramRange::EMPTY); // mostly, programs of a section are neighbours
        for program in object.programs()? {
            let program = program?;
            if last.0 != program.section {
                let section = object.section(program.section)?;
                let name_bytes = u32::try_from(section.name()?.len()).unwrap_or_default();
                let name_at = section.header.sh_name;
                last = (
                    program.section,
                    ProgramRange {
                        name_at,
                        name_bytes,
                        ..last.1
                    },
                );
            }
            if let Some(slot) = buffer.get_mut(needed) {
                *slot = ProgramRange {
                    section: program.section,
                    offset_bytes: program.offset_bytes,
                    size_bytes: program.size_bytes,
                    symbol: program.symbol,
                    ..last.1
                };
            }
            needed = needed.saturating_add(1);
        }
        let Some(filled) = buffer.get_mut(..needed) else {
            let (what, needed) = (What::ProgramBuffer, needed as u64);
            return Err(Error::new(
                ErrorKind::BufferTooSmall { what, needed },
                Site::Call,
            ));
        };
        let mut names = Names::new();
        sort_by(filled, |a, b| a.order(b, object.names, &mut names));
        names.check()?;
        Ok(Self {
            object,
            ranges: filled,
        })
    }

    /// All programs: by section name (bytewise), section index, place.
    #[must_use]
    pub const fn ranges(&self) -> &'s [ProgramRange] {
        self.ranges
    }

    /// The programs of the section of that name: ask once for each group of `.BTF.ext`.
    /// Logarithmic time.
    ///
    /// Empty if there is no such section, or if it has no programs. libbpf
    /// (`bpf_object__init_btf`, `bpf_object__relocate_core`) maps a group of an unknown section to
    /// section 0, which has none, so that all of its records are passed over in silence; but it
    /// checks first that the name is there and not empty, and that each `insn_off` is a multiple
    /// of 8, and fails the load otherwise.
    ///
    /// Of several sections of one name, this takes the first that has programs. libbpf takes the
    /// first, and if that happens to be without (an empty `.text` before the real one), loads the
    /// programs of the others unrelocated.
    #[must_use]
    pub fn section(&self, name: &[u8]) -> SectionPrograms<'s> {
        let start = self
            .ranges
            .partition_point(|range| range.name(self.object.names) < name);
        let found = self.ranges.get(start..).unwrap_or_default();
        let Some(first) = found
            .first()
            .filter(|range| range.name(self.object.names) == name)
        else {
            return SectionPrograms { ranges: &[] };
        };
        let len = found.partition_point(|range| {
            range.section == first.section // sorted by section among those of one name
        });
        SectionPrograms {
            ranges: found.get(..len).unwrap_or_default(),
        }
    }

    /// The program that has the instruction at `insn_off` (bytes) of the section of that index;
    /// libbpf's `find_prog_by_sec_insn`. Logarithmic time. If programs overlap, which no compiler
    /// makes them do, the one that starts last is meant.
    #[must_use]
    pub fn find(&self, section: u32, insn_off: u32) -> Option<&'s ProgramRange> {
        let header = self.object.section(section).ok()?;
        let name_bytes = u32::try_from(header.name().ok()?.len()).ok()?;
        let key = ProgramRange {
            section,
            offset_bytes: insn_off,
            size_bytes: 0,
            symbol: u32::MAX,
            name_at: header.header.sh_name,
            name_bytes,
        };
        let (table, mut names) = (self.object.names, Names::new());
        let end = self
            .ranges
            .partition_point(|range| range.order(&key, table, &mut names) != Ordering::Greater);
        let range = self.ranges.get(end.checked_sub(1)?)?;
        (range.section == section && range.contains(insn_off)).then_some(range)
    }
}

impl core::fmt::Debug for ProgramTable<'_, '_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.ranges).finish()
    }
}

/// The programs of one section, by place. `Copy`.
#[derive(Clone, Copy, Debug)]
pub struct SectionPrograms<'s> {
    ranges: &'s [ProgramRange],
}

impl<'s> SectionPrograms<'s> {
    /// Index of the section; `None` if it doesn't exist or has no programs.
    #[must_use]
    pub fn index(&self) -> Option<u32> {
        self.ranges.first().map(|range| range.section)
    }

    /// The programs, by place.
    #[must_use]
    pub const fn ranges(&self) -> &'s [ProgramRange] {
        self.ranges
    }

    /// The program that has the instruction at `insn_off` (bytes from the start of the section).
    /// `None`: a record of that instruction is to be passed over (as after a static linker
    /// dropped a weak function, whose `.BTF.ext` records stay). Logarithmic time.
    #[must_use]
    pub fn find(&self, insn_off: u32) -> Option<&'s ProgramRange> {
        let end = self
            .ranges
            .partition_point(|range| range.offset_bytes <= insn_off);
        self.ranges
            .get(end.checked_sub(1)?)
            .filter(|range| range.contains(insn_off))
    }
}
