//! Numbers as text, appended to bytes: what `Display` says, without its detour, which
//! took a fifth of an invocation's time. Nothing but numbers belongs here.

use rust_decimal::Decimal;

/// Appends a whole number's digits.
pub fn push_integer(text: &mut Vec<u8>, number: i64) {
    text.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Appends a decimal as it is, with every decimal that it has.
pub fn push_decimal(text: &mut Vec<u8>, number: Decimal) {
    let (mut short, mut long) = (itoa::Buffer::new(), itoa::Buffer::new());
    let mantissa = number.mantissa().unsigned_abs();
    // Nearly all fit 64 bits, whose digits come several times faster.
    let digits = match u64::try_from(mantissa) {
        Ok(mantissa) => short.format(mantissa),
        Err(_) => long.format(mantissa),
    };
    let decimals = number.scale() as usize;
    let (whole, fraction) = digits.split_at(digits.len().saturating_sub(decimals));
    if number.is_sign_negative() {
        text.push(b'-');
    }
    text.extend_from_slice(if whole.is_empty() { "0" } else { whole }.as_bytes());
    if decimals > 0 {
        text.push(b'.');
        text.resize(text.len() + decimals - fraction.len(), b'0');
        text.extend_from_slice(fraction.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_are_written_as_they_show_themselves(
            integer in any::<i64>(),
            units in prop_oneof![
                -200i128..200,
                i128::from(i64::MIN)..i128::from(i64::MAX),
                -(1i128 << 96) + 1..1i128 << 96,
            ],
            scale in 0u32..=28,
        ) {
            let number = Decimal::from_i128_with_scale(units, scale);
            let mut text = b"before ".to_vec();
            push_integer(&mut text, integer);
            text.push(b' ');
            push_decimal(&mut text, number);
            prop_assert_eq!(String::from_utf8(text), Ok(format!("before {integer} {number}")));
        }
    }
}
