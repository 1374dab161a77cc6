//! Damage to what is larger, or not even an object: an answer or an error, never a panic. What is
//! small is damaged in every way there is, in `exhaustive.rs`.
//!
//! Builds without optimization change fewer bytes.

use arbitrary::{Arbitrary as _, Unstructured};
use relocore::elf::Object as Elf;
use relocore_tests::edit::Case;
use relocore_tests::mutate::mutate;
use relocore_tests::{Object, exercise, kernel, object, targets};

/// All bits at once, or the outermost.
fn some(_: usize) -> &'static [u8] {
    &[0x01, 0x80, 0xff]
}

/// The `.BTF` of an object.
fn btf_of(object: &Object) -> &[u8] {
    Elf::parse(&object.bytes).unwrap().btf().unwrap()
}

fn target(name: &str) -> &'static Object {
    targets().iter().find(|target| target.name == name).unwrap()
}

/// The demo program, on its own types: pointers, flavors, bitfields, enumerators.
#[test]
fn the_demo_on_its_own_types() {
    let stride = if cfg!(debug_assertions) { 17 } else { 1 };
    let demo = object("demo.bpfeb.o");
    let own = btf_of(demo);
    mutate(&demo.name, &demo.bytes, some, stride, |bytes| {
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
        mutate(target_name, target, some, stride, |bytes| {
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

/// Pairs changed in their types, names, records and instructions, by chance but always the same.
#[test]
fn changed_pairs() {
    let mut state = 1_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let cases = if cfg!(debug_assertions) { 1000 } else { 20_000 };
    for number in 0..cases {
        let len = next() % 400;
        let bytes: Vec<u8> = (0..len).map(|_| next().to_le_bytes()[3]).collect();
        println!("case {number}"); // printed if it fails
        exercise::edited(&bytes);
    }
    // The changes do change something: no two of a few are alike.
    let built = |seed: u8| {
        let bytes = [seed; 64];
        let case = Case::arbitrary(&mut Unstructured::new(&bytes));
        case.expect("enough bytes").build().target
    };
    assert_ne!(built(7), built(13));
}
