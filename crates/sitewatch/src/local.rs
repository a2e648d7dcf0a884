//! The services that the functions need, in this process.

use std::collections::HashMap;
use std::sync::Mutex;

use anyhow::{Context as _, anyhow};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType,
    ScalarAttributeType,
};
use function::delivery::{CallError, Outcome, Target};
use function::rejects::Part;
use serde_json::Value;

/// DynamoDB in memory, behind its real protocol on a loopback port.
pub(crate) async fn dynamodb() -> anyhow::Result<Client> {
    let database = dynoxide::Database::memory()
        .map_err(|error| anyhow!("the embedded DynamoDB cannot start: {error}"))?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .context("no loopback port for the embedded DynamoDB")?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(dynoxide::server::serve_on(listener, database));
    let credentials = Credentials::new("local", "local", None, None, "sitewatch");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .endpoint_url(url)
        .region(Region::from_static("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build();
    Ok(Client::new(&config))
}

/// Makes the orders table.
pub(crate) async fn create_orders_table(client: &Client, name: &str) -> anyhow::Result<()> {
    let mut call = client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest);
    for (key, role, kind) in [
        ("CustomerID", KeyType::Hash, ScalarAttributeType::N),
        ("OrderID", KeyType::Range, ScalarAttributeType::S),
    ] {
        call = call
            .attribute_definitions(
                AttributeDefinition::builder()
                    .attribute_name(key)
                    .attribute_type(kind)
                    .build()?,
            )
            .key_schema(
                KeySchemaElement::builder()
                    .attribute_name(key)
                    .key_type(role)
                    .build()?,
            );
    }
    call.send()
        .await
        .context("the orders table cannot be made")?;
    Ok(())
}

/// Every row of a table, by customer and order.
pub(crate) async fn rows(
    client: &Client,
    table: &str,
) -> anyhow::Result<Vec<HashMap<String, AttributeValue>>> {
    let pages = client
        .scan()
        .table_name(table)
        .into_paginator()
        .items()
        .send();
    let mut rows = pages
        .collect::<Result<Vec<_>, _>>()
        .await
        .context("the table cannot be read")?;
    let number = |row: &HashMap<String, AttributeValue>| {
        row.get("CustomerID")
            .and_then(|v| v.as_n().ok()?.parse().ok())
            .unwrap_or(0_i64)
    };
    rows.sort_by_key(|row| (number(row), text(row, "OrderID")));
    Ok(rows)
}

/// An attribute as text; empty if there is none.
pub(crate) fn text(row: &HashMap<String, AttributeValue>, name: &str) -> String {
    match row.get(name) {
        Some(AttributeValue::S(text) | AttributeValue::N(text)) => text.clone(),
        _ => String::new(),
    }
}

/// A rejects queue in memory.
#[derive(Debug, Default)]
pub(crate) struct MemoryQueue(Mutex<Vec<Value>>);

impl MemoryQueue {
    /// The messages in the queue.
    pub(crate) fn messages(&self) -> Vec<Value> {
        self.0
            .lock()
            .map(|messages| messages.clone())
            .unwrap_or_default()
    }
}

impl Target<Part<'_>> for &MemoryQueue {
    async fn call(&self, parts: &[&Part<'_>]) -> Result<Vec<Outcome>, CallError> {
        let mut messages = Vec::with_capacity(parts.len());
        for part in parts {
            let json = part.body().and_then(|body| serde_json::from_str(&body));
            messages.push(json.map_err(|error| CallError::Refused(Box::new(error)))?);
        }
        let mut queue = self
            .0
            .lock()
            .map_err(|_| CallError::Permanent("queue broken".into()))?;
        queue.extend(messages);
        Ok(vec![Outcome::Done; parts.len()])
    }
}
