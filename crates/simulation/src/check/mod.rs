//! What must hold of a world at rest. Each broken promise is a sentence.

mod alarms;
mod notifications;
mod rows;
mod traffic;

use std::collections::BTreeSet;

use crate::functions::Function;
use crate::order::Payload;
use crate::world::{World, lock};

pub(crate) use traffic::unfinished;

/// How much happened.
#[derive(Debug, Clone, Copy, Default)]
pub struct Stats {
    /// Runs.
    pub runs: u64,
    /// Runs in which no shard was idle for a minute and then brought older records, so
    /// that every alarm must be as recounted.
    pub strict: u64,
    /// Runs with a shop of its own form.
    pub own_form: u64,
    /// Records that were put to the orders stream.
    pub records: u64,
    /// Order lines in them.
    pub lines: u64,
    /// Invocations.
    pub invocations: u64,
    /// Surges that the recount found.
    pub surges: u64,
    /// Messages to people.
    pub messages: u64,
    /// Messages that came a second time.
    pub repeated: u64,
    /// Runs with access logs.
    pub logs: u64,
    /// Requests in them.
    pub requests: u64,
    /// Parts that were committed.
    pub parts: u64,
    /// Publications of parts that were published before.
    pub parts_repeated: u64,
    /// Simulated seconds.
    pub seconds: u64,
}

impl Stats {
    /// Adds another run's.
    pub fn add(&mut self, other: &Self) {
        self.runs += other.runs;
        self.strict += other.strict;
        self.own_form += other.own_form;
        self.records += other.records;
        self.lines += other.lines;
        self.invocations += other.invocations;
        self.surges += other.surges;
        self.messages += other.messages;
        self.repeated += other.repeated;
        self.logs += other.logs;
        self.requests += other.requests;
        self.parts += other.parts;
        self.parts_repeated += other.parts_repeated;
        self.seconds += other.seconds;
    }
}

/// Every broken promise, and how much happened.
#[must_use]
pub fn all(world: &World, made: &[Payload]) -> (Vec<String>, Stats) {
    let puts = lock(&world.puts).clone();
    let mut broken = std::mem::take(&mut *lock(&world.wrongs));
    let mut stats = Stats {
        runs: 1,
        own_form: u64::from(world.plan.format.is_described()),
        records: puts.len() as u64,
        lines: puts
            .iter()
            .map(|put| put.payload.lines().count() as u64)
            .sum(),
        invocations: world.invoked(),
        seconds: world.elapsed().as_secs(),
        ..Stats::default()
    };
    discards(world, &mut broken);
    rows::check(world, made, &puts, &mut broken);
    alarms::check(world, &puts, &mut broken, &mut stats);
    notifications::check(world, &mut broken, &mut stats);
    traffic::check(world, &mut broken, &mut stats);
    (broken, stats)
}

/// Only a mapping that may give up does.
fn discards(world: &World, broken: &mut Vec<String>) {
    for (function, discarded) in lock(&world.discards).iter() {
        if !world.plan.gives_up(*function) {
            broken.push(format!(
                "{function}: a batch is given up: {:?}",
                discarded.condition
            ));
        }
    }
}

/// The records that a function's mapping gave up, by shard and number.
fn given_up(world: &World, function: Function) -> BTreeSet<(String, String)> {
    let discards = lock(&world.discards);
    let of = discards.iter().filter(|(f, _)| *f == function);
    let names = of.flat_map(|(_, discarded)| {
        let name =
            |r: &mapping::Record| (discarded.shard.to_string(), r.sequence_number.to_string());
        discarded.records.iter().map(name).collect::<Vec<_>>()
    });
    names.collect()
}
