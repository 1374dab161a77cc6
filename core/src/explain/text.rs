//! A finding as text: one screen for one problem.
//!
//! Enters: a [`Finding`]. Leaves: [`FindingText`], which prints it in short labelled lines. The
//! library, the command and a failed load's error print the same; only the colours differ
//! ([`Style`]).

use core::fmt::{self, Display, Write};

use crate::relo::RelocKind;

use super::finding::{Effect, Finding, Guard, Use};
use super::source::SourceLine;
use super::wrap::{MARGIN, Wrap};

/// What is written before and after words of different meaning: escape sequences, or nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style<'s> {
    /// Before the first word of a problem.
    pub error: &'s str,
    /// Before the first word of what is no problem.
    pub calm: &'s str,
    /// Before a heading.
    pub head: &'s str,
    /// Before a label.
    pub label: &'s str,
    /// After any of them.
    pub end: &'s str,
}

impl Style<'_> {
    /// Text alone.
    pub const PLAIN: Self = Style {
        error: "",
        calm: "",
        head: "",
        label: "",
        end: "",
    };
}

/// Places that are shown of one finding.
const MAX_PLACES: usize = 3;

/// A finding as lines of text, without a line end after the last.
///
/// ```text
/// error: `task->thread_id` is not in this kernel
///   at        probe.bpf.c:93 in program `member_missing` (raw_tp/sched_switch)
///             | return BPF_CORE_READ(task, thread_id);
///   wanted    `int thread_id` of `struct task_struct`
///   why       `struct task_struct` has no member `thread_id` in the kernel
///   similar   `thread_pid` (`struct pid *`)
///   guard     none: no check keeps the program from this line, so the kernel refuses to load it
///   help      where the program can do without it, check first:
///             `if (bpf_core_field_exists(task->thread_id))`
/// ```
#[derive(Clone, Copy, Debug)]
pub struct FindingText<'a> {
    finding: &'a Finding,
    style: Style<'a>,
}

impl<'a> FindingText<'a> {
    /// The text of `finding`.
    #[must_use]
    pub const fn new(finding: &'a Finding, style: Style<'a>) -> Self {
        Self { finding, style }
    }
}

impl Display for FindingText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let finding = self.finding;
        self.headline(f)?;
        if let Effect::Found | Effect::Unused = finding.effect {
            return Ok(());
        }
        self.places(f)?;
        match finding.others.len() {
            0 => self.line(f, "wanted", &finding.what)?,
            more => {
                let s = if more == 1 { "" } else { "s" };
                let text = format_args!("{}, and {more} other member{s}", finding.what);
                self.line(f, "wanted", &text)?;
            }
        }
        if finding.candidates.is_empty() {
            self.line(f, "why", &finding.why)?;
        } else {
            self.candidates(f)?;
        }
        if let Some([ours, theirs]) = &finding.declared {
            self.line(f, "object", &format_args!("`{ours};`"))?;
            self.line(f, "kernel", &format_args!("`{theirs};`"))?;
        }
        if finding.effect != Effect::Guarded {
            if !finding.similar.is_empty() {
                self.line(f, "similar", &List(&finding.similar))?;
            }
            if !finding.moved.is_empty() {
                self.line(f, "elsewhere", &List(&finding.moved))?;
            }
        }
        self.guards(f)?;
        if finding.effect != Effect::Guarded {
            for help in &finding.help {
                self.line(f, "help", help)?;
            }
        }
        Ok(())
    }
}

