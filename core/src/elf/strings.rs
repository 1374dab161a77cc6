//! Names in ELF string tables.
//!
//! Enters: a string table's bytes and an offset. Leaves: the name, without its NUL.

use core::ffi::CStr;

use crate::steps;

/// Longest name that is read, in bytes without NUL. ELF sets no bound, but without one a file of
/// `n` sections that all start in one long string would cost time in `n²`. Real names are below
/// 200 bytes; the longest conceivable, `SEC("uprobe/PATH:FUNC")`, is `PATH_MAX` and a little.
pub(super) const MAX_NAME_BYTES: usize = 8191;

/// The name at `offset`, or `None` if it is out of range, without NUL, or too long.
#[inline]
pub(super) fn name_at(table: &[u8], offset: u32) -> Option<&[u8]> {
    let rest = table.get(offset as usize..)?;
    let head = rest.get(..=MAX_NAME_BYTES).unwrap_or(rest);
    let name = CStr::from_bytes_until_nul(head).ok().map(CStr::to_bytes);
    steps::count_name(name.map_or(head.len(), <[u8]>::len));
    name
}

/// Whether the name at `offset` is `name`, which has no NUL. Time in `name`, not in the table.
#[inline]
pub(super) fn is_name(table: &[u8], offset: u32, name: &[u8]) -> bool {
    steps::count_name(name.len());
    let rest = table.get(offset as usize..).unwrap_or(&[]);
    rest.split_at_checked(name.len())
        .is_some_and(|(head, tail)| head == name && tail.first() == Some(&0))
}

/// Whether a string table can hold `name`, and [`name_at`] would give it.
pub(super) fn is_possible(name: &[u8]) -> bool {
    name.len() <= MAX_NAME_BYTES && !name.contains(&0)
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    #[test]
    fn names_end_at_their_nul() {
        let table = b"\0.text\0license\0cut";
        for (offset, name) in [(0, &b""[..]), (1, b".text"), (3, b"ext"), (7, b"license")] {
            assert_eq!(name_at(table, offset), Some(name));
            assert!(is_name(table, offset, name));
        }
        for offset in [15, 16, 17, 18, 19, u32::MAX] {
            assert_eq!(name_at(table, offset), None);
            assert!(!is_name(table, offset, b"cut") && !is_name(table, offset, b""));
        }
        assert!(!is_name(table, 1, b".tex") && !is_name(table, 1, b".text\0"));
    }

    #[test]
    fn names_have_a_longest() {
        let mut table = std::vec![b'a'; MAX_NAME_BYTES + 1];
        table.push(0);
        assert_eq!(name_at(&table, 0), None);
        let longest = name_at(&table, 1).unwrap_or_default();
        assert_eq!(longest.len(), MAX_NAME_BYTES);
        assert!(is_possible(longest) && !is_possible(&table) && !is_possible(b"a\0b"));
    }
}
