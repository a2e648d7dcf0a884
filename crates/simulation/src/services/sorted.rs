//! Sorted tables with conditional puts and reads that may be stale: what `surge`'s and
//! `traffic`'s have in common.

use std::collections::BTreeMap;
use std::sync::MutexGuard;
use std::time::Duration;

use function::delivery::CallError;
use function::table::{End, Expected, Item, Keys};

use crate::call::Extent;
use crate::faults::{Fault, Service};
use crate::services::Client;
use crate::world::World;

/// How long a read that need not be consistent may see what was there before.
const STALENESS: Duration = Duration::from_secs(1);

/// The items, and what was there before each one's last write.
#[derive(Debug, Default)]
pub struct Sorted {
    /// The items by partition and key.
    pub items: BTreeMap<(String, String), Item>,
    before: BTreeMap<(String, String), (Duration, Option<Item>)>,
}

/// A table of the world's.
pub(super) trait Kept: 'static {
    /// Which service it is.
    const SERVICE: Service;

    /// Where it is.
    fn of(world: &World) -> MutexGuard<'_, Self>;

    /// Its items.
    fn sorted(&mut self) -> &mut Sorted;

    /// Notes that an invocation has written an item in the place of another.
    fn note(&mut self, world: &World, by: u64, item: &Item, before: Option<&Item>);
}

impl Sorted {
    fn holds(&self, item: &Item, expected: Expected<'_>) -> bool {
        let key = (item.partition.clone(), item.key.clone());
        let present = self.items.get(&key).map(|i| i.revision.as_str());
        match expected {
            Expected::Anything => true,
            Expected::Nothing => present.is_none(),
            Expected::Revision(revision) => present == Some(revision),
        }
    }

    fn put(&mut self, item: &Item, world: &World) -> Option<Item> {
        let key = (item.partition.clone(), item.key.clone());
        let before = self.items.insert(key.clone(), item.clone());
        self.before.insert(key, (world.elapsed(), before.clone()));
        before
    }

    /// The item as a read sees it that need not be consistent.
    fn seen(&self, item: &Item, world: &World, service: Service) -> Option<Item> {
        let key = (item.partition.clone(), item.key.clone());
        let (at, before) = self.before.get(&key)?;
        let fresh = world.elapsed() < *at + STALENESS;
        if fresh && world.strikes(Fault::Stale, service, 300) {
            return before.clone();
        }
        Some(item.clone())
    }
}

pub(super) async fn read<T: Kept>(
    client: &Client,
    partition: &str,
    keys: Keys<'_>,
) -> Result<Vec<Item>, CallError> {
    let first = (partition.to_owned(), keys.first.to_owned());
    let last = (partition.to_owned(), keys.last.to_owned());
    let (only, consistent) = (keys.only, keys.consistent);
    let what = || format!("read {partition} {}..{}", keys.first, keys.last);
    let read = move |world: &World, _: Extent| {
        let mut table = T::of(world);
        let table = table.sorted();
        let mut range = table.items.range(first..=last).map(|(_, item)| item);
        let mut found: Vec<Item> = match only {
            None => range.cloned().collect(),
            Some(End::First) => range.take(1).cloned().collect(),
            Some(End::Last) => range.next_back().into_iter().cloned().collect(),
        };
        if !consistent {
            found = found
                .iter()
                .filter_map(|item| table.seen(item, world, T::SERVICE))
                .collect();
        }
        found
    };
    let to = (T::SERVICE, 1);
    client.world.call(&client.process, to, what, read).await
}

pub(super) async fn write<T: Kept>(
    client: &Client,
    item: &Item,
    expected: Expected<'_>,
) -> Result<bool, CallError> {
    let what = || {
        format!(
            "put {} {} in the place of {expected:?}",
            item.partition, item.key
        )
    };
    let (put, by) = (item.clone(), client.process.invocation());
    let revision = match expected {
        Expected::Revision(revision) => Some(revision.to_owned()),
        _ => None,
    };
    let anything = expected == Expected::Anything;
    let write = move |world: &World, _: Extent| {
        let expected = match &revision {
            Some(revision) => Expected::Revision(revision),
            None if anything => Expected::Anything,
            None => Expected::Nothing,
        };
        let mut table = T::of(world);
        let holds = table.sorted().holds(&put, expected);
        if holds {
            let before = table.sorted().put(&put, world);
            table.note(world, by, &put, before.as_ref());
        }
        holds
    };
    let to = (T::SERVICE, 1);
    client.world.call(&client.process, to, what, write).await
}
