//! Making BTF fit for kernels that do not know all of it. The place for it; not done yet.
//!
//! Enters: BTF as [`object`](crate::object) has prepared it. Leaves: what is to be loaded.
//!
//! The design: a copy is changed, record by record and in place, so that ids and lengths stay, and
//! CO-RE goes on with the original. For each kind that a probe finds unknown:
//!
//! | unknown | becomes | first kernel that knows it |
//! |---|---|---|
//! | `VAR`, `DECL_TAG` | `INT` of 1 byte (both have a tail of 4) | 5.2, 5.16 |
//! | `DATASEC` | `STRUCT`, its entries members | 5.2 |
//! | `FUNC`, `FUNC_PROTO` | `TYPEDEF`, `ENUM` | 5.0 |
//! | global `FUNC` | static | 5.6 |
//! | `FLOAT` | anonymous empty `STRUCT` of its size | 5.13 |
//! | `TYPE_TAG` | anonymous `CONST` | 5.17 |
//! | signed `ENUM`, `ENUM64` | flag cleared; `UNION` of 1-byte members | 6.0 |
//! | `DATASEC` named `?...` | `_...` | 6.9 |
//! | kind layout | dropped (always, by `BtfImage`) | 2026 |
//!
//! Until then the whole BTF is left out when the kernel refuses it: programs lose source lines in
//! the verifier's log, and maps the types of their contents, but work. 5.10 takes the BTF of
//! programs without tags, floats and 64-bit enums as it is.

use crate::object::BtfImage;

/// The bytes to load for this kernel.
pub(super) fn sanitized(image: &BtfImage) -> Vec<u8> {
    image.to_bytes()
}
