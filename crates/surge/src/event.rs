//! What the function is invoked with: records of a shard, or the clock.

use function::Record;
use serde::Deserialize;

/// An invocation's event.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Raw")]
pub enum Event {
    /// A batch of records of one shard, in its order.
    Records(Vec<Record>),
    /// A scheduled event of EventBridge.
    Scheduled,
}

#[derive(Deserialize)]
struct Raw {
    #[serde(rename = "Records")]
    records: Option<Vec<Record>>,
    source: Option<String>,
}

impl TryFrom<Raw> for Event {
    type Error = &'static str;

    fn try_from(raw: Raw) -> Result<Self, Self::Error> {
        match (raw.records, raw.source.as_deref()) {
            (Some(records), _) => Ok(Self::Records(records)),
            (None, Some("aws.events" | "aws.scheduler")) => Ok(Self::Scheduled),
            _ => Err("expected a Kinesis event (Records) or a scheduled one (source aws.events)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_is_a_batch_or_the_clock_and_nothing_else() {
        let read = |json: serde_json::Value| serde_json::from_value::<Event>(json);
        let scheduled =
            json!({"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}});
        assert!(matches!(read(scheduled), Ok(Event::Scheduled)));
        assert!(matches!(read(json!({"Records": []})), Ok(Event::Records(r)) if r.is_empty()));
        let error = read(json!({"source": "aws.s3"})).expect_err("must be refused");
        assert!(error.to_string().contains("expected a Kinesis event"));
    }
}
