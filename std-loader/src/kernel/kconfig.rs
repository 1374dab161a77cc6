//! The text of a kernel configuration.
//!
//! Enters: the bytes of a `.config`, any bytes. Leaves: [`Entry`]s, borrowed, one a line that starts
//! with `CONFIG_`; all other lines, `# CONFIG_X is not set` among them, mean nothing. A line
//! `CONFIG_X` without `=` or without a value is an error of the whole text, as in libbpf.
//!
//! ```text
//! CONFIG_HZ=250            →  Entry { line: 1, name: "CONFIG_HZ", value: "250" }
//! # CONFIG_DEBUG is not set →  (nothing)
//! CONFIG_HZ=300            →  an entry too, but lookups return the first
//! ```
//!
//! Unlike libbpf, which splits lines at 4096 bytes, a line is a line, and a carriage return before
//! the line's end is not part of the value. Next: `kconfig_value`.

use core::error::Error;
use core::fmt;

/// A view of a configuration's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kconfig<'a> {
    text: &'a [u8],
}

/// One line `CONFIG_NAME=value`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Line number, from 1.
    pub line: usize,
    /// The name, `CONFIG_` included.
    pub name: &'a [u8],
    /// What follows the first `=`; never empty.
    pub value: &'a [u8],
}

impl<'a> Kconfig<'a> {
    /// Looks at nothing yet.
    #[must_use]
    pub const fn new(text: &'a [u8]) -> Self {
        Self { text }
    }

    /// All entries in order; ends after the first error.
    #[must_use]
    pub const fn entries(&self) -> Entries<'a> {
        Entries {
            rest: self.text,
            line: 0,
        }
    }

    /// The first entry of this name. The whole text is checked whether or not there is one.
    ///
    /// # Errors
    /// [`LineError`] for the first malformed line.
    pub fn get(&self, name: &[u8]) -> Result<Option<Entry<'a>>, LineError> {
        let [entry] = self.get_all([name])?;
        Ok(entry)
    }

    /// [`get`](Self::get) for several names, in one pass.
    ///
    /// # Errors
    /// [`LineError`] for the first malformed line.
    pub fn get_all<const N: usize>(
        &self,
        names: [&[u8]; N],
    ) -> Result<[Option<Entry<'a>>; N], LineError> {
        let mut found = [None; N];
        self.fill(&names, &mut found)?;
        Ok(found)
    }

    /// [`get`](Self::get) for several names, in one pass: puts the first entry of `names[i]` into
    /// `found[i]` where that is still `None`, so that texts can be asked one after the other.
    ///
    /// # Errors
    /// [`LineError`] for the first malformed line; what came before it is in `found`.
    pub fn fill(&self, names: &[&[u8]], found: &mut [Option<Entry<'a>>]) -> Result<(), LineError> {
        for entry in self.entries() {
            let entry = entry?;
            for (slot, name) in found.iter_mut().zip(names) {
                if slot.is_none() && *name == entry.name {
                    *slot = Some(entry);
                }
            }
        }
        Ok(())
    }
}

/// Iterator over [`Kconfig::entries`].
#[derive(Clone, Debug)]
pub struct Entries<'a> {
    rest: &'a [u8],
    line: usize,
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<Entry<'a>, LineError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            let (text, rest) = split_line(self.rest);
            self.rest = rest;
            self.line += 1;
            if !text.starts_with(b"CONFIG_") {
                continue;
            }
            let entry = parse_line(self.line, text);
            if entry.is_err() {
                self.rest = &[];
            }
            return Some(entry);
        }
        None
    }
}

fn split_line(text: &[u8]) -> (&[u8], &[u8]) {
    let (line, rest) = match text.iter().position(|b| *b == b'\n') {
        Some(end) => (
            text.get(..end).unwrap_or(text),
            text.get(end + 1..).unwrap_or(&[]),
        ),
        None => (text, &[][..]),
    };
    (line.strip_suffix(b"\r").unwrap_or(line), rest)
}

fn parse_line(line: usize, text: &[u8]) -> Result<Entry<'_>, LineError> {
    let error = |problem| LineError {
        line,
        text: shorten(text),
        problem,
    };
    let equals = text
        .iter()
        .position(|b| *b == b'=')
        .ok_or_else(|| error(LineProblem::NoSeparator))?;
    match (text.get(..equals), text.get(equals + 1..)) {
        (Some(name), Some(value)) if !value.is_empty() => Ok(Entry { line, name, value }),
        _ => Err(error(LineProblem::NoValue)),
    }
}

