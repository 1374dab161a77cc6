//! The fast ways give what the plain ones give: on real kernels, and on what is left of them after
//! some bytes have been changed.

use relocore::btf::Btf;
use relocore::elf::{Object as Elf, ProgramRange};
use relocore::plan::Plan;
use relocore::relo::{Candidate, Root, Survey, Workspace};
use relocore::{Result, TypeId};
use relocore_tests::{kernels, objects, targets};

/// Any sequence of numbers will do, the same at each run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }
}

/// The plain walk: one record after the other.
fn plainly(bytes: &[u8]) -> Result<u32> {
    let mut count = 0;
    for ty in Btf::open(bytes)?.types() {
        ty?;
        count += 1;
    }
    Ok(count)
}

/// Walking four records at once meets the same records, or the same error.
fn walks_agree(bytes: &[u8], every: usize, what: &str) {
    let mut slots = vec![0; bytes.len() / 12];
    let fast = Btf::parse(bytes, &mut slots);
    let last = fast.as_ref().map(|btf| btf.last_id().unwrap().0);
    let plain = plainly(bytes);
    assert_eq!(last.ok(), plain.as_ref().ok().copied(), "{what}");
    assert_eq!(fast.as_ref().err(), plain.as_ref().err(), "{what}");
    let Ok(fast) = fast else { return };
    let mut few = [0; 1000];
    let sparse = Btf::parse(bytes, &mut few).unwrap();
    for (nth, ty) in fast.types().enumerate().step_by(every) {
        let ty = ty.unwrap();
        for btf in [&fast, &sparse] {
            let found = btf.type_by_id(TypeId(1 + nth as u32)).unwrap();
            let same = format!("{ty:?}") == format!("{found:?}");
            assert!(same, "{what}, type {nth}");
        }
    }
    // Without a slot for each type, functions' types are looked up one by one.
    assert_eq!(fast.validate(), sparse.validate(), "{what}");
}

#[test]
fn walks() {
    for kernel in kernels() {
        walks_agree(kernel.btf(), 101, &kernel.id);
    }
}

#[test]
fn walks_over_changed_bytes() {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let kernel = &kernels()[2];
    let runs = if cfg!(debug_assertions) { 20 } else { 200 };
    let mut bytes = kernel.btf().to_vec();
    for run in 0..runs {
        // Words of the type section, which is the first half: kinds, lengths, names, ids.
        let changes: Vec<_> = (0..=run % 3)
            .map(|_| {
                let at = 24 + 4 * numbers.below(bytes.len() / 8);
                let old = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
                let new = match numbers.below(4) {
                    0 => numbers.next().to_le_bytes(),
                    1 => (numbers.next() & 0x1f00_0007).to_le_bytes(),
                    2 => (numbers.next() & 0x001f_ffff).to_le_bytes(),
                    _ => [0; 8],
                };
                bytes[at..at + 4].copy_from_slice(&new[..4]);
                (at, old)
            })
            .collect();
        walks_agree(&bytes, 997, &format!("run {run}"));
        for (at, old) in changes.into_iter().rev() {
            bytes[at..at + 4].copy_from_slice(&old);
        }
    }
    assert_eq!(bytes, kernel.btf());
}

/// All answers, by both ways and by both ways to search: on a kernel that was opened before, and
/// opened with the search.
fn answers_agree(object: &[u8], target: &[u8], what: &str) {
    let Ok(elf) = Elf::parse(object) else { return };
    let Ok(count) = elf.programs().map(Iterator::count) else {
        return;
    };
    let mut programs = vec![ProgramRange::EMPTY; count];
    let mut index = vec![0; object.len() / 12];
    let Ok(plan) = Plan::new(elf, &mut index, &mut programs) else {
        return;
    };
    let records: Vec<_> = plan.records().map(|entry| entry.record).collect();
    let mut buffers: Vec<_> = (0..2)
        .map(|_| {
            (
                vec![Root::EMPTY; records.len()],
                vec![Candidate::EMPTY; 4096],
            )
        })
        .collect();
    let mut workspaces = buffers
        .iter_mut()
        .map(|(roots, candidates)| Workspace { roots, candidates });
    let mut slots = vec![0; target.len() / 12];
    let opened = Btf::parse(target, &mut slots).map(|btf| [btf]);
    let Ok(opened) = opened else { return };
    let general = plan.relocator(&opened, workspaces.next().unwrap());
    let mut slots = vec![0; 2000];
    let mut survey: Survey<'_, '_> = plan.survey(workspaces.next().unwrap()).unwrap();
    let surveyed = survey.open(target, &mut slots).map(|btf| [btf]);
    let surveyed = match surveyed {
        Ok(surveyed) => surveyed,
        Err(error) => return assert_eq!(general.err(), Some(error), "{what}"),
    };
    let direct = survey.relocator(&surveyed);
    let (mut generally, mut directly) = match (general, direct) {
        (Ok(general), Ok(direct)) => (general, direct),
        (general, direct) => return assert_eq!(general.err(), direct.err(), "{what}"),
    };
    assert_eq!(directly.unmatched_roots(), generally.unmatched_roots());
    for (number, record) in records.iter().enumerate() {
        let expected = generally.resolve_generally(record);
        assert_eq!(
            directly.resolve(record),
            expected,
            "{what}, record {number}"
        );
    }
}

#[test]
fn answers() {
    for object in objects() {
        for kernel in kernels() {
            let what = format!("{} on {}", object.name, kernel.id);
            answers_agree(&object.bytes, kernel.btf(), &what);
        }
    }
}

#[test]
fn answers_over_changed_bytes() {
    let mut numbers = Numbers(0x0123_4567_89ab_cdef);
    let runs = if cfg!(debug_assertions) { 5 } else { 100 };
    for object in objects() {
        for target in targets() {
            let Ok(btf) = Elf::parse(&target.bytes).and_then(|elf| elf.btf().map(<[u8]>::to_vec))
            else {
                continue;
            };
            for run in 0..runs {
                let (mut changed_object, mut changed_target) = (object.bytes.clone(), btf.clone());
                let bytes = if run % 2 == 0 {
                    &mut changed_target
                } else {
                    &mut changed_object
                };
                for _ in 0..=run % 4 {
                    let at = numbers.below(bytes.len());
                    bytes[at] = numbers.next().to_le_bytes()[0] >> (run % 8);
                }
                let what = format!("{} on {}, run {run}", object.name, target.name);
                answers_agree(&changed_object, &changed_target, &what);
            }
        }
    }
}
