//! The table of `surge`, and which records its granules have counted.

use std::sync::MutexGuard;

use chrono::{DateTime, Utc};
use function::delivery::CallError;
use model::Second;
use surge::{Expected, Granule, Item, Keys};

use crate::faults::Service;
use crate::services::Client;
use crate::services::sorted::{self, Kept, Sorted};
use crate::world::{World, lock};

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

/// The items, and how they came.
#[derive(Debug, Default)]
pub struct CountsTable {
    /// The items.
    pub sorted: Sorted,
    /// Every write of a granule.
    pub counted: Vec<Counted>,
}

impl Kept for CountsTable {
    const SERVICE: Service = Service::Counts;

    fn of(world: &World) -> MutexGuard<'_, Self> {
        lock(&world.counts)
    }

    fn sorted(&mut self) -> &mut Sorted {
        &mut self.sorted
    }

    fn note(&mut self, world: &World, _: u64, item: &Item, before: Option<&Item>) {
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
            from: before.map(|before| before.revision.clone()),
            to: item.revision.clone(),
            at: world.now(),
            written_at: granule.written_at(),
        });
    }
}

impl surge::Table for Client {
    async fn read(&self, partition: &str, keys: Keys<'_>) -> Result<Vec<Item>, CallError> {
        sorted::read::<CountsTable>(self, partition, keys).await
    }

    async fn write(&self, item: &Item, expected: Expected<'_>) -> Result<bool, CallError> {
        sorted::write::<CountsTable>(self, item, expected).await
    }
}
