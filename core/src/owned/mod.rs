//! Conveniences that allocate (feature `alloc`): the same answers, with the buffers found here.
//!
//! Enters: what the rest of the crate takes. Leaves: vectors and maps. Nothing elsewhere changes
//! with the feature.

mod name_index;
mod relocate;

pub use name_index::{NameIndex, NamedType};
pub use relocate::{Relocated, relocate, relocate_once, relocate_wanted};
