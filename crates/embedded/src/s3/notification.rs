//! Queues are told that an object has been made.
//!
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>

use rusqlite::{Connection, params};
use serde_json::json;

use super::listing::time;
use super::request::encoded_key;
use super::rule::{Event, Rule};
use super::store::{Object, next_in_sequence, require_bucket};
use crate::protocol::{Failure, id};
use crate::store::now;
use crate::{ACCOUNT, REGION, store};

/// A bucket's rules.
pub(crate) fn rules(database: &Connection, bucket: &str) -> Result<Vec<Rule>, Failure> {
    require_bucket(database, bucket)?;
    let mut statement =
        database.prepare_cached("SELECT notification FROM buckets WHERE name = ?")?;
    let text: String = statement.query_row([bucket], |row| row.get(0))?;
    serde_json::from_str(&text).map_err(|error| {
        Failure::new(
            "InternalFailure",
            format!("the configuration kept: {error}"),
        )
    })
}

/// Keeps a bucket's rules, and lets each queue know, as S3 does.
pub(crate) fn keep(database: &Connection, bucket: &str, rules: &[Rule]) -> Result<(), Failure> {
    require_bucket(database, bucket)?;
    for rule in rules {
        let queue = rule.queue_name().unwrap_or_default();
        if !store::has_queue(database, queue)? {
            let message = format!("there is no queue {}", rule.queue);
            return Err(Failure::new("InvalidArgument", message));
        }
        let test = json!({
            "Service": "Amazon S3",
            "Event": "s3:TestEvent",
            "Time": time(now()),
            "Bucket": bucket,
            "RequestId": id(),
            "HostId": id(),
        });
        store::send(database, queue, &test.to_string(), 0)?;
    }
    let text = serde_json::to_string(rules);
    let text = text.map_err(|error| Failure::new("InternalFailure", error.to_string()))?;
    let statement = "UPDATE buckets SET notification = ?2 WHERE name = ?1";
    database.execute(statement, params![bucket, text])?;
    Ok(())
}

/// Sends a message to each queue that wants to know. A queue that is gone is not told.
pub(crate) fn tell(
    database: &Connection,
    bucket: &str,
    object: &Object,
    event: Event,
) -> Result<(), Failure> {
    let sequence = next_in_sequence(database, bucket, object.modified_at)?;
    for rule in rules(database, bucket)? {
        let queue = rule.queue_name().unwrap_or_default();
        if rule.takes(&object.key, event) && store::has_queue(database, queue)? {
            let message = message(bucket, object, event, &rule, sequence);
            store::send(database, queue, &message, 0)?;
        }
    }
    Ok(())
}

fn message(bucket: &str, object: &Object, event: Event, rule: &Rule, sequence: i64) -> String {
    let principal = json!({"principalId": ACCOUNT});
    json!({"Records": [{
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": REGION,
        "eventTime": time(object.modified_at),
        "eventName": event.name(),
        "userIdentity": principal,
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": id(), "x-amz-id-2": id()},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": rule.id,
            "bucket": {
                "name": bucket,
                "ownerIdentity": principal,
                "arn": format!("arn:aws:s3:::{bucket}"),
            },
            "object": {
                "key": encoded_key(&object.key),
                "size": object.size,
                "eTag": object.etag,
                "sequencer": format!("{sequence:018X}"),
            },
        },
    }]})
    .to_string()
}
