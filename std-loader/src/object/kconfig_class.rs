//! What a `__kconfig` extern can hold, from its BTF type.
//!
//! Enters: the type of the variable. Leaves: an [`ExternClass`], or nothing for types that no
//! value of a configuration fits. Rule: libbpf's `find_kcfg_type`.

use relocore::TypeId;
use relocore::btf::{Btf, Encoding, Kind};

use crate::kernel::ExternClass;

/// The enum that stands for yes, no and module.
const TRISTATE: &[u8] = b"libbpf_tristate";

/// The class of a type.
pub(super) fn class(btf: &Btf<'_>, id: TypeId) -> relocore::Result<Option<ExternClass>> {
    let ty = btf.skip_mods(id)?;
    if let Some(array) = ty.array() {
        let of_chars = matches!(scalar(btf, array.element)?, Some(ExternClass::Char { .. }));
        return Ok((of_chars && array.len > 0).then_some(ExternClass::Str {
            len_bytes: array.len,
        }));
    }
    scalar(btf, id)
}

fn scalar(btf: &Btf<'_>, id: TypeId) -> relocore::Result<Option<ExternClass>> {
    let ty = btf.skip_mods(id)?;
    let size = ty.own_size_bytes();
    let tristate = |size_bytes| Some(ExternClass::Tristate { size_bytes });
    Ok(match (ty.kind(), size) {
        (Kind::Int, 1 | 2 | 4 | 8) => {
            let signed = ty.int().is_some_and(|int| int.encoding.is_signed());
            let is_bool = ty.int().is_some_and(|int| int.encoding == Encoding::Bool);
            match (is_bool, size) {
                (true, 1) => Some(ExternClass::Bool),
                (true, _) => None,
                (false, 1) => Some(ExternClass::Char { signed }),
                (false, 2) => Some(ExternClass::Int {
                    size_bytes: 2,
                    signed,
                }),
                (false, 4) => Some(ExternClass::Int {
                    size_bytes: 4,
                    signed,
                }),
                (false, _) => Some(ExternClass::Int {
                    size_bytes: 8,
                    signed,
                }),
            }
        }
        (Kind::Enum, 4) if btf.name(ty.name())? == TRISTATE => tristate(4),
        (Kind::Enum64, 8) if btf.name(ty.name())? == TRISTATE => tristate(8),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::btf_image::{BtfImage, info};
    use super::*;
    use relocore::Endian;

    #[test]
    fn types_have_classes() {
        let mut image = BtfImage::empty(Endian::NATIVE);
        let names = ["int", TRISTATE_TEXT, "other"].map(|name| image.add_string(name).0);
        let [int, tristate, other] = names;
        let kind = |kind: Kind, vlen| info(kind.number(), vlen);
        let bool_ = image.add_type(&[int, kind(Kind::Int, 0), 1, 4 << 24 | 8]);
        let char_ = image.add_type(&[int, kind(Kind::Int, 0), 1, 1 << 24 | 8]);
        let wide_bool = image.add_type(&[int, kind(Kind::Int, 0), 4, 4 << 24 | 32]);
        let long = image.add_type(&[int, kind(Kind::Int, 0), 8, 64]);
        let huge = image.add_type(&[int, kind(Kind::Int, 0), 16, 128]);
        let enum_ = image.add_type(&[tristate, kind(Kind::Enum, 0), 4]);
        let odd = image.add_type(&[other, kind(Kind::Enum, 0), 4]);
        let constant = image.add_type(&[0, kind(Kind::Const, 0), char_.0]);
        let string = image.add_type(&[0, kind(Kind::Array, 0), 0, constant.0, long.0, 9]);
        let empty = image.add_type(&[0, kind(Kind::Array, 0), 0, char_.0, long.0, 0]);
        let longs = image.add_type(&[0, kind(Kind::Array, 0), 0, long.0, long.0, 9]);
        let strings = image.add_type(&[0, kind(Kind::Array, 0), 0, string.0, long.0, 2]);
        let bytes = image.to_bytes();
        let btf = Btf::parse(&bytes, &mut []).unwrap();
        let signed = ExternClass::Char { signed: true };
        for (id, expected) in [
            (bool_, Some(ExternClass::Bool)),
            (char_, Some(signed)),
            (constant, Some(signed)),
            (wide_bool, None),
            (
                long,
                Some(ExternClass::Int {
                    size_bytes: 8,
                    signed: false,
                }),
            ),
            (huge, None),
            (enum_, Some(ExternClass::Tristate { size_bytes: 4 })),
            (odd, None),
            (string, Some(ExternClass::Str { len_bytes: 9 })),
            (empty, None),
            (longs, None),
            (strings, None),
        ] {
            assert_eq!(class(&btf, id), Ok(expected), "{id}");
        }
        assert!(class(&btf, TypeId(99)).is_err());
    }

    const TRISTATE_TEXT: &str = "libbpf_tristate";
}
