//! A batch of records through the whole `orders` function, and as `surge` counts it.

use std::collections::HashSet;
use std::sync::Mutex;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;
use function::delivery::{CallError, Outcome, Target};
use function::env::TableName;
use function::rejects::Part;
use function::{Deadline, Record};
use model::{Dimension, Measure, OrderFormat, Second, SequenceNumber};
use orders::{Counts, Handler, Row, batch_write_item_body};
use surge::{Arrivals, Bucket, Gauge, Line};
use tokio::runtime::{Builder, Runtime};

use crate::memory::bounded;

/// The shortest good line has 26 bytes; its row, its place in the batch, its key and
/// what delivery remembers of it take some 400, and a list that grows is there twice.
const MEMORY: usize = 64;
/// A line of an order may be shorter, and copies texts with escapes that it inherits.
const DESCRIBED_MEMORY: usize = 80;
/// What stands between records in an input: a byte that ASCII has for it.
const BETWEEN: u8 = 0x1E;
/// 2010-12-01T08:26:00Z.
const START: i64 = 1_291_191_960;
const WINDOW: u32 = 3;

/// Checks a batch of the records that `data` holds, with 0x1E between them.
///
/// # Panics
/// As [`records`] does.
pub fn check(data: &[u8]) {
    let pieces = data.split(|b| *b == BETWEEN).enumerate();
    let batch: Vec<Record> = pieces.map(|(n, data)| numbered(n, data)).collect();
    records(&OrderFormat::default(), &batch);
}

/// Checks a batch of one record, of a shop's own form.
pub(crate) fn record(format: &OrderFormat, data: &[u8]) {
    records(format, &[numbered(0, data)]);
}

fn numbered(n: usize, data: &[u8]) -> Record {
    Record {
        stream: "orders".to_owned(),
        shard: "shardId-000000000000".to_owned(),
        sequence_number: SequenceNumber::parse(&n.to_string()).expect("digits"),
        arrived_at: DateTime::from_timestamp(START + n as i64, 0).expect("in the calendar"),
        data: data.to_vec(),
    }
}

/// Checks a batch of orders of this form.
///
/// # Panics
/// - if a line is neither a row nor a reject, or a record is reported as failed where
///   no call has failed;
/// - if a row or a message is one that no table or queue takes, or two rows of a call
///   have one key;
/// - if the batch, delivered again, makes other rows or other messages;
/// - if `surge` does not count exactly the lines that become rows, or its rates are
///   not what a naive sum gives;
/// - if more memory is held than the batch's length allows.
pub fn records(format: &OrderFormat, records: &[Record]) {
    let length = records.iter().map(|r| r.data.len() + 200).sum();
    let first = Sink::default();
    let memory = if format.is_described() {
        DESCRIBED_MEMORY
    } else {
        MEMORY
    };
    let counts = bounded(length, memory, || process(&first, format, records));
    let lines: usize = records.iter().map(|r| format.decode(&r.data).count()).sum();
    assert_eq!(counts.records_failed, 0);
    assert_eq!(counts.lines_retried, 0);
    assert_eq!(counts.lines_stored + counts.lines_rejected, lines as u64);
    let second = Sink::default();
    process(&second, format, records);
    assert_eq!(first.seen(), second.seen());
    let refused = counted(format, records);
    assert_eq!(
        refused, counts.lines_rejected,
        "surge counts what orders stores"
    );
}

fn process(sink: &Sink, format: &OrderFormat, records: &[Record]) -> Counts {
    thread_local! {
        // One for all inputs: to make one takes longer than most of them.
        static RUNTIME: Runtime = Builder::new_current_thread()
            .enable_time()
            .build()
            .expect("a runtime");
    }
    let handler = Handler::new(sink, sink).with_format(format.clone());
    let deadline = Deadline::after(Duration::from_secs(3_600));
    let work = handler.process(records, deadline);
    let (response, counts) = RUNTIME.with(|runtime| runtime.block_on(work));
    assert!(response.batch_item_failures.is_empty());
    counts
}

