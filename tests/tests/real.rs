//! Every object of `tests/data` on every bundled kernel: answers, and what must hold of any of them.

use std::collections::BTreeSet;

use relocore::btf::{Btf, Kind};
use relocore::elf::{Object as Elf, ProgramRange};
use relocore::plan::Plan;
use relocore::relo::{Outcome, RelocKind, Resolution, Validate};
use relocore::show::Subject;
use relocore::{Endian, TypeId};
use relocore_tests::{
    Kernel, Object, Relocated, exercise, kernel, kernels, object, objects, relocate,
};

/// A kernel with its modules, through indexes of so many slots.
fn on<T>(kernel: &Kernel, slots: usize, run: impl FnOnce(&[Btf<'_>]) -> T) -> T {
    let mut base_slots = vec![0; slots];
    let base = Btf::parse(kernel.btf(), &mut base_slots).unwrap();
    let mut module_slots = vec![vec![0; slots]; kernel.modules.len()];
    let mut targets = vec![base];
    for (module, slots) in kernel.modules.iter().zip(&mut module_slots) {
        targets.push(Btf::parse_split(module.btf(), &base, slots).unwrap());
    }
    run(&targets)
}

/// An object's answers, each of which is looked at.
fn answers(object: &Object, targets: &[Btf<'_>]) -> Relocated {
    let relocated = relocate(&object.bytes, targets).unwrap();
    for resolution in &relocated.resolutions {
        in_range(resolution, targets, &object.name);
    }
    relocated
}

/// What an answer names is there, and a field lies inside the type that has it.
fn in_range(resolution: &Resolution, targets: &[Btf<'_>], object: &str) {
    let Some(target) = resolution.target else {
        return;
    };
    let btf = &targets[usize::from(target.btf)];
    assert!(target.id >= btf.first_id() && target.id <= btf.last_id().unwrap());
    let ty = btf.type_by_id(target.id).unwrap();
    let whole_struct = matches!(ty.kind(), Kind::Struct | Kind::Union);
    let Outcome::Value(value) = resolution.outcome else {
        return;
    };
    let size = btf.size_bytes(target.id).map(u64::from);
    match resolution.kind.unwrap() {
        RelocKind::FieldByteOffset if whole_struct => {
            let end = value + u64::from(resolution.target_bytes);
            assert!(end <= size.unwrap(), "{object}: {resolution:?}");
        }
        RelocKind::FieldByteSize if whole_struct => assert!(value <= size.unwrap()),
        RelocKind::TypeSize => assert_eq!(Ok(value), size),
        RelocKind::TypeIdTarget => assert_eq!(value, u64::from(target.id.0)),
        RelocKind::FieldLshift | RelocKind::FieldRshift => assert!(value < 64),
        _ => {}
    }
}

/// Enough for a slot for every type of any kernel.
const DIRECT: usize = 200_000;

/// All kernels in release; without optimization the oldest, the newest and the big-endian one.
fn some_kernels() -> impl Iterator<Item = &'static Kernel> {
    let chosen = ["5.10-amd64", "7.2-amd64", "6.12-s390x"];
    let all = !cfg!(debug_assertions);
    kernels()
        .iter()
        .filter(move |kernel| all || chosen.contains(&kernel.id.as_str()))
}

#[test]
fn answers_do_not_depend_on_the_index() {
    for kernel in some_kernels() {
        let all = |targets: &[Btf<'_>]| -> Vec<_> {
            objects()
                .iter()
                .map(|object| answers(object, targets))
                .collect()
        };
        let (direct, sparse) = (on(kernel, DIRECT, all), on(kernel, 64, all));
        for (object, (direct, sparse)) in objects().iter().zip(direct.iter().zip(&sparse)) {
            assert!(direct == sparse, "{} on {}", object.name, kernel.id);
        }
    }
}

/// Without any slot each look-up walks from the first type: right, but slow.
#[test]
fn answers_need_no_index() {
    for name in ["demo.bpfel.o", "demo.bpfeb.o"] {
        let kernel = kernel("6.12-s390x");
        let run = |targets: &[Btf<'_>]| answers(object(name), targets);
        assert!(on(kernel, DIRECT, run) == on(kernel, 0, run), "{name}");
    }
}

/// The types of `kernels/README.md`, counted by bpftool; and everything about each.
#[test]
fn kernels_are_whole() {
    let known = [
        ("5.10-amd64", 77_597, 3_359_850, Endian::Little),
        ("6.1-amd64", 95_068, 4_111_222, Endian::Little),
        ("6.12-amd64", 108_407, 4_722_487, Endian::Little),
        ("6.12-arm64", 127_724, 5_638_694, Endian::Little),
        ("6.12-s390x", 88_137, 3_847_456, Endian::Big),
        ("7.2-amd64", 118_487, 5_189_156, Endian::Little),
    ];
    assert_eq!(known.map(|row| row.0).to_vec(), ids());
    for (id, types, bytes, endian) in known {
        let kernel = kernel(id);
        assert_eq!(kernel.btf().len(), bytes, "{id}");
        let mut slots = vec![0; DIRECT];
        let btf = Btf::parse(kernel.btf(), &mut slots).unwrap();
        assert_eq!(btf.last_id(), Ok(TypeId(types)), "{id}");
        assert_eq!((btf.endian(), btf.pointer_bytes()), (endian, 8), "{id}");
        assert_eq!(btf.validate(), Ok(()), "{id}");
        for module in &kernel.modules {
            let mut slots = vec![0; 4096];
            let split = Btf::parse_split(module.btf(), &btf, &mut slots).unwrap();
            assert_eq!(split.validate(), Ok(()), "{id} {}", module.name);
            assert_eq!(split.first_id(), TypeId(types + 1));
            assert!(split.types().count() > 0, "{id} {}", module.name);
        }
    }
}

#[test]
fn everything_can_be_asked_of_a_kernel() {
    for kernel in some_kernels() {
        if !cfg!(debug_assertions) || kernel.is_big_endian() {
            exercise::btf(kernel.btf());
        }
    }
}

fn ids() -> Vec<&'static str> {
    kernels().iter().map(|kernel| kernel.id.as_str()).collect()
}

#[test]
fn objects_are_whole() {
    for object in objects() {
        exercise::elf(&object.bytes);
        let elf = Elf::parse(&object.bytes).unwrap();
        let endian = [Endian::Little, Endian::Big][usize::from(object.is_big_endian())];
        assert_eq!(elf.endian(), endian, "{}", object.name);
    }
}

/// On the types that it was compiled with nothing changes, whichever way instructions are written:
/// but where it reads bitfields, which compilers load by other rules.
#[test]
fn an_object_on_its_own_types_stays_as_it_is() {
    let mut compared = 0;
    for object in objects() {
        let elf = Elf::parse(&object.bytes).unwrap();
        let mut slots = vec![0; 4096];
        let own = Btf::parse(elf.btf().unwrap(), &mut slots).unwrap();
        let relocated = relocate(&object.bytes, &[own.with_pointer_bytes(8)]).unwrap();
        let bitfield = |one: &Resolution| {
            one.kind.is_some_and(RelocKind::is_field) && one.validate == Validate::No
        };
        let settled = relocated.resolutions.iter().all(|one| match one.outcome {
            Outcome::Value(value) => value == one.local || bitfield(one),
            outcome => outcome == Outcome::Skipped,
        });
        if !settled {
            // It has two types of one name, or records that fail: there is no one answer.
            continue;
        }
        compared += 1;
        let mut programs = vec![ProgramRange::EMPTY; 64];
        let plan = Plan::new(elf, &mut [], &mut programs).unwrap();
        for (entry, one) in plan.records().zip(&relocated.resolutions) {
            let name = String::from_utf8_lossy(plan.local().name(entry.section).unwrap());
            let (_, patched) = relocated
                .sections
                .iter()
                .find(|found| found.0 == name)
                .unwrap();
            let at = entry.record.insn_off as usize;
            let before = elf.code_section(name.as_bytes()).unwrap().data().unwrap();
            let same = before[at..at + 8] == patched[at..at + 8];
            assert!(
                same || bitfield(one),
                "{} {name}+{at}: {one:?}",
                object.name
            );
        }
    }
    assert!(compared >= objects().len() / 2, "only {compared}");
}

/// One source compiled for both byte orders asks the same and gets the same.
#[test]
fn byte_order_of_the_object_decides_nothing() {
    let twin = |little: &Object| {
        let name = little.name.replace(".bpfel", ".bpfeb");
        objects()
            .iter()
            .find(|big| big.name == name && name != little.name)
    };
    let pairs: Vec<_> = objects()
        .iter()
        .filter_map(|one| Some((one, twin(one)?)))
        .collect();
    assert!(!pairs.is_empty());
    for kernel in some_kernels() {
        on(kernel, DIRECT, |targets| {
            for (little, big) in &pairs {
                let (one, other) = (values(little, targets), values(big, targets));
                assert_eq!(one, other, "{} on {}", little.name, kernel.id);
            }
        });
    }
}

/// All values, by kind: a compiler may ask for the same once or twice.
fn values(object: &Object, targets: &[Btf<'_>]) -> BTreeSet<(Option<&'static str>, Option<u64>)> {
    let answers = answers(object, targets).resolutions;
    let value = |one: &Resolution| match one.outcome {
        _ if one.kind == Some(RelocKind::TypeIdLocal) => None,
        Outcome::Value(value) => Some((one.kind.map(RelocKind::name), Some(value))),
        Outcome::Absent(_) | Outcome::Poison(_) => Some((one.kind.map(RelocKind::name), None)),
        Outcome::Failed(_) | Outcome::Skipped => None,
    };
    answers.iter().filter_map(value).collect()
}

/// Of `pahole -C task_struct FILE` (dwarves 1.24) and, where a path has no comment here,
/// `bpftool btf dump file FILE` (7.1), over the raw BTF, on 2026-11-23. `None`: the type has no such
/// member. In the order of the columns 5.10, 6.1, 6.12 amd64, 6.12 arm64, 6.12 s390x, 7.2.
const OFFSETS: [(&str, [Option<u64>; 6]); 9] = [
    (
        "task_struct.tgid",
        some([2236, 2420, 2436, 1380, 1924, 2812]),
    ),
    (
        "task_struct.real_parent",
        some([2248, 2432, 2448, 1392, 1928, 2824]),
    ),
    (
        "task_struct.comm",
        some([2736, 2976, 2976, 1920, 2336, 3344]),
    ),
    ("task_struct.mm", some([2056, 2272, 2304, 1248, 1792, 2680])),
    (
        "task_struct.__state",
        [None, Some(24), Some(24), Some(24), Some(24), Some(24)],
    ),
    (
        "task_struct___old.state",
        [Some(16), None, None, None, None, None],
    ),
    // In an anonymous struct: offsets by pahole, which adds them up.
    (
        "mm_struct.exe_file",
        some([928, 936, 1168, 1048, 1272, 1536]),
    ),
    ("file.f_inode", some([32, 32, 40, 40, 40, 32])),
    ("inode.i_ino", some([64; 6])),
];

const fn some(values: [u64; 6]) -> [Option<u64>; 6] {
    let [a, b, c, d, e, f] = values;
    [Some(a), Some(b), Some(c), Some(d), Some(e), Some(f)]
}

/// The rest of the demo's questions, from the same sources. The bit is the first of its 4-byte word:
/// on little-endian machines bit 0, so 63 to the left; on s390x bit 31, and the word fills the low
/// half of a u64, so 32 to the left.
const ANSWERS: [(RelocKind, &str, [Option<u64>; 6]); 12] = [
    (
        RelocKind::FieldExists,
        "task_struct.__state",
        [None, Some(1), Some(1), Some(1), Some(1), Some(1)],
    ),
    (RelocKind::FieldByteSize, "task_struct.comm", some([16; 6])),
    (
        RelocKind::TypeSize,
        "task_struct",
        some([9344, 9728, 9792, 4736, 5120, 6080]),
    ),
    // A flavor with `unsigned int __state` alone.
    (
        RelocKind::TypeMatches,
        "task_struct___new",
        [None, Some(1), Some(1), Some(1), Some(1), Some(1)],
    ),
    (
        RelocKind::TypeExists,
        "bpf_arena",
        [None, None, Some(1), Some(1), Some(1), Some(1)],
    ),
    (
        RelocKind::EnumvalExists,
        "node_stat_item::NR_SHMEM",
        some([1; 6]),
    ),
    (
        RelocKind::EnumvalValue,
        "node_stat_item::NR_SHMEM",
        some([23, 23, 23, 23, 23, 22]),
    ),
    (
        RelocKind::FieldByteOffset,
        "task_struct.sched_reset_on_fork",
        some([2164, 2340, 2356, 1300, 1844, 2732]),
    ),
    (
        RelocKind::FieldByteSize,
        "task_struct.sched_reset_on_fork",
        some([4; 6]),
    ),
    (
        RelocKind::FieldLshift,
        "task_struct.sched_reset_on_fork",
        some([63, 63, 63, 63, 32, 63]),
    ),
    (
        RelocKind::FieldRshift,
        "task_struct.sched_reset_on_fork",
        some([63; 6]),
    ),
    (
        RelocKind::FieldSigned,
        "task_struct.sched_reset_on_fork",
        some([0; 6]),
    ),
];

#[test]
fn the_demos_answers_are_the_kernels() {
    let offsets = OFFSETS.map(|(path, values)| (RelocKind::FieldByteOffset, path, values));
    let expected: Vec<_> = offsets.into_iter().chain(ANSWERS).collect();
    let order = [
        "5.10-amd64",
        "6.1-amd64",
        "6.12-amd64",
        "6.12-arm64",
        "6.12-s390x",
        "7.2-amd64",
    ];
    for name in ["demo.bpfel.o", "demo.bpfeb.o"] {
        let elf = Elf::parse(&object(name).bytes).unwrap();
        let mut programs = [ProgramRange::EMPTY; 8];
        let plan = Plan::new(elf, &mut [], &mut programs).unwrap();
        let subject = |record| Subject::new(plan.local(), &[], &record);
        let records = plan.records().map(|entry| subject(entry.record));
        let paths: Vec<_> = records.map(|subject| subject.path().to_string()).collect();
        for (column, id) in order.into_iter().enumerate() {
            let relocated = on(kernel(id), DIRECT, |targets| answers(object(name), targets));
            let mut asked = vec![0; expected.len()];
            assert_eq!(paths.len(), relocated.resolutions.len());
            for (path, resolution) in paths.iter().zip(&relocated.resolutions) {
                let kind = resolution.kind.unwrap();
                let row = expected
                    .iter()
                    .position(|row| (row.0, row.1) == (kind, path.as_str()));
                let row = row.unwrap_or_else(|| panic!("{name}: no row for {kind:?} {path}"));
                asked[row] += 1;
                let value = match resolution.outcome {
                    Outcome::Value(value) => Some(value),
                    Outcome::Absent(_) | Outcome::Poison(_) => None,
                    other => panic!("{name} on {id}: {path}: {other:?}"),
                };
                assert_eq!(
                    value, expected[row].2[column],
                    "{name} on {id}: {kind:?} {path}"
                );
            }
            // Nothing in the table that nobody asks.
            let unasked = asked.iter().position(|count| *count == 0);
            assert_eq!(unasked.map(|row| expected[row].1), None, "{name}");
        }
    }
}
