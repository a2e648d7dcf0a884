//! Which shards are registered with their site.

use std::collections::HashMap;
use std::sync::Mutex;

use chrono::{DateTime, Utc};
use function::delivery::CallError;
use function::table::Table;

use crate::granule::Granule;
use crate::look;
use crate::state::State;

/// The shards that this process has registered, and in which hour. A shard is
/// registered before anything is counted of it and again in each hour that it is
/// in use, so that nobody looks at the site without it.
#[derive(Debug, Default)]
pub(crate) struct Registered(Mutex<HashMap<String, i64>>);

impl Registered {
    /// Registers a shard unless that is done for this hour, as this process or a
    /// granule written in it knows. The number of the site's shards if it is a new
    /// one: a smaller share of the threshold is busy from now on.
    ///
    /// # Errors
    /// If the table cannot be read or written.
    pub(crate) async fn renew<T: Table>(
        &self,
        shard: &str,
        known: &[Granule],
        state: &State<'_, T>,
        now: DateTime<Utc>,
    ) -> Result<Option<u32>, CallError> {
        let hour_of = |at: DateTime<Utc>| at.timestamp().div_euclid(3_600);
        let hour = hour_of(now);
        if known.iter().any(|g| hour_of(g.written_at) == hour) || !self.is_new(shard, hour) {
            return Ok(None);
        }
        let is_new = state.register(shard, now).await?;
        self.note(shard, hour);
        if !is_new {
            return Ok(None);
        }
        let shards = state.shards(now).await?.len();
        let (stored, ()) = look::update(state, now, |site| site.raise_shards(shards)).await?;
        Ok(Some(stored.site.shards))
    }

    fn is_new(&self, shard: &str, hour: i64) -> bool {
        // A poisoned lock costs a few calls too many.
        self.0
            .lock()
            .map_or(true, |hours| hours.get(shard) != Some(&hour))
    }

    fn note(&self, shard: &str, hour: i64) {
        if let Ok(mut hours) = self.0.lock() {
            hours.retain(|_, other| *other == hour);
            hours.insert(shard.to_owned(), hour);
        }
    }
}
