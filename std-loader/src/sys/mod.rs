//! The system calls of the loader, and all of its `unsafe`.
//!
//! Enters: slices, borrowed descriptors and plain numbers. Leaves: [`OwnedFd`]s, bytes copied into
//! the caller's slices, mappings that unmap themselves, or a [`SysError`] that names the call and
//! its errno. No raw pointer and no bare descriptor crosses this border in either direction.
//!
//! | file | what it wraps |
//! |---|---|
//! | `bpf/` | `bpf(2)`: one function and one attribute struct a command |
//! | `prog_type`, `map_type`, `attach_type` | the kernel's numbers for them |
//! | `mmap` | read-only bytes of the kernel's BTF; memory shared with the kernel |
//! | `ring` | one mapped ring buffer: positions, headers, records |
//! | `epoll` | waiting for several descriptors |
//! | `bpffs` | directories of pins |
//! | `rlimit` | the limit on locked memory |
//! | `cpus` | how many values a per-CPU map has |
//! | `fault` | tests only: makes the n-th call fail |
//!
//! Every call first asks `seam`, where tests make it fail; elsewhere that is an empty function.
//!
//! Next: `map`, `ringbuf` and `link` turn these into objects with names.
//!
//! [`OwnedFd`]: std::os::fd::OwnedFd

mod attach_type;
pub mod bpf;
pub mod bpffs;
mod cpus;
pub mod epoll;
mod error;
#[cfg(any(test, feature = "fault-injection"))]
#[doc(hidden)]
pub mod fault;
mod map_type;
pub mod mmap;
mod prog_type;
pub mod ring;
mod rlimit;

pub use attach_type::AttachType;
pub use cpus::possible_cpus;
pub use error::SysError;
pub use map_type::{MapType, UpdateMode, map_flags};
pub use prog_type::ProgType;
pub use rlimit::raise_memlock;

#[cfg(any(test, feature = "fault-injection"))]
use fault::check as seam;

/// Where tests make system calls fail.
#[cfg(not(any(test, feature = "fault-injection")))]
#[inline(always)]
const fn seam(_call: &'static str) -> Result<(), SysError> {
    Ok(())
}
