//! The sliding window: from what arrived in each second, on any number of shards,
//! to a site's rate in each second.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use datasketches::hll::HllUnion;
use model::{Contributors, Second};

use crate::bucket::{Amount, Bucket, EXACT_ORDERS, SKETCH_LG_K};
use crate::gauge::Gauge;
use crate::summary::Summary;
use crate::who::Who;

/// Summaries that are remembered, at most: more than the seconds that are settled at a time.
const KNOWN: usize = 1_024;

/// A site's rate in one second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// The second that the window ends with.
    pub second: Second,
    /// What arrived in the window, in the measure's unit.
    pub count: u64,
    /// Lines in the window that are cancellations.
    pub cancellations: u64,
}

/// What arrived, by second, over any number of shards. What was counted is shared with
/// those who counted it, not copied.
#[derive(Debug, Default)]
pub struct Arrivals {
    seconds: BTreeMap<Second, Vec<Bucket>>,
    /// Summaries that were asked for: a write that lost a race is made anew of them.
    known: Mutex<HashMap<(Second, Second, i64), Summary>>,
}

impl Arrivals {
    /// Adds what arrived in `second` on one shard.
    pub fn add(&mut self, second: Second, bucket: &Bucket) {
        self.seconds.entry(second).or_default().push(bucket.clone());
        self.known
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// The seconds in which something arrived, in ascending order.
    pub fn seconds(&self) -> impl Iterator<Item = Second> {
        self.seconds.keys().copied()
    }

    /// The last second in which something arrived.
    #[must_use]
    pub fn last(&self) -> Option<Second> {
        self.seconds.last_key_value().map(|(second, _)| *second)
    }

    /// The rates in all seconds from `from` to `to`, both included, over windows of
    /// `window` seconds. What arrived in the `window - 1` seconds before `from`
    /// must have been added too.
    ///
    /// Time is linear in what arrived, not in the window's length. Where a second
    /// of a shard is a sketch, a window's count is an estimate, never less than what
    /// its exact seconds hold alone, and takes a union of the whole window.
    #[must_use]
    pub fn rates(&self, from: Second, to: Second, window: u32) -> Vec<Rate> {
        let window = i64::from(window);
        let mut inside = Inside::default();
        if to >= from {
            for (_, cell) in self.seconds.range(from - window + 1..from) {
                inside.enter(cell);
            }
        }
        let length = usize::try_from(to - from + 1).unwrap_or(0);
        let mut rates = Vec::with_capacity(length);
        // Most seconds of a quiet site are empty: no search for each of them.
        let mut entering = self.seconds.range(from..).peekable();
        let mut leaving = self.seconds.range(from - window + 1..).peekable();
        for offset in 0..to - from + 1 {
            let second = from + offset;
            if let Some((_, cell)) = entering.next_if(|(t, _)| **t == second) {
                inside.enter(cell);
            }
            if let Some((_, cell)) = leaving.next_if(|(t, _)| **t == second - window) {
                inside.leave(cell);
            }
            let count = if inside.sketches == 0 {
                inside.sum()
            } else {
                let exact = inside.orders.len() as u64;
                self.estimate(second - window + 1, second).max(exact)
            };
            rates.push(Rate {
                second,
                count,
                cancellations: u64::try_from(inside.cancellations).unwrap_or(u64::MAX),
            });
        }
        rates
    }

    /// Distinct orders in a window that holds sketches.
    fn estimate(&self, from: Second, to: Second) -> u64 {
        let mut union = HllUnion::new(SKETCH_LG_K).expect("14 is a size that sketches have");
        for bucket in self
            .seconds
            .range(from..=to)
            .flat_map(|(_, buckets)| buckets)
        {
            match &bucket.amount {
                Amount::Sum(_) => {}
                Amount::Exact(orders) => orders.iter().for_each(|o| union.update_value(*o)),
                Amount::Sketch(sketch) => union.update(sketch),
            }
        }
        // The one estimate that does not depend on the order of arrival.
        let estimate = union.composite_estimate().round();
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "`as` saturates"
        )]
        let estimate = estimate as u64;
        // A second is a sketch only because it held more than these.
        estimate.max(EXACT_ORDERS as u64 + 1)
    }

    /// Who is behind what arrived from `from` to `to`, both included, as an alarm record
    /// names them.
    #[must_use]
    pub fn contributors(&self, span: (Second, Second), gauge: &Gauge) -> Vec<Contributors> {
        self.summary(span, 0, gauge).contributors(gauge)
    }

    /// Who is behind what arrived from `from` to `to`, both included. An order that came in
    /// the `before` seconds in front of them, too, counted there.
    #[must_use]
    pub fn summary(&self, (from, to): (Second, Second), before: i64, gauge: &Gauge) -> Summary {
        let nothing = self.seconds.range(from..=to).next().is_none();
        if gauge.dimensions().is_empty() || nothing {
            return Summary::default();
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KNOWN {
            known.clear();
        }
        let summary = known.entry((from, to, before));
        let summary = summary.or_insert_with(|| self.summarize((from, to), before, gauge));
        summary.clone()
    }

    fn summarize(&self, (from, to): (Second, Second), before: i64, gauge: &Gauge) -> Summary {
        let buckets = |from, to| {
            self.seconds
                .range(from..to)
                .flat_map(|(_, buckets)| buckets)
        };
        let exact = |bucket: &Bucket| bucket.orders();
        let inside = buckets(from, to + 1).filter_map(exact);
        let inside: HashSet<u64> = inside.flat_map(|orders| orders.to_vec()).collect();
        // Of those in front, only these matter.
        let earlier: Vec<Arc<Vec<u64>>> = buckets(from - before, from).filter_map(exact).collect();
        let came = |order: &&u64| earlier.iter().any(|of| of.binary_search(order).is_ok());
        let earlier: HashSet<u64> = inside.iter().filter(came).copied().collect();
        let seconds = buckets(from, to + 1).filter_map(|bucket| bucket.who(gauge));
        let seconds: Vec<Arc<Who>> = seconds.collect();
        Summary::of(&seconds, &inside, &earlier, gauge)
    }
}

