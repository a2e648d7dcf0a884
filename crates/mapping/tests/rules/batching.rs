//! When a batch closes.

use chrono::TimeDelta;
use mapping::{Action, Page};

use crate::driver::{World, at, ok, record, settings};

/// What an event may take.
const SIX_MB: usize = 6 * 1024 * 1024;

/// <https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html>
#[test]
fn a_batch_holds_at_most_batch_size_records() {
    let mut settings = settings();
    settings.batch_size = 3;
    let mut world = World::with(settings, 7);
    world.run(0);
    assert_eq!(world.batches(), [vec![1, 2, 3], vec![4, 5, 6], vec![7]]);
}

/// Also where a read gives more than it was asked for.
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html>
#[test]
fn a_page_that_is_too_long_makes_several_batches() {
    let mut settings = settings();
    settings.batch_size = 2;
    let mut world = World::with(settings, 0);
    world.run(0);
    let mut sizes = Vec::new();
    for now in [1000, 1001, 1002] {
        for action in world.mapping.next(at(now), &mut || 0.5) {
            match action {
                Action::Read { shard, .. } if now == 1000 => {
                    let records = (1..=3).map(|n| record(n, 0, 8)).collect();
                    let page = Page {
                        records,
                        ..Page::default()
                    };
                    world.mapping.records(&shard, page, at(now));
                }
                Action::Invoke(batch) => {
                    sizes.push(batch.records.len());
                    world.mapping.answered(batch.id, &ok());
                }
                _ => {}
            }
        }
    }
    assert_eq!(sizes, [2, 1]);
}

/// "By default, Lambda invokes your function as soon as records are available."
/// <https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html>
#[test]
fn without_a_window_what_is_there_is_delivered_at_once() {
    let mut world = World::with(settings(), 2);
    world.run(0);
    assert_eq!(world.invocations(), [(0, vec![1, 2])]);
}

/// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html#invocation-eventsourcemapping-batching>
#[test]
fn the_batching_window_gathers_until_it_ends() {
    let mut settings = settings();
    settings.batching_window_seconds = 5;
    let mut world = World::new(settings);
    let arrivals = [(1, 0), (2, 1500), (3, 4900), (4, 5500)];
    world.shard(
        "a",
        &[],
        arrivals.map(|(n, time)| record(n, time, 8)).into(),
    );
    world.run(20_000);
    // The poll at 5 s would see the third, but the window has ended by then.
    assert_eq!(
        world.invocations(),
        [(5000, vec![1, 2]), (10_000, vec![3, 4])]
    );
}

/// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html#invocation-eventsourcemapping-batching>
#[test]
fn a_full_batch_does_not_wait_for_the_window() {
    let mut settings = settings();
    settings.batching_window_seconds = 300;
    settings.batch_size = 2;
    let mut world = World::new(settings);
    let arrivals = [(1, 0), (2, 1500), (3, 1600)];
    world.shard(
        "a",
        &[],
        arrivals.map(|(n, time)| record(n, time, 8)).into(),
    );
    world.run(10_000);
    assert_eq!(world.invocations(), [(2000, vec![1, 2])]);
}

/// "[…] the batch reaches the payload limit of 6 MB."
/// <https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html>
#[test]
fn a_batch_closes_before_its_event_exceeds_6_mb() {
    let mut settings = settings();
    settings.batching_window_seconds = 300;
    let mut world = World::new(settings);
    let megabyte = |n| record(n, -1000, 1024 * 1024);
    world.shard("a", &[], (1..=9).map(megabyte).collect());
    world.run(0);
    // A megabyte is 4/3 of it in base64; the last one still waits for others.
    assert_eq!(world.batches(), [vec![1, 2, 3, 4], vec![5, 6, 7, 8]]);
}

/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
#[test]
fn an_event_fills_6_mb_to_the_last_bytes() {
    let source = crate::driver::source();
    let event = |records: &[_]| mapping::event_json(&source, &"a".into(), records).len();
    let empty = event(&[record(1, -1000, 0), record(2, -1000, 0)]);
    let most = (SIX_MB - empty) / 4 * 3;
    for (second, batches) in [(0, vec![vec![1, 2]]), (1, vec![vec![1], vec![2]])] {
        let records = vec![record(1, -1000, most), record(2, -1000, second)];
        assert_eq!(event(&records) <= SIX_MB, second == 0);
        let mut world = World::new(settings());
        world.shard("a", &[], records);
        world.run(0);
        assert_eq!(world.batches(), batches);
    }
}

/// Lambda sends records that exceed its payload limit to the on-failure destination.
/// <https://docs.aws.amazon.com/streams/latest/dev/large-records.html>
#[test]
fn a_record_that_no_event_can_hold_goes_to_the_destination() {
    let mut world = World::new(settings());
    let sizes = [(1, 8), (2, 5 * 1024 * 1024), (3, 8)];
    world.shard(
        "a",
        &[],
        sizes.map(|(n, size)| record(n, -1000, size)).into(),
    );
    world.run(0);
    assert_eq!(world.batches(), [[1], [3]]);
    let [discarded] = world.discarded()[..] else {
        panic!("one is discarded");
    };
    assert_eq!(discarded.condition, mapping::Condition::PayloadTooLarge);
    assert_eq!((discarded.records.len(), discarded.invoked), (1, 0));
}

/// "It processes one batch of records at a time from each shard."
/// <https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html>
#[test]
fn one_batch_of_a_shard_is_in_flight_at_a_time() {
    let mut settings = settings();
    settings.batch_size = 1;
    let mut world = World::with(settings, 2);
    world.shard("b", &[], vec![record(11, -1000, 8)]);
    world.function = Box::new(|_| (TimeDelta::milliseconds(700), Some(ok())));
    world.run(2000);
    // Shards do not wait for each other.
    let expected = [(0, vec![1]), (0, vec![11]), (700, vec![2])];
    assert_eq!(world.invocations(), expected);
}
