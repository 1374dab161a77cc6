//! What the agent knows of the kernel besides its BTF.
//!
//! Enters: `uname`, and a configuration if the initramfs has one. Leaves: the values for externs of
//! `.kconfig`.

use crate::sys;

/// The running kernel.
pub struct Kernel {
    /// `uname -r`.
    pub release: [u8; 65],
    /// `LINUX_VERSION_CODE`: major, minor and patch as bytes.
    pub version: u32,
}

/// Looks at the kernel. Debian's release may say 6.1.0 where its version says 6.1.176.
pub fn kernel() -> Kernel {
    let [_, _, release, version, ..] = sys::uname();
    let mut debian = version.windows(7).zip(0_usize..);
    let debian = debian.find(|(text, _)| *text == b"Debian ");
    let debian = debian.and_then(|(_, at)| code(version.get(at + 7..)?, 3));
    let version = debian.or_else(|| code(&release, 2)).unwrap_or(0);
    Kernel { release, version }
}

/// Numbers with dots between them, at least so many, as one.
fn code(text: &[u8], at_least: usize) -> Option<u32> {
    let mut numbers = [0_u32; 3];
    let mut found = 0;
    let mut rest = text.iter();
    for number in &mut numbers {
        let mut end = None;
        let mut digits = 0;
        for &byte in rest.by_ref() {
            if !byte.is_ascii_digit() {
                end = Some(byte);
                break;
            }
            *number = number.wrapping_mul(10).wrapping_add(u32::from(byte - b'0'));
            digits += 1;
        }
        found += usize::from(digits > 0);
        if end != Some(b'.') {
            break;
        }
    }
    let [major, minor, patch] = numbers;
    (found >= at_least).then_some(major << 16 | minor.min(255) << 8 | patch.min(255))
}

impl Kernel {
    /// A numeric option of the configuration that the initramfs may carry as `/config`.
    pub fn option(&self, name: &[u8]) -> Option<u64> {
        let file = sys::open(c"/config").ok()?;
        let (mut buffer, mut at) = ([0; 512], 0);
        loop {
            // Line by line: each read starts where a line does.
            let filled = sys::pread(file, &mut buffer, at).ok()?;
            let line = buffer.get(..filled)?.split(|&byte| byte == b'\n').next()?;
            if filled == 0 {
                return None;
            }
            if let Some([b'=', digits @ ..]) = line.strip_prefix(name) {
                let digit = |value: u64, byte: &u8| {
                    value.wrapping_mul(10).wrapping_add(u64::from(byte - b'0'))
                };
                return Some(
                    digits
                        .iter()
                        .take_while(|byte| byte.is_ascii_digit())
                        .fold(0, digit),
                );
            }
            at += line.len() + 1;
        }
    }
}
