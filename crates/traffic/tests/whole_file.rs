//! Ten thousand real requests as one object, as 500 objects in random order delivered three
//! times, and as records of a stream: the sums are those of a recount by other means.

#[allow(dead_code, reason = "some of it is other tests'")]
mod world;

use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

use model::Log;
use traffic::{Counts, Metric, Rules, Scope};
use world::{Clock, World, deliver, messages, records, world};

/// What the requests come to: those of the file's own description, or a recount.
#[derive(Debug, PartialEq, Eq, Default)]
struct Totals {
    requests: u64,
    classes: [u64; 4],
    not_found: u64,
    bytes: u64,
    refused: u64,
}

/// The requests of `access-combined.log`, as its description has them.
const WHOLE: Totals = Totals {
    requests: 9_999,
    classes: [9_125 + 45, 445 + 164, 213 + 2 + 2, 3],
    not_found: 213,
    bytes: 2_747_282_505,
    refused: 1,
};

/// The real requests if they lie beside the workspace, else made up ones; says which.
fn log() -> (String, Totals) {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let path = workspace.join("../shared/data/access-combined.log.zst");
    let packed = match std::fs::read(&path) {
        Ok(packed) => packed,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // Past the test harness, which shows a passed test's output to nobody.
            let notice = "access-combined.log.zst is absent: tested with requests that are made up";
            writeln!(io::stderr(), "{notice}").expect("an open standard error");
            return made_up();
        }
        Err(error) => panic!("{}: {error}", path.display()),
    };
    let text = zstd::decode_all(packed.as_slice()).expect("a zstd file");
    (String::from_utf8(text).expect("UTF-8"), WHOLE)
}

fn made_up() -> (String, Totals) {
    let mut totals = Totals::default();
    let mut text = String::new();
    for n in 0..3_000_u64 {
        let minute = n * 7 % 60;
        let status = [200, 301, 404, 500][n as usize % 4];
        let agent = if n % 10 == 0 {
            "Googlebot/2.1"
        } else {
            "Mozilla/5.0 (X11)"
        };
        text += &format!(
            "192.0.2.{} - - [20/May/2015:10:{minute:02}:00 +0000] \"GET /a/{} HTTP/1.1\" {status} {n} \"-\" \"{agent}\"\n",
            n % 200,
            n % 50
        );
        totals.requests += 1;
        totals.classes[n as usize % 4] += 1;
        totals.not_found += u64::from(status == 404);
        totals.bytes += n;
    }
    text += "192.0.2.1 - - [20/May/2015:10:00:00 +0000] \"GET / HTTP/1.1\" 200 1 \"-\" \"cut off\n";
    totals.refused = 1;
    (text, totals)
}

/// What was published, over all minutes.
fn totals(world: &World, counts: &Counts) -> Totals {
    let sums = world.sums();
    let sum = |is: &dyn Fn(&Scope) -> bool, metric| -> u64 {
        let all = sums
            .iter()
            .filter(|((_, scope, m), _)| is(scope) && *m == metric);
        all.map(|(_, sum)| sum).sum()
    };
    let parts = |metric| sum(&|scope| *scope != Scope::Site, metric);
    let people = |metric| sum(&|scope| matches!(scope, Scope::Page { .. }), metric);
    let site = |metric| sum(&|scope| *scope == Scope::Site, metric);
    for metric in [Metric::Requests, Metric::Response4xx, Metric::Bytes] {
        assert_eq!(site(metric), people(metric));
    }
    let requests = parts(Metric::Requests);
    assert_eq!(site(Metric::Requests) + site(Metric::BotRequests), requests);
    let classes = [
        Metric::Response2xx,
        Metric::Response3xx,
        Metric::Response4xx,
        Metric::Response5xx,
    ];
    Totals {
        requests,
        classes: classes.map(parts),
        not_found: parts(Metric::Response404),
        bytes: parts(Metric::Bytes),
        refused: counts.lines_rejected,
    }
}

/// A day after the last of the requests.
async fn a_day_later() -> Clock {
    let clock = Clock::start();
    tokio::time::sleep(Duration::from_secs(24 * 3_600)).await;
    clock
}

fn rules() -> Rules {
    Rules::default()
}

#[tokio::test(start_paused = true)]
async fn as_one_object() {
    let (text, expected) = log();
    let world = world();
    world.put("a.log", text);
    let counts = deliver(
        &world,
        &rules(),
        &messages(&world, &["a.log"]),
        a_day_later().await,
    )
    .await;
    assert_eq!(totals(&world, &counts), expected);
    assert_eq!(world.rejected.lock().expect("queue").len(), 1);
    let bots: u64 = world
        .sums()
        .iter()
        .filter(|((_, _, metric), _)| *metric == Metric::BotRequests)
        .map(|(_, sum)| sum)
        .sum();
    // A real site of 2015: about a sixth are bots. None, or nearly all, would be a fault.
    assert!(
        (expected.requests / 20..expected.requests / 2).contains(&bots),
        "{bots}"
    );
}

#[tokio::test(start_paused = true)]
async fn as_500_objects_in_random_order_delivered_three_times() {
    let (text, expected) = log();
    let world = world();
    let clock = a_day_later().await;
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut keys = Vec::new();
    for (n, lines) in lines.chunks(lines.len().div_ceil(500)).enumerate() {
        let key = format!("logs/{n:03}.log");
        world.put(&key, lines.concat());
        keys.extend([key.clone(), key.clone(), key]);
    }
    fastrand::Rng::with_seed(1).shuffle(&mut keys);
    let mut counts = Counts::default();
    for keys in keys.chunks(10) {
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let one = deliver(&world, &rules(), &messages(&world, &keys), clock).await;
        counts.lines_rejected += one.lines_rejected;
    }
    assert_eq!(totals(&world, &counts), expected);
}

#[tokio::test(start_paused = true)]
async fn as_records_of_a_stream() {
    let (text, expected) = log();
    let world = world();
    let clock = a_day_later().await;
    let rules = Rules {
        log: Some(Log::Combined),
        ..rules()
    };
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut counts = Counts::default();
    for from in (0..lines.len()).step_by(400) {
        // Each batch comes with a part of the one before it, as after a lost checkpoint.
        let batch = &lines[from.saturating_sub(30)..lines.len().min(from + 400)];
        let event = records(1 + from.saturating_sub(30), batch);
        let one = deliver(&world, &rules, &event, clock).await;
        counts.lines_rejected += one.lines_rejected;
    }
    assert_eq!(totals(&world, &counts), expected);
}
