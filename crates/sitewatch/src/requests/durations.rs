//! How long requests took, so that percentiles can be told in little memory: as the `traffic`
//! function rounds them, off by 1 % at most.

use traffic::{bucket, milliseconds};

/// Buckets that hold something, in their order.
#[derive(Debug, Clone, Default)]
pub(super) struct Durations(Vec<(u16, u32)>);

impl Durations {
    /// Counts a duration.
    pub(super) fn add(&mut self, microseconds: u64) {
        let bucket = bucket(microseconds);
        match self.0.binary_search_by_key(&bucket, |(known, _)| *known) {
            Ok(place) => self.0[place].1 = self.0[place].1.saturating_add(1),
            Err(place) => self.0.insert(place, (bucket, 1)),
        }
    }

    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.0.iter().map(|(_, count)| u64::from(*count)).sum()
    }

    /// The bucket that `percent` of them are not beyond; `None` if there are none.
    pub(super) fn percentile(&self, percent: u64) -> Option<u16> {
        let rank = (self.count() * percent).div_ceil(100).max(1);
        let mut passed = 0;
        let found = self.0.iter().find(|(_, count)| {
            passed += u64::from(*count);
            passed >= rank
        });
        found.map(|(bucket, _)| *bucket)
    }

    /// The same in milliseconds.
    pub(super) fn milliseconds(&self, percent: u64) -> Option<f64> {
        self.percentile(percent).map(milliseconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_sorted_durations() {
        let mut durations = Durations::default();
        assert_eq!(durations.milliseconds(50), None);
        for n in (1..=100).rev() {
            durations.add(n);
        }
        for (percent, microseconds) in [(1, 1.0), (50, 50.0), (90, 90.0), (99, 99.0), (100, 100.0)]
        {
            let expected = Some(microseconds / 1_000.0);
            assert_eq!(durations.milliseconds(percent), expected, "{percent}");
        }
        durations.add(60_000_000);
        let longest = durations.milliseconds(100).expect("a duration");
        assert!((longest / 60_000.0 - 1.0).abs() < 0.01, "{longest}");
    }
}
