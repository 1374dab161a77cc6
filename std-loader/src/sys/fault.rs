//! Tests only: makes one system call of this thread fail.
//!
//! Enters: which call, which occurrence of it, which errno. Leaves: that error, once, and without
//! the kernel having seen the call.
//!
//! To fail each call of an operation in turn, count `nth` up from 1 until nothing
//! [fired](Armed::fired):
//!
//! ```text
//! for nth in 1.. {
//!     let armed = fault::fail(None, nth, libc::ENOMEM);
//!     let result = operation();
//!     if !armed.fired() { break; }
//!     assert!(result.is_err());
//! }
//! ```

use core::cell::Cell;
use core::marker::PhantomData;

use super::SysError;

#[derive(Clone, Copy)]
struct Plan {
    call: Option<&'static str>,
    /// Matching calls until the failure; 0 once it fired.
    left: u32,
    errno: i32,
}

thread_local! {
    static PLAN: Cell<Option<Plan>> = const { Cell::new(None) };
}

/// An armed fault; dropping it disarms. Stays on its thread, as the plan does.
#[must_use = "the fault is disarmed when this is dropped"]
#[derive(Debug)]
pub struct Armed(PhantomData<*const ()>);

/// Makes the `nth` call from now (1 is the next one) fail with `errno`, on this thread only.
///
/// `call` is a name as in [`SysError::call`], such as `"bpf(BPF_MAP_CREATE)"`; `None` counts all.
/// A later call of this function replaces the plan.
pub fn fail(call: Option<&'static str>, nth: u32, errno: i32) -> Armed {
    PLAN.set(Some(Plan {
        call,
        left: nth,
        errno,
    }));
    Armed(PhantomData)
}

impl Armed {
    /// Whether the call was reached and made to fail.
    #[must_use]
    pub fn fired(&self) -> bool {
        PLAN.get().is_some_and(|plan| plan.left == 0)
    }
}

impl Drop for Armed {
    fn drop(&mut self) {
        PLAN.set(None);
    }
}

pub(super) fn check(call: &'static str) -> Result<(), SysError> {
    let Some(mut plan) = PLAN.get() else {
        return Ok(());
    };
    if plan.left == 0 || plan.call.is_some_and(|wanted| wanted != call) {
        return Ok(());
    }
    plan.left -= 1;
    PLAN.set(Some(plan));
    if plan.left > 0 {
        return Ok(());
    }
    Err(SysError::new(call, plan.errno))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nth_matching_call_fails_once() {
        let armed = fail(Some("b"), 2, 12);
        let results = ["b", "a", "b", "b"].map(|call| check(call).is_ok());
        assert_eq!(results, [true, true, false, true]);
        assert!(armed.fired());
        drop(armed);
        let armed = fail(None, 1, 12);
        drop(armed);
        assert_eq!(check("a"), Ok(()));
    }
}
