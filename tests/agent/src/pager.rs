//! A file as a slice, in bounded memory: the kernel's BTF has some 5 MB, the agent 128 KB.
//!
//! Enters: a path. Leaves: the file's bytes, at an address. `mmap` does that for files that can be
//! mapped, in no memory of the agent's: `/sys/kernel/btf/vmlinux` from 6.16 on, any file of an
//! initramfs. Older kernels answer `ENODEV` for their BTF, and then the agent does what the kernel
//! would: it maps an empty file of that length, and when a page of it is touched the fault
//! (`SIGBUS`) reads that page of the BTF, in place of the oldest of [`PAGES`].
//!
//! For the program that reads the slice nothing changes: the same bytes are at the same address
//! whenever it looks. It must not hand the range to the kernel, which would get `EFAULT`.

use core::ffi::CStr;
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};

use crate::console::line;
use crate::sys::{self, Errno, Fd, MAP_ANONYMOUS, MAP_FIXED, MAP_PRIVATE, PROT_READ, PROT_WRITE};

/// Bytes of a page here: two of the machine's, because a fault costs more than a longer read.
pub const PAGE_BYTES: usize = 8192;
/// Pages that are in memory at once.
pub const PAGES: usize = 6;

/// The one file that is read by faults. Its handler can only find it here.
struct Pager {
    start: AtomicUsize,
    bytes: AtomicUsize,
    file: AtomicU32,
    /// The empty file: what is mapped where no page is in memory.
    empty: AtomicU32,
    /// Addresses of the pages in memory, and which is the oldest.
    pages: [AtomicUsize; PAGES],
    faults: AtomicUsize,
}

static PAGER: Pager = Pager {
    start: AtomicUsize::new(0),
    bytes: AtomicUsize::new(0),
    file: AtomicU32::new(0),
    empty: AtomicU32::new(0),
    pages: [const { AtomicUsize::new(0) }; PAGES],
    faults: AtomicUsize::new(0),
};

/// How a file's bytes are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// The kernel maps it.
    Mapped,
    /// Page by page, because the kernel refused to map it.
    Paged(Errno),
}

/// Maps a whole file, if it can and `may` be, or pages it.
pub fn open(path: &CStr, may: bool) -> sys::Result<(&'static [u8], How)> {
    let bytes = sys::stat(path)?.size_bytes as usize;
    let file = sys::open(path)?;
    let mapped = match may {
        true => sys::map(0, bytes, PROT_READ, MAP_PRIVATE, Some((file, 0))),
        false => Err(Errno(0)),
    };
    let (start, how) = match mapped {
        Ok(start) => (start, How::Mapped),
        Err(refused) => (reserve(file, bytes)?, How::Paged(refused)),
    };
    // SAFETY: the range is mapped, or its pages appear when they are read; it is never unmapped, and
    // nothing writes to these files.
    let bytes = unsafe { core::slice::from_raw_parts(start as *const u8, bytes) };
    Ok((bytes, how))
}

/// Pages that were read so far.
pub fn faults() -> usize {
    PAGER.faults.load(Relaxed)
}

fn reserve(file: Fd, bytes: usize) -> sys::Result<usize> {
    const SIGBUS: usize = 7;
    const SA_SIGINFO: usize = 4;
    const SA_RESTORER: usize = 0x0400_0000;
    let empty = sys::empty_file(c"btf")?;
    let whole = bytes.next_multiple_of(PAGE_BYTES);
    let start = sys::map(0, whole, PROT_READ, MAP_PRIVATE, Some((empty, 0)))?;
    PAGER.start.store(start, Relaxed);
    PAGER.bytes.store(bytes, Relaxed);
    PAGER.file.store(file.0, Relaxed);
    PAGER.empty.store(empty.0, Relaxed);
    let handler: extern "C" fn(usize, *const [usize; 3]) = on_fault;
    // struct sigaction: handler, flags, restorer, mask
    let action = [
        handler as usize,
        SA_SIGINFO | SA_RESTORER,
        sys::SIGRETURN as usize,
        0,
    ];
    sys::on_signal(SIGBUS, &action)?;
    Ok(start)
}

/// The handler: makes the page that was touched, or says where the agent went wrong.
extern "C" fn on_fault(_signal: usize, info: *const [usize; 3]) {
    // SAFETY: the kernel hands over a `siginfo_t`, whose third word is the address.
    let [_, _, address] = unsafe { info.read() };
    if bring(address).is_err() {
        line("agent: no memory at address ")
            .number(address as u64)
            .end();
        sys::power_off(1);
    }
}

fn bring(address: usize) -> sys::Result<()> {
    const NOT_OURS: Errno = Errno(14); // EFAULT
    let start = PAGER.start.load(Relaxed);
    let offset = address.checked_sub(start).ok_or(NOT_OURS)? / PAGE_BYTES * PAGE_BYTES;
    if offset >= PAGER.bytes.load(Relaxed) {
        return Err(NOT_OURS);
    }
    let fault = PAGER.faults.fetch_add(1, Relaxed);
    let oldest = PAGER.pages.get(fault % PAGES).ok_or(NOT_OURS)?;
    let page = start + offset;
    let old = oldest.swap(page, Relaxed);
    if old != 0 {
        let empty = Some((Fd(PAGER.empty.load(Relaxed)), old - start));
        sys::map(old, PAGE_BYTES, PROT_READ, MAP_PRIVATE | MAP_FIXED, empty)?;
    }
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    sys::map(page, PAGE_BYTES, PROT_READ | PROT_WRITE, flags, None)?;
    // SAFETY: a page of the mapped range, its own and writable; the slice's reader is suspended.
    let to = unsafe { core::slice::from_raw_parts_mut(page as *mut u8, PAGE_BYTES) };
    let file = Fd(PAGER.file.load(Relaxed));
    let mut filled = 0;
    while filled < PAGE_BYTES {
        match sys::pread(
            file,
            to.get_mut(filled..).unwrap_or_default(),
            offset + filled,
        )? {
            0 => break, // the file's end
            more => filled += more,
        }
    }
    Ok(())
}
