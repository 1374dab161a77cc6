//! The version that the kernel's build wrote into its vDSO.
//!
//! Enters: this process's vDSO, read through `/proc/self/mem`. Leaves: `LINUX_VERSION_CODE`, out of
//! an ELF note named `Linux` of type 0 with 4 bytes, in the vDSO's byte order. On an x86-64 6.18.44
//! they are `2c 12 06 00`.
//!
//! Going through `/proc` instead of `getauxval(AT_SYSINFO_EHDR)` needs no pointer. Where it fails
//! (no `/proc`, no vDSO, an emulator's own vDSO) the answer is `None`.

use std::fs::{self, File};

use elf::abi;
use elf::endian::EndianParse;
use elf::note::{Note, NoteIterator};
use elf::parse::ParsingTable;
use elf::segment::ProgramHeader;

use super::btf_sections::read_header;
use super::read::{ReadAt, SizedFile};

/// A vDSO has one to a few pages.
const MAX_VDSO_BYTES: u64 = 1 << 20;

/// The note's value, as it stands in the running kernel.
pub(super) fn version_code() -> Option<u32> {
    let maps = fs::read("/proc/self/maps").ok()?;
    let (start, end) = vdso_range(&maps)?;
    let size_bytes = end
        .checked_sub(start)
        .filter(|size| *size <= MAX_VDSO_BYTES)?;
    // Offsets in this "file" are addresses; `size_bytes` is where reading must stop.
    let memory = SizedFile {
        file: File::open("/proc/self/mem").ok()?,
        size_bytes: end,
    };
    let image = memory
        .read_exact_at(start, usize::try_from(size_bytes).ok()?)
        .ok()?;
    note_in(&image)
}

/// The address range of the line `7ffd…-7ffd… r-xp 00000000 00:00 0  [vdso]`.
fn vdso_range(maps: &[u8]) -> Option<(u64, u64)> {
    let line = maps
        .split(|b| *b == b'\n')
        .find(|line| line.ends_with(b"[vdso]"))?;
    let range = core::str::from_utf8(line.split(|b| *b == b' ').next()?).ok()?;
    let (start, end) = range.split_once('-')?;
    Some((
        u64::from_str_radix(start, 16).ok()?,
        u64::from_str_radix(end, 16).ok()?,
    ))
}

/// The first version note of an ELF image.
fn note_in(image: &[u8]) -> Option<u32> {
    let header = read_header(image).ok()?;
    let table_bytes = usize::from(header.e_phnum).checked_mul(usize::from(header.e_phentsize))?;
    let table = image.read_exact_at(header.e_phoff, table_bytes).ok()?;
    let segments = ParsingTable::<_, ProgramHeader>::new(header.endianness, header.class, &table);
    segments
        .iter()
        .filter(|segment| segment.p_type == abi::PT_NOTE)
        .find_map(|segment| {
            let notes = image
                .read_exact_at(segment.p_offset, usize::try_from(segment.p_filesz).ok()?)
                .ok()?;
            // The kernel pads its notes to 4 bytes, whatever the segment's alignment says.
            NoteIterator::new(header.endianness, header.class, 4, &notes).find_map(
                |note| match note {
                    Note::Unknown(any)
                        if any.n_type == 0 && any.name == b"Linux\0" && any.desc.len() == 4 =>
                    {
                        header.endianness.parse_u32_at(&mut 0, any.desc).ok()
                    }
                    _ => None,
                },
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ELF64 with one PT_NOTE segment: a build id first, then the version note.
    fn image(big: bool, code: u32) -> Vec<u8> {
        let n16 = |v: u16| {
            if big {
                v.to_be_bytes()
            } else {
                v.to_le_bytes()
            }
        };
        let n32 = |v: u32| {
            if big {
                v.to_be_bytes()
            } else {
                v.to_le_bytes()
            }
        };
        let n64 = |v: u64| {
            if big {
                v.to_be_bytes()
            } else {
                v.to_le_bytes()
            }
        };
        let mut notes = Vec::new();
        for (name, kind, desc) in [
            (&b"GNU\0"[..], 3, &[1, 2, 3, 4, 5, 6][..]),
            (b"Linux\0", 256, &[0; 4]),
            (b"Linux\0", 0, &n32(code)),
        ] {
            for v in [name.len() as u32, desc.len() as u32, kind] {
                notes.extend_from_slice(&n32(v));
            }
            for part in [name, desc] {
                notes.extend_from_slice(part);
                notes.resize(notes.len().next_multiple_of(4), 0);
            }
        }
        let mut out = b"\x7fELF\x02".to_vec();
        out.extend_from_slice(&[if big { 2 } else { 1 }, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        out.extend([n16(3), n16(62)].concat());
        out.extend_from_slice(&n32(1));
        out.extend([n64(0), n64(64), n64(0)].concat());
        out.extend_from_slice(&n32(0));
        out.extend([n16(64), n16(56), n16(1), n16(64), n16(0), n16(0)].concat());
        out.extend([n32(abi::PT_NOTE), n32(4)].concat());
        let size = notes.len() as u64;
        out.extend([n64(64 + 56), n64(0), n64(0), n64(size), n64(size), n64(8)].concat());
        out.extend_from_slice(&notes);
        out
    }

    #[test]
    fn the_note_is_found_in_both_byte_orders() {
        assert_eq!(note_in(&image(false, 0x06_01_c0)), Some(0x06_01_c0)); // Debian 6.1.192
        assert_eq!(note_in(&image(true, 0x06_0c_6b)), Some(0x06_0c_6b));
    }

    #[test]
    fn garbage_gives_no_version_and_no_panic() {
        let good = image(false, 0x06_01_c0);
        for end in 0..good.len() {
            assert_eq!(note_in(&good[..end]), None, "prefix {end}");
        }
        for at in 0..good.len() {
            for value in [0, 0x7f, 0xff] {
                let mut bad = good.clone();
                bad[at] = value;
                let _ = note_in(&bad);
            }
        }
    }

    #[test]
    fn the_range_is_read_from_the_maps() {
        let maps = b"55-66 r-xp 0 00:00 0 /bin/x\n7f90866d9000-7f90866db000 r-xp 00000000 00:00 0      [vdso]\n";
        assert_eq!(vdso_range(maps), Some((0x7f90_866d_9000, 0x7f90_866d_b000)));
        for bad in [
            &b""[..],
            b"[vdso]",
            b"1- [vdso]",
            b"x-y [vdso]",
            b"12 [vdso]",
            b"1-2 [vvar]",
        ] {
            assert_eq!(vdso_range(bad), None);
        }
    }
}
