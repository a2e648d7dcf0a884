//! The driver of `traffic`'s other event source mapping: batches of a queue's messages to the
//! function, one batch at a time, as Lambda does it.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName as Attribute,
};
use chrono::{DateTime, Utc};
use embedded::REGION;
use mapping::Outcome;
use serde_json::{Value, json};

use super::functions::{Function, Functions};
use super::logs::{BUCKET, DEAD_LETTERS, Logs, queue_arn};
use super::pump::Event;
use crate::show::counted;

/// The most messages of a receive.
const BATCH: i32 = 10;
/// Nobody else gets a message for so long: longer than an invocation.
const MARGIN: Duration = Duration::from_secs(10);
/// What failed comes again after so long. On AWS it takes the visibility timeout, which nobody
/// at a terminal wants to wait for.
const AGAIN_SECONDS: i32 = 2;
/// A message that was received so often is a dead letter.
const RECEIVES: u64 = 5;

/// The mapping of the queue.
pub(crate) struct Feed {
    client: Client,
    logs: Logs,
    functions: Arc<Functions>,
    events: Vec<Event>,
}

impl Feed {
    pub(crate) fn new(client: Client, logs: Logs, functions: Arc<Functions>) -> Self {
        Self {
            client,
            logs,
            functions,
            events: Vec::new(),
        }
    }

    /// Does what there is to do with the next messages, to its end; what happened. Nothing
    /// where there are none.
    pub(crate) async fn turn(&mut self, now: DateTime<Utc>) -> Vec<Event> {
        let messages = self.receive().await;
        let (dead, batch): (Vec<_>, Vec<_>) = messages
            .into_iter()
            .partition(|message| receives(message) > RECEIVES);
        let dead = self.bury(dead).await;
        self.delete(&dead).await;
        if !batch.is_empty() {
            let event = event(&batch, now);
            let answer = self.functions.invoke(Function::Traffic, event, now).await;
            let failed = failed(&answer.outcome, &batch);
            self.events.push(Event::Answered {
                source: format!("s3://{BUCKET}"),
                items: counted(batch.len() as u64, "message"),
                answer,
            });
            let mut done = Vec::new();
            let mut again = Vec::new();
            for (message, failed) in batch.into_iter().zip(failed) {
                let messages = if failed { &mut again } else { &mut done };
                messages.push(message);
            }
            self.delete(&done).await;
            self.show_again(&again).await;
        }
        std::mem::take(&mut self.events)
    }

    async fn receive(&mut self) -> Vec<Message> {
        let hidden = (Function::Traffic.timeout() + MARGIN).as_secs();
        let call = self.client.receive_message().queue_url(&self.logs.queue);
        let call = call
            .max_number_of_messages(BATCH)
            .visibility_timeout(i32::try_from(hidden).unwrap_or(i32::MAX))
            .message_system_attribute_names(Attribute::All);
        match call.send().await {
            Ok(answer) => answer.messages.unwrap_or_default(),
            Err(error) => {
                self.trouble("the queue cannot be read", &error);
                Vec::new()
            }
        }
    }

    /// Moves messages to the queue of dead letters; those that are there.
    async fn bury(&mut self, messages: Vec<Message>) -> Vec<Message> {
        let mut buried = Vec::new();
        for message in messages {
            let call = self
                .client
                .send_message()
                .queue_url(&self.logs.dead_letters);
            match call
                .message_body(message.body().unwrap_or_default())
                .send()
                .await
            {
                Ok(_) => {
                    let what = format!(
                        "a message has failed {RECEIVES} times and is in the queue {DEAD_LETTERS}"
                    );
                    self.events.push(Event::Trouble(what));
                    buried.push(message);
                }
                Err(error) => self.trouble("a dead letter cannot be kept", &error),
            }
        }
        buried
    }

    /// What is not deleted comes again, which `traffic` notices.
    async fn delete(&mut self, messages: &[Message]) {
        if messages.is_empty() {
            return;
        }
        let entries = messages.iter().enumerate().map(|(number, message)| {
            let entry = DeleteMessageBatchRequestEntry::builder().id(number.to_string());
            entry
                .receipt_handle(message.receipt_handle().unwrap_or_default())
                .build()
        });
        let entries: Result<Vec<_>, _> = entries.collect();
        let call = self
            .client
            .delete_message_batch()
            .queue_url(&self.logs.queue);
        match call.set_entries(entries.ok()).send().await {
            Ok(answer) if answer.failed().is_empty() => {}
            Ok(answer) => {
                let failed = counted(answer.failed().len() as u64, "message");
                self.events
                    .push(Event::Trouble(format!("{failed} not deleted")));
            }
            Err(error) => self.trouble("messages cannot be deleted", &error),
        }
    }

