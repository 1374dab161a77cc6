//! Records of the ring buffer.
//!
//! Enters: the ring buffer's map. Leaves: each record's bytes, once. Rule: libbpf's
//! `ringbuf_process_ring`: the consumer's position is on a page that may be written, the producer's
//! on the next, and after it the data, mapped twice so that no record is cut.

use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use crate::sys::{self, Fd, MAP_SHARED, PROT_READ, PROT_WRITE, Result};

/// A mapped ring buffer.
pub struct Ring {
    consumer: &'static AtomicUsize,
    producer: &'static AtomicUsize,
    data: *const u8,
    bytes: usize,
}

const BUSY: u32 = 1 << 31;
const DISCARDED: u32 = 1 << 30;
const HEAD_BYTES: usize = 8;

impl Ring {
    /// Maps a ring buffer of `bytes` bytes.
    pub fn open(map: Fd, bytes: usize) -> Result<Self> {
        const PAGE: usize = 4096;
        let consumer = sys::map(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, Some((map, 0)))?;
        let producer = sys::map(
            0,
            PAGE + 2 * bytes,
            PROT_READ,
            MAP_SHARED,
            Some((map, PAGE)),
        )?;
        // SAFETY: both are mapped, hold a counter at their start, and stay mapped.
        let (consumer, producer, data) = unsafe {
            let counter = |at: usize| &*(at as *const AtomicUsize);
            (
                counter(consumer),
                counter(producer),
                (producer + PAGE) as *const u8,
            )
        };
        Ok(Self {
            consumer,
            producer,
            data,
            bytes,
        })
    }

    /// Hands over what is there.
    pub fn consume(&self, mut each: impl FnMut(&[u8])) {
        let mut at = self.consumer.load(Ordering::Relaxed);
        while at < self.producer.load(Ordering::Acquire) {
            let place = at & (self.bytes - 1);
            // SAFETY: a record lies in the data, which is mapped twice; its head is written once,
            // and its bytes are not changed until the consumer's position has passed it.
            let (len, record) = unsafe {
                let head = self.data.add(place);
                let len = (*head.cast::<AtomicU32>()).load(Ordering::Acquire);
                if len & BUSY != 0 {
                    return;
                }
                let bytes = (len & !DISCARDED) as usize;
                (
                    len,
                    core::slice::from_raw_parts(head.add(HEAD_BYTES), bytes),
                )
            };
            if len & DISCARDED == 0 {
                each(record);
            }
            at += (HEAD_BYTES + record.len()).next_multiple_of(8);
            self.consumer.store(at, Ordering::Release);
        }
    }
}
