//! One value into one extern's slot.
//!
//! Enters: the value's text (or, for virtual externs, a number), the extern's [`ExternClass`] and
//! its bytes in the `.kconfig` map. Leaves: those bytes, or an error; an error changes nothing.
//! The text's first character decides what it is, as in libbpf:
//!
//! | first | is | fits |
//! |---|---|---|
//! | `y` `n` `m` | a tristate, whatever follows | bool (not `m`), char (the letter), tristate |
//! | `"` | a string; must end with `"`, no escapes | string: cut to `len - 1`, a NUL after it |
//! | other | a number as C's `strtoull` base 0 reads it, to the end | char and int, in range |
//!
//! `CONFIG_N=-5` into a signed byte is `fb`; into an unsigned one it is out of range.

use relocore::Endian;

use super::c_number::{in_range, parse_number};
use super::extern_class::ExternClass;
use super::kconfig::shorten;
use super::store_error::{StoreError, StoreProblem};

/// How a value went in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a cut string deserves a warning"]
pub enum Stored {
    /// All of it.
    Whole,
    /// A string longer than its array: the rest was cut off. Worth a warning.
    Truncated {
        /// Bytes of the string that went in, without the NUL.
        kept_bytes: usize,
        /// Bytes of the whole string.
        len_bytes: usize,
    },
}

/// Puts a `CONFIG_` value into its slot. `out` has exactly [`ExternClass::size_bytes`].
///
/// # Errors
/// [`StoreError`] when value and class don't fit; `out` is unchanged then.
pub fn store(
    class: ExternClass,
    value: &[u8],
    endian: Endian,
    out: &mut [u8],
) -> Result<Stored, StoreError> {
    let problem = match value.first() {
        Some(letter @ (b'y' | b'n' | b'm')) => store_tristate(class, *letter, endian, out),
        Some(b'"') => {
            return store_string(class, value, out).map_err(|problem| error(class, value, problem));
        }
        _ => match (class, parse_number(value)) {
            (_, Err(problem)) => Err(problem.into()),
            (ExternClass::Char { .. } | ExternClass::Int { .. }, Ok(number)) => {
                write_number(class, number, endian, out)
            }
            (_, Ok(_)) => Err(StoreProblem::NumberForOther),
        },
    };
    problem
        .map(|()| Stored::Whole)
        .map_err(|problem| error(class, value, problem))
}

/// Puts a number into its slot: the virtual externs (`LINUX_KERNEL_VERSION` and its like), for
/// which a bool takes 0 and 1.
///
/// # Errors
/// [`StoreError`] when number and class don't fit; `out` is unchanged then.
pub fn store_number(
    class: ExternClass,
    number: u64,
    endian: Endian,
    out: &mut [u8],
) -> Result<(), StoreError> {
    let problem = match class {
        ExternClass::Tristate { .. } | ExternClass::Str { .. } => Err(StoreProblem::NumberForOther),
        _ => write_number(class, number, endian, out),
    };
    problem.map_err(|problem| error(class, number.to_string().as_bytes(), problem))
}

fn error(class: ExternClass, value: &[u8], problem: StoreProblem) -> StoreError {
    StoreError {
        value: shorten(value),
        class,
        problem,
    }
}

fn store_tristate(
    class: ExternClass,
    letter: u8,
    endian: Endian,
    out: &mut [u8],
) -> Result<(), StoreProblem> {
    let number = match (class, letter) {
        (ExternClass::Bool, b'm') => return Err(StoreProblem::ModuleForBool),
        (ExternClass::Bool | ExternClass::Tristate { .. }, b'y') => 1,
        (ExternClass::Tristate { .. }, b'm') => 2,
        (ExternClass::Bool | ExternClass::Tristate { .. }, _) => 0,
        (ExternClass::Char { .. }, letter) => u64::from(letter),
        (ExternClass::Int { .. } | ExternClass::Str { .. }, _) => {
            return Err(StoreProblem::TristateForOther);
        }
    };
    write_number(class, number, endian, out)
}

fn store_string(class: ExternClass, value: &[u8], out: &mut [u8]) -> Result<Stored, StoreProblem> {
    let ExternClass::Str { .. } = class else {
        return Err(StoreProblem::StringForOther);
    };
    let slot_bytes = out.len();
    if slot_bytes == 0 || slot_bytes != class.size_bytes() {
        return Err(StoreProblem::SlotSize { slot_bytes });
    }
    let inner = value
        .strip_prefix(b"\"")
        .and_then(|rest| rest.strip_suffix(b"\""));
    let inner = inner.ok_or(StoreProblem::Unterminated)?;
    out.fill(0);
    // One byte stays for the NUL.
    let room = slot_bytes - 1;
    for (to, from) in out.iter_mut().take(room).zip(inner) {
        *to = *from;
    }
    if inner.len() <= room {
        Ok(Stored::Whole)
    } else {
        Ok(Stored::Truncated {
            kept_bytes: room,
            len_bytes: inner.len(),
        })
    }
}

