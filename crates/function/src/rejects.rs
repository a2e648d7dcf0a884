//! The rejects queue: where what can never be processed is kept, with the reason
//! and the original bytes, so that it neither stops its batch nor is lost.
//!
//! A queue delivers at least once and a retried batch sends its rejects again;
//! a message's `sequence_number`, `user_record`, `line`, `object`, `item` and `part`, or the
//! `bucket`, `key`, `version`, `line` and `part` of an object's line, tell copies apart from
//! others.

mod message;

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use model::{OrderFormat, Position, Reject};

use crate::aws::call_error;
use crate::delivery::{CallError, Delivery, Fate, Limits, Outcome, Pauses, Target, deliver};
use crate::env::QueueUrl;
use crate::{Deadline, Record};

use message::Cause;
pub use message::{Origin, Part};

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

/// The first of the lines of a log that were refused together, and how many others there
/// were: a wrong format of a million lines is one message.
#[derive(Debug)]
pub struct RejectedLines<'a> {
    /// Where the first one stood.
    pub origin: Origin<'a>,
    /// Why it was refused, for machines.
    pub reason: &'a str,
    /// Why it was refused, in one line without anything of its content.
    pub message: &'a str,
    /// The line as it was sent.
    pub bytes: &'a [u8],
    /// How many others were refused, by their reasons.
    pub others: &'a BTreeMap<String, u64>,
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
    let mut parts: Vec<Part<'_>> = Vec::with_capacity(rejected.len());
    for (index, rejected) in rejected.iter().enumerate() {
        let whole = Part {
            index,
            function,
            origin: Origin::Record(&records[rejected.record], rejected.position),
            cause: Cause::Order(rejected.reject, format),
            lines: rejected.lines,
            bytes: rejected.bytes,
            part: 1,
            parts: 1,
        };
        parts.extend(whole.cut());
    }
    deliver_parts(queue, &parts, rejected.len(), deadline).await
}

/// Sends the first of some refused lines of a log, and the number of the others, to the
/// queue. One fate: `Delivered` only if every part of it is in the queue.
pub async fn send_lines(
    queue: &impl for<'a> Target<Part<'a>>,
    function: &str,
    rejected: &RejectedLines<'_>,
    deadline: Deadline,
) -> Delivery {
    let whole = Part {
        index: 0,
        function,
        origin: rejected.origin,
        cause: Cause::Line {
            reason: rejected.reason,
            message: rejected.message,
            others: rejected.others,
        },
        lines: 1,
        bytes: rejected.bytes,
        part: 1,
        parts: 1,
    };
    let parts: Vec<Part<'_>> = whole.cut().collect();
    deliver_parts(queue, &parts, 1, deadline).await
}

async fn deliver_parts(
    queue: &impl for<'a> Target<Part<'a>>,
    parts: &[Part<'_>],
    rejected: usize,
    deadline: Deadline,
) -> Delivery {
    let mut delivery = deliver(queue, parts, Part::size, LIMITS, deadline).await;
    let mut fates = vec![Fate::Delivered; rejected];
    for (part, fate) in parts.iter().zip(&delivery.fates) {
        if *fate != Fate::Delivered {
            fates[part.index] = *fate;
        }
    }
    delivery.fates = fates;
    delivery
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
mod tests;
