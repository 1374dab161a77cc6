//! Names, printed safely.
//!
//! Enters: bytes that should be a C identifier and may be anything. Leaves: text that can't move
//! the cursor, colour the screen, hide its own end or fill a disk.

use core::fmt::{self, Write};

/// Longest name that is printed whole, in bytes: the kernel's own are shorter than 512
/// (`KSYM_NAME_LEN`).
const MAX_BYTES: usize = 512;

/// A name. Letters and digits of any script and printable ASCII stay; everything else, such as
/// control characters, invisible or direction-changing ones and what is no UTF-8, is escaped as
/// Rust would. Cut with `…` after 512 bytes.
///
/// ```
/// # extern crate std;
/// use relocore::show::Name;
/// assert_eq!(std::format!("{}", Name(b"task_struct")), "task_struct");
/// assert_eq!(std::format!("{}", Name(b"a\x1b[31m\xff")), r"a\u{1b}[31m\xff");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name<'a>(pub &'a [u8]);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.get(..MAX_BYTES).unwrap_or(self.0);
        for chunk in shown.utf8_chunks() {
            for char in chunk.valid().chars() {
                if char.is_ascii_graphic() && char != '\\' || char == ' ' || char.is_alphanumeric()
                {
                    f.write_char(char)?;
                } else {
                    write!(f, "{}", char.escape_default())?;
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        if shown.len() < self.0.len() {
            f.write_str("…")
        } else {
            Ok(())
        }
    }
}
