//! The tool's command, and a bucket of failed invocations.

use std::process::{Command, Output};
use std::sync::Arc;

use aws_sdk_s3::primitives::ByteStream;
use chrono::{DateTime, TimeDelta, Utc};
use function::SequenceNumber;
use mapping::{Condition, Discarded, Record, Source};
use serde_json::Value;
use testkit::{Endpoint, sdk_config};

pub(crate) const BUCKET: &str = "failed-batches";
/// What stands in every order, and may stand in no output.
pub(crate) const SECRET: &str = "WHITE HANGING HEART";

/// The command, with all services at `url`.
pub(crate) fn redrive(url: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sitewatch"));
    command
        .arg("redrive")
        .args(arguments)
        .env("AWS_ENDPOINT_URL", url)
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("NO_COLOR", "1");
    command
}

/// Runs a command beside this runtime: its exit code, standard output and error.
/// Neither holds anything of a payload, and an error is one line.
pub(crate) async fn run(mut command: Command) -> (i32, String, String) {
    let output = tokio::task::spawn_blocking(move || command.output()).await;
    ended(&output.expect("a thread").expect("a process"))
}

pub(crate) fn ended(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
    let (out, error) = (text(&output.stdout), text(&output.stderr));
    let code = output.status.code().expect("an exit code");
    for text in [&out, &error] {
        assert!(!text.contains(SECRET) && !text.contains("17850"), "{text}");
    }
    match code {
        0 => assert_eq!(error, ""),
        1 => assert_eq!(error.lines().count(), 1, "{error}"),
        _ => {}
    }
    (code, out, error)
}

/// An order line.
pub(crate) fn order(invoice: u64) -> String {
    format!("{invoice},85123A,{SECRET},6,2010-12-01T08:26:00,2.55,17850,United Kingdom")
}

/// A batch of one order for each of these invoices, which are their sequence numbers, too,
/// given up by the mapping of `function`.
pub(crate) fn given_up(function: &str, shard: &str, invoices: &[u64]) -> Discarded {
    let at: DateTime<Utc> = DateTime::from_timestamp(1_700_000_000, 0).expect("a time");
    let record = |invoice: &u64| Record {
        sequence_number: SequenceNumber::parse(&invoice.to_string()).expect("digits"),
        partition_key: invoice.to_string(),
        arrived_at: at - TimeDelta::hours(1),
        data: order(*invoice).into_bytes(),
    };
    Discarded {
        source: Arc::new(Source {
            stream_arn: "arn:aws:kinesis:us-east-1:123456789012:stream/orders".into(),
            function_arn: format!("arn:aws:lambda:us-east-1:123456789012:function:{function}"),
            role_arn: "arn:aws:iam::123456789012:role/sitewatch".into(),
        }),
        shard: shard.into(),
        records: invoices.iter().map(record).collect(),
        condition: Condition::RetryAttemptsExhausted,
        invoked: 11,
        function_error: false,
        at,
        // All of a second: the keys' order is not that of the records.
        request_id: format!("{:08x}", 1_000_000 - invoices[0]),
    }
}

/// A bucket in S3.
pub(crate) struct Bucket(aws_sdk_s3::Client);

impl Bucket {
    pub(crate) async fn create(endpoint: &Endpoint) -> Self {
        let config = aws_sdk_s3::config::Builder::from(&sdk_config(endpoint.url()));
        let client = aws_sdk_s3::Client::from_conf(config.force_path_style(true).build());
        let call = client.create_bucket().bucket(BUCKET);
        call.send().await.expect("a new bucket");
        Self(client)
    }

    pub(crate) async fn put(&self, key: &str, content: &str) {
        let body = ByteStream::from(content.as_bytes().to_vec());
        let call = self.0.put_object().bucket(BUCKET).key(key).body(body);
        call.send().await.expect("a new object");
    }

    /// Puts a given-up batch where Lambda does: its key, and its event.
    pub(crate) async fn keep(&self, discarded: &Discarded) -> (String, String) {
        let function = discarded.source.function_arn.rsplit(':').next();
        let key = discarded.s3_key(function.expect("a name"));
        let object = discarded.s3_json();
        self.put(&key, &object).await;
        let object: Value = serde_json::from_str(&object).expect("JSON");
        let event = object["payload"].as_str().expect("an event");
        (key, event.to_owned())
    }

    pub(crate) async fn keys(&self) -> Vec<String> {
        let pages = self.0.list_objects_v2().bucket(BUCKET);
        let mut pages = pages.into_paginator().send();
        let mut keys = Vec::new();
        while let Some(page) = pages.next().await {
            let objects = page.expect("a page").contents.unwrap_or_default();
            keys.extend(objects.into_iter().filter_map(|object| object.key));
        }
        keys
    }
}
