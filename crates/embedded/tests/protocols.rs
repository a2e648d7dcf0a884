//! The services as AWS's own SDK meets them.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType,
    ScalarAttributeType,
};
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::{PutRecordsRequestEntry, ShardIteratorType};
use aws_sdk_sns::types::MessageAttributeValue;
use aws_sdk_sqs::types::{
    DeleteMessageBatchRequestEntry, QueueAttributeName, SendMessageBatchRequestEntry,
};
use embedded::{Services, StartError};
use serde_json::{Value, json};

const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

async fn start(data: Option<&Path>) -> (Services, SdkConfig) {
    let services = Services::start(ANY_PORT, data).await.expect("services");
    let config = testkit::sdk_config(&services.url());
    (services, config)
}

async fn queue(sqs: &aws_sdk_sqs::Client, name: &str) -> String {
    let made = sqs.create_queue().queue_name(name).send().await;
    made.expect("a queue").queue_url.expect("a URL")
}

#[tokio::test]
async fn a_queue_gives_each_message_until_it_is_deleted() {
    let (_services, config) = start(None).await;
    let sqs = aws_sdk_sqs::Client::new(&config);
    let queue = queue(&sqs, "rejects").await;
    let entry = |id: &str, body: &str| {
        let entry = SendMessageBatchRequestEntry::builder()
            .id(id)
            .message_body(body);
        entry.build().expect("an entry")
    };
    let call = sqs.send_message_batch().queue_url(&queue);
    let call = call
        .entries(entry("a", "first"))
        .entries(entry("b", "£ second"));
    let sent = call
        .entries(entry("c", ""))
        .send()
        .await
        .expect("an answer");
    assert_eq!((sent.successful().len(), sent.failed().len()), (2, 1));
    assert_eq!(sent.failed()[0].id(), "c");

    let receive = || {
        sqs.receive_message()
            .queue_url(&queue)
            .max_number_of_messages(10)
    };
    // The SDK compares each body with the digest that comes with it.
    let seen = receive()
        .visibility_timeout(0)
        .send()
        .await
        .expect("messages");
    assert_eq!(seen.messages().len(), 2, "left visible");
    let received = receive().send().await.expect("messages");
    let bodies: Vec<_> = received
        .messages()
        .iter()
        .filter_map(|m| m.body())
        .collect();
    assert_eq!(bodies, ["first", "£ second"]);
    let hidden = receive().send().await.expect("an answer");
    assert!(hidden.messages().is_empty());

    let receipt = received.messages()[0].receipt_handle().expect("a receipt");
    let entry = DeleteMessageBatchRequestEntry::builder()
        .id("a")
        .receipt_handle(receipt);
    let call = sqs.delete_message_batch().queue_url(&queue);
    let deleted = call.entries(entry.build().expect("an entry")).send().await;
    assert_eq!(deleted.expect("an answer").successful().len(), 1);
    let receipt = received.messages()[1].receipt_handle().expect("a receipt");
    let call = sqs
        .change_message_visibility()
        .queue_url(&queue)
        .receipt_handle(receipt);
    call.visibility_timeout(0)
        .send()
        .await
        .expect("made visible");
    let left = receive().send().await.expect("messages");
    let bodies: Vec<_> = left.messages().iter().filter_map(|m| m.body()).collect();
    assert_eq!(bodies, ["£ second"]);
}

