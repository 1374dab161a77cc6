//! Counts what goes through malloc, for Rust and C alike.
//!
//! Enters: every call of malloc and its kin in this process: the linker prefers these functions
//! to glibc's, and Rust's allocator calls malloc too, so one count serves all contenders. Leaves:
//! number of allocations and peak of bytes in use over a [`counted`] run, by the sizes that malloc
//! rounded up to. While nothing is counted, which is while time is taken, each call costs one
//! relaxed load more than glibc's own.

use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::Relaxed};

static COUNTING: AtomicBool = AtomicBool::new(false);
static ALLOCS: AtomicI64 = AtomicI64::new(0);
/// Below 0 when more that is older was freed than new memory allocated.
static IN_USE: AtomicI64 = AtomicI64::new(0);
static PEAK: AtomicI64 = AtomicI64::new(0);

/// What a run took from malloc.
#[derive(Clone, Copy, Debug, Default)]
pub struct Heap {
    pub allocs: u64,
    pub peak_bytes: u64,
}

/// Runs `work` and counts; not for two threads at once.
pub fn counted<R>(work: impl FnOnce() -> R) -> (R, Heap) {
    for counter in [&ALLOCS, &IN_USE, &PEAK] {
        counter.store(0, Relaxed);
    }
    COUNTING.store(true, Relaxed);
    let result = work();
    COUNTING.store(false, Relaxed);
    let heap = Heap {
        allocs: ALLOCS.load(Relaxed).unsigned_abs(),
        peak_bytes: PEAK.load(Relaxed).unsigned_abs(),
    };
    (result, heap)
}

unsafe extern "C" {
    fn __libc_malloc(bytes: usize) -> *mut c_void;
    fn __libc_calloc(count: usize, bytes: usize) -> *mut c_void;
    fn __libc_realloc(old: *mut c_void, bytes: usize) -> *mut c_void;
    fn __libc_memalign(align: usize, bytes: usize) -> *mut c_void;
    fn __libc_free(old: *mut c_void);
}

fn size(memory: *mut c_void) -> i64 {
    // SAFETY: all memory here comes from glibc's malloc, or is null, which has size 0.
    let bytes = unsafe { libc::malloc_usable_size(memory) };
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

fn took(memory: *mut c_void) -> *mut c_void {
    if COUNTING.load(Relaxed) {
        ALLOCS.fetch_add(1, Relaxed);
        let bytes = size(memory);
        PEAK.fetch_max(IN_USE.fetch_add(bytes, Relaxed) + bytes, Relaxed);
    }
    memory
}

fn gave_back(memory: *mut c_void) {
    if COUNTING.load(Relaxed) {
        IN_USE.fetch_sub(size(memory), Relaxed);
    }
}

// SAFETY (of all below): each hands its arguments to glibc's function of the same contract and
// returns what that returned; the counters are atomic and allocate nothing.

#[unsafe(no_mangle)]
unsafe extern "C" fn malloc(bytes: usize) -> *mut c_void {
    // SAFETY: as above.
    took(unsafe { __libc_malloc(bytes) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn calloc(count: usize, bytes: usize) -> *mut c_void {
    // SAFETY: as above.
    took(unsafe { __libc_calloc(count, bytes) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn realloc(old: *mut c_void, bytes: usize) -> *mut c_void {
    gave_back(old);
    // SAFETY: as above.
    took(unsafe { __libc_realloc(old, bytes) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memalign(align: usize, bytes: usize) -> *mut c_void {
    // SAFETY: as above.
    took(unsafe { __libc_memalign(align, bytes) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn aligned_alloc(align: usize, bytes: usize) -> *mut c_void {
    // SAFETY: as above.
    took(unsafe { __libc_memalign(align, bytes) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn posix_memalign(out: *mut *mut c_void, align: usize, bytes: usize) -> c_int {
    // SAFETY: as above.
    let memory = took(unsafe { __libc_memalign(align, bytes) });
    if memory.is_null() {
        return libc::ENOMEM;
    }
    // SAFETY: the caller lends a pointer to write to.
    unsafe { out.write(memory) };
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn free(old: *mut c_void) {
    gave_back(old);
    // SAFETY: as above.
    unsafe { __libc_free(old) }
}
