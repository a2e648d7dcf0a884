//! An event source mapping at work between a stream and a function.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use mapping::{Action, Invocation, InvocationId, Mapping, Outcome, Position, ShardId};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, timeout_at};

use crate::faults::{Fault, Service};
use crate::functions::{Event, Function};
use crate::processes::Processes;
use crate::world::{World, lock};

/// What a mapping is told.
#[derive(Debug)]
pub enum Fed {
    /// There is something new in its stream.
    Arrived,
    /// An invocation has ended.
    Answered(InvocationId, Outcome),
}

/// A mapping's life.
struct Life {
    world: Arc<World>,
    processes: Arc<Processes>,
    function: Function,
    mapping: Mapping,
    fed: UnboundedSender<Fed>,
    /// Shards that are asked for and have nothing new, and from where.
    reads: BTreeMap<ShardId, (Position, usize)>,
    /// When to look at them again: a shard is polled once a second.
    look_at: Option<Instant>,
}

/// Maps a stream to a function for good.
pub async fn drive(world: Arc<World>, processes: Arc<Processes>, function: Function) {
    loop {
        let (fed, told) = unbounded_channel();
        world.listen(function.stream(), fed.clone());
        let settings = world.plan.mappings[&function].clone();
        let checkpoints = lock(&world.progress)
            .get(&function)
            .cloned()
            .unwrap_or_default();
        let life = Life {
            world: Arc::clone(&world),
            processes: Arc::clone(&processes),
            function,
            mapping: Mapping::new(settings, checkpoints).expect("settings that AWS would take"),
            fed,
            reads: BTreeMap::new(),
            look_at: None,
        };
        life.run(told).await;
        world.tell(|| format!("the mapping of {function} dies, another goes on"));
    }
}

impl Life {
    /// Lives until it dies.
    async fn run(mut self, mut told: UnboundedReceiver<Fed>) {
        loop {
            let (world, now) = (Arc::clone(&self.world), self.world.now());
            let actions = self
                .mapping
                .next(now, &mut || world.chance(|rng| rng.f64()));
            for action in actions {
                let fatal = !matches!(action, Action::List | Action::Read { .. });
                let rate = self.world.plan.weather.processes / 10;
                if fatal && self.world.strikes(Fault::Restarted, Service::Mapping, rate) {
                    return;
                }
                self.carry_out(action);
            }
            self.wait(&mut told).await;
        }
    }

    fn carry_out(&mut self, action: Action) {
        match action {
            Action::List => {
                let shards = self.stream().list();
                self.mapping.shards(&shards, self.world.now());
            }
            Action::Read { shard, from, limit } => {
                self.reads.insert(shard, (from, limit));
                self.look();
            }
            Action::Invoke(invocation) => self.invoke(invocation),
            Action::Discard(discarded) => {
                self.world.tell(|| {
                    format!(
                        "{}: {} records are given up",
                        self.function,
                        discarded.records.len()
                    )
                });
                lock(&self.world.discards).push((self.function, discarded));
            }
            Action::Checkpoint(all) => {
                lock(&self.world.progress).insert(self.function, all);
            }
        }
    }

    fn stream(&self) -> std::sync::MutexGuard<'_, crate::stream::Stream> {
        lock(self.world.stream(self.function.stream()))
    }

    /// Answers the reads for which there is something.
    fn look(&mut self) {
        self.look_at = None;
        let reads = std::mem::take(&mut self.reads);
        for (shard, (from, limit)) in reads {
            let page = self.stream().read(&shard, &from, limit);
            match page {
                Some(page) => self.mapping.records(&shard, page, self.world.now()),
                None => {
                    self.reads.insert(shard, (from, limit));
                }
            }
        }
    }

    fn invoke(&self, invocation: Invocation) {
        let (world, processes) = (Arc::clone(&self.world), Arc::clone(&self.processes));
        let (fed, function) = (self.fed.clone(), self.function);
        world.tell(|| {
            let number = |r: Option<&mapping::Record>| r.map(|r| r.sequence_number.to_string());
            let (first, last) = (
                number(invocation.records.first()),
                number(invocation.records.last()),
            );
            let [first, last] = [first, last].map(Option::unwrap_or_default);
            format!(
                "{function} is invoked with {} {first} to {last}",
                invocation.shard
            )
        });
        tokio::task::spawn_local(async move {
            let event = Event::Batch(invocation.event.into());
            let outcome = processes.invoke(world, function, event).await;
            // A mapping that died meanwhile does not hear of it.
            let _ = fed.send(Fed::Answered(invocation.id, outcome));
        });
    }

    /// Waits for something to do.
    async fn wait(&mut self, told: &mut UnboundedReceiver<Fed>) {
        let wake = self.world.instant(self.mapping.wake_at());
        let until = self.look_at.map_or(wake, |at| at.min(wake));
        let fed = timeout_at(until, told.recv()).await;
        match fed {
            Ok(Some(Fed::Answered(id, outcome))) => self.mapping.answered(id, &outcome),
            Ok(Some(Fed::Arrived)) if !self.reads.is_empty() && self.look_at.is_none() => {
                let after = self.world.chance(|rng| rng.u64(0..1_000));
                self.look_at = Some(Instant::now() + Duration::from_millis(after));
            }
            _ => {}
        }
        if self.look_at.is_some_and(|at| at <= Instant::now()) {
            self.look();
        }
    }
}
