//! Rejects.

use std::sync::Mutex;
use std::time::Duration;

use function::delivery::{CallError, Outcome, Target};
use function::rejects::{Part, Rejected, send};
use function::{Deadline, Record};
use model::{Field, Found, OrderFormat, Position, Reason, Reject};
use serde_json::{Value, json};
use testkit::{Endpoint, Fault, FaultProxy};

use crate::stage::{order, redrive, run};

const STREAM: &str = "orders";

/// Messages as a function would send them.
#[derive(Default)]
struct Bodies(Mutex<Vec<String>>);

impl Target<Part<'_>> for Bodies {
    async fn call(&self, parts: &[&Part<'_>]) -> Result<Vec<Outcome>, CallError> {
        let bodies = parts.iter().map(|part| part.body().expect("JSON"));
        self.0.lock().expect("bodies").extend(bodies);
        Ok(vec![Outcome::Done; parts.len()])
    }
}

/// The messages of a refused line, or of a whole record with these bytes.
async fn messages(stream: &str, number: u64, reason: Reason, bytes: &[u8]) -> Vec<String> {
    let record: Record = serde_json::from_value(json!({
        "eventID": "shardId-000000000006:1",
        "eventSourceARN": format!("arn:aws:kinesis:us-east-1:123456789012:stream/{stream}"),
        "kinesis": {"sequenceNumber": number.to_string(), "approximateArrivalTimestamp": 1.5, "data": ""},
    }))
    .expect("a record");
    let position = Position {
        user_record: None,
        line: 1,
        object: None,
        item: None,
    };
    let reject = Reject::field(reason, Field::Quantity, Found::Text);
    let rejected = Rejected {
        record: 0,
        position,
        lines: 1,
        bytes,
        reject,
    };
    let bodies = Bodies::default();
    let deadline = Deadline::after(Duration::from_secs(10));
    let format = OrderFormat::default();
    send(&bodies, "orders", &format, &[record], &[rejected], deadline).await;
    bodies.0.into_inner().expect("bodies")
}

struct Stage {
    endpoint: Endpoint,
    queue: String,
}

impl Stage {
    async fn set() -> Self {
        let endpoint = Endpoint::start();
        endpoint.create_stream(STREAM, 2).await;
        let queue = endpoint.create_queue("rejects").await;
        Self { endpoint, queue }
    }

    async fn put(&self, bodies: &[String]) {
        for body in bodies {
            let call = self.endpoint.sqs().send_message().queue_url(&self.queue);
            call.message_body(body).send().await.expect("a new message");
        }
    }

    /// Runs the tool with all services at `url`.
    async fn redrive(&self, url: &str, arguments: &[&str]) -> (i32, String, String) {
        let queue = self.queue.replace(self.endpoint.url(), url);
        let mut command = redrive(url, &["--queue", &queue]);
        command.args(arguments);
        run(command).await
    }

    /// What can be received from the queue at once.
    async fn bodies(&self) -> Vec<String> {
        let client = self.endpoint.sqs();
        let mut bodies = Vec::new();
        loop {
            let call = client.receive_message().queue_url(&self.queue);
            let answer = call.max_number_of_messages(10).send().await;
            let messages = answer.expect("an answer from the queue").messages;
            let Some(messages) = messages.filter(|all| !all.is_empty()) else {
                bodies.sort();
                return bodies;
            };
            bodies.extend(messages.into_iter().filter_map(|message| message.body));
        }
    }

    async fn records(&self) -> Vec<(String, Vec<u8>)> {
        let mut records = self.endpoint.stream_records(STREAM).await;
        records.sort();
        records
    }
}

fn sorted(bodies: &[&[String]]) -> Vec<String> {
    let mut bodies = bodies.concat();
    bodies.sort();
    bodies
}

