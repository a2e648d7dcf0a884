//! What `traffic` finds on AWS: a bucket of logs, whose objects a queue is told of, a
//! stream of requests, and its tables.

use anyhow::Context as _;
use aws_sdk_dynamodb::types::ScalarAttributeType;
use aws_sdk_s3::types::{Event, NotificationConfiguration, QueueConfiguration};
use embedded::{ACCOUNT, REGION};

use super::REQUESTS;
use super::resources::{make_queue, make_stream, make_table, sdk};

/// The bucket of logs.
pub(crate) const BUCKET: &str = "requests";
/// The table of what is counted.
pub(crate) const TABLE: &str = "traffic";
/// The table of URL patterns.
pub(crate) const PATTERNS: &str = "patterns";
/// The queue that is told of the bucket's objects.
pub(crate) const QUEUE: &str = "request-logs";
/// The queue of what could not be counted.
pub(crate) const DEAD_LETTERS: &str = "request-logs-dead-letters";

/// Where all of it is.
#[derive(Debug, Clone)]
pub(crate) struct Logs {
    /// The URL of the queue that is told of objects.
    pub(crate) queue: String,
    /// The URL of the queue of dead letters.
    pub(crate) dead_letters: String,
}

impl Logs {
    /// Makes what is not there yet, in the services at `url`.
    pub(crate) async fn make(url: &str) -> anyhow::Result<Self> {
        let sdk = sdk(url);
        let tables = aws_sdk_dynamodb::Client::new(&sdk);
        let text = ScalarAttributeType::S;
        make_table(
            &tables,
            TABLE,
            &[("pk", text.clone()), ("sk", text.clone())],
        )
        .await?;
        make_table(&tables, PATTERNS, &[("Id", text)]).await?;
        make_stream(&aws_sdk_kinesis::Client::new(&sdk), REQUESTS, 1).await?;
        let queues = aws_sdk_sqs::Client::new(&sdk);
        let queue = make_queue(&queues, QUEUE).await?;
        let dead_letters = make_queue(&queues, DEAD_LETTERS).await?;
        if make_bucket(&aws_sdk_s3::Client::new(&sdk)).await? {
            // S3's test of the queue would start the function, which would keep the patterns
            // that there are by then, none, for ten minutes.
            let purged = queues.purge_queue().queue_url(&queue).send().await;
            purged.with_context(|| format!("the queue {QUEUE} cannot be emptied"))?;
        }
        Ok(Self {
            queue,
            dead_letters,
        })
    }

    /// What `traffic` is to find in its environment, beside what all functions are.
    pub(crate) fn environment() -> [(&'static str, String); 2] {
        [
            ("TRAFFIC_TABLE", TABLE.to_owned()),
            ("PATTERNS_TABLE", PATTERNS.to_owned()),
        ]
    }
}

/// The ARN of the queue that is told of objects.
pub(crate) fn queue_arn() -> String {
    format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{QUEUE}")
}

/// Makes the bucket, or leaves it as it is; whether it tells the queue only now. As in
/// us-east-1, a bucket that is there already is no error.
async fn make_bucket(client: &aws_sdk_s3::Client) -> anyhow::Result<bool> {
    let made = client.create_bucket().bucket(BUCKET).send().await;
    made.with_context(|| format!("the bucket {BUCKET} cannot be made"))?;
    let asked = client.get_bucket_notification_configuration();
    let known = asked.bucket(BUCKET).send().await;
    let known = known.with_context(|| format!("the bucket {BUCKET} does not say whom it tells"))?;
    if !known.queue_configurations().is_empty() {
        return Ok(false);
    }
    let rule = QueueConfiguration::builder()
        .queue_arn(queue_arn())
        .events(Event::S3ObjectCreated)
        .build()?;
    let rules = NotificationConfiguration::builder().queue_configurations(rule);
    let call = client.put_bucket_notification_configuration();
    let call = call
        .bucket(BUCKET)
        .notification_configuration(rules.build());
    let told = call.send().await;
    told.with_context(|| format!("the bucket {BUCKET} does not tell the queue {QUEUE}"))?;
    Ok(true)
}
