//! Texts and numbers as formats encode them.

use std::fmt::Write as _;

/// A number of parts as units with so many decimals.
pub(super) fn decimal(parts: u64, places: u32) -> String {
    let unit = 10_u64.pow(places);
    let width = places as usize;
    format!("{}.{:0width$}", parts / unit, parts % unit)
}

/// Percent-encoded, as CloudFront does it; `%` itself only where it is to be decoded again.
pub(super) fn encoded(text: &str, with_percent: bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'"' | b'%' if byte == b'"' || with_percent => {
                let _ = write!(encoded, "%{byte:02X}");
            }
            b'!'..=b'~' => encoded.push(char::from(byte)),
            _ => {
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    encoded
}

/// With quotes, backslashes, control characters and what is not ASCII as nginx writes them.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' '..=b'~' if byte != b'"' && byte != b'\\' => escaped.push(char::from(byte)),
            _ => {
                let _ = write!(escaped, "\\x{byte:02X}");
            }
        }
    }
    escaped
}
