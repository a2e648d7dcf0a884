//! One message to the rejects queue, as tools that read the queue rely on it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::SecondsFormat;
use model::{Field, Found, OrderFormat, Position, Reason, Reject};
use serde::Serialize;

use super::{ENVELOPE_BYTES, PART_BYTES};
use crate::Record;

/// Where a refused thing stood.
#[derive(Debug, Clone, Copy)]
pub enum Origin<'a> {
    /// In a record of a stream.
    Record(&'a Record, Position),
    /// In an object of S3.
    Object {
        /// The bucket's name.
        bucket: &'a str,
        /// The object's key.
        key: &'a str,
        /// The object's version id, or its eTag where its bucket keeps no versions.
        version: &'a str,
        /// The line, from 1.
        line: u64,
    },
}

/// Why a thing was refused.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cause<'a> {
    /// An order, in the names that the shop has for its fields.
    Order(Reject, &'a OrderFormat),
    /// The first of some lines of a log.
    Line {
        reason: &'a str,
        message: &'a str,
        others: &'a BTreeMap<String, u64>,
    },
}

/// One message to the queue. Its body is only built when it is sent.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// Which of the rejected things it is of.
    pub(super) index: usize,
    pub(super) function: &'a str,
    pub(super) origin: Origin<'a>,
    pub(super) cause: Cause<'a>,
    pub(super) lines: u64,
    pub(super) bytes: &'a [u8],
    pub(super) part: usize,
    pub(super) parts: usize,
}

/// The body of a message in the rejects queue.
#[derive(Serialize)]
struct Body<'a> {
    function: &'a str,
    reason: AnyReason<'a>,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<Field>,
    /// The field's name in the shop's own form.
    #[serde(skip_serializing_if = "Option::is_none")]
    shop_field: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<Found>,
    #[serde(flatten)]
    place: Place<'a>,
    lines: u64,
    /// Lines that were refused together with this one, by reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    others: Option<&'a BTreeMap<String, u64>>,
    part: usize,
    parts: usize,
    data: String,
}

#[derive(Serialize)]
#[serde(untagged)]
enum AnyReason<'a> {
    Order(Reason),
    Line(&'a str),
}

#[derive(Serialize)]
#[serde(untagged)]
enum Place<'a> {
    Record {
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
    },
    Object {
        bucket: &'a str,
        key: &'a str,
        version: &'a str,
        line: u64,
    },
}

impl<'a> Part<'a> {
    /// As many parts as its bytes need.
    pub(super) fn cut(self) -> impl Iterator<Item = Part<'a>> {
        let parts = self.bytes.len().div_ceil(PART_BYTES).max(1);
        (0..parts).map(move |part| {
            let start = part * PART_BYTES;
            Part {
                bytes: &self.bytes[start..self.bytes.len().min(start + PART_BYTES)],
                part: part + 1,
                parts,
                ..self
            }
        })
    }

    pub(super) fn size(&self) -> usize {
        let others = match self.cause {
            Cause::Order(..) => 0,
            // A reason, its quotes and a number.
            Cause::Line { others, .. } => others.keys().map(|reason| reason.len() + 32).sum(),
        };
        self.bytes.len().div_ceil(3) * 4 + ENVELOPE_BYTES + others
    }

    /// The message: JSON, the original bytes in base64.
    ///
    /// # Errors
    /// Never in practice: every field is a text or a number.
    pub fn body(&self) -> Result<String, serde_json::Error> {
        let mut body = Body {
            function: self.function,
            reason: AnyReason::Line(""),
            message: String::new(),
            field: None,
            shop_field: None,
            found: None,
            place: self.place(),
            lines: self.lines,
            others: None,
            part: self.part,
            parts: self.parts,
            data: STANDARD.encode(self.bytes),
        };
        match &self.cause {
            Cause::Order(reject, format) => {
                body.reason = AnyReason::Order(reject.reason);
                body.message = format.explain(reject).to_string();
                body.field = reject.field;
                body.shop_field = reject.field.and_then(|field| format.name(field));
                body.found = reject.found;
            }
            Cause::Line {
                reason,
                message,
                others,
            } => {
                body.reason = AnyReason::Line(reason);
                body.message = (*message).to_owned();
                body.others = Some(others);
            }
        }
        serde_json::to_string(&body)
    }

    fn place(&self) -> Place<'a> {
        match self.origin {
            Origin::Record(record, position) => Place::Record {
                stream: &record.stream,
                shard: &record.shard,
                sequence_number: record.sequence_number.as_str(),
                arrived_at: record
                    .arrived_at
                    .to_rfc3339_opts(SecondsFormat::Millis, true),
                user_record: position.user_record,
                line: position.line,
                object: position.object,
                item: position.item,
            },
            Origin::Object {
                bucket,
                key,
                version,
                line,
            } => Place::Object {
                bucket,
                key,
                version,
                line,
            },
        }
    }
}
