//! The table of `surge`: sorted items, conditional puts, reads that may be stale.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use function::delivery::CallError;
use model::Second;
use surge::{End, Expected, Granule, Item, Keys};

use crate::call::Extent;
use crate::faults::{Fault, Service};
use crate::services::Client;
use crate::world::{World, lock};

/// How long a read that need not be consistent may see what was there before.
const STALENESS: Duration = Duration::from_secs(1);

/// A write of a granule: records of a shard that were counted.
#[derive(Debug, Clone)]
pub struct Counted {
    /// The shard, with its stream's name.
    pub shard: String,
    /// The granule's first second.
    pub start: Second,
    /// The last record that was counted before, and now.
    pub from: Option<String>,
    /// The last record that is counted now.
    pub to: String,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// When it happened by the function's clock.
    pub written_at: DateTime<Utc>,
}

/// The items, and what was there before each one's last write.
#[derive(Debug, Default)]
pub struct CountsTable {
    /// The items by partition and key.
    pub items: BTreeMap<(String, String), Item>,
    before: BTreeMap<(String, String), (Duration, Option<Item>)>,
    /// Every write of a granule.
    pub counted: Vec<Counted>,
}

impl CountsTable {
    fn put(&mut self, item: &Item, expected: Expected<'_>, world: &World) -> bool {
        let key = (item.partition.clone(), item.key.clone());
        let present = self.items.get(&key).map(|i| i.revision.as_str());
        let holds = match expected {
            Expected::Anything => true,
            Expected::Nothing => present.is_none(),
            Expected::Revision(revision) => present == Some(revision),
        };
        if holds {
            self.note(item, present.map(str::to_owned), world);
            let before = self.items.insert(key.clone(), item.clone());
            self.before.insert(key, (world.elapsed(), before));
        }
        holds
    }

    fn note(&mut self, item: &Item, from: Option<String>, world: &World) {
        let Some((_, shard)) = item.partition.split_once('#') else {
            return;
        };
        let start = Second::new(item.key.parse().expect("a granule's key"));
        let last = model::SequenceNumber::parse(&item.revision).expect("a granule's revision");
        let measure = world.plan.rule.count();
        let granule = Granule::from_bytes(start, last, &item.body, measure).expect("a granule");
        self.counted.push(Counted {
            shard: shard.to_owned(),
            start,
            from,
            to: item.revision.clone(),
            at: world.now(),
            written_at: granule.written_at(),
        });
    }

    /// The item as a read sees it that need not be consistent.
    fn seen(&self, item: &Item, world: &World) -> Option<Item> {
        let key = (item.partition.clone(), item.key.clone());
        let (at, before) = self.before.get(&key)?;
        let fresh = world.elapsed() < *at + STALENESS;
        if fresh && world.strikes(Fault::Stale, Service::Counts, 300) {
            return before.clone();
        }
        Some(item.clone())
    }
}

impl surge::Table for Client {
    async fn read(&self, partition: &str, keys: Keys<'_>) -> Result<Vec<Item>, CallError> {
        let first = (partition.to_owned(), keys.first.to_owned());
        let last = (partition.to_owned(), keys.last.to_owned());
        let (only, consistent) = (keys.only, keys.consistent);
        let what = || format!("read {partition} {}..{}", keys.first, keys.last);
        let read = move |world: &World, _: Extent| {
            let table = lock(&world.counts);
            let mut range = table.items.range(first..=last).map(|(_, item)| item);
            let mut found: Vec<Item> = match only {
                None => range.cloned().collect(),
                Some(End::First) => range.take(1).cloned().collect(),
                Some(End::Last) => range.next_back().into_iter().cloned().collect(),
            };
            if !consistent {
                found = found
                    .iter()
                    .filter_map(|item| table.seen(item, world))
                    .collect();
            }
            found
        };
        let to = (Service::Counts, 1);
        self.world.call(&self.process, to, what, read).await
    }

    async fn write(&self, item: &Item, expected: Expected<'_>) -> Result<bool, CallError> {
        let what = || {
            format!(
                "put {} {} in the place of {expected:?}",
                item.partition, item.key
            )
        };
        let (put, revision) = (
            item.clone(),
            match expected {
                Expected::Revision(revision) => Some(revision.to_owned()),
                _ => None,
            },
        );
        let anything = expected == Expected::Anything;
        let write = move |world: &World, _: Extent| {
            let expected = match &revision {
                Some(revision) => Expected::Revision(revision),
                None if anything => Expected::Anything,
                None => Expected::Nothing,
            };
            lock(&world.counts).put(&put, expected, world)
        };
        let to = (Service::Counts, 1);
        self.world.call(&self.process, to, what, write).await
    }
}
