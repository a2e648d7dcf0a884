//! Rows in a form that two tables can be compared by, and a table and a queue in memory.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use function::delivery::{CallError, Outcome, Target};
use function::env::TableName;
use function::rejects::Part;
use function::{Deadline, KinesisEvent};
use model::OrderFormat;
use orders::{Counts, Handler, Row, batch_write_item_body};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

pub(crate) const TABLE: &str = "WebsiteOrders";
/// SHA-256 of the year's 536,641 rows, keys and all, as they were before shops could say
/// how their orders look. Rows are stored under these keys for years: it never changes.
pub(crate) const YEAR: &str = "b3d3b68e9b630ee9290ad94da178f4253882283b82ee04ae881fd9c6f6cbfa0b";
/// The same of the small file's 1,968 rows.
pub(crate) const SMALL: &str = "31526589b0501724e0e7cc1cdc293a84b2a7b645aaa4db660258d0cb9fe74991";

/// A row's attributes, each with its type.
pub(crate) type Item = BTreeMap<String, Value>;

/// An item as the SDK gives it.
pub(crate) fn from_sdk(item: &HashMap<String, AttributeValue>) -> Item {
    let attribute = |(name, value): (&String, &AttributeValue)| {
        let value = match value {
            AttributeValue::N(number) => json!({"N": number}),
            AttributeValue::S(text) => json!({"S": text}),
            AttributeValue::Bool(is) => json!({"BOOL": is}),
            other => panic!("{name} is {other:?}"),
        };
        (name.clone(), value)
    };
    item.iter().map(attribute).collect()
}

/// The items that are written for rows.
pub(crate) fn items(rows: &[&Row<'_>]) -> Vec<Item> {
    let table = TableName::parse(TABLE).expect("a name");
    let body = batch_write_item_body(&table, rows);
    let mut body: Value = serde_json::from_slice(&body).expect("JSON");
    let puts = body["RequestItems"][TABLE].take();
    let puts: Vec<Value> = serde_json::from_value(puts).expect("a list");
    let item = |mut put: Value| serde_json::from_value(put["PutRequest"]["Item"].take());
    puts.into_iter()
        .map(|put| item(put).expect("an item"))
        .collect()
}

/// A row as text, without the one attribute that tells copies apart.
pub(crate) fn without_arrival(item: &Item) -> String {
    let kept = item.iter().filter(|(name, _)| *name != "ArrivalTime");
    let kept: BTreeMap<_, _> = kept.collect();
    assert_eq!(kept.len() + 1, item.len(), "a row without an arrival time");
    serde_json::to_string(&kept).expect("JSON")
}

/// The SHA-256 of rows as text, each behind the other in their order.
pub(crate) fn digest(rows: &[String]) -> String {
    assert!(rows.is_sorted());
    let mut hash = Sha256::new();
    for row in rows {
        hash.update(row);
        hash.update("\n");
    }
    let hash: [u8; 32] = hash.finalize().into();
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A table and a queue in memory.
#[derive(Default)]
pub(crate) struct Memory {
    /// Calls with an item whose article is this are refused.
    pub(crate) refuses: Option<&'static str>,
    pub(crate) rows: Mutex<BTreeMap<(String, String), Item>>,
    pub(crate) rejects: Mutex<Vec<Value>>,
}

impl Memory {
    /// Sends one record per payload, in batches of `size`. How many lines are stored and
    /// rejected.
    pub(crate) async fn send<P: AsRef<[u8]>>(
        &self,
        format: &OrderFormat,
        payloads: &[P],
        size: usize,
    ) -> (u64, u64) {
        let handler = Handler::new(self, self).with_format(format.clone());
        let (mut stored, mut rejected) = (0, 0);
        for (index, batch) in payloads.chunks(size).enumerate() {
            let event = testkit::event((index * size) as u64, batch);
            let event: KinesisEvent = serde_json::from_slice(&event).expect("an event");
            let deadline = Deadline::after(Duration::from_secs(900));
            let (answer, counts) = handler.process(&event.records, deadline).await;
            assert!(answer.batch_item_failures.is_empty());
            let Counts {
                lines_stored,
                lines_rejected,
                ..
            } = counts;
            stored += lines_stored;
            rejected += lines_rejected;
        }
        (stored, rejected)
    }

    /// Every row.
    pub(crate) fn items(&self) -> Vec<Item> {
        let rows = self.rows.lock().expect("rows");
        rows.values().cloned().collect()
    }
}

impl Target<Row<'_>> for &Memory {
    async fn call(&self, rows: &[&Row<'_>]) -> Result<Vec<Outcome>, CallError> {
        let mut table = self.rows.lock().expect("rows");
        let items = items(rows);
        let is_refused = |item: &Item| item["StockCode"]["S"].as_str() == self.refuses;
        if items.iter().any(is_refused) {
            return Err(CallError::Refused("bad content".into()));
        }
        for item in items {
            let key = |name: &str, kind: &str| {
                let key = item[name][kind].as_str();
                key.expect("a key of its type").to_owned()
            };
            let key = (key("CustomerID", "N"), key("OrderID", "S"));
            table.insert(key, item);
        }
        Ok(vec![Outcome::Done; rows.len()])
    }
}

impl Target<Part<'_>> for &Memory {
    async fn call(&self, parts: &[&Part<'_>]) -> Result<Vec<Outcome>, CallError> {
        let mut queue = self.rejects.lock().expect("rejects");
        for part in parts {
            let body = part.body().expect("JSON");
            queue.push(serde_json::from_str(&body).expect("JSON"));
        }
        Ok(vec![Outcome::Done; parts.len()])
    }
}
