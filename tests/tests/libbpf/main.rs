//! Is what we patch what libbpf 1.7 patches, instruction by instruction?
//!
//! | module | compares |
//! |---|---|
//! | [`matrix`] | real objects and `tests/data`, on every kernel: `tests/matrix.sh` prints the table |
//! | [`random`] | programs made up from a seed, on kernels and on made-up targets |
//! | [`compare`] | one object on one target |
//! | [`documented`] | where we mean to differ |
//! | [`hook`], [`ffi`] | libbpf, made to tell what it does |
#![allow(
    clippy::multiple_unsafe_ops_per_block,
    reason = "the wrappers only hand on what libbpf gave them"
)]

mod compare;
mod documented;
mod ffi;
mod hook;
mod matrix;
mod random;
