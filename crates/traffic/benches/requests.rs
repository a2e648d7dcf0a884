//! Lines a second on one core, from an object's bytes to sums: decoded, matched against 100
//! patterns, bots told from people, counted. And the memory that an object of a gigabyte
//! takes, and the calls that one of a usual size does. The log is made up: paths and user agents come again as those of a shop do.
#![allow(missing_docs, reason = "Criterion's macros")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use bytes::Bytes;
use chrono::DateTime;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use function::Deadline;
use function::delivery::{CallError, Outcome, Target};
use function::rejects;
use function::table::{Expected, Item, Keys, Table};
use model::{Content, Log, LogDecoder};
use peak_alloc::PeakAlloc;
use serde_json::json;
use traffic::{
    BadPattern, Bots, Chunks, Classifier, Counts, Event, Handler, Hosts, Metrics, ObjectId,
    Objects, OpenError, Part, Pattern, PatternTable, Patterns, Ports, PublishError, Rules, Tally,
};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const START: i64 = 1_432_123_200;
const LINES: usize = 100_000;

const AGENTS: [&str; 6] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "curl/8.5.0",
];

fn patterns() -> Vec<Pattern> {
    let pattern = |n: usize| Pattern {
        id: format!("p{n:03}"),
        regex: format!("^/section-{n}/[a-z]+/"),
        rank: n as f64,
    };
    (0..100).map(pattern).collect()
}

/// A request's path, user agent, status and milliseconds: a few pages are asked for often,
/// many seldom.
fn request(random: &mut fastrand::Rng) -> (String, &'static str, u16, u32) {
    let page = (random.f64().powi(3) * 5_000.0) as usize;
    let path = format!("/section-{}/item/{page}.html", page % 120);
    let agent = AGENTS[(random.f64().powi(2) * 6.0) as usize];
    let status = [200, 200, 200, 304, 404, 500][random.usize(0..6)];
    (path, agent, status, random.u32(1..2_000))
}

fn cloudfront(lines: usize) -> String {
    let mut random = fastrand::Rng::with_seed(1);
    let mut text = "#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem \
         sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header \
         cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type \
         cs-protocol-version fle-status fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type \
         sc-content-type sc-content-len sc-range-start sc-range-end\n"
        .to_owned();
    for n in 0..lines {
        let (path, agent, status, milliseconds) = request(&mut random);
        let at =
            DateTime::from_timestamp(START - 3_600 + (n * 600 / lines) as i64, 0).expect("a time");
        let agent = agent.replace(' ', "%20");
        writeln!(
            text,
            "{}\tFRA56-P4\t{}\t192.0.2.{}\tGET\td111111abcdef8.cloudfront.net\t{path}\t{status}\t-\t{agent}\t-\t-\tHit\t\
             SOX4xwn4XV6Q4rgb7XiVGOHms_BGlTAC4KyHmureZmBNrjGdRLiNIQ==\twww.example.com\thttps\t23\t{}.{:03}\t-\tTLSv1.3\t\
             TLS_AES_128_GCM_SHA256\tHit\tHTTP/2.0\t-\t-\t11040\t0.001\tHit\ttext/html\t78\t-\t-",
            at.format("%Y-%m-%d\t%H:%M:%S"),
            n % 5_000,
            n % 250,
            milliseconds / 1_000,
            milliseconds % 1_000,
        )
        .expect("a text");
    }
    text
}

fn combined(lines: usize) -> String {
    let mut random = fastrand::Rng::with_seed(1);
    let mut text = String::new();
    for n in 0..lines {
        let (path, agent, status, _) = request(&mut random);
        let at =
            DateTime::from_timestamp(START - 3_600 + (n * 600 / lines) as i64, 0).expect("a time");
        writeln!(
            text,
            "192.0.2.{} - - [{}] \"GET {path} HTTP/1.1\" {status} {} \"https://www.example.com/\" \"{agent}\"",
            n % 250,
            at.format("%d/%b/%Y:%H:%M:%S +0000"),
            n % 5_000,
        )
        .expect("a text");
    }
    text
}

fn classifier() -> Classifier {
    let (patterns, bad) = Patterns::new(patterns(), 100);
    assert!(bad.is_empty());
    let hosts = Hosts::parse("www.example.com").expect("hosts");
    Classifier::new(hosts, Ports::default(), Bots::default(), patterns)
}

fn lines(c: &mut Criterion) {
    let mut group = c.benchmark_group("lines");
    group
        .sample_size(20)
        .throughput(Throughput::Elements(LINES as u64));
    for (name, text) in [
        ("cloudfront", cloudfront(LINES)),
        ("combined", combined(LINES)),
    ] {
        let log = Log::named(name).expect("a log");
        let mut classifier = classifier();
        group.bench_function(format!("{name} decoded alone"), |b| {
            b.iter(|| {
                let mut decoder = LogDecoder::new(&log);
                let mut good = 0;
                decoder.decode(text.as_bytes(), |entry| {
                    good += usize::from(entry.content.is_ok())
                });
                assert_eq!(good, LINES);
            });
        });
        group.bench_function(format!("{name} decoded, matched and counted"), |b| {
            b.iter(|| {
                let mut decoder = LogDecoder::new(&log);
                let mut tally = Tally::default();
                decoder.decode(text.as_bytes(), |entry| {
                    if let Ok(Content::Request(request)) = entry.content {
                        let minute = (request.time / 60_000) as u32;
                        tally.request(&mut classifier, minute, &request);
                    }
                });
                black_box(&tally);
            });
        });
    }
    group.finish();
}

