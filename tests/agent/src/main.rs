//! The first process of an initramfs, without std, libc and allocator: relocates an object for the
//! kernel it finds, loads it, shows what it sees, powers off.
//!
//! [`watch`] is what to copy into an agent of one's own; [`load`] is as much of a loader as one
//! program with maps and global data needs, [`pager`] the way to the kernel's BTF in little memory.
//!
//! The lines it prints are for people, and for `tests/boot/check.py`.
#![no_std]
#![no_main]

mod bpf;
mod console;
#[cfg(feature = "defmt")]
mod defmt_frames;
mod events;
mod fixup;
mod kernel;
mod load;
mod memory;
mod pager;
mod probes;
mod stack;
mod sys;
mod witness;

use core::ffi::CStr;
use core::panic::PanicInfo;

use relocore::elf::{Object, ProgramRange};
use relocore::insn::Applied;
use relocore::plan::Plan;
use relocore::relo::{Candidate, Outcome, Resolution, Root, Workspace};

use console::line;
use events::Ring;
use load::{Error, Loader, Result};
use pager::How;

/// The object, in a section of its own so that its size is told apart from the agent's.
#[unsafe(link_section = ".object")]
static OBJECT: [u8; BYTES.len()] = *BYTES;
#[cfg(target_endian = "little")]
const BYTES: &[u8; include_bytes!("../../data/obj/demo.bpfel.o").len()] =
    include_bytes!("../../data/obj/demo.bpfel.o");
#[cfg(target_endian = "big")]
const BYTES: &[u8; include_bytes!("../../data/obj/demo.bpfeb.o").len()] =
    include_bytes!("../../data/obj/demo.bpfeb.o");

/// Relocates, loads and attaches the programs of `elf`, then shows their events of some processes.
fn watch(elf: &[u8], vmlinux: &[u8]) -> Result<()> {
    // Slots only buy speed: these are a checkpoint every 64 or 128 types of a whole kernel.
    let (mut slots, mut kernel_slots) = ([0; 128], [0; 1024]);
    let mut programs = [ProgramRange::EMPTY; 8];
    let plan = Plan::new(Object::parse(elf)?, &mut slots, &mut programs)?;

    let start = sys::nanoseconds();
    let (mut roots, mut candidates) = ([Root::EMPTY; 32], [Candidate::EMPTY; 64]);
    let mut survey = plan.survey(Workspace {
        roots: &mut roots,
        candidates: &mut candidates,
    })?;
    let targets = [survey.open(vmlinux, &mut kernel_slots)?];
    let surveyed = sys::nanoseconds();
    let mut relocator = survey.relocator(&targets)?;
    let mut resolutions = [Resolution::EMPTY; 64];
    let records = plan.resolve(&mut relocator, &mut resolutions)?;
    let end = sys::nanoseconds();
    line("relocated: ")
        .number(records as u64)
        .with(" records, ", (end - start) / 1000)
        .with(" us (survey ", (surveyed - start) / 1000)
        .with(" us), ", pager::faults() as u64)
        .text(" pages read")
        .end();

    let kernel = kernel::kernel();
    let loader = Loader::new(&plan, &kernel)?;
    for program in plan.programs().ranges() {
        // Big enough for any section of this object; each program gets its own copy.
        let mut text = [0; 4096];
        let data = plan.object().section(program.section)?.data()?;
        let text = text
            .get_mut(..data.len())
            .ok_or(Error::Beyond("a section of 4 KiB"))?;
        text.copy_from_slice(data);
        for planned in plan.sections() {
            let planned = planned?;
            if planned.programs.index() == Some(program.section) {
                plan.patch(&planned, &mut resolutions, text, |nth, applied| {
                    show(&plan, nth, applied)
                });
            }
        }
        let mut log = [0; 1024];
        if let Err(error) = loader.load(program, text, &mut log) {
            log.split(|&byte| byte == b'\n')
                .for_each(|text| line("verifier: ").bytes(text).end());
            return Err(error);
        }
        line("loaded: ")
            .bytes(plan.object().symbols()?.get(program.symbol)?.name()?)
            .end();
    }
    if let Err(errno) = loader.btf {
        line("note: the object's BTF was refused, ")
            .error(errno)
            .end();
    }

    let (ring, bytes) = loader.ring().ok_or(Error::Beyond("no ring buffer"))?;
    let ring = Ring::open(ring, bytes).map_err(|errno| Error::Refused("the ring buffer", errno))?;
    for _ in 0..witness::COUNT {
        let _ = sys::run(c"/proc/self/exe", c"witness");
        ring.consume(witness::event);
    }
    Ok(())
}

