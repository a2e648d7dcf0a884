//! From records to rates on one core: decoding and windows alone, and whole batches
//! against a table that answers at once. Also prints the state that a batch writes.
#![allow(missing_docs, reason = "Criterion's macros")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use function::delivery::{CallError, Outcome, Target};
use function::env::Env;
use function::{Deadline, KinesisEvent, Record};
use model::{Alarm, Dimension, Measure, OrderFormat, Second};
use surge::{
    Arrival, Arrivals, End, Expected, GRANULE_SECONDS, Gauge, Granule, Handler, Item, Keys, Line,
    Rule, Seen, Table, lines, start_of,
};

/// A multiple of a granule's length.
const START: i64 = 1_291_191_960;
/// What a shard takes in a second.
const RECORDS_PER_SECOND: usize = 1_000;
const WINDOW: u32 = 15;
const ALL: &str = "customer,country,article";

/// A table in memory. Once frozen it takes every write and stays as it is, so that
/// each batch finds the same.
#[derive(Default)]
struct Steady {
    items: Mutex<BTreeMap<(String, String), Item>>,
    frozen: AtomicBool,
    written: AtomicUsize,
}

impl Table for &Steady {
    async fn read(&self, partition: &str, keys: Keys<'_>) -> Result<Vec<Item>, CallError> {
        let first = (partition.to_owned(), keys.first.to_owned());
        let last = (partition.to_owned(), keys.last.to_owned());
        let items = self.items.lock().expect("items");
        let mut range = items.range(first..=last).map(|(_, item)| item.clone());
        Ok(match keys.only {
            None => range.collect(),
            Some(End::First) => range.take(1).collect(),
            Some(End::Last) => range.next_back().into_iter().collect(),
        })
    }

    async fn write(&self, item: &Item, _: Expected<'_>) -> Result<bool, CallError> {
        if self.frozen.load(Ordering::Relaxed) {
            self.written.store(item.body.len(), Ordering::Relaxed);
        } else {
            let key = (item.partition.clone(), item.key.clone());
            self.items.lock().expect("items").insert(key, item.clone());
        }
        Ok(true)
    }
}

struct Nowhere;

impl Target<Alarm> for Nowhere {
    async fn call(&self, alarms: &[&Alarm]) -> Result<Vec<Outcome>, CallError> {
        Ok(vec![Outcome::Done; alarms.len()])
    }
}

fn moment(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(second, 0).expect("in the calendar")
}

/// Records of one order and line each, from `second` on, as fast as a shard takes
/// them.
fn records(second: i64, count: usize) -> Vec<Record> {
    let number = |n: usize| (second - START) as usize * RECORDS_PER_SECOND + n;
    let payload = |n: usize| {
        let invoice = 536_365 + number(n);
        format!(
            "{invoice},85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,12/1/2010 8:26,2.55,17850,United Kingdom\r\n"
        )
    };
    let payloads: Vec<String> = (0..count).map(payload).collect();
    let event = testkit::event(number(0) as u64, &payloads);
    let event: KinesisEvent = serde_json::from_slice(&event).expect("an event");
    let mut records = event.records;
    for (n, record) in records.iter_mut().enumerate() {
        record.arrived_at = moment(second + (n / RECORDS_PER_SECOND) as i64);
    }
    records
}

fn decode_and_window(c: &mut Criterion) {
    let records = records(START, 10_000);
    let mut group = c.benchmark_group("decode and window");
    group.throughput(Throughput::Elements(records.len() as u64));
    let format = OrderFormat::default();
    for (name, gauge) in [
        ("orders", Gauge::of(Measure::Orders)),
        ("lines", Gauge::of(Measure::Lines)),
        (
            "orders by customer, country and article",
            Gauge::new(Measure::Orders, Dimension::ALL.to_vec()),
        ),
    ] {
        group.bench_function(name, |b| {
            b.iter(|| {
                let arrival = |record| -> Arrival<'_> {
                    let record: &Record = record;
                    Arrival {
                        sequence: &record.sequence_number,
                        second: Second::of(record.arrived_at),
                        lines: lines(&format, &record.data, &gauge).0,
                    }
                };
                let decoded: Vec<Arrival<'_>> = records.iter().map(arrival).collect();
                let mut granule = Granule::empty(start_of(Second::new(START)));
                granule.count(&decoded, &gauge, moment(START));
                let mut arrivals = Arrivals::default();
                granule.each(|second, bucket| arrivals.add(second, bucket));
                let last = Second::new(START + GRANULE_SECONDS - 1);
                black_box(arrivals.rates(Second::new(START), last, WINDOW))
            });
        });
    }
    group.finish();
}

