//! Bounded reading of files that others control.
//!
//! Enters: a path or a reader, and a limit in bytes. Leaves: the bytes, or the [`Cause`] why not.
//! A file that shrinks while it is read simply ends early, one that grows is read to its new end,
//! one without an end (`/dev/zero`) stops at the limit.

use std::fs::{File, Metadata};
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::attempt::Cause;

/// Opens for reading; a directory, which `open(2)` would accept, is refused here.
pub(super) fn open(path: &Path) -> Result<(File, Metadata), Cause> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(Cause::Directory);
    }
    Ok((file, metadata))
}

/// Reads to the end, after `bytes` that were read already. `size_bytes` is only a hint for the one
/// allocation that this takes when it is right.
pub(super) fn read_to_end(
    mut bytes: Vec<u8>,
    reader: impl Read,
    size_bytes: u64,
    limit_bytes: u64,
) -> Result<Vec<u8>, Cause> {
    let too_large = Cause::TooLarge { limit_bytes };
    let have = bytes.len() as u64;
    if size_bytes > limit_bytes || have > limit_bytes {
        return Err(too_large);
    }
    let missing = usize::try_from(size_bytes.saturating_sub(have)).unwrap_or(0);
    bytes
        .try_reserve_exact(missing)
        .map_err(|_| too_large.clone())?;
    // One byte past the limit tells "too large" from "just fits".
    reader
        .take(limit_bytes - have + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit_bytes {
        return Err(too_large);
    }
    Ok(bytes)
}

/// Reads at most `count` bytes from where the reader stands; fewer only at the end.
pub(super) fn read_head(reader: impl Read, count: u64) -> Result<Vec<u8>, Cause> {
    let mut head = Vec::new();
    reader.take(count).read_to_end(&mut head)?;
    Ok(head)
}

/// Something that can be read at any offset: a regular file, or bytes in memory. Its size is
/// checked before anything is allocated.
pub(super) trait ReadAt {
    /// Exactly `len` bytes from `offset`.
    fn read_exact_at(&self, offset: u64, len: usize) -> Result<Vec<u8>, Cause>;
}

/// A regular file and its size when it was opened.
pub(super) struct SizedFile {
    pub(super) file: File,
    pub(super) size_bytes: u64,
}

/// Part of an ELF file that its headers promise and that is not there.
const CUT_OFF: Cause = Cause::BadElf {
    what: "it ends before a part that its headers name",
};

impl ReadAt for SizedFile {
    fn read_exact_at(&self, offset: u64, len: usize) -> Result<Vec<u8>, Cause> {
        if offset
            .checked_add(len as u64)
            .is_none_or(|end| end > self.size_bytes)
        {
            return Err(CUT_OFF);
        }
        let mut bytes = vec![0; len];
        match FileExt::read_exact_at(&self.file, &mut bytes, offset) {
            Ok(()) => Ok(bytes),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Err(CUT_OFF),
            Err(error) => Err(error.into()),
        }
    }
}

impl ReadAt for [u8] {
    fn read_exact_at(&self, offset: u64, len: usize) -> Result<Vec<u8>, Cause> {
        usize::try_from(offset)
            .ok()
            .and_then(|start| self.get(start..start.checked_add(len)?))
            .map(<[u8]>::to_vec)
            .ok_or(CUT_OFF)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_is_a_hint_and_the_limit_is_not() {
        let data: &[u8] = b"0123456789";
        // (size hint, limit) → bytes read
        for (hint, limit, read) in [
            (10, 10, Some(10)),
            (0, 10, Some(10)),
            (3, 99, Some(10)),
            (90, 99, Some(10)),
        ] {
            let bytes = read_to_end(Vec::new(), data, hint, limit).ok();
            assert_eq!(bytes.map(|b| b.len()), read, "{hint} {limit}");
        }
        for (hint, limit) in [(0, 9), (10, 9), (11, 10)] {
            let error = read_to_end(Vec::new(), data, hint, limit).unwrap_err();
            assert_eq!(error, Cause::TooLarge { limit_bytes: limit });
        }
        let joined = read_to_end(b"ab".to_vec(), data, 12, 12).unwrap();
        assert_eq!(joined, b"ab0123456789");
    }

    #[test]
    fn an_endless_file_stops_at_the_limit() {
        let (zero, _) = open(Path::new("/dev/zero")).unwrap();
        let error = read_to_end(Vec::new(), zero, 0, 4096).unwrap_err();
        assert_eq!(error, Cause::TooLarge { limit_bytes: 4096 });
    }

    #[test]
    fn positions_past_the_end_are_refused() {
        let data: &[u8] = b"0123";
        assert_eq!(data.read_exact_at(1, 3).unwrap(), b"123");
        for (offset, len) in [(2, 3), (5, 0), (u64::MAX, 1), (1, usize::MAX)] {
            assert_eq!(
                data.read_exact_at(offset, len),
                Err(CUT_OFF),
                "{offset} {len}"
            );
        }
        let (file, _) = open(Path::new("/dev/zero")).unwrap();
        let file = SizedFile {
            file,
            size_bytes: 4,
        };
        assert_eq!(file.read_exact_at(0, 4).unwrap(), [0; 4]);
        assert_eq!(file.read_exact_at(1, usize::MAX), Err(CUT_OFF));
    }

    #[test]
    fn directories_and_absent_files() {
        assert_eq!(open(Path::new("/")).unwrap_err(), Cause::Directory);
        assert_eq!(
            open(Path::new("/no/such/file")).unwrap_err(),
            Cause::NotFound
        );
    }
}
