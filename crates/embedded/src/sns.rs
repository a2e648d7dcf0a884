//! SNS: standard topics whose subscribers are queues. Subscriptions of other
//! protocols are taken note of; no mail and no text message leaves this machine.
//!
//! Source: <https://docs.aws.amazon.com/sns/latest/api/> and
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html>

use axum::response::Response;
use chrono::{SecondsFormat, Utc};
use rusqlite::{Connection, params};
use serde_json::{Map, Value, json};

use crate::protocol::{Failure, Form, escaped, id, xml};
use crate::{ACCOUNT, REGION, sqs, store};

/// The most a message may have.
const MOST_BYTES: usize = 256 * 1024;

/// Answers one request.
pub(crate) fn answer(database: &Connection, form: &Form) -> Result<Response, Failure> {
    let action = form.text("Action")?;
    let result = match action {
        "CreateTopic" => {
            let arn = format!("arn:aws:sns:{REGION}:{ACCOUNT}:{}", form.text("Name")?);
            database.execute("INSERT OR IGNORE INTO topics VALUES (?)", [&arn])?;
            format!("<TopicArn>{}</TopicArn>", escaped(&arn))
        }
        "Subscribe" => subscribe(database, form)?,
        "ListTopics" => {
            let arns = column(database, "SELECT arn FROM topics ORDER BY arn", [])?;
            let member = |arn: String| {
                let arn = escaped(&arn);
                format!("<member><TopicArn>{arn}</TopicArn></member>")
            };
            let members: String = arns.into_iter().map(member).collect();
            format!("<Topics>{members}</Topics>")
        }
        "Publish" => {
            let id = publish(database, form)?;
            format!("<MessageId>{id}</MessageId>")
        }
        _ => return Err(Failure::unknown(&format!("SNS {action}"))),
    };
    Ok(xml(action, &result))
}

fn subscribe(database: &Connection, form: &Form) -> Result<String, Failure> {
    let topic = existing(database, form.text("TopicArn")?)?;
    let (protocol, endpoint) = (form.text("Protocol")?, form.text("Endpoint")?);
    if form.get("Attributes.entry.1.key").is_some() {
        let message = "subscriptions have no attributes in the local stack";
        return Err(Failure::new("InvalidParameter", message));
    }
    database.execute(
        "INSERT OR IGNORE INTO subscriptions VALUES (?, ?, ?, ?)",
        params![format!("{topic}:{}", id()), topic, protocol, endpoint],
    )?;
    let arn: String = database.query_row(
        "SELECT arn FROM subscriptions WHERE topic = ? AND protocol = ? AND endpoint = ?",
        params![topic, protocol, endpoint],
        |row| row.get(0),
    )?;
    Ok(format!(
        "<SubscriptionArn>{}</SubscriptionArn>",
        escaped(&arn)
    ))
}

/// Brings a message to every queue that is subscribed: its id.
fn publish(database: &Connection, form: &Form) -> Result<String, Failure> {
    let topic = existing(database, form.text("TopicArn")?)?;
    let message = form.text("Message")?;
    if message.is_empty() || message.len() > MOST_BYTES {
        let most = format!("a message must have 1 to {MOST_BYTES} bytes");
        return Err(Failure::new("InvalidParameter", most));
    }
    let text = match form.get("MessageStructure") {
        Some("json") => for_queues(message)?,
        _ => message.to_owned(),
    };
    let id = id();
    let mut notification = json!({
        "Type": "Notification",
        "MessageId": id,
        "TopicArn": topic,
        "Message": text,
        "Timestamp": Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true),
        "MessageAttributes": attributes(form),
    });
    if let Some(subject) = form.get("Subject") {
        notification["Subject"] = subject.into();
    }
    let subscribed = "SELECT endpoint FROM subscriptions WHERE topic = ? AND protocol = 'sqs'";
    for endpoint in column(database, subscribed, [topic])? {
        let queue = endpoint.rsplit(':').next().unwrap_or_default();
        if endpoint == sqs::arn(queue) && store::has_queue(database, queue)? {
            store::send(database, queue, &notification.to_string(), 0)?;
        }
    }
    Ok(id)
}

/// What a message with a text for each protocol says to queues.
fn for_queues(message: &str) -> Result<String, Failure> {
    let texts: Value = serde_json::from_str(message)
        .map_err(|_| Failure::new("InvalidParameter", "Message is no JSON"))?;
    let text = texts["sqs"].as_str().or(texts["default"].as_str());
    let text = text.filter(|_| texts["default"].is_string());
    text.map(str::to_owned)
        .ok_or_else(|| Failure::new("InvalidParameter", "Message has no default entry"))
}

fn attributes(form: &Form) -> Map<String, Value> {
    let attribute = |number: usize| {
        let field = |name: &str| form.get(&format!("MessageAttributes.entry.{number}.{name}"));
        let kind = field("Value.DataType")?;
        let value = field("Value.StringValue")?;
        Some((
            field("Name")?.to_owned(),
            json!({"Type": kind, "Value": value}),
        ))
    };
    (1..).map_while(attribute).collect()
}

fn existing<'a>(database: &Connection, topic: &'a str) -> Result<&'a str, Failure> {
    let mut statement = database.prepare_cached("SELECT 1 FROM topics WHERE arn = ?")?;
    if statement.exists([topic])? {
        return Ok(topic);
    }
    Err(Failure::new(
        "NotFound",
        format!("there is no topic {topic}"),
    ))
}

fn column(
    database: &Connection,
    query: &str,
    parameters: impl rusqlite::Params,
) -> rusqlite::Result<Vec<String>> {
    let mut statement = database.prepare_cached(query)?;
    let rows = statement.query_map(parameters, |row| row.get(0))?;
    rows.collect()
}
