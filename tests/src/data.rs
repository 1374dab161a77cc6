//! The data of `tests/data/` and `fuzz/`, read once a process, decompressed when first asked for.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// BTF of a real kernel.
#[derive(Debug)]
pub struct Kernel {
    /// Version and architecture: `6.12-amd64`.
    pub id: String,
    pub(crate) btf: Packed,
    /// Some of its modules, by name.
    pub modules: Vec<Module>,
}

/// Split BTF of a module.
#[derive(Debug)]
pub struct Module {
    /// The module's name.
    pub name: String,
    pub(crate) btf: Packed,
}

/// An object that clang compiled.
#[derive(Debug)]
pub struct Object {
    /// Name of its file: `demo.bpfel.o`.
    pub name: String,
    /// The file.
    pub bytes: Vec<u8>,
}

/// A file, zstd or plain.
#[derive(Debug)]
pub(crate) struct Packed {
    path: PathBuf,
    bytes: OnceLock<Vec<u8>>,
}

impl Packed {
    pub(crate) const fn new(path: PathBuf) -> Self {
        Self {
            path,
            bytes: OnceLock::new(),
        }
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.get_or_init(|| {
            let name = self.path.display();
            let packed = fs::read(&self.path).unwrap_or_else(|error| panic!("{name}: {error}"));
            if self
                .path
                .extension()
                .is_none_or(|extension| extension != "zst")
            {
                return packed;
            }
            let mut bytes = Vec::new();
            ruzstd::decoding::StreamingDecoder::new(&packed[..])
                .unwrap_or_else(|error| panic!("{name}: {error}"))
                .read_to_end(&mut bytes)
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            bytes
        })
    }
}

impl Kernel {
    /// Its BTF, as `/sys/kernel/btf/vmlinux` has it.
    pub fn btf(&self) -> &[u8] {
        self.btf.bytes()
    }

    /// Is it of a big-endian machine?
    pub fn is_big_endian(&self) -> bool {
        self.btf().starts_with(&[0xeb, 0x9f])
    }
}

impl Module {
    /// Its split BTF, over its own kernel's.
    pub fn btf(&self) -> &[u8] {
        self.btf.bytes()
    }
}

impl Object {
    /// Was it compiled for big-endian machines?
    pub fn is_big_endian(&self) -> bool {
        self.bytes.get(5) == Some(&2) // EI_DATA
    }
}

/// All bundled kernels, by name.
pub fn kernels() -> &'static [Kernel] {
    static KERNELS: OnceLock<Vec<Kernel>> = OnceLock::new();
    KERNELS.get_or_init(|| {
        let directory = data().join("kernels");
        let packed = files(&directory, ".btf.zst").into_iter();
        let kernels = packed.map(|(id, path)| {
            let modules = files(&directory.join(format!("{id}.modules")), ".btf.zst");
            let module = |(name, path)| Module {
                name,
                btf: Packed::new(path),
            };
            Kernel {
                id,
                btf: Packed::new(path),
                modules: modules.into_iter().map(module).collect(),
            }
        });
        let kernels: Vec<_> = kernels.collect();
        assert!(!kernels.is_empty(), "no kernels in {}", directory.display());
        kernels
    })
}

/// The bundled kernel of that id.
///
/// # Panics
/// There is none.
pub fn kernel(id: &str) -> &'static Kernel {
    let mut kernels = kernels().iter();
    kernels
        .find(|kernel| kernel.id == id)
        .unwrap_or_else(|| panic!("no bundled kernel {id}"))
}

/// All objects, by name.
pub fn objects() -> &'static [Object] {
    static OBJECTS: OnceLock<Vec<Object>> = OnceLock::new();
    OBJECTS.get_or_init(|| read_objects("obj"))
}

/// Objects without code whose BTF plays a kernel's, by name.
pub fn targets() -> &'static [Object] {
    static TARGETS: OnceLock<Vec<Object>> = OnceLock::new();
    TARGETS.get_or_init(|| read_objects("targets"))
}

/// The target that an object was made for, as `tests/data/README.md` lists them, of the object's
/// byte order.
pub fn target_of(object: &Object) -> Option<&'static Object> {
    const OTHER_NAMES: [(&str, &str); 5] = [
        ("zero_index", "fields"),
        ("anon_root", "fields"),
        ("anon_typedef", "names"),
        ("enum_high", "enums"),
        ("missing", "types"),
    ];
    let name = |object: &Object| object.name.split('.').next().unwrap_or("").to_owned();
    let own = name(object);
    let own = own.strip_prefix("vec_").unwrap_or(&own);
    let wanted = OTHER_NAMES.iter().find(|(of, _)| *of == own);
    let wanted = wanted.map_or(own, |(_, wanted)| wanted);
    let fits = |target: &&Object| {
        wanted.starts_with(&name(target)) && target.is_big_endian() == object.is_big_endian()
    };
    // `bits_over` is for `vec_bits_over`, `bits` is not.
    let fitting = targets().iter().filter(fits);
    fitting.max_by_key(|target| name(target).len())
}

fn read_objects(directory: &str) -> Vec<Object> {
    let directory = data().join(directory);
    let mut objects = Vec::new();
    for (name, path) in files(&directory, ".o") {
        let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let name = format!("{name}.o");
        objects.push(Object { name, bytes });
    }
    assert!(!objects.is_empty(), "no objects in {}", directory.display());
    objects
}

/// The object of that name.
///
/// # Panics
/// There is none.
pub fn object(name: &str) -> &'static Object {
    let mut objects = objects().iter();
    objects
        .find(|object| object.name == name)
        .unwrap_or_else(|| panic!("no object {name}"))
}

/// What a fuzz target starts from and what it once found: `fuzz/seeds/TARGET/` and
/// `fuzz/regressions/TARGET/`, with the names of the files.
pub fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for directory in ["seeds", "regressions"] {
        let directory = root().join("fuzz").join(directory).join(target);
        for (name, path) in files(&directory, "") {
            all.push((name, fs::read(path).unwrap_or_default()));
        }
    }
    all
}

fn root() -> &'static Path {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests)
}

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data")
}

/// Files of a directory whose names end so, by name, which is given without that end. A directory
/// that isn't there has none.
pub(crate) fn files(directory: &Path, end: &str) -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name().into_string().unwrap_or_default();
        if let (Some(stem), true) = (name.strip_suffix(end), entry.path().is_file()) {
            found.push((stem.to_owned(), entry.path()));
        }
    }
    found.sort();
    found
}
