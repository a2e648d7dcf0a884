//! The rows table: BatchWriteItem's puts, of which some may come back unprocessed.

use std::collections::BTreeMap;

use function::delivery::{CallError, Outcome, Target};
use function::env::TableName;
use orders::{Row, batch_write_item_body};
use serde::Deserialize;
use serde_json::Value;

use crate::faults::Service;
use crate::order::REFUSED;
use crate::services::Client;
use crate::world::lock;

/// A row's attributes as text.
pub(crate) type Item = BTreeMap<String, String>;

/// The table, by partition and sort key.
pub type Rows = BTreeMap<(i64, String), Item>;

/// A call's body.
#[derive(Deserialize)]
struct Body {
    #[serde(rename = "RequestItems")]
    requests: BTreeMap<String, Vec<Request>>,
}

/// One of its requests; an attribute's value stands under its type.
#[derive(Deserialize)]
enum Request {
    PutRequest {
        #[serde(rename = "Item")]
        item: BTreeMap<String, BTreeMap<String, Value>>,
    },
}

impl Target<Row<'_>> for Client {
    async fn call(&self, rows: &[&Row<'_>]) -> Result<Vec<Outcome>, CallError> {
        let key = |item: &Item| {
            let partition = item["CustomerID"].parse().expect("a number");
            (partition, item["OrderID"].clone())
        };
        let items = items(rows).into_iter().map(|item| (key(&item), item));
        let items: Vec<_> = items.collect();
        assert_eq!(items.len(), rows.len(), "a put for each row");
        let distinct: BTreeMap<_, _> = items.iter().map(|(key, _)| (key, ())).collect();
        if distinct.len() < items.len() || items.len() > 25 {
            self.world.wrong(format!(
                "{} puts of {} keys in a call",
                items.len(),
                distinct.len()
            ));
        }
        let what = || format!("put {} rows", items.len());
        let put = {
            let items = items.clone();
            move |world: &crate::world::World, mut extent: crate::call::Extent| {
                if items
                    .iter()
                    .any(|(_, item)| item["Description"].contains(REFUSED))
                {
                    return None;
                }
                let mut table = lock(&world.rows);
                let mut put = |(key, item)| {
                    let takes = extent.takes();
                    if takes {
                        table.insert(key, item);
                    }
                    if takes { Outcome::Done } else { Outcome::Again }
                };
                Some(items.into_iter().map(&mut put).collect())
            }
        };
        let to = (Service::Rows, items.len());
        let outcomes = self.world.call(&self.process, to, what, put).await?;
        outcomes.ok_or_else(|| CallError::Refused("ValidationException".into()))
    }
}

/// The items that a call holds, read as the table would.
fn items(rows: &[&Row<'_>]) -> Vec<Item> {
    let table = TableName::parse("WebsiteOrders").expect("a table's name");
    let body = batch_write_item_body(&table, rows);
    let mut body: Body = serde_json::from_slice(&body).expect("a body is BatchWriteItem's");
    let text = |value: BTreeMap<String, Value>| match value.into_iter().next() {
        Some((_, Value::String(text))) => text,
        Some((kind, Value::Bool(is))) if kind == "BOOL" => is.to_string(),
        other => panic!("an attribute is {other:?}"),
    };
    let puts = body.requests.remove(table.as_str());
    puts.expect("the table's puts")
        .into_iter()
        .map(|Request::PutRequest { item }| item)
        .map(|item| {
            item.into_iter()
                .map(|(name, value)| (name, text(value)))
                .collect()
        })
        .collect()
}
