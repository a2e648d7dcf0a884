//! Whole invocations on one core: from the event's JSON to write requests that
//! are ready to send, against a table that answers at once.
#![allow(missing_docs, reason = "Criterion's macros")]

use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use function::delivery::{CallError, Outcome, Target};
use function::env::TableName;
use function::rejects::Part;
use function::{Deadline, KinesisEvent};
use orders::{Handler, Row, batch_write_item_body};
use testkit::agent_json;

/// Builds each call's body and drops it: all the work but the SDK's and the network's.
struct Ready(TableName);

impl Target<Row<'_>> for Ready {
    async fn call(&self, rows: &[&Row<'_>]) -> Result<Vec<Outcome>, CallError> {
        black_box(batch_write_item_body(&self.0, rows));
        Ok(vec![Outcome::Done; rows.len()])
    }
}

/// Takes every reject; there are none.
struct Queue;

impl Target<Part<'_>> for Queue {
    async fn call(&self, parts: &[&Part<'_>]) -> Result<Vec<Outcome>, CallError> {
        Ok(vec![Outcome::Done; parts.len()])
    }
}

fn line(n: usize) -> String {
    let invoice = 536_365 + n / 20;
    format!(
        "{invoice},{}A,WHITE HANGING HEART T-LIGHT HOLDER,6,12/1/2010 8:26,2.55,17850,United Kingdom\r",
        85_123 + n % 900
    )
}

fn invocation(c: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    let table = TableName::parse("WebsiteOrders").expect("a name");
    let handler = Handler::new(Ready(table), Queue);
    let mut group = c.benchmark_group("invocation");
    group.sample_size(30);
    for (format, records, lines_per_record) in [
        ("csv", 100, 1),
        ("csv", 1_000, 1),
        ("csv", 10_000, 1),
        ("csv", 450, 100),
        ("agent-json", 10_000, 1),
    ] {
        let payload = |record: usize| -> String {
            (0..lines_per_record)
                .map(|n| line(record * lines_per_record + n))
                .map(|line| {
                    if format == "csv" {
                        line + "\n"
                    } else {
                        agent_json(&line)
                    }
                })
                .collect()
        };
        let payloads: Vec<String> = (0..records).map(payload).collect();
        let event = testkit::event(1, &payloads);
        let name = format!(
            "{format} {records}x{lines_per_record} ({} KB)",
            event.len() / 1000
        );
        group.throughput(Throughput::Elements((records * lines_per_record) as u64));
        group.bench_function(name, |b| {
            b.iter_batched(
                || Deadline::after(Duration::from_secs(600)),
                |deadline| {
                    let event: KinesisEvent = serde_json::from_slice(&event).expect("an event");
                    runtime.block_on(handler.process(&event.records, deadline))
                },
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, invocation);
criterion_main!(benches);
