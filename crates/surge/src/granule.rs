//! A granule: what arrived on one shard in ten seconds, the unit in which counts
//! are kept.
//!
//! A record belongs to the granule of its arrival time and to no other, and a
//! granule remembers the last record that it counted. So each record is counted
//! once, whatever batch it comes in and however often, if a granule is only ever
//! replaced by one that was made from it.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use datasketches::hll::HllSketch;
use function::SequenceNumber;
use model::{Measure, Second};
use serde::{Deserialize, Serialize};

use crate::bucket::{Amount, Behind, Bucket, Seen};
use crate::gauge::Gauge;

/// A granule's length. Ten seconds of [`EXACT_ORDERS`](crate::bucket::EXACT_ORDERS)
/// orders each, the most that is kept one by one, and who sent
/// them, fit into a DynamoDB item of 400 KB.
pub const GRANULE_SECONDS: i64 = 10;

/// What arrived on one shard in ten seconds.
#[derive(Debug, Clone)]
pub struct Granule {
    /// Its first second, a multiple of ten.
    pub(crate) start: Second,
    /// The last record that is counted in it.
    pub(crate) last: Option<SequenceNumber>,
    /// The last second in it in which a record arrived, order or not.
    pub(crate) last_second: Second,
    /// When it was written last, by the function's clock.
    pub(crate) written_at: DateTime<Utc>,
    /// The seconds in which something arrived.
    pub(crate) seconds: BTreeMap<Second, Bucket>,
}

/// A record, as a rate sees it.
#[derive(Debug)]
pub struct Arrival<'a> {
    /// Its place in the shard.
    pub sequence: &'a SequenceNumber,
    /// When it arrived.
    pub second: Second,
    /// Its lines.
    pub lines: Vec<Seen<'a>>,
}

/// The first second of the granule that a second lies in.
#[must_use]
pub fn start_of(second: Second) -> Second {
    Second::new(second.since_1970().div_euclid(GRANULE_SECONDS) * GRANULE_SECONDS)
}

impl Granule {
    /// A granule in which nothing is counted yet.
    #[must_use]
    pub fn empty(start: Second) -> Self {
        Self {
            start,
            last: None,
            last_second: start,
            written_at: DateTime::UNIX_EPOCH,
            seconds: BTreeMap::new(),
        }
    }

