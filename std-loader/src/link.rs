//! A program's attachment as an object.
//!
//! Enters: a loaded program and the place where it shall run. Leaves: a [`Link`]; dropping it
//! detaches the program.

use std::ffi::CString;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::libc;

use crate::sys::{SysError, bpf};

/// An attached program. Dropping it detaches, unless the link was pinned or its descriptor was
/// duplicated.
#[derive(Debug)]
#[must_use = "dropping the link detaches the program"]
pub struct Link {
    fd: OwnedFd,
}

impl Link {
    /// Attaches a program of type `RAW_TRACEPOINT` to the tracepoint `name`, without its category:
    /// `sched_switch`.
    ///
    /// # Errors
    /// `ENOENT` when this kernel has no such tracepoint, `EINVAL` for a program of another type or
    /// a name with a NUL in it, `EACCES` when the program reads more arguments than there are.
    pub fn raw_tracepoint(prog: BorrowedFd<'_>, name: &str) -> Result<Self, SysError> {
        let invalid = |_| SysError {
            call: "bpf(BPF_RAW_TRACEPOINT_OPEN)",
            errno: libc::EINVAL,
        };
        let name = CString::new(name).map_err(invalid)?;
        let fd = bpf::raw_tracepoint_open(prog, Some(&name), 0)?;
        Ok(Self { fd })
    }
}

impl AsFd for Link {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::{Map, MapSpec};
    use crate::sys::bpf::testing::{self, EXIT, call, insn, load_map, mov, mov_reg};
    use crate::sys::{MapType, ProgType, UpdateMode};

    /// Adds 1 to the counter in `map` whenever the thread `tid` makes a system call.
    fn count_calls(map: &Map, tid: i32) -> Vec<u8> {
        const GET_CURRENT_PID_TGID: i32 = 14;
        const MAP_LOOKUP_ELEM: i32 = 1;
        [
            &call(GET_CURRENT_PID_TGID)[..],
            &insn(0x56, 0, 0, 9, tid), // if (u32)r0 != tid goto the end
            &insn(0x62, 10, 0, -4, 0), // *(u32 *)(fp - 4) = 0
            &load_map(1, map),
            &mov_reg(2, 10),
            &insn(0x07, 2, 0, 0, -4), // r2 += -4
            &call(MAP_LOOKUP_ELEM),
            &insn(0x15, 0, 0, 2, 0), // if r0 == 0 goto the end
            &mov(1, 1),
            &insn(0xdb, 0, 1, 0, 0), // lock *(u64 *)r0 += r1
            &mov(0, 0),
            &EXIT,
        ]
        .concat()
    }

    #[test]
    fn a_link_runs_its_program_until_dropped() {
        if testing::skip("a_link_runs_its_program_until_dropped") {
            return;
        }
        let spec = MapSpec {
            name: "count".into(),
            map_type: MapType::ARRAY,
            key_size: 4,
            value_size: 8,
            max_entries: 1,
            ..MapSpec::default()
        };
        let map = Map::create(spec, None).unwrap();
        let tid = nix::unistd::gettid().as_raw();
        let prog = testing::load(ProgType::RAW_TRACEPOINT, &count_calls(&map, tid)).unwrap();
        let count =
            || u64::from_ne_bytes(map.lookup(&[0; 4]).unwrap().unwrap().try_into().unwrap());

        let link = Link::raw_tracepoint(prog.as_fd(), "sys_enter").unwrap();
        map.update(&[0; 4], &[0; 8], UpdateMode::ANY).unwrap();
        for _ in 0..10 {
            nix::unistd::getppid();
        }
        assert!(count() >= 10, "{}", count());
        drop(link);
        // The kernel may let a running probe finish after the link is closed, so settle first.
        std::thread::sleep(core::time::Duration::from_millis(50));
        let before = count();
        nix::unistd::getppid();
        assert_eq!(count(), before);

        let error = Link::raw_tracepoint(prog.as_fd(), "no_such_point").unwrap_err();
        assert!(
            error.to_string().contains("ENOENT") && error.to_string().contains("no tracepoint"),
            "{error}"
        );
        assert_eq!(
            Link::raw_tracepoint(prog.as_fd(), "a\0b")
                .unwrap_err()
                .errno,
            libc::EINVAL
        );
    }
}
