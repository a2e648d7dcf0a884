//! What follows a failed batch.

use chrono::TimeDelta;
use mapping::{Condition, Outcome, Progress, Settings};

use crate::driver::{Event, World, at, failed, number, numbers, ok, record, settings};

fn limited(retries: i64) -> Settings {
    let mut settings = settings();
    settings.maximum_retry_attempts = retries;
    settings
}

fn bisecting(retries: i64) -> Settings {
    let mut settings = limited(retries);
    settings.bisect_batch_on_function_error = true;
    settings
}

fn discarded(world: &World) -> Vec<(Vec<u64>, Condition, u32)> {
    let all = world.discarded().into_iter();
    all.map(|d| (numbers(&d.records), d.condition, d.invoked))
        .collect()
}

const EXHAUSTED: Condition = Condition::RetryAttemptsExhausted;
const AGED: Condition = Condition::RecordAgeExceeded;

/// A function that fails for every batch with one of these records in it.
fn poison(world: &mut World, bad: &'static [u64]) {
    world.function = Box::new(|batch| {
        let hit = numbers(&batch.records).iter().any(|n| bad.contains(n));
        let outcome = if hit { Outcome::FunctionError } else { ok() };
        (TimeDelta::zero(), Some(outcome))
    });
}

/// "The maximum number of times that Lambda retries when the function returns an
/// error." <https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html>
#[test]
fn a_batch_is_retried_as_often_as_set_and_then_discarded() {
    for retries in [0, 1, 3] {
        let mut settings = limited(retries);
        settings.batch_size = 2;
        let mut world = World::with(settings, 3);
        poison(&mut world, &[1]);
        world.run(600_000);
        let tries = usize::try_from(retries).expect("small") + 1;
        let batches = world.batches();
        assert_eq!(batches[..tries], vec![vec![1, 2]; tries]);
        assert_eq!(batches[tries..], [[3]]);
        let invoked = u32::try_from(tries).expect("small");
        assert_eq!(discarded(&world), [(vec![1, 2], EXHAUSTED, invoked)]);
    }
}

/// "-1 means infinite: failed records are retried until the record expires."
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html>
#[test]
fn without_a_limit_a_batch_is_retried_for_ever_and_blocks_its_shard() {
    let mut world = World::with(settings(), 1).always(Outcome::FunctionError);
    world.run(86_400_000);
    let batches = world.batches();
    assert!(batches.len() > 1440, "{}", batches.len());
    assert!(batches.iter().all(|batch| *batch == [1]));
    assert_eq!(discarded(&world), []);
}

/// "Splits a failed batch into two smaller batches […]. Splitting batches doesn't
/// consume the retry quota."
/// <https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html>
#[test]
fn bisecting_halves_a_failing_batch_and_uses_up_no_retry() {
    let mut world = World::with(bisecting(1), 4);
    poison(&mut world, &[3]);
    world.run(60_000);
    let expected = [
        vec![1, 2, 3, 4],
        vec![1, 2],
        vec![3, 4],
        vec![3],
        vec![3],
        vec![4],
    ];
    assert_eq!(world.batches(), expected);
    assert_eq!(discarded(&world), [(vec![3], EXHAUSTED, 4)]);
}

/// "The batch is bisected at the returned sequence number and Lambda retries only the
/// remaining records."
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html>
#[test]
fn bisecting_with_a_partial_response_splits_at_the_returned_number() {
    let mut settings = bisecting(0);
    settings.report_batch_item_failures = true;
    let mut world = World::with(settings, 5).answers([failed(&[3]), failed(&[4])]);
    world.run(60_000);
    // No retry was there to be used up.
    assert_eq!(
        world.batches(),
        [vec![1, 2, 3, 4, 5], vec![3, 4, 5], vec![4, 5]]
    );
    assert_eq!(discarded(&world), []);
}

/// "If your invocation fails and `BisectBatchOnFunctionError` is turned on, the batch
/// is bisected regardless of your `ReportBatchItemFailures` setting."
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html>
#[test]
fn a_failure_is_bisected_whether_or_not_failures_are_reported() {
    // A response that names the first record leaves nothing to cut off: it is halved.
    for first in [Outcome::FunctionError, failed(&[]), failed(&[1])] {
        let halved = first != failed(&[]);
        let mut settings = bisecting(0);
        settings.report_batch_item_failures = true;
        let mut world = World::with(settings, 4).answers([first]);
        world.run(60_000);
        let all = vec![1, 2, 3, 4];
        let expected = if halved {
            vec![all, vec![1, 2], vec![3, 4]]
        } else {
            vec![all]
        };
        assert_eq!(world.batches(), expected);
    }
}

