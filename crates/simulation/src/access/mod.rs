//! Access logs: what visitors did, as edges write it down, and how it comes to `traffic`:
//! objects whose notifications go through a queue, and records of a stream.

mod edges;
mod log;
mod queue;
pub mod recount;

use std::sync::Mutex;
use std::time::Duration;

use fastrand::Rng;
use mapping::ShardId;
use model::SequenceNumber;
use traffic::{Counts, Hosts, Rules};

use crate::services::{Bucket, MarksTable, Publication};
use crate::stream::Stream;

pub use edges::{keep, write};
pub use log::{Format, Line, Request, Tells};
pub use queue::{Notification, Notifications, poll, redrive};

/// How the logs of a world are.
#[derive(Debug, Clone)]
pub struct Access {
    /// What is written.
    pub format: Format,
    /// Whether `traffic` is told so, or finds out.
    pub is_told: bool,
    /// Whether the bucket keeps versions of its objects.
    pub keeps_versions: bool,
    /// How many objects there are,
    pub objects: u32,
    /// and how many of them are larger than what is counted at a time.
    pub large: u32,
    /// How many records the stream gets.
    pub records: u32,
    /// How many messages a batch holds at most.
    pub batch: usize,
    /// How long a message that was received stays out of sight.
    pub visibility: Duration,
    /// After so many receives a message goes to the dead-letter queue.
    pub receives: u32,
    /// How many shards the stream has at first.
    pub shards: u32,
}

impl Access {
    /// What chance decides for the worlds that have access logs.
    #[must_use]
    pub fn of(seed: u64, rng: &mut Rng) -> Option<Self> {
        (seed % 8 == 3).then(|| Self {
            format: if rng.bool() {
                Format::CloudFront
            } else {
                Format::Combined
            },
            is_told: rng.u32(0..3) > 0,
            keeps_versions: rng.bool(),
            objects: rng.u32(2..8),
            large: rng.u32(0..2),
            records: rng.u32(0..12),
            batch: *rng.choice(&[1, 3, 10]).expect("one"),
            visibility: Duration::from_secs(*rng.choice(&[140, 300, 725]).expect("one")),
            receives: *rng.choice(&[2, 3, 60]).expect("one"),
            shards: rng.u32(1..4),
        })
    }

    /// What `traffic` is told.
    ///
    /// # Panics
    /// Never: the names are those of a format and of hosts.
    #[must_use]
    pub fn rules(&self) -> Rules {
        let log = model::Log::named(self.format.name()).expect("a format");
        Rules {
            log: self.is_told.then_some(log),
            hosts: Hosts::parse(log::HOST).expect("a host"),
            ..Rules::default()
        }
    }
}

/// What becomes of them.
#[derive(Debug)]
pub struct Logs {
    /// The stream of requests.
    pub stream: Mutex<Stream>,
    /// What each record of it carries.
    pub records: Mutex<Vec<(ShardId, SequenceNumber, Vec<Line>)>>,
    /// The bucket.
    pub bucket: Mutex<Bucket>,
    /// The queue of notifications.
    pub queue: Mutex<Notifications>,
    /// The table of what is counted.
    pub marks: Mutex<MarksTable>,
    /// What CloudWatch took.
    pub published: Mutex<Vec<Publication>>,
    /// What invocations said that they did.
    pub counts: Mutex<Vec<Counts>>,
}

impl Logs {
    /// Nothing yet.
    #[must_use]
    pub fn new(plan: Option<&Access>) -> Self {
        Self {
            stream: Mutex::new(Stream::new(plan.map_or(1, |plan| plan.shards))),
            records: Mutex::default(),
            bucket: Mutex::default(),
            queue: Mutex::default(),
            marks: Mutex::default(),
            published: Mutex::default(),
            counts: Mutex::default(),
        }
    }
}
