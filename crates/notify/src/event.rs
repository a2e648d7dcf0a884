//! What the function is invoked with: records of the alarm stream, or an operator's
//! test of the alarm path.

use aws_lambda_events::streams::KinesisEventResponse;
use function::Record;
use model::is_site_name;
use serde::{Deserialize, Serialize};

use crate::message::Message;

/// An invocation's event.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Raw")]
pub enum Event {
    /// A batch of records of one shard of the alarm stream, in its order.
    Alarms(Vec<Record>),
    /// A test, by hand: a message that says that it is one.
    Test {
        /// The site to name; `website` if the event names none.
        site: String,
        /// The rate to name.
        order_count: u64,
    },
}

/// An invocation's answer.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// The records that have to come again.
    Alarms(KinesisEventResponse),
    /// What a test has sent.
    Test(Message),
}

#[derive(Deserialize)]
struct Raw {
    #[serde(rename = "Records")]
    records: Option<Vec<Record>>,
    order_count: Option<u64>,
    site: Option<String>,
}

impl TryFrom<Raw> for Event {
    type Error = &'static str;

    fn try_from(raw: Raw) -> Result<Self, Self::Error> {
        match (raw.records, raw.order_count) {
            (Some(records), _) => Ok(Self::Alarms(records)),
            (None, Some(order_count)) => {
                let site = raw.site.unwrap_or_else(|| "website".to_owned());
                if is_site_name(&site) {
                    Ok(Self::Test { site, order_count })
                } else {
                    Err("site: expected 1 to 64 letters, digits, '_', '-', '.'")
                }
            }
            _ => Err("expected a Kinesis event (Records) or a test ({\"order_count\": 42})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_is_a_batch_or_a_test_and_nothing_else() {
        let read = |json: serde_json::Value| serde_json::from_value::<Event>(json);
        assert!(matches!(read(json!({"Records": []})), Ok(Event::Alarms(r)) if r.is_empty()));
        let test = read(json!({"order_count": 42})).expect("a test");
        assert!(matches!(test, Event::Test { site, order_count: 42 } if site == "website"));
        for (event, words) in [
            (json!({}), "expected a Kinesis event"),
            (json!({"order_count": -1}), "u64"),
            (json!({"order_count": 1, "site": "a\nb"}), "site: expected"),
        ] {
            let error = read(event).expect_err("must be refused").to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
