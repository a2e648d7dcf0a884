//! AWS endpoints on loopback: `ministack` (DynamoDB, Kinesis, SNS, SQS and Secrets
//! Manager, its own process), and in this one `dynoxide` (DynamoDB on SQLite),
//! `ferrokinesis` (Kinesis), and all services of `embedded`.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::process::Command;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType,
    ScalarAttributeType,
};
use embedded::Services;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::process::{Running, free_port, log_file, tool};

/// An AWS endpoint of its own for one test; ends with it.
#[derive(Debug)]
pub struct Endpoint {
    url: String,
    _process: Option<Running>,
    _services: Option<Services>,
}

/// The SDK's configuration for an endpoint on loopback.
#[must_use]
pub fn sdk_config(url: &str) -> SdkConfig {
    let credentials = aws_sdk_sqs::config::Credentials::new("test", "test", None, None, "testkit");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .endpoint_url(url)
        .region(Region::from_static("us-east-1"))
        .credentials_provider(aws_sdk_sqs::config::SharedCredentialsProvider::new(
            credentials,
        ))
        .build()
}

/// DynamoDB in this process, for as long as the runtime runs.
pub async fn embedded_dynamodb() -> Endpoint {
    let (listener, endpoint) = listen().await;
    let serving = embedded::dynamodb(listener, None, std::future::pending());
    tokio::spawn(serving.expect("a database in memory"));
    endpoint
}

/// Kinesis in this process, for as long as the runtime runs. Its streams are there
/// at once.
pub async fn embedded_kinesis() -> Endpoint {
    let (listener, endpoint) = listen().await;
    let router = embedded::kinesis(None).expect("streams in memory");
    tokio::spawn(axum::serve(listener, router).into_future());
    endpoint
}

/// Every service of `embedded` in this process, in memory: beside those above S3, SQS, SNS,
/// Secrets Manager and CloudWatch.
pub async fn embedded_services() -> Endpoint {
    let any = (Ipv4Addr::LOCALHOST, 0).into();
    let services = Services::start(any, None).await.expect("services");
    Endpoint {
        url: services.url(),
        _process: None,
        _services: Some(services),
    }
}

async fn listen() -> (TcpListener, Endpoint) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound address");
    let endpoint = Endpoint {
        url: format!("http://{address}"),
        _process: None,
        _services: None,
    };
    (listener, endpoint)
}