    /// Counts the arrivals that are not counted yet, all of this granule and in
    /// their order. Returns whether there were any.
    pub fn count(&mut self, arrivals: &[Arrival<'_>], gauge: &Gauge, now: DateTime<Utc>) -> bool {
        let counted = |a: &&Arrival<'_>| self.last.as_ref().is_some_and(|last| a.sequence <= last);
        let new = &arrivals[arrivals.iter().take_while(counted).count()..];
        let Some(last) = new.last() else {
            return false;
        };
        for of_one_second in new.chunk_by(|a, b| a.second == b.second) {
            let second = of_one_second[0].second;
            self.last_second = self.last_second.max(second);
            let lines = of_one_second.iter().flat_map(|a| &a.lines);
            let mut lines = lines.peekable();
            if lines.peek().is_some() {
                let bucket = self.seconds.entry(second);
                bucket
                    .or_insert_with(|| Bucket::new(gauge))
                    .add(lines, gauge);
            }
        }
        self.last = Some(last.sequence.clone());
        self.written_at = now;
        true
    }

    /// When something was counted in it last, by the function's clock.
    #[must_use]
    pub fn written_at(&self) -> DateTime<Utc> {
        self.written_at
    }

    /// Calls `each` with every second in which something arrived.
    pub fn each<'a>(&'a self, mut each: impl FnMut(Second, &'a Bucket)) {
        self.seconds
            .iter()
            .for_each(|(second, bucket)| each(*second, bucket));
    }

    /// The granule as bytes, without its start and last record.
    ///
    /// # Errors
    /// Never in practice: everything in it has a form in bytes.
    pub fn to_bytes(&self, measure: Measure) -> Result<Vec<u8>, postcard::Error> {
        let offset = |second: Second| u8::try_from(second - self.start).unwrap_or(u8::MAX);
        let mut bytes = postcard::to_allocvec(&Wire {
            measure,
            last_offset: offset(self.last_second),
            written_at: self.written_at.timestamp_millis(),
            seconds: self
                .seconds
                .iter()
                .map(|(second, bucket)| WireBucket {
                    offset: offset(*second),
                    cancellations: bucket.cancellations,
                    amount: match &bucket.amount {
                        Amount::Sum(sum) => WireAmount::Sum(*sum),
                        Amount::Exact(orders) => {
                            WireAmount::Exact(orders.iter().map(|o| o.to_be_bytes()).collect())
                        }
                        Amount::Sketch(sketch) => WireAmount::Sketch(sketch.serialize()),
                    },
                })
                .collect(),
        })?;
        let mut behind: Behinds = Vec::new();
        for (second, bucket) in &self.seconds {
            match &bucket.who {
                Behind::Nobody => {}
                Behind::Packed(bytes) => behind.push((offset(*second), bytes.to_vec())),
                Behind::Open(who) => {
                    let orders = bucket.orders().unwrap_or_default();
                    behind.push((offset(*second), who.to_bytes(&orders)?));
                }
            }
        }
        if !behind.is_empty() {
            bytes.extend(postcard::to_allocvec(&behind)?);
        }
        Ok(bytes)
    }

    /// The granule that begins at `start` and was written as `bytes`. What was
    /// counted by another measure, before a change of configuration, is left out;
    /// `None` for bytes that no granule has.
    #[must_use]
    pub fn from_bytes(
        start: Second,
        last: SequenceNumber,
        bytes: &[u8],
        measure: Measure,
    ) -> Option<Self> {
        let (wire, rest): (Wire, _) = postcard::take_from_bytes(bytes).ok()?;
        let behind: Behinds = match rest {
            [] => Vec::new(),
            // The counts are worth more than who is behind them, in a form of another version.
            rest => postcard::from_bytes(rest).unwrap_or_default(),
        };
        let mut behind: BTreeMap<u8, Vec<u8>> = behind.into_iter().collect();
        let mut seconds = BTreeMap::new();
        for bucket in wire.seconds {
            let amount = match bucket.amount {
                WireAmount::Sum(sum) => Amount::Sum(sum),
                WireAmount::Exact(orders) => {
                    let orders = orders.into_iter().map(u64::from_be_bytes).collect();
                    Amount::Exact(Arc::new(orders))
                }
                WireAmount::Sketch(bytes) => {
                    Amount::Sketch(Arc::new(HllSketch::deserialize(&bytes).ok()?))
                }
            };
            let bucket_of_second = Bucket {
                amount,
                cancellations: bucket.cancellations,
                who: behind
                    .remove(&bucket.offset)
                    .map_or(Behind::Nobody, |bytes| Behind::Packed(bytes.into())),
            };
            seconds.insert(start + i64::from(bucket.offset), bucket_of_second);
        }
        if wire.measure != measure {
            seconds.clear();
        }
        Some(Self {
            start,
            last: Some(last),
            last_second: start + i64::from(wire.last_offset),
            written_at: DateTime::from_timestamp_millis(wire.written_at)?,
            seconds,
        })
    }
}

/// A granule in bytes (postcard). Stored for two days: a change of its shape must
/// still read the old one, or begin to count anew. Who sent what follows behind it, if
/// anybody asked ([`Behinds`]): a reader that does not know of that stops before it.
#[derive(Serialize, Deserialize)]
struct Wire {
    measure: Measure,
    last_offset: u8,
    written_at: i64,
    seconds: Vec<WireBucket>,
}

#[derive(Serialize, Deserialize)]
struct WireBucket {
    offset: u8,
    cancellations: u64,
    amount: WireAmount,
}

#[derive(Serialize, Deserialize)]
enum WireAmount {
    Sum(u64),
    Exact(Vec<[u8; 8]>),
    Sketch(Vec<u8>),
}

/// Of each second in which it is known who sent what: its offset, and that in bytes.
type Behinds = Vec<(u8, Vec<u8>)>;

#[cfg(test)]
mod tests {
    use model::Dimension;

    use super::*;
    use crate::bucket::Line;

    fn gauges() -> impl Iterator<Item = Gauge> {
        let measures = [Measure::Orders, Measure::Lines, Measure::Units];
        let of = |measure| {
            [
                Gauge::of(measure),
                Gauge::new(measure, Dimension::ALL.to_vec()),
            ]
        };
        measures.into_iter().flat_map(of)
    }

    fn numbers(range: std::ops::Range<u64>) -> Vec<SequenceNumber> {
        range
            .filter_map(|n| SequenceNumber::parse(&n.to_string()))
            .collect()
    }

