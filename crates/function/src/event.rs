//! The Kinesis event that Lambda hands over, and the partial batch response.
//!
//! `aws_lambda_events` has a type for the event too. It reads
//! `approximateArrivalTimestamp` wrongly where the fraction begins with a zero or
//! is short (`.07` becomes 7 ms, `.1` becomes 1 ms), and keeps seven texts per
//! record that nothing here needs, so the event is read by this one.
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html>

use std::fmt;

use aws_lambda_events::streams::KinesisEventResponse;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use model::SequenceNumber;
use serde::Deserialize;
use serde::de::{Deserializer, Error, Unexpected, Visitor};

/// A batch of records of one shard.
#[derive(Debug, Deserialize)]
pub struct KinesisEvent {
    /// The records, in the shard's order.
    #[serde(rename = "Records")]
    pub records: Vec<Record>,
}

/// One record of a Kinesis stream.
#[derive(Debug, Deserialize)]
#[serde(from = "RawRecord")]
pub struct Record {
    /// The stream's name.
    pub stream: String,
    /// The shard's id, `shardId-000000000006`.
    pub shard: String,
    /// Its place in the shard.
    pub sequence_number: SequenceNumber,
    /// When Kinesis received it, to the millisecond.
    pub arrived_at: DateTime<Utc>,
    /// The payload as the producer sent it.
    pub data: Vec<u8>,
}

#[derive(Deserialize)]
struct RawRecord {
    #[serde(rename = "eventID")]
    event_id: String,
    #[serde(rename = "eventSourceARN")]
    event_source_arn: String,
    kinesis: RawKinesis,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawKinesis {
    sequence_number: SequenceNumber,
    #[serde(deserialize_with = "epoch_seconds")]
    approximate_arrival_timestamp: DateTime<Utc>,
    #[serde(deserialize_with = "base64_bytes")]
    data: Vec<u8>,
}

impl From<RawRecord> for Record {
    fn from(raw: RawRecord) -> Self {
        // The ARN holds `:stream/<name>`, and more behind it where the consumer has
        // a name too; eventID is `<shard id>:<sequence number>`.
        let arn = raw.event_source_arn.as_str();
        let stream = arn.split_once(":stream/").map_or("", |(_, name)| name);
        let before = |text: &str, sign| text.split(sign).next().unwrap_or_default().to_owned();
        Self {
            stream: before(stream, '/'),
            shard: before(&raw.event_id, ':'),
            sequence_number: raw.kinesis.sequence_number,
            arrived_at: raw.kinesis.approximate_arrival_timestamp,
            data: raw.kinesis.data,
        }
    }
}

/// The partial batch response that names every record for which `failed` holds.
///
/// Lambda goes on from the lowest sequence number in it. It fails the whole batch
/// for one that it did not send, so only the batch's own are ever named.
#[must_use]
pub fn failures(records: &[Record], failed: &[bool]) -> KinesisEventResponse {
    let mut response = KinesisEventResponse::default();
    for (record, failed) in records.iter().zip(failed) {
        if *failed {
            response.add_failure(record.sequence_number.as_str());
        }
    }
    response
}

/// The first record that a response names: Lambda delivers again from there on.
#[must_use]
pub fn first_failed(response: &KinesisEventResponse) -> Option<&str> {
    let first = response.batch_item_failures.first()?;
    first.item_identifier.as_deref()
}

/// Seconds since 1970 with a fraction, to the nearest millisecond.
fn epoch_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
    let seconds = f64::deserialize(deserializer)?;
    // Exact: milliseconds up to the year 9999 need 48 of the 53 bits.
    #[allow(
        clippy::cast_possible_truncation,
        reason = "`as` saturates, the range is checked"
    )]
    let millis = (seconds * 1000.0).round() as i64;
    DateTime::from_timestamp_millis(millis)
        .ok_or_else(|| D::Error::invalid_value(Unexpected::Float(seconds), &"seconds since 1970"))
}

