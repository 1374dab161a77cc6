//! Colours, by meaning. `anstream` drops them where the output is no terminal.

use anstyle::{AnsiColor, Style};

/// Something failed.
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
/// Something is missing, and the program may cope.
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default();
/// Something is as it should be.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// Headings.
pub(crate) const HEAD: Style = Style::new().bold();
/// What only matters at a second look.
pub(crate) const DIM: Style = Style::new().dimmed();
