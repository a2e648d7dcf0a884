//! Which queue wants to know of which objects.
//!
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html>

use serde::{Deserialize, Serialize};

use super::answer::element;
use super::xml::Element;
use crate::protocol::{Failure, id};
use crate::sqs;

/// What has happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    Put,
    CompleteMultipartUpload,
}

impl Event {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Put => "ObjectCreated:Put",
            Self::CompleteMultipartUpload => "ObjectCreated:CompleteMultipartUpload",
        }
    }
}

/// Which events a queue is told of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rule {
    pub(crate) id: String,
    /// The queue's ARN.
    pub(crate) queue: String,
    events: Vec<String>,
    prefix: String,
    suffix: String,
}

impl Rule {
    /// All rules of a configuration.
    pub(crate) fn all(configuration: &Element) -> Result<Vec<Self>, Failure> {
        let mut rules = Vec::new();
        for element in &configuration.children {
            if element.name != "QueueConfiguration" {
                let message = format!(
                    "{} is not there in the local stack: only queues are told",
                    element.name
                );
                return Err(Failure::new("NotImplemented", message));
            }
            rules.push(Self::of(element)?);
        }
        Ok(rules)
    }

    fn of(element: &Element) -> Result<Self, Failure> {
        let events: Vec<String> = element.all("Event").map(|e| e.text.clone()).collect();
        let created = |event: &String| event.starts_with("s3:ObjectCreated:");
        if events.is_empty() || !events.iter().all(created) {
            let message = format!("the events are {events:?}: expected those of s3:ObjectCreated");
            return Err(Failure::new("InvalidArgument", message));
        }
        let queue = element.text_of("Queue").unwrap_or_default().to_owned();
        let filters = element.all("Filter").flat_map(|filter| filter.all("S3Key"));
        let (mut prefix, mut suffix) = (String::new(), String::new());
        for rule in filters.flat_map(|key| key.all("FilterRule")) {
            let value = rule.text_of("Value").unwrap_or_default().to_owned();
            match rule.text_of("Name").map(str::to_ascii_lowercase).as_deref() {
                Some("prefix") => prefix = value,
                Some("suffix") => suffix = value,
                other => {
                    let message =
                        format!("the filter's name is {other:?}: expected prefix or suffix");
                    return Err(Failure::new("InvalidArgument", message));
                }
            }
        }
        Ok(Self {
            id: element.text_of("Id").map_or_else(id, str::to_owned),
            queue,
            events,
            prefix,
            suffix,
        })
    }

    /// The queue's name, if the rule names one of this account.
    pub(crate) fn queue_name(&self) -> Option<&str> {
        let name = self.queue.rsplit(':').next()?;
        (self.queue == sqs::arn(name)).then_some(name)
    }

    /// Whether its queue is told.
    pub(crate) fn takes(&self, key: &str, event: Event) -> bool {
        let named = |name: &String| {
            name == "s3:ObjectCreated:*" || name.strip_prefix("s3:") == Some(event.name())
        };
        self.events.iter().any(named)
            && key.starts_with(&self.prefix)
            && key.ends_with(&self.suffix)
    }

    /// It as an element of a configuration.
    pub(crate) fn content(&self) -> String {
        let events: String = self
            .events
            .iter()
            .map(|event| element("Event", Some(event)))
            .collect();
        let filter = |name: &str, value: &str| {
            let value = element("Value", Some(value));
            format!("<FilterRule><Name>{name}</Name>{value}</FilterRule>")
        };
        let filters: String = [("Prefix", &self.prefix), ("Suffix", &self.suffix)]
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| filter(name, value))
            .collect();
        let filters = match filters.as_str() {
            "" => String::new(),
            rules => format!("<Filter><S3Key>{rules}</S3Key></Filter>"),
        };
        format!(
            "<QueueConfiguration>{}{}{events}{filters}</QueueConfiguration>",
            element("Id", Some(&self.id)),
            element("Queue", Some(&self.queue))
        )
    }
}
