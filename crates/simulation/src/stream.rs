//! A Kinesis stream in memory: shards that split and merge, records that stay.

use chrono::{DateTime, Utc};
use fastrand::Rng;
use mapping::{Page, Position, Record, ShardId, ShardInfo};
use model::SequenceNumber;

/// A shard takes a part of the keys' hashes.
#[derive(Debug, Clone)]
pub struct Shard {
    /// Its id.
    pub id: ShardId,
    /// What it came from.
    pub parents: Vec<ShardId>,
    /// The hashes that it takes: from the first on, before the second.
    pub range: (u32, u32),
    /// Whether it takes no more records.
    pub closed: bool,
    /// Its records.
    pub records: Vec<Record>,
}

/// A stream.
#[derive(Debug, Clone)]
pub struct Stream {
    /// All its shards, open and closed.
    pub shards: Vec<Shard>,
    next: u64,
}

/// One more than the highest hash.
const HASHES: u32 = 1 << 16;

impl Stream {
    /// A stream of some shards that share the hashes.
    #[must_use]
    pub fn new(shards: u32) -> Self {
        let mut stream = Self {
            shards: Vec::new(),
            // Numbers soon have a digit more: those who compare them as texts fail.
            next: 97,
        };
        let bound = |n: u32| HASHES / shards * n;
        for n in 0..shards {
            let end = if n + 1 == shards {
                HASHES
            } else {
                bound(n + 1)
            };
            stream.open((bound(n), end), Vec::new());
        }
        stream
    }

    fn open(&mut self, range: (u32, u32), parents: Vec<ShardId>) {
        self.shards.push(Shard {
            id: format!("shardId-{:012}", self.shards.len()).into(),
            parents,
            range,
            closed: false,
            records: Vec::new(),
        });
    }

    /// Takes a record. Its shard and number.
    ///
    /// # Panics
    /// Never: every hash has an open shard.
    pub fn put(
        &mut self,
        key: &str,
        data: Vec<u8>,
        arrived_at: DateTime<Utc>,
    ) -> (ShardId, SequenceNumber) {
        let hash = key.bytes().fold(7_u32, |hash, byte| {
            hash.wrapping_mul(16_777_619) ^ u32::from(byte)
        });
        let hash = (hash >> 8) % HASHES;
        self.next += 1;
        let number = SequenceNumber::parse(&self.next.to_string()).expect("digits");
        let takes = |s: &&mut Shard| !s.closed && (s.range.0..s.range.1).contains(&hash);
        let shard = self
            .shards
            .iter_mut()
            .find(takes)
            .expect("every hash has a shard");
        shard.records.push(Record {
            sequence_number: number.clone(),
            partition_key: key.to_owned(),
            arrived_at,
            data,
        });
        (shard.id.clone(), number)
    }

    /// Splits a shard. Whether there was one to split.
    pub fn split(&mut self, rng: &mut Rng) -> bool {
        let open = self.open_shards();
        let Some(index) = rng.choice(open) else {
            return false;
        };
        let (from, to) = self.shards[index].range;
        if to - from < 2 || self.open_shards().len() >= 4 {
            return false;
        }
        let middle = rng.u32(from + 1..to);
        let parent = self.close(index);
        self.open((from, middle), vec![parent.clone()]);
        self.open((middle, to), vec![parent]);
        true
    }

    /// Merges two neighbours. Whether there were two.
    pub fn merge(&mut self, rng: &mut Rng) -> bool {
        let open = self.open_shards();
        let follows = |a: usize, b: usize| self.shards[a].range.1 == self.shards[b].range.0;
        let pairs = open.iter().flat_map(|a| open.iter().map(|b| (*a, *b)));
        let neighbours: Vec<_> = pairs.filter(|(a, b)| follows(*a, *b)).collect();
        let Some((a, b)) = rng.choice(neighbours) else {
            return false;
        };
        let range = (self.shards[a].range.0, self.shards[b].range.1);
        let parents = vec![self.close(a), self.close(b)];
        self.open(range, parents);
        true
    }

    fn open_shards(&self) -> Vec<usize> {
        (0..self.shards.len())
            .filter(|i| !self.shards[*i].closed)
            .collect()
    }

    fn close(&mut self, index: usize) -> ShardId {
        self.shards[index].closed = true;
        self.shards[index].id.clone()
    }

    /// The shards as `ListShards` gives them.
    #[must_use]
    pub fn list(&self) -> Vec<ShardInfo> {
        let info = |shard: &Shard| ShardInfo {
            id: shard.id.clone(),
            parents: shard.parents.clone(),
        };
        self.shards.iter().map(info).collect()
    }

    /// What a read gives; `None` while there is nothing new and the shard is open.
    #[must_use]
    pub fn read(&self, id: &ShardId, from: &Position, limit: usize) -> Option<Page> {
        let shard = self.shards.iter().find(|s| s.id == *id)?;
        let start = match from {
            Position::TrimHorizon => 0,
            Position::At(time) => shard.records.partition_point(|r| r.arrived_at < *time),
            Position::After(last) => shard
                .records
                .partition_point(|r| r.sequence_number <= *last),
        };
        let new = &shard.records[start..];
        let taken = &new[..new.len().min(limit)];
        let more = new.len() > taken.len();
        let ended = shard.closed && !more;
        (!taken.is_empty() || ended).then(|| Page {
            records: taken.to_vec(),
            behind: more,
            ended,
        })
    }

    /// All records, with their shards.
    pub fn records(&self) -> impl Iterator<Item = (&Shard, &Record)> {
        let of = |shard| {
            let shard: &Shard = shard;
            shard.records.iter().map(move |record| (shard, record))
        };
        self.shards.iter().flat_map(of)
    }
}
