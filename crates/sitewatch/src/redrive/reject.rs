//! A message of the rejects queue, read back. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use model::OrderFormat;
use serde::Deserialize;

/// A reject, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reject {
    /// What it is of.
    pub(crate) place: Place,
    /// Why it was refused.
    pub(crate) reason: String,
    /// When its record arrived.
    pub(crate) arrived_at: DateTime<Utc>,
    /// Which part it is, from 1.
    pub(crate) part: usize,
    /// How many there are.
    pub(crate) parts: usize,
    /// The part's bytes.
    pub(crate) data: Vec<u8>,
}

/// What tells copies of a reject from others: who refused which line of which record.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) function: String,
    pub(crate) stream: String,
    pub(crate) shard: String,
    pub(crate) sequence_number: String,
    pub(crate) user_record: Option<u32>,
    pub(crate) line: u32,
    pub(crate) object: Option<u32>,
}

impl Reject {
    /// Reads a message; `None` if it is no reject.
    pub(crate) fn read(body: &str) -> Option<Self> {
        let body: Body = serde_json::from_str(body).ok()?;
        let arrived_at = DateTime::parse_from_rfc3339(&body.arrived_at).ok()?;
        let is_whole = (1..=body.parts).contains(&body.part)
            && !body.stream.is_empty()
            && !body.sequence_number.is_empty();
        let reject = Self {
            place: Place {
                function: body.function,
                stream: body.stream,
                shard: body.shard,
                sequence_number: body.sequence_number,
                user_record: body.user_record,
                line: body.line,
                object: body.object,
            },
            reason: body.reason,
            arrived_at: arrived_at.to_utc(),
            part: body.part,
            parts: body.parts,
            data: STANDARD.decode(body.data).ok()?,
        };
        is_whole.then_some(reject)
    }
}

/// The partition key that `data` gets: its order's invoice number, as `sitewatch replay`
/// has it, or else the number that the refused record had, which spreads as well.
pub(crate) fn partition_key(format: &OrderFormat, place: &Place, data: &[u8]) -> String {
    match format.first_good(data) {
        Some(Ok(order)) => order.invoice_no.into_owned(),
        _ => place.sequence_number.clone(),
    }
}

#[derive(Deserialize)]
struct Body {
    function: String,
    reason: String,
    stream: String,
    shard: String,
    sequence_number: String,
    arrived_at: String,
    user_record: Option<u32>,
    line: u32,
    object: Option<u32>,
    part: usize,
    parts: usize,
    data: String,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn message(change: impl FnOnce(&mut Value)) -> Option<Reject> {
        let mut body = json!({
            "function": "orders", "reason": "not_a_number", "message": "Quantity: expected a number",
            "field": "Quantity", "found": "text", "stream": "orders", "shard": "shardId-000000000006",
            "sequence_number": "4959", "arrived_at": "2018-12-01T09:01:10.500Z", "user_record": 3,
            "line": 2, "lines": 1, "part": 1, "parts": 1, "data": "YSxi",
        });
        change(&mut body);
        Reject::read(&body.to_string())
    }

    #[test]
    fn a_reject_is_read_and_anything_else_is_not() {
        let reject = message(|_| {}).expect("a reject");
        assert_eq!(reject.data, b"a,b");
        assert_eq!(reject.place.user_record, Some(3));
        let plain = message(|m| m["user_record"] = Value::Null).expect("a reject");
        assert_eq!(plain.place.user_record, None);
        for (field, value) in [
            ("data", json!("no base64!")),
            ("stream", json!("")),
            ("part", json!(2)),
            ("part", json!(0)),
            ("reason", Value::Null),
            ("arrived_at", json!("yesterday")),
        ] {
            assert_eq!(message(|m| m[field] = value), None, "{field}");
        }
        assert_eq!(Reject::read("hello"), None);
    }

    #[test]
    fn an_order_goes_by_its_invoice_and_nonsense_by_the_number_it_had() {
        let place = message(|_| {}).expect("a reject").place;
        let format = OrderFormat::default();
        let order = b"536365,85123A,HEART,6,12/1/2010 8:26,2.55,17850,United Kingdom";
        assert_eq!(partition_key(&format, &place, order), "536365");
        assert_eq!(partition_key(&format, &place, b"a,b"), "4959");
        assert_eq!(partition_key(&format, &place, b""), "4959");
    }
}