/// Without bisecting, what is left of a batch has the batch's retries; AWS does not
/// document another count.
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html>
#[test]
fn a_partial_failure_uses_up_a_retry() {
    let mut settings = limited(1);
    settings.report_batch_item_failures = true;
    let mut world = World::with(settings, 3).always(failed(&[3]));
    world.run(60_000);
    assert_eq!(world.batches(), [vec![1, 2, 3], vec![3]]);
    assert_eq!(discarded(&world), [(vec![3], EXHAUSTED, 2)]);
}

/// "If a Lambda event source mapping is unable to invoke the function due to
/// throttling or other issues, it retries until the records expire or exceed the
/// maximum age."
/// <https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html>
#[test]
fn a_batch_that_did_not_reach_the_function_uses_up_no_retry() {
    let mut settings = bisecting(0);
    settings.maximum_record_age_seconds = 60;
    let mut world = World::with(settings.clone(), 2).answers(vec![Outcome::NotInvoked; 3]);
    world.run(60_000);
    assert_eq!(world.batches(), [[1, 2]; 4]);
    assert_eq!(discarded(&world), []);

    let mut world = World::with(settings, 2).always(Outcome::NotInvoked);
    world.run(600_000);
    assert_eq!(discarded(&world), [(vec![1, 2], AGED, 0)]);
    let json = world.discarded()[0].s3_json();
    assert!(!json.contains("responseContext"), "{json}");
}

/// "The maximum age of a record that Lambda sends to your function."
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html>
#[test]
fn records_that_are_too_old_are_discarded_and_never_sent() {
    let mut settings = settings();
    settings.maximum_record_age_seconds = 60;
    let mut world = World::new(settings);
    let arrivals = [(1, -90_000), (2, -60_001), (3, -60_000), (4, -100)];
    world.shard(
        "a",
        &[],
        arrivals.map(|(n, time)| record(n, time, 8)).into(),
    );
    world.run(0);
    assert_eq!(discarded(&world), [(vec![1, 2], AGED, 0)]);
    assert_eq!(world.batches(), [[3, 4]]);
}

/// "Lambda retries until the records expire, exceed the maximum age, or reach the
/// configured retry quota."
/// <https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html>
#[test]
fn retries_end_with_the_records_age() {
    let mut settings = settings();
    settings.maximum_record_age_seconds = 60;
    let mut world = World::new(settings).always(Outcome::FunctionError);
    world.shard("a", &[], vec![record(1, 0, 8), record(2, 0, 8)]);
    world.run(3_600_000);
    let last = world.invocations().last().expect("some").0;
    assert!((20_000..=60_000).contains(&last), "{last}");
    let [(numbers, condition, _)] = &discarded(&world)[..] else {
        panic!("one batch");
    };
    assert_eq!((&numbers[..], *condition), (&[1, 2][..], AGED));
}

/// An invocation that nothing is heard of has run out of time, and a late answer
/// changes nothing.
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html>
#[test]
fn an_invocation_without_an_answer_fails_at_the_functions_timeout() {
    let mut settings = limited(1);
    settings.function_timeout_seconds = 10;
    let mut world = World::with(settings, 1);
    let mut late = [11, 25].into_iter();
    world.function = Box::new(move |_| (TimeDelta::seconds(late.next().unwrap_or(0)), Some(ok())));
    world.run(60_000);
    let [(0, _), (second, _)] = world.invocations()[..] else {
        panic!("two invocations");
    };
    assert!((10_500..=11_000).contains(&second), "{second}");
    assert_eq!(discarded(&world), [(vec![1], EXHAUSTED, 2)]);
}

