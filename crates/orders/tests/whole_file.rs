//! A whole year of orders, in each form that a shipper gives it, into a real
//! endpoint: every distinct line is one row, to the last digit.

#[allow(dead_code, reason = "the table in memory is another test's")]
mod stage;

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use aws_sdk_dynamodb::types::ScalarAttributeType;
use function::env::{QueueUrl, TableName};
use function::rejects::SqsQueue;
use function::{Deadline, KinesisEvent};
use model::Decimal;
use orders::{DynamoTable, Handler, Row};
use stage::{Item, SMALL, TABLE, YEAR, digest, from_sdk, items, without_arrival};
use testkit::{Endpoint, Orders, agent_json, embedded_dynamodb, small_orders};

/// Rows' count and sums.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sums {
    rows: usize,
    quantity: i64,
    value: Decimal,
}

/// What is in a table, in a form that two tables can be compared by.
#[derive(Debug, Default, PartialEq, Eq)]
struct Contents {
    sums: Sums,
    /// The sum of every item's hash: the same for the same items in any order.
    hash: u64,
    /// Each row's text, without the one attribute that tells copies apart; sorted.
    rows: Vec<String>,
}

struct Pipeline {
    endpoint: Endpoint,
    sqs: Endpoint,
    queue: String,
    handler: Handler<DynamoTable, SqsQueue>,
}

impl Pipeline {
    async fn start() -> Self {
        let endpoint = embedded_dynamodb().await;
        let number = ("CustomerID", ScalarAttributeType::N);
        endpoint
            .create_table(TABLE, number, ("OrderID", ScalarAttributeType::S))
            .await;
        let sqs = Endpoint::start();
        let queue = sqs.create_queue("rejects").await;
        let table = TableName::parse(TABLE).expect("a table name");
        let url = QueueUrl::parse(&queue).expect("a queue URL");
        let table = DynamoTable::new(endpoint.dynamodb(), table);
        let handler = Handler::new(table, SqsQueue::new(sqs.sqs(), url));
        Self {
            endpoint,
            sqs,
            queue,
            handler,
        }
    }

    /// Sends one record per payload, in batches of `size`.
    async fn send<P: AsRef<[u8]>>(&self, payloads: &[P], size: usize) {
        for (index, batch) in payloads.chunks(size).enumerate() {
            let event = testkit::event((index * size) as u64, batch);
            let payload: KinesisEvent = serde_json::from_slice(&event).expect("an event");
            let deadline = Deadline::after(Duration::from_secs(900));
            let (answer, _) = self.handler.process(&payload.records, deadline).await;
            let failures = answer.batch_item_failures;
            assert!(failures.is_empty(), "{failures:?}");
        }
    }

    async fn contents(&self) -> Contents {
        let mut contents = Contents::default();
        let mut items = self
            .endpoint
            .dynamodb()
            .scan()
            .table_name(TABLE)
            .into_paginator()
            .items()
            .send();
        while let Some(item) = items.next().await {
            contents.add(&from_sdk(&item.expect("a scan to its end")));
        }
        contents.rows.sort();
        contents
    }
}

impl Contents {
    fn add(&mut self, item: &Item) {
        let number = |name: &str| {
            let number = item[name]["N"].as_str().expect("a number");
            number.parse::<Decimal>().expect("a number")
        };
        let quantity = number("Quantity");
        self.sums.rows += 1;
        self.sums.quantity += i64::try_from(quantity).expect("a whole number");
        self.sums.value += quantity * number("UnitPrice");
        let mut hasher = DefaultHasher::new();
        format!("{item:?}").hash(&mut hasher);
        self.hash = self.hash.wrapping_add(hasher.finish());
        self.rows.push(without_arrival(item));
    }
}

/// What a table must hold of these payloads, worked out without any.
fn rows_of(payloads: &[&str]) -> Contents {
    let event: KinesisEvent =
        serde_json::from_slice(&testkit::event(0, payloads)).expect("an event");
    let mut rows = HashMap::new();
    for record in &event.records {
        for decoded in model::decode(&record.data) {
            let line = decoded.line.expect("a good line");
            let row = Row::new(line, record.arrived_at.into());
            let item = items(&[&row]).remove(0);
            let key = format!("{:?} {:?}", item["CustomerID"], item["OrderID"]);
            rows.insert(key, item);
        }
    }
    let mut contents = Contents::default();
    rows.values().for_each(|item| contents.add(item));
    contents.rows.sort();
    contents
}

