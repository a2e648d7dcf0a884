//! Where shards begin, how often they are read, and which wait for which.

use chrono::TimeDelta;
use mapping::{Checkpoints, Mapping, Page, Position, Progress, Start};

use crate::driver::{Event, World, at, number, ok, record, settings};

/// <https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html>
#[test]
fn trim_horizon_delivers_all_records_of_the_stream() {
    let mut world = World::with(settings(), 2);
    world.run(0);
    assert_eq!(world.batches(), [[1, 2]]);
}

/// "Latest – Process new records that are added to the stream."
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html>
#[test]
fn latest_delivers_what_arrives_after_the_start() {
    let mut settings = settings();
    settings.start = Start::Latest;
    let mut world = World::new(settings);
    let arrivals = [(1, -1), (2, 300), (3, 90_000)];
    world.shard(
        "a",
        &[],
        arrivals.map(|(n, time)| record(n, time, 8)).into(),
    );
    // The parent of what began before the start is passed over; what begins later is
    // read from its own beginning.
    world.shard("old", &[], vec![record(11, -5000, 8)]);
    world
        .stream
        .get_mut(&"old".into())
        .expect("it is there")
        .closed_at = Some(at(-4000));
    world.shard("young", &["old"], vec![record(21, 30_001, 8)]);
    world
        .stream
        .get_mut(&"young".into())
        .expect("it is there")
        .created_at = at(30_000);
    world.run(120_000);
    assert_eq!(world.batches(), [[2], [21], [3]]);
}

/// "At timestamp – Process records starting from a specific time."
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html>
#[test]
fn at_timestamp_delivers_what_arrived_from_then_on() {
    let mut settings = settings();
    settings.start = Start::AtTimestamp(at(-500));
    let mut world = World::new(settings);
    let arrivals = [(1, -501), (2, -500), (3, 0)];
    world.shard(
        "a",
        &[],
        arrivals.map(|(n, time)| record(n, time, 8)).into(),
    );
    world.run(0);
    assert_eq!(world.batches(), [[2, 3]]);
}

/// "Lambda polls each shard in your Kinesis stream for records at a base rate of once
/// per second." <https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html>
#[test]
fn a_shard_without_news_is_polled_once_per_second() {
    let mut world = World::with(settings(), 0);
    world.run(10_500);
    let reads = world.log.iter().filter(|(_, e)| matches!(e, Event::Read));
    let times: Vec<i64> = reads
        .map(|(time, _)| (*time - at(0)).num_milliseconds())
        .collect();
    assert_eq!(times, (0..=10).map(|n| n * 1000).collect::<Vec<_>>());
}

/// "When more records are available, Lambda keeps processing batches until the
/// function catches up with the stream."
/// <https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html>
#[test]
fn a_shard_that_lags_is_read_on_at_once() {
    let mut settings = settings();
    settings.batch_size = 1;
    let mut world = World::with(settings, 3);
    world.function = Box::new(|_| (TimeDelta::milliseconds(10), Some(ok())));
    world.run(500);
    assert_eq!(
        world.invocations(),
        [(0, vec![1]), (10, vec![2]), (20, vec![3])]
    );
}

fn family(settings: mapping::Settings) -> World {
    let mut world = World::new(settings);
    // `a` and `b` are merged to `c`, which is split into `d` and `e`.
    world.shard("e", &["c"], vec![record(41, 50, 8)]);
    world.shard("d", &["c"], vec![record(31, 50, 8)]);
    world.shard("c", &["a", "b"], vec![record(21, 40, 8)]);
    world.shard("b", &[], vec![record(11, 0, 8), record(12, 10_000, 8)]);
    world.shard("a", &[], vec![record(1, 0, 8)]);
    for (id, closed) in [("a", 5000), ("b", 20_000), ("c", 60)] {
        let shard = world.stream.get_mut(&id.into()).expect("it is there");
        shard.closed_at = Some(at(closed));
    }
    world
}

/// Whoever reads children before all of their parents' data loses the order.
/// <https://docs.aws.amazon.com/streams/latest/dev/kinesis-using-sdk-java-after-resharding.html>
#[test]
fn parents_are_read_to_their_end_before_their_children() {
    let mut world = family(settings());
    world.run(60_000);
    assert_eq!(world.batches(), [[1], [11], [12], [21], [31], [41]]);
    assert!(world.invocations()[3].0 >= 20_000);
}

/// A parent's end is behind its last batch, retries included.
/// <https://docs.aws.amazon.com/streams/latest/dev/kinesis-using-sdk-java-after-resharding.html>
#[test]
fn a_failing_parent_holds_its_children_back() {
    let mut world = family(settings());
    world.function = Box::new(|batch| {
        let parent = batch.shard.as_str() == "b";
        let outcome = if parent {
            mapping::Outcome::FunctionError
        } else {
            ok()
        };
        (TimeDelta::zero(), Some(outcome))
    });
    world.run(600_000);
    assert!(world.batches().iter().all(|batch| batch[0] < 21));
}

