//! Who sent what arrived in one second on one shard: a share for each of the heaviest
//! values of each dimension.
//!
//! An order has many lines, which may come in several seconds and on several shards, and
//! counts once for its customer. So a customer's share is the orders themselves, as long as
//! they are kept one by one, and a number from there on.

use std::collections::BTreeMap;

use datasketches::hll::HllSketch;
use model::{Dimension, Measure};
use serde::{Deserialize, Serialize};

use crate::bucket::Seen;
use crate::gauge::Gauge;
use crate::heavy::{Heavy, Share};

/// Who sent what arrived in a second of a shard, by dimension.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Who(pub(crate) Vec<(Dimension, Shares)>);

/// The shares of a dimension's values.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shares {
    /// Lines, units, or orders that are counted for good.
    Sum {
        /// How much each of the heaviest values sent.
        heavy: Heavy<u64>,
        /// How much all of them sent.
        total: u64,
    },
    /// The orders themselves.
    Orders(Heavy<Orders>),
}

/// Orders of one value, in ascending order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Orders(pub(crate) Vec<u64>);

impl Share for Orders {
    fn count(&self) -> u64 {
        self.0.len() as u64
    }

    fn join(&mut self, other: Self) {
        for order in other.0 {
            if let Err(place) = self.0.binary_search(&order) {
                self.0.insert(place, order);
            }
        }
    }

    fn lose(&mut self, count: u64) {
        let left = self.count().saturating_sub(count);
        self.0.truncate(usize::try_from(left).unwrap_or(usize::MAX));
    }
}

impl Who {
    /// Nobody yet.
    pub(crate) fn new(gauge: &Gauge) -> Self {
        let shares = |dimension: &Dimension| {
            let shares = match gauge.measure_of(*dimension) {
                Measure::Orders => Shares::Orders(Heavy::default()),
                _ => Shares::Sum {
                    heavy: Heavy::default(),
                    total: 0,
                },
            };
            (*dimension, shares)
        };
        Self(gauge.dimensions().iter().map(shares).collect())
    }

    /// Adds a line that is not cancelled. `is_new` if its order is the first time in
    /// this second and may still be kept by itself.
    pub(crate) fn add(
        &mut self,
        seen: &Seen<'_>,
        order: u64,
        units: u64,
        is_new: bool,
        gauge: &Gauge,
    ) {
        let capacity = gauge.capacity();
        for ((dimension, shares), value) in self.0.iter_mut().zip(&seen.values) {
            match (shares, gauge.measure_of(*dimension)) {
                (Shares::Orders(heavy), _) if is_new => {
                    heavy.add(value, Orders(vec![order]), capacity);
                }
                (Shares::Sum { heavy, total }, measure @ (Measure::Lines | Measure::Units)) => {
                    let amount = if measure == Measure::Units { units } else { 1 };
                    *total = total.saturating_add(amount);
                    heavy.add(value, amount, capacity);
                }
                // An order that is known, or too many of them to be told apart.
                _ => {}
            }
        }
    }

    /// Orders become numbers, `total` of them in all: they will not be kept by themselves.
    pub(crate) fn close(&mut self, total: u64) {
        for (_, shares) in &mut self.0 {
            if let Shares::Orders(orders) = shares {
                let count = |(value, orders): (&String, &Orders)| (value.clone(), orders.count());
                let counts = orders.shares().iter().map(count).collect();
                let all = orders.all().cloned().map(Box::new);
                let heavy = Heavy::of(counts, orders.missed(), all);
                *shares = Shares::Sum { heavy, total };
            }
        }
    }

    /// As bytes, without the orders: `orders` are all of the second, in ascending order.
    pub(crate) fn to_bytes(&self, orders: &[u64]) -> Result<Vec<u8>, postcard::Error> {
        let wire: Vec<Wire> = self
            .0
            .iter()
            .map(|(d, s)| Wire::of(*d, s, orders))
            .collect();
        postcard::to_allocvec(&wire)
    }

    /// What was written as `bytes`; `None` if nothing was. What is missing of today's
    /// dimensions, after a change of configuration, begins anew.
    pub(crate) fn from_bytes(bytes: &[u8], orders: &[u64], gauge: &Gauge) -> Option<Self> {
        let wire: Vec<Wire> = postcard::from_bytes(bytes).ok()?;
        let mut who = Self::new(gauge);
        for written in wire {
            let known = who.0.iter_mut().find(|(d, _)| *d == written.dimension);
            let shares = written.read(orders)?;
            if let Some((_, known)) = known {
                *known = shares;
            }
        }
        Some(who)
    }
}

/// A dimension's shares in bytes (postcard), kept as long as a granule.
#[derive(Serialize, Deserialize)]
struct Wire {
    dimension: Dimension,
    missed: u64,
    all: Option<Vec<u8>>,
    values: Vec<String>,
    shares: WireShares,
}

#[derive(Serialize, Deserialize)]
enum WireShares {
    Sum {
        total: u64,
        counts: Vec<u64>,
    },
    /// For each order of the second the place of its value, counted from 1; 0 for those
    /// that were taken from theirs.
    Orders(Vec<u8>),
}

impl Wire {
    fn of(dimension: Dimension, shares: &Shares, orders: &[u64]) -> Self {
        match shares {
            Shares::Sum { heavy, total } => {
                let counts = heavy.shares().values().copied().collect();
                Self::with(
                    dimension,
                    heavy,
                    WireShares::Sum {
                        total: *total,
                        counts,
                    },
                )
            }
            Shares::Orders(heavy) => {
                let mut places = vec![0; orders.len()];
                for (place, own) in (1..=u8::MAX).zip(heavy.shares().values()) {
                    for order in &own.0 {
                        if let Ok(index) = orders.binary_search(order) {
                            places[index] = place;
                        }
                    }
                }
                Self::with(dimension, heavy, WireShares::Orders(places))
            }
        }
    }

    fn with<S: Share>(dimension: Dimension, heavy: &Heavy<S>, shares: WireShares) -> Self {
        Self {
            dimension,
            missed: heavy.missed(),
            all: heavy.all().map(HllSketch::serialize),
            values: heavy.shares().keys().cloned().collect(),
            shares,
        }
    }

    /// The shares; `None` for bytes that none have.
    fn read(self, orders: &[u64]) -> Option<Shares> {
        let all = match self.all {
            Some(bytes) => Some(Box::new(HllSketch::deserialize(&bytes).ok()?)),
            None => None,
        };
        match self.shares {
            WireShares::Sum { total, counts } => {
                let shares = self.values.into_iter().zip(counts).collect();
                let heavy = Heavy::of(shares, self.missed, all);
                Some(Shares::Sum { heavy, total })
            }
            WireShares::Orders(places) => {
                let mut own = vec![Orders::default(); self.values.len()];
                for (place, order) in places.into_iter().zip(orders) {
                    if place > 0 {
                        own.get_mut(usize::from(place) - 1)?.0.push(*order);
                    }
                }
                let shares: BTreeMap<_, _> = self.values.into_iter().zip(own).collect();
                Some(Shares::Orders(Heavy::of(shares, self.missed, all)))
            }
        }
    }
}
