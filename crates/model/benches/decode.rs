//! Lines decoded per second on one core, by format, beside their floor: what
//! looking at each byte once takes, and what the JSON parser alone takes.
#![allow(missing_docs, reason = "Criterion's macros")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde_json::value::RawValue;

const LINES: usize = 10_000;

fn csv(n: usize) -> String {
    format!(
        "{},{}A,\"WHITE HANGING HEART, T-LIGHT HOLDER\",6,12/1/2010 8:26,2.55,{},United Kingdom\r\n",
        536_365 + n / 20,
        85_123 + n % 900,
        12_346 + n % 5_000
    )
}

fn agent(n: usize) -> String {
    format!(
        "{{\"InvoiceNo\":\"{}\",\"StockCode\":\"{}A\",\"Description\":\"WHITE HANGING HEART T-LIGHT HOLDER\",\
         \"Quantity\":\"6\",\"InvoiceDate\":\"12/1/2010 8:26\",\"UnitPrice\":\"2.55\",\"Customer\":\"{}\",\
         \"Country\":\"United Kingdom\\r\"}}\n",
        536_365 + n / 20,
        85_123 + n % 900,
        12_346 + n % 5_000
    )
}

fn decode(c: &mut Criterion) {
    let mut group = c.benchmark_group("decode");
    group.throughput(Throughput::Elements(LINES as u64));
    for (name, line) in [("csv", csv as fn(usize) -> String), ("agent-json", agent)] {
        let records: Vec<String> = (0..LINES).map(line).collect();
        group.bench_function(name, |b| {
            b.iter(|| {
                let lines = records
                    .iter()
                    .flat_map(|record| model::decode(record.as_bytes()));
                lines
                    .filter(|decoded| black_box(&decoded.line).is_ok())
                    .count()
            });
        });
        group.bench_function(format!("{name}-with-key"), |b| {
            b.iter(|| {
                let lines = records
                    .iter()
                    .flat_map(|record| model::decode(record.as_bytes()));
                lines
                    .filter_map(|decoded| decoded.line.ok())
                    .map(|line| line.order_id().len())
                    .sum::<usize>()
            });
        });
        group.bench_function(format!("{name}-floor-bytes"), |b| {
            b.iter(|| {
                records
                    .iter()
                    .map(|r| memchr::memchr_iter(b',', r.as_bytes()).count())
                    .sum::<usize>()
            });
        });
    }
    let records: Vec<String> = (0..LINES).map(agent).collect();
    group.bench_function("agent-json-floor-parser", |b| {
        b.iter(|| {
            let parsed = records
                .iter()
                .map(|record| serde_json::from_str::<&RawValue>(record));
            parsed.filter(|raw| black_box(raw).is_ok()).count()
        });
    });
    group.finish();
}

criterion_group!(benches, decode);
criterion_main!(benches);
