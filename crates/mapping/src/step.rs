//! What a step of a shard works with, and how it tells the driver what to do.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::action::{Action, Invocation, InvocationId};
use crate::batch::Batch;
use crate::discarded::{Condition, Discarded};
use crate::event::event_json;
use crate::position::{Checkpoints, Progress, ShardId};
use crate::settings::Rules;

/// A moment, and what is the mapping's own, not one shard's.
pub(crate) struct Step<'a> {
    pub(crate) rules: &'a Rules,
    pub(crate) now: DateTime<Utc>,
    pub(crate) random: &'a mut dyn FnMut() -> f64,
    pub(crate) checkpoints: &'a mut Checkpoints,
    pub(crate) last_invocation: &'a mut u64,
    pub(crate) actions: &'a mut Vec<Action>,
}

impl Step<'_> {
    /// Invokes the function.
    pub(crate) fn invoke(&mut self, shard: &ShardId, batch: &Batch) -> InvocationId {
        *self.last_invocation += 1;
        let id = InvocationId(*self.last_invocation);
        self.actions.push(Action::Invoke(Invocation {
            id,
            shard: shard.clone(),
            records: Arc::clone(&batch.records),
            event: event_json(&self.rules.source, shard, &batch.records),
        }));
        id
    }

    /// Gives a batch up. The checkpoint comes behind it, so that a driver that dies
    /// between the two loses nothing.
    pub(crate) fn discard(&mut self, shard: &ShardId, batch: Batch, condition: Condition) {
        let last = batch.records.last().map(|r| r.sequence_number.clone());
        let of = (&self.rules.source, shard);
        let discarded = Discarded::new(of, batch, condition, self.now, self.random);
        self.actions.push(Action::Discard(discarded));
        if let Some(last) = last {
            self.checkpoint(shard, Progress::After(last));
        }
    }

    /// Takes note of how far a shard is done with. What the driver is to keep is as it
    /// was at this point of the actions: later ones are not carried out yet.
    pub(crate) fn checkpoint(&mut self, shard: &ShardId, progress: Progress) {
        self.checkpoints.shards.insert(shard.clone(), progress);
        let checkpoints = self.checkpoints.clone();
        self.actions.push(Action::Checkpoint(checkpoints));
    }
}
