//! What looks portable and is not.
//!
//! Enters: an object, of no kernel. Leaves: [`Lint`]s: places where the object goes by the kernel
//! that it was compiled for, and no record adapts it. They are found by following registers
//! ([`flow`](super::flow)) and by the text of source lines, so an object compiled without `-g`
//! shows fewer.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use hashbrown::{HashMap, HashSet};

use crate::elf::ProgramRange;
use crate::error::Result;
use crate::insn::Insn;
use crate::plan::Plan;
use crate::relo::RelocKind;
use crate::show::TypeName;

use super::finding::{Guard, Use};
use super::flow::{Flow, SLOT_BYTES};
use super::reach::Reach;
use super::report::symbol_name;
use super::source::{LineAt, LineKey, Lines};
use super::value::{Offset, Registers, Value, get};

/// Something that holds on the kernel that the object was compiled for, and perhaps on no other.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lint {
    /// What it is.
    pub kind: LintKind,
    /// The type that it is about, if that is known: `struct task_struct`.
    pub about: String,
    /// Where.
    pub place: Use,
}

/// Ways of going by one kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum LintKind {
    /// A pointer of the kernel is followed at an offset that no record adapts.
    FixedOffset,
    /// The context of a tracepoint is read at an offset that no record adapts.
    FixedContext,
    /// The size of a type whose members are relocated is taken as it was at compile time.
    FixedSize,
    /// A line asks for the version of the headers that the object was compiled with.
    FixedVersion,
}

impl LintKind {
    /// What is wrong with it, and what to do instead.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::FixedOffset => {
                "reads the kernel's memory at an offset of the compile-time headers: give the \
                 struct __attribute__((preserve_access_index)), or read with BPF_CORE_READ()"
            }
            Self::FixedContext => {
                "reads the tracepoint's record at an offset of the compile-time headers, which may \
                 differ by kernel and machine: give the struct \
                 __attribute__((preserve_access_index))"
            }
            Self::FixedSize => {
                "takes the size of the type in the compile-time headers: write \
                 bpf_core_type_size() for sizeof"
            }
            Self::FixedVersion => {
                "asks for the version of the compile-time headers, not of the running kernel: \
                 declare `extern int LINUX_KERNEL_VERSION __kconfig;` and ask that, or better \
                 whether a field or type exists"
            }
        }
    }
}

/// Lints that are told.
const MAX_LINTS: usize = 1 << 10;

/// Source lines that are looked through.
const MAX_LINES: usize = 1 << 20;

/// Looks through an object.
///
/// # Errors
/// A table of the object is bad.
pub fn lint(plan: &Plan<'_>) -> Result<Vec<Lint>> {
    let lines = Lines::new(plan.local(), plan.object().btf_ext()?)?;
    let mut linter = Linter {
        plan,
        lines,
        sizes: Sizes::of(plan),
        records: HashMap::new(),
        sized: HashSet::new(),
        found: Vec::new(),
    };
    linter.collect_records()?;
    let reach = Reach::new(plan, None, &linter.records, None)?;
    for (range, flow) in reach.flows() {
        linter.function(range, flow)?;
    }
    linter.texts();
    let mut found = linter.found;
    let place = |one: &Lint| (one.place.section.clone(), one.place.insn_off);
    found.sort_by_key(|one| (one.kind, place(one)));
    let mut told = HashSet::new();
    found.retain(|one| {
        let line = one
            .place
            .line
            .as_ref()
            .map(|line| (line.file.clone(), line.line));
        let insn_off = if line.is_some() {
            0
        } else {
            one.place.insn_off
        };
        told.insert((one.kind, one.place.program.clone(), line, insn_off))
    });
    Ok(found)
}

/// Sizes of the types whose members are relocated.
struct Sizes {
    names: HashMap<u32, Vec<String>>,
}

impl Sizes {
    fn of(plan: &Plan<'_>) -> Self {
        let local = plan.local();
        let mut names: HashMap<u32, Vec<String>> = HashMap::new();
        let mut seen = HashSet::new();
        for entry in plan.records() {
            let id = entry.record.type_id;
            let composite = local
                .type_by_id(id)
                .is_ok_and(|ty| ty.kind().is_composite());
            if seen.insert(id)
                && composite
                && let Ok(bytes) = local.size_bytes(id)
            {
                let name = TypeName::new(local, id).to_string();
                names.entry(bytes).or_default().push(name);
            }
        }
        Self { names }
    }

    /// The type that a line takes the size of, if that is `bytes`.
    fn taken(&self, bytes: u64, text: &[u8]) -> Option<&str> {
        /// A size that few types have.
        const TELLING_BYTES: u64 = 32;
        let names = self.names.get(&u32::try_from(bytes).ok()?)?;
        let text = core::str::from_utf8(text).ok()?;
        let of = |name: &&String| text.contains(&alloc::format!("sizeof({name}"));
        let named = names.iter().find(of);
        let only = match names.as_slice() {
            [only] if bytes >= TELLING_BYTES && text.contains("sizeof(") => Some(only),
            _ => None,
        };
        named.or(only).map(String::as_str)
    }
}

struct Linter<'p, 'a> {
    plan: &'p Plan<'a>,
    lines: Lines<'a>,
    sizes: Sizes,
    /// Number of each record, by section and offset.
    records: HashMap<(u32, u32), usize>,
    /// Lines that have a record about a type's size.
    sized: HashSet<LineKey>,
    found: Vec<Lint>,
}

