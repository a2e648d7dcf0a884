//! What a driver carries out, and what it feeds back.

use std::sync::Arc;

use crate::discarded::Discarded;
use crate::event::Record;
#[cfg(doc)]
use crate::mapping::Mapping;
use crate::position::{Checkpoints, Position, ShardId};

/// Something for the driver to carry out, in the order given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// List the stream's shards; answer with [`Mapping::shards`]. If it fails, don't
    /// answer: it is asked for again.
    List,
    /// Read on in a shard; answer with [`Mapping::records`], always.
    ///
    /// Each read of a shard goes on where the one before ended, so an iterator may be
    /// kept; `from` is for when there is none.
    Read {
        /// The shard.
        shard: ShardId,
        /// Where to get an iterator.
        from: Position,
        /// How many records to read at most, 1 to 10,000.
        limit: usize,
    },
    /// Invoke the function; answer with [`Mapping::answered`].
    Invoke(Invocation),
    /// Send this to the on-failure destination, or drop it if there is none. Only
    /// then carry out what follows: a checkpoint behind it says that it is done with.
    Discard(Discarded),
    /// Keep these checkpoints in place of the ones before.
    Checkpoint(Checkpoints),
}

/// Names one invocation among all of a mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InvocationId(pub(crate) u64);

/// A batch to invoke the function with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// Names it in the answer.
    pub id: InvocationId,
    /// The records' shard.
    pub shard: ShardId,
    /// The records, at least one, in the shard's order.
    pub records: Arc<[Record]>,
    /// The payload: the event as JSON.
    pub event: String,
}

/// What a read gave. A read that failed, or found the stream throttled, gave the
/// default: nothing.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// The records, in the shard's order.
    pub records: Vec<Record>,
    /// There is more right now: `MillisBehindLatest` is not 0.
    pub behind: bool,
    /// The shard is closed and read to its end, or gone: there is no
    /// `NextShardIterator`.
    pub ended: bool,
}
