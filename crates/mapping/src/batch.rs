//! Records on their way into a batch, and batches.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html#invocation-eventsourcemapping-batching>

use std::collections::VecDeque;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::event::{FRAME_BYTES, Record};
use crate::settings::Rules;

/// What an event may take: Lambda's quota for the request of a synchronous
/// invocation, 6 MB, which its invoke API counts as 6,291,456 bytes.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
pub(crate) const PAYLOAD_BYTES: usize = 6 * 1024 * 1024;

/// Records of a shard, delivered as one.
#[derive(Debug, Clone)]
pub(crate) struct Batch {
    pub(crate) records: Arc<[Record]>,
    /// Retries that are used up.
    pub(crate) retries: u32,
    /// How often it, or what it was cut from, reached the function.
    pub(crate) invoked: u32,
    /// Whether the last of these ended in a function error.
    pub(crate) function_error: bool,
}

impl Batch {
    fn new(records: Vec<Record>) -> Self {
        Self {
            records: records.into(),
            retries: 0,
            invoked: 0,
            function_error: false,
        }
    }

    /// Cuts it in two before the record at `place`; both keep their history.
    pub(crate) fn cut(self, place: usize) -> (Self, Self) {
        let (before, from) = self.records.split_at(place);
        let part = |records: &[Record]| Self {
            records: records.into(),
            ..self.clone()
        };
        (part(before), part(from))
    }

    /// How many records at its front are too old to be sent.
    pub(crate) fn aged(&self, rules: &Rules, now: DateTime<Utc>) -> usize {
        let aged = |r: &&Record| rules.age.is_some_and(|age| now - r.arrived_at > age);
        self.records.iter().take_while(aged).count()
    }
}

/// Records that were read and not yet invoked with.
#[derive(Debug, Default)]
pub(crate) struct Gathering {
    records: VecDeque<Gathered>,
}

#[derive(Debug)]
struct Gathered {
    record: Record,
    bytes: usize,
    read_at: DateTime<Utc>,
}

/// A batch that is closed.
#[derive(Debug)]
pub(crate) enum Closed {
    Batch(Batch),
    /// One record that no event can hold.
    TooLarge(Batch),
}

impl Gathering {
    pub(crate) fn push(&mut self, record: Record, bytes: usize, read_at: DateTime<Utc>) {
        self.records.push_back(Gathered {
            record,
            bytes,
            read_at,
        });
    }

    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// When the batch closes if nothing more is read; `None` while it is empty.
    /// The window begins with the batch's first record.
    pub(crate) fn closes_at(&self, rules: &Rules, ended: bool) -> Option<DateTime<Utc>> {
        let first = self.records.front()?;
        let fit = self.fit(rules);
        let full = fit == rules.batch_size || fit < self.records.len();
        // Nothing will follow in a shard that has ended.
        let wait = !full && !ended;
        Some(
            first.read_at
                + if wait {
                    rules.window
                } else {
                    Default::default()
                },
        )
    }

    /// Takes the batch out, if it is closed.
    pub(crate) fn close(
        &mut self,
        rules: &Rules,
        ended: bool,
        now: DateTime<Utc>,
    ) -> Option<Closed> {
        if self.closes_at(rules, ended)? > now {
            return None;
        }
        let fit = self.fit(rules);
        let taken = self.records.drain(..fit.max(1));
        let batch = Batch::new(taken.map(|g| g.record).collect());
        Some(if fit == 0 {
            Closed::TooLarge(batch)
        } else {
            Closed::Batch(batch)
        })
    }

    /// How many of the records go into one event.
    fn fit(&self, rules: &Rules) -> usize {
        let mut bytes = FRAME_BYTES;
        let fits = |gathered: &&Gathered| {
            // The record and a comma, one comma too many in all.
            bytes += gathered.bytes + 1;
            bytes <= PAYLOAD_BYTES + 1
        };
        let records = self.records.iter().take(rules.batch_size);
        records.take_while(fits).count()
    }
}
