//! What instructions refer to: functions, maps, variables, externs.
//!
//! Enters: the object's code and its ELF relocations. Leaves: for each function the [`Reference`]s
//! of its instructions, by slot. Rules: libbpf's `bpf_program__record_reloc` and
//! `bpf_object__reloc_code`.
//!
//! | instruction | symbol | is |
//! |---|---|---|
//! | `call`, source 1 | function, or section and `imm` | call of `value / 8 + imm + 1` |
//! | `call`, source 1 | none | call of a function of the same section, relative |
//! | `ld_imm64` | function, or section and `imm` | its address, for callbacks |
//! | `ld_imm64` | in `.maps` | the map |
//! | `ld_imm64` | variable, or section and `imm` | its address in the section's map |
//! | either | undefined | an extern |

use core::fmt;
use std::collections::HashMap;

use relocore::elf::{self, Relocation, Symbols};
use relocore::insn::{INSN_BYTES, Insn};

use crate::error::ErrorKind;
use crate::object::{ExternKind, Function, MapRole, Parts, find_function};

/// What an instruction refers to: places in the object's lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reference {
    /// Calls the function.
    Call(usize),
    /// Takes the function's address.
    Address(usize),
    /// Takes the map.
    Map(usize),
    /// Takes the address of a place in the map's only value.
    MapValue { map: usize, offset_bytes: u32 },
    /// Takes the address of the extern.
    Extern(usize),
    /// Calls the extern.
    ExternCall(usize),
}

/// Why an instruction can't refer to what its relocation says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReferenceProblem {
    /// The relocation is for no instruction's start.
    Misplaced,
    /// The instruction, of this opcode, refers to nothing.
    Instruction(u8),
    /// The instruction takes a function's address, and no relocation says which.
    NoRelocation,
    /// The call is of a helper, by its number.
    HelperCall,
    /// The symbol has no section: a common variable, or a constant.
    NoSection,
    /// Its section is neither code nor data.
    Section(u32),
    /// No function is there: offset in bytes of its section.
    NoFunction(i64),
    /// No map is there.
    NoMap(i64),
    /// The place is outside of the section.
    Outside(i64),
    /// The extern is none that BTF knows.
    UnknownExtern,
    /// The extern is called and is no function, or the other way round.
    ExternUse,
    /// The symbol is bad.
    Elf(relocore::Error),
}

impl fmt::Display for ReferenceProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Misplaced => f.write_str("the relocation is not for the start of an instruction"),
            Self::Instruction(code) => {
                write!(
                    f,
                    "the instruction (opcode {code:#04x}) can't refer to a symbol"
                )
            }
            Self::NoRelocation => f.write_str(
                "the instruction takes a function's address, and no relocation says which",
            ),
            Self::HelperCall => f.write_str("the call is of a helper, not of a function"),
            Self::NoSection => {
                f.write_str("the symbol has no section: is it a variable without initial value?")
            }
            Self::Section(index) => {
                write!(f, "ELF section {index} is neither code, data nor .maps")
            }
            Self::NoFunction(at) => write!(f, "no function starts at byte {at} of its section"),
            Self::NoMap(at) => write!(f, "no map is at byte {at} of .maps"),
            Self::Outside(at) => write!(f, "byte {at} is outside of its section"),
            Self::UnknownExtern => f.write_str("the extern has no type in the object's BTF"),
            Self::ExternUse => f.write_str("the extern is not what the instruction takes it for"),
            Self::Elf(error) => fmt::Display::fmt(error, f),
        }
    }
}

/// Source register of a call of a function, and of a function's address.
const PSEUDO_CALL: u8 = 1;
const PSEUDO_FUNC: u8 = 4;
/// `BPF_JMP | BPF_CALL`.
const CALL: u8 = 0x85;

