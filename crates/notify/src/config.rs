//! The function's configuration.

use function::env::{ConfigError, Env, QueueUrl, TableName};

/// What the `notify` function must be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `ALARM_TOPIC_ARN`: the SNS topic that messages go to.
    pub topic: TopicArn,
    /// `IDEMPOTENCY_TABLE`: which alarm records are told already; string key `id`,
    /// TTL attribute `expires_at`.
    pub table: TableName,
    /// `REJECTS_QUEUE_URL`: where records go that are no alarms.
    pub rejects: QueueUrl,
    /// `ORDERS_TABLE`: the table of orders, which messages say how to look into. The
    /// function itself does not.
    pub orders: Option<TableName>,
}

impl Config {
    /// Reads the configuration.
    ///
    /// # Errors
    /// The first variable that is missing or malformed.
    pub fn from_env(env: &Env<'_>) -> Result<Self, ConfigError> {
        Ok(Self {
            topic: env.required("ALARM_TOPIC_ARN", TopicArn::EXPECTED, TopicArn::parse)?,
            table: env.required("IDEMPOTENCY_TABLE", TableName::EXPECTED, TableName::parse)?,
            rejects: env.required("REJECTS_QUEUE_URL", QueueUrl::EXPECTED, QueueUrl::parse)?,
            orders: env.optional("ORDERS_TABLE", TableName::EXPECTED, TableName::parse)?,
        })
    }
}

/// The ARN of a standard SNS topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicArn(String);

impl TopicArn {
    /// What a topic's ARN looks like, for error messages.
    pub const EXPECTED: &'static str = "the ARN of a standard SNS topic, \
         arn:aws:sns:<region>:<account>:<name> (FIFO topics reach neither e-mail nor SMS)";

    /// `None` if no standard topic can have that ARN.
    #[must_use]
    pub fn parse(arn: &str) -> Option<Self> {
        let parts: Vec<&str> = arn.split(':').collect();
        let &["arn", partition, "sns", region, account, name] = parts.as_slice() else {
            return None;
        };
        let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        let is = |part: &str| !part.is_empty() && part.bytes().all(legal);
        // A FIFO topic's name ends in `.fifo`, and no other has a dot.
        let standard = [partition, region, account, name].into_iter().all(is);
        standard.then(|| Self(arn.to_owned()))
    }

    /// The ARN.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_a_standard_one() {
        for arn in [
            "arn:aws:sns:us-east-1:123456789012:alarms",
            "arn:aws-cn:sns:cn-north-1:123456789012:a_b-C",
        ] {
            assert_eq!(TopicArn::parse(arn).expect("a topic").as_str(), arn);
        }
        for other in [
            "alarms",
            "arn:aws:sns:us-east-1:123456789012:alarms.fifo",
            "arn:aws:sns:us-east-1:123456789012:",
            "arn:aws:sqs:us-east-1:123456789012:alarms",
            "arn:aws:sns:us-east-1:123456789012:alarms:5f3a",
        ] {
            assert_eq!(TopicArn::parse(other), None, "{other}");
        }
    }
}
