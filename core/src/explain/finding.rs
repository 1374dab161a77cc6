//! What there is to say about an access on one kernel.
//!
//! Enters: nothing. Leaves: [`Finding`] and its parts, plain values that a report is printed
//! from, as text ([`FindingText`](super::FindingText)) or otherwise.

use alloc::string::String;
use alloc::vec::Vec;

use crate::relo::{Outcome, Reason, RelocKind};

use super::headline::Summary;
use super::source::SourceLine;

/// One access that the kernel answers in one way, wherever in the object it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// Number of its first record in the object.
    pub record: usize,
    /// What its first record asks for; `None` for a kind that is newer than this crate.
    pub kind: Option<RelocKind>,
    /// What became of it.
    pub outcome: Outcome,
    /// What that means for the object.
    pub effect: Effect,
    /// The type that the access starts from, without flavor: `struct task_struct`.
    pub root: String,
    /// The access as the types have it: `task_struct.mm`.
    pub path: String,
    /// As the source has it (`task->mm`), or else as the types have it.
    pub access: String,
    /// What that is: ``member `mm`, `struct mm_struct *`, of `struct task_struct` ``.
    pub what: String,
    /// Other accesses with the same cause, where that is the type as a whole, as the types have them.
    pub others: Vec<String>,
    /// The value with its meaning, or why there is none: one sentence.
    pub why: String,
    /// How the object and the kernel declare it, where both do and not alike.
    pub declared: Option<[String; 2]>,
    /// Where several types of the kernel have that name: each with why it does not fit, or where it
    /// has the field.
    pub candidates: Vec<Candidate>,
    /// Names of the kernel that are nearly the one wanted, most alike first.
    pub similar: Vec<String>,
    /// Where the kernel has the same name, or the same type, in another place.
    pub moved: Vec<String>,
    /// What can be done, one sentence each.
    pub help: Vec<String>,
    /// Where the object accesses it.
    pub uses: Vec<Use>,
}

impl Finding {
    /// The matter in a few words: `` `task->mm` is not in this kernel ``.
    #[must_use]
    pub const fn summary(&self) -> Summary<'_> {
        Summary(self)
    }

    /// Is the type as a whole the matter, and not the member?
    #[must_use]
    pub const fn is_whole_type(&self) -> bool {
        matches!(
            self.outcome,
            Outcome::Poison(Reason::NoCandidate) | Outcome::Absent(Reason::NoCandidate)
        )
    }
}

/// What a finding means for the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// The object can't be relocated, and so not loaded.
    Fails,
    /// An instruction that the kernel refuses can be reached: its program can't be loaded.
    Refused,
    /// The same, as far as can be told: the code was too long or too twisted to follow.
    Unsure,
    /// Such an instruction is there, and is never reached.
    Guarded,
    /// The kernel lacks it, and the program is told so.
    Absent,
    /// The kernel has it.
    Found,
    /// The instructions belong to no program.
    Unused,
}

impl Effect {
    /// Must something be changed before the object can be loaded?
    #[must_use]
    pub const fn is_problem(self) -> bool {
        matches!(self, Self::Fails | Self::Refused | Self::Unsure)
    }

    /// A word for it: `error`, `guarded`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Fails | Self::Refused => "error",
            Self::Unsure => "warning",
            Self::Guarded => "guarded",
            Self::Absent => "absent",
            Self::Found => "found",
            Self::Unused => "unused",
        }
    }
}

/// A type of the kernel that the object's could stand for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Candidate {
    /// Its name and where it is: `` `struct foo` in module `x` ``.
    pub name: String,
    /// What it would answer, or why it does not fit.
    pub verdict: String,
    /// Its members around the one wanted, each with its place; empty where the verdict says enough.
    pub layout: Vec<String>,
}

/// A place in the object where something is accessed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Use {
    /// Name of the function; empty if the instruction is in none.
    pub program: String,
    /// Its section.
    pub section: String,
    /// The instruction, in bytes from the start of its section.
    pub insn_off: u32,
    /// The line that it comes from, if the object tells.
    pub line: Option<SourceLine>,
    /// Whether control comes there on this kernel; asked only of what is missing.
    pub guard: Guard,
}

impl Use {
    /// Do both come from one line of one file?
    #[must_use]
    pub fn is_on_line_of(&self, other: &Self) -> bool {
        match (&self.line, &other.line) {
            (Some(line), Some(same)) => line.line == same.line && line.file == same.file,
            _ => false,
        }
    }
}

/// Whether control comes to an instruction, as far as registers and branches show.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Guard {
    /// Not asked.
    NotAsked,
    /// It does.
    None,
    /// A check keeps it away.
    Check {
        /// What is checked: `task_struct.mm`; empty if it is no CO-RE record but a constant.
        what: String,
        /// The kind of check.
        kind: Option<RelocKind>,
        /// The line of the check.
        line: Option<SourceLine>,
    },
    /// Nothing calls its function.
    NotCalled,
    /// The code is too long or too twisted to follow.
    Unknown,
}
