//! What the compiler calls for copies and comparisons; a libc would have them.
//!
//! Words at a time where that is right, and plain loops: the compiler knows these names and does
//! not turn their loops into calls of themselves.

/// Copies forwards.
///
/// # Safety
/// As C's.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, len: usize) -> *mut u8 {
    let words = len / 8;
    for at in 0..words {
        // SAFETY: the caller's promise of `len` bytes at both.
        unsafe {
            let word = from.cast::<u64>().add(at).read_unaligned();
            to.cast::<u64>().add(at).write_unaligned(word);
        }
    }
    for at in words * 8..len {
        // SAFETY: as above.
        unsafe { to.add(at).write_volatile(from.add(at).read_volatile()) };
    }
    to
}

/// Copies in the direction that overlapping bytes need.
///
/// # Safety
/// As C's.
#[unsafe(no_mangle)]
unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, len: usize) -> *mut u8 {
    let forwards = (to as usize).wrapping_sub(from as usize) >= len;
    for nth in 0..len {
        let at = if forwards { nth } else { len - 1 - nth };
        // SAFETY: the caller's promise of `len` bytes at both; no byte is overwritten before it
        // is read.
        unsafe { to.add(at).write_volatile(from.add(at).read_volatile()) };
    }
    to
}

/// Fills.
///
/// # Safety
/// As C's.
#[unsafe(no_mangle)]
unsafe extern "C" fn memset(to: *mut u8, byte: i32, len: usize) -> *mut u8 {
    let word = u64::from(byte as u8) * 0x0101_0101_0101_0101;
    let words = len / 8;
    for at in 0..words {
        // SAFETY: the caller's promise of `len` bytes.
        unsafe { to.cast::<u64>().add(at).write_unaligned(word) };
    }
    for at in words * 8..len {
        // SAFETY: as above.
        unsafe { to.add(at).write_volatile(byte as u8) };
    }
    to
}

/// Compares.
///
/// # Safety
/// As C's.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(one: *const u8, other: *const u8, len: usize) -> i32 {
    for at in 0..len {
        // SAFETY: the caller's promise of `len` bytes at both.
        let (a, b) = unsafe { (one.add(at).read_volatile(), other.add(at).read_volatile()) };
        if a != b {
            return i32::from(a) - i32::from(b);
        }
    }
    0
}

/// Compares for equality.
///
/// # Safety
/// As C's.
#[unsafe(no_mangle)]
unsafe extern "C" fn bcmp(one: *const u8, other: *const u8, len: usize) -> i32 {
    // SAFETY: as this function's.
    unsafe { memcmp(one, other, len) }
}

/// Counts the bytes before the NUL.
///
/// # Safety
/// As C's.
#[unsafe(no_mangle)]
unsafe extern "C" fn strlen(text: *const u8) -> usize {
    let mut len = 0;
    // SAFETY: the caller's promise of a NUL.
    while unsafe { text.add(len).read_volatile() } != 0 {
        len += 1;
    }
    len
}
