//! The command `peers`: the same work by relocore, libbpf and aya, side by side.

use std::error::Error;
use std::ffi::CString;
use std::path::{Path, PathBuf};

use relocore::btf::{Btf, Kind};
use relocore::elf::{Object, ProgramRange};
use relocore::owned::NameIndex;
use relocore::plan::Plan;
use relocore::relo::{Outcome, Resolution};

use crate::harness::{self, Figure, Item, Who, lap};
use crate::inputs::{Input, Inputs, SECTION, Target};
use crate::ours::{self, Buffers};
use crate::{aya, chart, libbpf, process, table};

/// What the command line asks for.
#[derive(Debug)]
pub struct Options {
    pub json: bool,
    pub rounds: usize,
    pub btf: Option<PathBuf>,
    pub svg: Option<PathBuf>,
    /// Only rows whose names contain this.
    pub only: String,
}

/// Look-ups in the row `names`.
const NAMES: usize = 1000;

/// A row that somebody can't do, and why.
#[derive(Debug)]
pub struct Missing {
    pub work: &'static str,
    pub who: Who,
    pub why: String,
}

pub fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    libbpf::hush();
    let inputs = Inputs::read()?;
    let target = Target::read(options.btf.as_deref())?;
    let mut slots = vec![0; types(&target.bytes)?];
    let btf = [Btf::parse(&target.bytes, &mut slots)?];
    for (name, input) in inputs.named() {
        check(name, input, &target.bytes, &btf)?;
    }
    let names = some_structs(&btf[0])?;

    let mut items = Vec::new();
    let mut missing = Vec::new();
    parsing(
        &mut items,
        &mut missing,
        &target.bytes,
        btf[0].last_id()?.0 as usize,
    );
    cold(&mut items, &inputs, &target.bytes);
    record(&mut items, &mut missing, &inputs.large, &target.bytes, &btf);
    look_ups(&mut items, &target.bytes, &btf[0], &names)?;
    let mut counts = Vec::new();
    if "process".contains(&options.only) {
        counts = process(&mut items, &mut missing, &inputs.small.path);
    }
    items.retain(|item| item.work.contains(&options.only));
    missing.retain(|missing: &Missing| missing.work.contains(&options.only));

    let mut figures = harness::run(items, options.rounds);
    for figure in figures.iter_mut().filter(|f| f.work == "process") {
        let count = counts.iter().find(|(who, _)| *who == figure.who);
        figure.heap = count.map(|(_, heap)| *heap).unwrap_or_default();
    }
    if options.json {
        table::json(&figures);
        for Missing { work, who, why } in &missing {
            eprintln!("{work} {}: {why}", who.name());
        }
    } else {
        println!("target: {}, {} types\n", target.name, btf[0].last_id()?.0);
        table::print(&figures, &missing);
        if "process".contains(&options.only) {
            let object = &inputs.small.path;
            let laps = (0..50).map(|_| process::time("nobody", object).ns);
            let least = table::time(laps.fold(f64::INFINITY, f64::min));
            let peak = table::bytes(process::count("nobody", object)?.peak_bytes);
            println!("\na process that does nothing at all: {least}, {peak}");
        }
    }
    if let Some(path) = &options.svg {
        std::fs::write(path, chart::svg(&figures))?;
    }
    Ok(())
}

