//! Writes what the fuzz targets may start from, out of `tests/data/`: `seeds DIRECTORY` makes a
//! directory for each target there. `fuzz/seeds.sh` then keeps what reaches new code.
//!
//! With the feature `libbpf`, modules' BTF is distilled to the few types of its kernel that it
//! needs, so that split BTF and its base are small and real.

use std::fs;
use std::path::{Path, PathBuf};

use relocore::elf::Object as Elf;
use relocore_tests::{kernels, objects, target_of, targets};

/// No seed is larger, in bytes: what a fuzzer changes at random has to be small.
const MAX_BYTES: usize = 20_000;

fn main() {
    let to = PathBuf::from(std::env::args_os().nth(1).expect("seeds DIRECTORY"));
    let put = |target: &str, name: &str, bytes: &[u8]| {
        if bytes.len() <= MAX_BYTES {
            let directory = to.join(target);
            fs::create_dir_all(&directory).expect("a directory to write to");
            fs::write(directory.join(name.trim_end_matches(".o")), bytes).expect("room");
        }
    };
    for object in objects().iter().chain(targets()) {
        put("elf_parse", &object.name, &object.bytes);
        put("loader", &object.name, &object.bytes);
        let Ok(elf) = Elf::parse(&object.bytes) else {
            continue;
        };
        let btf = elf.btf().expect("every object has BTF");
        put("btf_parse", &object.name, btf);
        put("split_btf", &format!("own.{}", object.name), &two(btf, btf));
        if let Ok(Some(ext)) = elf.btf_ext() {
            put("btf_ext_parse", &object.name, ext);
        }
    }
    for object in objects() {
        let Some(target) = target_of(object) else {
            continue;
        };
        let btf = Elf::parse(&target.bytes).and_then(|elf| elf.btf());
        let pair = two(&object.bytes, btf.unwrap_or(&[]));
        put("relocate", &object.name, &[b"r", &pair[..]].concat());
    }
    let loader = Path::new(env!("CARGO_MANIFEST_DIR")).join("../std-loader/tests/bpf");
    for name in ["loader.bpfel.o", "loader.bpfeb.o"] {
        let bytes = fs::read(loader.join(name)).expect("the loader's own test object");
        put("loader", name, &bytes);
    }
    for (name, text) in configs() {
        put("kconfig", &name, &text);
    }
    for (name, base, split) in split() {
        put("split_btf", &name, &two(&base, &split));
    }
}

/// Two inputs in one: the length of the first, then both.
fn two(one: &[u8], other: &[u8]) -> Vec<u8> {
    let length = u16::try_from(one.len()).expect("it is small");
    [&length.to_le_bytes(), one, other].concat()
}

/// Of each kernel's configuration the first line of every shape: options, tristates, numbers,
/// strings, what is not set.
fn configs() -> Vec<(String, Vec<u8>)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/kernels");
    let mut all = Vec::new();
    for kernel in kernels() {
        let packed = directory.join(format!("{}.config.zst", kernel.id));
        let Ok(packed) = fs::read(packed) else {
            continue;
        };
        let mut text = Vec::new();
        let mut packed = ruzstd::decoding::StreamingDecoder::new(&packed[..]).expect("zstd");
        std::io::Read::read_to_end(&mut packed, &mut text).expect("zstd");
        let shape = |line: &[u8]| {
            let value = line.split(|byte| *byte == b'=').nth(1).unwrap_or(b"#");
            (value.first().copied(), value.len().min(6))
        };
        let mut shapes = Vec::new();
        let mut seed = Vec::new();
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            if !shapes.contains(&shape(line)) {
                shapes.push(shape(line));
                seed.extend(line);
            }
        }
        all.push((kernel.id.clone(), seed));
    }
    all
}

/// Modules' BTF with a base of what it needs of its kernel.
#[cfg(feature = "libbpf")]
fn split() -> Vec<(String, Vec<u8>, Vec<u8>)> {
    use core::ptr;
    use libbpf_sys as sys;

    let new = |bytes: &[u8], base| {
        let len = u32::try_from(bytes.len()).expect("some megabytes");
        // SAFETY: libbpf copies the bytes; `base` is null or alive.
        let btf = unsafe { sys::btf__new_split(bytes.as_ptr().cast(), len, base) };
        assert!(!btf.is_null(), "libbpf can't read it");
        btf
    };
    let raw = |btf| {
        let mut len = 0;
        // SAFETY: `btf` is alive.
        let data = unsafe { sys::btf__raw_data(btf, &mut len) };
        // SAFETY: libbpf's own bytes, of that length.
        unsafe { core::slice::from_raw_parts(data.cast::<u8>(), len as usize) }.to_vec()
    };
    let mut all = Vec::new();
    for kernel in kernels() {
        for module in &kernel.modules {
            let base = new(kernel.btf(), ptr::null_mut());
            let split = new(module.btf(), base);
            let (mut small, mut on_it) = (ptr::null_mut(), ptr::null_mut());
            // SAFETY: all are alive; the last two are written.
            let error = unsafe { sys::btf__distill_base(split, &mut small, &mut on_it) };
            assert_eq!(error, 0, "{}", module.name);
            let name = format!("{}.{}", kernel.id, module.name);
            all.push((name, raw(small), raw(on_it)));
            for btf in [on_it, small, split, base] {
                // SAFETY: each is freed once, those on top first.
                unsafe { sys::btf__free(btf) };
            }
        }
    }
    all
}

#[cfg(not(feature = "libbpf"))]
fn split() -> Vec<(String, Vec<u8>, Vec<u8>)> {
    println!("SKIP split BTF of modules: built without the feature `libbpf`");
    Vec::new()
}
