//! Cuts BPF objects and BTF out of unpacked packages: what `fetch.sh` has downloaded.
//!
//! ```text
//! cut objects TREE OUT    every BPF object that a file of TREE carries: OUT/FILE.bpf.o
//! cut kernel TREE OUT     the BTF of its kernel image and modules: OUT/vmlinux.btf, OUT/modules/*.btf
//! ```
//!
//! Exit status: 0 something was found, 1 nothing, or a file can't be read or written.

use core::error::Error;
use std::collections::HashSet;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use object::read::elf::{FileHeader as _, SectionHeader as _};
use object::{Object as _, ObjectSection as _};
use relocore::btf::Btf;

type Result<T, E = Box<dyn Error>> = core::result::Result<T, E>;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [what, tree, out] = &arguments[..] else {
        eprintln!("usage: cut objects|kernel TREE OUT");
        return ExitCode::from(2);
    };
    let (tree, out) = (Path::new(tree), Path::new(out));
    let found = match what.as_str() {
        "objects" => objects(tree, out),
        "kernel" => kernel(tree, out),
        _ => Err("neither `objects` nor `kernel`".into()),
    };
    match found {
        Ok(0) => eprintln!("cut: nothing found in {}", tree.display()),
        Ok(_) => return ExitCode::SUCCESS,
        Err(error) => eprintln!("cut: {error}"),
    }
    ExitCode::FAILURE
}

/// All regular files below, by path; links are not followed.
fn files(directory: &Path, all: &mut Vec<PathBuf>) -> Result<()> {
    let mut entries: Vec<_> = fs::read_dir(directory)?.collect::<Result<_, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let kind = entry.file_type()?;
        if kind.is_dir() {
            files(&entry.path(), all)?;
        } else if kind.is_file() {
            all.push(entry.path());
        }
    }
    Ok(())
}

fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.trim_end_matches(".o").trim_end_matches(".bpf");
    name.trim_end_matches(".ko").to_owned()
}

/// Programs carry their objects whole, as a skeleton's array of bytes.
fn objects(tree: &Path, out: &Path) -> Result<usize> {
    let (mut paths, mut known) = (Vec::new(), HashSet::new());
    files(tree, &mut paths)?;
    fs::create_dir_all(out)?;
    for path in paths {
        let bytes = fs::read(&path)?;
        let mut nth = 0;
        let mut at = 0;
        while let Some(start) = find(&bytes, at, b"\x7fELF\x02") {
            let Some(object) = object_at(&bytes[start..]) else {
                at = start + 1;
                continue;
            };
            at = start + object.len();
            if known.insert(object.to_vec()) {
                let number = if nth == 0 {
                    String::new()
                } else {
                    format!(".{nth}")
                };
                nth += 1;
                let mut name = out.join(format!("{}{number}.bpf.o", stem(&path)));
                while name.exists() {
                    name.set_extension("again.o"); // programs of one name in two directories
                }
                fs::write(name, object)?;
            }
        }
    }
    Ok(known.len())
}

fn find(bytes: &[u8], from: usize, what: &[u8]) -> Option<usize> {
    let mut windows = bytes.get(from..)?.windows(what.len());
    Some(from + windows.position(|window| window == what)?)
}

/// The BPF object at the start of `bytes`, up to the end of its last section or of their table.
fn object_at(bytes: &[u8]) -> Option<&[u8]> {
    let header = object::elf::FileHeader64::<object::Endianness>::parse(bytes).ok()?;
    let endian = header.endian().ok()?;
    let is_object = header.e_type(endian) == object::elf::ET_REL
        && header.e_machine(endian) == object::elf::EM_BPF;
    let sections = header.section_headers(endian, bytes).ok()?;
    if !is_object || sections.is_empty() {
        return None;
    }
    let table = header
        .e_shoff(endian)
        .checked_add(size_of_val(sections) as u64)?;
    let ends = sections.iter().filter_map(|section| {
        let (offset, size) = section.file_range(endian)?;
        offset.checked_add(size)
    });
    let end = usize::try_from(ends.fold(table, u64::max)).ok()?;
    bytes.get(..end)
}

/// The largest BTF of the image and of what is packed in it, and each module's.
fn kernel(tree: &Path, out: &Path) -> Result<usize> {
    let mut paths = Vec::new();
    files(tree, &mut paths)?;
    let modules = out.join("modules");
    fs::create_dir_all(&modules)?;
    let mut image = None;
    for path in paths {
        if path.extension().is_some_and(|extension| extension == "ko") {
            let bytes = fs::read(&path)?;
            let module = object::File::parse(&bytes[..])?;
            if let Some(section) = module.section_by_name(".BTF") {
                let name = format!("{}.btf", stem(&path));
                fs::write(modules.join(name), section.uncompressed_data()?)?;
            }
        } else if stem(&path).starts_with("vmlinu") {
            image = largest(image, btf_of_image(&fs::read(&path)?));
        }
    }
    let Some(btf) = image else {
        return Ok(0);
    };
    fs::write(out.join("vmlinux.btf"), btf)?;
    Ok(1)
}

fn largest(one: Option<Vec<u8>>, other: Option<Vec<u8>>) -> Option<Vec<u8>> {
    one.into_iter().chain(other).max_by_key(Vec::len)
}

/// An arm64 image is plain; those of x86-64 and s390x hold a zstd frame behind their loader.
fn btf_of_image(image: &[u8]) -> Option<Vec<u8>> {
    let mut found = btf_in(image);
    let mut at = 0;
    while let Some(start) = find(image, at, &[0x28, 0xb5, 0x2f, 0xfd]) {
        at = start + 1;
        let mut unpacked = Vec::new();
        if let Ok(mut decoder) = ruzstd::decoding::StreamingDecoder::new(&image[start..]) {
            // What comes before an error is no kernel, and then holds no BTF of one.
            let _ = decoder.read_to_end(&mut unpacked);
            found = largest(found, btf_in(&unpacked));
        }
    }
    found
}

/// The largest thing in `bytes` that is BTF from its header to its last type.
fn btf_in(bytes: &[u8]) -> Option<Vec<u8>> {
    const HEADER: usize = 24;
    let mut found = None;
    for magic in [[0x9f, 0xeb, 1, 0], [0xeb, 0x9f, 1, 0]] {
        let word = |at: usize| {
            let word: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
            let little = magic[0] == 0x9f;
            let word = if little {
                u32::from_le_bytes(word)
            } else {
                u32::from_be_bytes(word)
            };
            usize::try_from(word).ok()
        };
        let mut at = 0;
        while let Some(start) = find(bytes, at, &magic) {
            at = start + 1;
            // Its strings come last.
            let strings = || word(start + 16)?.checked_add(word(start + 20)?);
            let end = || strings()?.checked_add(start + HEADER);
            let whole = end().and_then(|end| bytes.get(start..end));
            let whole =
                whole.filter(|whole| whole.len() > 1 << 20 && Btf::parse(whole, &mut []).is_ok());
            found = largest(found, whole.map(<[u8]>::to_vec));
        }
    }
    found
}
