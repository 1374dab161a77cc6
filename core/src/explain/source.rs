//! Where in the source an instruction comes from, and how the access is written there.
//!
//! Enters: line records of `.BTF.ext`. Leaves: file, line and text ([`SourceLine`]), and what the
//! text calls an access ([`expression`]): types know `task_struct.mm`, only the text knows
//! `task->mm`. The text is read as far as it is plain: `base->member`, `base.member` and the
//! `BPF_CORE_READ()` family; for anything else the reader gets the types' words.

use alloc::string::String;
use alloc::vec::Vec;

use hashbrown::HashMap;

use crate::btf::Btf;
use crate::error::Result;
use crate::ext::{Ext, Group, LineInfo};
use crate::units::StrOff;

/// A line of the program's source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceLine {
    /// The file, as the compiler was given it.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1; 0 if unknown.
    pub column: u32,
    /// The line's text without blanks at its ends; empty if the object does not carry it.
    pub text: String,
}

/// Longest text of a line that is kept, in bytes.
const MAX_TEXT_BYTES: usize = 400;

/// Line records by code section.
pub(super) struct Lines<'a> {
    local: Btf<'a>,
    groups: HashMap<&'a [u8], Vec<Group<'a, LineInfo>>>,
}

/// A file and a line of it.
pub(super) type LineKey = (StrOff, u32);

/// The record of an instruction, not yet looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LineAt(LineInfo);

impl<'a> Lines<'a> {
    /// Sorts the groups of `.BTF.ext`, if there is any.
    pub(super) fn new(local: &Btf<'a>, ext: Option<&'a [u8]>) -> Result<Self> {
        let mut groups: HashMap<_, Vec<_>> = HashMap::new();
        if let Some(bytes) = ext {
            for group in Ext::parse(bytes)?.line_infos() {
                let name = local.name(group.section())?;
                groups.entry(name).or_default().push(group);
            }
        }
        Ok(Self {
            local: *local,
            groups,
        })
    }

    /// The record that covers the instruction at `insn_off` bytes of that section, of a function
    /// that starts at `start`. Compilers sort the records; in unsorted ones some are not found.
    pub(super) fn at(&self, section: &[u8], start: u32, insn_off: u32) -> Option<LineAt> {
        let groups = self.groups.get(section)?;
        let lasts = groups.iter().filter_map(|group| last(group, insn_off));
        let line = lasts.max_by_key(|line| line.insn_off)?;
        (line.insn_off >= start).then_some(LineAt(line))
    }

    /// The records after an instruction, up to `end`, in the order of the code.
    pub(super) fn after(
        &self,
        section: &[u8],
        insn_off: u32,
        end: u32,
    ) -> impl Iterator<Item = LineAt> {
        let groups = self.groups.get(section).map_or(&[][..], Vec::as_slice);
        let records = groups.iter().flat_map(move |group| {
            let first = first_after(group, insn_off);
            (first..group.len()).map_while(|nth| group.get(nth))
        });
        records
            .take_while(move |line| line.insn_off < end)
            .map(LineAt)
    }

    /// All sections that have records.
    pub(super) fn sections(&self) -> impl Iterator<Item = &'a [u8]> {
        self.groups.keys().copied()
    }

    /// The names and text behind a record.
    pub(super) fn read(&self, line: LineAt) -> SourceLine {
        SourceLine {
            file: text(self.local.name(line.0.file).unwrap_or(&[])),
            line: line.0.line,
            column: line.0.column,
            text: text(self.text(line)),
        }
    }

    /// The text alone.
    pub(super) fn text(&self, line: LineAt) -> &'a [u8] {
        let text = self.local.name(line.0.line_text).unwrap_or(&[]);
        text.get(..MAX_TEXT_BYTES).unwrap_or(text).trim_ascii()
    }
}

impl LineAt {
    /// Where the line's instructions begin, in bytes of the section.
    pub(super) const fn insn_off(self) -> u32 {
        self.0.insn_off
    }

    /// What records of one line have in common.
    pub(super) const fn key(self) -> LineKey {
        (self.0.file, self.0.line)
    }
}

/// The last record of a group that is not after `insn_off`.
fn last(group: &Group<'_, LineInfo>, insn_off: u32) -> Option<LineInfo> {
    group.get(first_after(group, insn_off).checked_sub(1)?)
}

