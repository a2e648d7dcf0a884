//! The mapping: which shards there are, and what a driver feeds and asks.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use crate::action::{Action, InvocationId, Page};
use crate::outcome::Outcome;
use crate::position::{Checkpoints, Position, Progress, ShardId, ShardInfo};
use crate::settings::{Rules, SettingError, Settings};
use crate::shard::Shard;
use crate::step::Step;

/// How often the shards are listed. At a shard's end, when its children are wanted,
/// they are listed at once.
const LIST_EVERY: TimeDelta = TimeDelta::seconds(10);

/// An event source mapping of one Kinesis stream and one function.
///
/// It does nothing by itself. A driver asks [`next`](Self::next) what to do, does it,
/// feeds the answers, and asks again after each and at [`wake_at`](Self::wake_at).
#[derive(Debug)]
pub struct Mapping {
    rules: Rules,
    checkpoints: Checkpoints,
    shards: BTreeMap<ShardId, Shard>,
    list_at: DateTime<Utc>,
    last_invocation: u64,
    /// The checkpoints changed by what is no step of a shard.
    unsaved: bool,
}

impl Mapping {
    /// A mapping that goes on from `checkpoints`; those of a new one are the default.
    ///
    /// # Errors
    ///
    /// If AWS would refuse a setting.
    pub fn new(settings: Settings, checkpoints: Checkpoints) -> Result<Self, SettingError> {
        Ok(Self {
            rules: settings.try_into()?,
            checkpoints,
            shards: BTreeMap::new(),
            list_at: DateTime::<Utc>::MIN_UTC,
            last_invocation: 0,
            unsaved: false,
        })
    }

    /// Takes in the complete list of the stream's shards, open and closed.
    pub fn shards(&mut self, listed: &[ShardInfo], now: DateTime<Utc>) {
        let rules = &self.rules;
        let start = self.checkpoints.start.get_or_insert_with(|| {
            self.unsaved = true;
            Position::of(rules.start, now)
        });
        for info in listed {
            let (position, done) = match self.checkpoints.shards.get(&info.id) {
                Some(Progress::After(last)) => (Position::After(last.clone()), false),
                Some(Progress::Ended) => (start.clone(), true),
                None => (start.clone(), false),
            };
            let shard = || Shard::new(info.id.clone(), info.parents.clone(), position, done);
            self.shards.entry(info.id.clone()).or_insert_with(shard);
        }
        // Past the stream's retention, a shard that is done with leaves the list.
        let listed: BTreeSet<_> = listed.iter().map(|info| &info.id).collect();
        self.shards
            .retain(|id, shard| !shard.done || listed.contains(id));
        let before = self.checkpoints.shards.len();
        self.checkpoints
            .shards
            .retain(|id, progress| *progress != Progress::Ended || listed.contains(id));
        self.unsaved |= self.checkpoints.shards.len() < before;
    }

    /// Takes in what the read of a shard gave.
    pub fn records(&mut self, shard: &ShardId, page: Page, now: DateTime<Utc>) {
        if let Some(shard) = self.shards.get_mut(shard) {
            shard.read(page, &self.rules, now);
        }
    }

    /// Takes in an invocation's outcome. One that comes after the function's timeout
    /// is too late: the batch has failed.
    pub fn answered(&mut self, invocation: InvocationId, outcome: &Outcome) {
        for shard in self.shards.values_mut() {
            if shard.answered(invocation, outcome) {
                return;
            }
        }
    }

    /// What to do now. `random` gives numbers of 0 to 1, evenly spread.
    pub fn next(&mut self, now: DateTime<Utc>, random: &mut dyn FnMut() -> f64) -> Vec<Action> {
        let mut actions = Vec::new();
        if self.unsaved {
            self.unsaved = false;
            actions.push(Action::Checkpoint(self.checkpoints.clone()));
        }
        let ready: Vec<ShardId> = self.ready().map(|(id, _)| id.clone()).collect();
        let mut ended = false;
        for id in ready {
            let shard = self.shards.get_mut(&id).expect("it was just found");
            shard.step(&mut Step {
                rules: &self.rules,
                now,
                random: &mut *random,
                checkpoints: &mut self.checkpoints,
                last_invocation: &mut self.last_invocation,
                actions: &mut actions,
            });
            ended |= shard.done;
        }
        if ended || self.list_at <= now {
            self.list_at = now + LIST_EVERY;
            actions.push(Action::List);
        }
        actions
    }

    /// When to ask [`next`](Self::next) again if no answer comes before; a time past
    /// means at once.
    #[must_use]
    pub fn wake_at(&self) -> DateTime<Utc> {
        let shards = self.ready().filter_map(|(_, s)| s.wake_at(&self.rules));
        let first = shards.min().unwrap_or(self.list_at).min(self.list_at);
        if self.unsaved {
            DateTime::<Utc>::MIN_UTC
        } else {
            first
        }
    }

    /// The shards to work on: not done with, and their parents are. A parent that is
    /// not listed any more is past the stream's retention.
    ///
    /// Source: <https://docs.aws.amazon.com/streams/latest/dev/kinesis-using-sdk-java-after-resharding.html>
    fn ready(&self) -> impl Iterator<Item = (&ShardId, &Shard)> {
        let done = |id: &ShardId| self.shards.get(id).is_none_or(|parent| parent.done);
        let shards = self.shards.iter();
        shards.filter(move |(_, shard)| !shard.done && shard.parents.iter().all(done))
    }
}
