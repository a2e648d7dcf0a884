//! What the function finds on AWS, served by the embedded services, and the function.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::SystemTime;

use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Metric, Statistic};
use aws_sdk_dynamodb::types::ScalarAttributeType;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Event, NotificationConfiguration, QueueConfiguration};
use serde_json::{Value, json};
use testkit::{Endpoint, Function, RuntimeApi, sdk_config};

pub(crate) const BUCKET: &str = "logs";
const TABLE: &str = "traffic";
const NAMESPACE: &str = "Sitewatch/Traffic";
const QUEUE_ARN: &str = "arn:aws:sqs:us-east-1:000000000000:objects";
const DAY: i64 = 24 * 3_600;

/// Sums by metric and hour, in hours since 1970.
pub(crate) type Sums = BTreeMap<(String, i64), u64>;

pub(crate) struct Stage {
    pub(crate) endpoint: Endpoint,
    runtime: RuntimeApi,
    /// The queue that is told of objects.
    objects: String,
    rejects: String,
    s3: aws_sdk_s3::Client,
    cloudwatch: aws_sdk_cloudwatch::Client,
}

impl Stage {
    pub(crate) async fn set() -> Self {
        let endpoint = testkit::embedded_services().await;
        let text = || ScalarAttributeType::S;
        endpoint
            .create_table(TABLE, ("pk", text()), ("sk", text()))
            .await;
        let objects = endpoint.create_queue("objects").await;
        let rejects = endpoint.create_queue("rejects").await;
        let sdk = sdk_config(endpoint.url());
        let s3 = aws_sdk_s3::Client::new(&sdk);
        s3.create_bucket()
            .bucket(BUCKET)
            .send()
            .await
            .expect("a bucket");
        let rule = QueueConfiguration::builder()
            .queue_arn(QUEUE_ARN)
            .events(Event::S3ObjectCreated)
            .build();
        let rules =
            NotificationConfiguration::builder().queue_configurations(rule.expect("a whole rule"));
        let call = s3
            .put_bucket_notification_configuration()
            .bucket(BUCKET)
            .notification_configuration(rules.build());
        call.send().await.expect("a rule");
        // S3's own test of the queue.
        assert_eq!(endpoint.drain(&objects).await.len(), 1);
        Self {
            runtime: RuntimeApi::start(),
            objects,
            rejects,
            s3,
            cloudwatch: aws_sdk_cloudwatch::Client::new(&sdk),
            endpoint,
        }
    }

    /// The function, which reaches AWS at `url`.
    pub(crate) fn function(&self, url: &str, variables: &[(&str, &str)]) -> Function {
        // The queue's URL names its own host, which a proxy must not be passed by.
        let rejects = self.rejects.replace(self.endpoint.url(), url);
        let mut all = vec![
            ("TRAFFIC_TABLE", TABLE),
            ("REJECTS_QUEUE_URL", rejects.as_str()),
            ("AWS_ENDPOINT_URL", url),
        ];
        all.extend(variables);
        self.runtime
            .run("traffic", Path::new(env!("CARGO_BIN_EXE_traffic")), &all)
    }

    pub(crate) async fn put(&self, key: &str, content: impl Into<Vec<u8>>) {
        let call = self.s3.put_object().bucket(BUCKET).key(key);
        let body = ByteStream::from(content.into());
        call.body(body).send().await.expect("an object");
    }

    pub(crate) async fn delete(&self, key: &str) {
        let call = self.s3.delete_object().bucket(BUCKET).key(key);
        call.send().await.expect("an object deleted");
    }

    /// S3's notifications since the last time.
    pub(crate) async fn notifications(&self) -> Vec<Value> {
        self.endpoint.drain(&self.objects).await
    }

    /// What is in the queue of rejects.
    pub(crate) async fn rejects(&self) -> Vec<Value> {
        self.endpoint.drain(&self.rejects).await
    }

    /// What CloudWatch has of all hosts and of the whole site, each by hour.
    pub(crate) async fn published(&self) -> (Sums, Sums) {
        let mut sums = (Sums::new(), Sums::new());
        let pages = self.cloudwatch.list_metrics().namespace(NAMESPACE);
        let pages = pages.into_paginator().send();
        let pages: Vec<_> = pages.collect::<Result<_, _>>().await.expect("all metrics");
        for metric in pages.iter().flat_map(|page| page.metrics()) {
            let of_site = metric.dimensions().is_empty();
            let sums = if of_site { &mut sums.1 } else { &mut sums.0 };
            self.add(metric, sums).await;
        }
        sums
    }

    async fn add(&self, metric: &Metric, sums: &mut Sums) {
        let now = DateTime::from(SystemTime::now()).secs();
        let name = metric.metric_name().expect("a metric's name");
        let call = self
            .cloudwatch
            .get_metric_statistics()
            .namespace(NAMESPACE)
            .metric_name(name)
            .set_dimensions(metric.dimensions.clone())
            .start_time(DateTime::from_secs((now / DAY - 14) * DAY))
            .end_time(DateTime::from_secs(now + DAY))
            .period(3_600)
            .statistics(Statistic::Sum);
        let answer = call.send().await.expect("statistics");
        for point in answer.datapoints() {
            let hour = point.timestamp().expect("a time").secs() / 3_600;
            let sum = point.sum().expect("a sum");
            assert!(sum > 0.0 && sum.fract() == 0.0, "{name}: {sum}");
            *sums.entry((name.to_owned(), hour)).or_default() += sum as u64;
        }
    }
}

/// An event with these messages, which are numbered.
pub(crate) fn messages(notifications: &[Value]) -> Vec<u8> {
    let message = |(number, body): (usize, &Value)| {
        json!({
            "messageId": number.to_string(),
            "body": body.to_string(),
            "eventSource": "aws:sqs",
            "eventSourceARN": QUEUE_ARN,
        })
    };
    let records: Vec<Value> = notifications.iter().enumerate().map(message).collect();
    json!({"Records": records}).to_string().into_bytes()
}

/// Invokes a function, of which nothing may have to come again.
pub(crate) async fn succeeds(function: &Function, event: Vec<u8>) {
    let (status, answer) = function.invoke(event).await;
    let success = json!({"batchItemFailures": []});
    assert_eq!((status.as_u16(), answer), (200, success));
}

/// A metric of the function's own, over all its invocations.
pub(crate) fn own_metric(function: &Function, name: &str) -> u64 {
    let logs = function.logs();
    let metrics = logs.iter().filter(|line| line.get("_aws").is_some());
    metrics
        .map(|line| line[name].as_u64().expect("a count"))
        .sum()
}
