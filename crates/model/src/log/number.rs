//! Numbers as logs have them: exact, and never negative.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use super::reject::LogReject;
use super::text::present;
use crate::number::decimal;

/// A whole number of digits alone; `None` if it is none, or none of 64 bits.
#[inline]
pub(super) fn whole(text: &str) -> Option<u64> {
    let is_digits = text.as_bytes().first().is_some_and(u8::is_ascii_digit);
    text.parse().ok().filter(|_| is_digits)
}

/// A number of units, in parts of which 10^`places` are a unit. What is beyond them is cut
/// off. `None` if it is no number, negative, or too large.
#[inline]
pub(super) fn scaled(text: &str, places: u32) -> Option<u64> {
    let (units, fraction) = match text.split_once('.') {
        None => (text, ""),
        Some((units, fraction)) => (units, fraction.as_bytes().first().map(|_| fraction)?),
    };
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return rare(text, places);
    }
    let Some(units) = whole(units) else {
        return rare(text, places);
    };
    let mut parts = units;
    let mut digits = fraction.bytes();
    for _ in 0..places {
        let digit = digits.next().map_or(0, |digit| u64::from(digit - b'0'));
        parts = parts.checked_mul(10)?.checked_add(digit)?;
    }
    Some(parts)
}

/// A number as JSON may have it: `1.5e-3`.
#[cold]
fn rare(text: &str, places: u32) -> Option<u64> {
    let number = decimal(text).ok()?;
    let parts = number.checked_mul(Decimal::from(10_u64.checked_pow(places)?))?;
    parts.trunc().to_u64()
}

/// What was sent, in bytes; nothing is 0.
///
/// # Errors
/// If it is no number.
#[inline]
pub(super) fn bytes(text: &str, place: &'static str) -> Result<u64, LogReject> {
    match present(text) {
        None => Ok(0),
        Some(text) => whole(text).ok_or(LogReject::number(place)),
    }
}

/// A status; `None` where none was sent.
///
/// # Errors
/// If it is none.
#[inline]
pub(super) fn status(text: &str, place: &'static str) -> Result<Option<u16>, LogReject> {
    match text.as_bytes() {
        b"" | b"-" | b"0" | b"000" => Ok(None),
        [b'1'..=b'9', b'0'..=b'9', b'0'..=b'9'] => Ok(text.parse().ok()),
        _ => Err(LogReject::status(place)),
    }
}

/// A duration in microseconds, given in units of 10^`places` of them.
///
/// # Errors
/// If it is no number.
#[inline]
pub(super) fn duration(
    text: &str,
    places: u32,
    place: &'static str,
) -> Result<Option<u64>, LogReject> {
    let Some(text) = present(text) else {
        return Ok(None);
    };
    let duration = scaled(text, places).ok_or(LogReject::number(place))?;
    Ok(Some(duration))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_exact_in_its_parts() {
        for (text, places, parts) in [
            ("0.001", 6, Some(1_000)),
            ("1604012345.678", 3, Some(1_604_012_345_678)),
            ("12", 6, Some(12_000_000)),
            ("0.1234567", 6, Some(123_456)),
            ("1.5e-3", 6, Some(1_500)),
            ("7", 0, Some(7)),
            ("7.9", 0, Some(7)),
            ("-1", 6, None),
            ("+1", 0, Some(1)),
            ("1.", 6, None),
            (".5", 6, Some(500_000)),
            ("", 6, None),
            ("1,5", 6, None),
            ("99999999999999999999", 0, None),
            ("18446744073709551615", 3, None),
        ] {
            assert_eq!(scaled(text, places), parts, "{text}");
        }
    }

    #[test]
    fn a_status_has_three_digits_or_was_never_sent() {
        for (text, expected) in [("200", Some(200)), ("000", None), ("-", None), ("", None)] {
            assert_eq!(status(text, "status"), Ok(expected), "{text}");
        }
        for text in ["20", "2000", "099", "+20", "2x0", "OK"] {
            assert!(status(text, "status").is_err(), "{text}");
        }
    }
}