/// The distinct lines' count and sums, by a CSV reader and arithmetic that share
/// nothing with the function.
fn expected<'a>(lines: impl IntoIterator<Item = &'a str>) -> Sums {
    let mut sums = Sums::default();
    let mut thousandths = 0_i128;
    let text = lines.into_iter().collect::<Vec<_>>().join("\n");
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_bytes());
    for fields in reader.records() {
        let fields = fields.expect("a CSV line");
        let quantity: i64 = fields[3].parse().expect("a whole number");
        let (sign, price) = match fields[5].strip_prefix('-') {
            Some(price) => (-1, price),
            None => (1, &fields[5]),
        };
        let (whole, fraction) = price.split_once('.').unwrap_or((price, ""));
        let price: i128 = format!("{whole}{fraction:0<3}")
            .parse()
            .expect("thousandths");
        sums.rows += 1;
        sums.quantity += quantity;
        thousandths += sign * price * i128::from(quantity);
    }
    sums.value = Decimal::from_i128_with_scale(thousandths, 3);
    sums
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn raw_lines_become_one_row_per_distinct_line_however_often_they_are_sent() {
    let orders = Orders::load();
    let lines = orders.lines();
    let distinct: HashSet<&str> = lines.iter().copied().collect();
    if orders.whole {
        assert_eq!((lines.len(), distinct.len()), (541_909, 536_641));
    }
    let pipeline = Pipeline::start().await;
    let with_header: Vec<&str> = orders.text().split_inclusive('\n').collect();
    pipeline.send(&with_header, 10_000).await;
    let once = pipeline.contents().await;
    assert_eq!(once.sums, expected(distinct));
    assert_eq!(digest(&once.rows), if orders.whole { YEAR } else { SMALL });

    pipeline.send(&with_header, 7_919).await;
    assert!(pipeline.contents().await == once, "copies change a row");
    assert!(pipeline.sqs.drain(&pipeline.queue).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbered_lines_become_one_row_each() {
    let orders = Orders::load();
    let lines = orders.lines();
    let numbered: Vec<String> = lines
        .iter()
        .enumerate()
        .map(|(number, line)| format!("{},{}\r\n", line.trim_end(), number + 1))
        .collect();
    let pipeline = Pipeline::start().await;
    pipeline.send(&numbered, 10_000).await;
    let stored = pipeline.contents().await;
    assert_eq!(stored.sums, expected(lines.iter().copied()));
    if orders.whole {
        assert_eq!(stored.sums.rows, 541_909);
    }

    pipeline.send(&numbered, 7_919).await;
    assert!(pipeline.contents().await == stored, "copies change a row");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn copies_in_any_order_change_nothing_but_the_arrival_time() {
    let orders = small_orders();
    let mut lines = orders.lines();
    let pipeline = Pipeline::start().await;
    pipeline.send(&lines, 700).await;
    let rows = pipeline.contents().await.rows;
    lines.reverse();
    pipeline.send(&lines, 300).await;
    assert!(
        pipeline.contents().await.rows == rows,
        "copies change a row"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_agents_json_is_stored_where_its_fields_are_in_place_and_else_rejected() {
    let orders = Orders::load();
    let lines = orders.lines();
    // A quoted field with a comma is all that has more commas than the columns need.
    let cut = |line: &&str| line.matches(',').count() > 7;
    let (shifted, in_place): (Vec<&str>, Vec<&str>) = lines.iter().copied().partition(cut);
    if orders.whole {
        assert_eq!((in_place.len(), shifted.len()), (537_113, 4_796));
    }
    let records: Vec<&str> = orders.text().split_terminator('\n').collect();
    let agents: Vec<String> = records.iter().map(|line| agent_json(line)).collect();
    let pipeline = Pipeline::start().await;
    pipeline.send(&agents, 10_000).await;
    let stored = pipeline.contents().await;
    assert_eq!(
        stored.sums,
        expected(in_place.into_iter().collect::<HashSet<_>>())
    );

    // The very rows that the raw lines make: no field in a wrong place, no
    // left-over quote.
    let raw: Vec<&str> = records
        .iter()
        .map(|line| if cut(line) { "" } else { line })
        .collect();
    assert!(stored == rows_of(&raw), "rows differ from the raw lines'");

    let rejects = pipeline.sqs.drain(&pipeline.queue).await;
    assert_eq!(rejects.len(), shifted.len());
    for reject in &rejects {
        assert_eq!(reject["reason"], "shifted_by_agent", "{reject}");
        let message = reject["message"].as_str().expect("a text");
        assert!(message.contains("send raw lines"), "{message}");
    }
}
