//! SQS: standard queues.
//!
//! Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/>

use md5::{Digest as _, Md5};
use rusqlite::{Connection, params};
use serde_json::{Value, json};

use crate::protocol::{Failure, text};
use crate::store;
use crate::{ACCOUNT, REGION};

/// How long a received message is hidden, if the request does not say.
const VISIBILITY_SECONDS: i64 = 30;
/// The most a message may have.
const MOST_BYTES: usize = 1024 * 1024;
/// The most messages of one call.
const BATCH: usize = 10;

/// Answers one request. `host` is how the client reaches the service.
pub(crate) fn answer(
    database: &Connection,
    host: &str,
    operation: &str,
    request: &Value,
) -> Result<Value, Failure> {
    let url = |name: &str| format!("http://{host}/{ACCOUNT}/{name}");
    match operation {
        "CreateQueue" => {
            let name = text(request, "QueueName")?;
            database.execute("INSERT OR IGNORE INTO queues VALUES (?)", [name])?;
            return Ok(json!({"QueueUrl": url(name)}));
        }
        "GetQueueUrl" => {
            let name = existing(database, text(request, "QueueName")?)?;
            return Ok(json!({"QueueUrl": url(name)}));
        }
        "ListQueues" => {
            let mut statement = database.prepare("SELECT name FROM queues ORDER BY name")?;
            let names = statement.query_map([], |row| row.get::<_, String>(0))?;
            let urls: Vec<String> = names
                .map(|name| Ok(url(&name?)))
                .collect::<rusqlite::Result<_>>()?;
            return Ok(json!({"QueueUrls": urls}));
        }
        _ => {}
    }
    let queue = text(request, "QueueUrl")?;
    let queue = existing(database, queue.rsplit('/').next().unwrap_or_default())?;
    match operation {
        "SendMessage" => send(database, queue, request),
        "SendMessageBatch" => each(request, |entry| send(database, queue, entry)),
        "ReceiveMessage" => receive(database, queue, request),
        "DeleteMessage" => delete(database, queue, request),
        "DeleteMessageBatch" => each(request, |entry| delete(database, queue, entry)),
        "ChangeMessageVisibility" => hide(database, queue, request),
        "PurgeQueue" => {
            database.execute("DELETE FROM messages WHERE queue = ?", [queue])?;
            Ok(json!({}))
        }
        "GetQueueAttributes" => attributes(database, queue),
        _ => Err(Failure::unknown(&format!("SQS {operation}"))),
    }
}

/// The ARN of a queue.
pub(crate) fn arn(queue: &str) -> String {
    format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}")
}

fn existing<'a>(database: &Connection, queue: &'a str) -> Result<&'a str, Failure> {
    if store::has_queue(database, queue)? {
        return Ok(queue);
    }
    let missing = "com.amazonaws.sqs#QueueDoesNotExist";
    Err(Failure::new(missing, format!("there is no queue {queue}")))
}

fn send(database: &Connection, queue: &str, request: &Value) -> Result<Value, Failure> {
    let body = text(request, "MessageBody")?;
    if body.is_empty() || body.len() > MOST_BYTES {
        return Err(Failure::new(
            "InvalidParameterValue",
            format!("a message must have 1 to {MOST_BYTES} bytes"),
        ));
    }
    let delay = seconds(request, "DelaySeconds", 0, 900)?;
    let id = store::send(database, queue, body, delay)?;
    Ok(json!({"MessageId": id, "MD5OfMessageBody": md5(body)}))
}

