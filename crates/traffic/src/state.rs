//! A source's state as items of a table: how far it is counted, and what of it is not yet
//! published.
//!
//! | partition | key | what |
//! | --- | --- | --- |
//! | `object/<bucket>/<key>/<version>`, `shard/<stream>/<shard>` | `marker` | how far the source is counted; its revision changes with every write |
//! | the same | `part/<attempt>/<number>` | a part of one attempt; empty when it is published |
//!
//! A part counts only if the marker names its attempt.

use std::future::Future;
use std::time::Duration;

use chrono::{DateTime, Utc};
use function::delivery::{CallError, Pauses, retry};
use function::table::{End, Expected, Item, Keys, Table};
use function::{Deadline, SequenceNumber};
use serde::{Deserialize, Serialize};

use crate::part::Part;

/// Markers are kept for 30 days: longer than a queue and its dead-letter queue keep a
/// message (14 days each, at most), or a stream a record that it is asked for again.
const KEPT_SECONDS: i64 = 30 * 24 * 3_600;
/// Published parts are of no use any more.
const PUBLISHED_SECONDS: i64 = 3_600;

const MARKER: &str = "marker";

const PAUSES: Pauses = Pauses {
    first: Duration::from_millis(50),
    longest: Duration::from_secs(2),
};

/// How far a source is counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Marker {
    /// The last line or record that is counted.
    pub(crate) done: Option<SequenceNumber>,
    /// Whether there is nothing behind it.
    pub(crate) whole: bool,
    /// Whose parts count.
    pub(crate) attempt: String,
    /// How many parts that attempt has.
    pub(crate) parts: usize,
    /// Until then, in milliseconds since 1970, somebody is publishing them.
    pub(crate) lease_until: i64,
}

/// A marker, as it was read or written.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) marker: Marker,
    revision: String,
}

/// A source's items in a table, for the length of an invocation.
#[derive(Debug)]
pub(crate) struct State<'a, T> {
    table: &'a T,
    partition: String,
    now: DateTime<Utc>,
    deadline: Deadline,
}

impl<'a, T: Table> State<'a, T> {
    /// The items of `partition`; calls are made again until `deadline`.
    pub(crate) fn new(
        table: &'a T,
        partition: String,
        now: DateTime<Utc>,
        deadline: Deadline,
    ) -> Self {
        Self {
            table,
            partition,
            now,
            deadline,
        }
    }

    /// The marker, if the source has one.
    ///
    /// # Errors
    /// If the table cannot be read, or holds a marker that is none.
    pub(crate) async fn marker(&self) -> Result<Option<Stored>, CallError> {
        let items = self.read(MARKER, MARKER, Some(End::First)).await?;
        let Some(item) = items.into_iter().next() else {
            return Ok(None);
        };
        let marker = serde_json::from_slice(&item.body).map_err(strange)?;
        Ok(Some(Stored {
            marker,
            revision: item.revision,
        }))
    }

    /// Writes a marker in the place of the one that was read; `None` if that is not there
    /// any more.
    ///
    /// # Errors
    /// If the table cannot be written. The marker may be there nevertheless.
    pub(crate) async fn put_marker(
        &self,
        marker: Marker,
        before: Option<&Stored>,
    ) -> Result<Option<Stored>, CallError> {
        let item = Item {
            partition: self.partition.clone(),
            key: MARKER.to_owned(),
            revision: name(),
            body: serde_json::to_vec(&marker).map_err(strange)?,
            expires_at: Some(self.now.timestamp() + KEPT_SECONDS),
        };
        let expected = before.map_or(Expected::Nothing, |b| Expected::Revision(&b.revision));
        let written = self.again(|| self.table.write(&item, expected)).await?;
        // Where an answer was lost and the write made again, it found itself in the way.
        let there = match written {
            true => true,
            false => self
                .marker()
                .await?
                .is_some_and(|stored| stored.revision == item.revision),
        };
        Ok(there.then_some(Stored {
            marker,
            revision: item.revision,
        }))
    }

    /// The parts of an attempt that are not yet published, in their order.
    ///
    /// # Errors
    /// If the table cannot be read, or holds a part that is none.
    pub(crate) async fn left(&self, attempt: &str) -> Result<Vec<(usize, Part)>, CallError> {
        let (first, last) = (key(attempt, 0), format!("part/{attempt}/~"));
        let items = self.read(&first, &last, None).await?;
        let left = items.into_iter().filter(|item| !item.body.is_empty());
        left.map(|item| {
            let number = item.key.rsplit('/').next().and_then(|n| n.parse().ok());
            let number = number.ok_or_else(|| strange("a part without a number"))?;
            Ok((number, Part::from_bytes(&item.body).map_err(strange)?))
        })
        .collect()
    }

    /// Writes an attempt's parts. Nothing counts of them until the marker names it.
    ///
    /// # Errors
    /// If the table cannot be written.
    pub(crate) async fn put_parts(&self, attempt: &str, parts: &[Part]) -> Result<(), CallError> {
        for (number, part) in parts.iter().enumerate() {
            let body = part.to_bytes().map_err(strange)?;
            // A write that was given up and is carried out late must not bring back a part
            // that is published by then; one that is made again finds itself.
            self.put_part(attempt, number, body, KEPT_SECONDS, Expected::Nothing)
                .await?;
        }
        Ok(())
    }

    /// Notes that a part is published.
    ///
    /// # Errors
    /// If the table cannot be written.
    pub(crate) async fn set_published(
        &self,
        attempt: &str,
        number: usize,
    ) -> Result<(), CallError> {
        let published = Vec::new();
        self.put_part(
            attempt,
            number,
            published,
            PUBLISHED_SECONDS,
            Expected::Anything,
        )
        .await
    }

    async fn put_part(
        &self,
        attempt: &str,
        number: usize,
        body: Vec<u8>,
        kept: i64,
        expected: Expected<'_>,
    ) -> Result<(), CallError> {
        let item = Item {
            partition: self.partition.clone(),
            key: key(attempt, number),
            revision: attempt.to_owned(),
            body,
            expires_at: Some(self.now.timestamp() + kept),
        };
        self.again(|| self.table.write(&item, expected))
            .await
            .map(|_| ())
    }

    async fn read(
        &self,
        first: &str,
        last: &str,
        only: Option<End>,
    ) -> Result<Vec<Item>, CallError> {
        let keys = Keys {
            first,
            last,
            only,
            consistent: true,
        };
        self.again(|| self.table.read(&self.partition, keys)).await
    }

    async fn again<R, F>(&self, call: impl FnMut() -> F) -> Result<R, CallError>
    where
        F: Future<Output = Result<R, CallError>>,
    {
        retry(PAUSES, self.deadline, call).await
    }
}

/// A name that nobody else has.
pub(crate) fn name() -> String {
    format!("{:032x}", fastrand::u128(..))
}

/// A part's key: as many digits as keep them in order.
fn key(attempt: &str, number: usize) -> String {
    format!("part/{attempt}/{number:06}")
}

fn strange(error: impl Into<function::BoxError>) -> CallError {
    CallError::Permanent(error.into())
}
