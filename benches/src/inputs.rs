//! What is relocated, and to what.

use std::error::Error;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// The section that holds all programs of our objects.
pub const SECTION: &[u8] = b"raw_tp/sys_enter";

/// An object of `objects/`.
#[derive(Debug)]
pub struct Input {
    pub path: PathBuf,
    pub bytes: Vec<u8>,
}

/// The three objects.
#[derive(Debug)]
pub struct Inputs {
    pub small: Input,
    pub medium: Input,
    pub large: Input,
}

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

impl Inputs {
    pub fn read() -> Result<Self, Box<dyn Error>> {
        let read = |name: &str| -> Result<Input, Box<dyn Error>> {
            let path = here().join("objects").join(name);
            let bytes = fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
            Ok(Input { path, bytes })
        };
        Ok(Self {
            small: read("small.bpf.o")?,
            medium: read("medium.bpf.o")?,
            large: read("large.bpf.o")?,
        })
    }
}

/// BTF to relocate to.
#[derive(Debug)]
pub struct Target {
    pub name: String,
    pub bytes: Vec<u8>,
}

impl Target {
    /// That file, else the machine's own vmlinux, else the bundled Linux 6.12.
    pub fn read(file: Option<&Path>) -> Result<Self, Box<dyn Error>> {
        let own = Path::new("/sys/kernel/btf/vmlinux");
        let bundled = here().join("../tests/data/kernels/6.12-amd64.btf.zst");
        let path = match file {
            Some(file) => file,
            None if own.exists() => own,
            None => &bundled,
        };
        let say = |error: &dyn Error| format!("{}: {error}", path.display());
        let mut bytes = fs::read(path).map_err(|e| say(&e))?;
        if path.extension().is_some_and(|ext| ext == "zst") {
            let packed = std::mem::take(&mut bytes);
            ruzstd::decoding::StreamingDecoder::new(&packed[..])
                .map_err(|e| say(&e))?
                .read_to_end(&mut bytes)
                .map_err(|e| say(&e))?;
        }
        let name = path.file_name().unwrap_or(path.as_os_str());
        let name = match file {
            None if path == own => "this machine's vmlinux".into(),
            _ => name.to_string_lossy().into_owned(),
        };
        Ok(Self { name, bytes })
    }
}
