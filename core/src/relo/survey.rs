//! The search for candidates: one pass over a target serves every root of an object.
//!
//! Enters: an object's records and the targets; vmlinux even as bytes, and then the same pass fills
//! its index ([`Survey::open`]). Leaves: a [`Relocator`]. Rule: libbpf's `bpf_core_find_cands`: equal
//! kind, equal essential name, and modules only for roots of which vmlinux has none.

use core::cmp::Ordering;

use crate::btf::{Btf, Kind, Named, essential_name};
use crate::error::{Error, ErrorKind, Result, Site, What};
use crate::ext::CoreRelo;
use crate::names::Names;

use super::candidates::{Candidate, Found};
use super::filter::{Filter, hash};
use super::kind::RelocKind;
use super::relocator::{Relocator, Workspace};
use super::roots::{self, Root, class};
use super::trace::trace;

/// The roots of an object's records, and their candidates in the targets searched so far.
///
/// ```no_run
/// # fn main() -> relocore::Result<()> {
/// # use relocore::{btf::Btf, ext::CoreRelo, relo::{Candidate, Root, Survey, Workspace}};
/// # let (local, records, vmlinux): (Btf<'_>, &[CoreRelo], &[u8]) = todo!();
/// let (mut roots, mut candidates) = ([Root::EMPTY; 64], [Candidate::EMPTY; 128]);
/// let workspace = Workspace { roots: &mut roots, candidates: &mut candidates };
/// let mut survey = Survey::new(local, records.iter().copied(), workspace)?;
/// let mut slots = [0; 16384];
/// let targets = [survey.open(vmlinux, &mut slots)?]; // indexed and searched in one pass
/// let mut relocator = survey.relocator(&targets)?;
/// for record in records {
///     let _resolution = relocator.resolve(record);
/// }
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Survey<'a, 's> {
    local: Btf<'a>,
    roots: &'s mut [Root],
    found: Found<'s>,
    names: Names,
    records: u64,
    /// Was vmlinux searched by [`open`](Self::open)?
    opened: bool,
}

impl<'a, 's> Survey<'a, 's> {
    /// Collects the roots of `records`.
    ///
    /// # Errors
    /// `BufferTooSmall` for the roots; as many as records is always enough. `OutOfRange` for too
    /// many names that are alike.
    pub fn new(
        local: Btf<'a>,
        records: impl Iterator<Item = CoreRelo> + Clone,
        workspace: Workspace<'s>,
    ) -> Result<Self> {
        let Workspace { roots, candidates } = workspace;
        let asking = records
            .clone()
            .filter(|record| record.kind != RelocKind::TypeIdLocal as u32);
        let mut names = Names::new();
        let asking = asking.map(|record| record.type_id);
        let roots = roots::collect(&local, asking, &mut names, roots)?;
        Ok(Self {
            local,
            roots,
            found: Found::new(candidates),
            names,
            records: records.count() as u64,
            opened: false,
        })
    }

    /// [`Btf::parse`] of vmlinux, or whatever is to stand for it, and in the same walk the search
    /// for candidates: quicker than one after the other. The result is to be the first target of
    /// [`relocator`](Self::relocator).
    ///
    /// # Errors
    /// As [`Btf::parse`]; a name is bad; too many are alike.
    pub fn open<'t>(&mut self, vmlinux: &'t [u8], slots: &'t mut [u32]) -> Result<Btf<'t>> {
        let search = Search::new(&self.local, 0, self.roots);
        let mut into = Filling {
            roots: self.roots,
            found: &mut self.found,
            names: &mut self.names,
        };
        let perhaps = |text: &[u8]| search.filter.passes(text);
        let btf = Btf::parse_named(vmlinux, slots, search.kinds, perhaps, |target, types| {
            search.look(target, types, &mut into)
        })?;
        self.opened = true;
        Ok(btf)
    }

