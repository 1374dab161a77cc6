//! A program that the verifier refused.
//!
//! Enters: errno and log, and what this loader knows of the instructions. Leaves: [`Refused`],
//! which prints the telling lines, and where an instruction was reached that stands for something
//! missing, what that is, what the kernel has instead and what can be done.

use core::fmt;

use relocore::explain::{Effect, Finding, FindingText, Guard, Report, Style};
use relocore::insn::POISON_IMM;

use crate::sys::SysError;

use super::verifier_log::{excerpt, is_cut, rewritten, unknown_calls};

/// A program that the verifier refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refused {
    /// The program.
    pub program: String,
    /// Its section.
    pub section: String,
    /// The call and its errno.
    pub source: SysError,
    /// The whole log, as far as it fits 16 MiB. Instructions that stand for something missing are
    /// called by what that is.
    pub log: String,
    /// What the log can't say: which function or map is missing behind an instruction.
    pub reasons: Vec<String>,
    /// What the kernel lacks of what the program accesses, and the program gets to: first what the
    /// log complains of, then what would be next.
    pub findings: Vec<Finding>,
}

impl Refused {
    /// Adds what the kernel lacks. `origin` tells the section and offset that a slot of the program
    /// is from.
    pub(super) fn explain(&mut self, report: &Report, origin: impl Fn(u32) -> Option<(u32, u32)>) {
        let finding = |slot| {
            let (section, offset) = origin(slot)?;
            report.finding_at(section, offset)
        };
        let mut findings: Vec<Finding> = Vec::new();
        for (slot, number) in unknown_calls(&self.log) {
            if let (POISON_IMM, Some(found)) = (number, finding(slot))
                && findings.iter().all(|known| known.record != found.record)
            {
                findings.push(reached(found));
            }
        }
        if findings.is_empty() && !is_cut(&self.log) {
            return; // it is about something else
        }
        let named: Vec<_> = findings.iter().map(|known| known.record).collect();
        let next = report.problems().filter(|one| !named.contains(&one.record));
        findings.extend(next.cloned());
        self.log = rewritten(&self.log, |slot, number| {
            let found = finding(slot).filter(|_| number == POISON_IMM)?;
            Some(found.summary().to_string())
        });
        self.findings = findings;
    }
}

/// The verifier got there, whatever control flow seemed to show.
fn reached(finding: &Finding) -> Finding {
    let mut finding = finding.clone();
    finding.effect = Effect::Refused;
    for one in &mut finding.uses {
        one.guard = Guard::None;
    }
    finding
}

/// Findings that the error prints: a screen or two.
const MAX_TOLD: usize = 4;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "program `{}` in section `{}` was refused: {}",
            self.program, self.section, self.source
        )?;
        for line in excerpt(&self.log) {
            write!(f, "\n  {line}")?;
        }
        for reason in &self.reasons {
            write!(f, "\n  {reason}")?;
        }
        for finding in self.findings.iter().take(MAX_TOLD) {
            write!(f, "\n\n{}", FindingText::new(finding, Style::PLAIN))?;
        }
        match self.findings.len().saturating_sub(MAX_TOLD) {
            0 => Ok(()),
            more => write!(f, "\n\nand {more} more of that sort"),
        }
    }
}