/// Text for an error message: printable, and not longer than a line of a terminal.
pub(super) fn shorten(bytes: &[u8]) -> String {
    const MAX_BYTES: usize = 60;
    match bytes.get(..MAX_BYTES) {
        Some(start) if bytes.len() > MAX_BYTES => format!("{}...", start.escape_ascii()),
        _ => bytes.escape_ascii().to_string(),
    }
}

/// A line that starts with `CONFIG_` and is no assignment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineError {
    /// Line number, from 1.
    pub line: usize,
    /// Its text, escaped and shortened.
    pub text: String,
    /// What is wrong.
    pub problem: LineProblem,
}

/// What a malformed line lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineProblem {
    /// No `=`.
    NoSeparator,
    /// Nothing after the `=`.
    NoValue,
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problem = match self.problem {
            LineProblem::NoSeparator => "no `=`",
            LineProblem::NoValue => "no value after `=`",
        };
        write!(f, "line {}: {problem} in `{}`", self.line, self.text)
    }
}

impl Error for LineError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str, name: &str) -> Result<Option<String>, String> {
        let entry = Kconfig::new(text.as_bytes())
            .get(name.as_bytes())
            .map_err(|error| error.to_string())?;
        Ok(entry.map(|entry| format!("{}@{}", String::from_utf8_lossy(entry.value), entry.line)))
    }

    #[test]
    fn lines() {
        let text = "#\n# CONFIG_OFF is not set\nCONFIG_HZ=250\r\nCONFIG_S=\"a=b\"\n CONFIG_IN=y\n\nXCONFIG_X\nCONFIG_HZ=300";
        for (name, found) in [
            ("CONFIG_HZ", Some("250@3")),
            ("CONFIG_S", Some("\"a=b\"@4")),
            ("CONFIG_OFF", None),
            ("CONFIG_IN", None),
            ("CONFIG_H", None),
            ("CONFIG_HZ=", None),
        ] {
            assert_eq!(value(text, name), Ok(found.map(str::to_owned)), "{name}");
        }
        let last = Kconfig::new(text.as_bytes())
            .entries()
            .last()
            .unwrap()
            .unwrap();
        assert_eq!((last.line, last.value), (8, &b"300"[..]));
        assert_eq!(value("", "CONFIG_HZ"), Ok(None));
    }

    #[test]
    fn malformed_lines_fail_the_text_wherever_they_are() {
        for (text, message) in [
            ("CONFIG_A=y\nCONFIG_B\n", "line 2: no `=` in `CONFIG_B`"),
            (
                "CONFIG_A=y\n\nCONFIG_B=\n",
                "line 3: no value after `=` in `CONFIG_B=`",
            ),
            (
                "CONFIG_A=y\nCONFIG_B=\r\n",
                "line 2: no value after `=` in `CONFIG_B=`",
            ),
            (
                "CONFIG_A=y\nCONFIG_\u{1b}[31m",
                "line 2: no `=` in `CONFIG_\\x1b[31m`",
            ),
        ] {
            assert_eq!(value(text, "CONFIG_A"), Err(message.to_owned()));
        }
        let long = format!("CONFIG_{}", "X".repeat(10_000));
        assert!(value(&long, "CONFIG_A").unwrap_err().len() < 120);
        assert_eq!(
            Kconfig::new(b"CONFIG_A\nCONFIG_B=y").entries().count(),
            1,
            "ends after an error"
        );
    }

    #[test]
    fn several_names_and_texts() {
        let (first, second) = (
            Kconfig::new(b"CONFIG_A=n"),
            Kconfig::new(b"CONFIG_A=y\nCONFIG_B=m\nCONFIG_B=n"),
        );
        let names: [&[u8]; 3] = [b"CONFIG_A", b"CONFIG_B", b"CONFIG_C"];
        let mut found = [None; 3];
        first.fill(&names, &mut found).unwrap();
        second.fill(&names, &mut found).unwrap();
        let values = found.map(|entry| entry.map(|entry: Entry<'_>| entry.value));
        assert_eq!(values, [Some(&b"n"[..]), Some(b"m"), None]);
    }

    #[test]
    fn any_bytes_end_and_never_panic() {
        let mut state = 7u32;
        let pool = b"CONFIG_=\n\r\0y\"\xff";
        for len in 0..2000 {
            let text: Vec<u8> = (0..len % 64)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    pool[(state >> 16) as usize % pool.len()]
                })
                .collect();
            let text = [&b"CONFIG_"[..], &text].concat();
            assert!(Kconfig::new(&text).entries().count() <= text.len());
        }
    }
}
