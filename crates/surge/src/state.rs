//! Granules, shards and sites as items of a [`Table`].
//!
//! | partition | key | what |
//! | --- | --- | --- |
//! | `<site>#<shard>` | `<first second of the granule>` | a granule; its revision is the last record counted |
//! | `<site>` | `shard#<shard>` | that the site has this shard |
//! | `<site>` | `site` | the site's state |
//! | `<site>` | `look` | when somebody last set out to look at all shards |
//!
//! The shards' granules lie in partitions of their own, which share the load.

use std::future::Future;
use std::time::Duration;

use chrono::{DateTime, Utc};
use function::delivery::{CallError, Pauses, retry};
use function::table::{End, Expected, Item, Keys, Table};
use function::{Deadline, SequenceNumber};
use model::Second;

use crate::gauge::Gauge;
use crate::granule::{Granule, start_of};
use crate::site::Site;

/// Granules and shards are kept for two days: twice what a stream keeps by default.
const KEPT_SECONDS: i64 = 2 * 24 * 3_600;

/// Behind every granule's key.
const ALL_GRANULES: &str = "~";

const PAUSES: Pauses = Pauses {
    first: Duration::from_millis(50),
    longest: Duration::from_secs(2),
};

/// A site's state and the revision that it was read with.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stored {
    /// The state; a new one where there is none.
    pub(crate) site: Site,
    revision: Option<u64>,
}

/// Everything that is kept of a site, for the length of one invocation.
#[derive(Debug)]
pub(crate) struct State<'a, T> {
    table: &'a T,
    site: &'a str,
    pub(crate) gauge: &'a Gauge,
    pub(crate) deadline: Deadline,
}

impl<'a, T: Table> State<'a, T> {
    /// The state of `site` in `table`; calls are made again until `deadline`.
    pub(crate) fn new(table: &'a T, site: &'a str, gauge: &'a Gauge, deadline: Deadline) -> Self {
        Self {
            table,
            site,
            gauge,
            deadline,
        }
    }

