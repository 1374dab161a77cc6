//! The limit on locked memory.

use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit, setrlimit};

use super::{SysError, seam};

const CALL: &str = "setrlimit(RLIMIT_MEMLOCK)";

/// Raises the process's limit: to none with `CAP_SYS_RESOURCE`, else as far as the hard limit
/// allows.
///
/// # Errors
/// `EPERM` when neither is possible.
pub fn raise_memlock() -> Result<(), SysError> {
    seam(CALL)?;
    let resource = Resource::RLIMIT_MEMLOCK;
    if setrlimit(resource, RLIM_INFINITY, RLIM_INFINITY).is_ok() {
        return Ok(());
    }
    let error = |errno| SysError::from_errno(CALL, errno);
    let (_, hard) = getrlimit(resource).map_err(error)?;
    setrlimit(resource, hard, hard).map_err(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_as_high_as_it_can_be() {
        let (_, before) = getrlimit(Resource::RLIMIT_MEMLOCK).unwrap();
        raise_memlock().unwrap();
        let (soft, hard) = getrlimit(Resource::RLIMIT_MEMLOCK).unwrap();
        assert!(soft == hard && hard >= before);
    }
}
