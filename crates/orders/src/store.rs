//! The orders table in DynamoDB.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::http::HttpRequest;
use aws_sdk_dynamodb::types::{AttributeValue, WriteRequest};
use bytes::Bytes;
use function::aws::call_error;
use function::delivery::{CallError, Limits, Outcome, Pauses, Target};
use function::env::TableName;

use crate::request::batch_write_item_body;
use crate::row::Row;

/// BatchWriteItem: 25 puts, 16 MB. Eight calls in flight write some thousand rows
/// a second at the usual 10 ms a call, more than one shard's share of a table.
pub(crate) const LIMITS: Limits = Limits {
    items_per_call: 25,
    bytes_per_call: 16 * 1024 * 1024,
    in_flight: 8,
    pauses: Pauses {
        first: Duration::from_millis(50),
        longest: Duration::from_secs(5),
    },
};

/// A table whose key is `CustomerID` (N, partition) and `OrderID` (S, sort).
#[derive(Debug, Clone)]
pub struct DynamoTable {
    client: Client,
    table: TableName,
}

impl DynamoTable {
    /// The table of that name, reached by `client`.
    #[must_use]
    pub fn new(client: Client, table: TableName) -> Self {
        Self { client, table }
    }
}

impl Target<Row<'_>> for DynamoTable {
    async fn call(&self, rows: &[&Row<'_>]) -> Result<Vec<Outcome>, CallError> {
        let body = Bytes::from(batch_write_item_body(&self.table, rows));
        let call = self.client.batch_write_item().customize();
        let call = call.mutate_request(move |request| set_body(request, &body));
        let answer = call.send().await.map_err(call_error)?;
        let tables = answer.unprocessed_items().into_iter();
        let unprocessed: Vec<&WriteRequest> = tables.flat_map(HashMap::values).flatten().collect();
        if unprocessed.is_empty() {
            return Ok(vec![Outcome::Done; rows.len()]);
        }
        let keys: HashSet<(&str, &str)> = unprocessed.iter().filter_map(|put| key(put)).collect();
        let outcome = |row: &&Row<'_>| {
            let (customer_id, order_id) = row.key();
            if keys.contains(&(customer_id.to_string().as_str(), order_id)) {
                Outcome::Again
            } else {
                Outcome::Done
            }
        };
        let outcomes: Vec<_> = rows.iter().map(outcome).collect();
        let again = outcomes.iter().filter(|o| **o == Outcome::Again).count();
        if again != unprocessed.len() {
            // An answer that speaks of other rows tells nothing of these.
            return Ok(vec![Outcome::Again; rows.len()]);
        }
        Ok(outcomes)
    }
}

/// Sends `body` in place of what the SDK has written of its own, empty input. It is
/// signed afterwards.
fn set_body(request: &mut HttpRequest, body: &Bytes) {
    let length = body.len().to_string();
    request.headers_mut().insert("content-length", length);
    *request.body_mut() = body.clone().into();
}

/// The key of a put that came back unprocessed.
fn key(request: &WriteRequest) -> Option<(&str, &str)> {
    let item = request.put_request()?.item();
    match (item.get("CustomerID")?, item.get("OrderID")?) {
        (AttributeValue::N(customer_id), AttributeValue::S(order_id)) => {
            Some((customer_id, order_id))
        }
        _ => None,
    }
}
