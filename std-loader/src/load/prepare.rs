//! All that can be done before the kernel is asked.
//!
//! Enters: an object. Leaves: [`Prepared`]: what its programs consist of, patched, what they are
//! for, and the values of its externs. Nothing has been created, and most mistakes have been
//! found.

use std::collections::{BTreeMap, HashMap, HashSet};

use relocore::Endian;
use relocore::btf::Btf;
use relocore::elf;

use crate::error::ErrorKind;
use crate::object::{Extern, Object, Program, slot_count};

use super::attach_target::AttachTo;
use super::chosen::Chosen;
use super::code::Code;
use super::ext_info::ExtInfo;
use super::externs::{Externs, Value};
use super::kconfig::Kconfig;
use super::kernel_types::KernelTypes;
use super::relocate::Patched;
use super::token::Token;
use super::{Note, attach_target, externs, kconfig, relocate, struct_ops};

/// An object that is ready to be created in the kernel.
pub(super) struct Prepared<'a> {
    pub(super) elf: elf::Object<'a>,
    /// Programs to load.
    pub(super) chosen: Chosen<'a>,
    pub(super) code: Code<'a>,
    /// Types that programs are for, by place in the object's list.
    pub(super) attach_to: HashMap<usize, AttachTo>,
    pub(super) operations: struct_ops::Plan,
    pub(super) patched: Patched,
    /// Value of the map `.kconfig`.
    pub(super) kconfig: Vec<u8>,
    pub(super) externs: Vec<Value>,
    /// Modules whose types are referred to: place and name.
    pub(super) modules: BTreeMap<usize, String>,
    pub(super) records: ExtInfo<'a>,
    pub(super) notes: Vec<Note>,
}

/// Does steps 1 to 5.
pub(super) fn prepare<'a>(
    object: &'a Object,
    token: Option<&Token>,
) -> Result<Prepared<'a>, ErrorKind> {
    let elf = elf::Object::parse(&object.file)?;
    if elf.endian() != Endian::NATIVE {
        return Err(ErrorKind::ByteOrder);
    }
    // As the file has it: what the kernel gets says less of externs.
    let mut slots = vec![0; elf.btf().map_or(0, slot_count)];
    let local = elf.btf().ok().map(|bytes| Btf::parse(bytes, &mut slots));
    let local = local.transpose()?;
    let mut kernel = KernelTypes::default();
    let mut notes = Vec::new();

    let operations = struct_ops::plan(object, &mut kernel, local.as_ref())?;
    let mut chosen = Chosen::new(object, |nth, program| is_wanted(&operations, nth, program));
    let mut code = Code::new(elf, &object.parts)?;
    chosen.each(|_, program| code.reach(program.function))?;
    let attach_to = attach_target::find(&mut chosen, &operations, &mut kernel)?;
    let patched = relocate::relocate(object, elf, code.reached())?;
    let used = used_externs(&object.parts.externs.list, &chosen, &code);
    let kconfig = kconfig::value(object, &used, token, &mut notes)?;
    let externs = externs::resolve(
        &object.parts.externs.list,
        &used,
        &mut kernel,
        local.as_ref(),
    )?;
    skip_incomplete(&mut chosen, object, &code, &patched, &kconfig, &externs)?;
    Ok(Prepared {
        elf,
        modules: modules(&kernel, &attach_to, &externs.values, &operations),
        chosen,
        attach_to,
        operations,
        patched,
        kconfig: kconfig.value,
        externs: externs.values,
        records: ExtInfo::read(&elf)?,
        code,
        notes,
    })
}

/// Whether a program is to be loaded: as the user says, else as its section does, but operations
/// of the kernel if a variable that is created has them.
fn is_wanted(operations: &struct_ops::Plan, nth: usize, program: &Program) -> bool {
    let by_default = operations.programs.contains_key(&nth)
        || program.autoload() && !operations.unused.contains(&nth);
    program.chosen_autoload().unwrap_or(by_default)
}

/// Of each extern, whether a program to load refers to it.
fn used_externs(externs: &[Extern], chosen: &Chosen<'_>, code: &Code<'_>) -> Vec<bool> {
    let programs = chosen.programs();
    let entries = programs.iter().map(|(_, program)| program.function);
    let used: HashSet<usize> = code.externs(entries);
    (0..externs.len()).map(|nth| used.contains(&nth)).collect()
}

/// Leaves out programs with records that can't be resolved, or externs that have no value; or
/// tells all that is missing.
fn skip_incomplete(
    chosen: &mut Chosen<'_>,
    object: &Object,
    code: &Code<'_>,
    patched: &Patched,
    kconfig: &Kconfig,
    externs: &Externs,
) -> Result<(), ErrorKind> {
    let list = &object.parts.externs.list;
    let missing = |is_in: &dyn Fn(usize) -> bool, asked: &HashSet<usize>| {
        let failed = patched.failed(is_in);
        if !failed.is_empty() {
            return Err(ErrorKind::Relocation(failed));
        }
        let kconfig = kconfig.error(list, |nth| asked.contains(&nth));
        let error = kconfig.or_else(|| externs.error(list, |nth| asked.contains(&nth)));
        error.map_or(Ok(()), Err)
    };
    let programs = chosen.programs();
    let all = code.externs(programs.iter().map(|(_, program)| program.function));
    if missing(&|_| true, &all).is_ok() {
        return Ok(());
    }
    if !chosen.may_skip() {
        return missing(&|_| true, &all);
    }
    chosen.each(|_, program| {
        let (_, starts) = code.pieces(program.function);
        let asked = code.externs([program.function]);
        missing(&|function| starts.contains_key(&function), &asked)
    })?;
    Ok(())
}

/// The modules that something refers to.
fn modules(
    kernel: &KernelTypes,
    attach_to: &HashMap<usize, AttachTo>,
    externs: &[Value],
    operations: &struct_ops::Plan,
) -> BTreeMap<usize, String> {
    let targets = attach_to.values().filter_map(|target| match target {
        AttachTo::Kernel(found) => found.module,
        AttachTo::Program(..) => None,
    });
    let externs = externs.iter().filter_map(|value| match value {
        Value::Kernel(found) => found.module,
        _ => None,
    });
    let maps = operations
        .maps
        .values()
        .filter_map(|one| one.value_type.module);
    let all = targets.chain(externs).chain(maps);
    all.map(|nth| (nth, kernel.module_name(nth).to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Target;
    use crate::load::assemble::Material;
    use crate::load::modules::ModuleFds;

    const DEMO: &[u8] = include_bytes!("../../../tests/data/obj/demo.bpfel.o");

    /// Opens, prepares for the object's own types, and assembles without maps.
    fn prepare_all(file: Vec<u8>, target: &[u8]) -> Option<usize> {
        let mut object = Object::from_bytes("demo", file).ok()?;
        object.target(Target::Bytes(target.to_vec()));
        object.kconfig_text("CONFIG_HZ=250\n");
        let prepared = prepare(&object, None).ok()?;
        let modules = ModuleFds::default();
        let material = Material {
            elf: prepared.elf,
            parts: &object.parts,
            code: &prepared.code,
            patched: &prepared.patched,
            maps: &[],
            externs: &prepared.externs,
            modules: &modules,
        };
        let mut bytes = 0;
        for (_, program) in prepared.chosen.programs() {
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
