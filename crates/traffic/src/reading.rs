//! What one reading of an object or a batch came to: sums, and what was refused.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use function::rejects::Origin;
use model::Content;

use crate::classify::Classifier;
use crate::count::Tally;
use crate::lines::{Line, Refusal};
use crate::series::Series;

/// CloudWatch takes data of the last two weeks. Less an hour, for what is published late.
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html>
const OLDEST_MINUTES: i64 = 14 * 24 * 60 - 60;
/// CloudWatch takes data of the next two hours. Less a minute, for clocks that differ.
const NEWEST_MINUTES: i64 = 2 * 60 - 1;

/// Which minutes CloudWatch takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Taken {
    from: i64,
    to: i64,
}

impl Taken {
    /// Those at the time `now`.
    pub(crate) fn at(now: DateTime<Utc>) -> Self {
        let minute = now.timestamp().div_euclid(60);
        Self {
            from: minute - OLDEST_MINUTES,
            to: minute + NEWEST_MINUTES,
        }
    }

    /// Whether a minute is not too old any more.
    pub(crate) fn holds(self, minute: u32) -> bool {
        i64::from(minute) >= self.from
    }
}

/// The first line that was refused, and how many others.
#[derive(Debug)]
pub(crate) struct Refused<'a> {
    pub(crate) origin: Origin<'a>,
    pub(crate) refusal: Refusal,
    pub(crate) bytes: Vec<u8>,
    pub(crate) others: BTreeMap<String, u64>,
}

impl<'a> Refused<'a> {
    /// Notes a refused thing, which is the first if there is none yet.
    pub(crate) fn note(
        refused: &mut Option<Self>,
        origin: Origin<'a>,
        refusal: Refusal,
        bytes: &[u8],
    ) {
        match refused {
            Some(first) => match first.others.get_mut(refusal.reason) {
                Some(count) => *count += 1,
                None => {
                    first.others.insert(refusal.reason.to_owned(), 1);
                }
            },
            None => {
                *refused = Some(Self {
                    origin,
                    refusal,
                    bytes: bytes.to_vec(),
                    others: BTreeMap::new(),
                });
            }
        }
    }
}

/// Counts lines.
#[derive(Debug)]
pub(crate) struct Reading<'a> {
    classifier: &'a mut Classifier,
    taken: Taken,
    tally: Tally,
    /// Lines that were counted.
    pub(crate) counted: u64,
    /// Lines that were refused.
    pub(crate) rejected: u64,
    /// Requests and flows that are too old for CloudWatch.
    pub(crate) too_old: u64,
    /// Requests and flows that are too new for CloudWatch.
    pub(crate) too_new: u64,
}

impl<'a> Reading<'a> {
    /// Begins to count, at a time at which CloudWatch takes `taken`.
    pub(crate) fn new(classifier: &'a mut Classifier, taken: Taken) -> Self {
        Self {
            classifier,
            taken,
            tally: Tally::default(),
            counted: 0,
            rejected: 0,
            too_old: 0,
            too_new: 0,
        }
    }

    /// Counts a line; gives back why it is refused.
    pub(crate) fn count(&mut self, line: Line<'_>) -> Result<(), Refusal> {
        let milliseconds = match &line.content {
            Ok(Content::Request(request)) => request.time,
            Ok(Content::Flow(flow)) => flow.start.saturating_mul(1_000),
            Err(_) => {
                self.rejected += 1;
                return line.content.map(|_| ());
            }
        };
        let minute = milliseconds.div_euclid(60_000);
        match u32::try_from(minute) {
            _ if minute < self.taken.from => self.too_old += 1,
            Ok(minute) if i64::from(minute) <= self.taken.to => {
                self.counted += 1;
                match &line.content {
                    Ok(Content::Request(request)) => {
                        self.tally.request(self.classifier, minute, request);
                    }
                    Ok(Content::Flow(flow)) => self.tally.flow(self.classifier, minute, flow),
                    Err(_) => {}
                }
            }
            _ => self.too_new += 1,
        }
        Ok(())
    }

    /// Whether it is time to write away what was counted.
    pub(crate) fn is_full(&self) -> bool {
        self.tally.is_full()
    }

    /// What is to be published.
    pub(crate) fn series(&self) -> Vec<Series> {
        self.tally.series(self.classifier)
    }
}
