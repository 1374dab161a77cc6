//! What the kernel writes while it looks at a program or at BTF.
//!
//! Enters: a call that can be repeated. Leaves: its result and the text, from a buffer that grows
//! until the text fits.

use crate::sys::SysError;
use crate::sys::bpf::Log;

/// First size of the buffer, and the largest that all kernels take.
const FIRST_BYTES: usize = 64 << 10;
const MAX_BYTES: usize = (16 << 20) - 1;

/// Makes the call with a log of that level; with level 0 without one.
pub(super) fn logged<T>(
    level: u32,
    mut call: impl FnMut(Option<&mut Log<'_>>) -> Result<T, SysError>,
) -> (Result<T, SysError>, String) {
    if level == 0 {
        return (call(None), String::new());
    }
    let mut size = FIRST_BYTES;
    loop {
        let mut buf = vec![0; size];
        let mut log = Log::new(level, &mut buf);
        let result = call(Some(&mut log));
        let is_cut = matches!(result, Err(error) if error.errno == nix::libc::ENOSPC);
        if !is_cut || size == MAX_BYTES {
            let text = String::from_utf8_lossy(log.text()).into_owned();
            return (result, text);
        }
        let needed = usize::try_from(log.true_len).unwrap_or(0);
        size = size.saturating_mul(4).max(needed).min(MAX_BYTES);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_buffer_grows_until_the_text_fits() {
        let mut sizes = Vec::new();
        let full = SysError {
            call: "bpf",
            errno: nix::libc::ENOSPC,
        };
        let (result, text) = logged(1, |log| {
            let log = log.unwrap();
            sizes.push(log.buf.len());
            log.buf[..2].copy_from_slice(b"ok");
            match sizes.len() {
                1 => {
                    log.true_len = 1 << 20;
                    Err(full)
                }
                2 => Err(full),
                _ => Ok(()),
            }
        });
        assert_eq!((result, text.as_str()), (Ok(()), "ok"));
        assert_eq!(sizes, [64 << 10, 1 << 20, 4 << 20]);
        let (result, _) = logged(2, |_| Err::<(), _>(full));
        assert_eq!(result, Err(full), "and not for ever");
        let (_, text) = logged(0, |log| {
            assert!(log.is_none());
            Ok::<_, SysError>(())
        });
        assert!(text.is_empty());
    }
}
