//! What the function says to AWS's services, and how it takes their answers.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::Utc;
use serde_json::{Value, json};
use testkit::{Fault, FaultProxy};

use crate::recount::{recount, total};
use crate::stage::{BUCKET, Stage, messages, own_metric, succeeds};

/// So many requests of an hour ago, each to another page.
fn requests(count: usize) -> Vec<String> {
    let at = (Utc::now() - chrono::TimeDelta::hours(1)).format("%d/%b/%Y:%H:%M:%S +0000");
    let line = |n| {
        format!(
            "192.0.2.1 - - [{at}] \"GET /page/{n} HTTP/1.1\" 200 {n} \"-\" \"Mozilla/5.0 (X11)\"\n"
        )
    };
    (0..count).map(line).collect()
}

/// A proxy before the stage's services with faults for an operation's first calls; and how
/// many of these were made.
async fn proxy(
    stage: &Stage,
    operation: &'static str,
    faults: &'static [Fault],
) -> (FaultProxy, Arc<Mutex<usize>>) {
    let calls = Arc::new(Mutex::new(0));
    let seen = Arc::clone(&calls);
    let proxy = FaultProxy::start(stage.endpoint.url(), move |called, _| {
        if called != operation {
            return Fault::None;
        }
        let mut seen = seen.lock().expect("calls");
        *seen += 1;
        faults.get(*seen - 1).copied().unwrap_or(Fault::None)
    });
    (proxy.await, calls)
}

/// What becomes of an object of 50 requests where these faults strike: requests in
/// CloudWatch, and publications that are uncertain.
async fn counted_through(
    operation: &'static str,
    faults: &'static [Fault],
    calls: usize,
) -> (u64, u64) {
    let stage = Stage::set().await;
    let (proxy, made) = proxy(&stage, operation, faults).await;
    let function = stage.function(proxy.url(), &[]);
    stage.put("a.log", requests(50).concat()).await;
    let notifications = stage.notifications().await;
    succeeds(&function, messages(&notifications)).await;
    assert_eq!(*made.lock().expect("calls"), calls);
    let (hosts, _) = stage.published().await;
    let uncertain = own_metric(&function, "PublicationsUncertain");
    (total(&hosts, "Requests"), uncertain)
}

#[tokio::test]
async fn an_object_that_was_replaced_or_deleted_is_acknowledged_and_its_successor_counted() {
    let stage = Stage::set().await;
    let function = stage.function(stage.endpoint.url(), &[]);
    let lines = requests(30);
    stage.put("replaced.log", lines[..10].concat()).await;
    stage.put("deleted.log", lines[..10].concat()).await;
    let mut before = stage.notifications().await;
    let mut nowhere = before[0].clone();
    nowhere["Records"][0]["s3"]["object"]["key"] = json!("never.log");
    before.push(nowhere);
    stage.put("replaced.log", lines.concat()).await;
    stage.delete("deleted.log").await;
    succeeds(&function, messages(&before)).await;
    assert_eq!(own_metric(&function, "ObjectsGone"), 3);
    let (hosts, _) = stage.published().await;
    assert!(hosts.is_empty(), "{hosts:?}");
    succeeds(&function, messages(&stage.notifications().await)).await;
    assert_eq!(stage.published().await.0, recount(&lines).0);
    assert_eq!(own_metric(&function, "ObjectsGone"), 3);
}

#[tokio::test]
async fn an_object_that_s3_cannot_give_now_is_asked_for_again() {
    const BUSY: [Fault; 2] = [
        Fault::Fails(503, "SlowDown"),
        Fault::Fails(500, "InternalError"),
    ];
    assert_eq!(counted_through("GetObject", &BUSY, 3).await, (50, 0));
}

#[tokio::test]
async fn an_object_that_may_not_be_read_comes_again() {
    let stage = Stage::set().await;
    let (proxy, _) = proxy(&stage, "GetObject", &[Fault::Fails(403, "AccessDenied")]).await;
    let function = stage.function(proxy.url(), &[]);
    let lines = requests(10);
    stage.put("a.log", lines.concat()).await;
    let event = messages(&stage.notifications().await);
    let (status, answer) = function.invoke(event.clone()).await;
    let failed = json!({"batchItemFailures": [{"itemIdentifier": "0"}]});
    assert_eq!((status.as_u16(), answer), (200, failed));
    succeeds(&function, event).await;
    assert_eq!(stage.published().await.0, recount(&lines).0);
}

#[tokio::test]
async fn metric_data_that_are_throttled_are_put_again_and_counted_once() {
    const THROTTLED: [Fault; 3] = [
        Fault::Fails(400, "Throttling"),
        Fault::Fails(429, "ThrottlingException"),
        Fault::Fails(503, "Throttling"),
    ];
    assert_eq!(
        counted_through("PutMetricData", &THROTTLED, 4).await,
        (50, 0)
    );
}

#[tokio::test]
async fn metric_data_without_an_answer_are_put_again_and_told_of() {
    // Carried out, which nobody can know: counted twice, and noted.
    let lost = counted_through("PutMetricData", &[Fault::LosesAnswer], 2).await;
    assert_eq!(lost, (100, 1));
    let failed = counted_through(
        "PutMetricData",
        &[Fault::Fails(500, "InternalServiceFault")],
        2,
    );
    assert_eq!(failed.await, (50, 1));
}

#[tokio::test]
async fn the_first_line_that_is_none_is_in_the_queue_with_its_place_and_the_others_number() {
    const BUSY: [Fault; 2] = [Fault::Fails(503, "ServiceUnavailable"), Fault::TakesEach(2)];
    let stage = Stage::set().await;
    let (proxy, made) = proxy(&stage, "SendMessageBatch", &BUSY).await;
    let function = stage.function(proxy.url(), &[]);
    let mut lines = requests(20);
    lines[4] = "hello\n".to_owned();
    lines[9] = lines[9].replace("] \"GET", "] GET");
    lines[12] = lines[9].clone();
    stage.put("some day/a.log", lines.concat()).await;
    let notifications = stage.notifications().await;
    succeeds(&function, messages(&notifications)).await;
    assert_eq!(*made.lock().expect("calls"), 3);
    let rejects = stage.rejects().await;
    let [reject] = &rejects[..] else {
        panic!("one message: {rejects:?}");
    };
    let others: u64 = reject["others"]
        .as_object()
        .expect("others")
        .values()
        .filter_map(Value::as_u64)
        .sum();
    assert_eq!(others, 2, "{reject}");
    let etag = &notifications[0]["Records"][0]["s3"]["object"]["eTag"];
    for (field, expected) in [
        ("function", &json!("traffic")),
        ("bucket", &json!(BUCKET)),
        ("key", &json!("some day/a.log")),
        ("version", etag),
        ("line", &json!(5)),
        ("data", &json!(STANDARD.encode("hello"))),
    ] {
        assert_eq!(&reject[field], expected, "{field}");
    }
    assert_eq!(own_metric(&function, "LinesCounted"), 17);
}