/// Number of the first record that is after `insn_off`.
fn first_after(group: &Group<'_, LineInfo>, insn_off: u32) -> u32 {
    let (mut low, mut high) = (0, group.len());
    while low < high {
        let middle = low.midpoint(high);
        match group.get(middle) {
            Some(line) if line.insn_off <= insn_off => low = middle.saturating_add(1),
            _ => high = middle,
        }
    }
    low
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What the text of a line calls the thing whose `member` is accessed, with the arrow or dot that
/// leads to the member: `task->`, `task->mm->`, `flow.`.
pub(super) fn expression(text: &[u8], member: &[u8]) -> Option<String> {
    if member.is_empty() {
        return None;
    }
    let starts = text
        .windows(member.len())
        .enumerate()
        .filter(|(_, window)| *window == member);
    for (at, _) in starts {
        let (before, rest) = text.split_at_checked(at)?;
        let after = rest.get(member.len()..).unwrap_or(&[]);
        if before.last().is_some_and(|byte| is_word(*byte))
            || after.first().is_some_and(|byte| is_word(*byte))
            || is_assigned(after)
        {
            continue;
        }
        if let Some(base) = of_operator(before).or_else(|| of_macro(before)) {
            return Some(base);
        }
    }
    None
}

/// Is that word in the text?
pub(super) fn mentions(text: &[u8], word: &[u8]) -> bool {
    let is_bound = |byte: Option<&u8>| byte.is_none_or(|byte| !is_word(*byte));
    !word.is_empty()
        && text.windows(word.len()).enumerate().any(|(at, window)| {
            let before = at.checked_sub(1).and_then(|at| text.get(at));
            window == word && is_bound(before) && is_bound(text.get(at.saturating_add(word.len())))
        })
}

/// Is that a line of an existence check?
pub(super) fn asks_for_existence(text: &[u8]) -> bool {
    text.windows(8).any(|window| window == b"_exists(")
}

/// Is what stands before this written to? Then it is the program's own.
fn is_assigned(after: &[u8]) -> bool {
    matches!(after.trim_ascii_start(), [b'=', next, ..] if *next != b'=')
}

/// `... task->mm->` ends in such a base.
fn of_operator(before: &[u8]) -> Option<String> {
    let (base, arrow) = match before {
        [base @ .., b'-', b'>'] => (base, "->"),
        [base @ .., b'.'] => (base, "."),
        _ => return None,
    };
    let base = trailing(base)?;
    Some(alloc::format!("{base}{arrow}"))
}

/// The longest end of a text that is a name, or names joined by arrows, dots and indices.
fn trailing(text: &[u8]) -> Option<&str> {
    let mut depth = 0u32;
    let mut start = text.len();
    for (at, &byte) in text.iter().enumerate().rev() {
        match byte {
            b']' => depth = depth.saturating_add(1),
            b'[' if depth > 0 => depth = depth.saturating_sub(1),
            b'>' if text.get(at.wrapping_sub(1)) == Some(&b'-') => {}
            b'-' if text.get(at.wrapping_add(1)) == Some(&b'>') => {}
            b'.' => {}
            _ if depth > 0 || is_word(byte) => {}
            _ => break,
        }
        start = at;
    }
    let name = str::from_utf8(text.get(start..)?).ok()?;
    let name = name.trim_start_matches(['-', '>', '.']);
    let begins = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'_';
    name.as_bytes().first().is_some_and(begins).then_some(name)
}

/// `... BPF_CORE_READ(task, mm, ` ends in such a base: `task->mm->`.
fn of_macro(before: &[u8]) -> Option<String> {
    let open = opening(before)?;
    let (name, arguments) = before.split_at_checked(open)?;
    let name = trailing(name.trim_ascii_end())?;
    let arguments = str::from_utf8(arguments.get(1..)?).ok()?;
    // What stands before the member: `task, mm, `.
    let mut arguments = arguments.trim_end().strip_suffix(',')?.split(',');
    let reads = ["_CORE_READ", "_PROBE_READ", "_core_read", "_READ_BITFIELD"];
    if !reads.iter().any(|part| name.contains(part)) {
        return None;
    }
    if name.ends_with("_INTO") {
        arguments.next()?; // where it is read to
    }
    let mut base = String::new();
    for (nth, argument) in arguments.enumerate() {
        let argument = argument.trim();
        let is_name = |byte: u8| is_word(byte) || b".->[]".contains(&byte);
        let is_base = nth == 0 && argument.starts_with('(') && argument.ends_with(')');
        if argument.is_empty() || !is_base && !argument.bytes().all(is_name) {
            return None;
        }
        base.push_str(argument);
        base.push_str("->");
    }
    (!base.is_empty()).then_some(base)
}

/// Where the bracket is that the end of the text is in.
fn opening(text: &[u8]) -> Option<usize> {
    let mut depth = 0u32;
    for (at, byte) in text.iter().enumerate().rev() {
        match byte {
            b')' => depth = depth.saturating_add(1),
            b'(' if depth == 0 => return Some(at),
            b'(' => depth = depth.saturating_sub(1),
            b';' | b'{' | b'}' => return None,
            _ => {}
        }
    }
    None
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bases_in_the_text() {
        for (text, member, base) in [
            ("pid = task->tgid;", "tgid", Some("task->")),
            ("x = a->b[i].c->tgid + 1;", "tgid", Some("a->b[i].c->")),
            ("e.ino = ev.inode;", "inode", Some("ev.")),
            (
                "if (bpf_core_field_exists(task->__state))",
                "__state",
                Some("task->"),
            ),
            (
                "ino = BPF_CORE_READ(task, mm, exe_file, f_inode, i_ino);",
                "f_inode",
                Some("task->mm->exe_file->"),
            ),
            ("p = BPF_CORE_READ(task, mm);", "mm", Some("task->")),
            (
                "BPF_CORE_READ_INTO(&e.pid, task, real_parent, tgid);",
                "tgid",
                Some("task->real_parent->"),
            ),
            (
                "BPF_CORE_READ((struct task_struct *)ctx->arg, mm)",
                "mm",
                None,
            ),
            (
                "BPF_CORE_READ(((struct task_struct *)task), mm)",
                "mm",
                Some("((struct task_struct *)task)->"),
            ),
            ("bpf_core_field_exists(struct task_struct, mm)", "mm", None),
            (
                "opts.freebind = BPF_CORE_READ_BITFIELD_PROBED(sock, freebind);",
                "freebind",
                Some("sock->"),
            ),
            ("if (task->mm == 0)", "mm", Some("task->")),
            ("foo(task, mm);", "mm", None),
            ("x = tgid;", "tgid", None),
            ("x = task->tgid2;", "tgid", None),
            ("x = (a + b)->tgid;", "tgid", None),
            ("x = 1.5; y = ->tgid", "tgid", None),
            ("", "tgid", None),
            ("x->", "", None),
        ] {
            let found = expression(text.as_bytes(), member.as_bytes());
            assert_eq!(found.as_deref(), base, "{text}");
        }
    }
}
