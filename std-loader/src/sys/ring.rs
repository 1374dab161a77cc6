//! One ring buffer map, mapped: the consumer's side of the kernel's protocol.
//!
//! Enters: a map of type `RINGBUF`. Leaves: its records in order, each lent to a callback.
//!
//! The map's memory, in pages of the system and bytes of the ring (a power of two):
//!
//! | offset | bytes | what | mapped |
//! |---|---|---|---|
//! | 0 | page | consumer position | read and write |
//! | page | page | producer position | read |
//! | 2 pages | ring | records | read |
//! | 2 pages + ring | ring | the same memory once more, so that no record is ever in two parts | read |
//!
//! Positions only grow; modulo the ring's size they are offsets. A record is a header of 8 bytes
//! (length, then a page number for the kernel) and its data, rounded up to 8. The length's bit 31
//! says that a program is still writing it, bit 30 that the program gave it up.

use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering, fence};
use std::os::fd::AsFd;
use std::sync::Arc;

use nix::libc;

use super::bpf::MapFd;
use super::mmap::{Access, SharedMmap, page_bytes};
use super::{MapType, SysError, map_flags};

const CALL: &str = "ring buffer";
const BUSY: u32 = 1 << 31;
const DISCARDED: u32 = 1 << 30;
const HEADER_BYTES: usize = 8;

/// The consumer of one ring buffer map; there is one at a time.
pub struct Ring {
    consumer: SharedMmap,
    producer: SharedMmap,
    page_bytes: usize,
    size_bytes: usize,
    /// Where the next record starts; also what the consumer page says.
    position: usize,
    /// The last producer position seen: records up to here are reserved.
    end: usize,
    /// Whether the kernel may not yet have seen `position`.
    unfenced: bool,
    _claim: Claim,
}

/// What a look at the next record found.
struct Record {
    at: usize,
    len: usize,
    /// Header, data and padding.
    total: usize,
    discarded: bool,
}

impl Ring {
    /// Maps the ring of `map` and becomes its consumer.
    ///
    /// # Errors
    /// `EINVAL` for a map of another type, `EOPNOTSUPP` for one whose producers overwrite what was
    /// not consumed (`BPF_F_RB_OVERWRITE`), `EBUSY` while another `Ring` consumes it, or what
    /// mapping it gives.
    pub fn new(map: &MapFd) -> Result<Self, SysError> {
        if map.map_type() != MapType::RINGBUF {
            return Err(SysError::new(CALL, libc::EINVAL));
        }
        if map.flags() & map_flags::RB_OVERWRITE != 0 {
            return Err(SysError::new(CALL, libc::EOPNOTSUPP));
        }
        let claim = Claim::of(map.consumed())?;
        let page_bytes = page_bytes()?;
        let too_large = || SysError::new(CALL, libc::EFBIG);
        let size_bytes = usize::try_from(map.max_entries()).map_err(|_| too_large())?;
        // The kernel has checked it; `mask` needs it.
        if !size_bytes.is_power_of_two() {
            return Err(SysError::new(CALL, libc::EINVAL));
        }
        let readable = size_bytes
            .checked_mul(2)
            .and_then(|twice| twice.checked_add(page_bytes));
        let readable = readable.ok_or_else(too_large)?;

        let fd = map.as_fd();
        let consumer = SharedMmap::map(fd, 0, page_bytes, Access::ReadWrite)?;
        let producer = SharedMmap::map(fd, page_bytes as u64, readable, Access::Read)?;
        let position = consumer.load_acquire_usize(0).ok_or_else(broken)?;
        Ok(Self {
            consumer,
            producer,
            page_bytes,
            size_bytes,
            position,
            end: position,
            unfenced: false,
            _claim: claim,
        })
    }

    /// Lends committed records to `each`, oldest first, until none is left, the next one is still
    /// being written, or `limit` were taken. Returns how many were taken, which counts those that
    /// their program discarded and that `each` does not see.
    ///
    /// A record's space is free for the kernel again when `each` returns. Fewer than `limit` means
    /// that the kernel will wake whoever waits for the next record; after exactly `limit`, call
    /// again before waiting on an edge-triggered poll.
    ///
    /// # Errors
    /// `EBADMSG` when positions and lengths contradict each other: another process has written the
    /// consumer position.
    pub fn consume(
        &mut self,
        limit: usize,
        mut each: impl FnMut(&[u8]),
    ) -> Result<usize, SysError> {
        let mut taken = 0;
        while taken < limit {
            let Some(record) = self.next()? else {
                if !self.unfenced {
                    break;
                }
                // The kernel commits a record, then looks at the consumer position to see whether
                // someone waits. We store the position, then look for records. With a full
                // barrier on both sides one of the two sees the other: nobody sleeps on a record.
                fence(Ordering::SeqCst);
                self.unfenced = false;
                continue;
            };
            if !record.discarded {
                // SAFETY: `next` has seen (acquire) that the record is committed and lies between
                // the consumer and the producer position. The kernel writes there again only
                // after the consumer position has moved past it, and programs have lost their
                // pointers to it. The position is stored below, when the borrow is over; no other
                // `Ring` of this process moves it (`Claim`), and user space cannot map the data
                // writable.
                let data = unsafe { self.producer.borrow(record.at, record.len) };
                each(data.ok_or_else(broken)?);
            }
            self.position = self.position.wrapping_add(record.total);
            self.consumer
                .store_release_usize(0, self.position)
                .ok_or_else(broken)?;
            self.unfenced = true;
            taken += 1;
        }
        Ok(taken)
    }

    /// The next committed record; `None` when there is none, or it is still being written.
    fn next(&mut self) -> Result<Option<Record>, SysError> {
        if self.position == self.end {
            self.end = self.producer.load_acquire_usize(0).ok_or_else(broken)?;
        }
        let reserved = self.end.wrapping_sub(self.position);
        if reserved == 0 {
            return Ok(None);
        }
        let start = self.page_bytes + (self.position & (self.size_bytes - 1));
        let header = self.producer.load_acquire_u32(start).ok_or_else(broken)?;
        if header & BUSY != 0 {
            return Ok(None);
        }
        let len = (header & !DISCARDED) as usize;
        let total = (len + HEADER_BYTES).next_multiple_of(HEADER_BYTES);
        if total > reserved || reserved > self.size_bytes {
            return Err(broken());
        }
        let discarded = header & DISCARDED != 0;
        Ok(Some(Record {
            at: start + HEADER_BYTES,
            len,
            total,
            discarded,
        }))
    }
}

const fn broken() -> SysError {
    SysError::new(CALL, libc::EBADMSG)
}

impl fmt::Debug for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ring")
            .field("size_bytes", &self.size_bytes)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

/// The right to consume a map, given back when dropped.
struct Claim(Arc<AtomicBool>);

impl Claim {
    fn of(consumed: &Arc<AtomicBool>) -> Result<Self, SysError> {
        if consumed.swap(true, Ordering::AcqRel) {
            return Err(SysError::new(CALL, libc::EBUSY));
        }
        Ok(Self(Arc::clone(consumed)))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}