    /// Finds the candidates in all targets that have not been searched: the first is vmlinux, the
    /// rest are modules over it, which are looked at only for roots that it lacks.
    ///
    /// # Errors
    /// `BufferTooSmall` for the candidates, with their number; a target's record or name is bad;
    /// more than 65,535 targets; more than 128 MiB of names to be compared.
    pub fn relocator<'t>(mut self, targets: &'t [Btf<'t>]) -> Result<Relocator<'t, 's>>
    where
        'a: 't,
    {
        if u16::try_from(targets.len()).is_err() {
            let (value, limit) = (targets.len() as u64, u64::from(u16::MAX));
            let kind = ErrorKind::OutOfRange {
                what: What::Targets,
                value,
                limit,
            };
            return Err(Error::new(kind, Site::Call));
        }
        let (vmlinux, modules) = targets.split_first().unzip();
        if let Some(vmlinux) = vmlinux
            && !self.opened
        {
            self.search(vmlinux, 0)?;
        }
        self.found.settle(self.roots)?;
        // Most objects end here: every root is known to vmlinux, or to nobody.
        let modules = modules.unwrap_or(&[]);
        if !modules.is_empty() && self.roots.iter().any(Root::wants) {
            for (btf, module) in (1..).zip(modules) {
                self.search(module, btf)?;
            }
            self.found.settle(self.roots)?;
        }
        let candidates = self.found.into_candidates();
        Ok(Relocator::of(
            self.local,
            targets,
            self.roots,
            candidates,
            self.records,
        ))
    }

    /// One pass over a target's own types, for every root that has no candidate yet.
    fn search(&mut self, target: &Btf<'_>, btf: u16) -> Result<()> {
        let search = Search::new(&self.local, btf, self.roots);
        let mut into = Filling {
            roots: self.roots,
            found: &mut self.found,
            names: &mut self.names,
        };
        let perhaps = |text: &[u8]| search.filter.passes(text);
        target.named(search.kinds, perhaps, |types| {
            search.look(target, types, &mut into)
        })
    }
}

/// What one pass fills.
struct Filling<'p, 's> {
    roots: &'p mut [Root],
    found: &'p mut Found<'s>,
    names: &'p mut Names,
}

/// What one pass goes by.
#[derive(Debug)]
struct Search<'p, 'a> {
    local: &'p Btf<'a>,
    /// Number of the target.
    btf: u16,
    filter: Filter,
    /// Bit *k*: some root is of kind number *k*.
    kinds: u32,
}

impl<'p, 'a> Search<'p, 'a> {
    fn new(local: &'p Btf<'a>, btf: u16, roots: &[Root]) -> Self {
        let mut filter = Filter::new();
        let mut kinds = 0u32;
        for root in roots.iter().filter(|root| root.wants()) {
            filter.add(root.essential(local));
            kinds |= 1u32.checked_shl(root.kind.number().into()).unwrap_or(0);
            if root.kind == Kind::Enum {
                kinds |= 1 << Kind::Enum64.number();
            }
        }
        Self {
            local,
            btf,
            filter,
            kinds,
        }
    }

    /// Looks closer at types whose names begin right.
    fn look(&self, target: &Btf<'_>, types: &[Named], into: &mut Filling<'_, '_>) -> Result<()> {
        for ty in types {
            if self.filter.passes_long(target.text(ty.name)?) {
                self.judge(target, ty, into)?;
            }
        }
        Ok(())
    }

    /// Adds the type to the candidates of every root of its name and kind: they stand side by
    /// side.
    fn judge(&self, target: &Btf<'_>, ty: &Named, into: &mut Filling<'_, '_>) -> Result<()> {
        let Filling {
            roots,
            found,
            names,
        } = into;
        let name = target.name(ty.name)?;
        names.take(name.len());
        names.check()?;
        let name = essential_name(name);
        let (hash, kind) = (hash(name), class(Kind::from_raw(ty.kind)));
        let start = roots.partition_point(|root| root.hash < hash);
        let roots = roots.get_mut(start..).unwrap_or_default();
        // Mostly the filter was wrong, or there is one root of that hash.
        if name.is_empty() || roots.first().is_none_or(|root| root.hash != hash) {
            return Ok(());
        }
        let mut order = |root: &Root| root.order(self.local, names, (hash, name, kind));
        let less = roots.partition_point(|root| order(root) == Ordering::Less);
        let same = roots.get_mut(less..).unwrap_or_default();
        for (number, root) in (start.saturating_add(less)..).zip(same) {
            if order(root) != Ordering::Equal {
                break;
            }
            if root.len == 0 {
                trace!("candidate: type {} of target {}", ty.id, self.btf);
                found.push(number, root, Candidate::new(ty.id, self.btf));
            }
        }
        names.check()
    }
}
