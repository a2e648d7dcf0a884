//! A driver over a stream in memory, under virtual time.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};
use mapping::{
    Action, Checkpoints, Discarded, Invocation, InvocationId, Mapping, Outcome, Page, Position,
    Record, Settings, ShardId, ShardInfo, Source, Start,
};
use model::SequenceNumber;

/// A shard whose whole history is known: what has not arrived yet is not seen.
#[derive(Debug, Clone)]
pub(crate) struct StreamShard {
    pub(crate) parents: Vec<ShardId>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) closed_at: Option<DateTime<Utc>>,
    pub(crate) records: Vec<Record>,
}

/// A function's answer; `None` is an invocation that nothing is heard of again.
pub(crate) type Answer = (TimeDelta, Option<Outcome>);
type Function = Box<dyn FnMut(&Invocation) -> Answer>;

/// What happened, in order.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    Read,
    Invoked(Invocation),
    Answered(InvocationId, Outcome),
    Discarded(Discarded),
    Saved(Checkpoints),
    /// The driver died, and another one goes on from the checkpoints.
    Died,
}

pub(crate) struct World {
    pub(crate) mapping: Mapping,
    pub(crate) now: DateTime<Utc>,
    pub(crate) stream: BTreeMap<ShardId, StreamShard>,
    pub(crate) function: Function,
    pub(crate) log: Vec<(DateTime<Utc>, Event)>,
    /// How many actions the driver carries out before it dies, one number each life.
    pub(crate) lives: Vec<usize>,
    settings: Settings,
    answers: BTreeMap<(DateTime<Utc>, InvocationId), Outcome>,
    random: fastrand::Rng,
}

pub(crate) fn at(millis: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_700_000_000_000 + millis).expect("in range")
}

pub(crate) fn number(number: u64) -> SequenceNumber {
    SequenceNumber::parse(&format!("{number:056}")).expect("digits")
}

pub(crate) fn record(n: u64, arrived: i64, bytes: usize) -> Record {
    Record {
        sequence_number: number(n),
        partition_key: format!("key \"{n}\""),
        arrived_at: at(arrived),
        data: vec![b'x'; bytes],
    }
}

pub(crate) fn source() -> Source {
    Source {
        stream_arn: "arn:aws:kinesis:us-east-1:123456789012:stream/orders".into(),
        function_arn: "arn:aws:lambda:us-east-1:123456789012:function:orders".into(),
        role_arn: "arn:aws:iam::123456789012:role/orders".into(),
    }
}

pub(crate) fn settings() -> Settings {
    Settings::new(source(), Start::TrimHorizon)
}

pub(crate) fn ok() -> Outcome {
    Outcome::Returned(b"null".to_vec())
}

