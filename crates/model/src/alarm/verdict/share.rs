//! Shares of a dimension's total, as exact as the counts are.

use crate::alarm::value::GUEST;
use crate::alarm::{Contributor, Contributors, Dimension};

impl Contributors {
    /// How many different values there were: `430 customers`, or `about 430 customers`
    /// where it is an estimate. Orders without an account are no customer, if they are
    /// among the heaviest.
    #[must_use]
    pub fn how_many(&self) -> String {
        let guests = self.top.iter().any(|c| is_guest(self.dimension, c));
        let values = self.different.saturating_sub(u64::from(guests));
        let about = if self.missed == 0 { "" } else { "about " };
        format!("{about}{values} {}", self.dimension.noun(values))
    }

    pub(super) fn is_half(&self, count: u64) -> bool {
        2 * u128::from(count) >= u128::from(self.total.max(1))
    }

    /// A count's share of the total in percent, rounded down where it may be more.
    #[must_use]
    pub fn share(&self, count: u64) -> u64 {
        if self.missed == 0 {
            self.percent(count)
        } else {
            let share = 100 * u128::from(count) / u128::from(self.total.max(1));
            u64::try_from(share.min(100)).unwrap_or(100)
        }
    }

    /// `82 %`, or `at least 82 %` where it may be more.
    pub(super) fn at_least(&self, count: u64) -> String {
        let at_least = if self.missed == 0 { "" } else { "at least " };
        format!("{at_least}{} %", self.share(count))
    }

    /// The percent that no value exceeds, if this is the heaviest one's count.
    pub(super) fn at_most(&self, count: u64) -> u64 {
        let count = u128::from(count) + u128::from(self.missed);
        let share = (100 * count).div_ceil(u128::from(self.total.max(1)));
        u64::try_from(share.min(100)).unwrap_or(100)
    }
}

pub(super) fn is_guest(dimension: Dimension, contributor: &Contributor) -> bool {
    dimension == Dimension::Customer && contributor.value == GUEST
}

pub(super) fn sum<'a>(contributors: impl Iterator<Item = &'a Contributor>) -> u64 {
    contributors.fold(0, |sum, c| sum.saturating_add(c.count))
}