/// What is inside the window while it slides.
#[derive(Default)]
struct Inside {
    /// Wider than any second's, so that what leaves again takes nothing else with it:
    /// three lines of the largest quantity are more than 64 bits hold.
    sum: u128,
    /// How many seconds and shards of the window saw each order.
    orders: HashMap<u64, u32>,
    sketches: usize,
    cancellations: u128,
}

impl Inside {
    /// Lines, units or distinct orders.
    fn sum(&self) -> u64 {
        let orders = self.orders.len() as u64;
        u64::try_from(self.sum).map_or(u64::MAX, |sum| sum.saturating_add(orders))
    }

    fn enter(&mut self, buckets: &[Bucket]) {
        for bucket in buckets {
            self.cancellations += u128::from(bucket.cancellations);
            match &bucket.amount {
                Amount::Sum(sum) => self.sum += u128::from(*sum),
                Amount::Exact(orders) => {
                    for order in orders.iter() {
                        *self.orders.entry(*order).or_default() += 1;
                    }
                }
                Amount::Sketch(_) => self.sketches += 1,
            }
        }
    }

    fn leave(&mut self, buckets: &[Bucket]) {
        for bucket in buckets {
            self.cancellations -= u128::from(bucket.cancellations);
            match &bucket.amount {
                Amount::Sum(sum) => self.sum -= u128::from(*sum),
                Amount::Exact(orders) => orders.iter().for_each(|order| self.forget(*order)),
                Amount::Sketch(_) => self.sketches -= 1,
            }
        }
    }

