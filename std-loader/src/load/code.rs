//! Which functions a program consists of.
//!
//! Enters: the references of functions. Leaves: the functions that the wanted programs reach
//! ([`Code::reach`]), and for one program its [`Piece`]s: itself, and after it each function that
//! it calls or takes the address of, once, and the one that exceptions call. Rule: libbpf's `bpf_object__reloc_code`, which goes
//! deep first where this goes wide; either order is right.

use std::collections::{HashMap, HashSet};

use relocore::elf;
use relocore::insn::INSN_BYTES;

use crate::error::ErrorKind;
use crate::object::Parts;

use super::reference::{Reference, References};

/// A function as part of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// The function, by place in the object's list.
    pub(super) function: usize,
    /// Its first slot in the program.
    pub(super) start: u32,
}

/// The object's functions with their references.
pub(super) struct Code<'a> {
    parts: &'a Parts,
    references: References<'a>,
    /// Of each function that was reached.
    reached: HashMap<usize, Vec<(u32, Reference)>>,
}

impl<'a> Code<'a> {
    pub(super) fn new(elf: elf::Object<'a>, parts: &'a Parts) -> Result<Self, ErrorKind> {
        Ok(Self {
            parts,
            references: References::new(elf, parts)?,
            reached: HashMap::new(),
        })
    }

    /// Looks up the references of a function and of all that it reaches.
    pub(super) fn reach(&mut self, entry: usize) -> Result<(), ErrorKind> {
        let mut next = vec![entry];
        while let Some(nth) = next.pop() {
            let Some(function) = self.parts.functions.get(nth) else {
                continue;
            };
            if self.reached.contains_key(&nth) {
                continue;
            }
            let references = self.references.of(function)?;
            next.extend(
                references
                    .iter()
                    .filter_map(|(_, reference)| callee(*reference)),
            );
            next.extend(function.on_exception);
            self.reached.insert(nth, references);
        }
        Ok(())
    }

    /// References of a function that was reached, by slot in the function.
    pub(super) fn references(&self, function: usize) -> &[(u32, Reference)] {
        self.reached.get(&function).map_or(&[], Vec::as_slice)
    }

    /// The functions that were reached.
    pub(super) fn reached(&self) -> impl Iterator<Item = usize> {
        self.reached.keys().copied()
    }

    /// Externs that programs refer to, by place in the object's list.
    pub(super) fn externs(&self, entries: impl IntoIterator<Item = usize>) -> HashSet<usize> {
        let mut externs = HashSet::new();
        let mut seen = HashSet::new();
        for entry in entries {
            for piece in self.pieces(entry).0 {
                if !seen.insert(piece.function) {
                    continue;
                }
                let references = self.references(piece.function).iter();
                externs.extend(references.filter_map(|(_, reference)| match reference {
                    Reference::Extern(nth) | Reference::ExternCall(nth) => Some(*nth),
                    _ => None,
                }));
            }
        }
        externs
    }

    /// The pieces of a program whose entry was reached, in order; and where each function is.
    pub(super) fn pieces(&self, entry: usize) -> (Vec<Piece>, HashMap<usize, u32>) {
        let mut pieces = Vec::new();
        let mut starts = HashMap::new();
        let mut end = 0_u32;
        let mut add = |function: usize, pieces: &mut Vec<Piece>| {
            if starts.contains_key(&function) {
                return;
            }
            starts.insert(function, end);
            pieces.push(Piece {
                function,
                start: end,
            });
            let size = self
                .parts
                .functions
                .get(function)
                .map_or(0, |one| one.size_bytes);
            end = end.saturating_add(size / INSN_BYTES as u32);
        };
        add(entry, &mut pieces);
        let on_exception = self.parts.functions.get(entry);
        let mut on_exception = on_exception.and_then(|one| one.on_exception);
        let mut done = 0;
        loop {
            let Some(&Piece { function, .. }) = pieces.get(done) else {
                // Nothing calls it, so it comes last.
                match on_exception.take() {
                    Some(callback) => add(callback, &mut pieces),
                    None => break,
                }
                continue;
            };
            for (_, reference) in self.references(function) {
                if let Some(callee) = callee(*reference) {
                    add(callee, &mut pieces);
                }
            }
            done += 1;
        }
        (pieces, starts)
    }
}

/// The function that a reference needs in the same program.
const fn callee(reference: Reference) -> Option<usize> {
    match reference {
        Reference::Call(function) | Reference::Address(function) => Some(function),
        _ => None,
    }
}