/// The answer that names these records as failed.
pub(crate) fn failed(numbers: &[u64]) -> Outcome {
    let item = |n: &u64| format!(r#"{{"itemIdentifier":"{n:056}"}}"#);
    let items: Vec<String> = numbers.iter().map(item).collect();
    Outcome::Returned(format!(r#"{{"batchItemFailures":[{}]}}"#, items.join(",")).into_bytes())
}

impl World {
    pub(crate) fn new(settings: Settings) -> Self {
        Self::resumed(settings, Checkpoints::default())
    }

    pub(crate) fn resumed(settings: Settings, checkpoints: Checkpoints) -> Self {
        Self {
            mapping: Mapping::new(settings.clone(), checkpoints).expect("valid settings"),
            lives: Vec::new(),
            settings,
            now: at(0),
            stream: BTreeMap::new(),
            function: Box::new(|_| (TimeDelta::zero(), Some(ok()))),
            log: Vec::new(),
            answers: BTreeMap::new(),
            random: fastrand::Rng::with_seed(7),
        }
    }

    /// Adds a shard with these records.
    pub(crate) fn shard(&mut self, id: &str, parents: &[&str], records: Vec<Record>) {
        let shard = StreamShard {
            parents: parents.iter().map(|p| (*p).into()).collect(),
            created_at: at(-1_000_000),
            closed_at: None,
            records,
        };
        self.stream.insert(id.into(), shard);
    }

    /// One open shard `a` with the records 1 to `count`, arrived long ago.
    pub(crate) fn with(settings: Settings, count: u64) -> Self {
        let mut world = Self::new(settings);
        world.shard("a", &[], (1..=count).map(|n| record(n, -1000, 8)).collect());
        world
    }

    /// Each invocation is answered at once, in turn by these, then with success.
    pub(crate) fn answers(mut self, answers: impl IntoIterator<Item = Outcome>) -> Self {
        let mut answers: VecDeque<_> = answers.into_iter().collect();
        let mut next = move || answers.pop_front().unwrap_or_else(ok);
        self.function = Box::new(move |_| (TimeDelta::zero(), Some(next())));
        self
    }

    /// Each invocation is answered with this.
    pub(crate) fn always(mut self, outcome: Outcome) -> Self {
        self.function = Box::new(move |_| (TimeDelta::zero(), Some(outcome.clone())));
        self
    }

    /// Runs for `millis` from now on.
    pub(crate) fn run(&mut self, millis: i64) {
        let end = self.now + TimeDelta::milliseconds(millis);
        let mut rounds = 0;
        loop {
            let random = &mut self.random;
            for action in self.mapping.next(self.now, &mut || random.f64()) {
                if self.dies() {
                    break;
                }
                self.carry_out(action);
            }
            let answer = self.answers.keys().next().map(|(time, _)| *time);
            let wake = self.mapping.wake_at();
            let next = self.now.max(answer.map_or(wake, |time| time.min(wake)));
            if next > end {
                self.now = end;
                return;
            }
            rounds = if next > self.now { 0 } else { rounds + 1 };
            assert!(rounds < 10_000, "time stands still");
            self.now = next;
            while let Some(first) = self.answers.first_entry()
                && first.key().0 <= self.now
            {
                let ((_, id), outcome) = first.remove_entry();
                self.mapping.answered(id, &outcome);
                self.log.push((self.now, Event::Answered(id, outcome)));
            }
        }
    }

    /// Whether its time has come; then another driver goes on, and answers to this
    /// one are lost.
    fn dies(&mut self) -> bool {
        let Some(left) = self.lives.last_mut() else {
            return false;
        };
        if let Some(fewer) = left.checked_sub(1) {
            *left = fewer;
            return false;
        }
        self.lives.pop();
        self.answers.clear();
        let kept = self.saved();
        self.mapping = Mapping::new(self.settings.clone(), kept).expect("valid settings");
        self.log.push((self.now, Event::Died));
        true
    }

    fn carry_out(&mut self, action: Action) {
        match action {
            Action::List => {
                let there = self.stream.iter().filter(|(_, s)| s.created_at <= self.now);
                let info = there.map(|(id, shard)| ShardInfo {
                    id: id.clone(),
                    parents: shard.parents.clone(),
                });
                let list: Vec<ShardInfo> = info.collect();
                self.mapping.shards(&list, self.now);
            }
            Action::Read { shard, from, limit } => {
                let page = self.read(&shard, &from, limit);
                self.log.push((self.now, Event::Read));
                self.mapping.records(&shard, page, self.now);
            }
            Action::Invoke(invocation) => {
                let (after, outcome) = (self.function)(&invocation);
                if let Some(outcome) = outcome {
                    let key = (self.now + after, invocation.id);
                    self.answers.insert(key, outcome);
                }
                self.log.push((self.now, Event::Invoked(invocation)));
            }
            Action::Discard(batch) => self.log.push((self.now, Event::Discarded(batch))),
            Action::Checkpoint(all) => self.log.push((self.now, Event::Saved(all))),
        }
    }

    fn read(&self, shard: &ShardId, from: &Position, limit: usize) -> Page {
        let Some(shard) = self.stream.get(shard) else {
            return Page {
                ended: true,
                ..Page::default()
            };
        };
        let behind = |record: &&Record| match from {
            Position::TrimHorizon => true,
            Position::At(time) => record.arrived_at >= *time,
            Position::After(last) => record.sequence_number > *last,
        };
        let arrived = shard.records.iter().filter(|r| r.arrived_at <= self.now);
        let mut records: Vec<Record> = arrived.filter(behind).cloned().collect();
        let more = records.len() > limit;
        records.truncate(limit);
        Page {
            records,
            behind: more,
            ended: !more && shard.closed_at.is_some_and(|time| time <= self.now),
        }
    }

    /// The numbers of each batch that was invoked with, and when.
    pub(crate) fn invocations(&self) -> Vec<(i64, Vec<u64>)> {
        let batch = |(time, event): &(DateTime<Utc>, Event)| match event {
            Event::Invoked(batch) => {
                Some(((*time - at(0)).num_milliseconds(), numbers(&batch.records)))
            }
            _ => None,
        };
        self.log.iter().filter_map(batch).collect()
    }

    /// The numbers of each batch that was invoked with.
    pub(crate) fn batches(&self) -> Vec<Vec<u64>> {
        self.invocations().into_iter().map(|(_, b)| b).collect()
    }

    pub(crate) fn discarded(&self) -> Vec<&Discarded> {
        let mut discarded = Vec::new();
        for (_, event) in &self.log {
            if let Event::Discarded(batch) = event {
                discarded.push(batch);
            }
        }
        discarded
    }

    /// The checkpoints as they were kept last.
    pub(crate) fn saved(&self) -> Checkpoints {
        let saved = |(_, event): &(_, Event)| match event {
            Event::Saved(all) => Some(all.clone()),
            _ => None,
        };
        self.log.iter().rev().find_map(saved).unwrap_or_default()
    }
}

pub(crate) fn numbers(records: &[Record]) -> Vec<u64> {
    let number = |r: &Record| r.sequence_number.as_str().parse().expect("small");
    records.iter().map(number).collect()
}
