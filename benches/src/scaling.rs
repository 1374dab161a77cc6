//! The command `scaling`: what our own work costs as there is more of it.
//!
//! Each series varies one thing and holds the others: the kernel's types, the records, the roots,
//! the objects that share a target, the threads that share it.

use std::collections::HashSet;
use std::error::Error;
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;

use relocore::btf::Btf;
use relocore::elf::{Object, ProgramRange};
use relocore::ext::CoreRelo;
use relocore::owned;
use relocore::plan::Plan;

use crate::concat::concat;
use crate::harness::{least, least_wall};
use crate::inputs::{Inputs, Target};
use crate::ours::{self, Buffers};
use crate::peers::{self, Options};
use crate::table::time;

/// What the threads share among them.
const OBJECTS: usize = 64;

/// Prints the points of one series.
struct Series<'a> {
    json: bool,
    name: &'a str,
    unit: &'a str,
}

impl Series<'_> {
    fn begin(&self) {
        if !self.json {
            println!("\n{}", self.name);
        }
    }

    /// `count` of the series' unit took `ns` in total.
    fn point(&self, count: usize, ns: f64) {
        self.point_of(count, count, ns);
    }

    /// With `count` of the series' unit, `done` things took `ns` in total.
    fn point_of(&self, count: usize, done: usize, ns: f64) {
        let Self { json, name, unit } = self;
        if *json {
            println!(
                "{{\"series\":\"{name}\",\"unit\":\"{unit}\",\"count\":{count},\
                 \"min_ns\":{ns:.0}}}"
            );
        } else {
            let each = time(ns / done as f64);
            println!("{count:>10} {unit:<8}{:>12}{each:>14} each", time(ns));
        }
    }
}

pub fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let inputs = Inputs::read()?;
    let target = Target::read(options.btf.as_deref())?;
    let series = |name, unit| {
        let series = Series {
            json: options.json,
            name,
            unit,
        };
        series.begin();
        series
    };
    let rounds = options.rounds;

    let bigger: Vec<_> = [1, 4, 16]
        .iter()
        .map(|&times| concat(&target.bytes, times).ok_or("BTF that can't be multiplied"))
        .collect::<Result<_, _>>()?;
    for (name, work) in [
        ("types: index", index as fn(&[u8], &[u8]) -> bool),
        ("types: index and validate", validate),
        ("types: cold, large object", cold),
    ] {
        let series = series(name, "types");
        for btf in &bigger {
            let count = peers::types(btf)?;
            let mut done = true;
            let ns = least(rounds, || done &= work(&inputs.large.bytes, btf));
            assert!(done, "{name}");
            series.point(count, ns);
        }
    }
    drop(bigger);

    let mut slots = vec![0; peers::types(&target.bytes)?];
    let btf = [Btf::parse(&target.bytes, &mut slots)?];
    let large = &inputs.large.bytes;
    let plan_records = |file| -> relocore::Result<Vec<CoreRelo>> {
        let mut buffers = Buffers::new();
        let (plan, _) = buffers.plan(file)?;
        Ok(plan.records().map(|entry| entry.record).collect())
    };
    let records = plan_records(large)?;

    let of_records = series("records: the large object's, some or repeatedly", "records");
    for count in [
        records.len() / 4,
        records.len(),
        records.len() * 4,
        records.len() * 16,
    ] {
        let some: Vec<_> = records.iter().cycle().take(count).copied().collect();
        of_records.point(count, answer(large, &btf, &some, rounds)?);
    }
    let of_roots = series("roots: one record of each", "roots");
    let mut seen = HashSet::new();
    let firsts: Vec<_> = records
        .iter()
        .filter(|r| seen.insert(r.type_id))
        .copied()
        .collect();
    for count in [1, 4, 16, 64, firsts.len()] {
        let some = firsts.get(..count).unwrap_or(&firsts);
        of_roots.point(some.len(), answer(large, &btf, some, rounds)?);
    }

    let medium = &inputs.medium.bytes;
    let of_objects = series("objects of 256 records, on one target", "objects");
    for count in [1, 4, 16] {
        let ns = least(rounds, || (0..count).for_each(|_| relocate(medium, &btf)));
        of_objects.point(count, ns);
    }
    let name = "threads that share a target and relocate 64 such objects";
    let of_threads = series(name, "threads");
    for count in [1, 2, 4, 8] {
        let ns = least_wall(rounds, || {
            let left = AtomicUsize::new(OBJECTS);
            let one = || {
                let take = |left: usize| left.checked_sub(1);
                while left.fetch_update(Relaxed, Relaxed, take).is_ok() {
                    relocate(medium, &btf);
                }
            };
            thread::scope(|scope| (0..count).for_each(|_| drop(scope.spawn(one))));
        });
        of_threads.point_of(count, OBJECTS, ns);
    }
    Ok(())
}

fn index(_: &[u8], btf: &[u8]) -> bool {
    let mut slots = vec![0; Btf::slots_for(btf.len())];
    Btf::parse(btf, &mut slots).is_ok()
}

fn validate(_: &[u8], btf: &[u8]) -> bool {
    let mut slots = vec![0; Btf::slots_for(btf.len())];
    Btf::parse(btf, &mut slots).is_ok_and(|btf| btf.validate().is_ok())
}

fn cold(file: &[u8], btf: &[u8]) -> bool {
    ours::relocate(file, btf).is_ok_and(|relocated| relocated.failures() == 0)
}

/// An object against a target that is open and indexed already.
fn relocate(file: &[u8], target: &[Btf<'_>]) {
    let done = || {
        let object = Object::parse(file)?;
        let mut slots = [0; 4096];
        let mut programs = vec![ProgramRange::EMPTY; object.programs()?.count()];
        let plan = Plan::new(object, &mut slots, &mut programs)?;
        owned::relocate(&plan, target)
    };
    let _ = black_box(done());
}

/// Time to find the candidates of those records and to answer them.
fn answer(
    file: &[u8],
    target: &[Btf<'_>],
    records: &[CoreRelo],
    rounds: usize,
) -> relocore::Result<f64> {
    let mut buffers = Buffers::new();
    let mut failed = None;
    let ns = least(rounds, || {
        let done = buffers.plan(file).and_then(|(plan, workspace)| {
            let asked = records.iter().copied();
            let mut relocator =
                relocore::relo::Relocator::new(*plan.local(), target, asked, workspace)?;
            for record in records {
                black_box(relocator.resolve(record));
            }
            Ok(())
        });
        failed = done.err().or(failed);
    });
    failed.map_or(Ok(ns), Err)
}
