//! The matrix: objects by where they come from, kernels side by side.
//!
//! Enters: `tests/data/`, and what `tests/fetch/fetch.sh` has downloaded. Leaves: a table of pairs,
//! and the text of whatever differs. With `RELOCORE_REAL_REQUIRED` set, too few real objects or
//! kernels are a failure; without it a line says what is missing.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::collections::{BTreeMap, HashSet};
use std::env;
use std::thread;

use relocore::btf::Btf;
use relocore::elf::{Object as Elf, SectionKind};
use relocore::ext::Ext;
use relocore_tests::{
    Kernel, Module, Object, kernels, objects, real_directory, real_kernels, real_objects, targets,
};

use crate::compare::{Findings, Target, Verdict, compare};
use crate::documented::DOCUMENTED;

/// Fewer are no proof.
const REAL_OBJECTS: usize = 150;
const KERNELS: usize = 8;

/// A column: a kernel, or everything that plays one.
struct Column {
    name: String,
    /// Does it play one? Then only for objects that were made for it.
    made_up: bool,
    /// BTF of vmlinux and of modules: each is one target of the column.
    targets: Vec<(&'static [u8], Vec<&'static [u8]>)>,
}

/// A kernel alone, and with its modules.
fn of_kernel(kernel: &'static Kernel) -> Column {
    let mut targets = vec![(kernel.btf(), Vec::new())];
    if !kernel.modules.is_empty() {
        let modules = kernel.modules.iter().map(Module::btf).collect();
        targets.push((kernel.btf(), modules));
    }
    Column {
        name: kernel.id.clone(),
        made_up: false,
        targets,
    }
}

fn columns() -> Vec<Column> {
    let mut columns: Vec<_> = kernels()
        .iter()
        .chain(real_kernels())
        .map(of_kernel)
        .collect();
    // One has the other class of ELF; its BTF is also there in an object.
    let made_up = targets()
        .iter()
        .filter_map(|one| Elf::parse(&one.bytes).ok());
    columns.push(Column {
        name: "tests/data/targets, which play one".to_owned(),
        made_up: true,
        targets: made_up
            .map(|elf| (elf.btf().expect("it has nothing else"), Vec::new()))
            .collect(),
    });
    columns
}

/// A row: objects of one origin.
struct Row {
    name: String,
    objects: Vec<Object>,
}

fn rows() -> Vec<Row> {
    let mut known = HashSet::new();
    let own = ("tests/data", objects());
    let packages = real_objects().iter();
    let all = [own]
        .into_iter()
        .chain(packages.map(|one| (&one.name[..], &one.objects[..])));
    let mut rows = Vec::new();
    for (name, objects) in all {
        let mut row = Row {
            name: name.to_owned(),
            objects: Vec::new(),
        };
        for object in objects {
            // Suites share some objects, which count once.
            if known.insert(&object.bytes) {
                row.objects.push(Object {
                    name: object.name.clone(),
                    bytes: with_weak_externs(&object.bytes),
                });
            }
        }
        rows.push(row);
    }
    rows
}

/// libbpf looks for externs before it relocates, and gives up where a strong one is missing. None
/// of them matters to CO-RE.
fn with_weak_externs(object: &[u8]) -> Vec<u8> {
    const WEAK: u8 = 2 << 4;
    let mut bytes = object.to_vec();
    let elf = Elf::parse(object).expect("a whole object");
    let symbols = elf
        .sections()
        .find(|section| section.kind() == SectionKind::Symtab);
    let table = symbols.map_or(&[][..], |section| {
        section.data().expect("it is in the file")
    });
    let start = table.as_ptr().addr() - object.as_ptr().addr();
    for (nth, symbol) in table.chunks_exact(24).enumerate().skip(1) {
        if symbol[6..8] == [0, 0] {
            let info = &mut bytes[start + nth * 24 + 4];
            *info = *info & 0xf | WEAK;
        }
    }
    bytes
}

/// Pairs of a row and a column, by verdict.
type Cell = BTreeMap<Verdict, usize>;

#[derive(Default)]
struct Outcome {
    cells: Vec<Cell>,
    records: usize,
    values: usize,
    documented: Vec<usize>,
    problems: Vec<String>,
}

fn run(column: &Column, rows: &[Row]) -> Outcome {
    let mut outcome = Outcome {
        cells: vec![Cell::new(); rows.len()],
        documented: vec![0; DOCUMENTED.len()],
        ..Outcome::default()
    };
    for (vmlinux, modules) in &column.targets {
        let mut slots = vec![0; vmlinux.len() / 12];
        let base = Btf::parse(vmlinux, &mut slots).expect("a kernel's BTF");
        let mut module_slots: Vec<_> = modules.iter().map(|one| vec![0; one.len() / 12]).collect();
        let mut ours = vec![base];
        for (bytes, slots) in modules.iter().zip(&mut module_slots) {
            ours.push(Btf::parse_split(bytes, &base, slots).expect("a module's BTF"));
        }
        let target = Target::new(&ours, vmlinux, modules).expect("libbpf reads it too");
        let rows = if column.made_up { &rows[..1] } else { rows };
        for (row, cell) in rows.iter().zip(&mut outcome.cells) {
            for object in &row.objects {
                let mut found = Findings::default();
                let verdict = compare(&object.bytes, &target, &mut found);
                *cell.entry(verdict).or_default() += 1;
                outcome.records += found.records;
                outcome.values += found.values;
                for reason in found.documented {
                    outcome.documented[reason] += 1;
                }
                let name = format!("{} {} on {}", row.name, object.name, column.name);
                let told = found.problems.into_iter().take(5);
                outcome
                    .problems
                    .extend(told.map(|problem| format!("{name}: {problem}")));
            }
        }
    }
    outcome
}

