//! BPF CO-RE (compile once, run everywhere) without libbpf, libelf or clang on the device.
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

#[cfg(feature = "alloc")]
extern crate alloc;

pub mod btf;
pub mod elf;
pub mod error;
pub mod ext;
pub mod insn;
#[cfg(feature = "alloc")]
pub mod owned;
pub mod plan;
pub mod relo;
pub mod units;

pub use error::{Error, Result};
pub use units::{Bits, Endian, StrOff, TypeId};
