//! A kernel's BTF several times over, as one BTF of as many more types.
//!
//! Enters: raw BTF of this machine's byte order. Leaves: raw BTF whose types are the same ones
//! `times` over, each time with their own strings. From the second time on every name begins with
//! another character, so that roots keep their candidates: there is more to search, not more to
//! find.

/// Bytes of the header that is written.
const HEADER: usize = 24;

/// Which words of a record refer to names (`N`) and types (`T`).
struct Shape {
    /// The head's third word is a type id.
    head_is_type: bool,
    /// Words of each element, or of the fixed tail, by letter.
    tail: &'static [u8],
    /// The tail is there once for each element.
    per_element: bool,
}

fn shape(kind: u32) -> Option<Shape> {
    let (head_is_type, tail, per_element): (_, &[u8], _) = match kind {
        1 => (false, b"-", false),                      // int
        2 | 8 | 9 | 10 | 11 | 18 => (true, b"", false), // pointer, typedef, qualifiers, type tag
        12 => (true, b"", false),                       // function
        3 => (false, b"TT-", false),                    // array
        4 | 5 => (false, b"NT-", true),                 // struct, union
        6 => (false, b"N-", true),                      // enum
        7 | 16 => (false, b"", false),                  // forward, float
        13 => (true, b"NT", true),                      // prototype
        14 | 17 => (true, b"-", false),                 // variable, declaration tag
        15 => (false, b"T--", true),                    // data section
        19 => (false, b"N--", true),                    // 64-bit enum
        _ => return None,
    };
    Some(Shape {
        head_is_type,
        tail,
        per_element,
    })
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let word = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_ne_bytes(word.try_into().ok()?))
}

/// Both sections of a BTF.
fn sections(btf: &[u8]) -> Option<(&[u8], &[u8])> {
    if btf.get(..2)? != 0xeb9f_u16.to_ne_bytes() {
        return None;
    }
    let header = word(btf, 4)? as usize;
    let section = |at: usize| {
        let start = header.checked_add(word(btf, at)? as usize)?;
        btf.get(start..start.checked_add(word(btf, at + 4)? as usize)?)
    };
    Some((section(8)?, section(16)?))
}

/// A record with its names moved by `names` bytes and its type ids by `ids`: appended to `out`,
/// its length returned.
fn record(types: &[u8], at: usize, names: u32, ids: u32, out: &mut Vec<u8>) -> Option<usize> {
    let moved = |word: u32, by: u32| if word == 0 { 0 } else { word + by };
    let info = word(types, at + 4)?;
    let shape = shape(info >> 24 & 31)?;
    let elements = if shape.per_element { info & 0xffff } else { 1 };
    let third = word(types, at + 8)?;
    let third = moved(third, if shape.head_is_type { ids } else { 0 });
    for word in [moved(word(types, at)?, names), info, third] {
        out.extend(word.to_ne_bytes());
    }
    let mut end = at + 12;
    for _ in 0..elements {
        for letter in shape.tail {
            let by = match letter {
                b'N' => names,
                b'T' => ids,
                _ => 0,
            };
            out.extend(moved(word(types, end)?, by).to_ne_bytes());
            end += 4;
        }
    }
    Some(end - at)
}

/// The BTF `times` over; `None` if it can't be read.
pub fn concat(btf: &[u8], times: u32) -> Option<Vec<u8>> {
    let (types, strings) = sections(btf)?;
    let strings_len = u32::try_from(strings.len()).ok()?;
    let (mut all_types, mut all_strings) = (Vec::new(), Vec::new());
    let mut count = 0u32;
    for time in 0..times {
        let (names, ids) = (time * strings_len, time * count);
        let (mut at, mut here) = (0, 0);
        while at < types.len() {
            at += record(types, at, names, ids, &mut all_types)?;
            here += 1;
        }
        count = here;
        let mut starts = false;
        all_strings.extend(strings.iter().map(|&byte| {
            let first = core::mem::replace(&mut starts, byte == 0);
            if first && byte != 0 && time > 0 {
                b'A' + (time % 26) as u8
            } else {
                byte
            }
        }));
    }
    let mut out = Vec::with_capacity(HEADER + all_types.len() + all_strings.len());
    out.extend(btf.get(..4)?); // magic, version, flags
    let (types_len, strings_len) = (all_types.len() as u32, all_strings.len() as u32);
    for word in [HEADER as u32, 0, types_len, types_len, strings_len] {
        out.extend(word.to_ne_bytes());
    }
    out.extend(all_types);
    out.extend(all_strings);
    Some(out)
}
