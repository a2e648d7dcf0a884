//! Lines decoded per second on one core, by format, beside their floor: what
//! looking at each byte once takes, and what the JSON parser alone takes.
#![allow(missing_docs, reason = "Criterion's macros")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use model::OrderFormat;
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

/// The same lines as another shop has them: its own columns, German signs, local dates.
const DESCRIBED_CSV: &str = r#"
format = "csv"
delimiter = ";"
columns = ["Bestellnr", "Artikel", "Bezeichnung", "Menge", "Datum", "Einzelpreis", "Kundennr", "Land"]
decimal = ","
[line]
InvoiceNo = "Bestellnr"
StockCode = "Artikel"
Description = "Bezeichnung"
Quantity = "Menge"
InvoiceDate = { at = "Datum", format = "%d.%m.%Y %H:%M", zone = "Europe/Berlin" }
UnitPrice = "Einzelpreis"
CustomerID = "Kundennr"
Country = "Land"
"#;

/// The same lines as JSON: alone, or ten of them in a whole order.
const DESCRIBED_JSON: &str = r#"
format = "json"
[line]
InvoiceNo = "/order/id"
StockCode = "/sku"
Description = "/title"
Quantity = "/count"
InvoiceDate = "/order/at"
UnitPrice = "/price"
CustomerID = { at = "/order/customer", text = true }
Country = "/order/country"
"#;

const DESCRIBED_ORDERS: &str = r#"
format = "json"
lines = "/lines"
[order]
InvoiceNo = "/id"
InvoiceDate = "/at"
CustomerID = { at = "/customer", text = true }
Country = "/country"
[line]
StockCode = "/sku"
Description = "/title"
Quantity = "/count"
UnitPrice = "/price"
LineNo = "/no"
"#;

/// How many lines a whole order has.
const LINES_OF_AN_ORDER: usize = 10;

fn described_csv(n: usize) -> String {
    format!(
        "{};{}A;\"WHITE HANGING HEART; T-LIGHT HOLDER\";6;01.12.2010 08:26;2,55;{};United Kingdom\r\n",
        536_365 + n / 20,
        85_123 + n % 900,
        12_346 + n % 5_000
    )
}

fn order(n: usize) -> String {
    format!(
        "\"id\":\"{}\",\"at\":\"2010-12-01T08:26:00Z\",\"customer\":\"cus_{}\",\"country\":\"United Kingdom\"",
        536_365 + n / 20,
        12_346 + n % 5_000
    )
}

fn described_json(n: usize) -> String {
    format!(
        "{{\"order\":{{{}}},\"sku\":\"{}A\",\"title\":\"WHITE HANGING HEART T-LIGHT HOLDER\",\"count\":6,\"price\":2.55}}\n",
        order(n),
        85_123 + n % 900,
    )
}

fn described_order(n: usize) -> String {
    let line = |no: usize| {
        format!(
            "{{\"no\":{no},\"sku\":\"{}A\",\"title\":\"WHITE HANGING HEART T-LIGHT HOLDER\",\"count\":6,\"price\":2.55}}",
            85_123 + (n + no) % 900,
        )
    };
    let lines: Vec<String> = (1..=LINES_OF_AN_ORDER).map(line).collect();
    format!("{{{},\"lines\":[{}]}}\n", order(n), lines.join(","))
}

fn described(c: &mut Criterion) {
    let mut group = c.benchmark_group("described");
    group.throughput(Throughput::Elements(LINES as u64));
    for (name, format, records, line) in [
        (
            "csv",
            DESCRIBED_CSV,
            LINES,
            described_csv as fn(usize) -> String,
        ),
        ("json", DESCRIBED_JSON, LINES, described_json),
        (
            "orders",
            DESCRIBED_ORDERS,
            LINES / LINES_OF_AN_ORDER,
            described_order,
        ),
    ] {
        let format = OrderFormat::parse(format).expect("a format");
        let records: Vec<String> = (0..records).map(line).collect();
        let lines = || {
            records
                .iter()
                .flat_map(|record| format.decode(record.as_bytes()))
        };
        assert_eq!(
            lines().filter(|decoded| decoded.line.is_ok()).count(),
            LINES
        );
        group.bench_function(name, |b| {
            b.iter(|| {
                lines()
                    .filter(|decoded| black_box(&decoded.line).is_ok())
                    .count()
            });
        });
        group.bench_function(format!("{name}-with-key"), |b| {
            b.iter(|| {
                let lines = lines().filter_map(|decoded| decoded.line.ok());
                lines.map(|line| line.order_id().len()).sum::<usize>()
            });
        });
    }
    group.finish();
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

criterion_group!(benches, decode, described);
criterion_main!(benches);