impl Linter<'_, '_> {
    fn collect_records(&mut self) -> Result<()> {
        for planned in self.plan.sections() {
            let planned = planned?;
            for (record, number) in planned.records.into_iter().zip(planned.first..) {
                let Some(program) = planned.programs.find(record.insn_off) else {
                    continue;
                };
                self.records
                    .insert((program.section, record.insn_off), number);
                let start = program.offset_bytes;
                if record.kind == RelocKind::TypeSize as u32
                    && let Some(line) = self.lines.at(planned.name, start, record.insn_off)
                {
                    self.sized.insert(line.key());
                }
            }
        }
        Ok(())
    }

    fn function(&mut self, range: &ProgramRange, flow: &Flow<'_>) -> Result<()> {
        let section = self.plan.object().section(range.section)?.name()?;
        let is_tracepoint = is_tracepoint(section);
        let mut found = Vec::new();
        flow.each(|slot, insn, registers| {
            if flow.record(slot) == 0 {
                let kind = offset(insn, registers, is_tracepoint);
                found.extend(kind.map(|kind| (slot, kind, None)));
            }
            if let Some(bytes) = size_read(insn, registers) {
                found.push((slot, LintKind::FixedSize, Some(bytes)));
            }
        });
        for (slot, kind, bytes) in found {
            let insn_off = range
                .offset_bytes
                .saturating_add(slot.saturating_mul(SLOT_BYTES));
            let line = self.lines.at(section, range.offset_bytes, insn_off);
            let about = match (bytes, line) {
                (None, _) => String::new(),
                (Some(bytes), Some(line)) if !self.is_sized(line) => {
                    match self.sizes.taken(bytes, self.lines.text(line)) {
                        Some(name) => String::from(name),
                        None => continue,
                    }
                }
                _ => continue,
            };
            self.tell(kind, about, range, section, insn_off, line);
        }
        Ok(())
    }

    fn is_sized(&self, line: LineAt) -> bool {
        self.sized.contains(&line.key())
    }

    /// What only the text of a line tells.
    fn texts(&mut self) {
        let sections: Vec<_> = self.lines.sections().collect();
        for section in sections {
            let programs = self.plan.programs().section(section);
            let lines: Vec<_> = self.lines.after(section, 0, u32::MAX).collect();
            let first = self.lines.at(section, 0, 0);
            for line in first.into_iter().chain(lines).take(MAX_LINES) {
                let Some(range) = programs.find(line.insn_off()) else {
                    continue;
                };
                let text = self.lines.text(line);
                let contains = |what: &[u8]| text.windows(what.len()).any(|part| part == what);
                if contains(b"LINUX_VERSION_CODE") {
                    let kind = LintKind::FixedVersion;
                    let insn_off = line.insn_off();
                    self.tell(kind, String::new(), range, section, insn_off, Some(line));
                }
            }
        }
    }

    fn tell(
        &mut self,
        kind: LintKind,
        about: String,
        range: &ProgramRange,
        section: &[u8],
        insn_off: u32,
        line: Option<LineAt>,
    ) {
        if self.found.len() >= MAX_LINTS {
            return;
        }
        let place = Use {
            program: symbol_name(self.plan, range.symbol),
            section: String::from_utf8_lossy(section).into_owned(),
            insn_off,
            line: line.map(|line| self.lines.read(line)),
            guard: Guard::NotAsked,
        };
        self.found.push(Lint { kind, about, place });
    }
}

/// Does the instruction read the kernel's memory at an offset of its own?
fn offset(insn: Insn, registers: &Registers, is_tracepoint: bool) -> Option<LintKind> {
    /// Fields that all tracepoints begin with, in bytes.
    const COMMON_BYTES: i16 = 8;
    const LDX: u8 = 1;
    if insn.code & 7 == LDX {
        return match get(registers, insn.src) {
            Value::Kernel(Offset::Fixed) => Some(LintKind::FixedOffset),
            // The first member of a struct is where the struct is, on all kernels mostly.
            Value::Kernel(Offset::None) if insn.off != 0 => Some(LintKind::FixedOffset),
            Value::Context if is_tracepoint && insn.off >= COMMON_BYTES => {
                Some(LintKind::FixedContext)
            }
            _ => None,
        };
    }
    let reads = read_helper(insn)?;
    let fixed = get(registers, 3) == Value::Kernel(Offset::Fixed);
    (fixed && reads).then_some(LintKind::FixedOffset)
}

/// The size that a helper is to read, if the code fixes it.
fn size_read(insn: Insn, registers: &Registers) -> Option<u64> {
    read_helper(insn)?;
    match get(registers, 2) {
        Value::Number { value, record: 0 } => Some(value),
        _ => None,
    }
}

/// Is it a call of a helper that reads memory: the kernel's, or (false) a process's?
fn read_helper(insn: Insn) -> Option<bool> {
    const CALL: u8 = 0x85;
    match insn.imm {
        4 | 45 | 113 | 115 if insn.code == CALL && insn.src == 0 => Some(true),
        112 | 114 if insn.code == CALL && insn.src == 0 => Some(false),
        _ => None,
    }
}

fn is_tracepoint(section: &[u8]) -> bool {
    let name = section.strip_prefix(b"?").unwrap_or(section);
    name.starts_with(b"tp/") || name.starts_with(b"tracepoint/")
}
