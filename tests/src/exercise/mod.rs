//! Everything that can be done with bytes, done: parsed, walked, printed, resolved, patched.
//!
//! Enters: bytes from anyone. Leaves: nothing; what is promised of any bytes is asserted here, so
//! that the fuzz targets, the mutation tests and the replay of old finds hold the project to the
//! same. A function here panics only if the project did, or broke a promise:
//!
//! | promise | where |
//! |---|---|
//! | no panic, on any bytes | everywhere |
//! | ids, offsets and lengths that come out are those of something that is there | `types`, `records`, `file`, `pair` |
//! | walking again gives the same; the index changes the time only | `types` |
//! | relocating again gives the same, whatever was in the buffers | `pair` |
//! | relocating what is relocated changes nothing | `pair` |
//! | an error says what, where, and with which numbers | `told` |
//! | texts are bounded | `printed` |
//! | so are the steps of work, by the input's length (built with `--cfg fuzzing`) | `bound` |

mod bound;
mod config;
mod file;
mod instruction;
mod loader;
mod pair;
mod records;
mod types;

use core::fmt::{self, Write as _};

use relocore::Error;
use relocore::error::Site;

pub use config::config;
pub use file::{elf, programs};
pub use instruction::patch;
pub use loader::loader;
pub use pair::{edited, object, relocate, relocated};
pub use records::ext;
pub use types::{btf, split, split_pair, validated};

/// No text of one type, path or reason is longer, in bytes.
const MAX_TEXT: usize = 16 << 10;

/// Counts what is printed, without keeping it.
struct Length(usize);

impl fmt::Write for Length {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.len();
        Ok(())
    }
}

/// Prints `what`; its text must end.
pub(crate) fn printed(what: &impl fmt::Display) {
    let mut length = Length(0);
    write!(length, "{what}").expect("nothing but the writer fails");
    assert!(length.0 <= MAX_TEXT, "a text of {} bytes", length.0);
}

/// An error about `len` bytes of input has words for its cause and its place, which is in them.
pub(crate) fn told(error: Error, len: usize) {
    printed(&error);
    assert!(error.to_string().contains(", "), "no place: {error}");
    if let Site::Btf(at) | Site::Ext(at) = error.site() {
        assert!(at as usize <= len, "{error}, which has {len} bytes");
    }
}

/// One input that holds two: the length of the first in two bytes, little-endian, the first, the
/// second.
fn two(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    let length = usize::from(u16::from_le_bytes(*length));
    Some(rest.split_at(length.min(rest.len())))
}
