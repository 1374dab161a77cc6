//! aya: its object crate, and for the `process` row its loader.

use std::path::Path;

use aya_obj::Object;
use aya_obj::btf::{Btf, BtfKind};

pub fn parse(bytes: &[u8]) -> Btf {
    Btf::parse(bytes, Default::default()).expect("aya reads the kernel's BTF")
}

pub fn find_struct(btf: &Btf, name: &str) -> u32 {
    btf.id_by_type_name_kind(name, BtfKind::Struct).unwrap_or(0)
}

/// From both files' bytes to patched instructions.
pub fn relocate(file: &[u8], target: &[u8]) -> (Object, Btf) {
    let mut object = Object::parse(file).expect("aya reads the object");
    let target = parse(target);
    object
        .relocate_btf(&target)
        .expect("aya relocates the object");
    (object, target)
}

/// The code of all functions in the order of their sections, as bytes.
pub fn code(object: &Object) -> Vec<u8> {
    let mut code = Vec::new();
    for insn in object.functions.values().flat_map(|f| &f.instructions) {
        code.push(insn.code);
        code.push(insn.dst_reg() | insn.src_reg() << 4);
        code.extend(insn.off.to_le_bytes());
        code.extend(insn.imm.to_le_bytes());
    }
    code
}

/// Loads the object's only program into the kernel and attaches it.
pub fn attach(path: &Path) -> Result<(), String> {
    let say = |error: &dyn std::error::Error| error.to_string();
    let mut object = aya::Ebpf::load_file(path).map_err(|e| say(&e))?;
    let (_, program) = object.programs_mut().next().ok_or("no program")?;
    let program: &mut aya::programs::RawTracePoint = program
        .try_into()
        .map_err(|e: aya::programs::ProgramError| say(&e))?;
    program.load().map_err(|e| say(&e))?;
    program.attach("sys_enter").map_err(|e| say(&e))?;
    // The process ends soon: as with the others, nothing is freed.
    std::mem::forget(object);
    Ok(())
}
