//! Random programs: thousands of cases that no package holds.
//!
//! Enters: seeds, 1,000 of them or `RELOCORE_RANDOM`, from `RELOCORE_SEED` on. Leaves: a count by
//! verdict; of the first case that differs the seed, and the case made as small as it can be.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::collections::BTreeMap;
use std::env;
use std::thread;

use relocore::btf::Btf;
use relocore_tests::generate::case::Roots;
use relocore_tests::generate::shrink::shrink;
use relocore_tests::generate::{Case, Target as Wanted};
use relocore_tests::{Kernel, Module, kernels};

use crate::compare::{Findings, Target, Verdict, compare};
use crate::documented::DOCUMENTED;

/// What cases have come to.
#[derive(Default)]
struct Tally {
    verdicts: BTreeMap<Verdict, usize>,
    records: usize,
    values: usize,
    documented: Vec<usize>,
    /// What to print of those that differ.
    failures: Vec<String>,
}

/// Reads a number from the environment.
fn setting(name: &str, default: u64) -> u64 {
    let text = env::var(name).ok();
    text.map_or(default, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{name}={text} is no number"))
    })
}

#[test]
fn random_programs() {
    let (count, first) = (
        setting("RELOCORE_RANDOM", 1_000),
        setting("RELOCORE_SEED", 0),
    );
    let next = AtomicU64::new(0);
    let failed = AtomicBool::new(false);
    // Seeds go round the kernels, so a thread keeps to one kernel at a time.
    let kernels = kernels();
    let work = || {
        let mut tally = Tally {
            documented: vec![0; DOCUMENTED.len()],
            ..Tally::default()
        };
        loop {
            let nth = next.fetch_add(1, Ordering::Relaxed);
            let Some(kernel) = kernels.get(usize::try_from(nth).expect("a few")) else {
                return tally;
            };
            let seeds = (first..first + count)
                .skip(nth as usize)
                .step_by(kernels.len());
            on_kernel(kernel, seeds, &failed, &mut tally);
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let tallies: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .map(|one| one.join().expect("no panic"))
            .collect()
    });
    report(&tallies, count, first);
}

fn report(tallies: &[Tally], count: u64, first: u64) {
    let total = |verdict| -> usize {
        let counts = tallies.iter().filter_map(|one| one.verdicts.get(&verdict));
        counts.sum()
    };
    println!(
        "{count} random programs from seed {first}: {} equal, {} documented, {} refused by both, \
         {} not opened by libbpf, {} unexplained",
        total(Verdict::Equal),
        total(Verdict::Documented),
        total(Verdict::BothFail),
        total(Verdict::NotOpened),
        total(Verdict::Differ)
    );
    let sum = |of: fn(&Tally) -> usize| tallies.iter().map(of).sum::<usize>();
    println!(
        "{} records, {} of them values",
        sum(|one| one.records),
        sum(|one| one.values)
    );
    for (nth, (reason, _)) in DOCUMENTED.iter().enumerate() {
        let records: usize = tallies.iter().map(|one| one.documented[nth]).sum();
        println!("  {records} records: {reason}");
    }
    for failure in tallies.iter().flat_map(|one| &one.failures) {
        println!("{failure}");
    }
    assert_eq!(
        total(Verdict::Differ),
        0,
        "unexplained differences, see above"
    );
}

/// A kernel as both sides have parsed it.
fn on_kernel(
    kernel: &Kernel,
    seeds: impl Iterator<Item = u64>,
    failed: &AtomicBool,
    tally: &mut Tally,
) {
    let mut slots = vec![0; kernel.btf().len() / 12];
    let base = Btf::parse(kernel.btf(), &mut slots).expect("a kernel's BTF");
    let modules: Vec<_> = kernel.modules.iter().map(Module::btf).collect();
    let mut module_slots: Vec<_> = modules.iter().map(|one| vec![0; one.len() / 12]).collect();
    let mut all = vec![base];
    for (bytes, slots) in modules.iter().zip(&mut module_slots) {
        all.push(Btf::parse_split(bytes, &base, slots).expect("a module's BTF"));
    }
    let read = "libbpf reads it too";
    let kernel_targets = [
        Target::new(&all[..1], kernel.btf(), &[]).expect(read),
        Target::new(&all, kernel.btf(), &modules).expect(read),
    ];
    let roots = Roots::of(&base);
    for seed in seeds {
        if failed.load(Ordering::Relaxed) {
            return;
        }
        let case = Case::new(seed, &base, &roots);
        let (verdict, found) = judge(&case, &kernel_targets);
        *tally.verdicts.entry(verdict).or_default() += 1;
        tally.records += found.records;
        tally.values += found.values;
        for reason in found.documented {
            tally.documented[reason] += 1;
        }
        if verdict == Verdict::Differ {
            failed.store(true, Ordering::Relaxed);
            let differs = |case: &Case| judge(case, &kernel_targets).0 == Verdict::Differ;
            let small = shrink(case, differs);
            let problems = judge(&small, &kernel_targets).1.problems.join("\n");
            tally.failures.push(format!(
                "UNEXPLAINED with RELOCORE_SEED={seed} RELOCORE_RANDOM=1, types of {}:\n{problems}\n{small:?}",
                kernel.id
            ));
        }
    }
}

fn judge(case: &Case, kernel: &[Target<'_>; 2]) -> (Verdict, Findings) {
    let mut found = Findings::default();
    let object = case.program.elf();
    let verdict = match &case.target {
        Wanted::Kernel(modules) => compare(&object, &kernel[usize::from(*modules)], &mut found),
        Wanted::Made(made) => {
            let (vmlinux, module) = made.btf();
            let mut slots = vec![0; 256];
            let base = Btf::parse(&vmlinux, &mut slots).expect("what was just written");
            let mut module_slots = vec![0; 64];
            let mut all = vec![base];
            if let Some(module) = &module {
                all.push(Btf::parse_split(module, &base, &mut module_slots).expect("the same"));
            }
            let modules: Vec<_> = module.iter().map(Vec::as_slice).collect();
            let target = Target::new(&all, &vmlinux, &modules).expect("libbpf reads it too");
            compare(&object, &target, &mut found)
        }
    };
    (verdict, found)
}
