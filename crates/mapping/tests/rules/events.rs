//! The event's form.

use mapping::{Record, event_json};
use model::SequenceNumber;

use crate::driver::source;

/// The example of
/// <https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html>, field by field.
#[test]
fn an_event_has_the_form_that_aws_documents() {
    let record = |number: &str, data: &str, millis| Record {
        sequence_number: SequenceNumber::parse(number).expect("digits"),
        partition_key: "1".into(),
        arrived_at: chrono::DateTime::from_timestamp_millis(millis).expect("in range"),
        data: data.into(),
    };
    let (one, two) = (
        "49590338271490256608559692538361571095921575989136588898",
        "49590338271490256608559692540925702759324208523137515618",
    );
    let records = [
        record(one, "Hello, this is a test.", 1_545_084_650_987),
        record(two, "This is only a test.", 1_607_497_475_000),
    ];
    let shard = "shardId-000000000006".into();
    let envelope = |number, data, arrival| {
        [
            r#"{"kinesis":{"kinesisSchemaVersion":"1.0","partitionKey":"1","sequenceNumber":""#,
            number,
            r#"","data":""#,
            data,
            r#"","approximateArrivalTimestamp":"#,
            arrival,
            r#"},"eventSource":"aws:kinesis","eventVersion":"1.0","eventID":"shardId-000000000006:"#,
            number,
            r#"","eventName":"aws:kinesis:record","#,
            r#""invokeIdentityArn":"arn:aws:iam::123456789012:role/orders","#,
            r#""awsRegion":"us-east-1","#,
            r#""eventSourceARN":"arn:aws:kinesis:us-east-1:123456789012:stream/orders"}"#,
        ]
        .concat()
    };
    let expected = [
        r#"{"Records":["#,
        &envelope(one, "SGVsbG8sIHRoaXMgaXMgYSB0ZXN0Lg==", "1545084650.987"),
        ",",
        &envelope(two, "VGhpcyBpcyBvbmx5IGEgdGVzdC4=", "1607497475.000"),
        "]}",
    ];
    assert_eq!(event_json(&source(), &shard, &records), expected.concat());
}
