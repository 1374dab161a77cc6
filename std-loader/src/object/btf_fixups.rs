//! Making the object's BTF fit for the kernel.
//!
//! Enters: BTF as clang wrote it, and the object's sections and symbols. Leaves: the same with
//! what only the linker or loader knows, which `BPF_BTF_LOAD` insists on:
//!
//! 1. DATASECs get the size of their section and the offsets of their variables, in order;
//! 2. externs of `.kconfig` become variables at the places of the loader's layout;
//! 3. externs of `.ksyms` become 4-byte variables one after the other, functions a dummy one;
//! 4. hidden functions and variables become static.
//!
//! Rules: libbpf's `btf_fixup_datasec`, `bpf_object__collect_externs`,
//! `bpf_object__sanitize_and_load_btf`. What older kernels do not know is another matter, for
//! [`sanitize`](crate::load).

use std::collections::{HashMap, HashSet};

use relocore::TypeId;
use relocore::btf::{Btf, Kind, SectionVar, Type};
use relocore::elf::{self, Binding, Symbol, SymbolKind, Visibility};

use super::btf_image::{BtfImage, HEAD_WORDS, info};
use super::externs::{Extern, ExternKind, Externs, KCONFIG, KSYMS};
use super::function::Function;

/// Linkage of variables and functions.
const STATIC: u32 = 0;
const GLOBAL: u32 = 1;
/// Word of a VAR that has its linkage.
const LINKAGE: usize = HEAD_WORDS;

/// Does 1 and, for variables, 4.
pub(super) fn data_sections(
    image: &mut BtfImage,
    btf: &Btf<'_>,
    elf: &elf::Object<'_>,
) -> relocore::Result<()> {
    let mut symbols = None;
    let sizes = sizes(elf);
    for ty in btf.types() {
        let ty = ty?;
        let name = btf.name(ty.name())?;
        if ty.kind() != Kind::Datasec || matches!(name, KCONFIG | KSYMS) {
            continue;
        }
        // A static linker has filled in sizes and offsets.
        let is_linked = ty.own_size_bytes() > 0;
        if !is_linked {
            let size = sizes.get(name).copied().unwrap_or(0);
            image.set(ty.id(), 2, u32::try_from(size).unwrap_or(u32::MAX));
        }
        if symbols.is_none() {
            symbols = Some(variables(elf)?);
        }
        let mut entries: Vec<_> = ty.section_vars().collect();
        for entry in &mut entries {
            let var = btf.type_by_id(entry.var)?;
            if var.linkage() != Some(GLOBAL) {
                continue;
            }
            let name = btf.name(var.name())?;
            let Some(symbol) = symbols.as_ref().and_then(|symbols| symbols.get(name)) else {
                continue; // the kernel will say what is wrong with it
            };
            if !is_linked {
                entry.offset_bytes = u32::try_from(symbol.value()).unwrap_or(u32::MAX);
            }
            if matches!(
                symbol.visibility(),
                Visibility::Hidden | Visibility::Internal
            ) {
                image.set(var.id(), LINKAGE, STATIC);
            }
        }
        entries.sort_by_key(|entry| entry.offset_bytes);
        set_entries(image, &ty, &entries);
    }
    Ok(())
}

/// Sizes of sections by name; of several the first.
fn sizes<'a>(elf: &elf::Object<'a>) -> HashMap<&'a [u8], u64> {
    let mut found = HashMap::new();
    for section in elf.sections() {
        if let Ok(name) = section.name() {
            found.entry(name).or_insert_with(|| section.size());
        }
    }
    found
}

/// Global variables by name.
fn variables<'a>(elf: &elf::Object<'a>) -> relocore::Result<HashMap<&'a [u8], Symbol<'a>>> {
    let mut found = HashMap::new();
    for symbol in elf.symbols()?.iter() {
        let global = matches!(symbol.binding(), Binding::Global | Binding::Weak);
        if symbol.kind() == SymbolKind::Object && global {
            found.entry(symbol.name()?).or_insert(symbol);
        }
    }
    Ok(found)
}

fn set_entries(image: &mut BtfImage, datasec: &Type<'_>, entries: &[SectionVar]) {
    for (nth, entry) in entries.iter().enumerate() {
        let at = HEAD_WORDS + nth * 3;
        for (word, value) in [entry.var.0, entry.offset_bytes, entry.size_bytes]
            .into_iter()
            .enumerate()
        {
            image.set(datasec.id(), at + word, value);
        }
    }
}

