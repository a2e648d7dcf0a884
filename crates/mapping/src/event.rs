//! The event that Lambda hands to a function, byte for byte what counts towards the
//! invocation payload's limit.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html>

use std::io;

use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use model::SequenceNumber;
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::position::ShardId;
use crate::settings::Source;

/// What `{"Records":[]}` takes beside the records and the commas between them.
pub(crate) const FRAME_BYTES: usize = 14;

/// A record as `GetRecords` gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its place in the shard.
    pub sequence_number: SequenceNumber,
    /// The producer's partition key.
    pub partition_key: String,
    /// `ApproximateArrivalTimestamp`.
    pub arrived_at: DateTime<Utc>,
    /// The payload as the producer sent it.
    pub data: Vec<u8>,
}

/// The event for a batch of one shard's records.
///
/// # Panics
///
/// Never: all of it can be written as JSON.
#[must_use]
pub fn event_json(source: &Source, shard: &ShardId, records: &[Record]) -> String {
    let records = records.iter().map(|r| envelope(source, shard, r, &r.data));
    let event = Event {
        records: records.collect(),
    };
    serde_json::to_string(&event).expect("texts and numbers are JSON")
}

/// What a record takes in the event, in bytes.
pub(crate) fn record_bytes(source: &Source, shard: &ShardId, record: &Record) -> usize {
    let mut bytes = Count(record.data.len().div_ceil(3) * 4);
    serde_json::to_writer(&mut bytes, &envelope(source, shard, record, &[]))
        .expect("counting cannot fail");
    bytes.0
}

fn envelope<'a>(
    source: &'a Source,
    shard: &ShardId,
    record: &'a Record,
    data: &'a [u8],
) -> Envelope<'a> {
    let sequence_number = record.sequence_number.as_str();
    Envelope {
        kinesis: Kinesis {
            kinesis_schema_version: "1.0",
            partition_key: &record.partition_key,
            sequence_number,
            data,
            approximate_arrival_timestamp: seconds(record.arrived_at),
        },
        event_source: "aws:kinesis",
        event_version: "1.0",
        event_id: format!("{shard}:{sequence_number}"),
        event_name: "aws:kinesis:record",
        invoke_identity_arn: &source.role_arn,
        aws_region: source.region(),
        event_source_arn: &source.stream_arn,
    }
}

/// Seconds since 1970 with three digits behind the point. Not as a float: that would
/// drop zeros at the end.
fn seconds(time: DateTime<Utc>) -> Box<RawValue> {
    let millis = time.timestamp_millis();
    let sign = if millis < 0 { "-" } else { "" };
    let millis = millis.unsigned_abs();
    let text = format!("{sign}{}.{:03}", millis / 1000, millis % 1000);
    RawValue::from_string(text).expect("a JSON number")
}

#[derive(Serialize)]
struct Event<'a> {
    #[serde(rename = "Records")]
    records: Vec<Envelope<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    kinesis: Kinesis<'a>,
    event_source: &'static str,
    event_version: &'static str,
    #[serde(rename = "eventID")]
    event_id: String,
    event_name: &'static str,
    invoke_identity_arn: &'a str,
    aws_region: &'a str,
    #[serde(rename = "eventSourceARN")]
    event_source_arn: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Kinesis<'a> {
    kinesis_schema_version: &'static str,
    partition_key: &'a str,
    sequence_number: &'a str,
    #[serde(serialize_with = "base64_text")]
    data: &'a [u8],
    approximate_arrival_timestamp: Box<RawValue>,
}

fn base64_text<S: Serializer>(data: &&[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&Base64Display::new(data, &STANDARD))
}

/// Counts what is written to it.
struct Count(usize);

impl io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
