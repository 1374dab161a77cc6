//! Is what we patch what libbpf 1.7 patches? Every object of `tests/data` for every bundled
//! kernel, alone and with its modules, and for every made-up target, instruction by instruction.
//!
//! `cargo test -p relocore-tests --features libbpf --test libbpf -- --nocapture` prints the
//! matrix; `core/DESIGN.md` gives the reasons for what [`DOCUMENTED`] lists.
#![allow(
    clippy::multiple_unsafe_ops_per_block,
    reason = "the wrappers only hand on what libbpf gave them"
)]

mod ffi;
mod hook;

use std::collections::HashMap;

use relocore::btf::Btf;
use relocore::elf::{Object as Elf, ProgramRange};
use relocore::ext::CoreRelo;
use relocore::plan::Plan;
use relocore::relo::{Failure, Outcome, RelocKind, Resolution};
use relocore::{StrOff, TypeId};
use relocore_tests::{Module, Object, Relocated, kernels, objects, relocate, targets};

use hook::Seen;

/// BTF to relocate for.
struct Target {
    name: String,
    vmlinux: &'static [u8],
    modules: Vec<&'static [u8]>,
    is_big_endian: bool,
}

fn all_targets() -> Vec<Target> {
    let mut all = Vec::new();
    for kernel in kernels() {
        let alone = Target {
            name: kernel.id.clone(),
            vmlinux: kernel.btf(),
            modules: Vec::new(),
            is_big_endian: kernel.is_big_endian(),
        };
        if !kernel.modules.is_empty() {
            all.push(Target {
                name: format!("{} with modules", kernel.id),
                modules: kernel.modules.iter().map(Module::btf).collect(),
                ..alone
            });
        }
        all.push(alone);
    }
    for target in targets() {
        // One has the other class of ELF; its BTF is also there in an object.
        if let Ok(elf) = Elf::parse(&target.bytes) {
            all.push(Target {
                name: target.name.clone(),
                vmlinux: elf.btf().expect("it has nothing else"),
                modules: Vec::new(),
                is_big_endian: target.is_big_endian(),
            });
        }
    }
    all
}

/// One record, by both.
struct Both<'a> {
    ours: &'a Resolution,
    libbpf: &'a Seen,
    target_is_big_endian: bool,
}

type Applies = fn(&Both<'_>) -> bool;

/// Where we mean to differ, and when that is the case.
const DOCUMENTED: [(&str, Applies); 3] = [
    (
        "unsigned 32-bit enumerators from 2^31: libbpf sign-extends them",
        |both| {
            let ours = both.ours;
            let large = |value: u64| (1 << 31..1 << 32).contains(&value);
            let value = matches!(ours.outcome, Outcome::Value(value) if large(value));
            ours.kind == Some(RelocKind::EnumvalValue) && (large(ours.local) || value)
        },
    ),
    (
        "left shift of a bitfield for a big-endian target: libbpf takes the host's byte order",
        |both| both.ours.kind == Some(RelocKind::FieldLshift) && both.target_is_big_endian,
    ),
    (
        "a value that does not fit the immediate: libbpf truncates it",
        |both| matches!(both.ours.outcome, Outcome::Failed(Failure::ImmTooLarge(_))),
    ),
];

/// What came out for an object on a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Equal,
    BothFail,
    Documented,
    Differ,
}

