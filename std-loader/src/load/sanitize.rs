//! Making BTF fit for kernels that do not know all of it.
//!
//! Enters: BTF as [`object`](crate::object) has prepared it, and what the kernel knows. Leaves: a
//! changed copy, or none if all in it is known. Records are changed in place, so ids and lengths
//! stay, and CO-RE goes on with the original. Rule: libbpf's `bpf_object__sanitize_btf`.
//!
//! | unknown | becomes | first kernel that knows it |
//! |---|---|---|
//! | `VAR`, `DECL_TAG` | `INT` of 1 byte (all have a tail of 4) | 5.2, 5.16 |
//! | `DATASEC` | `STRUCT`, its entries members | 5.2 |
//! | `FUNC`, `FUNC_PROTO` | `TYPEDEF`, `ENUM` | 5.0 |
//! | global `FUNC` | static | 5.6 |
//! | `FLOAT` | anonymous empty `STRUCT` of its size | 5.13 |
//! | `TYPE_TAG` | anonymous `CONST` | 5.17 |
//! | signed `ENUM`, `ENUM64` | flag cleared; `UNION` of 1-byte members | 6.0 |
//! | `DATASEC` named `?...` | `_...` | 6.9 |
//! | kind layout | dropped (always, by `BtfImage`) | 2026 |

use relocore::btf::{Btf, Kind, Type};

use crate::object::{BtfImage, HEAD_WORDS, info, slot_count};

use super::feature::Feature;

/// The bytes to load for a kernel that has those features for which `has` holds. `None` if it
/// should know all of it as it is.
pub(super) fn sanitized(
    image: &BtfImage,
    has: impl Fn(Feature) -> bool,
) -> relocore::Result<Option<Vec<u8>>> {
    let original = image.to_bytes();
    let mut slots = vec![0; slot_count(&original)];
    let btf = Btf::parse(&original, &mut slots)?;
    let mut copy = Copy {
        image: image.clone(),
        placeholder: None,
    };
    let mut is_changed = false;
    let mut answers = [None; Feature::ALL.len()];
    // Nothing is asked of the kernel twice, even if it could not answer.
    let mut has = |feature: Feature| {
        let answer: Option<&mut Option<bool>> = answers.get_mut(feature as usize);
        answer.is_none_or(|answer| *answer.get_or_insert_with(|| has(feature)))
    };
    for ty in btf.types() {
        let ty = ty?;
        let missing = needed(&btf, &ty)?.iter().find(|feature| !has(**feature));
        if let Some(missing) = missing {
            copy.replace(&btf, &ty, *missing)?;
            is_changed = true;
        }
    }
    Ok(is_changed.then(|| copy.image.to_bytes()))
}

/// Linkage of a function.
const GLOBAL: u32 = 1;

/// What a kernel must have for this record, if not every one with BTF does.
fn needed(btf: &Btf<'_>, ty: &Type<'_>) -> relocore::Result<&'static [Feature]> {
    Ok(match ty.kind() {
        Kind::Var => &[Feature::BtfDatasec],
        Kind::Datasec if btf.name(ty.name())?.starts_with(b"?") => {
            &[Feature::BtfDatasec, Feature::BtfOptionalDatasec]
        }
        Kind::Datasec => &[Feature::BtfDatasec],
        Kind::FuncProto => &[Feature::BtfFunction],
        Kind::Func if ty.vlen() == GLOBAL => &[Feature::BtfFunction, Feature::BtfGlobalFunction],
        Kind::Func => &[Feature::BtfFunction],
        Kind::Float => &[Feature::BtfFloat],
        Kind::DeclTag => &[Feature::BtfDeclTag],
        Kind::TypeTag => &[Feature::BtfTypeTag],
        Kind::Enum if ty.kind_flag() => &[Feature::BtfEnum64],
        Kind::Enum64 => &[Feature::BtfEnum64],
        _ => &[],
    })
}

/// The copy that is changed.
struct Copy {
    image: BtfImage,
    /// An integer of 1 byte, once something needs it.
    placeholder: Option<u32>,
}

/// Words of a record before its tail.
const NAME: usize = 0;
const INFO: usize = 1;
const SIZE: usize = 2;