/// An object of any size, which is not all there at once; a table, a sink and a queue.
struct Large {
    block: Bytes,
    blocks: usize,
    items: Mutex<BTreeMap<(String, String), Item>>,
    calls: Mutex<Calls>,
}

/// What is paid for.
#[derive(Debug, Default)]
struct Calls {
    reads: u64,
    /// In units of 1 KB.
    writes: u64,
    puts: u64,
    data: u64,
}

impl Calls {
    fn text(&self) -> String {
        let Self {
            reads,
            writes,
            puts,
            data,
        } = self;
        format!("{reads} reads and {writes} KB of writes; {data} metric data in {puts} calls")
    }
}

struct LargeBody {
    block: Bytes,
    left: usize,
}

impl Objects for &Large {
    type Body = LargeBody;

    async fn open(&self, _: &ObjectId) -> Result<LargeBody, OpenError> {
        let (block, left) = (self.block.clone(), self.blocks);
        Ok(LargeBody { block, left })
    }
}

impl Chunks for LargeBody {
    async fn next(&mut self) -> Result<Option<Bytes>, CallError> {
        self.left = match self.left.checked_sub(1) {
            None => return Ok(None),
            Some(left) => left,
        };
        Ok(Some(self.block.clone()))
    }
}

impl Table for &Large {
    async fn read(&self, partition: &str, keys: Keys<'_>) -> Result<Vec<Item>, CallError> {
        self.calls.lock().expect("calls").reads += 1;
        let items = self.items.lock().expect("items");
        let first = (partition.to_owned(), keys.first.to_owned());
        let last = (partition.to_owned(), keys.last.to_owned());
        Ok(items
            .range(first..=last)
            .map(|(_, item)| item.clone())
            .collect())
    }

    async fn write(&self, item: &Item, _: Expected<'_>) -> Result<bool, CallError> {
        self.calls.lock().expect("calls").writes += item.body.len().div_ceil(1_024).max(1) as u64;
        let key = (item.partition.clone(), item.key.clone());
        self.items.lock().expect("items").insert(key, item.clone());
        Ok(true)
    }
}

impl Metrics for &Large {
    async fn put(&self, part: &Part) -> Result<(), PublishError> {
        let mut calls = self.calls.lock().expect("calls");
        calls.puts += 1;
        calls.data += part.len() as u64;
        Ok(())
    }
}

impl Target<rejects::Part<'_>> for &Large {
    async fn call(&self, parts: &[&rejects::Part<'_>]) -> Result<Vec<Outcome>, CallError> {
        Ok(vec![Outcome::Done; parts.len()])
    }
}

impl PatternTable for &Large {
    async fn load(&self) -> Result<(Vec<Pattern>, Vec<BadPattern>), CallError> {
        Ok((patterns(), Vec::new()))
    }
}

fn objects(_: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    let message = json!({"Records": [{
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": "b"}, "object": {"key": "k", "eTag": "e"}},
    }]});
    let message = json!({"eventSource": "aws:sqs", "messageId": "m", "body": message.to_string()});
    let event: Event =
        serde_json::from_str(&json!({"Records": [message]}).to_string()).expect("an event");
    for (lines, times, packed) in [(130_000, 19, false), (130_000, 19, true), (10_000, 1, true)] {
        let text = cloudfront(lines).into_bytes();
        let length = text.len();
        let block = if packed { gzip(&text) } else { text };
        let world = Large {
            block: block.into(),
            blocks: times,
            items: Mutex::default(),
            calls: Mutex::default(),
        };
        let rules = Rules {
            max_patterns: 100,
            ..Rules::default()
        };
        ALLOCATOR.reset_peak_usage();
        let before = ALLOCATOR.current_usage();
        let handler = Handler::new(rules, &world, &world, &world, &world, &world);
        let mut counts = Counts::default();
        let now = DateTime::from_timestamp(START, 0).expect("a time");
        let start = Instant::now();
        let deadline = Deadline::after(Duration::from_secs(900));
        let response = runtime.block_on(handler.process(&event, now, deadline, &mut counts));
        assert!(response.batch_item_failures.is_empty());
        let peak = ALLOCATOR.peak_usage() - before;
        println!(
            "object/{:.1} MB{}: {} lines in {:.3} s with {:.1} MB held; {}",
            (world.blocks * length) as f64 / 1_000_000.0,
            if packed { " packed" } else { "" },
            counts.lines_counted,
            start.elapsed().as_secs_f64(),
            peak as f64 / 1_000_000.0,
            world.calls.lock().expect("calls").text(),
        );
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).expect("a vector");
    encoder.finish().expect("a vector")
}

criterion_group!(benches, lines, objects);
criterion_main!(benches);
