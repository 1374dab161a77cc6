//! Reading what the command line names.
//!
//! Enters: paths. Leaves: bytes, or a message that names the path and the cause.

use std::fs;
use std::path::{Path, PathBuf};

use relocore::btf::Btf;
use relocore_loader::kernel::{BtfBytes, Target, module_names, read_btf_file, read_module_btf};

use crate::Failure;

/// Largest object file that is read: real ones have kilobytes.
const MAX_OBJECT_BYTES: u64 = 64 << 20;

/// Reads an object file whole.
pub(crate) fn object(path: &Path) -> Result<Vec<u8>, Failure> {
    let cause = |cause: &str| Failure::Input(format!("{}: {cause}", path.display()));
    let metadata = fs::metadata(path).map_err(|error| cause(&error.to_string()))?;
    if metadata.is_dir() {
        return Err(cause("is a directory"));
    }
    if metadata.len() > MAX_OBJECT_BYTES {
        return Err(cause("is over 64 MiB: no BPF object is"));
    }
    let bytes = fs::read(path).map_err(|error| cause(&error.to_string()))?;
    if bytes.is_empty() {
        return Err(cause("is empty"));
    }
    Ok(bytes)
}

/// Where target types come from: the options that several subcommands share.
#[derive(Debug, clap::Args)]
pub(crate) struct TargetArgs {
    /// BTF to relocate against: raw, or an ELF file that has it. Default: the running kernel's.
    #[arg(long, value_name = "FILE")]
    pub(crate) btf: Option<PathBuf>,
    /// BTF of a module over that of --btf; for types that the kernel itself lacks.
    #[arg(long, value_name = "FILE")]
    pub(crate) module_btf: Vec<PathBuf>,
}

/// The bytes of all targets: vmlinux first.
#[derive(Debug)]
pub(crate) struct TargetBytes {
    pub(crate) name: String,
    pub(crate) vmlinux: BtfBytes,
    pub(crate) pointer_bytes: Option<u8>,
    pub(crate) modules: Vec<(String, BtfBytes)>,
}

impl TargetArgs {
    /// Reads the named files, or the running kernel's BTF.
    pub(crate) fn read(&self) -> Result<TargetBytes, Failure> {
        let target = self.btf.clone().map_or(Target::Kernel, Target::File);
        let opened = target
            .open()
            .map_err(|error| Failure::Input(error.to_string()))?;
        let modules = self.module_btf.iter().map(|path| {
            let file = read_btf_file(path).map_err(|error| Failure::Input(error.to_string()))?;
            Ok((path.display().to_string(), file.bytes))
        });
        Ok(TargetBytes {
            name: opened.origin.to_string(),
            vmlinux: opened.bytes,
            pointer_bytes: opened.pointer_bytes,
            modules: modules.collect::<Result<_, Failure>>()?,
        })
    }

    /// Does the running kernel have modules to ask too? Not if the user named the targets.
    pub(crate) fn has_modules(&self) -> bool {
        let unnamed = self.btf.is_none() && self.module_btf.is_empty();
        unnamed && module_names().is_ok_and(|names| !names.is_empty())
    }
}

impl TargetBytes {
    /// Adds the BTF of the running kernel's modules. One that can't be read has been unloaded
    /// meanwhile, or is not for us: it is left out.
    pub(crate) fn add_running_modules(&mut self) {
        for name in module_names().unwrap_or_default() {
            if let Ok(bytes) = read_module_btf(&name) {
                self.modules.push((name, bytes.bytes));
            }
        }
    }
}

/// Parses BTF with an index.
pub(crate) fn parse<'a>(
    name: &str,
    bytes: &'a [u8],
    pointer_bytes: Option<u8>,
    slots: &'a mut Vec<u32>,
) -> Result<Btf<'a>, Failure> {
    let failure = |error| Failure::Input(format!("{name}: {error}"));
    slots.resize(slot_count(bytes), 0);
    let btf = Btf::parse(bytes, slots).map_err(failure)?;
    Ok(pointer_bytes.map_or(btf, |bytes| btf.with_pointer_bytes(bytes)))
}

/// Parses a module's BTF over `base`.
pub(crate) fn parse_module<'a>(
    name: &str,
    bytes: &'a [u8],
    base: &'a Btf<'a>,
    slots: &'a mut Vec<u32>,
) -> Result<Btf<'a>, Failure> {
    slots.resize(slot_count(bytes), 0);
    Btf::parse_split(bytes, base, slots).map_err(|error| Failure::Input(format!("{name}: {error}")))
}

/// A slot for every type, by experience: kernels have one for 43 bytes of BTF, strings included.
/// Where it is too few, every second type gets one.
pub(crate) fn slot_count(bytes: &[u8]) -> usize {
    bytes.len() / 40 + 64
}

/// An error in the words that the user of a file needs.
pub(crate) fn explain(error: &relocore::Error) -> String {
    use relocore::error::{ErrorKind, What};
    match error.kind() {
        ErrorKind::Malformed(What::ElfMagic) => "is not an ELF file".to_owned(),
        ErrorKind::Unsupported {
            what: What::ElfMachine,
            found,
        } => {
            format!("is an ELF file, but not for BPF (its machine number is {found}, BPF is 247)")
        }
        ErrorKind::Missing(What::BtfSection) => {
            "has no BTF: compile it with clang -g, and don't strip it".to_owned()
        }
        _ => error.to_string(),
    }
}
