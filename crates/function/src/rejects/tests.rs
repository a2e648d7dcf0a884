//! What a message holds, and that none is too long.

use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::{Field, Found, Reason};
use serde_json::{Value, json};

use super::*;

#[derive(Default)]
struct Queue(Mutex<Vec<Value>>);

impl Target<Part<'_>> for Queue {
    async fn call(&self, parts: &[&Part<'_>]) -> Result<Vec<Outcome>, CallError> {
        let bodies: Vec<_> = parts.iter().map(|p| p.body().expect("JSON")).collect();
        assert!(bodies.iter().map(String::len).sum::<usize>() <= MESSAGE_BYTES);
        let mut queue = self.0.lock().expect("queue");
        for body in &bodies {
            queue.push(serde_json::from_str(body).expect("JSON"));
        }
        Ok(vec![Outcome::Done; parts.len()])
    }
}

fn record() -> Record {
    let event = json!({
        "eventID": "shardId-000000000006:4959",
        "eventSourceARN": "arn:aws:kinesis:us-east-1:123456789012:stream/orders",
        "kinesis": {"sequenceNumber": "4959", "approximateArrivalTimestamp": 1.5, "data": ""},
    });
    serde_json::from_value(event).expect("a record")
}

async fn sent(format: &OrderFormat, rejected: Rejected<'_>) -> Vec<Value> {
    let queue = Queue::default();
    let deadline = Deadline::after(Duration::from_secs(10));
    let delivery = send(&queue, "orders", format, &[record()], &[rejected], deadline).await;
    assert_eq!(delivery.fates, [Fate::Delivered]);
    queue.0.into_inner().expect("queue")
}

#[tokio::test(start_paused = true)]
async fn a_message_tells_what_where_and_why() {
    let messages = sent(
        &OrderFormat::default(),
        Rejected {
            record: 0,
            position: Position {
                user_record: Some(3),
                line: 2,
                object: None,
                item: None,
            },
            lines: 1,
            bytes: b"a,b",
            reject: Reject::field(Reason::NotANumber, Field::Quantity, Found::Text),
        },
    )
    .await;
    assert_eq!(
        messages,
        [json!({
            "function": "orders",
            "reason": "not_a_number",
            "message": "Quantity: expected a number, found a text",
            "field": "Quantity",
            "found": "text",
            "stream": "orders",
            "shard": "shardId-000000000006",
            "sequence_number": "4959",
            "arrived_at": "1970-01-01T00:00:01.500Z",
            "user_record": 3,
            "line": 2,
            "lines": 1,
            "part": 1,
            "parts": 1,
            "data": "YSxi",
        })]
    );
}

#[tokio::test(start_paused = true)]
async fn a_line_of_a_shops_own_form_is_told_of_in_its_own_names() {
    let text = "format = \"json\"\nlines = \"/items\"\n[order]\nInvoiceNo = \"/id\"\n\
        InvoiceDate = \"/at\"\nCountry = \"/land\"\n[line]\nStockCode = \"/sku\"\n\
        Quantity = \"/count\"\nUnitPrice = \"/price\"\n";
    let format = OrderFormat::parse(text).expect("a format");
    let messages = sent(
        &format,
        Rejected {
            record: 0,
            position: Position {
                user_record: None,
                line: 1,
                object: Some(1),
                item: Some(4),
            },
            lines: 2,
            bytes: b"{}",
            reject: Reject::field(Reason::NotANumber, Field::Quantity, Found::Text),
        },
    )
    .await;
    let [message] = &messages[..] else {
        panic!("{messages:?}")
    };
    assert_eq!(
        message["message"],
        "/items/*/count (Quantity): expected a number, found a text"
    );
    assert_eq!(message["field"], "Quantity");
    assert_eq!(message["shop_field"], "/items/*/count");
    assert_eq!(
        (&message["item"], &message["lines"]),
        (&json!(4), &json!(2))
    );
}

#[tokio::test(start_paused = true)]
async fn lines_of_an_object_are_one_message_with_the_first_and_the_number_of_the_others() {
    let queue = Queue::default();
    let others = BTreeMap::from([("columns".to_owned(), 999_998), ("time".to_owned(), 1)]);
    let rejected = RejectedLines {
        origin: Origin::Object {
            bucket: "logs",
            key: "a/b.gz",
            version: "v1",
            line: 3,
        },
        reason: "columns",
        message: "line: expected 33 columns",
        bytes: b"a,b",
        others: &others,
    };
    let deadline = Deadline::after(Duration::from_secs(10));
    let delivery = send_lines(&queue, "traffic", &rejected, deadline).await;
    assert_eq!(delivery.fates, [Fate::Delivered]);
    assert_eq!(
        queue.0.into_inner().expect("queue"),
        [json!({
            "function": "traffic",
            "reason": "columns",
            "message": "line: expected 33 columns",
            "bucket": "logs",
            "key": "a/b.gz",
            "version": "v1",
            "line": 3,
            "lines": 1,
            "others": {"columns": 999_998, "time": 1},
            "part": 1,
            "parts": 1,
            "data": "YSxi",
        })]
    );
}

#[tokio::test(start_paused = true)]
async fn a_long_original_is_spread_over_messages_that_a_queue_takes() {
    let bytes: Vec<u8> = (0..1_048_576_u32).map(|n| (n % 251) as u8).collect();
    let mut messages = sent(
        &OrderFormat::default(),
        Rejected {
            record: 0,
            position: Position {
                user_record: None,
                line: 1,
                object: None,
                item: None,
            },
            lines: 7,
            bytes: &bytes,
            reject: Reject::line(Reason::NotUtf8),
        },
    )
    .await;
    messages.sort_by_key(|m| m["part"].as_u64());
    assert_eq!(messages.len(), 6);
    assert!(
        messages
            .iter()
            .all(|m| m["parts"] == 6 && m["line"] == 1 && m["lines"] == 7)
    );
    let joined: Vec<u8> = messages
        .iter()
        .flat_map(|m| {
            STANDARD
                .decode(m["data"].as_str().expect("a text"))
                .expect("base64")
        })
        .collect();
    assert_eq!(joined, bytes);
}