impl Inputs {
    fn named(&self) -> [(&'static str, &Input); 3] {
        [
            ("cold_small", &self.small),
            ("cold_medium", &self.medium),
            ("cold_large", &self.large),
        ]
    }
}

/// Number of types, to make an index of the right size: what a user would take from
/// [`Btf::last_id`], or from experience.
pub fn types(bytes: &[u8]) -> relocore::Result<usize> {
    Ok(Btf::parse(bytes, &mut [])?.last_id()?.0 as usize)
}

/// All answers and all patched bytes must be libbpf's.
fn check(name: &str, input: &Input, target: &[u8], btf: &[Btf<'_>]) -> Result<(), Box<dyn Error>> {
    let mut theirs = libbpf::Program::new(&input.bytes, SECTION)?;
    let their_target = libbpf::Btf::new(target);
    let mut values = Vec::new();
    theirs.resolve(&their_target, |value| values.push(value));

    let object = Object::parse(&input.bytes)?;
    let mut programs = vec![ProgramRange::EMPTY; object.programs()?.count()];
    let mut slots = [0; 4096];
    let plan = Plan::new(object, &mut slots, &mut programs)?;
    let ours = relocore::owned::relocate(&plan, btf)?;
    let our_values: Vec<_> = ours.resolutions.iter().map(value).collect();
    if let Some(nth) = (0..values.len()).find(|&n| our_values.get(n) != values.get(n)) {
        return Err(format!(
            "{name}, record {nth}: {:?}, but libbpf says {:?}",
            ours.resolutions.get(nth),
            values[nth]
        )
        .into());
    }
    let code = theirs.relocate(&their_target);
    let cold = ours::relocate(&input.bytes, target)?;
    for sections in [&ours.sections, &cold.sections] {
        if sections.iter().map(|(_, bytes)| bytes).ne([&code]) {
            return Err(format!("{name}: our patched instructions are not libbpf's").into());
        }
    }
    let (object, _) = aya::relocate(&input.bytes, target);
    let insns = aya::code(&object);
    let differ = insns
        .chunks(8)
        .zip(code.chunks(8))
        .filter(|(a, b)| a != b)
        .count();
    let poisoned = values.iter().filter(|value| value.is_none()).count();
    let roots: std::collections::HashSet<_> =
        plan.records().map(|entry| entry.record.type_id).collect();
    eprintln!(
        "{name}: {} records, {} roots, {poisoned} poisoned; values and instructions equal \
         libbpf's; aya's differ in {differ} of {} instructions",
        values.len(),
        roots.len(),
        code.len() / 8,
    );
    Ok(())
}

fn value(resolution: &Resolution) -> libbpf::Value {
    match resolution.outcome {
        Outcome::Value(value) => Some(value),
        Outcome::Absent(_) => Some(0),
        // Told apart from all of libbpf's answers.
        Outcome::Failed(_) | Outcome::Skipped => Some(u64::MAX - 1),
        Outcome::Poison(_) => None,
    }
}

/// Names of structs from all over the kernel.
fn some_structs(btf: &Btf<'_>) -> Result<Vec<CString>, Box<dyn Error>> {
    let mut all = Vec::new();
    for ty in btf.types() {
        let ty = ty?;
        let name = btf.name(ty.name())?;
        if ty.kind() == Kind::Struct && !name.is_empty() {
            all.push(CString::new(name)?);
        }
    }
    let step = (all.len() / NAMES).max(1);
    Ok(all.into_iter().step_by(step).take(NAMES).collect())
}

fn parsing<'a>(
    items: &mut Vec<Item<'a>>,
    missing: &mut Vec<Missing>,
    target: &'a [u8],
    count: usize,
) {
    items.push(Item::new("open", Who::Relocore, move || {
        lap(1000, || {
            for _ in 0..1000 {
                let _ = std::hint::black_box(Btf::open(std::hint::black_box(target)));
            }
        })
    }));
    let mut slots = vec![0; count];
    items.push(Item::new("index", Who::Relocore, move || {
        lap(1, || {
            Btf::parse(target, &mut slots).map(|btf| btf.last_id())
        })
    }));
    let mut slots = vec![0; count];
    items.push(Item::new("validate", Who::Relocore, move || {
        lap(1, || Btf::parse(target, &mut slots)?.validate())
    }));
    // Theirs have one way to open, which indexes; libbpf's also validates.
    for work in ["open", "index", "validate"] {
        items.push(Item::new(work, Who::Libbpf, move || {
            lap(1, || libbpf::Btf::new(target))
        }));
    }
    for work in ["open", "index"] {
        items.push(Item::new(work, Who::Aya, move || {
            lap(1, || aya::parse(target))
        }));
    }
    missing.push(Missing {
        work: "validate",
        who: Who::Aya,
        why: "does not validate".into(),
    });
}

fn cold<'a>(items: &mut Vec<Item<'a>>, inputs: &'a Inputs, target: &'a [u8]) {
    for (work, input) in inputs.named() {
        let file = &input.bytes[..];
        items.push(Item::new(work, Who::Relocore, move || {
            lap(1, || ours::relocate(file, target))
        }));
        items.push(Item::new(work, Who::Libbpf, move || {
            lap(1, || {
                let mut program = libbpf::Program::new(file, SECTION).expect("it was checked");
                let target = libbpf::Btf::new(target);
                let code = program.relocate(&target);
                (program, target, code)
            })
        }));
        items.push(Item::new(work, Who::Aya, move || {
            lap(1, || aya::relocate(file, target))
        }));
    }
}

