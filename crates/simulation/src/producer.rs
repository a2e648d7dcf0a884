//! Producers: web servers that put order lines to the stream until Kinesis says that
//! it has them. An answer that is lost makes them put the same data again.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;
use mapping::ShardId;
use model::SequenceNumber;
use tokio::time::sleep;

use crate::faults::{Fault, Service};
use crate::order::{Line, Payload, Sent};
use crate::process::Process;
use crate::shop::{Shop, nonsense};
use crate::world::{World, lock};

/// A record that is in the orders stream.
#[derive(Debug, Clone)]
pub struct Put {
    /// Its shard.
    pub shard: ShardId,
    /// Its number.
    pub number: SequenceNumber,
    /// When Kinesis says that it came.
    pub arrived_at: DateTime<Utc>,
    /// What it carries.
    pub payload: Payload,
}

/// Makes orders as long as the plan says, and sends them. What was made.
pub async fn produce(world: Arc<World>) -> Vec<Payload> {
    let mut made = Vec::new();
    let mut puts = Vec::new();
    let (mut busy, mut invoice) = (false, 536_000);
    let production = world.plan.production;
    while world.elapsed() < production {
        if world.chance(|rng| rng.u32(0..12)) == 0 {
            busy = !busy;
        }
        let pace = if busy {
            world.plan.pace.0
        } else {
            world.plan.pace.1
        };
        let (count, within) = world.chance(|rng| {
            let whole = pace / 1000;
            (
                whole + u32::from(rng.u32(0..1000) < pace % 1000),
                rng.u64(0..1000),
            )
        });
        sleep(Duration::from_millis(within)).await;
        for _ in 0..count {
            invoice += world.chance(|rng| rng.u32(0..2));
            let first = made.len() as u64 * 10;
            let payloads = world.chance(|rng| payloads(world.plan.shop, rng, invoice, first));
            made.extend(payloads.iter().cloned());
            puts.push(tokio::task::spawn_local(put(
                Arc::clone(&world),
                invoice,
                payloads,
            )));
        }
        sleep(Duration::from_millis(1000 - within)).await;
    }
    for put in puts {
        put.await.expect("a producer");
    }
    made
}

/// An order's lines as records.
fn payloads(shop: Shop, rng: &mut Rng, invoice: u32, first: u64) -> Vec<Payload> {
    let mut lines = shop.order(rng, invoice, first).into_iter().peekable();
    let mut payloads = Vec::new();
    while lines.peek().is_some() {
        let aggregated = rng.u32(0..5) == 0;
        let parts = if aggregated { rng.usize(1..3) } else { 1 };
        let arrays = shop == Shop::Orders && rng.u32(0..4) == 0;
        let mut part = |rng: &mut Rng| -> Vec<Sent> {
            let taken: Vec<Line> = lines.by_ref().take(rng.usize(1..3)).collect();
            match shop {
                Shop::Orders => {
                    let orders = taken.chunks(rng.usize(1..3));
                    let sent = |lines: &[Line]| Shop::sent_whole(rng, lines.to_vec(), arrays);
                    orders.flat_map(sent).collect()
                }
                Shop::Default | Shop::Semicolons => {
                    let sent = |line| shop.sent(rng, line);
                    taken.into_iter().flat_map(sent).collect()
                }
            }
        };
        let parts = (0..parts).map(|_| part(rng)).collect();
        payloads.push(Payload {
            parts,
            aggregated,
            arrays,
        });
    }
    payloads
}

/// Puts records until each is there for certain.
async fn put(world: Arc<World>, invoice: u32, mut payloads: Vec<Payload>) {
    let producer = Process::new("producer", u64::from(invoice), 0);
    let key = invoice.to_string();
    while !payloads.is_empty() {
        let (batch, key) = (payloads.clone(), key.clone());
        let what = || format!("{} records of invoice {invoice}", payloads.len());
        let to = (Service::Orders, payloads.len());
        let answer = world.call(&producer, to, what, move |world, mut extent| {
            let mut taken = |payload: &Payload| {
                let takes = extent.takes();
                if takes {
                    arrive(world, &key, payload);
                }
                takes
            };
            let taken: Vec<bool> = batch.iter().map(&mut taken).collect();
            world.arrived(Service::Orders);
            taken
        });
        if let Ok(taken) = answer.await {
            let mut taken = taken.into_iter();
            payloads.retain(|_| !taken.next().unwrap_or(false));
        }
        if !payloads.is_empty() {
            let pause = world.chance(|rng| rng.u64(300..4_000));
            sleep(Duration::from_millis(pause)).await;
        }
    }
}

/// Takes a record into the stream.
fn arrive(world: &World, key: &str, payload: &Payload) {
    let early = world.strikes(Fault::Disorder, Service::Orders, 30);
    let early = if early {
        world.chance(|rng| rng.i64(0..3_000))
    } else {
        0
    };
    let begin = DateTime::from_timestamp(crate::world::BEGIN, 0).expect("in the calendar");
    let arrived_at = (world.now() - TimeDelta::milliseconds(early)).max(begin);
    let (shard, number) = lock(&world.orders).put(key, payload.data(), arrived_at);
    lock(&world.puts).push(Put {
        shard,
        number,
        arrived_at,
        payload: payload.clone(),
    });
}

/// Splits and merges shards as planned.
pub async fn reshard(world: Arc<World>) {
    for (at, service) in world.plan.reshards.clone() {
        sleep(at.saturating_sub(world.elapsed())).await;
        let stream = world.stream(service);
        let fault = world.chance(|rng| {
            if rng.bool() {
                Fault::Split
            } else {
                Fault::Merged
            }
        });
        let done = world.chance(|rng| match fault {
            Fault::Split => lock(stream).split(rng),
            _ => lock(stream).merge(rng),
        });
        if done {
            world.note(fault, service);
            world.tell(|| format!("{service}: a shard is {fault}"));
            world.arrived(service);
        }
    }
}

/// Puts to the alarm stream what is no alarm, now and then.
pub async fn intrude(world: Arc<World>) {
    for _ in 0..world.chance(|rng| rng.u32(0..3)) {
        let after = world.chance(|rng| rng.u64(0..40_000));
        sleep(Duration::from_millis(after)).await;
        let data = world.chance(nonsense);
        let (key, now) = (data.len().to_string(), world.now());
        lock(&world.alarms).put(&key, data, now);
        world.arrived(Service::Alarms);
    }
}
