//! What the running kernel says about itself: its BTF, its version, its configuration.
//!
//! | question | enters | leaves | file |
//! |---|---|---|---|
//! | which types has the target? | a path, bytes, or nothing | BTF bytes ([`BtfBytes`]) | `target`, `btf`, `btf_file`, `modules` |
//! | which version? | vDSO, `/proc`, `uname` | [`KernelVersion`] and its source | `version`, `vdso` |
//! | how was it configured? | user text, `/boot`, `/proc` | [`Settings`] by `CONFIG_` name | `settings`, `config_source`, `kconfig` |
//! | what goes into an extern's slot? | value text or number, [`ExternClass`] | bytes in the slot | `kconfig_value`, `extern_class`, `virtual_extern` |
//!
//! Nothing here talks to `bpf()`, and nothing is opened before it is asked for. Where several
//! places may hold an answer, each one tried is kept as an [`Attempt`], so that an error can list
//! them all with the [`Cause`] of each failure.
//!
//! Next: the bytes go to `relocore`'s BTF view, the slots into the `.kconfig` map.

mod attempt;
mod btf;
mod btf_file;
mod btf_sections;
mod bytes;
mod c_number;
mod config_source;
mod extern_class;
mod kconfig;
mod kconfig_value;
mod modules;
mod read;
mod settings;
mod store_error;
mod target;
mod uname;
mod vdso;
mod version;
mod virtual_extern;

pub use attempt::{Attempt, Cause, Outcome};
pub use btf::{KernelBtf, NoKernelBtf, find_kernel_btf, find_kernel_btf_in};
pub use btf_file::{BtfFile, MAX_BTF_BYTES, ReadBtfError, read_btf_bytes, read_btf_file};
pub use bytes::BtfBytes;
pub use config_source::{
    MAX_CONFIG_BYTES, SystemConfig, read_system_config, read_system_config_in,
};
pub use extern_class::ExternClass;
pub use kconfig::{Entries, Entry, Kconfig, LineError, LineProblem};
pub use kconfig_value::{Stored, store, store_number};
pub use modules::{module_names, module_names_in, read_module_btf, read_module_btf_in};
pub use settings::{
    ConfigError, ConfigOrigin, ConfigProblem, Setting, Settings, UnsetExterns, lookup_config,
};
pub use store_error::{StoreError, StoreProblem};
pub use target::{OpenTargetError, Target, TargetBtf, TargetOrigin};
pub use version::{
    DetectedVersion, KernelVersion, UnknownVersion, VersionEvidence, VersionSource, kernel_version,
};
pub use virtual_extern::{VirtualError, VirtualExtern, find_syscall_wrapper, has_syscall_wrapper};
