//! Text for the console, line by line, without the formatting machinery.
//!
//! Enters: words, bytes and numbers. Leaves: one `write` a line. Lines are cut at 320 bytes.

use core::sync::atomic::{AtomicU8, AtomicUsize, Ordering::Relaxed};

use crate::sys::{self, Errno, Fd};

/// Standard output: the kernel gives the first process its console.
pub const CONSOLE: Fd = Fd(1);

/// The line that is being put together: there is one, so that a call has one argument less.
static BYTES: [AtomicU8; 320] = [const { AtomicU8::new(0) }; 320];
static LEN: AtomicUsize = AtomicUsize::new(0);

/// That line. What the kernel's and the object's strings hold is printed with `?` for what is not
/// printable.
#[derive(Clone, Copy, Debug)]
#[must_use = "`end` prints it"]
pub struct Line(());

/// A line that begins with these words.
pub fn line(text: &str) -> Line {
    LEN.store(0, Relaxed);
    Line(()).text(text)
}

fn push(byte: u8) {
    let at = LEN.load(Relaxed);
    if let Some(place) = BYTES.get(at) {
        place.store(byte, Relaxed);
        LEN.store(at + 1, Relaxed);
    }
}

impl Line {
    /// Adds words.
    pub fn text(self, text: &str) -> Self {
        self.bytes(text.as_bytes())
    }

    /// Adds bytes up to a NUL.
    #[inline(never)]
    pub fn bytes(self, bytes: &[u8]) -> Self {
        for &byte in bytes.iter().take_while(|&&byte| byte != 0) {
            push(if matches!(byte, b' '..=b'~') {
                byte
            } else {
                b'?'
            });
        }
        self
    }

    /// Adds a number.
    pub fn number(self, number: u64) -> Self {
        self.with("", number)
    }

    /// Adds words and a number.
    #[inline(never)]
    pub fn with(self, text: &str, mut number: u64) -> Self {
        let mut place = 1;
        while number / place > 9 {
            place *= 10;
        }
        let line = self.text(text);
        while place > 0 {
            push(b'0' + (number / place) as u8);
            number %= place;
            place /= 10;
        }
        line
    }

    /// Adds the error's number.
    pub fn error(self, errno: Errno) -> Self {
        self.with("errno ", errno.0.into())
    }

    /// Prints it.
    #[inline(never)]
    pub fn end(self) {
        push(b'\n');
        let mut bytes = [b'\n'; 321];
        let len = LEN.load(Relaxed);
        for (to, from) in bytes.iter_mut().zip(&BYTES).take(len) {
            *to = from.load(Relaxed);
        }
        sys::write(CONSOLE, bytes.get(..len).unwrap_or_default());
    }
}
