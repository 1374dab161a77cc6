//! Numbers as C reads and keeps them.
//!
//! Enters: the text of a value. Leaves: 64 bits, in which a negative number has wrapped around, and
//! whether they fit an integer of some size. `-5` is `0xffff_ffff_ffff_fffb`, which fits a signed
//! byte and no unsigned one.

/// Why a text gives no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NumberError {
    /// Something in it is no digit of its base, or there is no digit.
    NotANumber,
    /// More than 64 bits.
    TooLarge,
}

/// libbpf's `is_kcfg_value_in_range`: negative numbers are u64 that wrapped around; 8 bytes always
/// fit.
pub(super) const fn in_range(number: u64, size_bytes: usize, signed: bool) -> bool {
    if size_bytes >= 8 {
        return true;
    }
    let bits = size_bytes as u32 * 8;
    if signed {
        number.wrapping_add(1 << (bits - 1)) < 1 << bits
    } else {
        number >> bits == 0
    }
}

/// C's `strtoull(value, &end, 0)` with nothing left over: blanks, a sign, then `0x` and hexadecimal
/// digits, `0` and octal ones, or decimal ones. A minus negates in 64 bits.
pub(super) fn parse_number(value: &[u8]) -> Result<u64, NumberError> {
    let blanks = value
        .iter()
        .take_while(|b| matches!(**b, b' ' | b'\t'..=b'\r'))
        .count();
    let text = value.get(blanks..).unwrap_or(&[]);
    let (negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let (radix, digits) = match text {
        [b'0', b'x' | b'X', rest @ ..] => (16, rest),
        [b'0', ..] => (8, text),
        _ => (10, text),
    };
    if digits.is_empty() {
        return Err(NumberError::NotANumber);
    }
    // All characters first: `99999999999999999999z` is no number, rather than one too large.
    if !digits.iter().all(|b| char::from(*b).is_digit(radix)) {
        return Err(NumberError::NotANumber);
    }
    let number = digits.iter().try_fold(0u64, |number, b| {
        number
            .checked_mul(u64::from(radix))?
            .checked_add(u64::from(char::from(*b).to_digit(radix)?))
    });
    let number = number.ok_or(NumberError::TooLarge)?;
    Ok(if negative {
        number.wrapping_neg()
    } else {
        number
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        use NumberError::{NotANumber, TooLarge};
        let rows = [
            ("0", Ok(0)),
            ("250", Ok(250)),
            ("0x10", Ok(0x10)),
            ("0X1f", Ok(0x1f)),
            ("010", Ok(8)),
            ("00", Ok(0)),
            (" \t+7", Ok(7)),
            ("-5", Ok(0xffff_ffff_ffff_fffb)),
            ("-0x10", Ok(0xffff_ffff_ffff_fff0)),
            ("18446744073709551615", Ok(u64::MAX)),
            ("-18446744073709551615", Ok(1)), // as strtoull wraps
            ("18446744073709551616", Err(TooLarge)),
            ("0x10000000000000000", Err(TooLarge)),
            ("99999999999999999999z", Err(NotANumber)),
            ("", Err(NotANumber)),
            (" ", Err(NotANumber)),
            ("-", Err(NotANumber)),
            ("+-1", Err(NotANumber)),
            ("- 1", Err(NotANumber)),
            ("0x", Err(NotANumber)), // strtoull reads 0 and leaves the x
            ("0xg", Err(NotANumber)),
            ("08", Err(NotANumber)),
            ("10 ", Err(NotANumber)),
            ("1e3", Err(NotANumber)),
            ("Y", Err(NotANumber)),
        ];
        for (text, number) in rows {
            assert_eq!(parse_number(text.as_bytes()), number, "{text:?}");
        }
        assert_eq!(parse_number(b"1\0"), Err(NotANumber));
        assert_eq!(parse_number(b"\xff"), Err(NotANumber));
    }

    #[test]
    fn ranges() {
        // (bytes, signed, lowest, highest)
        for (size_bytes, signed, low, high) in [
            (1, true, -128, 127),
            (1, false, 0, 255),
            (2, true, -32_768, 32_767),
            (2, false, 0, 65_535),
            (4, true, -2_147_483_648, 2_147_483_647),
            (4, false, 0, 4_294_967_295_i64),
        ] {
            let fits = |number: i64| in_range(number.cast_unsigned(), size_bytes, signed);
            assert!(fits(low) && fits(high), "{size_bytes} {signed}");
            assert!(!fits(low - 1) && !fits(high + 1), "{size_bytes} {signed}");
        }
        assert!(in_range(u64::MAX, 8, true) && in_range(u64::MAX, 8, false));
    }
}
