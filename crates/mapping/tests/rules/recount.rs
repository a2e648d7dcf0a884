//! What must hold however a run went, recounted from its log alone.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use mapping::{Checkpoints, Condition, Discarded, Invocation, InvocationId, Outcome, Progress};
use mapping::{Settings, ShardId};

use crate::driver::{Event, World, numbers};

/// A shard as the log has it so far.
#[derive(Default)]
struct Seen {
    in_flight: Option<(DateTime<Utc>, InvocationId, Vec<u64>)>,
    first_deliveries: Vec<u64>,
    /// Failed invocations since a batch was last done with.
    failures: i64,
    /// The same, of each batch.
    batches: BTreeMap<Vec<u64>, i64>,
}

struct Recount<'a> {
    world: &'a World,
    settings: &'a Settings,
    shards: BTreeMap<ShardId, Seen>,
    /// Succeeded or discarded.
    dealt_with: BTreeSet<u64>,
}

/// Goes through the log, and panics where a rule is broken.
pub(crate) fn check(world: &World, settings: &Settings) {
    let mut recount = Recount {
        world,
        settings,
        shards: BTreeMap::new(),
        dealt_with: BTreeSet::new(),
    };
    for (now, event) in &world.log {
        match event {
            Event::Read => {}
            Event::Invoked(invocation) => recount.invoked(*now, invocation),
            Event::Answered(id, outcome) => recount.answered(*now, *id, outcome),
            Event::Discarded(batch) => recount.discarded(batch),
            Event::Saved(all) => recount.saved(all),
            Event::Died => recount.shards.values_mut().for_each(|seen| {
                seen.in_flight = None;
                seen.failures = 0;
                seen.batches.clear();
            }),
        }
    }
    recount.end();
}