fn batches(c: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    let mut group = c.benchmark_group("batch");
    group.sample_size(30);
    for (count, measure, contributors) in [
        (10_usize, "orders", "none"),
        (1_000, "orders", "none"),
        (10_000, "orders", "none"),
        (10_000, "lines", "none"),
        (10, "orders", ALL),
        (1_000, "orders", ALL),
        (10_000, "orders", ALL),
    ] {
        let name = match contributors {
            ALL => format!("{measure} and contributors"),
            _ => measure.to_owned(),
        };
        // A batch each second, up to what a shard takes; a larger one is of several.
        let seconds = count.div_ceil(RECORDS_PER_SECOND) as i64;
        let lookup = |name: &str| match name {
            "COUNT" => Some(measure.to_owned()),
            "CONTRIBUTORS" => Some(contributors.to_owned()),
            // Far off: what a quiet site's batch costs.
            "ORDER_THRESHOLD" => Some("1000000".to_owned()),
            _ => None,
        };
        let rule = Rule::from_env(&Env::new(&lookup)).expect("a rule");
        let table = Steady::default();
        let handler = Handler::new(rule, &table, Nowhere);
        let deadline = || Deadline::after(Duration::from_secs(600));
        // The granules of the window before, and most of this one.
        let last = START + 2 * GRANULE_SECONDS + (GRANULE_SECONDS - seconds);
        for second in (START..last).step_by(usize::try_from(seconds).expect("some")) {
            let records = records(second, count);
            runtime.block_on(handler.batch(&records, moment(second), deadline()));
        }
        table.frozen.store(true, Ordering::Relaxed);
        let records = records(last, count);
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(BenchmarkId::new(&name, count), |b| {
            b.iter(|| runtime.block_on(handler.batch(&records, moment(last), deadline())));
        });
        let bytes = table.written.load(Ordering::Relaxed);
        println!("batch/{name}/{count}: {bytes} bytes of state written, a granule at its fullest");
    }
    group.finish();
}

/// A look at a hundred shards, each as fast as a shard can be: from granules in
/// bytes to the site's rates in a batch's second and five around it.
fn look(c: &mut Criterion) {
    const SHARDS: usize = 100;
    let gauge = Gauge::new(Measure::Orders, Dimension::ALL.to_vec());
    let format = OrderFormat::default();
    let mut granules = Vec::new();
    for start in [START, START + GRANULE_SECONDS] {
        let records = records(start, 10_000);
        for shard in 0..SHARDS {
            let arrivals: Vec<Arrival<'_>> = records
                .iter()
                .map(|record| Arrival {
                    sequence: &record.sequence_number,
                    second: Second::of(record.arrived_at),
                    lines: (lines(&format, &record.data, &gauge).0.into_iter())
                        .map(|seen| another(seen, shard as u64))
                        .collect(),
                })
                .collect();
            let mut granule = Granule::empty(Second::new(start));
            granule.count(&arrivals, &gauge, moment(start));
            let bytes = granule.to_bytes(Measure::Orders).expect("bytes");
            granules.push((start, records[9_999].sequence_number.clone(), bytes));
        }
    }
    let mut group = c.benchmark_group("look");
    group.sample_size(10);
    let orders = SHARDS * RECORDS_PER_SECOND;
    group.bench_function(format!("{SHARDS} shards, {orders} orders a second"), |b| {
        b.iter(|| {
            let mut arrivals = Arrivals::default();
            for (start, last, bytes) in &granules {
                let start = Second::new(*start);
                let granule = Granule::from_bytes(start, last.clone(), bytes, Measure::Orders);
                let granule = granule.expect("a granule");
                granule.each(|second, bucket| arrivals.add(second, bucket));
            }
            let last = START + 2 * GRANULE_SECONDS - 1;
            black_box(arrivals.rates(Second::new(last - 5), Second::new(last), WINDOW))
        });
    });
    let bytes: usize = granules.iter().map(|(_, _, bytes)| bytes.len()).sum();
    println!("look: {bytes} bytes are read");
    group.finish();
}

/// The same line of another invoice.
fn another(mut seen: Seen<'_>, salt: u64) -> Seen<'_> {
    if let Line::Order { order, .. } = &mut seen.line {
        *order ^= salt.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
    seen
}

criterion_group!(benches, decode_and_window, batches, look);
criterion_main!(benches);