/// Looks up what instructions refer to.
pub(super) struct References<'a> {
    elf: elf::Object<'a>,
    symbols: Symbols<'a>,
    parts: &'a Parts,
    /// Of each code section, by offset.
    relocations: HashMap<u32, Vec<Relocation>>,
    /// Place of each extern, by its symbol.
    externs: HashMap<u32, usize>,
    /// Place of each map, by section and offset; data sections by section alone.
    declared: HashMap<(u32, i64), usize>,
    data: HashMap<u32, usize>,
}

impl<'a> References<'a> {
    /// Sorts the object's relocations.
    pub(super) fn new(elf: elf::Object<'a>, parts: &'a Parts) -> Result<Self, ErrorKind> {
        let mut relocations: HashMap<u32, Vec<Relocation>> = HashMap::new();
        for function in &parts.functions {
            relocations.entry(function.section).or_default();
        }
        for section in elf.sections() {
            if let Some(list) = relocations.get_mut(&section.info()) {
                for relocation in section.relocations() {
                    list.push(relocation?);
                }
            }
        }
        for list in relocations.values_mut() {
            list.sort_by_key(|one| one.offset);
        }
        let externs = parts.externs.list.iter().enumerate();
        let (mut declared, mut data) = (HashMap::new(), HashMap::new());
        for (nth, map) in parts.maps.iter().enumerate() {
            if map.role() == MapRole::Declared {
                declared.insert((map.section, i64::from(map.offset_bytes)), nth);
            }
            if let Some(part) = map.data.filter(|part| part.section > 0) {
                data.insert(part.section, nth);
            }
        }
        Ok(Self {
            elf,
            symbols: elf.symbols()?,
            parts,
            relocations,
            externs: externs.map(|(nth, one)| (one.symbol, nth)).collect(),
            declared,
            data,
        })
    }

    /// References of a function's instructions, by slot in the function.
    pub(super) fn of(&self, function: &Function) -> Result<Vec<(u32, Reference)>, ErrorKind> {
        let mut found = Vec::new();
        let end = u64::from(function.offset_bytes) + u64::from(function.size_bytes);
        let list = self
            .relocations
            .get(&function.section)
            .map_or(&[][..], Vec::as_slice);
        let start = list.partition_point(|one| one.offset < u64::from(function.offset_bytes));
        let mut list = list
            .iter()
            .skip(start)
            .take_while(|one| one.offset < end)
            .peekable();
        let mut skip = false;
        for (slot, bytes) in (0_u32..).zip(code(&self.elf, function)?) {
            let at = function.offset_bytes + slot * INSN_BYTES as u32;
            let error = |symbol: &str, problem| ErrorKind::Reference {
                section: function.section_name.clone(),
                offset_bytes: at,
                symbol: symbol.to_owned(),
                problem,
            };
            let insn = Insn::decode(*bytes, self.elf.endian());
            let is_second_half = core::mem::take(&mut skip);
            skip = !is_second_half && insn.is_ld_imm64();
            let relocation = list.next_if(|one| one.offset < u64::from(at) + INSN_BYTES as u64);
            let reference = match relocation {
                Some(one) => {
                    let name = || self.symbol_name(one.symbol);
                    if one.offset != u64::from(at) || is_second_half {
                        return Err(error(&name(), ReferenceProblem::Misplaced));
                    }
                    self.relocated(one, insn)
                        .map_err(|problem| error(&name(), problem))?
                }
                None if is_second_half => continue,
                None if insn.code == CALL && insn.src == PSEUDO_CALL => {
                    let to = i64::from(at) + (i64::from(insn.imm) + 1) * INSN_BYTES as i64;
                    let function = self.function(function.section, to);
                    Reference::Call(function.map_err(|problem| error("", problem))?)
                }
                None if insn.is_ld_imm64() && insn.src == PSEUDO_FUNC => {
                    return Err(error("", ReferenceProblem::NoRelocation));
                }
                None => continue,
            };
            found.push((slot, reference));
        }
        Ok(found)
    }

    fn symbol_name(&self, index: u32) -> String {
        let symbol = self.symbols.get(index).ok();
        let name = symbol.and_then(|symbol| {
            let name = symbol.name().ok().filter(|name| !name.is_empty());
            name.or_else(|| self.elf.section(symbol.section()?).ok()?.name().ok())
        });
        name.unwrap_or_default().escape_ascii().to_string()
    }

