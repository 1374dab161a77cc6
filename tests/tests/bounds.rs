//! Work that hostile inputs can ask for, held to a bound: each case once took seconds to minutes.
//!
//! `RUSTFLAGS='--cfg fuzzing' cargo test -p relocore-tests --test bounds` also counts the steps of
//! the core, which then may be only so many for each byte of input; an ordinary build sees that the
//! right answer comes, and comes at all.

use std::sync::{Mutex, MutexGuard, PoisonError};

use relocore::btf::{Btf, Kind, MAX_NAME_BYTES};
use relocore::elf::Object as Elf;
use relocore::error::{ErrorKind, What};
use relocore::relo::{Failure, Outcome, RelocKind};
use relocore::{Endian, owned};
use relocore_tests::elf_file::{self, Section, function, relocatable};
use relocore_tests::types::Types;
use relocore_tests::{Relocated, exercise, with_plan};

/// Steps are counted for the whole process: one case at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

const EXISTS: u32 = RelocKind::TypeExists as u32;
const MATCHES: u32 = RelocKind::TypeMatches as u32;
const FIELD_EXISTS: u32 = RelocKind::FieldExists as u32;

fn letters(count: usize) -> Vec<u8> {
    vec![b'x'; count]
}

/// Relocates for types that are given.
fn answers(object: &[u8], target: &Types) -> Result<Relocated, ErrorKind> {
    exercise::relocated(object, &target.bytes()).map_err(|bad| bad.0.kind())
}

fn is_about(result: Result<Relocated, ErrorKind>, wanted: What) -> bool {
    matches!(result, Err(ErrorKind::OutOfRange { what, .. }) if what == wanted)
}

/// One name of a megabyte for 20,000 types: reading it for each was 166 s.
#[test]
fn types_of_one_name_of_a_megabyte() {
    let _alone = alone();
    let mut types = Types::new(Endian::Little);
    let name = types.name(&letters(1 << 20));
    for _ in 0..20_000 {
        types.add_named(name, Kind::Struct, 4, &[]);
    }
    let mut local = Types::new(Endian::Little);
    let root = local.add(&letters(100), Kind::Struct, 4, &[]);
    let result = answers(&relocatable(&local, &[(root, "0", EXISTS)]), &types);
    assert!(is_about(result, What::NameLength));
}

/// Names as long as they may be, which all must be read to their ends to be told apart.
#[test]
fn types_of_one_long_name() {
    let _alone = alone();
    let mut local = Types::new(Endian::Little);
    let root = local.add(&letters(100), Kind::Struct, 4, &[]);
    let object = relocatable(&local, &[(root, "0", EXISTS)]);
    for (count, fits) in [(1000, true), (40_000, false)] {
        let mut types = Types::new(Endian::Little);
        let name = types.name(&letters(MAX_NAME_BYTES));
        for _ in 0..count {
            types.add_named(name, Kind::Struct, 4, &[]);
        }
        let result = answers(&object, &types);
        assert_eq!(is_about(result, What::NamesAlike), !fits, "{count}");
    }
}

/// Roots that differ in their flavors only, at the end of long names: sorting them reads them all.
#[test]
fn roots_of_one_long_name() {
    let _alone = alone();
    for (count, fits) in [(100, true), (8000, false)] {
        let mut local = Types::new(Endian::Little);
        let names = [b"a", b"b"].map(|flavor| {
            let name = [&letters(MAX_NAME_BYTES - 4)[..], b"___", flavor].concat();
            local.name(&name)
        });
        let mut records = Vec::new();
        for nth in 0..count {
            let root = local.add_named(names[nth % 2], Kind::Struct, 4, &[]);
            records.push((root, "0", EXISTS));
        }
        let result = answers(&relocatable(&local, &records), &Types::new(Endian::Little));
        assert_eq!(is_about(result, What::NamesAlike), !fits, "{count}");
    }
}

