//! The object's BTF as the kernel wants it.
//!
//! Enters: BTF as clang wrote it, and the object. Leaves: a copy in which each data section has its
//! size and its variables their places, which only the linker or loader knows, and externs of
//! `.kconfig` are variables at the places of the agent's map. Rule: libbpf's `btf_fixup_datasec`.

use relocore::Endian;
use relocore::btf::{Btf, Kind, Type};
use relocore::elf::Object;

use crate::load::{Error, Result};

/// BTF of an agent's object is small.
pub const MOST_BYTES: usize = 6 << 10;

/// Bytes of a record's head; its last word is the size.
const HEAD_BYTES: usize = 12;
const SIZE_AT: usize = 8;

/// The copy, in `image`.
pub fn prepared<'i>(
    object: &Object<'_>,
    btf: &Btf<'_>,
    image: &'i mut [u8; MOST_BYTES],
) -> Result<&'i [u8]> {
    let original = object.btf()?;
    let image = image.get_mut(..original.len());
    let image = image.ok_or(Error::Beyond("more than 6 KiB of BTF"))?;
    image.copy_from_slice(original);
    let header = original.get(4..).and_then(<[u8]>::first_chunk);
    let header = header.map_or(0, |word| u32::from_ne_bytes(*word));
    let mut at = header as usize; // the agent's objects have its machine's byte order
    for ty in btf.types() {
        let ty = ty?;
        if ty.kind() == Kind::Datasec {
            datasec(object, btf, &ty, image.get_mut(at..).unwrap_or_default())?;
        } else if ty.kind() == Kind::Var && ty.linkage() == Some(2) {
            set(image, at + HEAD_BYTES, 1); // an extern is the agent's variable
        }
        at += HEAD_BYTES + ty.tail().len();
    }
    debug_assert!(btf.endian() == Endian::NATIVE);
    Ok(image)
}

fn set(image: &mut [u8], at: usize, word: u32) {
    if let Some(place) = image.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
        *place = word.to_ne_bytes();
    }
}

/// Size and places of one data section, whose record starts `record`.
fn datasec(object: &Object<'_>, btf: &Btf<'_>, ty: &Type<'_>, record: &mut [u8]) -> Result<()> {
    let name = btf.name(ty.name())?;
    let is_kconfig = name == b".kconfig";
    let size = match object.section_by_name(name) {
        Some(section) => section.size() as u32,
        None => ty.vlen() * 8,
    };
    set(record, SIZE_AT, size);
    for (nth, entry) in ty.section_vars().enumerate() {
        let var = btf.type_by_id(entry.var)?;
        let place = if is_kconfig {
            nth as u32 * 8
        } else {
            let name = btf.name(var.name())?;
            let symbols = object.symbols()?;
            let found = symbols.iter().find(|symbol| symbol.name() == Ok(name));
            found.map_or(entry.offset_bytes, |symbol| symbol.value() as u32)
        };
        set(record, HEAD_BYTES + nth * 12 + 4, place);
    }
    Ok(())
}
