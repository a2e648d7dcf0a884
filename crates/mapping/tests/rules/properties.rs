//! All rules together: random streams, settings, answers and deaths, each run's log
//! checked by `recount.rs` against what must hold however it went.

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;
use mapping::{Invocation, Outcome, Progress, Settings, ShardId};
use proptest::prelude::*;

use crate::driver::{Answer, World, at, failed, numbers, ok, record, settings};
use crate::recount::check;

/// What a run is made of.
#[derive(Debug, Clone)]
struct Plan {
    seed: u64,
    records: u64,
    reshards: u32,
    batch_size: i64,
    window: i64,
    report: bool,
    bisect: bool,
    retries: i64,
    age: i64,
    /// Invocations of a hundred that go wrong in each way.
    wrong: u32,
    /// Records of a hundred that fail whatever batch they are in.
    poison: u64,
    deaths: Vec<usize>,
}

fn plans() -> impl Strategy<Value = Plan> {
    let stream = (any::<u64>(), 0..60_u64, 0..5_u32, 0..15_u32, 0..8_u64);
    let limits = (
        prop_oneof![1..12_i64, Just(10_000)],
        prop_oneof![Just(0_i64), 1..10_i64],
        prop_oneof![Just(-1_i64), 0..4_i64],
        prop_oneof![Just(-1_i64), 60..120_i64],
    );
    let deaths = prop::collection::vec(0..60_usize, 0..4);
    let switches = (any::<bool>(), any::<bool>());
    (stream, limits, switches, deaths).prop_map(|(stream, limits, switches, deaths)| Plan {
        seed: stream.0,
        records: stream.1,
        reshards: stream.2,
        wrong: stream.3,
        poison: stream.4,
        batch_size: limits.0,
        window: limits.1,
        retries: limits.2,
        age: limits.3,
        report: switches.0,
        bisect: switches.1,
        deaths,
    })
}

impl Plan {
    fn settings(&self) -> Settings {
        let mut settings = settings();
        settings.batch_size = self.batch_size;
        settings.batching_window_seconds = self.window;
        settings.report_batch_item_failures = self.report;
        settings.bisect_batch_on_function_error = self.bisect;
        settings.maximum_retry_attempts = self.retries;
        settings.maximum_record_age_seconds = self.age;
        settings.function_timeout_seconds = 5;
        settings
    }

    /// A stream whose shards are split and merged while records arrive, and whose
    /// shards are all closed in the end.
    fn fill(&self, world: &mut World, rng: &mut Rng) {
        let mut open = Vec::new();
        let mut born = 0;
        let mut bear = |world: &mut World, parents: &[&str], time: i64| {
            // Ids in no order: a child's may come before its parents'.
            let id = format!("{}-{born}", rng.u8(..));
            born += 1;
            world.shard(&id, parents, vec![]);
            let shard = world.stream.get_mut(&id.as_str().into());
            shard.expect("it is there").created_at = at(time);
            id
        };
        for _ in 0..=self.seed % 3 {
            open.push(bear(world, &[], -100_000));
        }
        let mut rng = Rng::with_seed(self.seed);
        let every = self.records / u64::from(self.reshards + 1) + 1;
        let mut time = -5000;
        for n in 1..=self.records {
            time += rng.i64(0..2000);
            if n % every == 0 {
                let parents: Vec<String> = (0..rng.usize(1..=2).min(open.len()))
                    .map(|_| open.swap_remove(rng.usize(..open.len())))
                    .collect();
                parents.iter().for_each(|id| close(world, id, time));
                let parents: Vec<&str> = parents.iter().map(String::as_str).collect();
                for _ in 0..3 - parents.len() {
                    open.push(bear(world, &parents, time));
                }
            }
            let id = ShardId::from(open[rng.usize(..open.len())].as_str());
            let shard = world.stream.get_mut(&id).expect("it is there");
            shard.records.push(record(n, time, 8));
        }
        open.iter().for_each(|id| close(world, id, time + 1));
    }

    /// A function that goes wrong in all ways until an hour has passed, and then
    /// fails for poison only if retries end.
    fn function(&self, mut rng: Rng) -> impl FnMut(&Invocation) -> Answer + use<> {
        let plan = self.clone();
        let mut clock = 0_u32;
        move |batch| {
            clock += 1;
            let sent = numbers(&batch.records);
            let after = TimeDelta::milliseconds(rng.i64(0..6000));
            let calm = clock > 300;
            let dice = if calm { 99 } else { rng.u32(..100) };
            let place = rng.usize(..sent.len());
            let some = sent[place];
            let poison =
                |n: &&u64| plan.poison > 0 && (*n * 7919 + plan.seed % 97) % 100 < plan.poison;
            let bad = sent
                .iter()
                .find(poison)
                .filter(|_| !calm || plan.retries >= 0);
            let outcome = match dice / plan.wrong.max(1) {
                _ if plan.wrong == 0 => None,
                0 => Some(Some(Outcome::FunctionError)),
                1 => Some(Some(failed(&[some, *sent.last().expect("one")]))),
                2 => Some(Some(Outcome::NotInvoked)),
                3 => Some(Some(failed(&[u64::MAX]))),
                4 => Some(None),
                _ => None,
            };
            let otherwise = match bad {
                Some(bad) if plan.report => failed(&[*bad]),
                Some(_) => Outcome::FunctionError,
                None => ok(),
            };
            (after, outcome.unwrap_or(Some(otherwise)))
        }
    }

    fn run(&self) -> World {
        let mut world = World::new(self.settings());
        let mut rng = Rng::with_seed(self.seed);
        self.fill(&mut world, &mut rng);
        world.function = Box::new(self.function(rng));
        world.lives.clone_from(&self.deaths);
        // Two days at most, as long as a shard is not read to its end.
        for _ in 0..2 * 24 {
            world.run(3_600_000);
            let saved = world.saved().shards;
            let mut shards = world.stream.keys();
            if shards.all(|id| saved.get(id) == Some(&Progress::Ended)) {
                break;
            }
        }
        world
    }
}

fn close(world: &mut World, id: &str, time: i64) {
    let shard = world.stream.get_mut(&id.into()).expect("it is there");
    let time: DateTime<Utc> = at(time);
    shard.closed_at = Some(time);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    /// <https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html>
    #[test]
    fn whatever_happens_every_record_is_dealt_with_in_order(plan in plans()) {
        let world = plan.run();
        check(&world, &plan.settings());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 50, ..ProptestConfig::default() })]

    /// A run is a function of its seed: no clock, no randomness of its own.
    #[test]
    fn the_same_inputs_give_the_same_actions(plan in plans()) {
        let (one, two) = (plan.run(), plan.run());
        prop_assert_eq!(format!("{:?}", one.log), format!("{:?}", two.log));
    }
}
