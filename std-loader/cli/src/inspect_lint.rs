//! Lint of `relocore inspect`.
//!
//! Enters: the lints of the core, and the object's sections. Leaves: [`LintLine`]s: what is wrong,
//! where, what to do instead. Section names are looked at here, since the loader's table knows
//! them: names that libbpf 1.0 dropped, or keeps for old programs only.

use relocore::elf::Object;
use relocore::explain::{Lint, LintKind, SourceLine};
use relocore_loader::object::Sec;
use serde::Serialize;

use crate::report::lossy;

/// One thing that may not do elsewhere.
#[derive(Debug, Serialize)]
pub(crate) struct LintLine {
    pub(crate) lint: &'static str,
    pub(crate) text: String,
    pub(crate) section: String,
    /// The function; empty if the section as a whole is meant.
    pub(crate) program: String,
    pub(crate) file: Option<String>,
    pub(crate) line: Option<u32>,
    pub(crate) source: Option<String>,
}

impl From<&Lint> for LintLine {
    fn from(lint: &Lint) -> Self {
        let advice = lint.kind.advice();
        let source = lint.place.line.as_ref();
        Self {
            lint: match lint.kind {
                LintKind::FixedOffset => "fixed_offset",
                LintKind::FixedContext => "fixed_context",
                LintKind::FixedSize => "fixed_size",
                LintKind::FixedVersion => "fixed_version",
                _ => "other",
            },
            text: if lint.about.is_empty() {
                advice.to_owned()
            } else {
                format!("`{}`: {advice}", lint.about)
            },
            section: lint.place.section.clone(),
            program: lint.place.program.clone(),
            file: source.map(|line: &SourceLine| line.file.clone()),
            line: source.map(|line| line.line),
            source: source.map(|line| line.text.clone()),
        }
    }
}

/// Names of old, and what to write now; whatever follows a slash or an underscore.
const OLD: [(&str, &str); 5] = [
    ("maps", "use BTF-defined maps in SEC(\".maps\")"),
    (
        "version",
        "leave it out: kernels since 5.0 do not look at it",
    ),
    ("classifier", "write SEC(\"tc\")"),
    ("action", "write SEC(\"tc\"), with direct action"),
    (
        "xdp_",
        "write SEC(\"xdp\"), SEC(\"xdp/devmap\") or SEC(\"xdp/cpumap\")",
    ),
];

/// What sections' names give away.
pub(crate) fn section_lints(object: &Object<'_>) -> Vec<LintLine> {
    let mut lints = Vec::new();
    for section in object.sections() {
        let Ok(name) = section.name() else { continue };
        let name = lossy(name);
        let bare = name.strip_prefix('?').unwrap_or(&name);
        let is_code = section.is_code() && section.size() > 0 && name != ".text";
        let is_known = Sec::parse(&name).kind.is_some();
        let old = OLD.iter().find(|(old, _)| {
            let rest = bare.strip_prefix(old);
            rest.is_some_and(|rest| rest.is_empty() || old.ends_with('_') || rest.starts_with('/'))
        });
        let (lint, text) = match old {
            Some((_, advice)) if is_code || ["maps", "version"].contains(&bare) => (
                "old_section",
                format!("`{name}` is a name of old: {advice}"),
            ),
            _ if is_code && !is_known => (
                "unknown_section",
                format!(
                    "no loader knows what `{name}` programs are: they load only if the type is set \
                     by hand"
                ),
            ),
            _ => continue,
        };
        lints.push(LintLine {
            lint,
            text,
            section: name,
            program: String::new(),
            file: None,
            line: None,
            source: None,
        });
    }
    lints
}
