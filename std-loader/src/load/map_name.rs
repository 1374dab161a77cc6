//! What a map is called in the kernel.

use crate::object::{MapDefinition, MapRole};

/// Bytes of a name that the kernel keeps.
const NAME_BYTES: usize = 15;
/// Least bytes that libbpf keeps for a section's name, so that objects look alike in listings.
const SECTION_BYTES: usize = 7;

/// The name in the kernel: as declared, or for data as libbpf makes it: as much of the object's
/// name as fits before `.bss`; sections such as `.data.own` alone.
pub(super) fn kernel_name(object: &str, definition: &MapDefinition) -> String {
    let name = definition.name();
    if matches!(definition.role(), MapRole::Declared | MapRole::StructOps) {
        return name.to_owned();
    }
    let is_own = name.get(1..).is_some_and(|rest| rest.contains('.'));
    let room = match is_own {
        true => 0,
        false => NAME_BYTES.saturating_sub(name.len().max(SECTION_BYTES)),
    };
    let stem = object
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .split('.')
        .next();
    let prefix = stem.unwrap_or_default().chars().map(|c| {
        if c.is_ascii_alphanumeric() || c == '.' {
            c
        } else {
            '_'
        }
    });
    prefix.take(room).chain(name.chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_called_after_the_object() {
        for (object, section, expected) in [
            ("demo", ".rodata", "demo.rodata"),
            ("my_object_name", ".rodata", "my_objec.rodata"),
            ("my_object_name", ".bss", "my_objec.bss"),
            ("my_object_name", ".kconfig", "my_obje.kconfig"),
            ("my-object", ".data.own", ".data.own"),
            ("/tmp/demo.bpf.o", ".bss", "demo.bss"),
            ("é-x", ".bss", "__x.bss"),
        ] {
            let definition = MapDefinition::of_data(section.to_owned(), MapRole::Bss, 8);
            assert_eq!(kernel_name(object, &definition), expected);
        }
    }
}
