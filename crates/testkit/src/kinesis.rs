//! Kinesis events as Lambda sends them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Number, json};

/// 2010-12-01T08:26:00Z.
const EPOCH: u64 = 1_291_191_960;

/// An event with one record per payload, in order, of one shard, numbered from
/// `first` on. Record `n` arrives `n` milliseconds after a fixed moment, whatever
/// batch it is in: delivered again, it is the same record.
#[must_use]
pub fn event<P: AsRef<[u8]>>(first: u64, payloads: &[P]) -> Vec<u8> {
    let mut event = String::from("{\"Records\":[");
    for (number, payload) in (first..).zip(payloads) {
        let sequence_number = format!("{number:056}");
        let arrival: Number = format!("{}.{:03}", EPOCH + number / 1000, number % 1000)
            .parse()
            .expect("a number");
        let record = json!({
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": "1",
                "sequenceNumber": sequence_number,
                "data": STANDARD.encode(payload),
                "approximateArrivalTimestamp": arrival,
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": format!("shardId-000000000006:{sequence_number}"),
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": "arn:aws:iam::123456789012:role/orders",
            "awsRegion": "us-east-1",
            "eventSourceARN": "arn:aws:kinesis:us-east-1:123456789012:stream/orders",
        });
        if number > first {
            event.push(',');
        }
        event.push_str(&record.to_string());
    }
    event.push_str("]}");
    event.into_bytes()
}
