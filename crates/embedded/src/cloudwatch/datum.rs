//! What is kept of a metric at one time, and how data become one statistic.

use std::collections::BTreeMap;

use serde_json::Value;

use super::fields::invalid;
use crate::protocol::Failure;

/// A datum, or the sum of several.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Datum {
    /// Seconds since 1970.
    pub(crate) at: i64,
    pub(crate) unit: String,
    pub(crate) count: f64,
    pub(crate) sum: f64,
    pub(crate) minimum: f64,
    pub(crate) maximum: f64,
    /// Each value and how often it was there; nothing is known of a set of statistics.
    pub(crate) counted: Option<Vec<(f64, f64)>>,
}

impl Datum {
    /// A datum of values and how often each was there.
    pub(crate) fn of_values(at: i64, unit: &str, counted: Vec<(f64, f64)>) -> Self {
        let values = || counted.iter().map(|(value, _)| *value);
        Self {
            at,
            unit: unit.to_owned(),
            count: counted.iter().map(|(_, count)| count).sum(),
            sum: counted.iter().map(|(value, count)| value * count).sum(),
            minimum: values().fold(f64::INFINITY, f64::min),
            maximum: values().fold(f64::NEG_INFINITY, f64::max),
            counted: Some(counted),
        }
    }

    fn add(&mut self, other: Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.minimum = self.minimum.min(other.minimum);
        self.maximum = self.maximum.max(other.maximum);
        self.counted = match (self.counted.take(), other.counted) {
            (Some(mut all), Some(more)) => {
                all.extend(more);
                Some(all)
            }
            _ => None,
        };
    }

    /// The value that a share of all values, in percent, are not above. As on AWS there
    /// is none for sets of statistics, but for those of one value.
    fn percentile(&self, percent: f64) -> Option<f64> {
        if self.minimum == self.maximum {
            return Some(self.minimum);
        }
        let mut counted = self.counted.clone()?;
        counted.sort_unstable_by(|(a, _), (b, _)| a.total_cmp(b));
        let wanted = self.count * percent / 100.0;
        let mut seen = 0.0;
        for (value, count) in counted {
            seen += count;
            if count > 0.0 && seen >= wanted {
                return Some(value);
            }
        }
        Some(self.maximum)
    }
}

/// Data in periods of so many seconds, each at its period's begin.
pub(crate) fn in_periods(data: Vec<Datum>, period: i64, by_unit: bool) -> Vec<Datum> {
    let mut periods: BTreeMap<(i64, String), Datum> = BTreeMap::new();
    for mut datum in data {
        datum.at -= datum.at.rem_euclid(period);
        let unit = if by_unit {
            datum.unit.clone()
        } else {
            String::new()
        };
        match periods.entry((datum.at, unit)) {
            std::collections::btree_map::Entry::Vacant(place) => drop(place.insert(datum)),
            std::collections::btree_map::Entry::Occupied(mut found) => found.get_mut().add(datum),
        }
    }
    periods.into_values().collect()
}

/// A statistic that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Statistic {
    SampleCount,
    Sum,
    Average,
    Minimum,
    Maximum,
    /// In percent.
    Percentile(f64),
}

impl Statistic {
    /// By its name: a percentile is `p` and a number of percent.
    pub(crate) fn named(name: &Value) -> Result<Self, Failure> {
        let percent = |text: &str| text.strip_prefix('p')?.parse().ok();
        Ok(match name.as_str().unwrap_or_default() {
            "SampleCount" => Self::SampleCount,
            "Sum" => Self::Sum,
            "Average" => Self::Average,
            "Minimum" => Self::Minimum,
            "Maximum" => Self::Maximum,
            other => match percent(other) {
                Some(percent) if (0.0..=100.0).contains(&percent) => Self::Percentile(percent),
                _ => {
                    let expected = "SampleCount, Sum, Average, Minimum, Maximum or p0 to p100";
                    return Err(invalid("Stat", name, expected));
                }
            },
        })
    }

    pub(crate) fn of(self, datum: &Datum) -> Option<f64> {
        match self {
            Self::SampleCount => Some(datum.count),
            Self::Sum => Some(datum.sum),
            Self::Average => Some(datum.sum / datum.count).filter(|mean| mean.is_finite()),
            Self::Minimum => Some(datum.minimum),
            Self::Maximum => Some(datum.maximum),
            Self::Percentile(percent) => datum.percentile(percent),
        }
    }
}
