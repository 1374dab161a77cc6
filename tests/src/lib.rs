//! What the integration tests, the fuzz targets and the figures share: the data of `tests/data/`
//! ([`kernels`], [`objects`]), and everything that can be done with untrusted bytes
//! ([`exercise`]).
//!
//! Enters: nothing. Leaves: bytes, and checks that panic where a promise of the core is broken.

mod data;
pub mod exercise;
pub mod generate;
mod real;
mod relocate;

pub use data::{Kernel, Module, Object, kernel, kernels, object, objects, seeds, targets};
pub use real::{Package, real_directory, real_kernels, real_objects};
pub use relocate::{BadObject, Relocated, relocate};

/// README's Rust blocks, which this compiles.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
