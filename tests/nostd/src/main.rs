//! The proof that the core needs nothing: no std, no libc, no allocator, and no panic.
//!
//! A freestanding program that takes an object from ELF bytes to patched instructions. Its panic
//! handler calls a function that does not exist, so if any panic could be reached (and with it the
//! formatting machinery), it would not link. `build.sh` builds and runs it; exit status 0 is the
//! object relocated as expected.
#![no_std]
#![no_main]

use core::arch::{asm, global_asm};
use core::hint::black_box;
use core::panic::PanicInfo;

use relocore::btf::Btf;
use relocore::elf::{Object, ProgramRange};
use relocore::plan::Plan;
use relocore::relo::{Candidate, Outcome, Resolution, Root, Workspace};

static OBJECT: &[u8] = include_bytes!("../../data/obj/vec_fields.bpfel.o");
static TARGET: &[u8] = include_bytes!("../../data/targets/fields.bpfel.o");

/// How many records got a value.
fn relocate(object: &[u8], target: &[u8], text: &mut [u8]) -> relocore::Result<usize> {
    let (mut slots, mut target_slots) = ([0; 64], [0; 64]);
    let mut programs = [ProgramRange::EMPTY; 64];
    let plan = Plan::new(Object::parse(object)?, &mut slots, &mut programs)?;
    let targets = [Btf::parse(
        Object::parse(target)?.btf()?,
        &mut target_slots,
    )?];
    let (mut roots, mut candidates) = ([Root::EMPTY; 256], [Candidate::EMPTY; 256]);
    let workspace = Workspace {
        roots: &mut roots,
        candidates: &mut candidates,
    };
    let mut relocator = plan.relocator(&targets, workspace)?;
    let mut resolutions = [Resolution::EMPTY; 256];
    let count = plan.resolve(&mut relocator, &mut resolutions)?;
    for planned in plan.sections() {
        let planned = planned?;
        let Some(index) = planned.programs.index() else {
            continue;
        };
        let data = plan.object().section(index)?.data()?;
        if let Some(text) = text.get_mut(..data.len()) {
            text.copy_from_slice(data);
            plan.patch(&planned, &mut resolutions, text, |_, _| ());
        }
    }
    let resolved = |one: &&Resolution| matches!(one.outcome, Outcome::Value(_));
    Ok(resolutions.iter().take(count).filter(resolved).count())
}

extern "C" fn start() -> ! {
    let mut text = [0; 8192];
    // The bytes are anyone's: nothing may be worked out from them at compile time.
    let resolved = relocate(black_box(OBJECT), black_box(TARGET), &mut text);
    exit(i32::from(!resolved.is_ok_and(|resolved| {
        resolved > 10 && black_box(text) != [0; 8192]
    })))
}

fn exit(status: i32) -> ! {
    // SAFETY: exit_group (231) takes a status and does not return.
    unsafe { asm!("syscall", in("rax") 231, in("rdi") status, options(noreturn)) }
}

// The kernel enters here with the stack pointer at 16 bytes, as a call would not leave it.
global_asm!(".globl _start", "_start:", "call {start}", "ud2", start = sym start);

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    unsafe extern "C" {
        /// Exists nowhere.
        fn a_panic_can_be_reached() -> !;
    }
    // SAFETY: never linked, so never called.
    unsafe { a_panic_can_be_reached() }
}

/// What the compiler calls for copies and comparisons; a libc would have them.
mod memory {
    use core::arch::asm;

    /// Copies forwards.
    ///
    /// # Safety
    /// As C's.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, len: usize) -> *mut u8 {
        // SAFETY: the caller's promise of `len` bytes at both.
        unsafe {
            asm!("rep movsb", inout("rcx") len => _, inout("rdi") to => _, inout("rsi") from => _,
                options(nostack, preserves_flags));
        }
        to
    }

    /// Copies in the direction that overlapping bytes need.
    ///
    /// # Safety
    /// As C's.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, len: usize) -> *mut u8 {
        if (to as usize).wrapping_sub(from as usize) >= len {
            // SAFETY: as this function's; forwards, no byte is overwritten before it is read.
            return unsafe { memcpy(to, from, len) };
        }
        // SAFETY: as this function's; backwards from the last byte, and the direction put back.
        unsafe {
            asm!("std", "rep movsb", "cld", inout("rcx") len => _,
                inout("rdi") to.wrapping_add(len).wrapping_sub(1) => _,
                inout("rsi") from.wrapping_add(len).wrapping_sub(1) => _, options(nostack));
        }
        to
    }

    /// Fills.
    ///
    /// # Safety
    /// As C's.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn memset(to: *mut u8, byte: i32, len: usize) -> *mut u8 {
        // SAFETY: the caller's promise of `len` bytes.
        unsafe {
            asm!("rep stosb", inout("rcx") len => _, inout("rdi") to => _, in("al") byte as u8,
                options(nostack, preserves_flags));
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
}
