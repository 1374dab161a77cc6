//! BPF CO-RE (compile once, run everywhere) without libbpf, libelf or clang on the device.
//!
//! A BPF program compiled once by clang carries its types ([`btf`]) and records of what it assumed
//! about the kernel's ([`ext`]): "the offset of `task_struct.tgid`", "does this field exist", "the
//! value of this enumerator". Kernels differ, and each describes its own types. This crate matches
//! the two and rewrites the instructions, over untrusted bytes, without std, without allocation
//! and without `unsafe`.
//!
//! The modules, in the order that data takes; each opens with what enters, what leaves and where
//! it goes next:
//!
//! | module | from | to |
//! |---|---|---|
//! | [`elf`] | the bytes of an object file | sections, symbols, programs |
//! | [`btf`] | the bytes of `.BTF` or `/sys/kernel/btf/vmlinux` | types, names, sizes |
//! | [`ext`] | the bytes of `.BTF.ext` | records |
//! | [`relo`] | a record and two BTFs | a [`Resolution`](relo::Resolution): value, poison or failure |
//! | [`insn`] | a resolution and instruction bytes | patched bytes |
//! | [`plan`] | an object and targets | all of the above, joined |
//! | [`show`] | any of it | words for a person |
//!
//! # From bytes to patched instructions
//!
//! All memory is the caller's. Buffers that buy speed (the `u32` slots of a BTF index) may have
//! any length, none included; buffers that an answer needs say exactly how much is needed.
//!
//! ```
//! use relocore::btf::Btf;
//! use relocore::elf::{Object, ProgramRange};
//! use relocore::plan::Plan;
//! use relocore::relo::{Candidate, Resolution, Root, Workspace};
//!
//! /// Relocates one section of `elf` for the kernel that `vmlinux` describes; `text` gets the
//! /// patched instructions.
//! fn relocate(elf: &[u8], vmlinux: &[u8], section: &[u8], text: &mut [u8]) -> relocore::Result<()> {
//!     let (mut slots, mut kernel_slots) = ([0; 64], [0; 1024]); // 4 KiB for a whole kernel
//!     let mut programs = [ProgramRange::EMPTY; 16];
//!     let plan = Plan::new(Object::parse(elf)?, &mut slots, &mut programs)?;
//!     let targets = [Btf::parse(vmlinux, &mut kernel_slots)?];
//!
//!     let (mut roots, mut candidates) = ([Root::EMPTY; 64], [Candidate::EMPTY; 128]);
//!     let workspace = Workspace { roots: &mut roots, candidates: &mut candidates };
//!     let mut relocator = plan.relocator(&targets, workspace)?;
//!     let mut resolutions = [Resolution::EMPTY; 256];
//!     plan.resolve(&mut relocator, &mut resolutions)?;
//!
//!     for planned in plan.sections() {
//!         let planned = planned?;
//!         if planned.name == section {
//!             plan.patch(&planned, &mut resolutions, text, |_, _| ());
//!         }
//!     }
//!     Ok(())
//! }
//! ```
//!
//! # Features
//!
//! - `alloc`: adds `owned`, the same in one call, into vectors; and a name index.
//! - `defmt`: `defmt::Format` on public types, and trace points in the relocation path.
//!
//! Neither changes what is there without it. `DESIGN.md` says why the crate is as it is, and lists
//! every difference from libbpf.
#![no_std]
#![forbid(unsafe_code)]
#![warn(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]
#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used,
        reason = "a test may panic, and its inputs are small"
    )
)]

#[cfg(feature = "alloc")]
extern crate alloc;

pub mod btf;
pub mod elf;
pub mod error;
pub mod ext;
#[cfg(feature = "defmt")]
mod format;
pub mod insn;
mod names;
#[cfg(feature = "alloc")]
pub mod owned;
pub mod plan;
pub mod relo;
pub mod show;
mod sort;
#[cfg(not(fuzzing))]
mod steps;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod steps;
#[cfg(test)]
mod testing;
pub mod units;

pub use error::{Error, Result};
pub use units::{Bits, Endian, StrOff, TypeId};