/// All records of an object, whose candidates are known; divided by their number.
fn record<'a>(
    items: &mut Vec<Item<'a>>,
    missing: &mut Vec<Missing>,
    input: &'a Input,
    target: &'a [u8],
    btf: &'a [Btf<'a>],
) {
    let mut buffers = Buffers::new();
    items.push(Item::new("record", Who::Relocore, move || {
        let (plan, workspace) = buffers.plan(&input.bytes).expect("it was checked");
        let mut relocator = plan.relocator(btf, workspace).expect("it was checked");
        let records: Vec<_> = plan.records().map(|entry| entry.record).collect();
        lap(records.len(), || {
            for record in &records {
                std::hint::black_box(relocator.resolve(record));
            }
        })
    }));
    let mut theirs = None;
    items.push(Item::new("record", Who::Libbpf, move || {
        let (program, target) = theirs.get_or_insert_with(|| {
            let mut program = libbpf::Program::new(&input.bytes, SECTION).expect("checked");
            let target = libbpf::Btf::new(target);
            program.resolve(&target, |_| ());
            (program, target)
        });
        lap(program.count(), || {
            program.resolve(target, |value| _ = std::hint::black_box(value));
        })
    }));
    missing.push(Missing {
        work: "record",
        who: Who::Aya,
        why: "answers whole objects only, looking for candidates anew".into(),
    });
}

fn look_ups<'a>(
    items: &mut Vec<Item<'a>>,
    target: &'a [u8],
    btf: &Btf<'a>,
    names: &'a [CString],
) -> relocore::Result<()> {
    let index = NameIndex::new(btf)?;
    items.push(Item::new("names", Who::Relocore, move || {
        lap(1, || {
            let found = |name: &&CString| index.find(Kind::Struct, name.to_bytes()).is_some();
            assert_eq!(names.iter().filter(found).count(), names.len());
        })
    }));
    let theirs = libbpf::Btf::new(target);
    items.push(Item::new("names", Who::Libbpf, move || {
        lap(1, || {
            let found = |name: &&CString| theirs.find_struct(name) != 0;
            assert_eq!(names.iter().filter(found).count(), names.len());
        })
    }));
    let theirs = aya::parse(target);
    items.push(Item::new("names", Who::Aya, move || {
        lap(1, || {
            let found =
                |name: &&CString| aya::find_struct(&theirs, name.to_str().unwrap_or("")) != 0;
            assert_eq!(names.iter().filter(found).count(), names.len());
        })
    }));
    Ok(())
}

fn process<'a>(
    items: &mut Vec<Item<'a>>,
    missing: &mut Vec<Missing>,
    object: &'a Path,
) -> Vec<(Who, crate::heap::Heap)> {
    let work = "process";
    let mut counts = Vec::new();
    for (who, count) in process::contenders(object) {
        match count {
            Ok(heap) => {
                counts.push((who, heap));
                items.push(Item::new(work, who, move || {
                    process::time(who.name(), object)
                }));
            }
            Err(why) => missing.push(Missing { work, who, why }),
        }
    }
    counts
}

/// The figure of that row and contender.
pub fn figure<'f>(figures: &'f [Figure], work: &str, who: Who) -> Option<&'f Figure> {
    figures.iter().find(|f| f.work == work && f.who == who)
}