impl Copy {
    fn replace(&mut self, btf: &Btf<'_>, ty: &Type<'_>, missing: Feature) -> relocore::Result<()> {
        let vlen = ty.vlen();
        let to = |kind: Kind, vlen| info(kind.number(), vlen);
        match (ty.kind(), missing) {
            (Kind::Var | Kind::DeclTag, _) => {
                self.image.set(ty.id(), INFO, to(Kind::Int, 0));
                // More than a byte could be more than the variable has.
                self.image.set(ty.id(), SIZE, 1);
                self.image.set(ty.id(), HEAD_WORDS, 8);
            }
            (Kind::Datasec, Feature::BtfOptionalDatasec) => self.rename(btf, ty, b"?")?,
            (Kind::Datasec, _) => {
                self.rename(btf, ty, b".?")?;
                self.image.set(ty.id(), INFO, to(Kind::Struct, vlen));
                for (nth, entry) in ty.section_vars().enumerate() {
                    let name = btf.type_by_id(entry.var)?.name();
                    let bits = entry.offset_bytes.saturating_mul(8);
                    self.set_entry(ty, nth, [name.0, entry.var.0, bits]);
                }
            }
            (Kind::FuncProto, _) => {
                self.image.set(ty.id(), INFO, to(Kind::Enum, vlen));
                self.image.set(ty.id(), SIZE, 4);
                for (nth, param) in ty.params().enumerate() {
                    if param.name.0 == 0 {
                        let name = self.image.add_string("unnamed").0;
                        self.image.set(ty.id(), HEAD_WORDS + nth * 2, name);
                    }
                }
            }
            (Kind::Func, Feature::BtfFunction) => {
                self.image.set(ty.id(), INFO, to(Kind::Typedef, 0));
            }
            (Kind::Func, _) => self.image.set(ty.id(), INFO, to(Kind::Func, 0)),
            (Kind::Float, _) => self.anonymous(ty, to(Kind::Struct, 0)),
            (Kind::TypeTag, _) => self.anonymous(ty, to(Kind::Const, 0)),
            (Kind::Enum, _) => self.image.set(ty.id(), INFO, to(Kind::Enum, vlen)),
            (Kind::Enum64, _) => {
                self.image.set(ty.id(), INFO, to(Kind::Union, vlen));
                let byte = self.placeholder();
                for (nth, enumerator) in ty.enumerators().enumerate() {
                    self.set_entry(ty, nth, [enumerator.name.0, byte, 0]);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn anonymous(&mut self, ty: &Type<'_>, info: u32) {
        self.image.set(ty.id(), NAME, 0);
        self.image.set(ty.id(), INFO, info);
    }

    fn set_entry(&mut self, ty: &Type<'_>, nth: usize, words: [u32; 3]) {
        for (word, value) in words.into_iter().enumerate() {
            self.image.set(ty.id(), HEAD_WORDS + nth * 3 + word, value);
        }
    }

    /// Puts `_` in place of these characters.
    fn rename(&mut self, btf: &Btf<'_>, ty: &Type<'_>, refused: &[u8]) -> relocore::Result<()> {
        let name = String::from_utf8_lossy(btf.name(ty.name())?);
        let is_refused = |c: char| u8::try_from(c).is_ok_and(|byte| refused.contains(&byte));
        let name = self.image.add_string(&name.replace(is_refused, "_"));
        self.image.set(ty.id(), NAME, name.0);
        Ok(())
    }

    fn placeholder(&mut self) -> u32 {
        if let Some(known) = self.placeholder {
            return known;
        }
        let name = self.image.add_string("enum64_placeholder").0;
        let added = self
            .image
            .add_type(&[name, info(Kind::Int.number(), 0), 1, 8]);
        self.placeholder = Some(added.0);
        added.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use relocore::{Endian, TypeId};

    /// One record of each kind that some kernel does not know, with ids as in the comments.
    fn all_kinds() -> BtfImage {
        let mut image = BtfImage::empty(Endian::NATIVE);
        let mut name = |text| image.add_string(text).0;
        let [
            int,
            var,
            data,
            optional,
            param,
            func,
            float,
            tag,
            e32,
            e64,
            one,
        ] = [
            "int", "var", ".data", "?.opt", "a", "f", "float", "user", "e32", "e64", "ONE",
        ]
        .map(&mut name);
        let head = |kind: Kind, vlen| info(kind.number(), vlen);
        const KIND_FLAG: u32 = 1 << 31;
        let records: [&[u32]; 13] = [
            &[int, head(Kind::Int, 0), 4, 1 << 24 | 32],     // 1
            &[var, head(Kind::Var, 0), 1, 1],                // 2
            &[data, head(Kind::Datasec, 1), 16, 2, 8, 4],    // 3
            &[optional, head(Kind::Datasec, 1), 4, 2, 0, 4], // 4
            &[0, head(Kind::FuncProto, 1), 1, param, 1],     // 5
            &[func, head(Kind::Func, GLOBAL), 5],            // 6
            &[float, head(Kind::Float, 0), 8],               // 7
            &[tag, head(Kind::TypeTag, 0), 1],               // 8
            &[tag, head(Kind::DeclTag, 0), 2, u32::MAX],     // 9
            &[e32, head(Kind::Enum, 1) | KIND_FLAG, 4, one, u32::MAX], // 10
            &[e64, head(Kind::Enum64, 1), 8, one, 1, 1],     // 11
            &[func, head(Kind::Func, 0), 5],                 // 12
            &[0, head(Kind::FuncProto, 1), 1, 0, 1],         // 13
        ];
        for record in records {
            image.add_type(record);
        }
        image
    }

    /// Kind, name and size (or type) of each record.
    fn shapes(bytes: &[u8]) -> Vec<(Kind, String, u32)> {
        let btf = Btf::open(bytes).unwrap();
        let shape = |ty: relocore::Result<Type<'_>>| {
            let ty = ty.unwrap();
            let name = String::from_utf8_lossy(btf.name(ty.name()).unwrap()).into_owned();
            (ty.kind(), name, ty.own_size_bytes().max(ty.referred().0))
        };
        btf.types().map(shape).collect()
    }

    #[test]
    fn what_is_known_stays() {
        assert_eq!(sanitized(&all_kinds(), |_| true), Ok(None));
    }

    #[test]
    fn what_is_unknown_becomes_something_older() {
        let bytes = sanitized(&all_kinds(), |_| false).unwrap().unwrap();
        let shapes = shapes(&bytes);
        let shapes: Vec<_> = shapes
            .iter()
            .map(|(kind, name, number)| (*kind, name.as_str(), *number))
            .collect();
        let expected = [
            (Kind::Int, "int", 4),
            (Kind::Int, "var", 1),
            (Kind::Struct, "_data", 16),
            (Kind::Struct, "__opt", 4),
            (Kind::Enum, "", 4),
            (Kind::Typedef, "f", 5),
            (Kind::Struct, "", 8),
            (Kind::Const, "", 1),
            (Kind::Int, "user", 1),
            (Kind::Enum, "e32", 4),
            (Kind::Union, "e64", 8),
            (Kind::Typedef, "f", 5),
            (Kind::Enum, "", 4),
            (Kind::Int, "enum64_placeholder", 1),
        ];
        assert_eq!(shapes, expected);
        let btf = Btf::open(&bytes).unwrap();
        let data = btf.type_by_id(TypeId(3)).unwrap();
        let member = data.members().next().unwrap();
        assert_eq!(
            (member.ty, member.offset.0, btf.name(member.name)),
            (TypeId(2), 64, Ok(&b"var"[..]))
        );
        assert!(!btf.type_by_id(TypeId(10)).unwrap().kind_flag());
        assert_eq!(
            sanitized(&BtfImage::read(&bytes).unwrap(), |_| false),
            Ok(None)
        );
    }

    #[test]
    fn each_kernel_gets_what_it_knows() {
        let kinds = |has: &dyn Fn(Feature) -> bool| {
            let bytes = sanitized(&all_kinds(), has).unwrap().unwrap();
            let shapes = shapes(&bytes);
            shapes.iter().map(|(kind, ..)| *kind).collect::<Vec<_>>()
        };
        let only_optional = kinds(&|one| one != Feature::BtfOptionalDatasec);
        assert_eq!(only_optional[2..4], [Kind::Datasec, Kind::Datasec]);
        let only_global = kinds(&|one| one != Feature::BtfGlobalFunction);
        assert_eq!((only_global[5], only_global[11]), (Kind::Func, Kind::Func));
    }

    /// The kernel takes the copy as it takes the original.
    #[test]
    fn the_kernel_takes_the_copy() {
        use crate::sys::bpf::{BtfLoad, btf_load, testing};
        if testing::skip("the_kernel_takes_the_copy") {
            return;
        }
        let load = |btf: &[u8]| {
            let load = BtfLoad {
                btf,
                ..BtfLoad::default()
            };
            let (result, text) = crate::load::log::logged(1, |log| btf_load(&load, log));
            assert!(result.is_ok(), "{text}");
        };
        // Each kernel knows what the ones before it knew.
        for newest in Feature::ALL {
            let bytes = sanitized(&all_kinds(), |one| version(one) <= version(newest)).unwrap();
            load(&bytes.unwrap_or_else(|| all_kinds().to_bytes()));
        }
        load(&sanitized(&all_kinds(), |_| false).unwrap().unwrap());
    }

    fn version(feature: Feature) -> (u32, u32) {
        let (major, minor) = feature.since().split_once('.').unwrap();
        (major.parse().unwrap(), minor.parse().unwrap())
    }
}
