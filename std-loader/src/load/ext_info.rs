//! Functions and source lines of an assembled program, as the kernel wants them.
//!
//! Enters: the records of `.BTF.ext`, whose offsets count bytes of a section. Leaves: records
//! whose offsets count slots of one program, piece after piece. Rule: libbpf's
//! `adjust_prog_btf_ext_info`. The kernel wants every function described or none, so a program
//! with a function that is not is loaded without.

use std::collections::HashMap;

use relocore::btf::Btf;
use relocore::elf;
use relocore::ext::{Ext, FuncInfo, Groups, LineInfo, Record};
use relocore::insn::INSN_BYTES;

use crate::object::Parts;

use super::code::Piece;

/// Bytes of `struct bpf_func_info` and `struct bpf_line_info`.
pub(super) const FUNC_INFO_BYTES: u32 = 8;
pub(super) const LINE_INFO_BYTES: u32 = 16;

/// Records by the name of their section, sorted by place.
#[derive(Debug, Default)]
pub(super) struct ExtInfo<'a> {
    functions: HashMap<&'a [u8], Vec<FuncInfo>>,
    lines: HashMap<&'a [u8], Vec<LineInfo>>,
}

/// Records of one program, end to end.
#[derive(Debug, Default)]
pub(super) struct Records {
    pub(super) functions: Vec<u8>,
    pub(super) lines: Vec<u8>,
}

impl<'a> ExtInfo<'a> {
    /// Sorts the records of an object.
    pub(super) fn read(elf: &elf::Object<'a>) -> relocore::Result<Self> {
        let Some(bytes) = elf.btf_ext()? else {
            return Ok(Self::default());
        };
        // Names of sections only: no look-up by id.
        let btf = Btf::open(elf.btf()?)?;
        let ext = Ext::parse(bytes)?;
        Ok(Self {
            functions: by_section(&btf, ext.func_infos(), |one| one.insn_off)?,
            lines: by_section(&btf, ext.line_infos(), |one| one.insn_off)?,
        })
    }

    /// Records of the program that consists of `pieces`.
    pub(super) fn of(&self, elf: &elf::Object<'_>, parts: &Parts, pieces: &[Piece]) -> Records {
        let mut records = Records::default();
        let (mut all_functions, mut all_lines) = (true, true);
        for piece in pieces {
            let Some(function) = parts.functions.get(piece.function) else {
                continue;
            };
            let section = elf
                .section(function.section)
                .and_then(|section| section.name());
            let section = section.unwrap_or_default();
            let (start, end) = (
                function.offset_bytes,
                function.offset_bytes.saturating_add(function.size_bytes),
            );
            let slot = |insn_off: u32| piece.start + (insn_off - start) / INSN_BYTES as u32;
            let within = |insn_off: u32| (start..end).contains(&insn_off);

            let list = self.functions.get(section).map_or(&[][..], Vec::as_slice);
            let from = list.partition_point(|one| one.insn_off < start);
            match list.get(from).filter(|one| one.insn_off == start) {
                Some(one) => put(&mut records.functions, [slot(start), one.type_id.0]),
                None => all_functions = false,
            }

            let list = self.lines.get(section).map_or(&[][..], Vec::as_slice);
            let from = list.partition_point(|one| one.insn_off < start);
            let list = list.get(from..).unwrap_or_default();
            all_lines &= list.first().is_some_and(|one| one.insn_off == start);
            for one in list.iter().take_while(|one| within(one.insn_off)) {
                let position = one.line << 10 | one.column;
                put(
                    &mut records.lines,
                    [slot(one.insn_off), one.file.0, one.line_text.0, position],
                );
            }
        }
        if !all_functions {
            // Lines need functions, too.
            return Records::default();
        }
        if !all_lines {
            records.lines.clear();
        }
        records
    }
}

/// Sorts records by section and place; of several for one instruction the first stays.
fn by_section<'a, R: Record>(
    btf: &Btf<'a>,
    groups: Groups<'_, R>,
    place: impl Fn(&R) -> u32,
) -> relocore::Result<HashMap<&'a [u8], Vec<R>>> {
    let mut found: HashMap<&[u8], Vec<R>> = HashMap::new();
    for group in groups {
        found
            .entry(btf.name(group.section())?)
            .or_default()
            .extend(group);
    }
    for list in found.values_mut() {
        list.sort_by_key(&place);
        list.dedup_by_key(|one| place(one));
    }
    Ok(found)
}

fn put<const N: usize>(bytes: &mut Vec<u8>, words: [u32; N]) {
    bytes.extend(words.into_iter().flat_map(u32::to_ne_bytes));
}
