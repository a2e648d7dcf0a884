//! Who is behind a rate: what all shards' seconds hold, put together.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use model::{Contributor, Contributors, Dimension};
use serde::{Deserialize, Deserializer, Serialize};

use crate::gauge::Gauge;
use crate::heavy::Heavy;
use crate::who::{Shares, Who};

/// Values that an alarm record names of each dimension.
const NAMED: usize = 5;

/// Who sent what arrived in a span of time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary(Vec<(Dimension, Tally)>);

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Tally {
    heavy: Heavy<u64>,
    total: u64,
}

impl Summary {
    /// Puts together what seconds of shards hold. `orders` are those that are kept by
    /// themselves, `before` those that do not count, because they came earlier. It does
    /// not matter in which order the seconds come.
    pub(crate) fn of(
        seconds: &[Arc<Who>],
        orders: &HashSet<u64>,
        before: &HashSet<u64>,
        gauge: &Gauge,
    ) -> Self {
        let new_orders = orders.difference(before).count() as u64;
        let tally = |(place, dimension): (usize, &Dimension)| {
            let shares = || seconds.iter().filter_map(|who| Some(&who.0.get(place)?.1));
            (*dimension, tally(shares, new_orders, before))
        };
        Self(gauge.dimensions().iter().enumerate().map(tally).collect())
    }

    /// Adds what came later. Of each dimension as many values are kept as in a second.
    pub(crate) fn add(&mut self, later: &Self, gauge: &Gauge) {
        for (dimension, tally) in &later.0 {
            let known = self.0.iter_mut().find(|(d, _)| d == dimension);
            let own = match known {
                Some((_, own)) => own,
                None => {
                    self.0.push((*dimension, Tally::default()));
                    &mut self.0.last_mut().expect("it was pushed just now").1
                }
            };
            own.total = own.total.saturating_add(tally.total);
            for (value, count) in tally.heavy.shares() {
                own.heavy.add(value, *count, gauge.capacity());
            }
            own.heavy.miss(tally.heavy.missed(), tally.heavy.all());
        }
    }

    /// As an alarm record tells it: the heaviest values of each dimension; of values
    /// that sent the same, the first by name.
    pub(crate) fn contributors(&self, gauge: &Gauge) -> Vec<Contributors> {
        let told = |(dimension, tally): &(Dimension, Tally)| {
            let mut top: Vec<(&String, &u64)> = tally.heavy.shares().iter().collect();
            top.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
            let contributor = |(value, count): &(&String, &u64)| Contributor {
                value: (*value).clone(),
                count: **count,
            };
            Contributors {
                dimension: *dimension,
                measure: gauge.measure_of(*dimension),
                total: tally.total,
                different: tally.heavy.different(),
                missed: tally.heavy.missed(),
                top: top.iter().take(NAMED).map(contributor).collect(),
            }
        };
        let came = |(_, tally): &&(Dimension, Tally)| tally.total > 0;
        self.0.iter().filter(came).map(told).collect()
    }
}

/// A summary, unless it has a form that is not known.
pub(crate) fn if_known<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Summary>, D::Error> {
    let written = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(written).ok())
}

/// One dimension, over all seconds and shards.
fn tally<'a, I: Iterator<Item = &'a Shares>>(
    shares: impl Fn() -> I,
    new_orders: u64,
    before: &HashSet<u64>,
) -> Tally {
    let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
    let mut orders: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    let mut total = 0_u64;
    let mut by_order = false;
    for shares in shares() {
        match shares {
            Shares::Sum { heavy, total: own } => {
                total = total.saturating_add(*own);
                for (value, count) in heavy.shares() {
                    let sum = sums.entry(value).or_default();
                    *sum = sum.saturating_add(*count);
                }
            }
            Shares::Orders(heavy) => {
                by_order = true;
                for (value, own) in heavy.shares() {
                    let new = own.0.iter().filter(|order| !before.contains(order));
                    orders.entry(value).or_default().extend(new);
                }
            }
        }
    }
    for (value, mut own) in orders {
        own.sort_unstable();
        own.dedup();
        let sum = sums.entry(value).or_default();
        *sum = sum.saturating_add(own.len() as u64);
    }
    if by_order {
        total = total.saturating_add(new_orders);
    }
    let sums = sums.into_iter().filter(|(_, sum)| *sum > 0);
    let sums = sums.map(|(value, sum)| (value.to_owned(), sum)).collect();
    let mut heavy = Heavy::of(sums, 0, None);
    for shares in shares() {
        match shares {
            Shares::Sum { heavy: own, .. } => heavy.miss(own.missed(), own.all()),
            Shares::Orders(own) => heavy.miss(own.missed(), own.all()),
        }
    }
    Tally { heavy, total }
}