    /// What is not shown again comes when its time is over.
    async fn show_again(&mut self, messages: &[Message]) {
        for message in messages {
            let call = self.client.change_message_visibility();
            let call = call
                .queue_url(&self.logs.queue)
                .visibility_timeout(AGAIN_SECONDS);
            let receipt = message.receipt_handle().unwrap_or_default();
            if let Err(error) = call.receipt_handle(receipt).send().await {
                self.trouble("a message stays hidden", &error);
            }
        }
    }

    fn trouble(&mut self, what: &str, error: &(dyn std::error::Error + 'static)) {
        let error = function::telemetry::chain(error);
        self.events.push(Event::Trouble(format!("{what}: {error}")));
    }
}

fn attribute(message: &Message, name: &Attribute) -> Option<String> {
    message.attributes()?.get(name).cloned()
}

/// How many times a message was received, this time included.
fn receives(message: &Message) -> u64 {
    let count = attribute(message, &Attribute::ApproximateReceiveCount);
    count.and_then(|count| count.parse().ok()).unwrap_or(1)
}

/// The messages as Lambda hands them to a function.
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>
fn event(messages: &[Message], now: DateTime<Utc>) -> String {
    let records = messages.iter().map(|message| {
        let now = now.timestamp_millis().to_string();
        let sent = attribute(message, &Attribute::SentTimestamp).unwrap_or(now);
        json!({
            "messageId": message.message_id(),
            "receiptHandle": message.receipt_handle(),
            "body": message.body(),
            "attributes": {
                "ApproximateReceiveCount": receives(message).to_string(),
                "SentTimestamp": sent,
            },
            "messageAttributes": {},
            "md5OfBody": message.md5_of_body(),
            "eventSource": "aws:sqs",
            "eventSourceARN": queue_arn(),
            "awsRegion": REGION,
        })
    });
    json!({"Records": records.collect::<Vec<_>>()}).to_string()
}

/// Which messages have to come again. An answer that names others, or is malformed, is one
/// of a batch that has failed.
fn failed(outcome: &Outcome, messages: &[Message]) -> Vec<bool> {
    let all = vec![true; messages.len()];
    let Outcome::Returned(payload) = outcome else {
        return all;
    };
    if payload.trim_ascii().is_empty() {
        return vec![false; messages.len()];
    }
    let items = match serde_json::from_slice::<Value>(payload) {
        Ok(Value::Object(mut response)) => response.remove("batchItemFailures").unwrap_or_default(),
        Ok(Value::Null) => Value::Null,
        Ok(_) | Err(_) => return all,
    };
    let items = match items {
        Value::Null => Vec::new(),
        Value::Array(items) => items,
        _ => return all,
    };
    let places: HashMap<_, _> = messages.iter().map(Message::message_id).zip(0..).collect();
    let mut failed = vec![false; messages.len()];
    for item in &items {
        let id = item["itemIdentifier"].as_str();
        match places.get(&id).filter(|_| id.is_some()) {
            Some(place) => failed[*place] = true,
            None => return all,
        }
    }
    failed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_which_messages_come_again() {
        let messages = ["a", "b"].map(|id| Message::builder().message_id(id).build());
        let returned = |payload: &str| failed(&Outcome::Returned(payload.into()), &messages);
        for nothing in [
            "",
            " ",
            "null",
            "{}",
            r#"{"batchItemFailures":null}"#,
            r#"{"batchItemFailures":[]}"#,
        ] {
            assert_eq!(returned(nothing), [false, false], "{nothing}");
        }
        let one = r#"{"batchItemFailures":[{"itemIdentifier":"b"}]}"#;
        assert_eq!(returned(one), [false, true]);
        for all in [
            "no JSON",
            "[]",
            r#"{"batchItemFailures":{}}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":"b"},{"itemIdentifier":"c"}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#,
        ] {
            assert_eq!(returned(all), [true, true], "{all}");
        }
        for outcome in [Outcome::FunctionError, Outcome::NotInvoked] {
            assert_eq!(failed(&outcome, &messages), [true, true]);
        }
    }
}
