//! Where a shard is read, and what is kept of it across restarts.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use model::SequenceNumber;
use serde::{Deserialize, Serialize};

use crate::settings::Start;

/// A shard's id, `shardId-000000000006`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ShardId(String);

impl ShardId {
    /// The id as Kinesis gives it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<T: Into<String>> From<T> for ShardId {
    fn from(id: T) -> Self {
        Self(id.into())
    }
}

impl fmt::Display for ShardId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A shard as `ListShards` gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShardInfo {
    /// Its id.
    pub id: ShardId,
    /// `ParentShardId` and `AdjacentParentShardId`: none, one after a split, two
    /// after a merge.
    pub parents: Vec<ShardId>,
}

/// Where to read on in a shard: what `GetShardIterator` is asked for.
///
/// There is no `LATEST` here. An iterator of that kind means another place each time
/// it is asked for, and what arrives between two of them is lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Position {
    /// `TRIM_HORIZON`.
    TrimHorizon,
    /// `AT_TIMESTAMP`.
    At(DateTime<Utc>),
    /// `AFTER_SEQUENCE_NUMBER`.
    After(SequenceNumber),
}

impl Position {
    /// Where all shards of a stream begin that is first looked at `now`.
    ///
    /// Rounded down: arrival times may have whole seconds only.
    pub(crate) fn of(start: Start, now: DateTime<Utc>) -> Self {
        match start {
            Start::TrimHorizon => Self::TrimHorizon,
            Start::Latest => Self::At(now.duration_trunc(TimeDelta::seconds(1)).unwrap_or(now)),
            Start::AtTimestamp(time) => Self::At(time),
        }
    }
}

/// How far a shard is done with: delivered with success, or discarded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Progress {
    /// Up to this record.
    After(SequenceNumber),
    /// To its end: its children may be read.
    Ended,
}

/// All that has to be kept to go on after a restart. Plain data, for serde.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoints {
    /// Where shards begin of which nothing is known yet; `None` before the first
    /// list of shards.
    pub start: Option<Position>,
    /// How far each shard is done with.
    pub shards: BTreeMap<ShardId, Progress>,
}
