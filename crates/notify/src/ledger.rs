//! Which alarm records are told, and which are being told: what makes at least one
//! delivery of a record one message.

use std::collections::HashMap;
use std::future::Future;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use chrono::{DateTime, Utc};
use function::aws::call_error;
use function::delivery::CallError;
use function::env::TableName;

/// Longer than any stream keeps its records, which is 365 days at the most.
const KEPT_SECONDS: i64 = 400 * 24 * 3_600;

/// An entry's states.
const IN_PROGRESS: &str = "INPROGRESS";
const COMPLETED: &str = "COMPLETED";

/// Who may tell an alarm record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// This invocation, until its claim expires.
    Ours,
    /// Another one, whose claim has not expired.
    Theirs,
    /// Nobody any more: it is told.
    Done,
}

/// A list of what is told and being told. Each method may be called again when its
/// answer is lost.
pub trait Ledger: Sync {
    /// Claims `id` for `owner` until `until`, unless it is told, or at `now` another's
    /// claim on it has not expired.
    fn claim(
        &self,
        id: &str,
        owner: &str,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> impl Future<Output = Result<Claim, CallError>> + Send;

    /// Notes for good that `id` is told.
    fn complete(
        &self,
        id: &str,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<(), CallError>> + Send;

    /// Gives `owner`'s claim on `id` back, if it has one.
    fn release(&self, id: &str, owner: &str) -> impl Future<Output = Result<(), CallError>> + Send;
}

/// A DynamoDB table with string key `id` and TTL attribute `expires_at`.
#[derive(Debug, Clone)]
pub struct DynamoLedger {
    client: Client,
    table: TableName,
}

impl DynamoLedger {
    /// The table of that name, reached by `client`.
    #[must_use]
    pub fn new(client: Client, table: TableName) -> Self {
        Self { client, table }
    }
}

impl Ledger for DynamoLedger {
    async fn claim(
        &self,
        id: &str,
        owner: &str,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Claim, CallError> {
        let call = self
            .client
            .put_item()
            .table_name(self.table.as_str())
            .item("id", text(id))
            .item("status", text(IN_PROGRESS))
            .item("owner", text(owner))
            .item("in_progress_until", number(until.timestamp_millis()))
            .item("expires_at", number(now.timestamp() + KEPT_SECONDS))
            .condition_expression(
                "attribute_not_exists(id) OR \
                 (#status = :in_progress AND (in_progress_until < :now OR #owner = :owner))",
            )
            .expression_attribute_names("#status", "status")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":in_progress", text(IN_PROGRESS))
            .expression_attribute_values(":now", number(now.timestamp_millis()))
            .expression_attribute_values(":owner", text(owner))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let error = match call.send().await {
            Ok(_) => return Ok(Claim::Ours),
            Err(error) => error,
        };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                let told = failed.item().is_some_and(is_told);
                Ok(if told { Claim::Done } else { Claim::Theirs })
            }
            _ => Err(call_error(error)),
        }
    }

    async fn complete(&self, id: &str, now: DateTime<Utc>) -> Result<(), CallError> {
        let call = self
            .client
            .put_item()
            .table_name(self.table.as_str())
            .item("id", text(id))
            .item("status", text(COMPLETED))
            .item("expires_at", number(now.timestamp() + KEPT_SECONDS));
        call.send().await.map_err(call_error).map(|_| ())
    }

    async fn release(&self, id: &str, owner: &str) -> Result<(), CallError> {
        let call = self
            .client
            .delete_item()
            .table_name(self.table.as_str())
            .key("id", text(id))
            .condition_expression("#status = :in_progress AND #owner = :owner")
            .expression_attribute_names("#status", "status")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":in_progress", text(IN_PROGRESS))
            .expression_attribute_values(":owner", text(owner));
        match call.send().await {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                // It is not ours any more.
                Some(service) if service.is_conditional_check_failed_exception() => Ok(()),
                _ => Err(call_error(error)),
            },
        }
    }
}

fn is_told(item: &HashMap<String, AttributeValue>) -> bool {
    let status = item.get("status").and_then(|status| status.as_s().ok());
    status.is_some_and(|status| status == COMPLETED)
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn number(number: i64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}
