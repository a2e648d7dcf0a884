//! A sorted store with conditional writes, in which functions keep what must be counted
//! once. What its items mean is each function's own matter.

use std::collections::HashMap;
use std::future::Future;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ProvideErrorMetadata as _;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;

use crate::aws::call_error;
use crate::delivery::CallError;
use crate::env::TableName;

/// An item. Its partition and its key within it name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The partition key, `pk`.
    pub partition: String,
    /// The sort key, `sk`.
    pub key: String,
    /// Changes with every write of the item.
    pub revision: String,
    /// What the item holds.
    pub body: Vec<u8>,
    /// When the item may go, in seconds since 1970; `None` for never.
    pub expires_at: Option<i64>,
}

/// What must be there for a write to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected<'a> {
    /// Whatever is there.
    Anything,
    /// No such item.
    Nothing,
    /// The item with this revision.
    Revision(&'a str),
}

/// Which items of a partition are read: those with keys from `first` to `last`.
#[derive(Debug, Clone, Copy)]
pub struct Keys<'a> {
    /// The lowest key.
    pub first: &'a str,
    /// The highest key.
    pub last: &'a str,
    /// Whether only the item with the highest, or else the lowest key is read.
    pub only: Option<End>,
    /// Whether every write that has ended must be seen.
    pub consistent: bool,
}

/// An end of a range of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The lowest key.
    First,
    /// The highest key.
    Last,
}

/// A sorted store. What a write has changed, every later conditional write sees.
pub trait Table: Sync {
    /// The items with these keys in a partition, in ascending order.
    fn read(
        &self,
        partition: &str,
        keys: Keys<'_>,
    ) -> impl Future<Output = Result<Vec<Item>, CallError>> + Send;

    /// Writes an item if what is there is as expected; tells whether it was.
    fn write(
        &self,
        item: &Item,
        expected: Expected<'_>,
    ) -> impl Future<Output = Result<bool, CallError>> + Send;
}

/// A DynamoDB table with string keys `pk` and `sk` and TTL attribute `expires_at`.
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

impl Table for DynamoTable {
    async fn read(&self, partition: &str, keys: Keys<'_>) -> Result<Vec<Item>, CallError> {
        let mut items = Vec::new();
        let mut next = None;
        loop {
            let call = self
                .client
                .query()
                .table_name(self.table.as_str())
                .key_condition_expression("pk = :pk AND sk BETWEEN :first AND :last")
                .expression_attribute_values(":pk", text(partition))
                .expression_attribute_values(":first", text(keys.first))
                .expression_attribute_values(":last", text(keys.last))
                .scan_index_forward(keys.only != Some(End::Last))
                .set_limit(keys.only.map(|_| 1))
                .consistent_read(keys.consistent)
                .set_exclusive_start_key(next);
            let answer = call.send().await.map_err(call_error)?;
            for attributes in answer.items.unwrap_or_default() {
                items.push(item(attributes)?);
            }
            next = answer.last_evaluated_key;
            if next.is_none() || (keys.only.is_some() && !items.is_empty()) {
                return Ok(items);
            }
        }
    }

    async fn write(&self, item: &Item, expected: Expected<'_>) -> Result<bool, CallError> {
        let expires_at = item.expires_at.map(|at| AttributeValue::N(at.to_string()));
        let mut call = self
            .client
            .put_item()
            .table_name(self.table.as_str())
            .item("pk", text(&item.partition))
            .item("sk", text(&item.key))
            .item("revision", text(&item.revision))
            .item("body", AttributeValue::B(Blob::new(item.body.as_slice())));
        if let Some(expires_at) = expires_at {
            call = call.item("expires_at", expires_at);
        }
        call = match expected {
            Expected::Anything => call,
            Expected::Nothing => call.condition_expression("attribute_not_exists(pk)"),
            Expected::Revision(revision) => call
                .condition_expression("revision = :revision")
                .expression_attribute_values(":revision", text(revision)),
        };
        match call.send().await {
            Ok(_) => Ok(true),
            Err(error) if error.code() == Some("ConditionalCheckFailedException") => Ok(false),
            Err(error) => Err(call_error(error)),
        }
    }
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn item(mut attributes: HashMap<String, AttributeValue>) -> Result<Item, CallError> {
    let strange = |name: &str| {
        let what =
            format!("the table holds an item whose {name} is not as this function writes it");
        CallError::Permanent(what.into())
    };
    let mut string = |name: &str| match attributes.remove(name) {
        Some(AttributeValue::S(text)) => Ok(text),
        _ => Err(strange(name)),
    };
    let (partition, key, revision) = (string("pk")?, string("sk")?, string("revision")?);
    let Some(AttributeValue::B(body)) = attributes.remove("body") else {
        return Err(strange("body"));
    };
    let expires_at = match attributes.remove("expires_at") {
        Some(AttributeValue::N(number)) => Some(number.parse().map_err(|_| strange("expires_at"))?),
        _ => None,
    };
    Ok(Item {
        partition,
        key,
        revision,
        body: body.into_inner(),
        expires_at,
    })
}
