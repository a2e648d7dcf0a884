//! The table of `traffic`: how far each source is counted, and what of it is not published.

use std::sync::MutexGuard;

use function::delivery::CallError;
use function::table::{Expected, Item, Keys, Table};
use serde_json::Value;
use traffic::Part;

use crate::faults::Service;
use crate::services::Client;
use crate::services::sorted::{self, Kept, Sorted};
use crate::world::{World, lock};

/// One process's way to it.
#[derive(Debug, Clone)]
pub struct Marks(pub Client);

/// Lines or records of a source that count from now on.
#[derive(Debug, Clone)]
pub struct Commit {
    /// The source.
    pub partition: String,
    /// The last line or record that counted before.
    pub from: u64,
    /// The last one that counts now.
    pub to: u64,
    /// Whether nothing is behind it.
    pub is_whole: bool,
    /// What they come to.
    pub parts: Vec<Part>,
}

/// The items, and how they came.
#[derive(Debug, Default)]
pub struct MarksTable {
    sorted: Sorted,
    /// Every marker that counted more than the one before it.
    pub commits: Vec<Commit>,
}

/// A marker, as far as its words are those of the documentation.
#[derive(Debug)]
struct Marker {
    to: u64,
    is_whole: bool,
    attempt: String,
    parts: usize,
}

impl Marker {
    fn of(item: &Item) -> Self {
        let json: Value = serde_json::from_slice(&item.body).expect("a marker is JSON");
        let done = json["done"].as_str().unwrap_or("0");
        Self {
            to: done.parse().expect("a small number"),
            is_whole: json["whole"] == true,
            attempt: json["attempt"].as_str().unwrap_or_default().to_owned(),
            parts: json["parts"].as_u64().unwrap_or_default() as usize,
        }
    }
}

impl MarksTable {
    /// The bodies of an attempt's parts that are not published.
    fn left(&self, partition: &str, attempt: &str) -> Vec<&[u8]> {
        let prefix = format!("part/{attempt}/");
        let first = (partition.to_owned(), prefix.clone());
        let of = self.sorted.items.range(first..);
        let of = of.take_while(|((p, key), _)| p == partition && key.starts_with(&prefix));
        let bodies = of.map(|(_, item)| item.body.as_slice());
        bodies.filter(|body| !body.is_empty()).collect()
    }

    /// All sources' partitions whose last commit is not published.
    #[must_use]
    pub fn unpublished(&self) -> Vec<&str> {
        let markers = self
            .sorted
            .items
            .values()
            .filter(|item| item.key == "marker");
        let left = markers.filter(|item| {
            let marker = Marker::of(item);
            !self.left(&item.partition, &marker.attempt).is_empty()
        });
        left.map(|item| item.partition.as_str()).collect()
    }

    fn commit(&mut self, world: &World, item: &Item, before: Option<&Item>) {
        let (marker, before) = (Marker::of(item), before.map(Marker::of));
        let mut from = 0;
        if let Some(before) = before {
            if before.attempt == marker.attempt {
                return;
            }
            if !self.left(&item.partition, &before.attempt).is_empty() {
                let wrong = format!("{}: more is counted while parts are left", item.partition);
                world.wrong(wrong);
            }
            from = before.to;
        }
        let left = self.left(&item.partition, &marker.attempt);
        if left.len() != marker.parts || marker.to < from {
            world.wrong(format!(
                "{}: {marker:?} in the place of one up to {from}, with {} parts",
                item.partition,
                left.len()
            ));
        }
        let part = |body: &&[u8]| Part::from_bytes(body).expect("a part");
        self.commits.push(Commit {
            partition: item.partition.clone(),
            from,
            to: marker.to,
            is_whole: marker.is_whole,
            parts: left.iter().map(part).collect(),
        });
    }
}

impl Kept for MarksTable {
    const SERVICE: Service = Service::Marks;

    fn of(world: &World) -> MutexGuard<'_, Self> {
        lock(&world.logs.marks)
    }

    fn sorted(&mut self) -> &mut Sorted {
        &mut self.sorted
    }

    fn note(&mut self, world: &World, by: u64, item: &Item, before: Option<&Item>) {
        if item.key == "marker" {
            self.commit(world, item, before);
        }
        if let Some(before) = before.filter(|_| item.body.is_empty()) {
            let mut published = lock(&world.logs.published);
            let mine = published
                .iter_mut()
                .filter(|p| p.invocation == by && p.answered && p.bytes == before.body);
            mine.for_each(|publication| publication.noted = true);
        }
    }
}

impl Table for Marks {
    async fn read(&self, partition: &str, keys: Keys<'_>) -> Result<Vec<Item>, CallError> {
        sorted::read::<MarksTable>(&self.0, partition, keys).await
    }

    async fn write(&self, item: &Item, expected: Expected<'_>) -> Result<bool, CallError> {
        sorted::write::<MarksTable>(&self.0, item, expected).await
    }
}
