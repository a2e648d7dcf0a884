//! What watching a site costs DynamoDB and Lambda, by its number of shards: the
//! figures of the README, and that they grow with the shards and not their square.
//!
//! `cargo test -p surge --test cost -- --nocapture` prints them.

#[allow(dead_code, reason = "the faults are another test's")]
mod memory;

use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::{DateTime, Utc};
use function::env::Env;
use function::{Deadline, KinesisEvent, Record};
use memory::{Memory, Stream};
use surge::{Handler, Rule};
use tokio::time::Instant;

/// A multiple of a granule's length.
const START: i64 = 1_291_191_960;
/// The same, half a minute before the hour, when all shards are registered anew.
const BEFORE_THE_HOUR: i64 = 1_291_193_970;
/// The site runs for so long before anything is measured, and while it is.
const WARM_UP: i64 = 16;
const MEASURED: i64 = 20;
/// What a call takes: a usual time of DynamoDB within a region.
const LATENCY: Duration = Duration::from_millis(5);
/// Orders in a window and shard that are a surge, if every shard has them.
const THRESHOLD: u32 = 100;

/// What a second costs.
#[derive(Debug, Default, Clone, Copy)]
struct Cost {
    write_units: f64,
    read_units: f64,
    calls: f64,
    /// Lambda's time, all copies together.
    milliseconds: f64,
}

fn handler<'a>(
    shards: u32,
    table: &'a Memory,
    stream: &'a Stream,
) -> Handler<&'a Memory, &'a Stream> {
    let threshold = (THRESHOLD * shards).to_string();
    let lookup = |name: &str| (name == "ORDER_THRESHOLD").then(|| threshold.clone());
    let rule = Rule::from_env(&Env::new(&lookup)).expect("a rule");
    Handler::new(rule, table, stream)
}

/// The batch of a shard and second: so many orders of a line each.
fn batch(shard: u32, second: i64, orders: u32) -> Vec<Record> {
    let payload = |n: u32| {
        let invoice = (second - START) as u32 % 1_000 * 1_000_000 + shard * 1_000 + n;
        format!("{invoice},85123A,HEART,1,12/1/2010 8:26,2.55,17850,United Kingdom")
    };
    let payloads: Vec<String> = (0..orders).map(payload).collect();
    let first = (second - START) as u64 * 100;
    let event: KinesisEvent =
        serde_json::from_slice(&testkit::event(first, &payloads)).expect("an event");
    let mut records = event.records;
    for record in &mut records {
        record.shard = format!("shardId-{shard:012}");
        record.arrived_at = moment(second, 0);
    }
    records
}

fn moment(second: i64, milliseconds: u32) -> DateTime<Utc> {
    DateTime::from_timestamp(second, milliseconds * 1_000_000).expect("in the calendar")
}

/// A site on which each shard has a batch each second, of `orders` orders.
async fn site(start_at: i64, shards: u32, orders: u32) -> (Cost, Cost) {
    let mut table = Memory::default();
    table.faults.latency = LATENCY;
    let stream = Stream::default();
    let handler = handler(shards, &table, &stream);
    let spent = || Cost {
        write_units: table.writes.load(Ordering::Relaxed) as f64,
        read_units: table.half_reads.load(Ordering::Relaxed) as f64 / 2.0,
        calls: table.calls.load(Ordering::Relaxed) as f64,
        milliseconds: 0.0,
    };
    let difference = |before: Cost, start: Instant, seconds: f64| {
        let now = spent();
        Cost {
            write_units: (now.write_units - before.write_units) / seconds,
            read_units: (now.read_units - before.read_units) / seconds,
            calls: (now.calls - before.calls) / seconds,
            milliseconds: start.elapsed().as_secs_f64() * 1000.0 / seconds,
        }
    };
    let (mut before, mut start) = (spent(), Instant::now());
    let deadline = || Deadline::after(Duration::from_secs(60));
    for second in start_at..start_at + WARM_UP + MEASURED {
        if second == start_at + WARM_UP {
            (before, start) = (spent(), Instant::now());
        }
        for shard in 0..shards {
            let now = moment(second, shard * 1_000 / shards);
            let records = batch(shard, second, orders);
            let (response, _) = handler.batch(&records, now, deadline()).await;
            assert!(response.batch_item_failures.is_empty());
        }
    }
    let batches = difference(before, start, MEASURED as f64);
    let (before, start) = (spent(), Instant::now());
    let now = moment(start_at + WARM_UP + MEASURED, 0);
    handler.scheduled(now, deadline()).await.0.expect("a look");
    // It comes once a minute.
    (batches, difference(before, start, 60.0))
}

#[tokio::test(start_paused = true)]
async fn the_cost_of_a_second_grows_with_the_shards_and_not_their_square() {
    println!(
        "              shards  write units/s  read units/s   calls/s  Lambda ms/s   (clock: read units/s, ms/s)"
    );
    for (name, start_at, orders) in [
        ("quiet", START, 1),
        ("flood", START, 10),
        ("on the hour", BEFORE_THE_HOUR, 1),
    ] {
        let mut costs = Vec::new();
        for shards in [1, 10, 100, 1_000] {
            let (batches, clock) = site(start_at, shards, orders).await;
            println!(
                "{name:<12} {shards:>7} {:>14.1} {:>13.1} {:>9.1} {:>12.1} {:>15.2} {:>10.2}",
                batches.write_units,
                batches.read_units,
                batches.calls,
                batches.milliseconds,
                clock.read_units,
                clock.milliseconds,
            );
            let total = Cost {
                write_units: batches.write_units + clock.write_units,
                read_units: batches.read_units + clock.read_units,
                calls: batches.calls + clock.calls,
                milliseconds: batches.milliseconds + clock.milliseconds,
            };
            costs.push(total);
        }
        // Up to a hundred shards, a look for each batch is allowed; then one a second.
        let (hundred, thousand) = (costs[2], costs[3]);
        for (what, hundred, thousand) in [
            ("write units", hundred.write_units, thousand.write_units),
            ("read units", hundred.read_units, thousand.read_units),
            ("calls", hundred.calls, thousand.calls),
            ("time", hundred.milliseconds, thousand.milliseconds),
        ] {
            assert!(
                thousand < 10.5 * hundred,
                "{name}: {what}: {hundred} to {thousand}"
            );
        }
    }
}