impl Recount<'_> {
    fn timeout(&self) -> TimeDelta {
        TimeDelta::seconds(self.settings.function_timeout_seconds)
    }

    fn records(&self, shard: &ShardId) -> Vec<u64> {
        numbers(&self.world.stream[shard].records)
    }

    fn invoked(&mut self, now: DateTime<Utc>, invocation: &Invocation) {
        let sent = numbers(&invocation.records);
        for parent in &self.world.stream[&invocation.shard].parents {
            let before = self.records(parent);
            let ended = before.iter().all(|n| self.dealt_with.contains(n));
            let closed = self.world.stream[parent]
                .closed_at
                .is_some_and(|t| t <= now);
            assert!(ended && closed, "a child before its parent's end");
        }
        let limit = usize::try_from(self.settings.batch_size).expect("in range");
        assert!((1..=limit).contains(&sent.len()), "batch size");
        assert!(invocation.event.len() <= 6 * 1024 * 1024, "payload");
        let all = self.records(&invocation.shard);
        let begin = all.iter().position(|n| *n == sent[0]).expect("its own");
        assert_eq!(all[begin..begin + sent.len()], sent, "a gap in a batch");
        if self.settings.maximum_record_age_seconds > 0 {
            let age = TimeDelta::seconds(self.settings.maximum_record_age_seconds);
            assert!(now - invocation.records[0].arrived_at <= age, "too old");
        }

        self.time_out(&invocation.shard, now);
        let seen = self.shards.entry(invocation.shard.clone()).or_default();
        assert!(seen.in_flight.is_none(), "two batches in flight");
        for n in &sent {
            if seen.first_deliveries.last().is_none_or(|last| n > last) {
                seen.first_deliveries.push(*n);
            } else {
                assert!(
                    seen.first_deliveries.contains(n),
                    "a record was jumped over"
                );
            }
        }
        seen.in_flight = Some((now, invocation.id, sent));
    }

    /// An invocation without an answer has failed by its timeout.
    fn time_out(&mut self, shard: &ShardId, now: DateTime<Utc>) {
        let timeout = self.timeout();
        let seen = self.shards.entry(shard.clone()).or_default();
        if let Some((_, _, batch)) = seen.in_flight.take_if(|(at, _, _)| *at + timeout <= now) {
            self.failed(shard, batch);
        }
    }

    fn answered(&mut self, now: DateTime<Utc>, id: InvocationId, outcome: &Outcome) {
        let timeout = self.timeout();
        let mine = |seen: &mut Seen| {
            let on_time = |(at, mine, _): &mut (_, _, _)| *mine == id && now - *at <= timeout;
            seen.in_flight.take_if(on_time)
        };
        let mut shards = self.shards.iter_mut();
        let Some((shard, (_, _, batch))) =
            shards.find_map(|(s, seen)| Some((s.clone(), mine(seen)?)))
        else {
            return;
        };
        let text = match outcome {
            Outcome::Returned(payload) => String::from_utf8_lossy(payload).into_owned(),
            Outcome::FunctionError => return self.failed(&shard, batch),
            Outcome::NotInvoked => return,
        };
        // The test function names numbers of the batch, or one that is in none.
        let named: Vec<u64> = (text.split('"').filter(|part| part.len() == 56))
            .map(|part| part.parse().expect("a number"))
            .collect();
        if !self.settings.report_batch_item_failures || named.is_empty() {
            let seen = self.shards.get_mut(&shard).expect("it was found");
            seen.failures = 0;
            self.dealt_with.extend(batch);
            return;
        }
        if named.iter().all(|n| batch.contains(n)) {
            let lowest = named.iter().min().expect("not empty");
            let done = batch.iter().filter(|n| *n < lowest);
            self.dealt_with.extend(done);
        }
        self.failed(&shard, batch);
    }

    fn failed(&mut self, shard: &ShardId, batch: Vec<u64>) {
        let most = self.settings.maximum_retry_attempts;
        let seen = self.shards.get_mut(shard).expect("it was found");
        seen.failures += 1;
        let of_batch = seen.batches.entry(batch).or_default();
        *of_batch += 1;
        if most >= 0 {
            assert!(*of_batch <= most + 1, "too many retries of a batch");
            let bisect = self.settings.bisect_batch_on_function_error;
            assert!(bisect || seen.failures <= most + 1, "too many retries");
        }
    }

    fn discarded(&mut self, batch: &Discarded) {
        self.time_out(&batch.shard, batch.at);
        let seen = self.shards.entry(batch.shard.clone()).or_default();
        match batch.condition {
            Condition::RetryAttemptsExhausted => {
                let most = self.settings.maximum_retry_attempts;
                assert!(most >= 0, "given up without a limit");
                assert!(i64::from(batch.invoked) > most, "given up too early");
            }
            Condition::RecordAgeExceeded => {
                let age = TimeDelta::seconds(self.settings.maximum_record_age_seconds);
                let young = batch.records.iter().any(|r| batch.at - r.arrived_at <= age);
                assert!(age > TimeDelta::zero() && !young, "not too old");
            }
            Condition::PayloadTooLarge => panic!("none is"),
        }
        seen.failures = 0;
        self.dealt_with.extend(numbers(&batch.records));
    }

    /// A checkpoint is never ahead: whoever goes on from it loses nothing.
    fn saved(&self, all: &Checkpoints) {
        for (shard, progress) in &all.shards {
            let records = &self.world.stream[shard].records;
            let behind = records.iter().filter(|r| match progress {
                Progress::After(last) => r.sequence_number <= *last,
                Progress::Ended => true,
            });
            for n in numbers(&behind.cloned().collect::<Vec<_>>()) {
                assert!(
                    self.dealt_with.contains(&n),
                    "a checkpoint ahead of record {n}"
                );
            }
        }
    }

    /// Everything ends: all records, and all shards.
    fn end(&self) {
        let shards = self.world.stream.keys();
        for n in shards.clone().flat_map(|shard| self.records(shard)) {
            assert!(self.dealt_with.contains(&n), "record {n} is lost");
        }
        let saved = self.world.saved().shards;
        for shard in shards {
            assert_eq!(saved.get(shard), Some(&Progress::Ended), "{shard}");
        }
    }
}
