//! Every prefix and every single flipped bit of small real objects, BTFs and `.BTF.ext`s, and of
//! the targets of every object: an answer or an error, and every promise kept. (Builds without
//! optimization take one bit of every byte.)

use std::thread;

use relocore::btf::Btf;
use relocore::elf::Object as Elf;
use relocore_tests::mutate::{every_bit, mutate};
use relocore_tests::types::Types;
use relocore_tests::{Object, exercise, object, objects, target_of, targets};

/// The `.BTF` of an object.
fn btf_of(object: &Object) -> &[u8] {
    Elf::parse(&object.bytes).unwrap().btf().unwrap()
}

fn target(name: &str) -> &'static Object {
    targets().iter().find(|target| target.name == name).unwrap()
}

#[test]
fn three_objects() {
    for (name, on) in [
        ("vec_narrow_ab.bpfel.o", "narrow.bpfel.o"),
        ("vec_resize_wide.bpfeb.o", "resize.bpfeb.o"),
        ("vec_bits_over.bpfel.o", "bits_over.bpfeb.o"),
    ] {
        let target = btf_of(target(on));
        mutate(name, &object(name).bytes, every_bit, 1, |bytes| {
            exercise::elf(bytes);
            exercise::object(bytes, target);
        });
    }
}

/// What the loader reads of an object besides.
#[test]
fn three_objects_to_load() {
    for name in [
        "vec_narrow_ab.bpfel.o",
        "vec_dropped.bpfeb.o",
        "vec_far.bpfel.o",
    ] {
        mutate(name, &object(name).bytes, every_bit, 1, exercise::loader);
    }
}

#[test]
fn three_btfs() {
    for name in ["fields.bpfel.o", "enums.bpfeb.o", "matches.bpfel.o"] {
        mutate(name, btf_of(target(name)), every_bit, 1, exercise::btf);
    }
}

#[test]
fn three_exts() {
    for name in ["demo.bpfel.o", "demo.bpfeb.o", "vec_fields.bpfel.o"] {
        let ext = Elf::parse(&object(name).bytes).unwrap().btf_ext();
        mutate(name, ext.unwrap().unwrap(), every_bit, 1, exercise::ext);
    }
}

/// Split BTF on a whole base, and whole split BTF on a base that is not.
#[test]
fn split_btf() {
    let (base, split) = (
        btf_of(target("fields.bpfel.o")),
        btf_of(target("narrow.bpfel.o")),
    );
    mutate("split", split, every_bit, 1, |bytes| {
        exercise::split(base, bytes)
    });
    mutate("base", base, every_bit, 1, |bytes| {
        exercise::split(bytes, split)
    });
    // A module without types has a bare header, whole or not.
    let header = Types::new(relocore::Endian::Little).bytes();
    mutate("header", &header[..24], every_bit, 1, |bytes| {
        exercise::split(base, bytes)
    });
}

/// Every whole object on its own target with every word of its types replaced in turn: by nothing,
/// by what is just there and just not, by all ones.
#[test]
fn every_object_on_damaged_targets() {
    let half = |first: usize| {
        for (number, object) in objects().iter().enumerate().skip(first).step_by(2) {
            let target = target_of(object).unwrap_or(object);
            let bytes = btf_of(target);
            let types = Types::of(&Btf::open(bytes).unwrap(), bytes).unwrap();
            // Without optimization every object, but only some words of each.
            let stride = if cfg!(debug_assertions) { 31 } else { 1 };
            let words: usize = types.records.iter().map(|one| 3 + one.tail.len()).sum();
            println!("{} on {}", object.name, target.name); // printed if it fails
            for nth in (number % stride..words).step_by(stride) {
                damage(&types, nth, |damaged| {
                    exercise::object(&object.bytes, damaged)
                });
            }
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| half(0));
        half(1);
    });
}

/// Replaces the word of that number in all type records.
fn damage(types: &Types, nth: usize, check: impl Fn(&[u8])) {
    let last = u32::try_from(types.records.len()).unwrap();
    let strings = u32::try_from(types.strings.len()).unwrap();
    for word in [0, 1, last, last + 1, strings - 1, strings, u32::MAX] {
        let mut damaged = types.clone();
        let mut left = nth;
        for record in &mut damaged.records {
            let Some(in_tail) = left.checked_sub(3) else {
                match left {
                    0 => record.name = word,
                    1 => record.info = record.info & 0xff00_0000 | word & 0x00ff_ffff,
                    _ => record.word = word,
                }
                break;
            };
            if let Some(slot) = record.tail.get_mut(in_tail) {
                *slot = word;
                break;
            }
            left = in_tail - record.tail.len();
        }
        check(&damaged.bytes());
    }
}
