//! What the functions find on AWS: tables, streams, queues, a topic, and the
//! environment that names them.

use anyhow::Context as _;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use embedded::{ACCOUNT, REGION};
use std::time::Duration;

use super::{ALARMS, ORDERS};

const TABLE: &str = "WebsiteOrders";
const SURGE_TABLE: &str = "surge";
const IDEMPOTENCY_TABLE: &str = "idempotency";
const REJECTS: &str = "rejects";
/// A queue that is subscribed to the topic, to read what people would be sent.
const MESSAGES: &str = "messages";
const SECRET: &str = "sitewatch-database";

/// The names of everything, at one endpoint.
#[derive(Debug, Clone)]
pub(crate) struct Resources {
    /// Where the services are.
    pub(crate) url: String,
    /// The table of order lines.
    pub(crate) table: &'static str,
    /// The URL of the queue of rejects.
    pub(crate) rejects: String,
    /// The URL of the queue with the messages that the topic sends.
    pub(crate) messages: String,
    topic: String,
    secret: Option<&'static str>,
}

/// The SDK's configuration for services on this machine. Retries are the functions' own.
pub(crate) fn sdk(url: &str) -> SdkConfig {
    let credentials = Credentials::new("local", "local", None, None, "sitewatch");
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(2))
        .operation_attempt_timeout(Duration::from_secs(20))
        .build();
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .endpoint_url(url)
        .region(Region::from_static(REGION))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts)
        .build()
}

impl Resources {
    /// Makes what is not there yet; each stream has so many shards when it is new. The
    /// functions find `secret`, a database's, under a name.
    pub(crate) async fn make(
        url: String,
        shards: i32,
        secret: Option<&str>,
    ) -> anyhow::Result<Self> {
        let sdk = sdk(&url);
        let tables = aws_sdk_dynamodb::Client::new(&sdk);
        let (number, text) = (ScalarAttributeType::N, ScalarAttributeType::S);
        let keys = [("CustomerID", number), ("OrderID", text.clone())];
        make_table(&tables, TABLE, &keys).await?;
        let keys = [("pk", text.clone()), ("sk", text.clone())];
        make_table(&tables, SURGE_TABLE, &keys).await?;
        make_table(&tables, IDEMPOTENCY_TABLE, &[("id", text)]).await?;
        let streams = aws_sdk_kinesis::Client::new(&sdk);
        for (name, shards) in [(ORDERS, shards), (ALARMS, 1)] {
            make_stream(&streams, name, shards).await?;
        }
        let queues = aws_sdk_sqs::Client::new(&sdk);
        let rejects = make_queue(&queues, REJECTS).await?;
        let messages = make_queue(&queues, MESSAGES).await?;
        let topic = make_topic(&aws_sdk_sns::Client::new(&sdk)).await?;
        if let Some(secret) = secret {
            keep_secret(&aws_sdk_secretsmanager::Client::new(&sdk), secret).await?;
        }
        Ok(Self {
            url,
            table: TABLE,
            rejects,
            messages,
            topic,
            secret: secret.map(|_| SECRET),
        })
    }

    /// What the functions are to find in their environment, and whoever else is to
    /// reach the services.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        let secret = self.secret.map(|name| ("DB_SECRET_ID", name.to_owned()));
        [
            ("AWS_ENDPOINT_URL", self.url.clone()),
            ("AWS_REGION", REGION.to_owned()),
            // Python's SDK reads this one.
            ("AWS_DEFAULT_REGION", REGION.to_owned()),
            ("AWS_ACCESS_KEY_ID", "local".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
            ("ORDERS_TABLE", self.table.to_owned()),
            ("REJECTS_QUEUE_URL", self.rejects.clone()),
            ("SURGE_TABLE", SURGE_TABLE.to_owned()),
            ("ALARM_STREAM", ALARMS.to_owned()),
            ("ALARM_TOPIC_ARN", self.topic.clone()),
            ("IDEMPOTENCY_TABLE", IDEMPOTENCY_TABLE.to_owned()),
        ]
        .into_iter()
        .chain(secret)
        .collect()
    }
}

pub(super) async fn make_table(
    client: &aws_sdk_dynamodb::Client,
    name: &str,
    keys: &[(&str, ScalarAttributeType)],
) -> anyhow::Result<()> {
    let mut call = client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest);
    for ((key, kind), role) in keys.iter().zip([KeyType::Hash, KeyType::Range]) {
        let attribute = AttributeDefinition::builder()
            .attribute_name(*key)
            .attribute_type(kind.clone());
        let schema = KeySchemaElement::builder()
            .attribute_name(*key)
            .key_type(role);
        call = call
            .attribute_definitions(attribute.build()?)
            .key_schema(schema.build()?);
    }
    match call.send().await {
        Err(error)
            if !error
                .as_service_error()
                .is_some_and(|e| e.is_resource_in_use_exception()) =>
        {
            Err(error).with_context(|| format!("the table {name} cannot be made"))
        }
        _ => Ok(()),
    }
}

pub(super) async fn make_stream(
    client: &aws_sdk_kinesis::Client,
    name: &str,
    shards: i32,
) -> anyhow::Result<()> {
    let call = client.create_stream().stream_name(name).shard_count(shards);
    match call.send().await {
        Err(error)
            if !error
                .as_service_error()
                .is_some_and(|e| e.is_resource_in_use_exception()) =>
        {
            Err(error).with_context(|| format!("the stream {name} cannot be made"))
        }
        _ => Ok(()),
    }
}

pub(super) async fn make_queue(client: &aws_sdk_sqs::Client, name: &str) -> anyhow::Result<String> {
    let answer = client.create_queue().queue_name(name).send().await;
    let answer = answer.with_context(|| format!("the queue {name} cannot be made"))?;
    answer.queue_url.context("a queue without a URL")
}

async fn make_topic(client: &aws_sdk_sns::Client) -> anyhow::Result<String> {
    let answer = client.create_topic().name(ALARMS).send().await;
    let topic = answer.context("the topic cannot be made")?.topic_arn;
    let topic = topic.context("a topic without an ARN")?;
    let queue = format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{MESSAGES}");
    let call = client
        .subscribe()
        .topic_arn(&topic)
        .protocol("sqs")
        .endpoint(queue);
    call.send().await.context("the topic takes no subscriber")?;
    Ok(topic)
}

async fn keep_secret(client: &aws_sdk_secretsmanager::Client, text: &str) -> anyhow::Result<()> {
    let call = client.create_secret().name(SECRET).secret_string(text);
    match call.send().await {
        Ok(_) => Ok(()),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(|e| e.is_resource_exists_exception()) =>
        {
            let call = client.put_secret_value().secret_id(SECRET);
            let put = call.secret_string(text).send().await;
            put.context("the secret cannot be changed").map(drop)
        }
        Err(error) => Err(error).context("the secret cannot be made"),
    }
}