    fn forget(&mut self, order: u64) {
        if let Some(seen) = self.orders.get_mut(&order) {
            *seen -= 1;
            if *seen == 0 {
                self.orders.remove(&order);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use model::Measure;
    use proptest::prelude::*;

    use super::*;
    use crate::bucket::{Line, Seen};

    fn order(order: u64, units: u64) -> Line {
        Line::Order { order, units }
    }

    fn arrivals(measure: Measure, lines: &[(i64, u8, Line)]) -> Arrivals {
        let gauge = Gauge::of(measure);
        let mut shards: BTreeMap<(i64, u8), Bucket> = BTreeMap::new();
        for (second, shard, line) in lines {
            let bucket = shards.entry((*second, *shard));
            bucket
                .or_insert_with(|| Bucket::new(&gauge))
                .add([Seen::from(*line)], &gauge);
        }
        let mut arrivals = Arrivals::default();
        for ((second, _), bucket) in &shards {
            arrivals.add(Second::new(*second), bucket);
        }
        arrivals
    }

    fn counts(arrivals: &Arrivals, from: i64, to: i64, window: u32) -> Vec<u64> {
        let rates = arrivals.rates(Second::new(from), Second::new(to), window);
        rates.iter().map(|rate| rate.count).collect()
    }

    #[test]
    fn an_order_counts_from_its_first_second_until_the_window_has_passed_its_last() {
        let lines = [
            (10, 0, order(7, 1)),
            (12, 1, order(7, 1)),
            (12, 0, order(8, 1)),
        ];
        let arrivals = arrivals(Measure::Orders, &lines);
        assert_eq!(counts(&arrivals, 8, 16, 3), [0, 0, 1, 1, 2, 2, 2, 0, 0]);
        assert_eq!(counts(&arrivals, 14, 15, 3), [2, 0]);
        assert_eq!(counts(&arrivals, 5, 4, 3), [0; 0]);
    }

    #[test]
    fn above_the_exact_count_an_estimate_stands_in_and_below_it_the_count_is_exact_again() {
        let flood = (0..9_000_u64).map(|n| {
            (
                10,
                n as u8 % 2,
                order(n.wrapping_mul(0x9E37_79B9_7F4A_7C15), 1),
            )
        });
        let after = (0..100).map(|n| (12, 0, order(n, 1)));
        let lines: Vec<_> = flood.chain(after).collect();
        let arrivals = arrivals(Measure::Orders, &lines);
        let counts = counts(&arrivals, 10, 14, 3);
        for count in &counts[..3] {
            assert!((8_800..9_300).contains(count), "{counts:?}");
        }
        assert_eq!(counts[3..], [100, 100]);
    }

    #[test]
    fn quantities_beyond_all_measure_hide_no_others_once_they_are_gone() {
        let huge = (10..13).map(|t| (t, 0, order(0, i64::MAX as u64)));
        let lines: Vec<_> = huge.chain((10..16).map(|t| (t, 1, order(0, 5)))).collect();
        let arrivals = arrivals(Measure::Units, &lines);
        assert_eq!(
            counts(&arrivals, 12, 15, 3),
            [u64::MAX, u64::MAX, i64::MAX as u64 + 15, 15]
        );
    }

    proptest! {
        #[test]
        fn rates_are_those_of_a_naive_recount(
            lines in prop::collection::vec((0i64..40, 0u8..3, 0u64..12, 0u64..5, any::<bool>()), 0..60),
            window in 1u32..20,
            from in -5i64..45,
            length in 0i64..50,
        ) {
            let line = |(second, shard, id, units, cancelled): (i64, u8, u64, u64, bool)| {
                (second, shard, if cancelled { Line::Cancellation } else { order(id, units) })
            };
            let lines: Vec<_> = lines.into_iter().map(line).collect();
            for measure in [Measure::Orders, Measure::Lines, Measure::Units] {
                let rates = arrivals(measure, &lines).rates(Second::new(from), Second::new(from + length), window);
                prop_assert_eq!(rates.len() as i64, length + 1);
                for (t, rate) in (from..).zip(rates) {
                    let inside: Vec<Line> = lines
                        .iter()
                        .filter(|(second, ..)| (t - i64::from(window) + 1..=t).contains(second))
                        .map(|(.., line)| *line)
                        .collect();
                    let orders = inside.iter().filter_map(|line| match line {
                        Line::Order { order, units } => Some((*order, *units)),
                        Line::Cancellation => None,
                    });
                    let count = match measure {
                        Measure::Orders => orders.map(|(order, _)| order).collect::<HashSet<_>>().len() as u64,
                        Measure::Lines => orders.count() as u64,
                        Measure::Units => orders.map(|(_, units)| units).sum(),
                    };
                    let cancellations = inside.iter().filter(|l| **l == Line::Cancellation).count() as u64;
                    prop_assert_eq!(rate, Rate { second: Second::new(t), count, cancellations });
                }
            }
        }
    }
}
