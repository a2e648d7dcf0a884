//! The invocation record of a batch that was given up, as Lambda writes it into a bucket.
//! Pure.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html>

use chrono::{DateTime, Utc};
use model::SequenceNumber;
use serde::Deserialize;

/// A batch that was given up, without its records.
#[derive(Debug, Clone)]
pub(crate) struct Failed {
    /// The object's key.
    pub(crate) key: String,
    /// Whose event it is.
    pub(crate) function: FunctionArn,
    /// Why it was given up: `RetryAttemptsExhausted`, for one.
    pub(crate) condition: String,
    /// The ARN of its stream.
    pub(crate) stream: String,
    /// Its shard's id.
    pub(crate) shard: String,
    /// Its first record's place in the shard.
    pub(crate) first: SequenceNumber,
    /// How many records it has.
    pub(crate) records: u64,
    /// When the first of them arrived.
    pub(crate) arrived_at: DateTime<Utc>,
}

impl Failed {
    /// Reads an object: the batch, and its event unless the record has none, as those
    /// for queues and topics. `None` if it is no invocation record of a Kinesis batch.
    pub(crate) fn read(key: &str, object: &[u8]) -> Option<(Self, Option<String>)> {
        let record: InvocationRecord = serde_json::from_slice(object).ok()?;
        let batch = record.batch;
        let arrived_at = DateTime::parse_from_rfc3339(&batch.arrived_at).ok()?;
        let failed = Self {
            key: key.to_owned(),
            function: FunctionArn::parse(&record.context.function_arn)?,
            condition: record.context.condition,
            stream: batch.stream_arn,
            shard: batch.shard_id,
            first: batch.first,
            records: batch.size,
            arrived_at: arrived_at.to_utc(),
        };
        Some((failed, record.payload))
    }
}

/// A function's ARN, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FunctionArn {
    /// All of it, with the alias or version if it names one.
    pub(crate) arn: String,
    /// The function's region.
    pub(crate) region: String,
    /// The function's name.
    pub(crate) name: String,
}

impl FunctionArn {
    fn parse(arn: &str) -> Option<Self> {
        let parts: Vec<&str> = arn.split(':').collect();
        let (["arn", _, "lambda", region, _, "function", name]
        | ["arn", _, "lambda", region, _, "function", name, _]) = parts.as_slice()
        else {
            return None;
        };
        let is_named = !name.is_empty();
        is_named.then(|| Self {
            arn: arn.to_owned(),
            region: (*region).to_owned(),
            name: (*name).to_owned(),
        })
    }
}

#[derive(Deserialize)]
struct InvocationRecord {
    #[serde(rename = "requestContext")]
    context: Context,
    #[serde(rename = "KinesisBatchInfo")]
    batch: BatchInfo,
    payload: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    function_arn: String,
    condition: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BatchInfo {
    shard_id: String,
    #[serde(rename = "startSequenceNumber")]
    first: SequenceNumber,
    #[serde(rename = "approximateArrivalOfFirstRecord")]
    arrived_at: String,
    #[serde(rename = "batchSize")]
    size: u64,
    stream_arn: String,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_invocation_record_is_read_with_its_event_and_without() {
        let mut record = json!({
            "requestContext": {
                "requestId": "c9b8fa9f", "condition": "RecordAgeExceeded", "approximateInvokeCount": 1,
                "functionArn": "arn:aws:lambda:eu-west-1:123456789012:function:orders:live",
            },
            "version": "1.0", "timestamp": "2019-11-14T00:38:06.021Z",
            "KinesisBatchInfo": {
                "shardId": "shardId-000000000001", "startSequenceNumber": "7", "endSequenceNumber": "9",
                "approximateArrivalOfFirstRecord": "2019-11-14T00:38:04.835Z",
                "approximateArrivalOfLastRecord": "2019-11-14T00:38:05.580Z",
                "batchSize": 3, "streamArn": "arn:aws:kinesis:eu-west-1:123456789012:stream/orders",
            },
            "payload": "{\"Records\":[]}",
        });
        let (failed, event) = Failed::read("k", record.to_string().as_bytes()).expect("a record");
        assert_eq!(event.as_deref(), Some("{\"Records\":[]}"));
        assert_eq!(failed.function.name, "orders");
        assert_eq!(failed.function.region, "eu-west-1");
        assert!(failed.function.arn.ends_with(":orders:live"));
        assert_eq!(failed.condition, "RecordAgeExceeded");
        assert_eq!((failed.first.as_str(), failed.records), ("7", 3));

        record.as_object_mut().expect("an object").remove("payload");
        let (_, event) = Failed::read("k", record.to_string().as_bytes()).expect("a record");
        assert_eq!(event, None);
    }

    #[test]
    fn anything_else_is_no_invocation_record() {
        for object in [
            "",
            "{}",
            "[]",
            "\"text\"",
            // An asynchronous invocation's record has no batch.
            r#"{"requestContext": {"functionArn": "arn:aws:lambda:r:1:function:f", "condition": "EventAgeExceeded"}}"#,
        ] {
            assert!(Failed::read("k", object.as_bytes()).is_none(), "{object}");
        }
        for arn in [
            "",
            "orders",
            "arn:aws:sqs:r:1:function:f",
            "arn:aws:lambda:r:1:function:",
        ] {
            assert_eq!(FunctionArn::parse(arn), None, "{arn}");
        }
    }
}