/// AWS backs off and does not publish how; see `failure::pause`.
/// <https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html>
#[test]
fn pauses_between_retries_grow_up_to_a_minute_and_vary() {
    let mut world = World::with(settings(), 1).always(Outcome::FunctionError);
    world.run(600_000);
    let times: Vec<i64> = world.invocations().iter().map(|(time, _)| *time).collect();
    let pauses: Vec<i64> = times.windows(2).map(|w| w[1] - w[0]).collect();
    for (pause, longest) in pauses.iter().zip([1000, 2000, 4000, 8000, 16_000, 32_000]) {
        assert!((longest / 2..=longest).contains(pause), "{pauses:?}");
    }
    for pause in &pauses[6..] {
        assert!((30_000..=60_000).contains(pause), "{pauses:?}");
    }
    let different: std::collections::BTreeSet<_> = pauses[6..].iter().collect();
    assert!(different.len() > 3, "{pauses:?}");
}

/// A success ends a run of failures: the next one begins with a short pause.
/// <https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html>
#[test]
fn pauses_begin_anew_after_a_success() {
    let mut settings = settings();
    settings.batch_size = 1;
    let mut answers = vec![Outcome::FunctionError; 5];
    answers.extend([ok(), Outcome::FunctionError]);
    let mut world = World::with(settings, 2).answers(answers);
    world.run(120_000);
    let [.., (failed, _), (again, _)] = world.invocations()[..] else {
        panic!("eight invocations");
    };
    assert_eq!(world.batches()[5..], [[1], [2], [2]]);
    assert!(again - failed <= 1000, "{failed} {again}");
}

/// "Lambda discards the records and continues processing batches from the stream."
/// <https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html>
#[test]
fn a_discarded_batch_is_checkpointed_after_it_was_sent_to_the_destination() {
    let mut world = World::with(limited(0), 2).always(Outcome::FunctionError);
    world.run(0);
    let mut events = world.log.iter().map(|(_, event)| event);
    let sent = events.position(|event| matches!(event, Event::Discarded(_)));
    assert!(sent.is_some(), "it was discarded");
    let saved: Vec<_> = events
        .filter_map(|event| match event {
            Event::Saved(all) => all.shards.get(&"a".into()).cloned(),
            _ => None,
        })
        .collect();
    assert_eq!(saved, [Progress::After(number(2))]);
    let before = world
        .log
        .iter()
        .take_while(|(_, e)| !matches!(e, Event::Discarded(_)));
    for (_, event) in before {
        assert!(!matches!(event, Event::Saved(all) if !all.shards.is_empty()));
    }
}

/// "For Amazon S3 destinations, Lambda also sends the entire invocation record along
/// with the metadata."
/// <https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html>
#[test]
fn the_destination_gets_the_whole_invocation_record() {
    let mut world = World::new(limited(0)).always(Outcome::FunctionError);
    world.shard(
        "shardId-1",
        &[],
        vec![record(1, -1500, 8), record(2, -70, 8)],
    );
    world.run(0);
    let discarded = &world.discarded()[0];
    let key = discarded.s3_key("a1b2");
    let (place, id) = key.split_at(key.len() - discarded.request_id.len());
    let day = at(0).format("%Y/%m/%d/%Y-%m-%dT%H.%M.%S");
    assert_eq!(place, format!("aws/lambda/a1b2/shardId-1/{day}-"));
    assert_eq!(id, discarded.request_id);
    let text = discarded.s3_json();
    let mut json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let id = json["requestContext"]["requestId"].take();
    let id = id
        .as_str()
        .expect("an id")
        .replace(|c: char| c.is_ascii_hexdigit(), "x");
    assert_eq!(id, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
    let time = |millis| at(millis).to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    let (_, Event::Invoked(invocation)) = &world.log[world.log.len() - 4] else {
        panic!("invoked, answered, discarded, saved");
    };
    let expected = serde_json::json!({
        "requestContext": {
            "requestId": null,
            "functionArn": "arn:aws:lambda:us-east-1:123456789012:function:orders",
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": 1,
        },
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": "Unhandled",
        },
        "version": "1.0",
        "timestamp": time(0),
        "KinesisBatchInfo": {
            "shardId": "shardId-1",
            "startSequenceNumber": number(1),
            "endSequenceNumber": number(2),
            "approximateArrivalOfFirstRecord": time(-1500),
            "approximateArrivalOfLastRecord": time(-70),
            "batchSize": 2,
            "streamArn": "arn:aws:kinesis:us-east-1:123456789012:stream/orders",
        },
        "payload": invocation.event,
    });
    assert_eq!(json, expected);
    assert_eq!(json["timestamp"], "2023-11-14T22:13:20.000Z");
}