    fn relocated(&self, one: &Relocation, insn: Insn) -> Result<Reference, ReferenceProblem> {
        let is_call = insn.code == CALL;
        if !is_call && !insn.is_ld_imm64() {
            return Err(ReferenceProblem::Instruction(insn.code));
        }
        let symbol = self
            .symbols
            .get(one.symbol)
            .map_err(ReferenceProblem::Elf)?;
        if symbol.is_undefined() {
            return self.to_extern(one.symbol, is_call);
        }
        let section = symbol.section().ok_or(ReferenceProblem::NoSection)?;
        let value = i64::try_from(symbol.value()).unwrap_or(i64::MAX);
        if is_call {
            if insn.src != PSEUDO_CALL {
                return Err(ReferenceProblem::HelperCall);
            }
            let slots = i64::from(insn.imm) + 1;
            let to = value.saturating_add(slots * INSN_BYTES as i64);
            return Ok(Reference::Call(self.function(section, to)?));
        }
        let at = value.saturating_add(i64::from(insn.imm));
        if let Some(&map) = self.declared.get(&(section, at)) {
            return Ok(Reference::Map(map));
        }
        if let Some(&map) = self.data.get(&section) {
            let data = self.parts.maps.get(map).and_then(|map| map.data);
            let size = data.map_or(0, |data| data.size_bytes);
            // One byte past the end is an address that C allows, and the verifier judges.
            let offset_bytes = u32::try_from(at).ok().filter(|at| *at <= size);
            let offset_bytes = offset_bytes.ok_or(ReferenceProblem::Outside(at))?;
            return Ok(Reference::MapValue { map, offset_bytes });
        }
        match self.elf.section(section) {
            Err(error) => Err(ReferenceProblem::Elf(error)),
            Ok(section) if section.is_code() => {
                Ok(Reference::Address(self.function(section.index(), at)?))
            }
            Ok(section) if section.is_named(b".maps") => Err(ReferenceProblem::NoMap(at)),
            Ok(section) => Err(ReferenceProblem::Section(section.index())),
        }
    }

    fn to_extern(&self, symbol: u32, is_call: bool) -> Result<Reference, ReferenceProblem> {
        let nth = *self
            .externs
            .get(&symbol)
            .ok_or(ReferenceProblem::UnknownExtern)?;
        let kind = self.parts.externs.list.get(nth).map(|one| one.kind);
        match (kind, is_call) {
            (Some(ExternKind::Kfunc), true) => Ok(Reference::ExternCall(nth)),
            (_, true) => Err(ReferenceProblem::ExternUse),
            _ => Ok(Reference::Extern(nth)),
        }
    }

    /// The function that starts there.
    fn function(&self, section: u32, at: i64) -> Result<usize, ReferenceProblem> {
        let offset = u32::try_from(at).map_err(|_| ReferenceProblem::NoFunction(at))?;
        let nth = find_function(&self.parts.functions, section, offset);
        let starts = |nth: &usize| {
            let function = self.parts.functions.get(*nth);
            function.is_some_and(|function| function.offset_bytes == offset)
        };
        nth.filter(starts).ok_or(ReferenceProblem::NoFunction(at))
    }
}

/// The slots of a function, as the file has them.
fn code<'a>(
    elf: &elf::Object<'a>,
    function: &Function,
) -> relocore::Result<&'a [[u8; INSN_BYTES]]> {
    let data = elf.section(function.section)?.data()?;
    Ok(slots(data, function))
}

/// The slots of a function in the bytes of its section.
pub(super) fn slots<'a>(section: &'a [u8], function: &Function) -> &'a [[u8; INSN_BYTES]] {
    let start = function.offset_bytes as usize;
    let end = start.saturating_add(function.size_bytes as usize);
    section.get(start..end).unwrap_or_default().as_chunks().0
}