/// Does something for each entry of a batch, and says of each what came of it.
fn each(
    request: &Value,
    work: impl Fn(&Value) -> Result<Value, Failure>,
) -> Result<Value, Failure> {
    let entries = request["Entries"].as_array().map_or(&[][..], Vec::as_slice);
    if entries.is_empty() || entries.len() > BATCH {
        let code = if entries.is_empty() {
            "com.amazonaws.sqs#EmptyBatchRequest"
        } else {
            "com.amazonaws.sqs#TooManyEntriesInBatchRequest"
        };
        return Err(Failure::new(
            code,
            format!("a batch has 1 to {BATCH} entries"),
        ));
    }
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for entry in entries {
        let id = text(entry, "Id")?;
        match work(entry) {
            Ok(mut done) => {
                done["Id"] = id.into();
                successful.push(done);
            }
            Err(Failure { code, message }) => failed
                .push(json!({"Id": id, "Code": code, "Message": message, "SenderFault": code != "InternalFailure"})),
        }
    }
    Ok(json!({"Successful": successful, "Failed": failed}))
}

fn receive(database: &Connection, queue: &str, request: &Value) -> Result<Value, Failure> {
    let most = request["MaxNumberOfMessages"].as_i64().unwrap_or(1);
    let hidden = seconds(request, "VisibilityTimeout", VISIBILITY_SECONDS, 43_200)?;
    let mut messages = Vec::new();
    // One that is not hidden would be found again.
    let mut seen = Vec::new();
    for _ in 0..most.clamp(1, BATCH as i64) {
        let Some(message) = store::receive(database, queue, hidden.max(1))? else {
            break;
        };
        seen.push(message.receipt.clone());
        messages.push(json!({
            "MessageId": message.id,
            "ReceiptHandle": message.receipt,
            "MD5OfBody": md5(&message.body),
            "Body": message.body,
            "Attributes": {
                "SentTimestamp": message.sent_at.to_string(),
                "ApproximateReceiveCount": message.receives.to_string(),
            },
        }));
    }
    if hidden == 0 {
        for receipt in seen {
            database.execute(
                "UPDATE messages SET visible_at = ? WHERE receipt = ?",
                params![store::now(), receipt],
            )?;
        }
    }
    // As SQS does, nothing says that there is nothing.
    Ok(if messages.is_empty() {
        json!({})
    } else {
        json!({"Messages": messages})
    })
}

fn delete(database: &Connection, queue: &str, request: &Value) -> Result<Value, Failure> {
    let receipt = text(request, "ReceiptHandle")?;
    let statement = "DELETE FROM messages WHERE queue = ? AND receipt = ?";
    database.execute(statement, params![queue, receipt])?;
    Ok(json!({}))
}

fn hide(database: &Connection, queue: &str, request: &Value) -> Result<Value, Failure> {
    let receipt = text(request, "ReceiptHandle")?;
    let seconds = seconds(request, "VisibilityTimeout", 0, 43_200)?;
    database.execute(
        "UPDATE messages SET visible_at = ? WHERE queue = ? AND receipt = ?",
        params![store::now() + seconds * 1_000, queue, receipt],
    )?;
    Ok(json!({}))
}

fn attributes(database: &Connection, queue: &str) -> Result<Value, Failure> {
    let count = |visible: &str| {
        database.query_row(
            &format!("SELECT count(*) FROM messages WHERE queue = ?1 AND visible_at {visible} ?2"),
            params![queue, store::now()],
            |row| row.get::<_, i64>(0),
        )
    };
    Ok(json!({"Attributes": {
        "QueueArn": arn(queue),
        "ApproximateNumberOfMessages": count("<=")?.to_string(),
        "ApproximateNumberOfMessagesNotVisible": count(">")?.to_string(),
        "VisibilityTimeout": VISIBILITY_SECONDS.to_string(),
    }}))
}

/// A length of time in a request, in seconds.
fn seconds(request: &Value, name: &str, default: i64, most: i64) -> Result<i64, Failure> {
    let given = request[name].as_i64().unwrap_or(default);
    if (0..=most).contains(&given) {
        return Ok(given);
    }
    let expected = format!("{name} is {given}: expected 0 to {most} seconds");
    Err(Failure::new("InvalidParameterValue", expected))
}

fn md5(text: &str) -> String {
    let digest = Md5::digest(text.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
