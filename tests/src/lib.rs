//! What the integration tests, the fuzz targets and the figures share: the data of `tests/data/`
//! ([`kernels`], [`objects`]), everything that can be done with untrusted bytes ([`exercise`]),
//! and ways to make such bytes ([`edit`], [`mutate`],
//! [`types`], [`elf_file`]).
//!
//! Enters: nothing. Leaves: bytes, and checks that panic where a promise of the core is broken.

mod data;
pub mod edit;
pub mod elf_file;
pub mod exercise;
pub mod generate;
pub mod mutate;
mod real;
mod relocate;
pub mod types;

pub use data::{
    Kernel, Module, Object, kernel, kernels, object, objects, seeds, target_of, targets,
};
pub use real::{Package, real_directory, real_kernels, real_objects};
pub use relocate::{BadObject, Relocated, relocate, relocate_twice, with_plan};

/// README's Rust blocks, which this compiles.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
