//! A writer that takes only so much.
//!
//! Enters: a formatter and a limit. Leaves: the text, or its beginning and `…`. Texts about types
//! are as long as the types make them, and types come from anyone.

use core::fmt::{self, Write};

/// Passes on what fits, then `…`, and from then on refuses: whoever writes stops there.
pub(super) struct Bounded<'w, 'f> {
    to: &'w mut fmt::Formatter<'f>,
    left_bytes: usize,
    full: bool,
    /// The last byte that was written; 0 before the first.
    last: u8,
}

impl Bounded<'_, '_> {
    pub(super) const fn last(&self) -> u8 {
        self.last
    }
}

/// Lets `write` write at most `limit_bytes`.
pub(super) fn bounded(
    f: &mut fmt::Formatter<'_>,
    limit_bytes: usize,
    write: impl FnOnce(&mut Bounded<'_, '_>) -> fmt::Result,
) -> fmt::Result {
    let mut to = Bounded {
        to: f,
        left_bytes: limit_bytes,
        full: false,
        last: 0,
    };
    match write(&mut to) {
        Err(_) if to.full => Ok(()),
        done => done,
    }
}

impl Write for Bounded<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.full {
            return Err(fmt::Error);
        }
        self.last = text.as_bytes().last().copied().unwrap_or(self.last);
        if let Some(left) = self.left_bytes.checked_sub(text.len()) {
            self.left_bytes = left;
            return self.to.write_str(text);
        }
        self.full = true;
        let fits = text.floor_char_boundary(self.left_bytes);
        self.to.write_str(text.get(..fits).unwrap_or(""))?;
        self.to.write_str("…")?;
        Err(fmt::Error)
    }
}