#[tokio::test]
async fn a_topic_brings_each_protocols_text_to_queues() {
    let (_services, config) = start(None).await;
    let (sns, sqs) = (
        aws_sdk_sns::Client::new(&config),
        aws_sdk_sqs::Client::new(&config),
    );
    let queue = queue(&sqs, "messages").await;
    let call = sqs.get_queue_attributes().queue_url(&queue);
    let attributes = call
        .attribute_names(QueueAttributeName::QueueArn)
        .send()
        .await;
    let attributes = attributes
        .expect("attributes")
        .attributes
        .expect("attributes");
    let topic = sns.create_topic().name("alarms").send().await;
    let topic = topic.expect("a topic").topic_arn.expect("an ARN");
    for _ in 0..2 {
        let call = sns.subscribe().topic_arn(&topic).protocol("sqs");
        let call = call.endpoint(&attributes[&QueueAttributeName::QueueArn]);
        call.send().await.expect("one subscription, however often");
    }
    let call = sns
        .subscribe()
        .topic_arn(&topic)
        .protocol("email")
        .endpoint("a@example.org");
    call.send()
        .await
        .expect("a subscription that nothing is sent to");

    let kind = MessageAttributeValue::builder()
        .data_type("String")
        .string_value("ALARM");
    let publish = || {
        sns.publish()
            .topic_arn(&topic)
            .message_structure("json")
            .subject("a <b> & c")
    };
    let call = publish().message(json!({"default": "long", "sms": "short"}).to_string());
    let call = call.message_attributes("kind", kind.build().expect("an attribute"));
    let sent = call.send().await.expect("published");
    let call = sqs
        .receive_message()
        .queue_url(&queue)
        .max_number_of_messages(10);
    let received = call.send().await.expect("messages");
    assert_eq!(received.messages().len(), 1);
    let body = received.messages()[0].body().expect("a body");
    let notification: Value = serde_json::from_str(body).expect("JSON");
    assert_eq!(notification["Message"], "long");
    assert_eq!(notification["Subject"], "a <b> & c");
    assert_eq!(notification["MessageId"].as_str(), sent.message_id());
    assert_eq!(notification["MessageAttributes"]["kind"]["Value"], "ALARM");

    let refused = publish().message(r#"{"sms": "short"}"#).send().await;
    let refused = refused.expect_err("no default").into_service_error();
    assert!(refused.is_invalid_parameter_exception(), "{refused:?}");
    let nowhere = sns
        .publish()
        .topic_arn(format!("{topic}s"))
        .message("x")
        .send()
        .await;
    let nowhere = nowhere.expect_err("no topic").into_service_error();
    assert!(nowhere.is_not_found_exception(), "{nowhere:?}");
}

#[tokio::test]
async fn all_that_is_kept_is_there_after_a_restart() {
    let folder = std::env::temp_dir().join(format!("sitewatch-embedded-{}", std::process::id()));
    let (services, config) = start(Some(&folder)).await;
    let tables = aws_sdk_dynamodb::Client::new(&config);
    let key = AttributeDefinition::builder().attribute_name("id");
    let key = key
        .attribute_type(ScalarAttributeType::S)
        .build()
        .expect("a key");
    let role = KeySchemaElement::builder()
        .attribute_name("id")
        .key_type(KeyType::Hash);
    let call = tables
        .create_table()
        .table_name("idempotency")
        .attribute_definitions(key);
    let call = call.key_schema(role.build().expect("a role"));
    call.billing_mode(BillingMode::PayPerRequest)
        .send()
        .await
        .expect("a table");
    let call = tables.put_item().table_name("idempotency");
    call.item("id", AttributeValue::S("a".into()))
        .send()
        .await
        .expect("an item");
    let streams = aws_sdk_kinesis::Client::new(&config);
    let call = streams.create_stream().stream_name("orders").shard_count(1);
    call.send().await.expect("a stream");
    let call = streams
        .put_record()
        .stream_name("orders")
        .partition_key("k");
    call.data(Blob::new("kept")).send().await.expect("a record");
    let sqs = aws_sdk_sqs::Client::new(&config);
    let call = sqs.send_message().queue_url(queue(&sqs, "rejects").await);
    call.message_body("kept").send().await.expect("a message");
    let secrets = aws_sdk_secretsmanager::Client::new(&config);
    let call = secrets
        .create_secret()
        .name("database")
        .secret_string("kept");
    call.send().await.expect("a secret");
    services.stop().await;

    let (services, config) = start(Some(&folder)).await;
    let tables = aws_sdk_dynamodb::Client::new(&config);
    let items = tables
        .scan()
        .table_name("idempotency")
        .send()
        .await
        .expect("items");
    assert_eq!(items.count(), 1);
    let streams = aws_sdk_kinesis::Client::new(&config);
    let call = streams.get_shard_iterator().stream_name("orders");
    let call = call.shard_id("shardId-000000000000");
    let from = call
        .shard_iterator_type(ShardIteratorType::TrimHorizon)
        .send()
        .await;
    let from = from.expect("an iterator").shard_iterator;
    let read = streams.get_records().set_shard_iterator(from).send().await;
    assert_eq!(read.expect("records").records()[0].data().as_ref(), b"kept");
    let sqs = aws_sdk_sqs::Client::new(&config);
    let url = sqs
        .get_queue_url()
        .queue_name("rejects")
        .send()
        .await
        .expect("a queue");
    let call = sqs
        .receive_message()
        .set_queue_url(url.queue_url)
        .send()
        .await;
    assert_eq!(call.expect("messages").messages()[0].body(), Some("kept"));
    let secrets = aws_sdk_secretsmanager::Client::new(&config);
    let secret = secrets
        .get_secret_value()
        .secret_id("database")
        .send()
        .await;
    assert_eq!(secret.expect("a secret").secret_string(), Some("kept"));
    services.stop().await;
    std::fs::remove_dir_all(&folder).expect("nothing holds the folder");
}

#[tokio::test]
async fn a_port_in_use_and_a_folder_that_is_none_are_named() {
    let (services, _) = start(None).await;
    let taken: SocketAddr = services.url()["http://".len()..]
        .parse()
        .expect("an address");
    let error = Services::start(taken, None).await.expect_err("taken");
    assert!(matches!(error, StartError::Address { address, .. } if address == taken));
    let file = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
    let error = Services::start(ANY_PORT, Some(file))
        .await
        .expect_err("no folder");
    assert!(
        error.to_string().starts_with("the local stack cannot use "),
        "{error}"
    );
}

#[tokio::test]
async fn a_call_may_be_as_large_as_kinesis_takes() {
    let (_services, config) = start(None).await;
    let streams = aws_sdk_kinesis::Client::new(&config);
    let call = streams.create_stream().stream_name("orders").shard_count(1);
    call.send().await.expect("a stream");
    let entry = || {
        let entry = PutRecordsRequestEntry::builder().partition_key("k");
        entry
            .data(Blob::new(vec![b'x'; 900_000]))
            .build()
            .expect("an entry")
    };
    let call = streams.put_records().stream_name("orders");
    let call = call.records(entry()).records(entry()).records(entry());
    let answer = call.send().await.expect("taken");
    assert_eq!(answer.failed_record_count(), Some(0));
}

#[tokio::test]
async fn times_out_of_range_are_refused() {
    let (_services, config) = start(None).await;
    let sqs = aws_sdk_sqs::Client::new(&config);
    let queue = queue(&sqs, "rejects").await;
    for seconds in [-1, 901, i32::MAX] {
        let call = sqs.send_message().queue_url(&queue).message_body("a");
        let error = call.delay_seconds(seconds).send().await;
        let error = error.expect_err("too long").into_service_error();
        assert_eq!(
            error.meta().code(),
            Some("InvalidParameterValue"),
            "{seconds}"
        );
    }
    let call = sqs
        .receive_message()
        .queue_url(&queue)
        .visibility_timeout(43_201);
    assert!(call.send().await.is_err());
}

#[tokio::test]
async fn what_is_not_there_is_refused_by_name() {
    let (_services, config) = start(None).await;
    let sqs = aws_sdk_sqs::Client::new(&config);
    let call = sqs
        .receive_message()
        .queue_url("http://127.0.0.1/000000000000/none");
    let error = call
        .send()
        .await
        .expect_err("no queue")
        .into_service_error();
    assert!(error.is_queue_does_not_exist(), "{error:?}");
    let secrets = aws_sdk_secretsmanager::Client::new(&config);
    let error = secrets.get_secret_value().secret_id("none").send().await;
    let error = error.expect_err("no secret").into_service_error();
    assert!(error.is_resource_not_found_exception(), "{error:?}");
    let error = sqs
        .tag_queue()
        .queue_url("http://h/1/q")
        .tags("a", "b")
        .send()
        .await;
    assert!(error.is_err());
}
