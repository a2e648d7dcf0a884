//! Lines of logs decoded per second on one core, by format; records of CloudWatch Logs
//! unpacked.
#![allow(missing_docs, reason = "Criterion's macros")]

use std::hint::black_box;
use std::io::Write as _;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use flate2::Compression;
use flate2::write::GzEncoder;
use model::{Content, Envelope, Log, LogDecoder, Request, unpack};

const LINES: usize = 10_000;

const AGENT: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
    Chrome/126.0.0.0 Safari/537.36";

const DESCRIBED: &str = r#"
format = "json"
[request]
time = "/time"
client = "/client"
request = "/request"
status = "/status"
bytes = "/bytes"
duration = { at = "/duration", unit = "s" }
user_agent = "/agent"
"#;

fn request(n: usize) -> Request<'static> {
    Request {
        time: 1_710_230_400_000 + n as i64 * 37,
        client: format!("192.0.{}.{}", n % 7, n % 251).into(),
        host: Some("www.shop.example".into()),
        method: "GET".into(),
        path: format!("/products/{}A", 85_123 + n % 900).into(),
        query: n.is_multiple_of(3).then(|| "ref=mail".into()),
        status: Some(if n.is_multiple_of(20) { 404 } else { 200 }),
        bytes: 1_000 + n as u64,
        duration: Some(1_250 + n as u64),
        referer: Some("https://www.shop.example/search?q=tea".into()),
        user_agent: Some(AGENT.into()),
        edge: Some("FRA56-P1".into()),
        cache: Some("Hit".into()),
    }
}

fn flow(n: usize) -> String {
    format!(
        "2 123456789010 eni-1235b8ca123456789 172.31.16.{} 172.31.9.{} 49761 443 6 20 4249 {} {} ACCEPT OK\n",
        n % 250,
        n % 13,
        1_418_530_010 + n,
        1_418_530_070 + n
    )
}

fn described(n: usize) -> String {
    format!(
        "{{\"time\":\"2024-03-12T09:00:{:02}Z\",\"client\":\"192.0.2.{}\",\"request\":\"GET /products/{}A HTTP/1.1\",\
         \"status\":200,\"bytes\":{},\"duration\":0.012,\"agent\":\"{AGENT}\"}}\n",
        n % 60,
        n % 250,
        85_123 + n % 900,
        1_000 + n
    )
}

/// Each format with a log of so many lines.
fn logs() -> Vec<(String, Log, Vec<u8>)> {
    let requests: Vec<_> = (0..LINES).map(request).collect();
    let names = [
        "cloudfront",
        "cloudfront-real-time",
        "cloudfront-json",
        "w3c",
        "alb",
        "combined",
        "akamai",
    ];
    let mut logs: Vec<_> = names
        .into_iter()
        .map(|name| {
            let log = Log::named(name).expect("a log's name");
            let text = log.write(&requests).expect("a log of requests");
            (name.to_owned(), log, text)
        })
        .collect();
    let flows: String = (0..LINES).map(flow).collect();
    let log = Log::named("vpc-flow").expect("a log's name");
    logs.push(("vpc-flow".to_owned(), log, flows.into_bytes()));
    let objects: String = (0..LINES).map(described).collect();
    let log = Log::described(DESCRIBED).expect("a description");
    logs.push(("described".to_owned(), log, objects.into_bytes()));
    logs
}

fn decode(c: &mut Criterion) {
    let mut group = c.benchmark_group("requests");
    group.throughput(Throughput::Elements(LINES as u64));
    for (name, log, text) in logs() {
        let decoded = || {
            let (mut good, mut bytes) = (0, 0);
            LogDecoder::new(&log).decode(black_box(&text), |entry| {
                if let Ok(content) = black_box(&entry.content) {
                    good += 1;
                    bytes += match content {
                        Content::Request(request) => request.bytes,
                        Content::Flow(flow) => flow.bytes,
                    };
                }
            });
            (good, bytes)
        };
        assert_eq!(decoded().0, LINES, "{name}");
        group.bench_function(name, |b| b.iter(decoded));
    }
    group.finish();
}

fn envelope(c: &mut Criterion) {
    let events: Vec<String> = (0..LINES)
        .map(|n| {
            let message = flow(n);
            format!(
                "{{\"id\":\"{n:056}\",\"timestamp\":{},\"message\":\"{}\"}}",
                1_418_530_010_000 + n,
                message.trim()
            )
        })
        .collect();
    let json = format!(
        "{{\"messageType\":\"DATA_MESSAGE\",\"owner\":\"123456789012\",\"logGroup\":\"flows\",\"logStream\":\"eni-1\",\
         \"subscriptionFilters\":[\"all\"],\"logEvents\":[{}]}}",
        events.join(",")
    );
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(json.as_bytes()).expect("in memory");
    let record = encoder.finish().expect("in memory");
    let mut group = c.benchmark_group("envelope");
    group.throughput(Throughput::Bytes(json.len() as u64));
    group.bench_function("unpack", |b| {
        b.iter(|| unpack(black_box(&record), 1 << 24).map(|json| json.len()));
    });
    group.bench_function("parse", |b| {
        b.iter(|| {
            Envelope::parse(black_box(json.as_bytes())).map(|envelope| envelope.events.len())
        });
    });
    group.finish();
}

criterion_group!(benches, decode, envelope);
criterion_main!(benches);
