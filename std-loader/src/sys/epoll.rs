//! Waiting for several descriptors at once.
//!
//! Enters: descriptors to watch, a timeout. Leaves: whether one of them is readable.

use core::time::Duration;
use std::os::fd::{AsFd, BorrowedFd};

use nix::errno::Errno;
use nix::sys::epoll::{self, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use super::{SysError, seam};

/// A set of descriptors watched for reading, level-triggered. Its own descriptor can be polled.
#[derive(Debug)]
pub struct Epoll(epoll::Epoll);

impl Epoll {
    /// An empty set.
    ///
    /// # Errors
    /// `EMFILE`, `ENFILE` or `ENOMEM`.
    pub fn new() -> Result<Self, SysError> {
        const CALL: &str = "epoll_create1";
        seam(CALL)?;
        epoll::Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)
            .map(Self)
            .map_err(|errno| SysError::from_errno(CALL, errno))
    }

    /// Watches `fd` until it is closed everywhere.
    ///
    /// # Errors
    /// `EEXIST` when it is watched already, `EPERM` when it cannot be polled, `ENOMEM`, `ENOSPC`.
    pub fn add(&self, fd: BorrowedFd<'_>) -> Result<(), SysError> {
        const CALL: &str = "epoll_ctl";
        seam(CALL)?;
        self.0
            .add(fd, EpollEvent::new(EpollFlags::EPOLLIN, 0))
            .map_err(|errno| SysError::from_errno(CALL, errno))
    }

    /// Waits until a descriptor is readable (`true`), or until the time is over or a signal came
    /// (`false`). `None` waits without end; less than a millisecond is rounded up to one.
    ///
    /// # Errors
    /// None is known for a valid set; whatever the kernel says is passed on.
    pub fn wait(&self, timeout: Option<Duration>) -> Result<bool, SysError> {
        const CALL: &str = "epoll_wait";
        seam(CALL)?;
        let timeout = timeout.map_or(EpollTimeout::NONE, |time| {
            let millis = time.as_nanos().div_ceil(1_000_000);
            EpollTimeout::try_from(millis).unwrap_or(EpollTimeout::MAX)
        });
        let mut events = [EpollEvent::empty()];
        match self.0.wait(&mut events, timeout) {
            Ok(ready) => Ok(ready > 0),
            Err(Errno::EINTR) => Ok(false),
            Err(errno) => Err(SysError::from_errno(CALL, errno)),
        }
    }
}

impl AsFd for Epoll {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn waits_for_data_or_time() {
        let (reader, mut writer) = std::io::pipe().unwrap();
        let epoll = Epoll::new().unwrap();
        epoll.add(reader.as_fd()).unwrap();
        assert_eq!(epoll.wait(Some(Duration::from_micros(1))), Ok(false));
        writer.write_all(b"x").unwrap();
        assert_eq!(epoll.wait(None), Ok(true));
        assert_eq!(
            epoll.add(reader.as_fd()),
            Err(SysError::new("epoll_ctl", nix::libc::EEXIST))
        );
    }
}
