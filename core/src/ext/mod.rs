//! `.BTF.ext`: where the functions, lines and CO-RE relocations of each code section are.
//!
//! Enters: the untrusted bytes of the `.BTF.ext` section ([`Object::btf_ext`]). Leaves: [`Ext`],
//! checked once and as a whole, and from it three lists of records grouped by code section:
//! [`CoreRelo`], [`FuncInfo`], [`LineInfo`]. They go to the relocator (CO-RE) and to whoever loads
//! programs (functions, lines). Section names and type ids in them count in the object's `.BTF`;
//! nothing here looks them up.
//!
//! ```text
//! header   magic 0xeb9f · version 1 · flags 0 · hdr_len      8 bytes
//!          func_info  off, len     from the end of the       8
//!          line_info  off, len     header                    8
//!          core_relo  off, len     if hdr_len >= 32          8
//! list     rec_size, then groups                             4
//! group    sec_name_off, num_info (> 0), then records        8 + num_info x rec_size
//! ```
//!
//! The rules are those of libbpf's `btf_ext_parse` and `btf_ext_parse_sec_info`, except that
//!
//! * records may be longer than known in **both** byte orders (libbpf: only in its own, since it
//!   has to swap what it doesn't know; here nothing is swapped);
//! * a header without any data after it is an empty `.BTF.ext`, not an error;
//! * a malformed section is an error. libbpf warns, drops the whole of `.BTF.ext`, and then loads
//!   the program **without** relocating it.
//!
//! ```
//! use relocore::ext::Ext;
//!
//! # fn main() -> relocore::Result<()> {
//! let bytes = [
//!     0x9f, 0xeb, 1, 0, 32, 0, 0, 0, // little endian, version 1, header of 32 bytes
//!     0, 0, 0, 0, 0, 0, 0, 0, // no functions
//!     0, 0, 0, 0, 0, 0, 0, 0, // no lines
//!     0, 0, 0, 0, 28, 0, 0, 0, // CO-RE records: 28 bytes, right after the header
//!     16, 0, 0, 0, // a record is 16 bytes
//!     7, 0, 0, 0, 1, 0, 0, 0, // one of them for the section whose name is at 7
//!     40, 0, 0, 0, 3, 0, 0, 0, 21, 0, 0, 0, 2, 0, 0, 0, // byte 40, type 3, "…", field_exists
//! ];
//! let relos = Ext::parse(&bytes)?.core_relos();
//! assert_eq!(relos.count(), 1);
//! for entry in relos.records() {
//!     assert_eq!((entry.section.0, entry.record.insn_off, entry.record.kind), (7, 40, 2));
//! }
//! # Ok(())
//! # }
//! ```
//!
//! [`Object::btf_ext`]: crate::elf::Object::btf_ext

mod groups;
mod header;
mod record;

pub use groups::{Entry, Group, GroupIter, GroupRecords, Groups, Records};
pub use record::{CoreRelo, FuncInfo, LineInfo, Record};

use crate::error::Result;
use crate::units::Endian;

/// View of a `.BTF.ext` section: three lists of records. `Copy`; borrows its input; decodes at
/// access, in either byte order.
#[derive(Clone, Copy, Debug)]
pub struct Ext<'a> {
    endian: Endian,
    core_relos: Groups<'a, CoreRelo>,
    func_infos: Groups<'a, FuncInfo>,
    line_infos: Groups<'a, LineInfo>,
}

impl<'a> Ext<'a> {
    /// Checks the header and every group's bounds; O(groups), no allocation. After it, iteration
    /// can't fail. Contents of records aren't judged: an `insn_off` that isn't a multiple of 8 is
    /// the relocator's to refuse, with the record's index.
    ///
    /// # Errors
    /// `Truncated`, `Malformed`, `Missing` or `Unsupported`, with the byte offset in `.BTF.ext`.
    pub fn parse(bytes: &'a [u8]) -> Result<Self> {
        let header = header::parse(bytes)?;
        Ok(Self {
            endian: header.endian,
            func_infos: Groups::parse(bytes, header.endian, header.func_info)?,
            line_infos: Groups::parse(bytes, header.endian, header.line_info)?,
            core_relos: Groups::parse(bytes, header.endian, header.core_relo)?,
        })
    }

    /// Byte order of the records, as the magic number tells. That of the instructions is the ELF
    /// header's to tell ([`Object::endian`](crate::elf::Object::endian)).
    #[must_use]
    pub const fn endian(&self) -> Endian {
        self.endian
    }

    /// CO-RE relocations by code section, in file order; empty if the object has none.
    #[must_use]
    pub const fn core_relos(&self) -> Groups<'a, CoreRelo> {
        self.core_relos
    }

    /// Functions by code section, in file order.
    #[must_use]
    pub const fn func_infos(&self) -> Groups<'a, FuncInfo> {
        self.func_infos
    }

    /// Source lines by code section, in file order.
    #[must_use]
    pub const fn line_infos(&self) -> Groups<'a, LineInfo> {
        self.line_infos
    }
}

#[cfg(test)]
#[allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic"
)]
#[allow(clippy::arithmetic_side_effects, reason = "a test may panic")]
mod tests;