/// Says what became of a record.
fn show(plan: &Plan<'_>, nth: usize, applied: Applied) {
    let Some(entry) = plan.records().nth(nth) else {
        return;
    };
    let (local, record) = (plan.local(), entry.record);
    let root = local
        .type_by_id(record.type_id)
        .and_then(|ty| local.name(ty.name()));
    let line = line("record ")
        .number(nth as u64)
        .with(" insn ", (record.insn_off / 8).into())
        .with(" kind ", record.kind.into())
        .text(" ")
        .bytes(root.unwrap_or_default())
        .text(" ")
        .bytes(local.name(record.access).unwrap_or_default());
    match applied.outcome {
        Outcome::Value(value) => line.with(" value ", value),
        Outcome::Absent(_) => line.text(" absent"),
        Outcome::Poison(_) => line.text(" poison"),
        Outcome::Skipped => line.text(" skipped"),
        Outcome::Failed(_) => line.text(" failed"),
    }
    .end();
}

/// Goes to the kernel's BTF, or to that of the initramfs.
fn vmlinux(may_map: bool) -> sys::Result<&'static [u8]> {
    const PATHS: [&CStr; 2] = [c"/sys/kernel/btf/vmlinux", c"/btf/vmlinux"];
    let (path, opened) = match pager::open(PATHS[0], may_map) {
        Err(errno) => {
            line("note: no BTF of the kernel's own, ")
                .error(errno)
                .end();
            (PATHS[1], pager::open(PATHS[1], true)?)
        }
        Ok(opened) => (PATHS[0], opened),
    };
    let (bytes, how) = opened;
    let line = line("btf: ")
        .bytes(path.to_bytes())
        .with(" ", bytes.len() as u64)
        .text(" bytes, ");
    match how {
        How::Mapped => line.text("mapped"),
        How::Paged(errno) => line
            .with("paged in ", pager::PAGES as u64)
            .text(" pages, mmap: ")
            .error(errno),
    }
    .end();
    Ok(bytes)
}

/// Entered by `_start`, with the place of the program's arguments.
extern "C" fn start(arguments: *const usize) -> ! {
    stack::guard();
    // SAFETY: the kernel put their number there, and then their addresses.
    let argument = |nth| unsafe {
        (nth < arguments.read()).then(|| CStr::from_ptr(arguments.add(1 + nth).read() as *const _))
    };
    if argument(1) == Some(c"witness") {
        witness::testify();
    }
    for (kind, at) in [(c"proc", c"/proc"), (c"sysfs", c"/sys")] {
        if sys::getpid() == 1
            && let Err(errno) = sys::mount(kind, at)
        {
            line("note: not mounted: ")
                .bytes(at.to_bytes())
                .text(", ")
                .error(errno)
                .end();
        }
    }
    // For tests: a kernel without BTF, and an older one whose BTF can't be mapped.
    let asked = |what: &CStr| (1..4).any(|nth| argument(nth) == Some(what));
    if asked(c"mask-btf") {
        let _ = sys::mount(c"tmpfs", c"/sys/kernel/btf");
    }
    let may_map = !asked(c"page-btf");
    #[cfg(feature = "defmt")]
    sys::raw_output(console::CONSOLE);
    sys::unlimited_locked_memory();
    line("agent: Linux ")
        .bytes(&kernel::kernel().release)
        .text(" ")
        .text(sys::MACHINE)
        .end();
    probes::run();
    let done = match vmlinux(may_map) {
        Ok(vmlinux) => watch(&OBJECT, vmlinux),
        Err(errno) => Err(Error::Refused("BTF", errno)),
    };
    witness::memory();
    match done {
        Ok(()) => line("agent: done"),
        Err(Error::Refused(what, errno)) => {
            line("agent: refused: ").text(what).text(", ").error(errno)
        }
        Err(Error::Beyond(what)) => line("agent: not for this agent: ").text(what),
        Err(Error::Input) => line("agent: the object or the BTF is wrong"),
    }
    .end();
    sys::drain(console::CONSOLE);
    sys::power_off(u8::from(done.is_err()));
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    line("agent: panic").end();
    sys::power_off(1)
}
