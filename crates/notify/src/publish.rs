//! The topic in SNS.

use std::time::Duration;

use aws_sdk_sns::Client;
use aws_sdk_sns::config::timeout::TimeoutConfig;
use aws_sdk_sns::types::MessageAttributeValue;
use function::aws::call_error;
use function::delivery::{CallError, Limits, Outcome, Pauses, Target};

use crate::config::TopicArn;
use crate::message::{Message, Value};

/// One message a call, so that each is known to be sent or not.
pub(crate) const LIMITS: Limits = Limits {
    items_per_call: 1,
    bytes_per_call: 256 * 1024,
    in_flight: 1,
    pauses: Pauses {
        first: Duration::from_millis(100),
        longest: Duration::from_secs(5),
    },
};

/// How long a call may take. A publication that is given up may have happened, and is
/// made again: better to wait for its answer than to tell people a second time.
#[must_use]
pub fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(2))
        .operation_attempt_timeout(Duration::from_secs(20))
        .build()
}

/// A standard topic.
#[derive(Debug, Clone)]
pub struct SnsTopic {
    client: Client,
    topic: TopicArn,
}

impl SnsTopic {
    /// The topic, reached by `client`.
    #[must_use]
    pub fn new(client: Client, topic: TopicArn) -> Self {
        Self { client, topic }
    }
}

impl Target<Message> for SnsTopic {
    async fn call(&self, messages: &[&Message]) -> Result<Vec<Outcome>, CallError> {
        let mut outcomes = Vec::with_capacity(messages.len());
        for message in messages {
            let mut call = self
                .client
                .publish()
                .topic_arn(self.topic.as_str())
                .subject(&message.subject)
                .message_structure("json")
                .message(message.per_protocol());
            for (name, value) in message.facts.attributes() {
                call = call.message_attributes(name, attribute(&value)?);
            }
            call.send().await.map_err(call_error)?;
            outcomes.push(Outcome::Done);
        }
        Ok(outcomes)
    }
}

fn attribute(value: &Value) -> Result<MessageAttributeValue, CallError> {
    let (kind, value) = match value {
        Value::Text(text) => ("String", text.clone()),
        Value::Number(number) => ("Number", number.to_string()),
    };
    let attribute = MessageAttributeValue::builder()
        .data_type(kind)
        .string_value(value);
    attribute
        .build()
        .map_err(|error| CallError::Permanent(Box::new(error)))
}
