//! One seed: its world from the first order to rest, and what the checks say of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::{DateTime, Utc};
use fastrand::Rng;
use mapping::Progress;
use tokio::time::{sleep, timeout};

use crate::access::{keep, poll, redrive, write};
use crate::check::{self, Stats};
use crate::driver::drive;
use crate::faults::{Fault, Service};
use crate::functions::{Event, Function};
use crate::order::Payload;
use crate::plan::Plan;
use crate::processes::Processes;
use crate::producer::{intrude, produce, reshard};
use crate::stream::Stream;
use crate::tally::Tally;
use crate::world::{World, lock};

/// Every retry must have ended so long after the last fault.
const RESTLESS: Duration = Duration::from_secs(2 * 3_600);
/// A call that is given up may be carried out for so long afterwards.
const LATENESS: Duration = Duration::from_secs(30);

/// What became of a seed.
#[derive(Debug)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// Each promise that was broken, in words.
    pub broken: Vec<String>,
    /// The faults that struck.
    pub tally: Tally,
    /// How much happened.
    pub stats: Stats,
    /// What happened, if it was traced.
    pub trace: Vec<String>,
}

/// Simulates a seed.
///
/// # Panics
/// If no runtime can be made.
#[must_use]
pub fn run(seed: u64, traced: bool) -> Report {
    let mut rng = Rng::with_seed(seed);
    // The functions' pauses differ by chance, too.
    fastrand::seed(seed);
    let plan = Plan::of(seed, &mut rng);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    // A task that handles a batch cannot change threads, and there is but one.
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let world = Arc::new(World::new(plan, rng, traced));
        world.tell(|| format!("{:#?}", world.plan));
        let made = live(&world).await;
        let (broken, stats) = check::all(&world, &made);
        Report {
            seed,
            broken,
            tally: lock(&world.tally).clone(),
            stats,
            trace: world.trace(),
        }
    })
}

/// Lets the world live until it has come to rest. What producers made.
async fn live(world: &Arc<World>) -> Vec<Payload> {
    let processes = Arc::new(Processes::default());
    for function in world.plan.mappings.keys() {
        tokio::task::spawn_local(drive(Arc::clone(world), Arc::clone(&processes), *function));
    }
    let edges = access(world, &processes);
    tokio::task::spawn_local(clock(Arc::clone(world), processes));
    let reshards = tokio::task::spawn_local(reshard(Arc::clone(world)));
    let intruder = tokio::task::spawn_local(intrude(Arc::clone(world)));
    let made = produce(Arc::clone(world)).await;
    reshards.await.expect("the shards");
    intruder.await.expect("the intruder");
    for edge in edges {
        edge.await.expect("an edge");
    }
    sleep(world.plan.weather.until.saturating_sub(world.elapsed())).await;
    let rest = async {
        loop {
            if restless(world).is_none() {
                sleep(LATENESS).await;
                if restless(world).is_none() {
                    return;
                }
            }
            sleep(Duration::from_secs(10)).await;
        }
    };
    if timeout(RESTLESS, rest).await.is_err() {
        let why = restless(world).unwrap_or_default();
        world.wrong(format!(
            "two hours after the last fault it has not come to rest: {why}"
        ));
    }
    made
}

/// Lets access logs come, in the worlds that have them.
fn access(world: &Arc<World>, processes: &Arc<Processes>) -> Vec<tokio::task::JoinHandle<()>> {
    if world.plan.access.is_none() {
        return Vec::new();
    }
    for _ in 0..2 {
        tokio::task::spawn_local(poll(Arc::clone(world), Arc::clone(processes)));
    }
    tokio::task::spawn_local(redrive(Arc::clone(world)));
    vec![
        tokio::task::spawn_local(write(Arc::clone(world))),
        tokio::task::spawn_local(keep(Arc::clone(world))),
    ]
}

/// Invokes `surge` every minute.
async fn clock(world: Arc<World>, processes: Arc<Processes>) {
    let offset = world.chance(|rng| rng.u64(0..60_000));
    sleep(Duration::from_millis(offset)).await;
    loop {
        let rate = world.plan.weather.processes;
        if !world.strikes(Fault::Missed, Service::Mapping, rate) {
            let (processes, world) = (Arc::clone(&processes), Arc::clone(&world));
            tokio::task::spawn_local(processes.invoke(world, Function::Surge, Event::Clock));
        }
        sleep(Duration::from_secs(60)).await;
    }
}

/// Why the world is not at rest yet.
fn restless(world: &World) -> Option<String> {
    let running = world.running.load(Ordering::Relaxed);
    if running > 0 {
        return Some(format!("{running} invocations are running"));
    }
    let progress = lock(&world.progress);
    for function in world.plan.mappings.keys() {
        let stream = lock(world.stream(function.stream()));
        let done = progress.get(function).map(|c| &c.shards);
        if let Some(shard) = unread(&stream, done.unwrap_or(&BTreeMap::new())) {
            return Some(format!("{function} has not read {shard} to its end"));
        }
    }
    let messages = lock(&world.logs.queue).len();
    if messages > 0 {
        return Some(format!("{messages} notifications are not acknowledged"));
    }
    let end = latest(world)?;
    let site = site(world);
    if site["outbox"]
        .as_array()
        .is_none_or(|waiting| !waiting.is_empty())
    {
        return Some("surge has alarms to publish".to_owned());
    }
    let settled: Option<DateTime<Utc>> = site["settled"].as_str().and_then(|s| s.parse().ok());
    // Whatever began is over by then.
    let until = end + 60;
    (settled.is_none_or(|s| s.timestamp() < until))
        .then(|| format!("surge has settled {settled:?}"))
}

/// The second of the last record in the orders stream.
fn latest(world: &World) -> Option<i64> {
    let puts = lock(&world.puts);
    puts.iter().map(|p| p.arrived_at.timestamp()).max()
}

/// A shard with records that are not done with.
fn unread(stream: &Stream, done: &BTreeMap<mapping::ShardId, Progress>) -> Option<String> {
    let unread = stream.shards.iter().find(|shard| {
        let last = shard.records.last().map(|r| &r.sequence_number);
        last.is_some_and(|last| match done.get(&shard.id) {
            Some(Progress::Ended) => false,
            Some(Progress::After(number)) => number < last,
            None => true,
        })
    });
    unread.map(|shard| shard.id.to_string())
}

/// The site's state as `surge` keeps it.
pub(crate) fn site(world: &World) -> serde_json::Value {
    let table = lock(&world.counts);
    let key = (world.plan.rule.site().to_owned(), "site".to_owned());
    let body = table
        .sorted
        .items
        .get(&key)
        .map(|item| item.body.as_slice());
    body.and_then(|body| serde_json::from_slice(body).ok())
        .unwrap_or_default()
}
