//! Lines that end before the screen does.
//!
//! Enters: text in pieces. Leaves: the same, with its blanks turned into line ends where a word
//! would stand out over the edge; the next line starts under the text's start. Code between backticks
//! is one word.

use core::fmt::{self, Write};

/// Where texts start, in columns; labels stand before it.
pub(super) const MARGIN: usize = 12;

/// The edge.
const COLUMNS: usize = 100;

/// Longest code that is kept together, in bytes: it must fit on a line.
const MAX_CODE: usize = COLUMNS - MARGIN - 20;

/// Longest word that is kept whole, in bytes.
const MAX_WORD: usize = 128;

/// A writer that breaks lines.
pub(super) struct Wrap<'w> {
    to: &'w mut dyn Write,
    column: usize,
    /// A blank waits before the word: it becomes one, or a line end.
    blank: bool,
    /// Between backticks: code is kept together.
    in_code: bool,
    word: heapless::String<MAX_WORD>,
}

impl<'w> Wrap<'w> {
    /// Goes on after a label.
    pub(super) fn new(to: &'w mut dyn Write) -> Self {
        Self {
            to,
            column: MARGIN,
            blank: false,
            in_code: false,
            word: heapless::String::new(),
        }
    }

    fn end_word(&mut self) -> fmt::Result {
        let chars = self.word.chars().count();
        if core::mem::take(&mut self.blank) {
            let end = self.column.saturating_add(1).saturating_add(chars);
            if end > COLUMNS && self.column > MARGIN {
                write!(self.to, "\n{:MARGIN$}", "")?;
                self.column = MARGIN;
            } else {
                self.to.write_char(' ')?;
                self.column = self.column.saturating_add(1);
            }
        }
        self.to.write_str(&self.word)?;
        self.column = self.column.saturating_add(chars);
        self.word.clear();
        Ok(())
    }
}

impl Write for Wrap<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for char in text.chars() {
            self.in_code ^= char == '`';
            let is_code = self.in_code && self.word.len() < MAX_CODE;
            if char == ' ' && !is_code {
                self.end_word()?;
                self.blank = true;
            } else if self.word.push(char).is_err() {
                self.end_word()?;
                // It is empty now.
                let _ = self.word.push(char);
            }
        }
        Ok(())
    }
}

impl Drop for Wrap<'_> {
    fn drop(&mut self) {
        // A writer that fails has failed before, or fails again at the next line.
        let _ = self.end_word();
    }
}
