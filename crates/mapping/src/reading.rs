//! When a shard is read, from where, and what is new in what was read.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html>

use chrono::{DateTime, TimeDelta, Utc};

use crate::action::Page;
use crate::event::Record;
use crate::position::Position;

/// The base rate of polling a shard that has nothing new: once per second.
const POLL_EVERY: TimeDelta = TimeDelta::seconds(1);

/// A shard takes five reads per second, which is what crossing a gap without records
/// is held to.
///
/// Source: <https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html>
const READ_AT_MOST_EVERY: TimeDelta = TimeDelta::milliseconds(200);

/// Reads a shard to its end.
#[derive(Debug)]
pub(crate) struct Reader {
    /// Behind the last record that was read.
    position: Position,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// To be read on at this time.
    Due(DateTime<Utc>),
    /// A read of so many records is under way.
    Asked(usize),
    /// Read to the shard's end.
    Ended,
}

impl Reader {
    pub(crate) fn new(position: Position) -> Self {
        let state = State::Due(DateTime::<Utc>::MIN_UTC);
        Self { position, state }
    }

    /// When to read on; `None` while a read is under way and after the end.
    pub(crate) fn due(&self) -> Option<DateTime<Utc>> {
        match self.state {
            State::Due(time) => Some(time),
            State::Asked(_) | State::Ended => None,
        }
    }

    pub(crate) fn ended(&self) -> bool {
        self.state == State::Ended
    }

    /// Begins to read on, from the position returned.
    pub(crate) fn ask(&mut self, limit: usize) -> Position {
        self.state = State::Asked(limit);
        self.position.clone()
    }

    /// Takes in what was read, and gives what of it is new: an iterator may have begun
    /// too early.
    pub(crate) fn take(&mut self, page: Page, now: DateTime<Utc>) -> Vec<Record> {
        let State::Asked(limit) = self.state else {
            return Vec::new();
        };
        // A full page is a sign of more, whatever the service says.
        let more = page.behind || page.records.len() >= limit;
        self.state = match (page.ended, more) {
            (true, _) => State::Ended,
            (false, true) if page.records.is_empty() => State::Due(now + READ_AT_MOST_EVERY),
            (false, true) => State::Due(now),
            (false, false) => State::Due(now + POLL_EVERY),
        };
        let mut records = page.records;
        records.retain(|record| {
            let number = &record.sequence_number;
            let new = !matches!(&self.position, Position::After(last) if number <= last);
            if new {
                self.position = Position::After(number.clone());
            }
            new
        });
        records
    }
}
