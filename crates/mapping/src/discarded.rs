//! What the on-failure destination gets for a batch that Lambda gives up.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html>

use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::batch::Batch;
use crate::event::{Record, event_json};
use crate::position::ShardId;
use crate::settings::Source;

/// Why a batch was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Condition {
    /// `MaximumRetryAttempts` is used up.
    RetryAttemptsExhausted,
    /// The records are older than `MaximumRecordAgeInSeconds`.
    RecordAgeExceeded,
    /// A single record fills more than an invocation's payload may. AWS sends those
    /// to the destination too, but does not publish under which condition.
    PayloadTooLarge,
}

/// A batch that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discarded {
    /// Whose event it would have been.
    pub source: Arc<Source>,
    /// The records' shard.
    pub shard: ShardId,
    /// The records, at least one, in the shard's order.
    pub records: Arc<[Record]>,
    /// Why they were given up.
    pub condition: Condition,
    /// How often they reached the function, alone or in a larger batch.
    pub invoked: u32,
    /// Whether the last time ended in a function error.
    pub function_error: bool,
    /// When they were given up.
    pub at: DateTime<Utc>,
    /// Names this invocation record, a UUID.
    pub request_id: String,
}

impl Discarded {
    /// The key of the object that holds it, in the bucket that is the destination of
    /// the mapping with that id.
    ///
    /// Source: <https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html>
    #[must_use]
    pub fn s3_key(&self, mapping: &str) -> String {
        let (day, time) = (
            self.at.format("%Y/%m/%d"),
            self.at.format("%Y-%m-%dT%H.%M.%S"),
        );
        let (shard, id) = (&self.shard, &self.request_id);
        format!("aws/lambda/{mapping}/{shard}/{day}/{time}-{id}")
    }

    pub(crate) fn new(
        (source, shard): (&Arc<Source>, &ShardId),
        batch: Batch,
        condition: Condition,
        at: DateTime<Utc>,
        random: &mut dyn FnMut() -> f64,
    ) -> Self {
        Self {
            source: Arc::clone(source),
            shard: shard.clone(),
            records: batch.records,
            condition,
            invoked: batch.invoked,
            function_error: batch.function_error,
            at,
            request_id: uuid(random),
        }
    }

    /// The invocation record as an S3 destination gets it: with the whole event as
    /// text. SQS and SNS get the same without `payload`.
    ///
    /// # Panics
    ///
    /// Never: all of it can be written as JSON, and no batch is empty.
    #[must_use]
    pub fn s3_json(&self) -> String {
        let (first, last) = (self.records.first(), self.records.last());
        let (first, last) = first.zip(last).expect("a batch has a record");
        let record = InvocationRecord {
            request_context: RequestContext {
                request_id: &self.request_id,
                function_arn: &self.source.function_arn,
                condition: self.condition,
                approximate_invoke_count: self.invoked,
            },
            response_context: (self.invoked > 0).then(|| ResponseContext {
                status_code: 200,
                executed_version: "$LATEST",
                function_error: self.function_error.then_some("Unhandled"),
            }),
            version: "1.0",
            timestamp: text(self.at),
            kinesis_batch_info: KinesisBatchInfo {
                shard_id: &self.shard,
                start_sequence_number: first.sequence_number.as_str(),
                end_sequence_number: last.sequence_number.as_str(),
                approximate_arrival_of_first_record: text(first.arrived_at),
                approximate_arrival_of_last_record: text(last.arrived_at),
                batch_size: self.records.len(),
                stream_arn: &self.source.stream_arn,
            },
            payload: event_json(&self.source, &self.shard, &self.records),
        };
        serde_json::to_string(&record).expect("texts and numbers are JSON")
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InvocationRecord<'a> {
    request_context: RequestContext<'a>,
    /// Missing where no invocation was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    response_context: Option<ResponseContext>,
    version: &'static str,
    timestamp: String,
    #[serde(rename = "KinesisBatchInfo")]
    kinesis_batch_info: KinesisBatchInfo<'a>,
    payload: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext<'a> {
    request_id: &'a str,
    function_arn: &'a str,
    condition: Condition,
    approximate_invoke_count: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResponseContext {
    status_code: u16,
    executed_version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    function_error: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KinesisBatchInfo<'a> {
    shard_id: &'a ShardId,
    start_sequence_number: &'a str,
    end_sequence_number: &'a str,
    approximate_arrival_of_first_record: String,
    approximate_arrival_of_last_record: String,
    batch_size: usize,
    stream_arn: &'a str,
}

fn text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A UUID of version 4.
fn uuid(random: &mut dyn FnMut() -> f64) -> String {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` saturates, any 32 bits will do"
    )]
    let mut word = || (random() * 4_294_967_296.0) as u32;
    let [a, b, c, d] = [word(), word(), word(), word()];
    let (version, variant) = (0x4000 | b & 0xFFF, 0x8000 | c >> 16 & 0x3FFF);
    let (b, c) = (b >> 16, c & 0xFFFF);
    format!("{a:08x}-{b:04x}-{version:04x}-{variant:04x}-{c:04x}{d:08x}")
}