impl FindingText<'_> {
    fn headline(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (effect, style) = (self.finding.effect, self.style);
        let start = if effect.is_problem() {
            style.error
        } else {
            style.calm
        };
        let (word, end) = (effect.word(), style.end);
        write!(f, "{start}{word}{end}: {}", self.finding.summary())?;
        match effect {
            Effect::Found => self.where_found(f),
            _ => Ok(()),
        }
    }

    /// A labelled line; long ones go on under their own start.
    fn line(&self, f: &mut fmt::Formatter<'_>, label: &str, text: &dyn Display) -> fmt::Result {
        let Style {
            label: start, end, ..
        } = self.style;
        write!(f, "\n  {start}{label:<width$}{end}", width = MARGIN - 2)?;
        write!(Wrap::new(f), "{text}")
    }

    fn places(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let uses = &self.finding.uses;
        let mut shown = 0usize;
        let mut rest = uses.as_slice();
        while let (Some(first), true) = (rest.first(), shown < MAX_PLACES) {
            // Uses of one line stand together: it is printed once.
            let same = rest.iter().take_while(|one| one.is_on_line_of(first));
            let (here, next) = rest
                .split_at_checked(same.count().max(1))
                .unwrap_or((rest, &[]));
            self.line(f, "at", &Place(here))?;
            match &first.line {
                Some(SourceLine { text, .. }) if !text.is_empty() => {
                    write!(f, "\n{:MARGIN$}| {}", "", Shown(text))?;
                }
                _ => {}
            }
            rest = next;
            shown = shown.saturating_add(1);
        }
        match rest.len() {
            0 => Ok(()),
            1 => self.line(f, "", &"and at one more place"),
            more => self.line(f, "", &format_args!("and at {more} more places")),
        }
    }

    /// What is as it should be takes one line.
    fn where_found(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((first, others)) = self.finding.uses.split_first() else {
            return Ok(());
        };
        match &first.line {
            Some(line) => write!(f, " ({}", Spot(line))?,
            None => write!(f, " (`{}`", Shown(&first.program))?,
        }
        match others.len() {
            0 => f.write_str(")"),
            more => write!(f, " and {more} more)"),
        }
    }

    fn candidates(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.line(f, "why", &self.finding.why)?;
        for one in &self.finding.candidates {
            self.line(f, "type", &format_args!("{}: {}", one.name, one.verdict))?;
            for line in &one.layout {
                write!(f, "\n{:MARGIN$}  {line}", "")?;
            }
        }
        Ok(())
    }

    fn guards(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(one) = self.finding.uses.first() else {
            return Ok(());
        };
        match &one.guard {
            Guard::NotAsked => Ok(()),
            Guard::None => self.line(
                f,
                "guard",
                &"none: no check keeps the program from this line, so the kernel refuses to load it",
            ),
            Guard::Unknown => self.line(
                f,
                "guard",
                &"can't be told: the program is too long or jumps to where a register says",
            ),
            Guard::NotCalled => self.line(f, "guard", &"no program calls the function"),
            Guard::Check { what, kind, line } => {
                self.line(f, "guard", &Check(what, *kind, line.as_ref()))
            }
        }
    }
}

/// What keeps the program from a line.
struct Check<'a>(&'a str, Option<RelocKind>, Option<&'a SourceLine>);

impl Display for Check<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(what, kind, line) = *self;
        f.write_str("the program never gets here on this kernel: ")?;
        match kind {
            Some(RelocKind::FieldExists | RelocKind::TypeExists | RelocKind::EnumvalExists) => {
                write!(f, "it asks whether `{what}` exists")?;
            }
            Some(RelocKind::TypeMatches) => write!(f, "it asks whether `{what}` matches")?,
            Some(RelocKind::FieldByteSize | RelocKind::TypeSize) => {
                write!(f, "it asks for the size of `{what}`")?;
            }
            Some(_) => write!(f, "it looks at `{what}`")?,
            None => f.write_str("a constant decides")?,
        }
        match line {
            Some(line) => write!(f, " ({})", Spot(line)),
            None => Ok(()),
        }
    }
}

/// Uses on one line: `probe.bpf.c:42 in program `x` (kprobe/y)`.
struct Place<'a>(&'a [Use]);

impl Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((first, others)) = self.0.split_first() else {
            return Ok(());
        };
        match &first.line {
            Some(line) => Spot(line).fmt(f)?,
            None => write!(
                f,
                "instruction {} (the object has no line numbers: compile it with -g)",
                first.insn_off / 8
            )?,
        }
        let (name, section) = (Shown(&first.program), Shown(&first.section));
        match (first.program.as_str(), first.section.as_str(), others) {
            ("", ..) => write!(f, " in section {section}"),
            (_, ".text", []) => write!(f, " in function `{name}`"),
            (_, _, []) => write!(f, " in program `{name}` ({section})"),
            (.., [other]) => write!(f, " in `{name}` and `{}`", Shown(&other.program)),
            (.., more) => write!(f, " in `{name}` and {} others", more.len()),
        }
    }
}

/// `probe.bpf.c:42`. Of an absolute path only the file's name: the rest tells of the machine that
/// compiled it.
struct Spot<'a>(&'a SourceLine);

impl Display for Spot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SourceLine { file, line, .. } = self.0;
        let name = match file.strip_prefix('/') {
            Some(path) => path.rsplit('/').next().unwrap_or(path),
            None => file.strip_prefix("./").unwrap_or(file),
        };
        write!(f, "{}:{line}", Shown(name))
    }
}

/// One after the other, with commas.
struct List<'a>(&'a [alloc::string::String]);

impl Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, one) in self.0.iter().enumerate() {
            let comma = if nth > 0 { ", " } else { "" };
            write!(f, "{comma}{one}")?;
        }
        Ok(())
    }
}

/// Source text, safe for a terminal and not too long: tabs become blanks.
struct Shown<'a>(&'a str);

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MAX_CHARS: usize = 110;
        for (nth, char) in self.0.chars().enumerate() {
            match char {
                _ if nth == MAX_CHARS => return f.write_str("…"),
                '\t' => f.write_char(' ')?,
                ' '..='~' => f.write_char(char)?,
                _ if char.is_alphanumeric() => f.write_char(char)?,
                _ => write!(f, "{}", char.escape_default())?,
            }
        }
        Ok(())
    }
}
