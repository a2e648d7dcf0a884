//! Exact numbers from their text. Nothing passes through a float on the way.

use std::borrow::Cow;

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
    if let Some(number) = short(text.as_bytes()) {
        return Ok(number);
    }
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

/// A number of digits, and a point between two of them, that fits 64 bits, as nearly every
/// one does; `None` for any other.
#[inline]
fn short(text: &[u8]) -> Option<Decimal> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    if digits.len() > 18 || !digits.first()?.is_ascii_digit() || !digits.last()?.is_ascii_digit() {
        return None;
    }
    let (mut units, mut scale, mut point) = (0_i64, 0, false);
    for byte in digits {
        match byte {
            b'0'..=b'9' => {
                units = units * 10 + i64::from(byte - b'0');
                scale += u32::from(point);
            }
            b'.' if !point => point = true,
            _ => return None,
        }
    }
    while scale > 0 && units % 10 == 0 {
        units /= 10;
        scale -= 1;
    }
    let is_negative = digits.len() < text.len();
    Some(Decimal::new(
        if is_negative { -units } else { units },
        scale,
    ))
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

/// How a shop writes numbers in texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberForm {
    /// Before the decimals.
    pub decimal: char,
    /// Between groups of three digits, if anything.
    pub thousands: Option<char>,
}

impl Default for NumberForm {
    fn default() -> Self {
        Self {
            decimal: '.',
            thousands: None,
        }
    }
}

impl NumberForm {
    /// Reads a number; `None` if it is none, or cannot be kept exactly.
    #[must_use]
    pub fn read(&self, text: &str) -> Option<Decimal> {
        decimal(&self.plain(text)?).ok()
    }

    /// The number as [`decimal`] reads it; `None` if its signs do not stand where they
    /// may. What else is wrong with it is found there.
    pub(crate) fn plain<'t>(&self, text: &'t str) -> Option<Cow<'t, str>> {
        if *self == Self::default() {
            return Some(Cow::Borrowed(text));
        }
        let (whole, decimals) = match text.split_once(self.decimal) {
            Some((whole, decimals)) => (whole, Some(decimals)),
            None => (text, None),
        };
        let is_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        let digits = whole.strip_prefix(['+', '-']).unwrap_or(whole);
        let mut plain = String::with_capacity(text.len());
        plain.push_str(&whole[..whole.len() - digits.len()]);
        for (place, group) in digits.split(|c| self.separates(c)).enumerate() {
            let is_grouped = digits.len() > group.len();
            let right = match place {
                0 => !is_grouped || (1..=3).contains(&group.len()),
                _ => group.len() == 3,
            };
            if !right || !is_digits(group) {
                return None;
            }
            plain.push_str(group);
        }
        if let Some(decimals) = decimals {
            if !is_digits(decimals) {
                return None;
            }
            plain.push('.');
            plain.push_str(decimals);
        }
        Some(Cow::Owned(plain))
    }

    /// Whether a sign stands between groups. A blank may be one that does not break.
    fn separates(&self, sign: char) -> bool {
        match self.thousands {
            Some(' ') => matches!(sign, ' ' | '\u{a0}' | '\u{202f}'),
            thousands => thousands == Some(sign),
        }
    }
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

    #[test]
    fn reads_a_shops_own_signs_and_no_others() {
        let german = NumberForm {
            decimal: ',',
            thousands: Some('.'),
        };
        let french = NumberForm {
            decimal: ',',
            thousands: Some(' '),
        };
        let plain = NumberForm {
            decimal: ',',
            thousands: None,
        };
        for (form, text, number) in [
            (german, "2,55", Some("2.55")),
            (german, "-1.234.567,8", Some("-1234567.8")),
            (german, "1234,5", Some("1234.5")),
            (german, "+6", Some("+6")),
            (german, "2.55", None),
            (german, "1.23,4", None),
            (german, "1234.567,8", None),
            (german, ".123", None),
            (german, "1,234.5", None),
            (german, "1,2,3", None),
            (german, "1e3", None),
            (french, "12 345,6", Some("12345.6")),
            (french, "12\u{202f}345,6", Some("12345.6")),
            (plain, "2,55", Some("2.55")),
            (plain, "2.55", None),
            (plain, "1.234,5", None),
        ] {
            assert_eq!(form.plain(text).as_deref(), number, "{form:?} {text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in ".{0,40}") {
            let _ = decimal(&text);
        }

        #[test]
        fn a_short_number_is_what_the_library_makes_of_it(text in "-?[0-9]{0,10}[.]?[0-9]{0,9}") {
            if let Some(number) = short(text.as_bytes()) {
                let exact = Decimal::from_str_exact(&text).expect("a number").normalize();
                prop_assert_eq!(number.serialize(), exact.serialize());
            }
        }

        #[test]
        fn any_money_amount_survives(units in any::<i64>(), scale in 0u32..10) {
            let amount = Decimal::new(units, scale);
            prop_assert_eq!(decimal(&amount.to_string()), Ok(amount.normalize()));
        }
    }
}
