//! The handler against a table and a stream in memory: what it does at once.

#[allow(dead_code, reason = "the faults and costs are other tests'")]
mod memory;

use std::time::Duration;

use chrono::{DateTime, Utc};
use function::env::Env;
use function::{Deadline, KinesisEvent};
use memory::{Fault, Faults, Memory, Stream};
use model::{AlarmKind, OrderFormat};
use serde_json::json;
use surge::{Handler, Rule};

const START: i64 = 1_291_191_960;

fn moment(second: i64, milliseconds: u32) -> DateTime<Utc> {
    DateTime::from_timestamp(second, milliseconds * 1_000_000).expect("in the calendar")
}

/// One batch of a shard at a time: orders of a line each, all of one second.
async fn deliver(
    handler: &Handler<&Memory, &Stream>,
    (stream, shard): (&str, u32),
    arrived: i64,
    orders: std::ops::Range<u32>,
    now: DateTime<Utc>,
) {
    let order = |n| format!("{n},85123A,HEART,1,12/1/2010 8:26,2.55,17850,United Kingdom");
    let payloads: Vec<String> = orders.clone().map(order).collect();
    let first = (arrived - START) as u64 * 1_000;
    let event: KinesisEvent =
        serde_json::from_slice(&testkit::event(first, &payloads)).expect("an event");
    let mut records = event.records;
    for record in &mut records {
        record.stream = stream.to_owned();
        record.shard = format!("shardId-{shard:012}");
        record.arrived_at = moment(arrived, 0);
    }
    let deadline = Deadline::after(Duration::from_secs(20));
    let (response, _) = handler.batch(&records, now, deadline).await;
    assert!(response.batch_item_failures.is_empty());
}

fn rule(threshold: &str) -> Rule {
    let lookup = |name: &str| match name {
        "DATAPOINTS_TO_ALARM" => Some("1".to_owned()),
        "ORDER_THRESHOLD" => Some(threshold.to_owned()),
        _ => None,
    };
    Rule::from_env(&Env::new(&lookup)).expect("a rule")
}

