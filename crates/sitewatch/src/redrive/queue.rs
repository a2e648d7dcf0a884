//! The rejects queue, from its reading end.

use std::time::Duration;

use anyhow::Context as _;
use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, QueueAttributeName,
};

use super::service;

/// Messages in one call, the most that SQS has.
const MESSAGES: usize = 10;
/// Nobody else gets a message for so long. What is not deleted is made visible again at
/// the end; this is for an end that does not come.
const VISIBILITY: Duration = Duration::from_secs(30 * 60);
/// A call that waits asks all of SQS's servers: what it does not find is not there.
const WAIT: Duration = Duration::from_secs(2);

/// A queue in SQS.
#[derive(Debug)]
pub(crate) struct Queue {
    client: Client,
    url: String,
}

/// A received message.
#[derive(Debug)]
pub(crate) struct Message {
    /// Its id, the same each time it is received.
    pub(crate) id: String,
    /// What it is deleted by.
    pub(crate) receipt: Receipt,
    /// What it says.
    pub(crate) body: String,
}

/// What a message is deleted or made visible by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Receipt(String);

impl Queue {
    pub(crate) fn new(config: &SdkConfig, url: &str) -> Self {
        let config = aws_sdk_sqs::config::Builder::from(config)
            .retry_config(RetryConfig::standard().with_max_attempts(5))
            .build();
        Self {
            client: Client::from_conf(config),
            url: url.to_owned(),
        }
    }

    /// About how many messages can be received.
    pub(crate) async fn length(&self) -> anyhow::Result<u64> {
        let name = QueueAttributeName::ApproximateNumberOfMessages;
        let call = self.client.get_queue_attributes().queue_url(&self.url);
        let answer = call.attribute_names(name.clone()).send().await;
        let answer = answer
            .map_err(|error| anyhow::anyhow!(service::words(&error)))
            .with_context(|| format!("the queue {}", self.url))?;
        let length = answer
            .attributes
            .and_then(|all| all.get(&name)?.parse().ok());
        Ok(length.unwrap_or_default())
    }

    /// The next messages; none if there are no more.
    pub(crate) async fn receive(&self) -> anyhow::Result<Vec<Message>> {
        let seconds = |duration: Duration| i32::try_from(duration.as_secs()).unwrap_or(i32::MAX);
        let call = self.client.receive_message().queue_url(&self.url);
        let call = call
            .max_number_of_messages(i32::try_from(MESSAGES).unwrap_or(i32::MAX))
            .visibility_timeout(seconds(VISIBILITY))
            .wait_time_seconds(seconds(WAIT));
        let answer = call.send().await;
        let answer = answer
            .map_err(|error| anyhow::anyhow!(service::words(&error)))
            .with_context(|| format!("receiving from {}", self.url))?;
        let messages = answer.messages.unwrap_or_default().into_iter();
        Ok(messages
            .filter_map(|message| {
                Some(Message {
                    id: message.message_id?,
                    receipt: Receipt(message.receipt_handle?),
                    body: message.body.unwrap_or_default(),
                })
            })
            .collect())
    }

    /// Deletes messages; how many could not be.
    pub(crate) async fn delete(&self, receipts: &[Receipt]) -> u64 {
        let mut failed = 0;
        for receipts in receipts.chunks(MESSAGES) {
            let entries = receipts.iter().enumerate().map(|(id, receipt)| {
                DeleteMessageBatchRequestEntry::builder()
                    .id(id.to_string())
                    .receipt_handle(&receipt.0)
                    .build()
            });
            let Ok(entries) = entries.collect::<Result<Vec<_>, _>>() else {
                failed += receipts.len() as u64;
                continue;
            };
            let call = self.client.delete_message_batch().queue_url(&self.url);
            let answer = call.set_entries(Some(entries)).send().await;
            failed += answer.map_or(receipts.len(), |answer| answer.failed.len()) as u64;
        }
        failed
    }

    /// Lets others receive messages. Those for which it fails are visible by themselves
    /// when their time is over.
    pub(crate) async fn release(&self, receipts: &[Receipt]) {
        for receipts in receipts.chunks(MESSAGES) {
            let entries = receipts.iter().enumerate().map(|(id, receipt)| {
                ChangeMessageVisibilityBatchRequestEntry::builder()
                    .id(id.to_string())
                    .receipt_handle(&receipt.0)
                    .visibility_timeout(0)
                    .build()
            });
            if let Ok(entries) = entries.collect::<Result<Vec<_>, _>>() {
                let call = self.client.change_message_visibility_batch();
                let call = call.queue_url(&self.url).set_entries(Some(entries));
                let _ = call.send().await;
            }
        }
    }
}
