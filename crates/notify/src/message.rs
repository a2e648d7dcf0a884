//! What people read, at any hour: for each alarm record a subject, a short text for
//! phones and a fuller one for e-mail. Pure.

mod command;
mod email;
mod sms;
mod who;
mod words;

use function::env::TableName;
use model::{Alarm, AlarmKind, Measure, Signal};
use serde::Serialize;
use serde_json::json;

pub use sms::LONGEST_SMS;

/// SNS takes subjects of fewer than 100 ASCII characters.
/// Source: <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>
pub const LONGEST_SUBJECT: usize = 99;

/// A message to a topic. All its texts are ASCII.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// An e-mail's subject, at most [`LONGEST_SUBJECT`] characters.
    pub subject: String,
    /// The text for phones, at most [`LONGEST_SMS`] characters.
    pub sms: String,
    /// The text for e-mail and every other protocol.
    pub email: String,
    /// What subscription filters go by.
    #[serde(skip)]
    pub facts: Facts,
}

/// What subscription filters go by: plain names and numbers, nothing from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The site.
    pub site: String,
    /// What happened.
    pub kind: AlarmKind,
    /// What began, goes on or is over.
    pub signal: Signal,
    /// What is counted.
    pub measure: Measure,
    /// The rate that decided.
    pub rate: u64,
    /// What the strongest contributor is (`customer`, `guest`, `article`), and its share
    /// in percent.
    pub contributor: Option<(&'static str, u64)>,
}

/// An attribute's value, by SNS's types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// `String`.
    Text(String),
    /// `Number`.
    Number(u64),
}

impl Message {
    /// What an alarm record tells. With the orders table, how to look into it, too.
    #[must_use]
    pub fn of(alarm: &Alarm, orders: Option<&TableName>) -> Self {
        let verdict = alarm.verdict();
        Self {
            subject: format!("{} order rate {}", alarm.site, alarm.kind),
            sms: sms::of(alarm, verdict.as_ref()),
            email: email::of(alarm, verdict.as_ref(), orders),
            facts: Facts {
                site: alarm.site.clone(),
                kind: alarm.kind,
                signal: alarm.signal,
                measure: alarm.measure,
                rate: alarm.rate,
                contributor: verdict.map(|v| (v.contributor(), v.percent)),
            },
        }
    }

    /// An operator's test of the way from here to people.
    #[must_use]
    pub fn test(site: &str, order_count: u64) -> Self {
        Self {
            subject: format!("{site} order rate ALARM (test)"),
            sms: sms::test(site, order_count),
            email: email::test(site, order_count),
            facts: Facts {
                site: site.to_owned(),
                kind: AlarmKind::Alarm,
                signal: Signal::Surge,
                measure: Measure::Orders,
                rate: order_count,
                contributor: None,
            },
        }
    }

    /// The message as SNS takes it with `MessageStructure=json`: a text for each
    /// protocol that has its own, `default` for the others.
    #[must_use]
    pub fn per_protocol(&self) -> String {
        json!({"default": self.email, "email": self.email, "sms": self.sms}).to_string()
    }
}

impl Facts {
    /// The message's attributes. A subscription with raw delivery gets no message with
    /// more than ten of them.
    /// Source: <https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html>
    #[must_use]
    pub fn attributes(&self) -> Vec<(&'static str, Value)> {
        let text = |text: &dyn ToString| Value::Text(text.to_string());
        let mut attributes = vec![
            ("site", text(&self.site)),
            ("kind", text(&self.kind)),
            ("signal", text(&self.signal)),
            ("measure", text(&self.measure)),
            ("rate", Value::Number(self.rate)),
        ];
        if self.measure.is_of_orders() {
            attributes.push(("order_count", Value::Number(self.rate)));
        }
        if let Some((contributor, share)) = self.contributor {
            attributes.push(("contributor", text(&contributor)));
            attributes.push(("share", Value::Number(share)));
        }
        attributes
    }
}

#[cfg(test)]
mod tests;
