//! Mutation: every prefix of small objects and BTFs, and every byte of them changed in every way
//! that matters, through everything that the core does: an answer or an error, never a panic.
//!
//! Release builds flip every bit; builds without optimization set every byte to a few values.

use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::thread;

use relocore::elf::Object as Elf;
use relocore_tests::{Object, exercise, kernel, object, objects, targets};

/// What becomes of a byte.
const CHANGES: &[u8] = if cfg!(debug_assertions) {
    &[0x01, 0x80, 0xff]
} else {
    &[0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff]
};

/// Runs `check` on every prefix of `bytes`, and on `bytes` with each byte changed in each way.
/// `stride` leaves cases out: 1 is all.
fn mutate(name: &str, bytes: &[u8], stride: usize, check: impl Fn(&[u8]) + Sync) {
    let guarded = |what: &str, at: usize, case: &[u8]| {
        // The panic has been printed by its hook; what it was about has not.
        let result = catch_unwind(AssertUnwindSafe(|| check(case)));
        assert!(result.is_ok(), "{name}: {what} {at}");
    };
    let half = |first: usize| {
        let mut case = bytes.to_vec();
        for at in (first * stride..bytes.len()).step_by(2 * stride) {
            guarded("the first so many bytes:", at, &bytes[..at]);
            for change in CHANGES {
                case[at] ^= change;
                guarded(&format!("bits {change:#04x} flipped at"), at, &case);
                case[at] = bytes[at];
            }
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| half(0));
        half(1);
    });
}

/// The `.BTF` of an object.
fn btf_of(object: &Object) -> &[u8] {
    Elf::parse(&object.bytes).unwrap().btf().unwrap()
}

fn target(name: &str) -> &'static Object {
    targets().iter().find(|target| target.name == name).unwrap()
}

#[test]
fn btf_alone() {
    for name in ["fields.bpfel.o", "enums.bpfeb.o"] {
        mutate(name, btf_of(target(name)), 1, exercise::btf);
    }
}

#[test]
fn ext_alone() {
    for name in ["demo.bpfel.o", "demo.bpfeb.o"] {
        let ext = Elf::parse(&object(name).bytes).unwrap().btf_ext();
        mutate(name, ext.unwrap().unwrap(), 1, exercise::ext);
    }
}

/// A small object: ELF, BTF, records and instructions, against a target that is whole.
#[test]
fn an_object_on_a_whole_target() {
    let small = smallest_with_records();
    let target = btf_of(target("types.bpfel.o"));
    mutate(&small.name, &small.bytes, 1, |bytes| {
        exercise::elf(bytes);
        exercise::object(bytes, target);
    });
}

/// The demo program, on its own types: pointers, flavors, bitfields, enumerators.
#[test]
fn the_demo_on_its_own_types() {
    let stride = if cfg!(debug_assertions) { 17 } else { 1 };
    let demo = object("demo.bpfeb.o");
    let own = btf_of(demo);
    mutate(&demo.name, &demo.bytes, stride, |bytes| {
        exercise::object(bytes, own);
    });
}

/// A whole object on a target that is not.
#[test]
fn a_whole_object_on_a_target() {
    for (object_name, target_name) in [
        ("vec_fields.bpfel.o", "fields.bpfel.o"),
        ("vec_matches.bpfel.o", "matches.bpfeb.o"),
        ("vec_enums.bpfeb.o", "enums.bpfel.o"),
        ("vec_bitfields.bpfeb.o", "bits.bpfeb.o"),
    ] {
        let stride = if cfg!(debug_assertions) { 31 } else { 1 };
        let whole = &object(object_name).bytes;
        let target = btf_of(target(target_name));
        mutate(target_name, target, stride, |bytes| {
            exercise::object(whole, bytes);
        });
    }
}

/// A kernel's BTF cut short or changed in its header and first records: what is there is walked.
#[test]
fn the_head_of_a_kernel() {
    let demo = &object("demo.bpfel.o").bytes;
    let kernel = kernel("6.12-s390x").btf();
    for at in (0..64).chain([1000, 100_000, kernel.len() / 2, kernel.len() - 1]) {
        exercise::object(demo, &kernel[..at]);
        exercise::btf(&kernel[..at]);
    }
    let mut case = kernel.to_vec();
    for at in 0..48 {
        for change in [0x01, 0x80] {
            case[at] ^= change;
            exercise::object(demo, &case);
            case[at] ^= change;
        }
    }
}

/// Nothing, and what is no such file at all.
#[test]
fn foreign_files() {
    let foreign: [&[u8]; 6] = [
        b"",
        b"\x7f",
        b"\x7fELF",
        b"#!/bin/sh\nexit 0\n",
        &[0; 4096],
        &[0xff; 4096],
    ];
    let demo = &object("demo.bpfel.o").bytes;
    for bytes in foreign {
        exercise::btf(bytes);
        exercise::ext(bytes);
        exercise::elf(bytes);
        exercise::patch(bytes);
        exercise::object(bytes, btf_of(object("demo.bpfel.o")));
        exercise::object(demo, bytes);
    }
}

fn smallest_with_records() -> &'static Object {
    let candidates = objects().iter().filter(|object| !object.is_big_endian());
    candidates.min_by_key(|object| object.bytes.len()).unwrap()
}
