//! How many CPUs this kernel may ever have.
//!
//! Enters: `/sys/devices/system/cpu/possible`. Leaves: a count, the number of values that a
//! per-CPU map holds under each key.

use nix::libc;

use super::{SysError, seam};

const CALL: &str = "read(/sys/devices/system/cpu/possible)";

/// CPUs that this kernel may ever have, absent and offline ones included; at least 1.
///
/// # Errors
/// The file cannot be read (sysfs not mounted), or `EINVAL`: it is not a list such as `0-3,8`.
pub fn possible_cpus() -> Result<usize, SysError> {
    seam(CALL)?;
    let list = std::fs::read_to_string("/sys/devices/system/cpu/possible")
        .map_err(|error| SysError::new(CALL, error.raw_os_error().unwrap_or(libc::EIO)))?;
    count(list.trim()).ok_or_else(|| SysError::new(CALL, libc::EINVAL))
}

/// Counts a CPU list: `0-3,8` has 5. Ranges ascend and do not overlap, as the kernel prints them.
fn count(list: &str) -> Option<usize> {
    let mut total = 0_usize;
    let mut next = 0_usize;
    for range in list.split(',') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
        if first < next || last < first {
            return None;
        }
        next = last.checked_add(1)?;
        total += next - first;
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_lists_are_counted() {
        for (list, cpus) in [
            ("0", Some(1)),
            ("0-1", Some(2)),
            ("0-3,8,10-11", Some(7)),
            ("", None),
            ("0-", None),
            ("3-1", None),
            ("0-3,2", None),
            ("0-18446744073709551615", None),
        ] {
            assert_eq!(count(list), cpus, "{list}");
        }
        assert!(possible_cpus().is_ok_and(|cpus| cpus >= 1));
    }
}