/// Each root may stand for each type of its name: the product is what memory it takes.
#[test]
fn candidates_of_many_roots() {
    let _alone = alone();
    for (roots, types, fits) in [(200, 200, true), (1100, 1000, false)] {
        let mut target = Types::new(Endian::Little);
        let name = target.name(b"S");
        for _ in 0..types {
            target.add_named(name, Kind::Struct, 4, &[]);
        }
        let mut local = Types::new(Endian::Little);
        let name = local.name(b"S");
        let root = |_| (local.add_named(name, Kind::Struct, 4, &[]), "0", EXISTS);
        let records: Vec<_> = (0..roots).map(root).collect();
        let (object, target) = (relocatable(&local, &records), target.bytes());
        let targets = [Btf::open(&target).expect("well formed")];
        let found = with_plan(&object, |plan| {
            Ok(owned::relocate(plan, &targets).map(|done| done.resolutions))
        });
        match found.expect("a whole object") {
            Ok(all) => assert!(fits && all.iter().all(|one| one.target.is_some())),
            Err(error) => {
                let (what, needed) = (What::CandidateBuffer, 1_100_000);
                assert!(!fits);
                assert_eq!(error.kind(), ErrorKind::BufferTooSmall { what, needed });
            }
        }
    }
}

fn failures(result: Result<Relocated, ErrorKind>) -> Vec<Failure> {
    let outcomes = result.expect("the object is whole").resolutions.into_iter();
    let failed = outcomes.filter_map(|one| match one.outcome {
        Outcome::Failed(failure) => Some(failure),
        _ => None,
    });
    failed.collect()
}

/// Members whose long names are alike up to their ends, compared each with each.
#[test]
fn members_of_long_names() {
    let _alone = alone();
    // The one that fits is the last.
    let composite = |others: &[u8]| {
        let mut types = Types::new(Endian::Little);
        let int = types.add_int();
        let name = |end: &[u8]| [&letters(4000)[..], end].concat();
        let (other, wanted) = (types.name(&name(others)), types.name(&name(b"a")));
        let mut members = [other, int, 0].repeat(2000);
        members.extend([wanted, int, 0]);
        types.add(b"S", Kind::Struct, 4, &members);
        types
    };
    let (local, target) = (composite(b"a"), composite(b"b"));
    for kind in [MATCHES, FIELD_EXISTS] {
        let access = if kind == MATCHES { "0" } else { "0:0" };
        let object = relocatable(&local, &[(2, access, kind); 100]);
        assert!(failures(answers(&object, &target)).contains(&Failure::TooComplex));
    }
}

/// Enumerators in the same way.
#[test]
fn enumerators_of_long_names() {
    let _alone = alone();
    let an_enum = |last: u8| {
        let mut types = Types::new(Endian::Little);
        let name = types.name(&[&letters(4000)[..], &[last]].concat());
        let enumerators = [name, 0].repeat(4000);
        types.add(b"E", Kind::Enum, 4, &enumerators);
        types
    };
    let records = [(1, "0", RelocKind::EnumvalExists as u32); 40];
    let object = relocatable(&an_enum(b'a'), &records);
    assert!(failures(answers(&object, &an_enum(b'b'))).contains(&Failure::TooComplex));
}

/// Parameters are compared behind their modifiers: 33 types each, on both sides.
#[test]
fn parameters_behind_chains() {
    let _alone = alone();
    let mut types = Types::new(Endian::Little);
    let mut ty = types.add(b"", Kind::FuncProto, 0, &[]);
    for _ in 0..20 {
        for _ in 0..31 {
            ty = types.add(b"", Kind::Const, ty, &[]);
        }
        ty = types.add(b"", Kind::FuncProto, 0, &[0, ty].repeat(3));
    }
    let root = types.add(b"T", Kind::Typedef, ty, &[]);
    let object = relocatable(&types, &[(root, "0", EXISTS), (root, "0", MATCHES)]);
    let failures = failures(answers(&object, &types));
    assert_eq!(failures, [Failure::TooComplex; 2]);
}

