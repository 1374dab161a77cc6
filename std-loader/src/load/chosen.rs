//! The programs to load, and those that turn out not to be loadable.
//!
//! Enters: an object, and what goes wrong with single programs. Leaves: the first such error, or,
//! if the user wants what can be had, the programs that are left and the errors of the others.

use crate::error::{Error, ErrorKind};
use crate::object::{Object, Program};

/// A program that was left out, and why.
#[derive(Debug)]
#[non_exhaustive]
pub struct Skipped {
    /// Its name.
    pub program: String,
    /// What went wrong.
    pub error: Error,
}

/// The programs to load, by place in the object's list.
pub(super) struct Chosen<'a> {
    object: &'a Object,
    /// Of each program, whether it is still to be loaded.
    left: Vec<bool>,
    skipped: Vec<Skipped>,
}

impl<'a> Chosen<'a> {
    /// Those for which `wanted` holds.
    pub(super) fn new(object: &'a Object, wanted: impl Fn(usize, &Program) -> bool) -> Self {
        let programs = object.parts.programs.iter().enumerate();
        Self {
            object,
            left: programs.map(|(nth, one)| wanted(nth, one)).collect(),
            skipped: Vec::new(),
        }
    }

    /// Those that are left.
    pub(super) fn programs(&self) -> Vec<(usize, &'a Program)> {
        let programs = self.object.parts.programs.iter().enumerate();
        let left = programs.zip(&self.left).filter(|(_, left)| **left);
        left.map(|(program, _)| program).collect()
    }

    /// Whether programs that can't be loaded are left out.
    pub(super) const fn may_skip(&self) -> bool {
        self.object.skip_failing
    }

    /// Leaves a program out, or ends the load.
    pub(super) fn skip(&mut self, nth: usize, error: ErrorKind) -> Result<(), ErrorKind> {
        if !self.may_skip() {
            return Err(error);
        }
        if let Some(left) = self.left.get_mut(nth) {
            *left = false;
        }
        if let Some(program) = self.object.parts.programs.get(nth) {
            self.skipped.push(Skipped {
                program: program.name().to_owned(),
                error: error.of(&self.object.name),
            });
        }
        Ok(())
    }

    /// Does `step` for each program that is left; those that fail are left out, or the first ends
    /// the load. Gives what the others have, by place in the object's list.
    pub(super) fn each<T>(
        &mut self,
        mut step: impl FnMut(usize, &'a Program) -> Result<T, ErrorKind>,
    ) -> Result<Vec<(usize, T)>, ErrorKind> {
        let mut done = Vec::new();
        for (nth, program) in self.programs() {
            match step(nth, program) {
                Ok(result) => done.push((nth, result)),
                Err(error) => self.skip(nth, error)?,
            }
        }
        Ok(done)
    }

    /// The errors of those that were left out.
    pub(super) fn into_skipped(self) -> Vec<Skipped> {
        self.skipped
    }
}