    fn arrivals(numbers: &[SequenceNumber]) -> Vec<Arrival<'_>> {
        let arrival = |sequence: &'_ SequenceNumber| -> (Second, Vec<Seen<'static>>) {
            let n: u64 = sequence.as_str().parse().expect("a small number");
            let line = Seen {
                line: Line::Order { order: n, units: n },
                values: [n % 7, n % 2, n].map(|v| v.to_string().into()).to_vec(),
            };
            (
                Second::new(100 + (n / 10) as i64),
                vec![line, Line::Cancellation.into()],
            )
        };
        numbers
            .iter()
            .map(|sequence| {
                let (second, lines) = arrival(sequence);
                Arrival {
                    sequence,
                    second,
                    lines,
                }
            })
            .collect()
    }

    fn content(granule: &Granule, gauge: &Gauge) -> String {
        let bucket = |(second, b): (&Second, &Bucket)| {
            format!(
                "{second} {:?} {} {:?}",
                b.amount,
                b.cancellations,
                b.who(gauge)
            )
        };
        let seconds: Vec<String> = granule.seconds.iter().map(bucket).collect();
        format!("{:?} {:?} {seconds:?}", granule.last, granule.last_second)
    }

    #[test]
    fn a_record_is_counted_once_in_whatever_batches_it_comes() {
        let now = DateTime::UNIX_EPOCH;
        let numbers = numbers(7..60);
        let all = arrivals(&numbers);
        for gauge in gauges() {
            let mut once = Granule::empty(Second::new(100));
            assert!(once.count(&all, &gauge, now));
            assert!(!once.count(&all[20..], &gauge, now));
            let mut parts = Granule::empty(Second::new(100));
            for range in [0..20, 5..30, 0..1, 29..30, 10..53] {
                parts.count(&all[range], &gauge, now);
            }
            assert_eq!(content(&parts, &gauge), content(&once, &gauge));
        }
    }

    #[test]
    fn a_granule_survives_its_bytes() {
        let numbers = numbers(0..100);
        let last = numbers[99].clone();
        for gauge in gauges() {
            let measure = gauge.measure();
            let mut granule = Granule::empty(Second::new(100));
            granule.count(&arrivals(&numbers), &gauge, DateTime::UNIX_EPOCH);
            let bytes = granule.to_bytes(measure).expect("bytes");
            let read = |measure| Granule::from_bytes(granule.start, last.clone(), &bytes, measure);
            assert_eq!(
                content(&read(measure).expect("a granule"), &gauge),
                content(&granule, &gauge)
            );
            let other = if measure == Measure::Units {
                Measure::Lines
            } else {
                Measure::Units
            };
            assert!(read(other).expect("a granule").seconds.is_empty());
            let cut = &bytes[..6];
            assert!(Granule::from_bytes(granule.start, last.clone(), cut, measure).is_none());
            // Counts are kept where it is not known any more who sent them.
            let tail = &bytes[..bytes.len() - usize::from(!gauge.dimensions().is_empty())];
            let counts = Granule::from_bytes(granule.start, last.clone(), tail, measure);
            assert_eq!(counts.expect("a granule").seconds.len(), 10);
        }
    }

    #[test]
    fn the_largest_granule_fits_into_an_item() {
        let gauge = Gauge::new(Measure::Orders, Dimension::ALL.to_vec());
        let long = |n: u64| format!("{n:048}").into();
        let lines = |n: u64, second: u64| -> Vec<Seen<'static>> {
            let order = |k: u64| (second * n + k).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let seen = |k| Seen {
                line: Line::Order {
                    order: order(k),
                    units: 1,
                },
                values: vec![long(k % 65), long(k), long(k % 64)],
            };
            (0..n).map(seen).collect()
        };
        let numbers = numbers(0..10);
        for orders in [3_000, 3_001, 20_000] {
            let mut granule = Granule::empty(Second::new(100));
            let arrivals: Vec<_> = (0..10)
                .zip(&numbers)
                .map(|(n, sequence)| Arrival {
                    sequence,
                    second: Second::new(100 + n as i64),
                    lines: lines(orders, n),
                })
                .collect();
            granule.count(&arrivals, &gauge, DateTime::UNIX_EPOCH);
            let bytes = granule.to_bytes(Measure::Orders).expect("bytes");
            assert!(bytes.len() < 399 * 1024, "{} bytes", bytes.len());
            let read =
                Granule::from_bytes(granule.start, numbers[9].clone(), &bytes, Measure::Orders);
            assert!(read.is_some());
        }
    }

    #[test]
    fn seconds_belong_to_the_granule_that_they_lie_in() {
        for (second, start) in [(100, 100), (109, 100), (110, 110), (-1, -10)] {
            assert_eq!(start_of(Second::new(second)), Second::new(start));
        }
    }
}
