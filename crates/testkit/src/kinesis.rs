//! Kinesis events as Lambda sends them, and records as the Kinesis Producer Library packs
//! them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
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

/// User records in one record, as the Kinesis Producer Library aggregates them.
///
/// Source: <https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md>
#[must_use]
pub fn aggregate<P: AsRef<[u8]>>(user_records: &[P]) -> Vec<u8> {
    let mut message = field(1, b"key");
    for data in user_records {
        // Partition key 0 of the table before it, and the data.
        let record = [vec![8, 0], field(3, data.as_ref())].concat();
        message.extend(field(3, &record));
    }
    let checksum = Md5::digest(&message);
    [&[0xF3, 0x89, 0x9A, 0xC2], &message[..], &checksum[..]].concat()
}

/// A protocol buffers field of bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    let mut length = bytes.len();
    while length >= 0x80 {
        out.push((length & 0x7F) as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
    out.extend(bytes);
    out
}
