//! Runs the contenders' work in turns, and keeps what each run took.
//!
//! Enters: [`Item`]s, each a row's work by one contender. Leaves: a [`Figure`] for each. Turns
//! are interleaved, so that whatever else the machine does hits all alike. Who is fast runs
//! several times in a turn: else it would always find the caches as its slow peers left them.
//! Time is wall time, but for runs so long that a busy machine interrupts each of them: there it
//! is the thread's own on the CPU, so as not to flatter whoever is fast.

use std::cell::Cell;
use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::heap::{self, Heap};

/// Who does the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Relocore,
    Libbpf,
    Aya,
}

impl Who {
    pub const ALL: [Self; 3] = [Self::Relocore, Self::Libbpf, Self::Aya];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Relocore => "relocore",
            Self::Libbpf => "libbpf",
            Self::Aya => "aya",
        }
    }
}

/// What one run took.
#[derive(Clone, Copy, Debug)]
pub struct Lap {
    pub ns: f64,
    pub heap: Heap,
}

thread_local! {
    static COUNT: Cell<bool> = const { Cell::new(false) };
}

/// Runs that take less are often enough let through without interruption.
const UNDISTURBED: Duration = Duration::from_millis(10);

/// The CPU time of this thread so far.
fn cpu_time() -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the kernel writes to `time`, which lives over the call.
    let error = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    assert_eq!(error, 0, "every Linux has this clock");
    Duration::new(
        time.tv_sec.unsigned_abs(),
        time.tv_nsec.unsigned_abs() as u32,
    )
}

/// Times `work`, or in a counting turn counts its allocations; `units` times the same thing is
/// done in it. Its result is dropped after the clock has stopped.
pub fn lap<R>(units: usize, work: impl FnOnce() -> R) -> Lap {
    let units = units.max(1);
    if COUNT.get() {
        let (result, mut heap) = heap::counted(work);
        drop(black_box(result));
        heap.allocs /= units as u64;
        return Lap { ns: 0.0, heap };
    }
    let (start, cpu_start) = (Instant::now(), cpu_time());
    let result = black_box(work());
    let (wall, cpu) = (start.elapsed(), cpu_time() - cpu_start);
    let took = if wall > UNDISTURBED {
        cpu.min(wall)
    } else {
        wall
    };
    drop(result);
    Lap {
        ns: took.as_secs_f64() * 1e9 / units as f64,
        heap: Heap::default(),
    }
}

/// A row's work by one contender.
pub struct Item<'a> {
    pub work: &'static str,
    pub who: Who,
    run: Box<dyn FnMut() -> Lap + 'a>,
}

impl<'a> Item<'a> {
    /// `run` calls [`lap`] once and returns what that returned.
    pub fn new(work: &'static str, who: Who, run: impl FnMut() -> Lap + 'a) -> Self {
        let run = Box::new(run);
        Self { work, who, run }
    }
}

/// What came out for one row and contender.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    pub work: &'static str,
    pub who: Who,
    pub min_ns: f64,
    pub median_ns: f64,
    pub heap: Heap,
    pub runs: usize,
}

/// No item runs for longer than this in total, if it had its least number of runs.
const MOST_TIME: Duration = Duration::from_millis(2500);
const LEAST_RUNS: usize = 5;

/// A turn's runs last for so long, or there is but one.
const TURN: Duration = Duration::from_millis(5);

/// Runs all items `rounds` times in turns; slow ones sit some rounds out.
pub fn run(mut items: Vec<Item<'_>>, rounds: usize) -> Vec<Figure> {
    let mut laps: Vec<Vec<f64>> = vec![Vec::new(); items.len()];
    let mut heaps = Vec::new();
    let mut wanted = Vec::new();
    for item in &mut items {
        // The first run warms up, and tells how many this item can have.
        let start = Instant::now();
        (item.run)();
        let runs = MOST_TIME.as_secs_f64() / start.elapsed().as_secs_f64().max(1e-9);
        wanted.push((runs as usize).clamp(LEAST_RUNS.min(rounds), rounds));
        COUNT.set(true);
        heaps.push((item.run)().heap);
        COUNT.set(false);
    }
    let mut turns = vec![0; items.len()];
    for round in 0..rounds {
        for (nth, item) in items.iter_mut().enumerate() {
            // Spread evenly: due are ⌈(round + 1) · wanted / rounds⌉ turns.
            if turns[nth] * rounds >= (round + 1) * wanted[nth] {
                continue;
            }
            turns[nth] += 1;
            let start = Instant::now();
            while {
                laps[nth].push((item.run)().ns);
                start.elapsed() < TURN
            } {}
        }
    }
    let figures = items.iter().zip(laps).zip(heaps);
    let figures = figures.map(|((item, mut laps), heap)| {
        laps.sort_by(f64::total_cmp);
        Figure {
            work: item.work,
            who: item.who,
            min_ns: laps.first().copied().unwrap_or(f64::NAN),
            median_ns: laps.get(laps.len() / 2).copied().unwrap_or(f64::NAN),
            heap,
            runs: laps.len(),
        }
    });
    figures.collect()
}

/// The least wall time of some runs of `work`, in nanoseconds: for work of several threads.
pub fn least_wall(runs: usize, mut work: impl FnMut()) -> f64 {
    let laps = (0..runs.max(1)).map(|_| {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64() * 1e9
    });
    laps.fold(f64::INFINITY, f64::min)
}

/// The least time of some runs of `work`, in nanoseconds: see [`lap`].
pub fn least<R>(runs: usize, mut work: impl FnMut() -> R) -> f64 {
    let laps = (0..runs.max(1)).map(|_| lap(1, &mut work).ns);
    laps.fold(f64::INFINITY, f64::min)
}