#[tokio::test(flavor = "multi_thread")]
async fn rejects_are_put_back_once_although_a_fifth_of_each_call_fails() {
    let stage = Stage::set().await;
    let mut expected = Vec::new();
    for invoice in 100..123_u64 {
        let line = order(invoice);
        let bodies = messages(STREAM, invoice, Reason::RefusedByTable, line.as_bytes()).await;
        stage.put(&bodies).await;
        if invoice % 5 == 0 {
            // A batch that came again has sent its rejects again.
            stage.put(&bodies).await;
        }
        expected.push((invoice.to_string(), line.into_bytes()));
    }
    // No order line: nothing but its old number can be its key.
    let bytes: Vec<u8> = (0..500_000_u32).map(|n| (n % 251) as u8).collect();
    let mut parts = messages(STREAM, 7, Reason::NotUtf8, &bytes).await;
    assert_eq!(parts.len(), 3);
    parts.rotate_left(1);
    stage.put(&parts).await;
    expected.push(("7".to_owned(), bytes));
    expected.sort();

    let proxy = FaultProxy::start(stage.endpoint.url(), |operation, _| match operation {
        "PutRecords" => Fault::ThrottlesEach(5),
        _ => Fault::None,
    })
    .await;
    let (code, out, _) = stage.redrive(proxy.url(), &[]).await;
    assert_eq!(code, 0, "{out}");
    assert!(
        out.starts_with("24 rejects put back onto the stream in"),
        "{out}"
    );
    assert!(out.contains(", 5 copies deleted, 0 failed."), "{out}");
    assert!(
        stage.records().await == expected,
        "lost, doubled or changed"
    );
    assert!(stage.bodies().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_sent_stays_and_can_be_received_at_once() {
    let stage = Stage::set().await;
    let good = messages(STREAM, 1, Reason::NotANumber, order(1).as_bytes()).await;
    let unasked = messages(STREAM, 2, Reason::Columns, b"a,b").await;
    let mut incomplete = messages(STREAM, 3, Reason::NotANumber, &vec![b'x'; 400_000]).await;
    incomplete.remove(1);
    let foreign = [
        "hello".to_owned(),
        json!({"reason": "not_a_number"}).to_string(),
    ];
    for bodies in [&good, &unasked, &incomplete, &foreign.to_vec()] {
        stage.put(bodies).await;
    }
    let all = sorted(&[&good, &unasked, &incomplete, &foreign]);

    let (code, out, error) = stage.redrive(stage.endpoint.url(), &["--dry-run"]).await;
    assert_eq!((code, error.as_str()), (0, ""));
    let row = out
        .lines()
        .find(|line| line.contains("not_a_number"))
        .expect("a row");
    let row: Vec<_> = row.split_whitespace().collect();
    assert_eq!(row[1..5], ["not_a_number", "orders", "orders", "1"]);
    assert!(
        out.contains("2 rejects. A dry run: nothing was sent or deleted."),
        "{out}"
    );
    assert!(stage.records().await.is_empty());
    let release = stage.redrive(stage.endpoint.url(), &["--dry-run"]).await;
    assert_eq!(release.0, 0, "everything is there again: {}", release.1);
    assert!(release.1.contains("2 rejects. "), "{}", release.1);

    let arguments = ["--reason", "not_a_number", "--reason", "missing"];
    let (code, out, error) = stage.redrive(stage.endpoint.url(), &arguments).await;
    assert_eq!(code, 1, "{out}");
    assert!(error.contains("1 reject lacks a part"), "{error}");
    for words in [
        "1 reject put back",
        "1 reject left alone: not all parts are in the queue.",
        "1 message left alone: another reason.",
        "2 messages left alone: no reject.",
    ] {
        assert!(out.contains(words), "{words}: {out}");
    }
    let sent = [("1".to_owned(), order(1).into_bytes())];
    assert_eq!(stage.records().await, sent);
    let rest: Vec<_> = all.into_iter().filter(|body| *body != good[0]).collect();
    assert_eq!(stage.bodies().await, rest);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_no_stream_takes_stays_in_the_queue() {
    let stage = Stage::set().await;
    let nowhere = messages("nowhere", 1, Reason::NotANumber, order(1).as_bytes()).await;
    // And a copy, which must not go while the other one stays.
    let nowhere = [nowhere.clone(), nowhere].concat();
    stage.put(&nowhere).await;
    let (code, out, error) = stage.redrive(stage.endpoint.url(), &[]).await;
    assert_eq!(code, 1, "{out}");
    assert!(error.starts_with("error: the stream nowhere: "), "{error}");
    assert!(error.contains("not found"), "{error}");
    assert!(out.contains("1 failed."), "{out}");
    assert_eq!(stage.bodies().await, nowhere);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_cannot_be_deleted_is_said() {
    let stage = Stage::set().await;
    let good = messages(STREAM, 1, Reason::NotANumber, order(1).as_bytes()).await;
    stage.put(&good).await;
    let fails = |operation: &str, _: &Value| match operation {
        "DeleteMessageBatch" => Fault::Fails(403, "AccessDeniedException"),
        _ => Fault::None,
    };
    let proxy = FaultProxy::start(stage.endpoint.url(), fails).await;
    let (code, out, error) = stage.redrive(proxy.url(), &[]).await;
    assert_eq!(code, 1, "{out}");
    assert!(
        error.contains("1 message of rejects that were sent cannot be deleted"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_queue_is_one_clear_line() {
    let endpoint = Endpoint::start();
    let queue = format!("{}/000000000000/nowhere", endpoint.url());
    let (code, _, error) = run(redrive(endpoint.url(), &["--queue", &queue])).await;
    assert_eq!(code, 1);
    assert!(error.starts_with("error: the queue http://"), "{error}");
    assert!(error.contains("nowhere: "), "{error}");
}
