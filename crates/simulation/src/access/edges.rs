//! Edges: they write logs of what happened, late, into a bucket and a stream.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use tokio::time::sleep;

use super::log::{Format, Line};
use super::queue::Notification;
use crate::faults::{Fault, Service};
use crate::services::{BUCKET, Object};
use crate::world::{World, lock};

/// How long the lines of an object are that does not fit into one block.
const LONGER: usize = 900;

/// Writes objects, each with a notification, which comes late and sometimes twice. Now and
/// then an object is replaced, or goes away.
pub async fn write(world: Arc<World>) {
    let Some(plan) = world.plan.access.clone() else {
        return;
    };
    let test = r#"{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"logs"}"#;
    lock(&world.logs.queue).send(test.to_owned(), Vec::new(), Duration::ZERO);
    let mut edges = Vec::new();
    for number in 0..plan.objects {
        let is_large = number < plan.large;
        edges.push(tokio::task::spawn_local(edge(
            Arc::clone(&world),
            number,
            is_large,
        )));
    }
    for edge in edges {
        edge.await.expect("an edge");
    }
}

/// An edge, which writes an object.
async fn edge(world: Arc<World>, number: u32, is_large: bool) {
    let within = world.plan.production.as_millis() as u64;
    let after = world.chance(|rng| rng.u64(0..within));
    sleep(Duration::from_millis(after)).await;
    let key = format!("edge {number}/ä+{}.gz", number % 3);
    put(&world, &key, is_large);
    let rate = world.plan.weather.processes.max(50);
    if !world.strikes(Fault::Replaced, Service::Objects, rate) {
        return;
    }
    let after = world.chance(|rng| rng.u64(0..60_000));
    sleep(Duration::from_millis(after)).await;
    if world.chance(Rng::bool) {
        put(&world, &key, false);
    } else {
        world.tell(|| format!("{key} goes away"));
        lock(&world.logs.bucket).remove(&key);
    }
}

fn put(world: &World, key: &str, is_large: bool) {
    let plan = world.plan.access.as_ref().expect("a world with logs");
    let now = world.now().timestamp();
    let (lines, content) = world.chance(|rng| {
        let (count, longer) = if is_large {
            (rng.usize(150..350), LONGER)
        } else {
            (rng.usize(1..20), 0)
        };
        let lines = plan.format.log(rng, now, count, longer);
        let content = content(rng, &lines);
        (lines, content)
    });
    world.tell(|| {
        format!(
            "{key} is written: {} lines, {} bytes",
            lines.len(),
            content.len()
        )
    });
    let object = lock(&world.logs.bucket).put(key, lines, content, plan.keeps_versions);
    notify(world, &object);
}

/// An object's bytes: packed or not, with or without an end of the last line.
fn content(rng: &mut Rng, lines: &[Line]) -> Vec<u8> {
    let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
    let mut text = texts.join("\n");
    if rng.bool() {
        text.push('\n');
    }
    if rng.bool() {
        return text.into_bytes();
    }
    packed(text.as_bytes())
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(bytes).expect("a vector takes everything");
    packed.finish().expect("a vector takes everything")
}

/// Tells of an object.
fn notify(world: &World, object: &Object) {
    let mut told =
        json!({"key": encoded(&object.key), "eTag": object.etag, "size": object.content.len()});
    if let Some(version) = &object.version_id {
        told["versionId"] = json!(version);
    }
    let body = json!({"Records": [{
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": BUCKET}, "object": told},
    }]});
    let copies = if world.strikes(Fault::DeliveredAgain, Service::Notifications, 100) {
        2
    } else {
        1
    };
    for _ in 0..copies {
        let after = world.chance(|rng| Duration::from_millis(rng.u64(0..20_000)));
        let at = world.elapsed() + after;
        lock(&world.logs.queue).send(body.to_string(), vec![object.partition()], at);
    }
}

/// A key as S3 encodes it for a form.
fn encoded(key: &str) -> String {
    key.bytes().fold(String::new(), |mut encoded, byte| {
        match byte {
            b' ' => encoded.push('+'),
            b'/' | b'.' | b'0'..=b'9' | b'a'..=b'z' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
        encoded
    })
}

/// Puts records to the stream: lines as they are, or as CloudWatch Logs packs them.
pub async fn keep(world: Arc<World>) {
    let Some(plan) = world.plan.access.clone() else {
        return;
    };
    let pause = world.plan.production.as_millis() as u64 * 2 / u64::from(plan.records.max(1));
    for number in 0..plan.records {
        let after = world.chance(|rng| rng.u64(0..=pause));
        sleep(Duration::from_millis(after)).await;
        let now = world.now();
        let (lines, data) = world.chance(|rng| record(rng, plan.format, now.timestamp()));
        let (shard, sequence) = lock(&world.logs.stream).put(&number.to_string(), data, now);
        world.tell(|| format!("{} lines are put to {shard} as {sequence}", lines.len()));
        lock(&world.logs.records).push((shard, sequence, lines));
        world.arrived(Service::Requests);
    }
}

fn record(rng: &mut Rng, format: Format, now: i64) -> (Vec<Line>, Vec<u8>) {
    let count = rng.usize(1..10);
    let lines = format.log(rng, now, count, 0);
    // CloudFront's tell what they are in two lines, which are no events.
    if format == Format::CloudFront || rng.bool() {
        let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        let data = texts.join("\n").into_bytes();
        return (lines, data);
    }
    let event = |line: &Line| json!({"id": "1", "timestamp": now * 1_000, "message": line.text});
    let envelope = json!({
        "messageType": "DATA_MESSAGE",
        "owner": "123456789012",
        "logGroup": "requests",
        "logStream": "edge",
        "subscriptionFilters": ["all"],
        "logEvents": lines.iter().map(event).collect::<Vec<_>>(),
    });
    let data = packed(envelope.to_string().as_bytes());
    (lines, data)
}

impl Notification {
    /// The message as a record of Lambda's event.
    pub(super) fn record(&self) -> serde_json::Value {
        json!({"eventSource": "aws:sqs", "messageId": self.id, "body": self.body})
    }
}
