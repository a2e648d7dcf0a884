//! Parts: what one PutMetricData call takes, as it is kept in the table until it is
//! published.

use serde::{Deserialize, Serialize};

use crate::series::{Scope, Series, Value};

/// PutMetricData: metrics in a call.
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html>
const MOST_DATA: usize = 1_000;
/// PutMetricData takes 1 MB. Counted without what compression saves, so with room.
const MOST_SENT: usize = 900_000;
/// DynamoDB takes 400 KB in an item.
const MOST_KEPT: usize = 350_000;

/// A datum as sent: its names, time and unit; a dimension; a value with its count.
const SENT_DATUM: usize = 150;
const SENT_DIMENSION: usize = 24;
const SENT_VALUE: usize = 18;
/// A datum as kept at most: its metric, kind and length, or a sum; a bucket with its count.
const KEPT_DATUM: usize = 16;
const KEPT_SERIES: usize = 16;
const KEPT_VALUE: usize = 13;

/// Metric data that is published by one call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Of a hundred requests, so many are in the log: sums are scaled by it.
    pub percent: u8,
    /// The data.
    pub series: Vec<Series>,
}

/// Cuts series into parts, in their order. A datum is in one part.
#[must_use]
pub fn parts(series: Vec<Series>, percent: u8) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let (mut data, mut sent, mut kept) = (0, 0, 0);
    for Series {
        scope,
        minute,
        data: metrics,
    } in series
    {
        let names = names(&scope);
        let mut begins = true;
        for datum in metrics {
            let values = match &datum.1 {
                Value::Sum(_) => 1,
                Value::Durations(durations) => durations.len(),
            };
            let more_sent = SENT_DATUM + names.1 * SENT_DIMENSION + names.0 + values * SENT_VALUE;
            let more_kept = KEPT_SERIES + names.0 + KEPT_DATUM + values * KEPT_VALUE;
            let fits =
                data < MOST_DATA && sent + more_sent <= MOST_SENT && kept + more_kept <= MOST_KEPT;
            if parts.is_empty() || !fits {
                let series = Vec::new();
                parts.push(Part { percent, series });
                (data, sent, kept, begins) = (0, 0, 0, true);
            }
            (data, sent, kept) = (data + 1, sent + more_sent, kept + more_kept);
            let series = parts.last_mut().map(|part| &mut part.series);
            let series = series.expect("one was pushed where there was none");
            if begins {
                series.push(Series {
                    scope: scope.clone(),
                    minute,
                    data: Vec::new(),
                });
                begins = false;
            }
            series.last_mut().expect("just begun").data.push(datum);
        }
    }
    parts
}

/// The length of a scope's texts, and how many dimensions it has.
fn names(scope: &Scope) -> (usize, usize) {
    let dimensions = scope.dimensions();
    let length = dimensions.iter().map(|(n, v)| n.len() + v.len() + 2).sum();
    (length, dimensions.len())
}

impl Part {
    /// How many data it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.series.iter().map(|series| series.data.len()).sum()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The part as it is kept.
    ///
    /// # Errors
    /// Never in practice: everything in it can be written.
    pub fn to_bytes(&self) -> Result<Vec<u8>, postcard::Error> {
        postcard::to_allocvec(self)
    }

    /// The part out of what is kept.
    ///
    /// # Errors
    /// If that was not written by this.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, postcard::Error> {
        postcard::from_bytes(bytes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::series::{MOST_VALUES, Metric};

    fn series(name: &str, minute: u32, metrics: usize, values: usize) -> Series {
        let durations = (0..values).map(|n| (n as u16, u64::MAX)).collect();
        let datum = |n: usize| match n % 2 {
            0 => (Metric::Requests, Value::Sum(u64::MAX)),
            _ => (Metric::Duration, Value::Durations(Vec::clone(&durations))),
        };
        Series {
            scope: Scope::Page {
                host: "www.example.com".to_owned(),
                pattern: name.to_owned(),
            },
            minute,
            data: (0..metrics).map(datum).collect(),
        }
    }

    proptest! {
        #[test]
        fn parts_hold_all_data_once_within_the_limits(
            shapes in prop::collection::vec((".{0,200}", 0_usize..12, 0_usize..=MOST_VALUES), 0..200),
        ) {
            let all: Vec<Series> = shapes
                .iter()
                .enumerate()
                .map(|(n, (name, metrics, values))| series(name, n as u32, *metrics, *values))
                .collect();
            let parts = parts(all.clone(), 100);
            let flat = |series: &[Series]| {
                let data = |s: &Series| s.data.iter().map(|d| (s.scope.clone(), s.minute, d.clone())).collect::<Vec<_>>();
                series.iter().flat_map(data).collect::<Vec<_>>()
            };
            let cut: Vec<_> = parts.iter().flat_map(|part| flat(&part.series)).collect();
            prop_assert_eq!(cut, flat(&all));
            for part in &parts {
                prop_assert!(part.len() <= MOST_DATA && !part.is_empty());
                let bytes = part.to_bytes().expect("bytes");
                prop_assert!(bytes.len() <= MOST_KEPT, "{}", bytes.len());
                prop_assert_eq!(&Part::from_bytes(&bytes).expect("a part"), part);
            }
        }
    }
}
