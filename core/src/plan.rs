//! One object's relocation, whole: which records belong to which program, all answers, then the
//! patched sections.
//!
//! Enters: an [`Object`] and buffers of the caller's. Leaves: first one [`Resolution`] a record
//! ([`Plan::resolve`]), then each section's patched bytes ([`Plan::patch`]). It only joins the
//! parts: [`Relocator`] answers, [`insn::apply`](crate::insn::apply) writes.

use crate::btf::Btf;
use crate::elf::{Object, ProgramRange, ProgramTable, SectionPrograms};
use crate::error::{Error, ErrorKind, Result, Site, What};
use crate::ext::{CoreRelo, Entry, Ext, Group, Groups};
use crate::insn::{Applied, apply};
use crate::relo::{Relocator, Resolution, Survey, Workspace};

/// What an object asks for: its own types, its records, and the programs that they are in.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    object: Object<'a>,
    local: Btf<'a>,
    relos: Groups<'a, CoreRelo>,
    programs: ProgramTable<'a, 'a>,
}

/// A group of records with the code section that they are in.
#[derive(Clone, Copy, Debug)]
pub struct PlannedSection<'a> {
    /// The section's name, as `.BTF.ext` has it.
    pub name: &'a [u8],
    /// The programs of that section; none if there is no such section, and then all its records
    /// are skipped.
    pub programs: SectionPrograms<'a>,
    /// Its records.
    pub records: Group<'a, CoreRelo>,
    /// Number of its first record among all of the object's.
    pub first: usize,
}

impl<'a> Plan<'a> {
    /// Reads the object's types and records. `index` is for its BTF and may have any length;
    /// `programs` needs an element for each function of the object.
    ///
    /// An object without CO-RE records is fine: it has nothing to relocate.
    ///
    /// # Errors
    /// `.BTF`, `.BTF.ext` or the symbol table is bad, or `.BTF` missing; `BufferTooSmall` for
    /// `programs`.
    pub fn new(
        object: Object<'a>,
        index: &'a mut [u32],
        programs: &'a mut [ProgramRange],
    ) -> Result<Self> {
        // Pointers of BPF programs have 8 bytes whatever `long` may be called.
        let local = Btf::parse(object.btf()?, index)?.with_pointer_bytes(8);
        let relos = match object.btf_ext()? {
            Some(bytes) => Ext::parse(bytes)?.core_relos(),
            None => Groups::EMPTY,
        };
        let programs = ProgramTable::build(object, programs)?;
        Ok(Self {
            object,
            local,
            relos,
            programs,
        })
    }

    /// The object.
    #[must_use]
    pub const fn object(&self) -> &Object<'a> {
        &self.object
    }

    /// The object's own types.
    #[must_use]
    pub const fn local(&self) -> &Btf<'a> {
        &self.local
    }

    /// Its programs and subprograms.
    #[must_use]
    pub const fn programs(&self) -> &ProgramTable<'a, 'a> {
        &self.programs
    }

    /// All records, in the object's order.
    pub fn records(&self) -> impl Iterator<Item = Entry<CoreRelo>> + Clone + use<'a> {
        self.relos.records()
    }

    /// The records by code section, in the object's order.
    pub fn sections(&self) -> impl Iterator<Item = Result<PlannedSection<'a>>> + use<'a> {
        let Self {
            local,
            relos,
            programs,
            ..
        } = *self;
        let mut first = 0usize;
        relos.into_iter().map(move |records| {
            let name = local.name(records.section())?;
            let planned = PlannedSection {
                name,
                programs: programs.section(name),
                records,
                first,
            };
            first = first.saturating_add(records.len() as usize);
            Ok(planned)
        })
    }

    /// Finds the candidates of all records in `targets`: see [`Relocator::new`].
    ///
    /// # Errors
    /// As [`Relocator::new`].
    pub fn relocator<'t, 's>(
        &self,
        targets: &'t [Btf<'t>],
        workspace: Workspace<'s>,
    ) -> Result<Relocator<'t, 's>>
    where
        'a: 't,
    {
        Relocator::new(
            self.local,
            targets,
            self.records().map(|entry| entry.record),
            workspace,
        )
    }

    /// The roots of all records: the start of a search that goes with opening vmlinux, see
    /// [`Survey`].
    ///
    /// # Errors
    /// As [`Survey::new`].
    pub fn survey<'s>(&self, workspace: Workspace<'s>) -> Result<Survey<'a, 's>> {
        let records = self.records().map(|entry| entry.record);
        Survey::new(self.local, records, workspace)
    }

    /// Answers every record, in the object's order: `out` gets one resolution each. Records whose
    /// instruction belongs to no program are skipped, as libbpf does. Returns their number.
    ///
    /// # Errors
    /// `BufferTooSmall`; a section's name is bad.
    pub fn resolve(
        &self,
        relocator: &mut Relocator<'_, '_>,
        out: &mut [Resolution],
    ) -> Result<usize> {
        self.resolve_wanted(relocator, out, |_| true)
    }

    /// As [`resolve`](Self::resolve), and also skips the records of programs that are not
    /// `wanted`: they can neither fail nor settle the choice of candidates for the others.
    ///
    /// # Errors
    /// As [`resolve`](Self::resolve).
    pub fn resolve_wanted(
        &self,
        relocator: &mut Relocator<'_, '_>,
        out: &mut [Resolution],
        wanted: impl Fn(&ProgramRange) -> bool,
    ) -> Result<usize> {
        let needed = self.relos.count() as usize;
        let Some(out) = out.get_mut(..needed) else {
            let what = What::OutcomeBuffer;
            let kind = ErrorKind::BufferTooSmall {
                what,
                needed: needed as u64,
            };
            return Err(Error::new(kind, Site::Call));
        };
        let mut out = out.iter_mut();
        for planned in self.sections() {
            let planned = planned?;
            for (record, out) in planned.records.into_iter().zip(&mut out) {
                // What is no instruction's offset is in no program either, but must not pass
                // unnoticed: applying it fails.
                let resolve = !record.insn_off.is_multiple_of(8)
                    || planned.programs.find(record.insn_off).is_some_and(&wanted);
                *out = if resolve {
                    relocator.resolve(&record)
                } else {
                    Resolution::EMPTY
                };
            }
        }
        Ok(needed)
    }

    /// Applies a section's resolutions, out of all those that [`resolve`](Self::resolve) filled,
    /// to `bytes`: the caller's copy of that section. Each resolution is updated to what the
    /// instruction made of it, and handed to `each` with its number.
    pub fn patch(
        &self,
        planned: &PlannedSection<'a>,
        resolutions: &mut [Resolution],
        bytes: &mut [u8],
        mut each: impl FnMut(usize, Applied),
    ) {
        let resolutions = resolutions.get_mut(planned.first..).unwrap_or_default();
        let records = planned.records.into_iter().zip(resolutions);
        for ((record, resolution), number) in records.zip(planned.first..) {
            let applied = apply(bytes, self.object.endian(), record.insn_off, resolution);
            resolution.outcome = applied.outcome;
            each(number, applied);
        }
    }
}