/// Does 2 and 3.
pub(super) fn externs(
    image: &mut BtfImage,
    btf: &Btf<'_>,
    externs: &Externs,
) -> relocore::Result<()> {
    let mut dummy = Dummy::default();
    for ty in btf.types() {
        let ty = ty?;
        if ty.kind() != Kind::Datasec {
            continue;
        }
        match btf.name(ty.name())? {
            KCONFIG => kconfig(image, &ty, externs),
            KSYMS => ksyms(image, btf, &ty, &mut dummy)?,
            _ => {}
        }
    }
    Ok(())
}

fn kconfig(image: &mut BtfImage, datasec: &Type<'_>, externs: &Externs) {
    let place = |one: &Extern| match one.kind {
        ExternKind::Kconfig { offset_bytes, .. } => Some((one.btf_id, offset_bytes)),
        _ => None,
    };
    let places: HashMap<_, _> = externs.list.iter().filter_map(place).collect();
    let mut entries: Vec<_> = datasec.section_vars().collect();
    for entry in &mut entries {
        if let Some(&offset_bytes) = places.get(&entry.var) {
            entry.offset_bytes = offset_bytes;
            image.set(entry.var, LINKAGE, GLOBAL);
        }
    }
    entries.sort_by_key(|entry| entry.offset_bytes);
    set_entries(image, datasec, &entries);
    image.set(datasec.id(), 2, externs.kconfig_bytes);
}

/// Bytes that a symbol of the kernel pretends to have.
const KSYM_BYTES: u32 = 4;

fn ksyms(
    image: &mut BtfImage,
    btf: &Btf<'_>,
    datasec: &Type<'_>,
    dummy: &mut Dummy,
) -> relocore::Result<()> {
    let int = dummy.int(image, btf)?;
    let mut entries: Vec<_> = datasec.section_vars().collect();
    let mut end = 0;
    for entry in &mut entries {
        let ty = btf.type_by_id(entry.var)?;
        if ty.kind() == Kind::Func {
            let (var, name) = dummy.var(image, int);
            let proto = btf.type_by_id(ty.referred())?;
            for (nth, param) in proto.params().enumerate() {
                if param.ty != TypeId::VOID && param.name.0 == 0 {
                    image.set(proto.id(), HEAD_WORDS + nth * 2, name);
                }
            }
            image.set(ty.id(), 1, info(Kind::Func.number(), GLOBAL));
            entry.var = var;
        } else {
            image.set(ty.id(), LINKAGE, GLOBAL);
            image.set(ty.id(), 2, int.0);
        }
        entry.offset_bytes = end;
        entry.size_bytes = KSYM_BYTES;
        end = end.saturating_add(KSYM_BYTES);
    }
    set_entries(image, datasec, &entries);
    image.set(datasec.id(), 2, end);
    Ok(())
}

/// Types that stand in for those of the kernel's symbols.
#[derive(Default)]
struct Dummy {
    int: Option<TypeId>,
    var: Option<(TypeId, u32)>,
}

impl Dummy {
    /// An integer of 4 bytes.
    fn int(&mut self, image: &mut BtfImage, btf: &Btf<'_>) -> relocore::Result<TypeId> {
        if let Some(int) = self.int {
            return Ok(int);
        }
        for ty in btf.types() {
            let ty = ty?;
            if ty.kind() == Kind::Int && ty.own_size_bytes() == KSYM_BYTES {
                self.int = Some(ty.id());
                return Ok(ty.id());
            }
        }
        let name = image.add_string("int").0;
        let int = image.add_type(&[name, info(Kind::Int.number(), 0), KSYM_BYTES, 1 << 24 | 32]);
        self.int = Some(int);
        Ok(int)
    }

    /// A variable of that type, and where its name is.
    fn var(&mut self, image: &mut BtfImage, int: TypeId) -> (TypeId, u32) {
        *self.var.get_or_insert_with(|| {
            let name = image.add_string("dummy_ksym").0;
            let var = image.add_type(&[name, info(Kind::Var.number(), 0), int.0, GLOBAL]);
            (var, name)
        })
    }
}

/// Does 4 for functions.
pub(super) fn hidden_functions(
    image: &mut BtfImage,
    btf: &Btf<'_>,
    functions: &[Function],
) -> relocore::Result<()> {
    let hidden = functions
        .iter()
        .filter(|one| one.is_hidden && one.is_subprogram);
    let hidden: HashSet<&[u8]> = hidden.map(|one| one.name.as_bytes()).collect();
    if hidden.is_empty() {
        return Ok(());
    }
    for ty in btf.types() {
        let ty = ty?;
        if ty.kind() == Kind::Func && ty.vlen() == GLOBAL && hidden.contains(btf.name(ty.name())?) {
            image.set(ty.id(), 1, info(Kind::Func.number(), STATIC));
        }
    }
    Ok(())
}
