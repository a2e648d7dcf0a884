//! A batch of a shard's records: lines of a log, themselves or in the user records of a KPL
//! aggregate, or what CloudWatch Logs sends through a subscription.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use function::rejects::Origin;
use function::{Deadline, Record, SequenceNumber};
use model::{Aggregate, Envelope, EnvelopeError, Log, Position, Routes, unpack};

use super::{Input, Read};
use crate::lines::{Line, Lines, Refusal};
use crate::objects::OpenError;
use crate::reading::{Reading, Refused};

/// What a record of CloudWatch Logs may unpack to. One of a megabyte of text comes to
/// less than a tenth of it.
const MOST_UNPACKED: usize = 32 * 1024 * 1024;
/// So many log groups without a route are named for themselves, of those in a batch.
const MOST_NAMED: usize = 20;
/// CloudWatch Logs has no longer names. Those of anybody else are cut, so that what tells of
/// them fits into a message, and their batch is not refused for ever.
const LONGEST_NAME: usize = 512;

/// A batch of a shard.
#[derive(Debug)]
pub(crate) struct RecordsInput<'a> {
    pub(crate) records: &'a [Record],
    /// What the lines are of, unless they tell.
    pub(crate) log: Option<&'a Log>,
    /// What the log groups hold, if that is configured.
    pub(crate) routes: Option<&'a Routes>,
}

/// What is made of the records.
struct Counting<'a, 'r, 'c> {
    input: &'a RecordsInput<'a>,
    /// The log whose lines come without an envelope, which may go on from record to record.
    lines: Lines,
    reading: &'r mut Reading<'c>,
    refused: Option<Refused<'a>>,
    /// The first record of each log group without a route, by owner and name, and how many
    /// others; under no name those of log groups beyond the [`MOST_NAMED`].
    unknown: BTreeMap<Option<(String, String)>, Option<Refused<'a>>>,
    unrouted: u64,
}

impl Input for RecordsInput<'_> {
    async fn read<'a>(
        &'a self,
        done: Option<&SequenceNumber>,
        reading: &mut Reading<'_>,
        until: Deadline,
    ) -> Result<Read<'a>, OpenError> {
        let mut counting = Counting {
            input: self,
            lines: Lines::new(self.log),
            reading,
            refused: None,
            unknown: BTreeMap::new(),
            unrouted: 0,
        };
        // Never whole: more records come to a shard.
        let mut read = Read {
            done: done.cloned(),
            ..Read::default()
        };
        for record in self.records.iter().filter(|record| is_behind(record, done)) {
            if !until.allows(Duration::ZERO) || counting.reading.is_full() {
                break;
            }
            counting.record(record);
            read.done = Some(record.sequence_number.clone());
        }
        read.refused.extend(counting.refused);
        let unknown = counting.unknown.into_values();
        read.refused.extend(unknown.flatten());
        read.unrouted = counting.unrouted;
        Ok(read)
    }

    fn is_done(&self, done: Option<&SequenceNumber>) -> bool {
        !self.records.iter().any(|record| is_behind(record, done))
    }
}

/// Whether a record is not yet counted.
pub(crate) fn is_behind(record: &Record, done: Option<&SequenceNumber>) -> bool {
    done.is_none_or(|done| record.sequence_number > *done)
}

impl<'a> Counting<'a, '_, '_> {
    fn record(&mut self, record: &'a Record) {
        let data = record.data.as_slice();
        match Aggregate::parse(data) {
            Some(Ok(aggregate)) => {
                for (number, data) in (1..).zip(aggregate) {
                    self.lines(record, Some(number), data);
                }
            }
            Some(Err(damaged)) => self.refuse(record, damaged.reason(), damaged.to_string()),
            None if Envelope::is_packed(data) => {
                if let Err(error) = self.envelope(record) {
                    self.refuse(record, error.reason(), error.to_string());
                }
            }
            None => self.lines(record, None, data),
        }
    }

    /// Refuses a record as a whole.
    fn refuse(&mut self, record: &'a Record, reason: &'static str, message: String) {
        let refusal = Refusal {
            reason,
            message: message.into(),
        };
        self.reading.rejected += 1;
        Refused::note(
            &mut self.refused,
            origin(record, None, 1),
            refusal,
            &record.data,
        );
    }

    /// Counts the lines of a record or user record.
    fn lines(&mut self, record: &'a Record, user_record: Option<u32>, data: &[u8]) {
        let mut own;
        let lines = match self.input.log {
            Some(_) => &mut self.lines,
            None => {
                own = Lines::new(None);
                &mut own
            }
        };
        let before = lines.number();
        let (reading, refused) = (&mut *self.reading, &mut self.refused);
        lines.read(data, |line| {
            // A byte order mark alone is a line to the count, but none to the decoder.
            let number = line.number.saturating_sub(before);
            count(reading, refused, origin(record, user_record, number), line);
        });
    }

    /// Counts the events of a log stream.
    fn envelope(&mut self, record: &'a Record) -> Result<(), EnvelopeError> {
        let unpacked = unpack(&record.data, MOST_UNPACKED)?;
        let envelope = Envelope::parse(&unpacked)?;
        let (owner, group) = (&envelope.owner, &envelope.log_group);
        let log = match self.input.routes {
            Some(routes) => routes.of(owner, group, &envelope.log_stream),
            None => self.input.log,
        };
        if self.input.routes.is_some() && log.is_none() && !envelope.events.is_empty() {
            self.unrouted += envelope.events.len() as u64;
            self.without_route(record, &envelope);
            return Ok(());
        }
        let mut lines = Lines::new(log);
        let (reading, refused) = (&mut *self.reading, &mut self.refused);
        for (event, number) in envelope.events.iter().zip(1..) {
            lines.read(event.message.as_bytes(), |line| {
                count(reading, refused, origin(record, None, number), line);
            });
        }
        Ok(())
    }

    fn without_route(&mut self, record: &'a Record, envelope: &Envelope<'_>) {
        let [owner, log_group, log_stream] =
            [&envelope.owner, &envelope.log_group, &envelope.log_stream].map(|name| named(name));
        let group = Some((owner.to_owned(), log_group.to_owned()));
        let is_named = self.unknown.contains_key(&group) || self.unknown.len() < MOST_NAMED;
        let group = group.filter(|_| is_named);
        let unknown = self.unknown.entry(group).or_default();
        if unknown.is_none() {
            tracing::warn!(
                owner,
                log_group,
                log_stream,
                "no route says what this log group holds: its events are not counted"
            );
        }
        let message = format!(
            "owner {owner}, log group {log_group}, log stream {log_stream}: expected a route that says what it holds"
        );
        let refusal = Refusal {
            reason: "unknown_log_group",
            message: Cow::Owned(message),
        };
        let origin = origin(record, None, 1);
        Refused::note(unknown, origin, refusal, &record.data);
    }
}

fn count<'a>(
    reading: &mut Reading<'_>,
    refused: &mut Option<Refused<'a>>,
    origin: Origin<'a>,
    line: Line<'_>,
) {
    let bytes = line.bytes;
    if let Err(refusal) = reading.count(line) {
        Refused::note(refused, origin, refusal, bytes);
    }
}

/// A name, or as much of it as CloudWatch Logs would have.
fn named(name: &str) -> &str {
    &name[..name.floor_char_boundary(LONGEST_NAME)]
}

fn origin(record: &Record, user_record: Option<u32>, line: u64) -> Origin<'_> {
    let position = Position {
        user_record,
        line: u32::try_from(line).unwrap_or(u32::MAX),
        object: None,
        item: None,
    };
    Origin::Record(record, position)
}
