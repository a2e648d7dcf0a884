//! Who is behind a rate: the heaviest values of its dimensions, as an alarm record
//! carries them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::alarm::Measure;

/// The most dimensions that an alarm record may have, the most values of each, and the
/// most bytes of a value. What `surge` writes is below all three.
const MOST_DIMENSIONS: usize = 16;
const MOST_VALUES: usize = 32;
const LONGEST_VALUE: usize = 256;

/// By what a rate can be taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dimension {
    /// Who ordered.
    Customer,
    /// Where the orders come from.
    Country,
    /// What is ordered.
    Article,
}

impl Dimension {
    /// Every dimension.
    pub const ALL: [Self; 3] = [Self::Customer, Self::Country, Self::Article];

    /// The dimension of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|d| d.name() == name)
    }

    /// Its name, in the singular.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Country => "country",
            Self::Article => "article",
        }
    }

    /// Its name for so many of its values.
    #[must_use]
    pub fn noun(self, values: u64) -> &'static str {
        match (self, values) {
            (_, 1) => self.name(),
            (Self::Customer, _) => "customers",
            (Self::Country, _) => "countries",
            (Self::Article, _) => "articles",
        }
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The heaviest values of a dimension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contributors {
    /// Of what.
    pub dimension: Dimension,
    /// What is counted for each value: an order has one customer, but many articles,
    /// whose lines are counted.
    pub measure: Measure,
    /// What all values together sent, as far as it was told apart by value.
    pub total: u64,
    /// How many different values there were; an estimate where `missed` is not 0.
    pub different: u64,
    /// A value may have sent this much more than its count says, and one that sent no
    /// more than this may not be there. 0 where every count is exact.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub missed: u64,
    /// The heaviest values, in descending order.
    pub top: Vec<Contributor>,
}

/// One value of a dimension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contributor {
    /// The value, as it came: text from the outside.
    pub value: String,
    /// What it sent, at least.
    pub count: u64,
}

impl Contributors {
    /// A count's share of the total in whole percent, rounded to the nearest; 100 only
    /// for all of it.
    #[must_use]
    pub fn percent(&self, count: u64) -> u64 {
        let (count, total) = (u128::from(count), u128::from(self.total.max(1)));
        let percent = (200 * count + total) / (2 * total);
        let percent = if count < total {
            percent.min(99)
        } else {
            percent.min(100)
        };
        u64::try_from(percent).unwrap_or(100)
    }

    /// The heaviest value and its share in percent.
    #[must_use]
    pub fn strongest(&self) -> Option<(&Contributor, u64)> {
        let first = self.top.first()?;
        Some((first, self.percent(first.count)))
    }
}

/// Whether these are as large as an alarm record may carry.
pub(super) fn are_legal(all: &[Contributors]) -> bool {
    let legal = |c: &Contributors| {
        c.top.len() <= MOST_VALUES && c.top.iter().all(|v| v.value.len() <= LONGEST_VALUE)
    };
    all.len() <= MOST_DIMENSIONS && all.iter().all(legal)
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "what serde calls")]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_rounded_and_only_all_of_it_is_a_hundred() {
        let of = |total| Contributors {
            dimension: Dimension::Customer,
            measure: Measure::Orders,
            total,
            different: 1,
            missed: 0,
            top: Vec::new(),
        };
        for (count, total, percent) in [
            (0, 0, 0),
            (1, 1, 100),
            (999, 1_000, 99),
            (61, 74, 82),
            (1, 1_000, 0),
            (u64::MAX, u64::MAX, 100),
        ] {
            assert_eq!(of(total).percent(count), percent, "{count} of {total}");
        }
    }

    #[test]
    fn every_dimension_is_found_by_its_name() {
        for dimension in Dimension::ALL {
            assert_eq!(Dimension::named(dimension.name()), Some(dimension));
        }
        assert_eq!(Dimension::named("customers"), None);
    }
}