impl Endpoint {
    /// Starts an endpoint that has nothing in it.
    #[must_use]
    pub fn start() -> Self {
        let port = free_port();
        let log = log_file("ministack", port);
        let mut command = Command::new(tool("ministack"));
        command
            .env("GATEWAY_PORT", port.to_string())
            .env("BIND_HOST", "127.0.0.1");
        let process = Running::start(command, &log).listening_on(port, &log);
        Self {
            url: format!("http://127.0.0.1:{port}"),
            _process: Some(process),
            _services: None,
        }
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A DynamoDB client.
    #[must_use]
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&sdk_config(&self.url))
    }

    /// An SQS client.
    #[must_use]
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(&sdk_config(&self.url))
    }

    /// Makes a table with a partition and perhaps a sort key.
    pub async fn create_table(
        &self,
        table: &str,
        partition: (&str, ScalarAttributeType),
        sort: impl Into<Option<(&str, ScalarAttributeType)>>,
    ) {
        let partition = (partition, KeyType::Hash);
        let sort = sort.into().map(|sort| (sort, KeyType::Range));
        let mut call = self
            .dynamodb()
            .create_table()
            .table_name(table)
            .billing_mode(BillingMode::PayPerRequest);
        for ((name, kind), role) in [partition].into_iter().chain(sort) {
            let attribute = AttributeDefinition::builder()
                .attribute_name(name)
                .attribute_type(kind);
            let key = KeySchemaElement::builder()
                .attribute_name(name)
                .key_type(role);
            call = call
                .attribute_definitions(attribute.build().expect("a whole definition"))
                .key_schema(key.build().expect("a whole key"));
        }
        call.send().await.expect("a new table");
    }

    /// Every item of a table.
    pub async fn scan(&self, table: &str) -> Vec<HashMap<String, AttributeValue>> {
        let pages = self
            .dynamodb()
            .scan()
            .table_name(table)
            .into_paginator()
            .items()
            .send();
        pages
            .collect::<Result<_, _>>()
            .await
            .expect("a scan to its end")
    }

    /// A Kinesis client.
    #[must_use]
    pub fn kinesis(&self) -> aws_sdk_kinesis::Client {
        aws_sdk_kinesis::Client::new(&sdk_config(&self.url))
    }

    /// Makes a stream with so many shards.
    pub async fn create_stream(&self, name: &str, shards: i32) {
        let call = self.kinesis().create_stream().stream_name(name);
        call.shard_count(shards).send().await.expect("a new stream");
    }

    /// Every record of a stream, shard by shard: its partition key and its data.
    pub async fn stream_records(&self, name: &str) -> Vec<(String, Vec<u8>)> {
        let client = self.kinesis();
        let shards = client.list_shards().stream_name(name).send().await;
        let shards = shards.expect("an answer from the stream");
        let mut records = Vec::new();
        for shard in shards.shards() {
            let shard = shard.shard_id();
            records.extend(Self::shard_records(&client, name, shard).await);
        }
        records
    }

    async fn shard_records(
        client: &aws_sdk_kinesis::Client,
        name: &str,
        shard: &str,
    ) -> Vec<(String, Vec<u8>)> {
        let from = aws_sdk_kinesis::types::ShardIteratorType::TrimHorizon;
        let call = client
            .get_shard_iterator()
            .stream_name(name)
            .shard_id(shard);
        let answer = call.shard_iterator_type(from).send().await;
        let mut next = answer.expect("an answer from the stream").shard_iterator;
        let mut records = Vec::new();
        while let Some(iterator) = next {
            let answer = client.get_records().shard_iterator(iterator).send().await;
            let answer = answer.expect("records from the stream");
            if answer.records().is_empty() {
                break;
            }
            let read = |r: &aws_sdk_kinesis::types::Record| {
                let key = r.partition_key().unwrap_or_default().to_owned();
                let data = r.data().as_ref();
                (key, data.to_vec())
            };
            records.extend(answer.records().iter().map(read));
            next = answer.next_shard_iterator;
        }
        records
    }

    /// Makes a secret.
    pub async fn create_secret(&self, name: &str, text: &str) {
        let client = aws_sdk_secretsmanager::Client::new(&sdk_config(&self.url));
        let call = client.create_secret().name(name).secret_string(text);
        call.send().await.expect("a new secret");
    }

    /// Makes a topic with a queue that is subscribed to it: the topic's ARN and the
    /// queue's URL.
    pub async fn create_topic(&self, name: &str) -> (String, String) {
        let client = aws_sdk_sns::Client::new(&sdk_config(&self.url));
        let topic = client.create_topic().name(name).send().await;
        let topic = topic.expect("a new topic").topic_arn;
        let topic = topic.expect("a topic's ARN");
        let queue = self.create_queue(&format!("{name}-subscriber")).await;
        let arn = aws_sdk_sqs::types::QueueAttributeName::QueueArn;
        let call = self.sqs().get_queue_attributes().queue_url(&queue);
        let answer = call.attribute_names(arn.clone()).send().await;
        let answer = answer.expect("a queue's attributes");
        let arn = answer.attributes().and_then(|a| a.get(&arn));
        let call = client.subscribe().topic_arn(&topic).protocol("sqs");
        let call = call.endpoint(arn.expect("a queue's ARN"));
        call.send().await.expect("a subscription");
        (topic, queue)
    }

    /// Makes a queue and returns its URL.
    pub async fn create_queue(&self, name: &str) -> String {
        let answer = self
            .sqs()
            .create_queue()
            .queue_name(name)
            .send()
            .await
            .expect("a new queue");
        answer.queue_url().expect("a queue's URL").to_owned()
    }

    /// Takes every message out of a queue, as JSON.
    pub async fn drain(&self, queue: &str) -> Vec<Value> {
        let client = self.sqs();
        let mut messages = Vec::new();
        loop {
            let call = client
                .receive_message()
                .queue_url(queue)
                .max_number_of_messages(10);
            let received = call.send().await.expect("an answer from the queue");
            if received.messages().is_empty() {
                return messages;
            }
            let mut delete = client.delete_message_batch().queue_url(queue);
            for (id, message) in received.messages().iter().enumerate() {
                let body = message.body().expect("a message with a body");
                messages.push(serde_json::from_str(body).expect("a message in JSON"));
                let entry = aws_sdk_sqs::types::DeleteMessageBatchRequestEntry::builder()
                    .id(id.to_string())
                    .receipt_handle(message.receipt_handle().expect("a receipt"));
                delete = delete.entries(entry.build().expect("a whole entry"));
            }
            delete.send().await.expect("messages deleted");
        }
    }
}
