//! Exact numbers from their text. Nothing passes through a float on the way.

use rust_decimal::Decimal;

/// Why a text is no number that we keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NumberError {
    /// Not a number at all.
    Syntax,
    /// A number, but not one of at most 28 significant digits and 28 decimals.
    Range,
}

/// Reads a decimal number: `6`, `-1`, `+2.55`, `.5`, `17850.0`, `1e3`. The result
/// is exact and without trailing zeros.
///
/// # Errors
/// `Syntax` if the text is no such number, `Range` if it cannot be kept exactly.
pub(crate) fn decimal(text: &str) -> Result<Decimal, NumberError> {
    let (mantissa, exponent) = match memchr::memchr2(b'e', b'E', text.as_bytes()) {
        None => (text, 0),
        Some(at) => (&text[..at], exponent(&text[at + 1..])?),
    };
    // The library also takes underscores between digits; no payload format does.
    let digits = mantissa.strip_prefix(['+', '-']).unwrap_or(mantissa);
    if !digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        || !digits.bytes().any(|b| b.is_ascii_digit())
        || digits.bytes().filter(|b| *b == b'.').count() > 1
    {
        return Err(NumberError::Syntax);
    }
    let mantissa = Decimal::from_str_exact(mantissa).map_err(|_| NumberError::Range)?;
    let number = shift(mantissa, exponent).ok_or(NumberError::Range)?;
    Ok(number.normalize())
}

fn exponent(text: &str) -> Result<i32, NumberError> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(NumberError::Syntax);
    }
    text.parse().map_err(|_| NumberError::Range)
}

/// `mantissa × 10^exponent`, or `None` where that is not exact.
fn shift(mantissa: Decimal, exponent: i32) -> Option<Decimal> {
    if exponent == 0 || mantissa.is_zero() {
        return Some(mantissa);
    }
    let scale = i64::from(mantissa.scale()) - i64::from(exponent);
    let (units, scale) = match u32::try_from(scale) {
        Ok(scale) => (mantissa.mantissa(), scale),
        Err(_) => {
            let power = 10_i128.checked_pow(u32::try_from(-scale).ok()?)?;
            (mantissa.mantissa().checked_mul(power)?, 0)
        }
    };
    Decimal::try_from_i128_with_scale(units, scale).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str) -> Result<String, NumberError> {
        decimal(text).map(|d| d.to_string())
    }

    #[test]
    fn reads_the_usual_forms_exactly() {
        for (text, value) in [
            ("6", "6"),
            ("-1", "-1"),
            ("+2.55", "2.55"),
            (".5", "0.5"),
            ("7.", "7"),
            ("7.50", "7.5"),
            ("17850.0", "17850"),
            ("0.001", "0.001"),
            ("-0", "0"),
            ("1e3", "1000"),
            ("2.5E-4", "0.00025"),
            ("1200e-2", "12"),
            ("-1.5e+1", "-15"),
            ("0e999", "0"),
            ("0.1", "0.1"),
            (
                "1234567890123456789012345678",
                "1234567890123456789012345678",
            ),
        ] {
            assert_eq!(shown(text).as_deref(), Ok(value), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_number() {
        for text in [
            "",
            "-",
            "+",
            ".",
            "e3",
            "1e",
            "1e+",
            "1_000",
            "1,000",
            "0x10",
            "1.2.3",
            "NaN",
            "inf",
            "--1",
            "1 2",
            "12/1/2010 8:26",
            "é",
        ] {
            assert_eq!(shown(text), Err(NumberError::Syntax), "{text}");
        }
    }

    #[test]
    fn refuses_what_cannot_be_kept_exactly() {
        for text in [
            "1e29",
            "1e-29",
            "1e99999999999",
            "123456789012345678901234567890",
            "0.00000000000000000000000000001",
        ] {
            assert_eq!(shown(text), Err(NumberError::Range), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in ".{0,40}") {
            let _ = decimal(&text);
        }

        #[test]
        fn any_money_amount_survives(units in any::<i64>(), scale in 0u32..10) {
            let amount = Decimal::new(units, scale);
            prop_assert_eq!(decimal(&amount.to_string()), Ok(amount.normalize()));
        }
    }
}
