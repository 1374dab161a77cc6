//! The core's trace points on the console (feature `defmt`).
//!
//! Enters: what `defmt` logs. Leaves: one frame each, between zero bytes: `rzcobs`, defmt's own
//! encoding, has none inside, so that frames and lines of text share a console, and a decoder that
//! meets text passes over it.

use core::cell::UnsafeCell;

use crate::console::CONSOLE;
use crate::sys;

/// A frame that is being put together, so that it is one `write`.
struct Frame {
    encoder: defmt::Encoder,
    bytes: [u8; 256],
    len: usize,
}

struct Shared(UnsafeCell<Frame>);

// SAFETY: there is one thread, and defmt does not log while it logs.
unsafe impl Sync for Shared {}

static FRAME: Shared = Shared(UnsafeCell::new(Frame {
    encoder: defmt::Encoder::new(),
    bytes: [0; 256],
    len: 0,
}));

fn with_frame(work: impl FnOnce(&mut defmt::Encoder, &mut dyn FnMut(&[u8]))) {
    // SAFETY: see `Shared`; no other reference lives.
    let Frame {
        encoder,
        bytes,
        len,
    } = unsafe { &mut *FRAME.0.get() };
    work(encoder, &mut |more| {
        for &byte in more {
            if *len == bytes.len() {
                sys::write(CONSOLE, bytes);
                *len = 0;
            }
            if let Some(place) = bytes.get_mut(*len) {
                *place = byte;
                *len += 1;
            }
        }
    });
}

#[defmt::global_logger]
struct Console;

// SAFETY: there is one thread; `acquire` and `release` come in pairs.
unsafe impl defmt::Logger for Console {
    fn acquire() {
        with_frame(|encoder, put| {
            put(&[0]); // the end of the text before
            encoder.start_frame(put);
        });
    }

    unsafe fn flush() {}

    unsafe fn release() {
        with_frame(|encoder, put| encoder.end_frame(put));
        // SAFETY: see `Shared`.
        let frame = unsafe { &mut *FRAME.0.get() };
        sys::write(CONSOLE, frame.bytes.get(..frame.len).unwrap_or_default());
        frame.len = 0;
    }

    unsafe fn write(bytes: &[u8]) {
        with_frame(|encoder, put| encoder.write(bytes, put));
    }
}

defmt::timestamp!("{=u64:us}", sys::nanoseconds() / 1000);