/// How many lines `surge` refuses; its rates are checked on the way.
fn counted(format: &OrderFormat, records: &[Record]) -> u64 {
    let gauge = Gauge::new(Measure::Units, Dimension::ALL.to_vec());
    let mut refused = 0;
    let mut arrivals = Arrivals::default();
    let mut naive: Vec<(Second, u128)> = Vec::new();
    for record in records {
        let (lines, bad) = surge::lines(format, &record.data, &gauge);
        refused += bad;
        let units = lines.iter().map(|seen| match seen.line {
            Line::Order { units, .. } => u128::from(units),
            Line::Cancellation => 0,
        });
        let second = Second::of(record.arrived_at);
        naive.push((second, units.sum()));
        let mut bucket = Bucket::new(&gauge);
        bucket.add(lines, &gauge);
        arrivals.add(second, &bucket);
    }
    let (Some(first), Some(last)) = (naive.iter().min(), naive.iter().max()) else {
        return refused;
    };
    let (first, last) = (first.0, last.0.min(first.0 + 100));
    for rate in arrivals.rates(first, last, WINDOW) {
        let from = rate.second - (i64::from(WINDOW) - 1);
        let inside = naive
            .iter()
            .filter(|(t, _)| (from..=rate.second).contains(t));
        let sum: u128 = inside.map(|(_, units)| units).sum();
        assert_eq!(rate.count, u64::try_from(sum).unwrap_or(u64::MAX));
    }
    refused
}

/// A table and a queue that take everything they could take on AWS, and remember it.
#[derive(Default)]
struct Sink(Mutex<Seen>);

/// Hashes of what was taken: an input's own copies would count as memory.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    rows: u64,
    messages: u64,
}

impl Sink {
    fn seen(self) -> Seen {
        self.0.into_inner().expect("what was seen")
    }
}

impl Target<Row<'_>> for &Sink {
    async fn call(&self, rows: &[&Row<'_>]) -> Result<Vec<Outcome>, CallError> {
        assert!((1..=25).contains(&rows.len()));
        let keys: HashSet<_> = rows.iter().map(|row| row.key()).collect();
        assert_eq!(keys.len(), rows.len(), "BatchWriteItem takes no key twice");
        let table = TableName::parse("WebsiteOrders").expect("a name");
        let body = batch_write_item_body(&table, rows);
        let body: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
        let puts = body["RequestItems"]["WebsiteOrders"].as_array();
        let puts = puts.expect("a list");
        assert_eq!(puts.len(), rows.len());
        for (row, put) in rows.iter().zip(puts) {
            let item = &put["PutRequest"]["Item"];
            let mut size = 0;
            for (name, value) in item.as_object().expect("an item") {
                let text = value["S"].as_str().or(value["N"].as_str());
                let text = text.or(value["BOOL"].as_bool().map(|_| "."));
                let text = text.expect("a text, a number or a truth value");
                size += name.len() + text.len();
                let key = name == "OrderID" || name == "CustomerID";
                assert!(!key || (1..=1024).contains(&text.len()), "{name}");
            }
            assert!(size <= 400 * 1024, "an item of {size} bytes");
            let (customer, order) = row.key();
            assert_eq!(item["CustomerID"]["N"], customer.to_string());
            assert_eq!(item["OrderID"]["S"], order);
            let mut seen = self.0.lock().expect("what was seen");
            seen.rows = seen.rows.wrapping_add(hash(&(customer, order)));
        }
        Ok(vec![Outcome::Done; rows.len()])
    }
}

impl Target<Part<'_>> for &Sink {
    async fn call(&self, parts: &[&Part<'_>]) -> Result<Vec<Outcome>, CallError> {
        let bodies = parts.iter().map(|part| part.body().expect("JSON"));
        let mut bytes = 0;
        for body in bodies {
            bytes += body.len();
            let message: serde_json::Value = serde_json::from_str(&body).expect("JSON");
            let data = message["data"].as_str().expect("the original");
            STANDARD.decode(data).expect("base64");
            let mut seen = self.0.lock().expect("what was seen");
            seen.messages = seen.messages.wrapping_add(hash(&body));
        }
        assert!((1..=10).contains(&parts.len()) && bytes <= 256 * 1024);
        Ok(vec![Outcome::Done; parts.len()])
    }
}

fn hash(value: &impl std::hash::Hash) -> u64 {
    use std::hash::{DefaultHasher, Hasher as _};
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