    /// A shard's granules with seconds from `from` to `to`, in ascending order.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub(crate) async fn granules(
        &self,
        shard: &str,
        (from, to): (Second, Second),
    ) -> Result<Vec<Granule>, CallError> {
        let (first, last) = (granule_key(start_of(from)), granule_key(start_of(to)));
        let keys = Keys {
            first: &first,
            last: &last,
            only: None,
            consistent: true,
        };
        let items = self.read(&self.shard(shard), keys).await?;
        Ok(items.iter().filter_map(|i| self.granule(i)).collect())
    }

    /// The first of a shard's granules with seconds from `from` on, or the last.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub(crate) async fn end(
        &self,
        shard: &str,
        from: Second,
        end: End,
    ) -> Result<Option<Granule>, CallError> {
        let keys = Keys {
            first: &granule_key(start_of(from)),
            last: ALL_GRANULES,
            only: Some(end),
            consistent: true,
        };
        let items = self.read(&self.shard(shard), keys).await?;
        Ok(items.first().and_then(|item| self.granule(item)))
    }

    /// Writes a granule in the place of the one that it was made from, whose last
    /// record was `before`; tells whether that was still there.
    ///
    /// # Errors
    /// If the table cannot be written.
    pub(crate) async fn put_granule(
        &self,
        shard: &str,
        granule: &Granule,
        before: Option<&SequenceNumber>,
    ) -> Result<bool, CallError> {
        let body = granule.to_bytes(self.gauge.measure()).map_err(unwritable)?;
        let last = granule
            .last
            .as_ref()
            .ok_or_else(|| unwritable("an empty granule"))?;
        let item = Item {
            partition: self.shard(shard),
            key: granule_key(granule.start),
            revision: last.to_string(),
            body,
            expires_at: Some(granule.written_at.timestamp() + KEPT_SECONDS),
        };
        let expected = before.map_or(Expected::Nothing, |b| Expected::Revision(b.as_str()));
        self.write(&item, expected).await
    }

    /// Notes that the site has this shard; whether it is a new one.
    ///
    /// # Errors
    /// If the table cannot be written.
    pub(crate) async fn register(
        &self,
        shard: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, CallError> {
        let item = Item {
            partition: self.site.to_owned(),
            key: format!("shard#{shard}"),
            revision: now.timestamp().to_string(),
            body: Vec::new(),
            expires_at: Some(now.timestamp() + KEPT_SECONDS),
        };
        let is_new = self.write(&item, Expected::Nothing).await?;
        if !is_new {
            self.write(&item, Expected::Anything).await?;
        }
        Ok(is_new)
    }

    /// The site's shards, those that were in use in the last two days.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub(crate) async fn shards(&self, now: DateTime<Utc>) -> Result<Vec<String>, CallError> {
        let keys = Keys {
            first: "shard#",
            last: "shard#~",
            only: None,
            consistent: true,
        };
        let items = self.read(self.site, keys).await?;
        let in_use = |i: &Item| i.expires_at.is_some_and(|at| at > now.timestamp());
        let name = |i: Item| Some(i.key.strip_prefix("shard#")?.to_owned());
        Ok(items.into_iter().filter(in_use).filter_map(name).collect())
    }

    /// The site's state.
    ///
    /// # Errors
    /// If the table cannot be read, or holds a state that is none.
    pub(crate) async fn site(&self, consistent: bool) -> Result<Stored, CallError> {
        let Some(item) = self.one("site", consistent).await? else {
            return Ok(Stored::default());
        };
        let site = serde_json::from_slice(&item.body)
            .map_err(|error| CallError::Permanent(Box::new(error)))?;
        let revision = item
            .revision
            .parse()
            .map_err(|_| unwritable("a strange revision"))?;
        Ok(Stored {
            site,
            revision: Some(revision),
        })
    }

    /// Writes the site's state in the place of the one that was read; tells whether
    /// that was still there.
    ///
    /// # Errors
    /// If the table cannot be written.
    pub(crate) async fn put_site(&self, stored: &Stored) -> Result<bool, CallError> {
        let before = stored.revision.map(|revision| revision.to_string());
        let item = Item {
            partition: self.site.to_owned(),
            key: "site".to_owned(),
            revision: stored.revision.map_or(0, |r| r.wrapping_add(1)).to_string(),
            body: serde_json::to_vec(&stored.site).map_err(unwritable)?,
            expires_at: None,
        };
        let expected = before
            .as_deref()
            .map_or(Expected::Nothing, Expected::Revision);
        self.write(&item, expected).await
    }

    /// Sets out to look at all shards, unless somebody did less than `pause` ago.
    /// `Some` if so, with the time at which somebody did before.
    ///
    /// # Errors
    /// If the table cannot be read or written.
    pub(crate) async fn set_out(
        &self,
        now: DateTime<Utc>,
        pause: Duration,
    ) -> Result<Option<Option<DateTime<Utc>>>, CallError> {
        let item = self.one("look", false).await?;
        let before = item.as_ref().map(|item| item.revision.as_str());
        let last = before
            .and_then(|b| b.parse().ok())
            .and_then(DateTime::from_timestamp_millis);
        // A clock that was ahead must not keep everybody from looking.
        let since = last.and_then(|last| (now - last).to_std().ok());
        if since.is_some_and(|since| since < pause) {
            return Ok(None);
        }
        let item = Item {
            partition: self.site.to_owned(),
            key: "look".to_owned(),
            revision: now.timestamp_millis().to_string(),
            body: Vec::new(),
            expires_at: None,
        };
        let expected = before.map_or(Expected::Nothing, Expected::Revision);
        Ok(self.write(&item, expected).await?.then_some(last))
    }

    fn shard(&self, shard: &str) -> String {
        format!("{}#{shard}", self.site)
    }

    /// A granule out of its item. What cannot be read, after a change of its form,
    /// is counted anew from here on: a rate that is too low for a window's length
    /// is better than a shard that stands still.
    fn granule(&self, item: &Item) -> Option<Granule> {
        let start = Second::new(item.key.parse().ok()?);
        let last = SequenceNumber::parse(&item.revision)?;
        let granule = Granule::from_bytes(start, last.clone(), &item.body, self.gauge.measure());
        if granule.is_none() {
            tracing::warn!(granule = %start, "a granule in an unknown form begins anew");
        }
        Some(granule.unwrap_or(Granule {
            last: Some(last),
            ..Granule::empty(start)
        }))
    }

    async fn one(&self, key: &str, consistent: bool) -> Result<Option<Item>, CallError> {
        let keys = Keys {
            first: key,
            last: key,
            only: Some(End::First),
            consistent,
        };
        Ok(self.read(self.site, keys).await?.pop())
    }

    async fn read(&self, partition: &str, keys: Keys<'_>) -> Result<Vec<Item>, CallError> {
        self.again(|| self.table.read(partition, keys)).await
    }

    /// Writes an item. If an answer is lost, the write may have happened: made
    /// again, it finds its own revision, not the expected one, and reads as refused.
    /// A caller that counts then reads what is there, as after any other's write; one
    /// that sets out to look leaves that to the next.
    async fn write(&self, item: &Item, expected: Expected<'_>) -> Result<bool, CallError> {
        self.again(|| self.table.write(item, expected)).await
    }

    async fn again<R, F>(&self, call: impl FnMut() -> F) -> Result<R, CallError>
    where
        F: Future<Output = Result<R, CallError>>,
    {
        retry(PAUSES, self.deadline, call).await
    }
}

/// A granule's key: as many digits as seconds will have for the next 30,000 years,
/// so that keys are in the order of time.
fn granule_key(start: Second) -> String {
    format!("{:012}", start.since_1970().max(0))
}

fn unwritable(error: impl Into<function::BoxError>) -> CallError {
    CallError::Permanent(error.into())
}