/// Records live for the stream's retention, and their shards with them.
/// <https://docs.aws.amazon.com/streams/latest/dev/kinesis-using-sdk-java-after-resharding.html>
#[test]
fn a_parent_past_retention_holds_nobody_back() {
    let mut world = World::new(settings());
    world.shard("c", &["a", "b"], vec![record(21, 0, 8)]);
    world.run(0);
    assert_eq!(world.batches(), [[21]]);
}

/// A list without a shard does not end it: its read does, behind what was read before.
/// <https://docs.aws.amazon.com/streams/latest/dev/kinesis-using-sdk-java-after-resharding.html>
#[test]
fn a_shard_that_vanishes_holds_its_children_back_until_it_is_dealt_with() {
    let mut world = World::with(settings(), 1);
    world.shard("c", &["a"], vec![record(21, 0, 8)]);
    let mut settings = settings();
    settings.function_timeout_seconds = 30;
    world.mapping = World::new(settings).mapping;
    world.function = Box::new(|_| (TimeDelta::seconds(25), Some(ok())));
    world.run(0);
    world.stream.remove(&"a".into());
    world.run(60_000);
    assert_eq!(world.invocations(), [(0, vec![1]), (25_000, vec![21])]);
}

/// A shard that is done with is forgotten when it leaves the list.
#[test]
fn checkpoints_do_not_grow_with_every_split() {
    let mut world = family(settings());
    world.run(60_000);
    assert_eq!(world.saved().shards.len(), 5);
    assert_eq!(world.saved().shards[&"c".into()], Progress::Ended);
    for gone in ["a", "b", "c"] {
        world.stream.remove(&gone.into());
    }
    world.run(60_000);
    let left: Vec<_> = world.saved().shards.into_keys().collect();
    assert_eq!(left, ["d".into(), "e".into()]);
}

/// "Lambda keeps track of the last record processed and resumes processing from that
/// point." <https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html>
#[test]
fn a_restart_goes_on_behind_the_checkpoint() {
    let mut settings = settings();
    settings.start = Start::Latest;
    settings.batch_size = 1;
    let mut first = family(settings.clone());
    first.run(30_000);
    let seen = first.batches();
    let kept = serde_json::to_string(&first.saved()).expect("JSON");
    let kept: Checkpoints = serde_json::from_str(&kept).expect("checkpoints");
    assert_eq!(kept, first.saved());

    let mut second = family(settings);
    second.mapping = World::resumed(crate::driver::settings(), kept).mapping;
    second
        .stream
        .get_mut(&"d".into())
        .expect("it is there")
        .records
        .push(record(32, 40_000, 8));
    second.now = at(30_000);
    second.run(60_000);
    assert_eq!(seen, [[1], [11], [12], [21], [31], [41]]);
    assert_eq!(second.batches(), [[32]]);
}

/// What arrived between two lives of a mapping that began with the latest records is
/// not skipped. <https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html>
#[test]
fn a_restart_does_not_begin_with_the_latest_again() {
    let mut settings = settings();
    settings.start = Start::Latest;
    let mut first = World::new(settings.clone());
    first.shard("a", &[], vec![]);
    first.shard("b", &[], vec![record(11, 100, 8)]);
    first.run(5000);
    assert_eq!(first.batches(), [[11]]);
    let mut second = World::resumed(settings, first.saved());
    let arrivals = [(1, -1), (2, 30_000)];
    let records = arrivals.map(|(n, time)| record(n, time, 8));
    second.shard("a", &[], records.into());
    second.now = at(60_000);
    second.run(0);
    assert_eq!(second.batches(), [[2]]);
}

/// At least once: an iterator may begin too early, and a shard be read twice over.
/// <https://docs.aws.amazon.com/streams/latest/dev/kinesis-record-processor-duplicates.html>
#[test]
fn records_that_were_read_before_are_passed_over() {
    let mut mapping = Mapping::new(settings(), Checkpoints::default()).expect("valid");
    let info = mapping::ShardInfo {
        id: "a".into(),
        parents: vec![],
    };
    mapping.shards(&[info], at(0));
    let mut reads = Vec::new();
    for records in [vec![1, 2], vec![1, 2, 3], vec![]] {
        for action in mapping.next(at(0), &mut || 0.5) {
            match action {
                mapping::Action::Read { shard, from, .. } => {
                    reads.push(from);
                    let records = records.iter().map(|n| record(*n, 0, 8)).collect();
                    let page = Page {
                        records,
                        behind: true,
                        ended: false,
                    };
                    mapping.records(&shard, page, at(0));
                }
                mapping::Action::Invoke(batch) => mapping.answered(batch.id, &ok()),
                _ => {}
            }
        }
        for action in mapping.next(at(0), &mut || 0.5) {
            if let mapping::Action::Invoke(batch) = action {
                assert!(batch.records.iter().all(|r| r.sequence_number <= number(3)));
                assert!([2, 1].contains(&batch.records.len()));
                mapping.answered(batch.id, &ok());
            }
        }
    }
    let expected = [
        Position::TrimHorizon,
        Position::After(number(2)),
        Position::After(number(3)),
    ];
    assert_eq!(reads, expected);
}