fn base64_bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    struct Base64;
    impl Visitor<'_> for Base64 {
        type Value = Vec<u8>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("base64")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Vec<u8>, E> {
            // Not the text itself: it is payload.
            STANDARD
                .decode(text)
                .map_err(|_| E::invalid_value(Unexpected::Other("another text"), &self))
        }
    }
    deserializer.deserialize_str(Base64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(sequence_number: &str, arrival: serde_json::Value, data: &str) -> serde_json::Value {
        json!({"Records": [{
            "eventID": format!("shardId-000000000006:{sequence_number}"),
            "eventSourceARN": "arn:aws:kinesis:us-east-1:123456789012:stream/orders",
            "kinesis": {
                "sequenceNumber": sequence_number,
                "approximateArrivalTimestamp": arrival,
                "data": data,
            },
        }]})
    }

    fn read(event: serde_json::Value) -> Result<Record, String> {
        let mut event: KinesisEvent = serde_json::from_value(event).map_err(|e| e.to_string())?;
        Ok(event.records.remove(0))
    }

    #[test]
    fn reads_a_record() {
        let record = read(event("4959", json!(1_545_084_650.987), "SGVsbG8=")).expect("a record");
        assert_eq!(record.stream, "orders");
        assert_eq!(record.shard, "shardId-000000000006");
        assert_eq!(record.sequence_number.as_str(), "4959");
        assert_eq!(record.data, b"Hello");
        assert_eq!(record.arrived_at.timestamp_millis(), 1_545_084_650_987);
    }

    #[test]
    fn reads_the_stream_of_a_consumer_with_a_name() {
        let mut event = event("1", json!(1), "");
        event["Records"][0]["eventSourceARN"] =
            json!("arn:aws:kinesis:us-east-1:123456789012:stream/orders/consumer/fan-out:1");
        assert_eq!(read(event).expect("a record").stream, "orders");
    }

    #[test]
    fn reads_every_millisecond_of_an_arrival_time() {
        for (arrival, millis) in [
            ("1545084650.07", 1_545_084_650_070),
            ("1545084650.1", 1_545_084_650_100),
            ("1545084650", 1_545_084_650_000),
            ("1.54508465E9", 1_545_084_650_000),
            ("1545084650.123456", 1_545_084_650_123),
        ] {
            let arrival = serde_json::from_str(arrival).expect("a number");
            let record = read(event("1", arrival, "")).expect("a record");
            assert_eq!(record.arrived_at.timestamp_millis(), millis);
        }
    }

    fn without(field: &str) -> serde_json::Value {
        let mut event = event("1", json!(1), "");
        let record = event["Records"][0].as_object_mut().expect("a record");
        record.remove(field);
        event
    }

    #[test]
    fn refuses_an_event_that_could_not_be_answered() {
        for (bad, word) in [
            (event("", json!(1), ""), "decimal digits"),
            (event("x1", json!(1), ""), "decimal digits"),
            (event("1", json!(1e300), ""), "seconds since 1970"),
            (event("1", json!(1), "secret!"), "base64"),
            (without("eventID"), "eventID"),
            (without("eventSourceARN"), "eventSourceARN"),
        ] {
            let error = read(bad).expect_err("must be refused");
            assert!(error.contains(word), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn names_exactly_the_failed_records() {
        let record = |n: &str| read(event(n, json!(1), "")).expect("a record");
        let records = [record("1"), record("2"), record("3")];
        let named = |failed| {
            let response = serde_json::to_value(failures(&records, failed)).expect("JSON");
            response.to_string()
        };
        assert_eq!(named(&[false; 3]), r#"{"batchItemFailures":[]}"#);
        assert_eq!(first_failed(&failures(&records, &[false; 3])), None);
        let failed = failures(&records, &[false, true, true]);
        assert_eq!(first_failed(&failed), Some("2"));
        assert_eq!(
            named(&[false, true, true]),
            r#"{"batchItemFailures":[{"itemIdentifier":"2"},{"itemIdentifier":"3"}]}"#
        );
    }
}