/// Every struct is its own many times over: sizes and alignments are asked of each.
#[test]
fn alignments_of_nested_structs() {
    let _alone = alone();
    let mut types = Types::new(Endian::Little);
    let mut inner = types.add_int();
    for _ in 0..30 {
        inner = types.add(b"s", Kind::Struct, 4, &[0, inner, 0].repeat(8));
    }
    let bytes = types.bytes();
    let btf = Btf::open(&bytes).expect("well formed");
    let error = btf
        .align_bytes(relocore::TypeId(inner))
        .expect_err("8^30 members");
    assert!(matches!(error.kind(), ErrorKind::TooDeep { .. }), "{error}");
}

/// Kinds that only the layout section knows: each record cost four guesses of the fast walk.
#[test]
fn records_of_unknown_kinds() {
    let _alone = alone();
    const COUNT: u32 = 100_000;
    for every in [1, 2, 7] {
        let mut body = Vec::new();
        for nth in 0..COUNT {
            // Of kind 100, or a forward declaration.
            let info: u32 = if nth % every == 0 { 100 << 24 } else { 7 << 24 };
            body.extend([0, info, 0].iter().flat_map(|word| word.to_le_bytes()));
        }
        let (types, layout) = (COUNT * 12, 101 * 4);
        body.extend(vec![0; layout as usize]);
        body.push(0);
        let mut bytes = vec![0x9f, 0xeb, 1, 0];
        let header = [32, 0, types, types + layout, 1, types, layout];
        bytes.extend(header.iter().flat_map(|word| word.to_le_bytes()));
        bytes.extend(body);
        let last = exercise::validated(&bytes);
        assert_eq!(last.map(|last| last.0), Ok(COUNT), "{every}");
    }
}

/// 60,000 sections whose names differ at their ends, with a program each: sorting them read
/// gigabytes of names.
#[test]
fn sections_of_long_names() {
    let _alone = alone();
    for (count, distinct, fits) in [(300, 300, true), (60_000, 1, true), (60_000, 300, false)] {
        let file = many_sections(count, distinct);
        let object = Elf::parse(&file).expect("well formed");
        match exercise::programs(object, file.len()) {
            Ok(table) => assert!(fits && table.len() == count),
            Err(error) => {
                let what = What::NamesAlike;
                let alike =
                    matches!(error.kind(), ErrorKind::OutOfRange { what: of, .. } if of == what);
                assert!(!fits && alike, "{error}");
            }
        }
    }
}

/// So many code sections with a function each, of so many names.
fn many_sections(count: usize, distinct: usize) -> Vec<u8> {
    let mut contents = vec![0];
    let mut names = Vec::new();
    for nth in 0..distinct {
        names.push(u32::try_from(contents.len()).unwrap());
        contents.extend(letters(8000));
        contents.extend(format!("{nth:08}\0").bytes());
    }
    let names_len = contents.len();
    let code = (contents.len(), 8);
    contents.extend([0; 8]);
    let symbols_at = contents.len();
    contents.extend([0; 24]);
    for nth in 0..count {
        contents.extend(function(u16::try_from(nth + 3).unwrap(), 0, 8));
    }
    let mut sections = vec![
        Section {
            kind: 3,
            at: (0, names_len),
            ..Section::default()
        },
        Section {
            kind: 2,
            link: 1,
            entry_bytes: 24,
            at: (symbols_at, contents.len() - symbols_at),
            ..Section::default()
        },
    ];
    sections.extend((0..count).map(|nth| Section {
        name: names[nth * 7919 % distinct],
        kind: 1,
        flags: 6,
        at: code,
        ..Section::default()
    }));
    elf_file::object(&contents, &sections, 1)
}

/// 200,000 empty sections, 12.8 MB of headers.
#[test]
fn a_large_file_of_headers() {
    let _alone = alone();
    let sections = vec![Section::default(); 200_000];
    let mut with_names = sections;
    with_names[0] = Section {
        kind: 3,
        at: (0, 1),
        ..Section::default()
    };
    let file = elf_file::object(&[0], &with_names, 1);
    assert!(file.len() > 12_800_000);
    exercise::elf(&file);
    let object = Elf::parse(&file).expect("well formed");
    assert_eq!(object.section_count(), 200_001);
}
