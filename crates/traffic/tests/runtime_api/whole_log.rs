//! A real site's requests as one object, as hundreds of objects delivered three times in random
//! order, and as records of a stream: CloudWatch has the sums of a recount, hour by hour.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use testkit::Function;

use crate::recount::{Recent, recount, total};
use crate::stage::{Stage, messages, own_metric, succeeds};

/// The log's description: the statuses of its 9,999 requests, and the bytes of their answers.
const DESCRIBED: [(&str, u64); 7] = [
    ("Requests", 9_999),
    ("Response_2XX", 9_125 + 45),
    ("Response_3XX", 445 + 164),
    ("Response_4XX", 213 + 2 + 2),
    ("Response_404", 213),
    ("Response_5XX", 3),
    ("Bytes", 2_747_282_505),
];

/// CloudWatch has what a recount and the log's description say, and the queue the one line
/// that is cut off.
async fn check(stage: &Stage, log: &Recent, function: &Function) {
    let (expected, cut) = recount(&log.lines);
    let (hosts, site) = stage.published().await;
    assert_eq!(hosts, expected);
    for (metric, described) in DESCRIBED.into_iter().filter(|_| log.whole) {
        assert_eq!(total(&hosts, metric), described, "{metric}");
    }
    // Of the whole site, bots are counted apart.
    let (people, bots) = (total(&site, "Requests"), total(&site, "BotRequests"));
    assert_eq!(people + bots, total(&expected, "Requests"));
    assert!(people > 0 && bots > 0, "{people} {bots}");

    let rejects = stage.rejects().await;
    let data: Vec<_> = rejects
        .iter()
        .map(|r| r["data"].as_str().expect("data"))
        .collect();
    let cut: Vec<_> = cut.iter().map(|line| STANDARD.encode(line)).collect();
    assert_eq!(
        (data, cut.len()),
        (cut.iter().map(String::as_str).collect(), 1)
    );
    assert_eq!(rejects[0]["reason"], "open_quote");
    for (metric, expected) in [
        ("LinesCounted", total(&expected, "Requests")),
        ("LinesRejected", 1),
        ("PublicationsUncertain", 0),
        ("RequestsTooOld", 0),
    ] {
        assert_eq!(own_metric(function, metric), expected, "{metric}");
    }
}

#[tokio::test]
async fn as_one_object() {
    let (stage, log) = (Stage::set().await, Recent::load());
    let function = stage.function(stage.endpoint.url(), &[]);
    stage.put("access.log", log.lines.concat()).await;
    let notifications = stage.notifications().await;
    assert_eq!(notifications.len(), 1);
    succeeds(&function, messages(&notifications)).await;
    check(&stage, &log, &function).await;
}

#[tokio::test]
async fn as_500_objects_in_random_order_delivered_three_times() {
    let (stage, log) = (Stage::set().await, Recent::load());
    // One line may be all of an object, and too little to tell what it is of.
    let function = stage.function(stage.endpoint.url(), &[("LOG_FORMAT", "combined")]);
    let of_each = log.lines.len().div_ceil(500);
    for (number, lines) in log.lines.chunks(of_each).enumerate() {
        stage
            .put(&format!("a day/{number}.log"), lines.concat())
            .await;
    }
    let mut notifications = stage.notifications().await;
    assert_eq!(notifications.len(), log.lines.len().div_ceil(of_each));
    notifications.extend_from_within(..);
    notifications.extend_from_within(..notifications.len() / 2);
    fastrand::Rng::with_seed(1).shuffle(&mut notifications);
    for batch in notifications.chunks(10) {
        succeeds(&function, messages(batch)).await;
    }
    check(&stage, &log, &function).await;
}

#[tokio::test]
async fn as_records_of_a_stream_of_single_lines_of_several_and_of_aggregates() {
    let (stage, log) = (Stage::set().await, Recent::load());
    let function = stage.function(stage.endpoint.url(), &[("LOG_FORMAT", "combined")]);
    let mut payloads = Vec::new();
    for (number, lines) in log.lines.chunks(12).enumerate() {
        match number % 3 {
            0 => payloads.extend(lines.iter().map(|line| line.trim_end().into())),
            1 => payloads.push(lines.concat().into_bytes()),
            _ => payloads.push(testkit::aggregate(lines)),
        }
    }
    for from in (0..payloads.len()).step_by(300) {
        // Each batch comes with a part of the one before it, as after a lost checkpoint.
        let first = from.saturating_sub(20);
        let batch = &payloads[first..payloads.len().min(from + 300)];
        succeeds(&function, testkit::event(1 + first as u64, batch)).await;
    }
    check(&stage, &log, &function).await;
}
