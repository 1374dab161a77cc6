//! All that can be done before the kernel is asked.
//!
//! Enters: an object. Leaves: [`Prepared`]: what its programs consist of, patched, and the values
//! of its externs. Nothing has been created, and most mistakes have been found.

use std::collections::HashMap;

use relocore::Endian;
use relocore::elf;

use crate::error::ErrorKind;
use crate::object::{Object, Program};

use super::code::Code;
use super::ext_info::ExtInfo;
use super::externs::Value;
use super::relocate::Patched;
use super::{Note, attach_target, externs, kconfig, relocate};

/// An object that is ready to be created in the kernel.
pub(super) struct Prepared<'a> {
    pub(super) elf: elf::Object<'a>,
    /// Those to load.
    pub(super) programs: Vec<&'a Program>,
    pub(super) code: Code<'a>,
    /// Types of the kernel that programs are for, by place in `programs`.
    pub(super) attach_ids: HashMap<usize, u32>,
    pub(super) patched: Patched,
    /// Value of the map `.kconfig`.
    pub(super) kconfig: Vec<u8>,
    pub(super) externs: Vec<Value>,
    pub(super) records: ExtInfo<'a>,
    pub(super) notes: Vec<Note>,
}

/// Does steps 1 to 4.
pub(super) fn prepare(object: &Object) -> Result<Prepared<'_>, ErrorKind> {
    let elf = elf::Object::parse(&object.file)?;
    if elf.endian() != Endian::NATIVE {
        return Err(ErrorKind::ByteOrder);
    }
    let parts = &object.parts;
    let programs: Vec<_> = parts.programs.iter().filter(|one| one.autoload).collect();
    let mut notes = Vec::new();
    let mut code = Code::new(elf, parts)?;
    for program in &programs {
        code.reach(program.function)?;
    }
    let used = code.used_externs();
    Ok(Prepared {
        elf,
        attach_ids: attach_target::find(&programs)?,
        patched: relocate::relocate(object, elf, code.reached())?,
        kconfig: kconfig::value(object, &used, &mut notes)?,
        externs: externs::resolve(&parts.externs.list, &used)?,
        records: ExtInfo::read(&elf)?,
        programs,
        code,
        notes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Target;
    use crate::load::assemble::Material;

    const DEMO: &[u8] = include_bytes!("../../../tests/data/obj/demo.bpfel.o");

    /// Opens, prepares for the object's own types, and assembles without maps.
    fn prepare_all(file: Vec<u8>, target: &[u8]) -> Option<usize> {
        let mut object = Object::from_bytes("demo", file).ok()?;
        object.target(Target::Bytes(target.to_vec()));
        object.kconfig_text("CONFIG_HZ=250\n");
        let prepared = prepare(&object).ok()?;
        let material = Material {
            elf: prepared.elf,
            parts: &object.parts,
            code: &prepared.code,
            patched: &prepared.patched,
            maps: &[],
            externs: &prepared.externs,
        };
        let mut bytes = 0;
        for program in &prepared.programs {
            let assembled = material.assemble(program.function).ok()?;
            let records = prepared
                .records
                .of(&prepared.elf, &object.parts, &assembled.pieces);
            for slot in 0..assembled.insns.len() as u32 / 8 {
                assert!(assembled.origin(&object.parts, slot).is_some());
            }
            bytes += assembled.insns.len() + records.functions.len() + records.lines.len();
        }
        Some(bytes)
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn any_prefix_and_any_damaged_byte_is_prepared_or_refused() {
        let target = elf::Object::parse(DEMO).unwrap().btf().unwrap();
        assert!(prepare_all(DEMO.to_vec(), target).unwrap() > 1000);
        for len in (0..DEMO.len()).step_by(7) {
            prepare_all(DEMO[..len].to_vec(), target);
        }
        for at in 0..DEMO.len() {
            let mut file = DEMO.to_vec();
            file[at] ^= [0xff, 0x01, 0x80, 0x10][at % 4];
            prepare_all(file, target);
        }
    }
}