fn told(stream: Stream) -> Vec<(AlarmKind, u64)> {
    let alarms = stream.alarms.into_inner().expect("alarms");
    alarms.iter().map(|a| (a.kind, a.rate)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_flood_over_new_shards_is_told_without_waiting_for_the_clock() {
    let (table, stream) = (Memory::default(), Stream::default());
    let handler = Handler::new(rule("15"), &table, &stream);
    // One order a second and shard: the four together reach 15 in the fourth second.
    for second in 0..4 {
        for shard in 0..4 {
            let order = second * 10 + shard;
            let arrived = START + i64::from(second);
            let now = moment(arrived, shard * 250);
            deliver(&handler, ("orders", shard), arrived, order..order + 1, now).await;
        }
    }
    assert_eq!(told(stream), [(AlarmKind::Alarm, 15)]);
}

#[tokio::test(start_paused = true)]
async fn a_breach_that_a_lagging_shard_completes_is_told_without_waiting_for_the_clock() {
    let (table, stream) = (Memory::default(), Stream::default());
    let handler = Handler::new(rule("100"), &table, &stream);
    // Both shards are known, and the other never has its share of a breach.
    deliver(&handler, ("orders", 1), START, 0..1, moment(START, 0)).await;
    deliver(
        &handler,
        ("orders", 0),
        START + 1,
        1..2,
        moment(START + 1, 0),
    )
    .await;
    let first = START + 20;
    deliver(&handler, ("orders", 0), first, 100..155, moment(first, 0)).await;
    deliver(
        &handler,
        ("orders", 1),
        first,
        200..245,
        moment(first + 30, 0),
    )
    .await;
    assert!(stream.alarms.lock().expect("alarms").is_empty());
    // The busy one, in another window, sees what has become of the first.
    let next = first + 31;
    deliver(&handler, ("orders", 0), next, 300..355, moment(next, 0)).await;
    assert_eq!(told(stream), [(AlarmKind::Alarm, 100)]);
}

#[tokio::test(start_paused = true)]
async fn shards_of_two_streams_are_two_shards() {
    let (table, stream) = (Memory::default(), Stream::default());
    let handler = Handler::new(rule("20"), &table, &stream);
    let now = moment(START, 0);
    for (number, name) in ["web", "app"].into_iter().enumerate() {
        let first = number as u32 * 10;
        deliver(&handler, (name, 0), START, first..first + 10, now).await;
    }
    assert_eq!(told(stream), [(AlarmKind::Alarm, 20)]);
}

#[tokio::test(start_paused = true)]
async fn an_alarm_stream_that_is_down_does_not_keep_batches_from_being_counted() {
    let (table, stream) = (Memory::default(), Stream::default());
    let down = Faults::of((0..1_000).map(|_| (Fault::FailsBefore, 0)));
    let stream = Stream {
        faults: down,
        ..stream
    };
    let handler = Handler::new(rule("1"), &table, &stream);
    let start = tokio::time::Instant::now();
    deliver(&handler, ("orders", 0), START, 0..1, moment(START, 0)).await;
    assert!(
        start.elapsed() < Duration::from_secs(3),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn an_alarm_that_is_not_published_keeps_those_behind_it_back() {
    let down = |calls| Stream {
        faults: Faults::of(vec![(Fault::FailsBefore, 0); calls]),
        ..Stream::default()
    };
    for seed in 0..40 {
        fastrand::seed(seed);
        let (table, stream) = (Memory::default(), down(1_000));
        let handler = Handler::new(rule("15"), &table, &stream);
        deliver(&handler, ("orders", 0), START, 0..15, moment(START, 0)).await;
        // The surge is over, and its ALARM and OK wait for the stream, which comes back
        // when there is hardly time left: too little for another pause.
        for calls in (0..12).rev() {
            let stream = down(calls);
            let handler = Handler::new(rule("15"), &table, &stream);
            let deadline = Deadline::after(Duration::from_secs(3));
            let _ = handler.scheduled(moment(START + 300, 0), deadline).await.0;
            let told = told(stream);
            assert_ne!(
                told.first().map(|t| t.0),
                Some(AlarmKind::Ok),
                "{seed}, {calls}"
            );
            if !told.is_empty() {
                break;
            }
        }
    }
}

/// A shop that sends whole orders and marks those that are cancelled.
const SHOP: &str = r#"
format = "json"
lines = "/lines"

[order]
InvoiceNo = "/id"
InvoiceDate = "/at"
CustomerID = { at = "/customer", text = true }
Country = { value = "France" }
Cancelled = { at = "/status", is = ["void"] }

[line]
StockCode = "/sku"
Quantity = "/count"
UnitPrice = { value = 1 }
LineNo = "/n"
"#;

/// Five orders of three lines each, one of them cancelled, and a line that is no good in
/// another: what the first alarm counts and what it says is cancelled.
async fn told_of_whole_orders(measure: &str) -> (u64, u64) {
    let variables = [
        ("DATAPOINTS_TO_ALARM", "1"),
        ("ORDER_THRESHOLD", "1"),
        ("COUNT", measure),
    ];
    let lookup = |name: &str| {
        let found = variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    let rule = Rule::from_env(&Env::new(&lookup)).expect("a rule");
    let order = |id: u32| {
        let line = |n: u32| json!({"sku": "mug", "n": n, "count": if id == 3 && n == 1 { "?" } else { "2" }});
        let lines: Vec<_> = (0..3).map(line).collect();
        let status = if id == 2 { "void" } else { "paid" };
        json!({"id": id, "at": "2010-12-01", "customer": "cus_7", "status": status, "lines": lines})
    };
    let orders: Vec<_> = (0..5).map(order).collect();
    // All in one record, over several lines.
    let event = testkit::event(0, &[format!("{:#}", json!(orders))]);
    let event: KinesisEvent = serde_json::from_slice(&event).expect("an event");
    let (table, stream) = (Memory::default(), Stream::default());
    let format = OrderFormat::parse(SHOP).expect("an order format");
    let handler = Handler::new(rule, &table, &stream).with_format(format);
    let deadline = Deadline::after(Duration::from_secs(20));
    let now = moment(START, 0);
    let (response, counts) = handler.batch(&event.records, now, deadline).await;
    assert!(response.batch_item_failures.is_empty());
    let lines = (
        counts.lines_counted,
        counts.lines_cancelled,
        counts.lines_refused,
    );
    assert_eq!(lines, (11, 3, 1));
    let alarms = stream.alarms.into_inner().expect("alarms");
    (alarms[0].rate, alarms[0].cancellation_count)
}

#[tokio::test(start_paused = true)]
async fn whole_orders_count_as_what_they_hold_and_marked_ones_as_cancelled() {
    assert_eq!(told_of_whole_orders("orders").await, (4, 3));
    assert_eq!(told_of_whole_orders("lines").await, (11, 3));
    assert_eq!(told_of_whole_orders("units").await, (22, 3));
}
