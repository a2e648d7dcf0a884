//! What the function is invoked with: messages of SQS, or records of a shard.

use chrono::{DateTime, Utc};
use function::Record;
use serde::Deserialize;
use serde_json::value::RawValue;

/// An invocation's event.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Raw")]
pub enum Event {
    /// Messages with S3's notifications.
    Messages(Vec<Message>),
    /// A batch of records of one shard, in its order.
    Records(Vec<Record>),
}

/// A message of SQS.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// What it is reported by if it has to come again.
    pub message_id: String,
    /// S3's notification.
    pub body: String,
    /// What the queue says of it.
    #[serde(default)]
    pub attributes: Attributes,
}

/// What a queue says of a message.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Attributes {
    /// When it was sent, in milliseconds since 1970.
    pub sent_timestamp: Option<String>,
}

impl Message {
    /// How many seconds ago it was sent; none if the queue does not say it.
    pub(crate) fn age(&self, now: DateTime<Utc>) -> Option<u64> {
        let sent: i64 = self.attributes.sent_timestamp.as_ref()?.parse().ok()?;
        let age = now.timestamp_millis().checked_sub(sent)?;
        u64::try_from(age / 1_000).ok()
    }
}

#[derive(Deserialize)]
struct Raw {
    #[serde(rename = "Records")]
    records: Vec<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Source {
    #[serde(rename = "eventSource")]
    event_source: String,
}

impl TryFrom<Raw> for Event {
    type Error = serde_json::Error;

    fn try_from(raw: Raw) -> Result<Self, Self::Error> {
        let records = raw.records.iter().map(|record| record.get());
        let Some(first) = raw.records.first() else {
            return Ok(Self::Records(Vec::new()));
        };
        let source: Source = serde_json::from_str(first.get())?;
        match source.event_source.as_str() {
            "aws:sqs" => {
                let messages = records.map(serde_json::from_str);
                Ok(Self::Messages(messages.collect::<Result<_, _>>()?))
            }
            "aws:kinesis" => {
                let records = records.map(serde_json::from_str);
                Ok(Self::Records(records.collect::<Result<_, _>>()?))
            }
            _ => Err(serde::de::Error::custom(
                "expected records with the eventSource aws:sqs or aws:kinesis",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Reads an event as the Lambda runtime does.
    fn read(json: &str) -> Result<Event, String> {
        let mut deserializer = serde_json::Deserializer::from_slice(json.as_bytes());
        serde_path_to_error::deserialize(&mut deserializer).map_err(|error| error.to_string())
    }

    #[test]
    fn the_sample_events_are_read() {
        let objects = read(include_str!("../../../events/traffic/objects.json"));
        let Ok(Event::Messages(messages)) = objects else {
            panic!("no messages: {objects:?}");
        };
        let sent = |m: &Message| m.attributes.sent_timestamp.is_some();
        assert!(messages.len() == 3 && messages.iter().all(sent));
        let lines = read(include_str!("../../../events/traffic/lines.json"));
        assert!(matches!(lines, Ok(Event::Records(r)) if r.len() == 4));
    }

    #[test]
    fn an_event_is_messages_or_a_batch_and_nothing_else() {
        let read = |json: serde_json::Value| read(&json.to_string());
        let message = json!({"eventSource": "aws:sqs", "messageId": "m1", "body": "{}"});
        let event = read(json!({"Records": [message]}));
        assert!(matches!(event, Ok(Event::Messages(m)) if m[0].message_id == "m1"));
        let record = json!({
            "eventSource": "aws:kinesis",
            "eventID": "shardId-000000000006:1",
            "eventSourceARN": "arn:aws:kinesis:us-east-1:123456789012:stream/requests",
            "kinesis": {"sequenceNumber": "1", "approximateArrivalTimestamp": 1.5, "data": "YQ=="},
        });
        let event = read(json!({"Records": [record]}));
        assert!(matches!(event, Ok(Event::Records(r)) if r[0].data == b"a"));
        assert!(matches!(read(json!({"Records": []})), Ok(Event::Records(r)) if r.is_empty()));
        for other in [json!({}), json!({"Records": [{"eventSource": "aws:s3"}]})] {
            assert!(read(other).is_err());
        }
    }
}
