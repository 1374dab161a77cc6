//! Text for the console, line by line, without the formatting machinery.
//!
//! Enters: words, bytes and numbers. Leaves: one `write` a line. Lines are cut at 320 bytes.

use crate::sys::{self, Errno, Fd};

/// Standard output: the kernel gives the first process its console.
pub const CONSOLE: Fd = Fd(1);

/// A line that is being put together. What the kernel's and the object's strings hold is printed
/// with `?` for what is not printable.
pub struct Line {
    bytes: [u8; 320],
    len: usize,
}

/// A line that begins with these words.
pub fn line(text: &str) -> Line {
    Line { bytes: [0; 320], len: 0 }.text(text)
}

impl Line {
    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.len) {
            *place = byte;
            self.len += 1;
        }
    }

    /// Adds words.
    pub fn text(self, text: &str) -> Self {
        self.bytes(text.as_bytes())
    }

    /// Adds bytes up to a NUL.
    pub fn bytes(mut self, bytes: &[u8]) -> Self {
        for &byte in bytes.iter().take_while(|&&byte| byte != 0) {
            self.push(if matches!(byte, b' '..=b'~') { byte } else { b'?' });
        }
        self
    }

    /// Adds a number.
    pub fn number(mut self, mut number: u64) -> Self {
        let mut digits = [0; 20];
        let mut count = 0;
        for digit in &mut digits {
            *digit = b'0' + (number % 10) as u8;
            number /= 10;
            count += 1;
            if number == 0 {
                break;
            }
        }
        for &digit in digits.iter().take(count).rev() {
            self.push(digit);
        }
        self
    }

    /// Adds words and a number.
    pub fn with(self, text: &str, number: impl Into<u64>) -> Self {
        self.text(text).number(number.into())
    }

    /// Adds the error's number.
    pub fn error(self, errno: Errno) -> Self {
        self.with("errno ", errno.0)
    }

    /// Prints it.
    pub fn end(mut self) {
        self.len = self.len.min(self.bytes.len() - 1);
        self.push(b'\n');
        sys::write(CONSOLE, self.bytes.get(..self.len).unwrap_or_default());
    }
}
