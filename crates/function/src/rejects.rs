//! The rejects queue: where what can never be processed is kept, with the reason
//! and the original bytes, so that it neither stops its batch nor is lost.
//!
//! A queue delivers at least once and a retried batch sends its rejects again;
//! a message's `sequence_number`, `user_record`, `line`, `object`, `item` and `part` tell copies
//! apart from others.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::SecondsFormat;
use model::{Field, Found, OrderFormat, Position, Reason, Reject};
use serde::Serialize;
use std::time::Duration;

use crate::aws::call_error;
use crate::delivery::{CallError, Delivery, Fate, Limits, Outcome, Pauses, Target, deliver};
use crate::env::QueueUrl;
use crate::{Deadline, Record};

/// The largest message that a queue takes unless it was made to take less, which
/// it must not be: 256 KiB. Queues may allow 1 MiB today, but need not.
const MESSAGE_BYTES: usize = 256 * 1024;
/// Room for everything in a message but its data.
const ENVELOPE_BYTES: usize = 4 * 1024;
/// A longer original is spread over several messages, so that no length of it
/// makes its record fail forever. A multiple of 3: only the last part is padded.
const PART_BYTES: usize = (MESSAGE_BYTES - ENVELOPE_BYTES) / 4 * 3;

/// SendMessageBatch: 10 messages, 256 KiB in all.
const LIMITS: Limits = Limits {
    items_per_call: 10,
    bytes_per_call: MESSAGE_BYTES,
    in_flight: 4,
    pauses: Pauses {
        first: Duration::from_millis(100),
        longest: Duration::from_secs(5),
    },
};

/// A line that was refused, or a record of more of them than are kept singly.
#[derive(Debug)]
pub struct Rejected<'a> {
    /// The index in the batch of the record that it came in.
    pub record: usize,
    /// Where in the record the line stood; the first one's place if there are several.
    pub position: Position,
    /// How many lines of the record were refused: 1, or those of the order or record that
    /// `bytes` is.
    pub lines: u64,
    /// The line as it was sent; the whole order or record if there are several.
    pub bytes: &'a [u8],
    /// Why the line was refused; the first one's reason if there are several.
    pub reject: Reject,
}

/// Sends `rejected`, out of the batch `records`, to the queue. One fate per
/// rejected thing: `Delivered` only if every part of it is in the queue. `format` has the
/// names that the fields of orders have in the shop.
pub async fn send(
    queue: &impl for<'a> Target<Part<'a>>,
    function: &str,
    format: &OrderFormat,
    records: &[Record],
    rejected: &[Rejected<'_>],
    deadline: Deadline,
) -> Delivery {
    let parts: Vec<Part<'_>> = rejected
        .iter()
        .enumerate()
        .flat_map(|(index, rejected)| {
            parts(function, format, &records[rejected.record], rejected)
                .map(move |part| Part { index, ..part })
        })
        .collect();
    let mut delivery = deliver(queue, &parts, Part::size, LIMITS, deadline).await;
    let mut fates = vec![Fate::Delivered; rejected.len()];
    for (part, fate) in parts.iter().zip(&delivery.fates) {
        if *fate != Fate::Delivered {
            fates[part.index] = *fate;
        }
    }
    delivery.fates = fates;
    delivery
}

fn parts<'a>(
    function: &'a str,
    format: &'a OrderFormat,
    record: &'a Record,
    rejected: &Rejected<'a>,
) -> impl Iterator<Item = Part<'a>> {
    let Rejected {
        position,
        lines,
        bytes,
        reject,
        ..
    } = *rejected;
    let parts = bytes.len().div_ceil(PART_BYTES).max(1);
    (0..parts).map(move |part| {
        let start = part * PART_BYTES;
        let bytes = &bytes[start..bytes.len().min(start + PART_BYTES)];
        Part {
            index: 0,
            function,
            format,
            record,
            position,
            lines,
            bytes,
            reject,
            part: part + 1,
            parts,
        }
    })
}

/// One message to the queue. Its body is only built when it is sent.
#[derive(Debug)]
pub struct Part<'a> {
    /// Which of the rejected things it is of.
    index: usize,
    function: &'a str,
    format: &'a OrderFormat,
    record: &'a Record,
    position: Position,
    lines: u64,
    bytes: &'a [u8],
    reject: Reject,
    part: usize,
    parts: usize,
}

/// The body of a message in the rejects queue.
#[derive(Serialize)]
struct Body<'a> {
    function: &'a str,
    reason: Reason,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<Field>,
    /// The field's name in the shop's own form.
    #[serde(skip_serializing_if = "Option::is_none")]
    shop_field: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<Found>,
    stream: &'a str,
    shard: &'a str,
    sequence_number: &'a str,
    arrived_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_record: Option<u32>,
    line: u32,
    /// Which JSON object of the record or user record.
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<u32>,
    /// Which line of the order that it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<u32>,
    lines: u64,
    part: usize,
    parts: usize,
    data: String,
}

impl Part<'_> {
    fn size(&self) -> usize {
        self.bytes.len().div_ceil(3) * 4 + ENVELOPE_BYTES
    }

    /// The message: JSON, the original bytes in base64.
    ///
    /// # Errors
    /// Never in practice: every field is a text or a number.
    pub fn body(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(&Body {
            function: self.function,
            reason: self.reject.reason,
            message: self.format.explain(&self.reject).to_string(),
            field: self.reject.field,
            shop_field: self.reject.field.and_then(|field| self.format.name(field)),
            found: self.reject.found,
            stream: &self.record.stream,
            shard: &self.record.shard,
            sequence_number: self.record.sequence_number.as_str(),
            arrived_at: self
                .record
                .arrived_at
                .to_rfc3339_opts(SecondsFormat::Millis, true),
            user_record: self.position.user_record,
            line: self.position.line,
            object: self.position.object,
            item: self.position.item,
            lines: self.lines,
            part: self.part,
            parts: self.parts,
            data: STANDARD.encode(self.bytes),
        })
    }
}

/// The queue in SQS.
#[derive(Debug, Clone)]
pub struct SqsQueue {
    client: Client,
    url: QueueUrl,
}

impl SqsQueue {
    /// The queue at `url`, reached by `client`.
    #[must_use]
    pub fn new(client: Client, url: QueueUrl) -> Self {
        Self { client, url }
    }
}

impl Target<Part<'_>> for SqsQueue {
    async fn call(&self, parts: &[&Part<'_>]) -> Result<Vec<Outcome>, CallError> {
        let mut call = self
            .client
            .send_message_batch()
            .queue_url(self.url.as_str());
        for (id, part) in parts.iter().enumerate() {
            let body = part.body().map_err(|e| CallError::Refused(Box::new(e)))?;
            let entry = SendMessageBatchRequestEntry::builder()
                .id(id.to_string())
                .message_body(body)
                .build()
                .map_err(|e| CallError::Refused(Box::new(e)))?;
            call = call.entries(entry);
        }
        let answer = call.send().await.map_err(call_error)?;
        let mut outcomes = vec![Outcome::Again; parts.len()];
        let mut set = |id: &str, outcome| {
            if let Some(slot) = id.parse().ok().and_then(|id: usize| outcomes.get_mut(id)) {
                *slot = outcome;
            }
        };
        for entry in answer.successful() {
            set(entry.id(), Outcome::Done);
        }
        for entry in answer.failed() {
            set(
                entry.id(),
                if entry.sender_fault() {
                    Outcome::Refused
                } else {
                    Outcome::Again
                },
            );
        }
        Ok(outcomes)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

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
}