fn write_number(
    class: ExternClass,
    number: u64,
    endian: Endian,
    out: &mut [u8],
) -> Result<(), StoreProblem> {
    let slot_bytes = out.len();
    if slot_bytes != class.size_bytes() || !matches!(slot_bytes, 1 | 2 | 4 | 8) {
        return Err(StoreProblem::SlotSize { slot_bytes });
    }
    let fits = match class {
        ExternClass::Bool => number <= 1,
        ExternClass::Char { signed } | ExternClass::Int { signed, .. } => {
            in_range(number, slot_bytes, signed)
        }
        ExternClass::Tristate { .. } | ExternClass::Str { .. } => true,
    };
    if !fits {
        return Err(StoreProblem::OutOfRange);
    }
    match endian {
        Endian::Little => out
            .iter_mut()
            .zip(number.to_le_bytes())
            .for_each(|(to, from)| *to = from),
        Endian::Big => out
            .iter_mut()
            .rev()
            .zip(number.to_le_bytes())
            .for_each(|(to, from)| *to = from),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn int(size_bytes: u8, signed: bool) -> ExternClass {
        ExternClass::Int { size_bytes, signed }
    }

    const S8: ExternClass = ExternClass::Char { signed: true };
    const U8: ExternClass = ExternClass::Char { signed: false };
    const S32: ExternClass = int(4, true);
    const U32: ExternClass = int(4, false);
    const U64: ExternClass = int(8, false);
    const TRI: ExternClass = ExternClass::Tristate { size_bytes: 4 };
    const TRI64: ExternClass = ExternClass::Tristate { size_bytes: 8 };
    const STR: ExternClass = ExternClass::Str { len_bytes: 5 };

    /// Little-endian bytes, or the problem; an error must leave the slot alone.
    fn put(class: ExternClass, value: &[u8]) -> Result<Vec<u8>, StoreProblem> {
        let mut out = vec![0xaa; class.size_bytes()];
        let stored = store(class, value, Endian::Little, &mut out).map_err(|error| error.problem);
        if stored.is_err() {
            assert!(out.iter().all(|b| *b == 0xaa), "{class} {value:?}");
        }
        stored.map(|_| out)
    }

    #[test]
    fn values_that_fit() {
        let rows: &[(ExternClass, &str, &[u8])] = &[
            (ExternClass::Bool, "y", &[1]),
            (ExternClass::Bool, "n", &[0]),
            (ExternClass::Bool, "yes", &[1]), // only the first character counts
            (TRI, "n", &[0, 0, 0, 0]),
            (TRI, "y", &[1, 0, 0, 0]),
            (TRI, "m", &[2, 0, 0, 0]),
            (TRI64, "m", &[2, 0, 0, 0, 0, 0, 0, 0]),
            (S8, "y", b"y"),
            (S8, "n", b"n"),
            (U8, "m", b"m"),
            (S8, "-5", &[0xfb]),
            (U8, "255", &[0xff]),
            (S32, "250", &[0xfa, 0, 0, 0]),
            (S32, "-5", &[0xfb, 0xff, 0xff, 0xff]),
            (U32, "0x10", &[0x10, 0, 0, 0]),
            (U32, "010", &[8, 0, 0, 0]),
            (U64, "1000000000000", &[0, 0x10, 0xa5, 0xd4, 0xe8, 0, 0, 0]),
            (U64, "-1", &[0xff; 8]), // 8 bytes always fit
            (STR, "\"\"", b"\0\0\0\0\0"),
            (STR, "\"abcd\"", b"abcd\0"),
            (STR, "\"a\"b\"", b"a\"b\0\0"),   // inner quotes stay
            (STR, "\"a\\\"b\"", b"a\\\"b\0"), // so does a backslash
        ];
        for (class, value, bytes) in rows {
            let stored = put(*class, value.as_bytes());
            assert_eq!(stored.as_deref(), Ok(*bytes), "{class} {value}");
        }
    }

    #[test]
    fn values_that_do_not() {
        use StoreProblem as P;
        let odd = ExternClass::Int {
            size_bytes: 3,
            signed: true,
        };
        let rows = [
            (ExternClass::Bool, "m", P::ModuleForBool),
            (ExternClass::Bool, "1", P::NumberForOther),
            (ExternClass::Bool, "\"y\"", P::StringForOther),
            (TRI, "2", P::NumberForOther),
            (TRI, "\"m\"", P::StringForOther),
            (STR, "y", P::TristateForOther),
            (STR, "12", P::NumberForOther),
            (S32, "y", P::TristateForOther),
            (S32, "\"250\"", P::StringForOther),
            (S8, "\"a\"", P::StringForOther),
            (STR, "\"", P::Unterminated),
            (STR, "\"abc", P::Unterminated),
            (STR, "\"abc\" ", P::Unterminated),
            (S8, "128", P::OutOfRange),
            (U8, "-5", P::OutOfRange),
            (U32, "1000000000000", P::OutOfRange),
            (U64, "18446744073709551616", P::OutOfRange),
            (U32, "", P::NotANumber),
            (U32, "Y", P::NotANumber),
            (STR, "abc", P::NotANumber),
            (odd, "1", P::SlotSize { slot_bytes: 3 }),
            (
                ExternClass::Str { len_bytes: 0 },
                "\"\"",
                P::SlotSize { slot_bytes: 0 },
            ),
        ];
        for (class, value, problem) in rows {
            assert_eq!(
                put(class, value.as_bytes()),
                Err(problem),
                "{class} {value}"
            );
        }
        let mut short = [0; 3];
        let error = store(U32, b"1", Endian::Little, &mut short).unwrap_err();
        assert_eq!(error.problem, P::SlotSize { slot_bytes: 3 });
    }

    #[test]
    fn long_strings_are_cut_with_a_warning() {
        for (value, stored, bytes) in [
            ("\"abcd\"", Stored::Whole, b"abcd\0"),
            (
                "\"abcde\"",
                Stored::Truncated {
                    kept_bytes: 4,
                    len_bytes: 5,
                },
                b"abcd\0",
            ),
            (
                "\"abcdefgh\"",
                Stored::Truncated {
                    kept_bytes: 4,
                    len_bytes: 8,
                },
                b"abcd\0",
            ),
        ] {
            let mut out = [0xaa; 5];
            assert_eq!(
                store(STR, value.as_bytes(), Endian::Big, &mut out),
                Ok(stored)
            );
            assert_eq!(&out, bytes);
        }
    }

    #[test]
    fn the_byte_order_is_the_targets() {
        let mut out = [0; 4];
        assert_eq!(store(S32, b"250", Endian::Big, &mut out), Ok(Stored::Whole));
        assert_eq!(out, [0, 0, 0, 0xfa]);
        assert_eq!(store(TRI, b"m", Endian::Big, &mut out), Ok(Stored::Whole));
        assert_eq!(out, [0, 0, 0, 2]);
        store_number(U32, 0x06_12_2c, Endian::Big, &mut out).unwrap();
        assert_eq!(out, [0, 6, 0x12, 0x2c]);
    }

    #[test]
    fn virtual_externs_are_numbers() {
        let mut out = [0; 1];
        store_number(ExternClass::Bool, 1, Endian::Little, &mut out).unwrap();
        assert_eq!(out, [1]);
        for (class, number, problem) in [
            (ExternClass::Bool, 2, StoreProblem::OutOfRange),
            (U8, 256, StoreProblem::OutOfRange),
            (STR, 1, StoreProblem::NumberForOther),
            (TRI, 1, StoreProblem::NumberForOther),
        ] {
            let mut out = vec![0; class.size_bytes()];
            let error = store_number(class, number, Endian::Little, &mut out).unwrap_err();
            assert_eq!(error.problem, problem, "{class} {number}");
        }
    }

    #[test]
    fn errors_tell_value_and_class() {
        let mut out = [0; 4];
        let text = |value: &[u8], out: &mut [u8]| {
            store(U32, value, Endian::Little, out)
                .unwrap_err()
                .to_string()
        };
        let range = text(b"-1", &mut out);
        assert_eq!(
            range,
            "value `-1` is out of range; the extern is: unsigned integer of 4 bytes"
        );
        assert_eq!(
            text(b"1\xff", &mut out),
            "value `1\\xff` is neither y, n, m, a quoted string nor a number"
        );
        let long = text(&[b'"'; 500], &mut out);
        assert!(long.len() < 250, "{long}");
    }

    #[test]
    fn any_value_gives_an_answer() {
        let classes = [ExternClass::Bool, S8, U8, S32, U32, U64, TRI, TRI64, STR];
        for class in classes {
            for a in 0..=255 {
                for b in [b'\0', b'"', b'x', b'-', b'9', 0xff] {
                    let _ = put(class, &[a]);
                    let _ = put(class, &[a, b]);
                    let _ = put(class, &[a, b, b'1', a]);
                }
            }
        }
    }
}
