//! The limit on locked memory, which kernels before 5.11 charge BPF to.
//!
//! Enters: a call that creates something. Leaves: its result; where it failed for want of locked
//! memory, that of a second try with the limit raised. libbpf raises the limit before anything
//! else, which changes the process where nothing asks for it.

use crate::kernel::{KernelVersion, kernel_version};
use crate::sys::{SysError, raise_memlock};

use super::feature::{Feature, has};

/// Linux 5.11, which charges memory to cgroups.
const CHARGES_CGROUPS: KernelVersion = KernelVersion(5 << 16 | 11 << 8);

/// Makes the call.
pub(super) fn with_memlock<T>(
    mut call: impl FnMut() -> Result<T, SysError>,
) -> Result<T, SysError> {
    match call() {
        Err(error) if error.errno == nix::libc::EPERM && is_limited() => {
            // Whether it can be raised or not, the second try tells.
            let _ = raise_memlock();
            call()
        }
        result => result,
    }
}

/// Whether this kernel counts BPF as locked memory. Its version is asked first, since without
/// privilege no feature can be tried.
fn is_limited() -> bool {
    let is_newer = kernel_version().is_ok_and(|known| known.version >= CHARGES_CGROUPS);
    !is_newer && !has(Feature::MemcgAccounting, None)
}
