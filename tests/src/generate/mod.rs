//! Random programs, made without a compiler: local types that differ from a target's in what
//! differs in life, records about them in every form, and targets that no kernel is.
//!
//! | module | from | to |
//! |---|---|---|
//! | [`types`] | | types as plain values |
//! | [`import`] | a kernel's BTF | some of its types |
//! | [`mutate`] | types | the same, changed |
//! | [`access`] | types | access strings, and their values by the rules of C |
//! | [`case`] | a seed | a [`Case`]: a program and its target |
//! | [`program`], [`btf`] | a program | an object file |
//! | [`shrink`] | a case that fails | the smallest that still does |

pub mod access;
pub mod btf;
pub mod case;
pub mod import;
pub mod mutate;
pub mod program;
pub mod shrink;
pub mod types;

pub use case::{Case, Made, Target};