/// All columns, by as many threads as the machine has processors.
fn run_all(columns: &[Column], rows: &[Row]) -> Vec<Outcome> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let nth = next.fetch_add(1, Ordering::Relaxed);
            let Some(column) = columns.get(nth) else {
                return done;
            };
            done.push((nth, run(column, rows)));
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let mut all: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let joined = threads
            .into_iter()
            .flat_map(|one| one.join().expect("no panic"));
        joined.collect()
    });
    all.sort_by_key(|(nth, _)| *nth);
    all.into_iter().map(|(_, outcome)| outcome).collect()
}

fn text(cell: &Cell) -> String {
    if cell.is_empty() {
        return String::new();
    }
    let count = |verdict| cell.get(&verdict).copied().unwrap_or(0);
    let mut text = count(Verdict::Equal).to_string();
    for (verdict, sign) in [
        (Verdict::Documented, "+"),
        (Verdict::BothFail, "-"),
        (Verdict::NotOpened, "?"),
        (Verdict::Differ, "!"),
    ] {
        if count(verdict) > 0 {
            text += &format!(" {sign}{}", count(verdict));
        }
    }
    text
}

fn print(columns: &[Column], rows: &[Row], outcomes: &[Outcome]) {
    println!("Pairs of an object and a kernel, alone and with its modules:");
    println!("  n equal, +n differ as documented, -n refused by both, ?n not opened by libbpf,");
    println!("  !n UNEXPLAINED");
    for (nth, column) in columns.iter().enumerate() {
        println!("  {} {}", letter(nth), column.name);
    }
    let mut table = vec![vec![String::new(), "objects".to_owned()]];
    table[0].extend((0..columns.len()).map(|nth| letter(nth).to_string()));
    for (nth, row) in rows.iter().enumerate() {
        let mut line = vec![row.name.clone(), row.objects.len().to_string()];
        line.extend(outcomes.iter().map(|outcome| text(&outcome.cells[nth])));
        table.push(line);
    }
    let width = |column: usize| table.iter().map(|line| line[column].len()).max();
    let widths: Vec<_> = (0..columns.len() + 2)
        .map(|nth| width(nth).unwrap_or(0))
        .collect();
    for line in &table {
        print!("{:1$}", line[0], widths[0]);
        for (cell, width) in line.iter().zip(&widths).skip(1) {
            print!("  {cell:>width$}");
        }
        println!();
    }
}

fn letter(nth: usize) -> char {
    char::from(b'A' + u8::try_from(nth).unwrap_or(0))
}

#[test]
fn every_pair_is_equal_or_documented() {
    let (columns, rows) = (columns(), rows());
    let outcomes = run_all(&columns, &rows);
    print(&columns, &rows, &outcomes);

    let all: Cell =
        outcomes
            .iter()
            .flat_map(|one| &one.cells)
            .fold(Cell::new(), |mut all, cell| {
                for (verdict, count) in cell {
                    *all.entry(*verdict).or_default() += count;
                }
                all
            });
    let count = |verdict| all.get(&verdict).copied().unwrap_or(0);
    let sum = |of: fn(&Outcome) -> usize| outcomes.iter().map(of).sum::<usize>();
    println!(
        "{} pairs: {} equal, {} documented, {} refused by both, {} not opened by libbpf, {} unexplained",
        all.values().sum::<usize>(),
        count(Verdict::Equal),
        count(Verdict::Documented),
        count(Verdict::BothFail),
        count(Verdict::NotOpened),
        count(Verdict::Differ),
    );
    println!(
        "{} records, {} of them values",
        sum(|one| one.records),
        sum(|one| one.values)
    );
    for (nth, (reason, _)) in DOCUMENTED.iter().enumerate() {
        let records: usize = outcomes.iter().map(|one| one.documented[nth]).sum();
        println!("  {records} records: {reason}");
    }
    for outcome in &outcomes {
        for problem in &outcome.problems {
            println!("UNEXPLAINED {problem}");
        }
    }
    assert_eq!(
        count(Verdict::Differ),
        0,
        "unexplained differences, see above"
    );
    enough(&rows[1..], columns.len() - 1);
}

/// Real objects and kernels come from elsewhere: without them this is no proof, and says so.
fn enough(real: &[Row], kernels: usize) {
    let has_records = |object: &&Object| {
        let ext = Elf::parse(&object.bytes).and_then(|elf| elf.btf_ext());
        let ext = ext.ok().flatten().map(Ext::parse);
        ext.is_some_and(|ext| ext.is_ok_and(|ext| ext.core_relos().count() > 0))
    };
    let objects = real.iter().flat_map(|row| &row.objects);
    let (all, real) = (objects.clone().count(), objects.filter(has_records).count());
    println!("{all} real objects, {real} of them with records; {kernels} kernels");
    if real >= REAL_OBJECTS && kernels >= KERNELS {
        return;
    }
    let what = format!(
        "{real} real objects with records (of {REAL_OBJECTS}) and {kernels} kernels (of {KERNELS}): \
         tests/fetch/fetch.sh downloads them to {}",
        real_directory().display()
    );
    assert!(env::var_os("RELOCORE_REAL_REQUIRED").is_none(), "{what}");
    println!("SKIP the matrix of real objects: {what}");
}
