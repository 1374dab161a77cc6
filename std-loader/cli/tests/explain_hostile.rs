//! Explanations over damaged input: whatever relocates, or fails to, can be told of.

use core::fmt::Write;
use std::fs;
use std::path::Path;

use relocore::btf::Btf;
use relocore::elf::{Object, ProgramRange};
use relocore::explain::{FindingText, Input, Report, Style, Which, lint};
use relocore::owned::relocate;
use relocore::plan::Plan;

fn data(name: &str) -> Vec<u8> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data");
    fs::read(data.join(name)).unwrap()
}

/// Tells all that there is to tell; returns its length, or nothing if the files can't be read.
fn told(object: &[u8], kernel: &[u8]) -> relocore::Result<usize> {
    let elf = Object::parse(object)?;
    let mut programs = vec![ProgramRange::EMPTY; elf.programs()?.count()];
    let (mut slots, mut kernel_slots) = (vec![0; 64], vec![0; 64]);
    let plan = Plan::new(elf, &mut slots, &mut programs)?;
    let mut text = String::new();
    for one in lint(&plan)? {
        write!(text, "{one:?}").unwrap();
    }
    let targets = [Btf::parse(
        Object::parse(kernel)?.btf()?,
        &mut kernel_slots,
    )?];
    let relocated = relocate(&plan, &targets)?;
    for program in [None, Some("guarded")] {
        let report = Report::new(&Input {
            plan: &plan,
            targets: &targets,
            modules: &[],
            relocated: &relocated,
            which: Which::All,
            program,
        })?;
        for finding in &report.findings {
            let block = FindingText::new(finding, Style::PLAIN).to_string();
            let controls = block.chars().filter(|c| c.is_control() && *c != '\n');
            assert_eq!(controls.count(), 0, "{block}");
            text += &block;
        }
    }
    Ok(text.len())
}

#[test]
fn any_damaged_byte() {
    let (object, kernel) = (data("explain/probe.o"), data("explain/target_kernel.o"));
    let whole = told(&object, &kernel).unwrap();
    assert!(whole > 5_000, "{whole}");
    let mut told_of = 0;
    // Odd steps meet every field of the records, whose sizes are even.
    for at in (0..object.len()).step_by(11) {
        let mut bad = object.clone();
        bad[at] ^= [0xff, 0x01, 0x80, 0x10][at % 4];
        told_of += usize::from(told(&bad, &kernel).is_ok());
    }
    for at in (0..kernel.len()).step_by(5) {
        let mut bad = kernel.clone();
        bad[at] ^= [0xff, 0x01, 0x80, 0x10][at % 4];
        told_of += usize::from(told(&object, &bad).is_ok());
    }
    assert!(
        told_of > 500,
        "most damage leaves something to tell: {told_of}"
    );
    for len in (0..object.len()).step_by(127) {
        let _ = told(&object[..len], &kernel);
        let _ = told(&object, &kernel[..len.min(kernel.len())]);
    }
}

/// Every object of the tests on every target of theirs.
#[test]
fn every_object() {
    let files = |directory: &str| {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data");
        let entries = fs::read_dir(data.join(directory)).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let names = names.filter(|name| name.contains(".bpfe"));
        names
            .map(|name| data_of(directory, &name))
            .collect::<Vec<_>>()
    };
    let targets = files("targets");
    for object in files("obj") {
        for target in &targets {
            told(&object, target).unwrap();
        }
    }
}

fn data_of(directory: &str, name: &str) -> Vec<u8> {
    data(&format!("{directory}/{name}"))
}
