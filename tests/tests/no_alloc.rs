//! From the bytes of an ELF object and of a kernel's BTF to patched instructions: no allocation,
//! and how much stack.
//!
//! `cargo test -p relocore-tests --test no_alloc -- --nocapture` prints the figures.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use core::ffi::c_void;
use core::ptr;
use std::alloc::System;

use relocore::btf::Btf;
use relocore::elf::{Object, ProgramRange};
use relocore::plan::Plan;
use relocore::relo::{Candidate, Outcome, Resolution, Root, Workspace};
use relocore_tests::{kernels, object};

/// Bytes of stack that the core itself may take, without the caller's buffers. Measured on x86-64
/// with Rust 1.95: 27 KiB optimized, 73 KiB not. Most of it is the search for candidates: places of
/// records (11 KiB), name filters (4 KiB), chunks of named types.
const STACK_BOUND: usize = if cfg!(debug_assertions) {
    96 << 10
} else {
    32 << 10
};

struct Counting;

thread_local! {
    /// Of this thread alone: the test harness allocates beside it.
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: the system's allocator, counted.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promises are handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are handed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// All that the core works in.
struct Buffers {
    slots: [u32; 256],
    kernel_slots: [u32; 1024],
    programs: [ProgramRange; 16],
    roots: [Root; 64],
    candidates: [Candidate; 128],
    resolutions: [Resolution; 64],
    text: [u8; 4096],
}

impl Buffers {
    const EMPTY: Self = Self {
        slots: [0; 256],
        kernel_slots: [0; 1024],
        programs: [ProgramRange::EMPTY; 16],
        roots: [Root::EMPTY; 64],
        candidates: [Candidate::EMPTY; 128],
        resolutions: [Resolution::EMPTY; 64],
        text: [0; 4096],
    };
}

/// Relocates every section; returns how many records got a value.
#[inline(never)]
fn relocate(elf: &[u8], vmlinux: &[u8], buffers: &mut Buffers) -> relocore::Result<usize> {
    let object = Object::parse(elf)?;
    let plan = Plan::new(object, &mut buffers.slots, &mut buffers.programs)?;
    let targets = [Btf::parse(vmlinux, &mut buffers.kernel_slots)?];
    let workspace = Workspace {
        roots: &mut buffers.roots,
        candidates: &mut buffers.candidates,
    };
    let mut relocator = plan.relocator(&targets, workspace)?;
    let count = plan.resolve(&mut relocator, &mut buffers.resolutions)?;
    for planned in plan.sections() {
        let planned = planned?;
        let Some(index) = planned.programs.index() else {
            continue;
        };
        let data = object.section(index)?.data()?;
        let Some(text) = buffers.text.get_mut(..data.len()) else {
            continue;
        };
        text.copy_from_slice(data);
        plan.patch(&planned, &mut buffers.resolutions, text, |_, _| ());
    }
    let resolved = |one: &&Resolution| matches!(one.outcome, Outcome::Value(_));
    Ok(buffers
        .resolutions
        .iter()
        .take(count)
        .filter(resolved)
        .count())
}

#[test]
fn no_allocation_and_a_small_stack() {
    for name in ["demo.bpfel.o", "demo.bpfeb.o"] {
        let elf = &object(name).bytes;
        for kernel in kernels() {
            let vmlinux = kernel.btf();
            let mut buffers = Buffers::EMPTY;
            let mut counted = (Ok(0), 0);
            let mut job = || {
                let before = ALLOCATIONS.get();
                let resolved = relocate(elf, vmlinux, &mut buffers);
                counted = (resolved, ALLOCATIONS.get() - before);
            };
            let stack = stack_of(&mut job);
            let (resolved, allocations) = counted;
            let resolved = resolved.unwrap();
            println!(
                "{name} on {}: {resolved} values, {allocations} allocations, {stack} bytes of stack",
                kernel.id
            );
            assert!(resolved > 10);
            assert_eq!(allocations, 0);
            assert!(stack <= STACK_BOUND, "{stack} bytes of stack");
        }
    }
    println!("{} bytes of buffers, the caller's", size_of::<Buffers>());
}

/// The counter counts.
#[test]
fn an_allocation_is_counted() {
    let before = ALLOCATIONS.get();
    drop(core::hint::black_box(Box::new(before)));
    assert!(ALLOCATIONS.get() > before);
}

/// A thread's whole stack, and what no frame leaves there by chance.
const STACK: usize = 1 << 20;
const PAINT: u8 = 0xa7;

/// What a thread is to do, and where its stack was when it began.
struct Job<'j> {
    run: &'j mut dyn FnMut(),
    start: usize,
}

/// Bytes of stack that `run` takes, by a thread on painted memory.
fn stack_of(run: &mut dyn FnMut()) -> usize {
    let mut stack = vec![PAINT; STACK + 4096];
    let low = stack.as_mut_ptr();
    let low = low.wrapping_add(low.align_offset(4096));
    let mut job = Job { run, start: 0 };
    let mut attributes: libc::pthread_attr_t = {
        // SAFETY: a plain C struct, which the next call fills.
        unsafe { core::mem::zeroed() }
    };
    let mut thread = 0;
    // SAFETY: the attributes are initialized before they are used; the stack is page-aligned, of
    // that size, and nothing else uses it before the thread is joined; the job lives as long.
    #[allow(clippy::multiple_unsafe_ops_per_block, reason = "one thread's life")]
    unsafe {
        assert_eq!(libc::pthread_attr_init(&mut attributes), 0);
        let set = libc::pthread_attr_setstack(&mut attributes, low.cast(), STACK);
        assert_eq!(set, 0);
        let argument = ptr::from_mut(&mut job).cast::<c_void>();
        let created = libc::pthread_create(&mut thread, &attributes, enter, argument);
        assert_eq!(created, 0);
        assert_eq!(libc::pthread_join(thread, ptr::null_mut()), 0);
        libc::pthread_attr_destroy(&mut attributes);
    }
    let used = &stack[low.addr() - stack.as_ptr().addr()..];
    let untouched = used.iter().take_while(|byte| **byte == PAINT).count();
    assert!(untouched > 0, "more stack than there was");
    job.start - (low.addr() + untouched)
}

extern "C" fn enter(job: *mut c_void) -> *mut c_void {
    let here = 0u8;
    // SAFETY: `stack_of` gave this pointer and waits.
    let job = unsafe { &mut *job.cast::<Job<'_>>() };
    job.start = ptr::from_ref(core::hint::black_box(&here)).addr();
    (job.run)();
    ptr::null_mut()
}
