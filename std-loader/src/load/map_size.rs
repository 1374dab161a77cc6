//! How many entries a map is created with.

use crate::error::ErrorKind;
use crate::object::MapDefinition;
use crate::sys::mmap::page_bytes;
use crate::sys::{MapType, possible_cpus};

use super::Step;

/// Entries that the kernel is asked for: a perf event array without a number has one a CPU, and a
/// ring buffer a power of two of pages.
pub(super) fn max_entries(definition: &MapDefinition) -> Result<u32, ErrorKind> {
    let sys = |error| ErrorKind::sys(Step::SizeMap, &definition.name, error);
    let entries = definition.max_entries;
    match definition.map_type {
        MapType::PERF_EVENT_ARRAY if entries == 0 => {
            let cpus = possible_cpus().map_err(sys)?;
            Ok(u32::try_from(cpus).unwrap_or(u32::MAX))
        }
        MapType::RINGBUF | MapType::USER_RINGBUF => {
            let page = page_bytes().map_err(sys)?;
            Ok(ring_bytes(entries, u32::try_from(page).unwrap_or(u32::MAX)))
        }
        _ => Ok(entries),
    }
}

/// The next power of two of pages. 0 stays, so that the kernel refuses a forgotten size; so does
/// what is too large.
fn ring_bytes(bytes: u32, page: u32) -> u32 {
    if bytes == 0 {
        return 0;
    }
    let pages = bytes.div_ceil(page.max(1)).checked_next_power_of_two();
    pages
        .and_then(|pages| pages.checked_mul(page))
        .unwrap_or(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rings_are_powers_of_two_of_pages() {
        for (bytes, expected) in [
            (0, 0),
            (1, 4096),
            (4096, 4096),
            (4097, 8192),
            (3 * 4096, 4 * 4096),
            (1 << 31, 1 << 31),
            ((1 << 31) + 1, (1 << 31) + 1),
        ] {
            assert_eq!(ring_bytes(bytes, 4096), expected);
        }
    }
}
