//! Addresses of kernel symbols, for `extern const void x __ksym`.
//!
//! Enters: `/proc/kallsyms`. Leaves: one address a name. The file has some 200,000 lines and takes
//! tens of milliseconds: it is read once for all names, and only if there is one.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader};

/// More symbols than any kernel has (some 15 MB).
const MAX_BYTES: u64 = 256 << 20;

/// What the kernel says of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Symbol {
    /// Its address; 0 if it is hidden from us.
    At(u64),
    /// Two addresses for one name.
    Twice,
}

/// Looks up the names in the running kernel.
pub(super) fn find<'n>(
    names: impl Iterator<Item = &'n str>,
) -> io::Result<HashMap<&'n str, Symbol>> {
    let wanted: HashMap<&[u8], &str> = names.map(|name| (name.as_bytes(), name)).collect();
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    find_in(BufReader::new(File::open("/proc/kallsyms")?), &wanted)
}

/// Looks up names among lines `address type name [module]`. For data (`d`) whose name LLVM has
/// extended by `.llvm.` and a number, what is before that counts, as in libbpf.
fn find_in<'n>(
    lines: impl BufRead,
    wanted: &HashMap<&[u8], &'n str>,
) -> io::Result<HashMap<&'n str, Symbol>> {
    let mut found = HashMap::new();
    let mut lines = lines.take(MAX_BYTES);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        // The name first: there are many lines and few names.
        if let Some((name, address)) = read(&line)
            && let Some(&name) = wanted.get(name)
            && let Some(address) = number(address)
        {
            let symbol = found.entry(name).or_insert(Symbol::At(address));
            if *symbol != Symbol::At(address) {
                *symbol = Symbol::Twice;
            }
        }
        line.clear();
    }
    Ok(found)
}

/// Name and address of a line.
fn read(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut words = line
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty());
    let (address, kind, name) = (words.next()?, words.next()?, words.next()?);
    let name = match kind {
        b"d" => name.get(..find_suffix(name).unwrap_or(name.len()))?,
        _ => name,
    };
    Some((name, address))
}

fn number(address: &[u8]) -> Option<u64> {
    u64::from_str_radix(str::from_utf8(address).ok()?, 16).ok()
}

fn find_suffix(name: &[u8]) -> Option<usize> {
    const SUFFIX: &[u8] = b".llvm.";
    name.windows(SUFFIX.len())
        .position(|window| window == SUFFIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_one_address() {
        let text = b"ffffffff81000000 T _text\n\
            ffffffff82000000 d jiffies.llvm.123\n\
            ffffffff83000000 t twice\n\
            ffffffff84000000 t twice\t[module]\n\
            ffffffff85000000 t same\n\
            ffffffff85000000 T same\n\
            0000000000000000 T hidden\n\
            nonsense\n\n\xff\xff\n\
            ffffffff86000000 T last.llvm.9";
        let names = [
            "_text", "jiffies", "twice", "same", "hidden", "last", "missing",
        ];
        let wanted = names.map(|name| (name.as_bytes(), name)).into();
        let found = find_in(&text[..], &wanted).unwrap();
        let answers = names.map(|name| found.get(name).copied());
        let at = |address| Some(Symbol::At(address));
        let expected = [
            at(0xffff_ffff_8100_0000),
            at(0xffff_ffff_8200_0000),
            Some(Symbol::Twice),
            at(0xffff_ffff_8500_0000),
            at(0),
            None,
            None,
        ];
        assert_eq!(answers, expected);
    }
}