#[test]
fn patched_sections_are_libbpfs() {
    let mut pairs = Vec::new();
    let mut reasons = vec![0; DOCUMENTED.len()];
    let (mut records, mut problems) = (0, Vec::new());
    for target in all_targets() {
        for object in objects() {
            let mut found = Findings::default();
            pairs.push(compare(object, &target, &mut found));
            for reason in found.documented {
                reasons[reason] += 1;
            }
            records += found.records;
            let name = format!("{} on {}", object.name, target.name);
            let told = found.problems.into_iter().take(5);
            problems.extend(told.map(|problem| format!("{name}: {problem}")));
        }
    }
    let count = |verdict| pairs.iter().filter(|one| **one == verdict).count();
    println!(
        "pairs {} equal {} both_fail {} documented {} differ {}",
        pairs.len(),
        count(Verdict::Equal),
        count(Verdict::BothFail),
        count(Verdict::Documented),
        count(Verdict::Differ)
    );
    println!("  {records} records that libbpf came to");
    for ((reason, _), count) in DOCUMENTED.iter().zip(reasons) {
        println!("  {count} records: {reason}");
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert_eq!(count(Verdict::Differ), 0);
}

/// What is not equal.
#[derive(Default)]
struct Findings {
    /// Numbers of [`DOCUMENTED`], once a record.
    documented: Vec<usize>,
    /// Records that both have answered.
    records: usize,
    problems: Vec<String>,
}

fn compare(object: &'static Object, target: &Target, found: &mut Findings) -> Verdict {
    let seen = match hook::run(&object.bytes, target.vmlinux, target.modules.clone()) {
        Ok(seen) => seen,
        Err(error) => {
            let problem = format!("libbpf can't open it: errno {}", -error);
            found.problems.push(problem);
            return Verdict::Differ;
        }
    };
    found.records = seen.len();
    let ours = relocated(object, target);
    let elf = Elf::parse(&object.bytes).expect("relocated before");
    let mut programs = vec![ProgramRange::EMPTY; 1024];
    let plan = Plan::new(elf, &mut [], &mut programs).expect("relocated before");
    let entries: Vec<_> = plan.records().collect();
    assert_eq!(entries.len(), ours.resolutions.len());

    let by_record: HashMap<_, _> = (entries.iter())
        .filter_map(|entry| {
            let seen = seen.iter().find(|seen| seen.at == entry.at as usize)?;
            Some((question(&entry.record, entry.record.kind), seen.res.new_val))
        })
        .collect();
    let mut expected = original(&plan);
    let mut fail = 0;
    let mut seen = seen.iter().peekable();
    for (number, (entry, resolution)) in entries.iter().zip(&ours.resolutions).enumerate() {
        let mut problem = |what: String| {
            let text = format!("record {number} {:?}: {what}", resolution.kind);
            found.problems.push(text);
        };
        let Some(libbpf) = seen.next_if(|seen| seen.at == entry.at as usize) else {
            match resolution.outcome {
                Outcome::Skipped => continue,
                // It fails before it calculates; nothing later can be known.
                Outcome::Failed(_) if seen.peek().is_none() => return both_fail(found),
                other => problem(format!("libbpf passed over it, {other:?}")),
            }
            continue;
        };
        let both = Both {
            ours: resolution,
            libbpf,
            target_is_big_endian: target.is_big_endian,
        };
        let failed = matches!(resolution.outcome, Outcome::Failed(_));
        let section = plan.local().name(entry.section).expect("it has a name");
        let section = String::from_utf8_lossy(section);
        let in_ours = find(&ours.sections, &section);
        let at = entry.record.insn_off as usize;
        let range = at..at + libbpf.after.len();
        let after = in_order(&libbpf.after, object.is_big_endian());
        let equal = match (failed, libbpf.error) {
            (true, 0) | (false, 1..) | (false, ..=-1) => false,
            (true, _) => true,
            (false, 0) => in_ours.get(range.clone()) == Some(&after[..]),
        };
        if !equal {
            let documented = DOCUMENTED.iter().position(|(_, applies)| applies(&both));
            match documented {
                Some(_) if !plausible(&both, &entry.record, &by_record) => {
                    problem(format!("nor the shift that it should be: {resolution:?}"));
                }
                Some(reason) => found.documented.push(reason),
                None => problem(format!("ours {resolution:?}, libbpf {libbpf:?}")),
            }
            // These bytes are settled: the rest must be equal all the same.
            let in_ours = in_ours.get(range.clone()).unwrap_or_default().to_vec();
            put(&mut expected, &section, range, &in_ours);
        } else if failed {
            fail += 1;
        } else {
            put(&mut expected, &section, range, &after);
        }
    }
    if let Some(seen) = seen.next() {
        let problem = format!("libbpf has a record at {}, which we lack", seen.at);
        found.problems.push(problem);
    }
    for (name, bytes) in &expected {
        if find(&ours.sections, name) != bytes {
            found.problems.push(format!("section {name} differs"));
        }
    }
    if !found.problems.is_empty() {
        Verdict::Differ
    } else if fail > 0 {
        Verdict::BothFail
    } else if !found.documented.is_empty() {
        Verdict::Documented
    } else {
        Verdict::Equal
    }
}

/// What a record asks about, for a kind of its own or another.
const fn question(record: &CoreRelo, kind: u32) -> (TypeId, StrOff, u32) {
    (record.type_id, record.access, kind)
}

/// A left shift for a big-endian target, worked out of libbpf's answers: the object asks for size
/// and right shift of the same field. A load of so many bytes fills the low end of 64 bits; the
/// field's first bit, `inset` after the load's, is to become the highest.
fn plausible(
    both: &Both<'_>,
    record: &CoreRelo,
    libbpf: &HashMap<(TypeId, StrOff, u32), u64>,
) -> bool {
    let answer = |kind: RelocKind| libbpf.get(&question(record, kind as u32)).copied();
    let (Some(bytes), Some(rshift), Some(RelocKind::FieldLshift)) = (
        answer(RelocKind::FieldByteSize),
        answer(RelocKind::FieldRshift),
        both.ours.kind,
    ) else {
        return true; // not asked for
    };
    let bits = 64 - rshift;
    let inset = 64 - bits - both.libbpf.res.new_val;
    both.ours.outcome == Outcome::Value(64 - 8 * bytes + inset)
}

fn both_fail(found: &Findings) -> Verdict {
    if found.problems.is_empty() {
        Verdict::BothFail
    } else {
        Verdict::Differ
    }
}

fn relocated(object: &Object, target: &Target) -> Relocated {
    let mut slots = vec![0; target.vmlinux.len() / 12];
    let base = Btf::parse(target.vmlinux, &mut slots).expect("a kernel's BTF");
    let mut module_slots = vec![vec![0; 4096]; target.modules.len()];
    let mut targets = vec![base];
    for (bytes, slots) in target.modules.iter().zip(&mut module_slots) {
        targets.push(Btf::parse_split(bytes, &base, slots).expect("a module's BTF"));
    }
    relocate(&object.bytes, &targets).expect("a whole object")
}

/// The sections that have records, as the file has them.
fn original(plan: &Plan<'_>) -> Vec<(String, Vec<u8>)> {
    let mut sections: Vec<(String, Vec<u8>)> = Vec::new();
    for planned in plan.sections() {
        let planned = planned.expect("it has a name");
        let name = String::from_utf8_lossy(planned.name).into_owned();
        let section = planned
            .programs
            .index()
            .map(|index| plan.object().section(index));
        let bytes = section.map(|section| section.and_then(|section| section.data()));
        let bytes = bytes.transpose().expect("it is in the file").unwrap_or(&[]);
        if find(&sections, &name).is_empty() {
            sections.push((name, bytes.to_vec()));
        }
    }
    sections
}

fn find<'a>(sections: &'a [(String, Vec<u8>)], name: &str) -> &'a [u8] {
    let section = sections.iter().find(|(known, _)| known == name);
    section.map_or(&[], |(_, bytes)| bytes)
}

fn put(sections: &mut [(String, Vec<u8>)], name: &str, at: core::ops::Range<usize>, bytes: &[u8]) {
    let section = sections.iter_mut().find(|(known, _)| known == name);
    if let Some(to) = section.and_then(|(_, section)| section.get_mut(at)) {
        to.copy_from_slice(bytes);
    }
}

/// Instructions as libbpf holds them, in the object's byte order: registers, offset, immediate.
fn in_order(insns: &[u8], big_endian: bool) -> Vec<u8> {
    let mut insns = insns.to_vec();
    if big_endian {
        for insn in insns.chunks_exact_mut(8) {
            insn[1] = insn[1].rotate_left(4);
            insn[2..4].reverse();
            insn[4..8].reverse();
        }
    }
    insns
}
