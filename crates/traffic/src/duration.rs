//! Durations, rounded so that few different values are published: CloudWatch takes 150 of
//! them with their counts in a datum, and makes percentiles of them.
//!
//! Buckets grow with their values, 64 between a power of two and the next, so a value in
//! the middle of its bucket is off by 1/128 at most (0.8 %). Below 128 µs it is exact.

/// Buckets between a power of two and the next: 2⁶.
const BITS: u32 = 6;

/// The bucket that a duration in microseconds belongs to.
#[must_use]
pub fn bucket(microseconds: u64) -> u16 {
    let Some(power) = microseconds.checked_ilog2().filter(|p| *p >= BITS) else {
        // Less than 64.
        return microseconds as u16;
    };
    let step = power - BITS;
    // 64 to 127, so that buckets of one power follow those of the power before it.
    let place = (microseconds >> step) as u16;
    (step as u16) * (1 << BITS) + place
}

/// The duration in milliseconds that stands for a bucket's: the middle of it.
#[must_use]
pub fn milliseconds(bucket: u16) -> f64 {
    let place = u64::from(bucket) % (1 << BITS);
    let (first, width) = match bucket >> BITS {
        0 => (place, 1_u64),
        powers => {
            let step = powers - 1;
            (((1 << BITS) + place) << step, 1 << step)
        }
    };
    (first as f64 + (width - 1) as f64 / 2.0) / 1_000.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn short_durations_are_exact_and_the_longest_has_a_bucket() {
        for microseconds in 0..128 {
            let expected = microseconds as f64 / 1_000.0;
            assert_eq!(milliseconds(bucket(microseconds)), expected);
        }
        assert_eq!(bucket(u64::MAX), 64 * 58 + 63);
    }

    proptest! {
        #[test]
        fn a_duration_is_off_by_less_than_one_percent(microseconds in 1_u64..u64::MAX, shift in 0_u32..63) {
            let microseconds = (microseconds >> shift).max(1);
            let exact = microseconds as f64 / 1_000.0;
            let off = (milliseconds(bucket(microseconds)) - exact).abs() / exact;
            prop_assert!(off <= 0.01, "{microseconds} µs: {off}");
        }

        #[test]
        fn longer_durations_are_in_later_buckets(one: u64, other: u64) {
            let (short, long) = (one.min(other), one.max(other));
            prop_assert!(bucket(short) <= bucket(long));
        }
    }
}
