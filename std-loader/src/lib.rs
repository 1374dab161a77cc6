//! Loads CO-RE BPF objects into the running kernel: no libbpf, no C, no clang on the device.
//!
//! Enters: an object file as clang compiled it. Leaves: loaded programs, attached, and handles to
//! their maps and variables; all of it gone again when the handles are dropped. What the kernel's
//! types decide (`relocore`, the core) is decided before anything is created.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn core::error::Error>> {
//! use relocore_loader::{Object, RingBuffer};
//!
//! let mut object = Object::open("demo.bpf.o")?;
//! object.set_global("only_tgid", &1234_u32.to_ne_bytes())?; // const volatile, before the load
//! let loaded = object.load()?;
//! let _link = loaded.program("handle_exec")?.attach()?; // detached when dropped
//!
//! let mut rings = RingBuffer::new([loaded.map("events")?])?;
//! while rings.poll(None)? {
//!     rings.consume(usize::MAX, |_ring, record| println!("{record:?}"))?;
//! }
//! # Ok(()) }
//! ```
//!
//! | module | from | to |
//! |---|---|---|
//! | [`object`] | a file | an [`Object`] to configure |
//! | [`load`] | an object and the kernel | [`Loaded`]: programs, maps, variables |
//! | [`link`] | a program and a place | a [`Link`] |
//! | [`map`], [`ringbuf`] | a loaded map | values, records |
//! | [`kernel`] | the running kernel | its BTF, version, configuration |
//! | [`sys`] | typed arguments | `bpf(2)` and its kin: all `unsafe` is there |
//!
//! Errors say which object, section, program, operation and errno, and for a program that the
//! verifier refused the lines of its log that tell why: see [`Error`].

pub mod error;
pub mod kernel;
pub mod link;
pub mod load;
pub mod map;
pub mod object;
pub mod ringbuf;
pub mod sys;

pub use error::{Error, ErrorKind};
pub use kernel::Target;
pub use link::Link;
pub use load::{Feature, Loaded, LoadedProgram};
pub use map::Map;
pub use object::{MapDefinition, Object, Program};
pub use ringbuf::RingBuffer;
