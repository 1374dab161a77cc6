//! BTF, read in place: bytes → view → index → types, names, sizes.
//!
//! Enters: the bytes of a `.BTF` section or of `/sys/kernel/btf/*`, of either byte order and from
//! anyone. Leaves: [`Btf`], a `Copy`able view that decodes records when they are asked for. Goes
//! next: [`relo`](crate::relo) matches the types of two such views.
//!
//! The file's layout, from the kernel's "BPF Type Format" document:
//!
//! ```text
//! header (24, 32 or more bytes) | type records | kind layout (2026, optional) | strings
//! ```
//!
//! Types are numbered from 1 in file order; a record's length follows from its kind and element
//! count, so the place of type *n* is known only after those before it: that is what the
//! [index](Btf::parse) is for.

mod bulk;
mod header;
mod index;
mod kind;
mod name;
mod named;
mod raw;
mod record;
mod resolve;
mod strings;
mod types;
mod validate;
mod view;
mod walk;

pub use index::Index;
pub use kind::Kind;
pub use name::{essential_name, flavor};
pub(crate) use named::Named;
pub use record::{Records, Type};
pub use resolve::MAX_CHAIN;
pub use strings::MAX_NAME_BYTES;
pub use types::{
    ArrayInfo, Element, Elements, Encoding, Enumerator, Enumerators, How, IntInfo, Member, Members,
    Param, Params, SectionVar, SectionVars,
};
pub use view::Btf;
