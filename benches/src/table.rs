//! Figures for people and for programs.

use crate::harness::{Figure, Who};
use crate::peers::{Missing, figure};

/// A row, in the order of the table.
#[derive(Debug)]
pub struct Row {
    pub work: &'static str,
    pub means: &'static str,
    /// What relocore is to reach, in nanoseconds.
    pub goal_ns: f64,
}

const fn row(work: &'static str, means: &'static str, goal_ns: f64) -> Row {
    Row {
        work,
        means,
        goal_ns,
    }
}

/// All rows.
pub const ROWS: [Row; 9] = [
    row("open", "open the kernel's BTF", 1e3),
    row("index", "open, and index all types", 350e3),
    row("validate", "open, index, validate every record", 700e3),
    row("cold_small", "both files to patched code, 1 root", 450e3),
    row("cold_medium", "the same, 65 roots", 550e3),
    row("cold_large", "the same, 306 roots", 800e3),
    row("record", "one record, candidates known", 150.0),
    row("names", "1,000 look-ups by name", 100e3),
    row("process", "a process that loads and attaches", 1e6),
];

/// Nanoseconds as people read them.
pub fn time(ns: f64) -> String {
    match ns {
        ns if ns < 1e3 => format!("{ns:.1} ns"),
        ns if ns < 1e6 => format!("{:.2} us", ns / 1e3),
        ns => format!("{:.3} ms", ns / 1e6),
    }
}

/// Bytes as people read them.
pub fn bytes(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.2} MiB", bytes as f64 / 1_048_576.0),
    }
}

pub fn print(figures: &[Figure], missing: &[Missing]) {
    println!(
        "{:<12}{:<10}{:>12}{:>12}{:>6}{:>10}{:>12}{:>10}  goal",
        "work", "who", "min", "median", "runs", "allocs", "peak", "x ours"
    );
    for row in &ROWS {
        let ours = figure(figures, row.work, Who::Relocore);
        for who in Who::ALL {
            if let Some(f) = figure(figures, row.work, who) {
                let ratio = ours.map_or(f64::NAN, |ours| f.min_ns / ours.min_ns);
                let end = match who {
                    Who::Relocore => {
                        let met = if f.min_ns <= row.goal_ns {
                            "met"
                        } else {
                            "MISSED"
                        };
                        format!("{:>10}  {} {met}: {}", "", time(row.goal_ns), row.means)
                    }
                    _ => format!("{ratio:>9.1}x"),
                };
                println!(
                    "{:<12}{:<10}{:>12}{:>12}{:>6}{:>10}{:>12}{end}",
                    row.work,
                    who.name(),
                    time(f.min_ns),
                    time(f.median_ns),
                    f.runs,
                    f.heap.allocs,
                    bytes(f.heap.peak_bytes),
                );
            }
            for gap in missing
                .iter()
                .filter(|m| m.work == row.work && m.who == who)
            {
                println!("{:<12}{:<10}{:>12}  {}", row.work, who.name(), "-", gap.why);
            }
        }
    }
}

/// One line a row and contender.
pub fn json(figures: &[Figure]) {
    for row in &ROWS {
        for f in Who::ALL
            .iter()
            .filter_map(|&who| figure(figures, row.work, who))
        {
            println!(
                "{{\"work\":\"{}\",\"who\":\"{}\",\"min_ns\":{:.0},\"median_ns\":{:.0},\
                 \"allocs\":{},\"peak_bytes\":{}}}",
                f.work,
                f.who.name(),
                f.min_ns,
                f.median_ns,
                f.heap.allocs,
                f.heap.peak_bytes
            );
        }
    }
}
