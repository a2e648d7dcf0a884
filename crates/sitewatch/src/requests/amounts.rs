//! Amounts of a report as people read them. Counts and times are `show`'s.

/// Bytes in the largest unit of which there is at least one: `999 B`, `2.75 GB`.
#[allow(clippy::cast_precision_loss, reason = "only shown")]
pub(super) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if bytes < 1_000 {
        return format!("{bytes} B");
    }
    let (mut amount, mut unit) = (bytes as f64 / 1e3, 0);
    while amount >= 999.5 && unit + 1 < UNITS.len() {
        (amount, unit) = (amount / 1e3, unit + 1);
    }
    format!("{} {}", digits(amount), UNITS[unit])
}

/// Milliseconds in a unit that suits them: `85 µs`, `12 ms`, `1.25 s`.
pub(super) fn milliseconds(milliseconds: f64) -> String {
    if milliseconds < 0.9995 {
        return format!("{:.0} µs", milliseconds * 1e3);
    }
    if milliseconds < 999.5 {
        return format!("{} ms", digits(milliseconds));
    }
    format!("{} s", digits(milliseconds / 1e3))
}

/// Three digits, more where there are more before the point.
fn digits(amount: f64) -> String {
    match amount {
        _ if amount < 9.995 => format!("{amount:.2}"),
        _ if amount < 99.95 => format!("{amount:.1}"),
        _ => format!("{amount:.0}"),
    }
}

/// A share of a whole: `12.3 %`.
#[allow(clippy::cast_precision_loss, reason = "only shown")]
pub(super) fn share(part: u64, whole: u64) -> String {
    format!("{:.1} %", part as f64 * 100.0 / whole.max(1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_three_digits_and_a_unit_that_suits_them() {
        for (amount, shown) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.00 kB"),
            (99_960, "100 kB"),
            (999_499, "999 kB"),
            (999_500, "1.00 MB"),
            (2_747_282_505, "2.75 GB"),
            (u64::MAX, "18.4 EB"),
        ] {
            assert_eq!(bytes(amount), shown);
        }
        for (amount, shown) in [
            (0.0, "0 µs"),
            (0.085, "85 µs"),
            (0.9996, "1.00 ms"),
            (12.34, "12.3 ms"),
            (999.6, "1.00 s"),
            (61_000.0, "61.0 s"),
        ] {
            assert_eq!(milliseconds(amount), shown);
        }
        assert_eq!(
            (share(1, 8), share(0, 0)),
            ("12.5 %".to_owned(), "0.0 %".to_owned())
        );
    }
}
