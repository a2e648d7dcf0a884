//! The same requests in every format, in blocks cut anywhere, and whole logs against counts
//! that were made by other means.

use std::collections::BTreeMap;
use std::io::{self, Write as _};

use model::{Content, Entry, Log, LogDecoder, Request, block_end};
use proptest::prelude::*;

const SMALL: &str = include_str!("../../testkit/data/access-small.log");

/// Every format that requests can be written in.
const LOGS: [&str; 8] = [
    "cloudfront",
    "cloudfront-json",
    "cloudfront-real-time",
    "cloudfront-real-time:timestamp,c-ip,sc-status,sc-bytes,cs-method,cs-uri-stem,x-host-header,time-taken,\
     cs-user-agent,cs-referer,cs-uri-query,x-edge-location,x-edge-result-type",
    "w3c",
    "alb",
    "combined",
    "akamai",
];

fn named(name: &str) -> Log {
    Log::named(name).expect("a log's name")
}

/// The requests of a log, and how many lines are refused.
fn decoded(log: &Log, text: &[u8]) -> (Vec<Request<'static>>, usize) {
    let (mut requests, mut refused) = (Vec::new(), 0);
    LogDecoder::new(log).decode(text, |entry| match entry.content {
        Ok(Content::Request(request)) => requests.push(request.into_owned()),
        Ok(Content::Flow(flow)) => panic!("a flow: {flow:?}"),
        Err(_) => refused += 1,
    });
    (requests, refused)
}

/// What a format can say of a request.
fn told(log: &Log, request: &Request<'static>) -> Request<'static> {
    let mut told = request.clone();
    match log {
        Log::Combined => {
            (told.host, told.duration) = (None, None);
            (told.edge, told.cache) = (None, None);
        }
        Log::Alb => (told.referer, told.edge, told.cache) = (None, None, None),
        Log::W3c => {
            (told.edge, told.cache) = (None, None);
            told.duration = told.duration.map(|duration| duration / 1_000 * 1_000);
            // A blank is a plus, and so a plus a blank.
            told.user_agent = told
                .user_agent
                .map(|agent| agent.replace(['+', '\t'], " ").into());
        }
        _ => {}
    }
    if matches!(
        log,
        Log::Combined | Log::W3c | Log::CloudFront | Log::CloudFrontJson
    ) {
        told.time = told.time.div_euclid(1_000) * 1_000;
    }
    told
}

fn same_in_each_form(requests: &[Request<'static>]) {
    for name in LOGS {
        let log = named(name);
        let text = log.write(requests).expect("a log of requests");
        let expected: Vec<_> = requests.iter().map(|request| told(&log, request)).collect();
        let (found, refused) = decoded(&log, &text);
        assert_eq!(refused, 0, "{name}");
        assert_eq!(found.len(), expected.len(), "{name}");
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found, expected, "{name}");
        }
    }
}

/// Whether every format keeps its texts as they are: not those that only some encode.
fn is_plain(request: &Request<'_>) -> bool {
    let is_plain = |text: &str| {
        text.bytes()
            .all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\')
    };
    let query = request.query.as_deref().unwrap_or("q");
    let referer = request.referer.as_deref().unwrap_or("r");
    !request.method.is_empty() && is_plain(&request.path) && is_plain(query) && is_plain(referer)
}

#[test]
fn the_sample_is_the_same_in_each_form() {
    let (mut requests, refused) = decoded(&Log::Combined, SMALL.as_bytes());
    assert_eq!((requests.len(), refused), (51, 1));
    for (n, request) in (0_u16..).zip(&mut requests) {
        // What a combined log does not tell.
        request.host = (n % 3 > 0).then(|| format!("host-{}.example", n % 5).into());
        request.duration = (n % 4 > 0).then(|| u64::from(n) * 12_345);
        request.edge = Some("FRA56-P1".into());
        request.cache = Some(if n % 2 == 0 { "Hit" } else { "Miss" }.into());
        request.time += i64::from(n) * 7;
    }
    // Of hostile requests each form tells as much as it can.
    for name in LOGS {
        let log = named(name);
        let text = log.write(&requests).expect("a log of requests");
        let (found, refused) = decoded(&log, &text);
        assert_eq!((found.len(), refused), (requests.len(), 0), "{name}");
        let totals = |requests: &[Request<'_>]| {
            let bytes: u64 = requests.iter().map(|request| request.bytes).sum();
            let errors = requests
                .iter()
                .filter(|request| request.status >= Some(400));
            (bytes, errors.count())
        };
        assert_eq!(totals(&found), totals(&requests), "{name}");
    }
    requests.retain(is_plain);
    assert_eq!(requests.len(), 45);
    same_in_each_form(&requests);
}

#[test]
fn hostile_requests_are_data() {
    let (requests, _) = decoded(&Log::Combined, SMALL.as_bytes());
    let asked: Vec<_> = requests[38..]
        .iter()
        .map(|request| (&*request.method, &*request.path))
        .collect();
    let expected = [
        ("GET", "/offset"),
        ("GET", "/offset"),
        ("GET", "/admin"),
        ("GET", "/admin"),
        ("GET", "/a\"b"),
        ("", "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\u{fffd}"),
        ("", ""),
        ("", ""),
        ("", "quit"),
        ("GET", "/probe"),
        ("GET", "/caf%C3%A9/é"),
        ("GET", "/common"),
        ("GET", "/more"),
    ];
    assert_eq!(asked, expected);
    assert_eq!(
        requests[38].time + 1_000,
        requests[39].time,
        "offsets are taken off"
    );
    assert_eq!(
        requests[42].user_agent.as_deref(),
        Some(r#"say "friend" \ and enter"#)
    );
    assert_eq!(requests[47].host.as_deref(), Some("other.example"));
    assert_eq!(requests[47].query.as_deref(), Some("x=1"));
}

#[test]
fn blocks_may_be_cut_behind_any_line() {
    for name in LOGS {
        let log = named(name);
        let (requests, _) = decoded(&Log::Combined, SMALL.as_bytes());
        let text = log.write(&requests).expect("a log of requests");
        let whole = lines(&log, &[&text]);
        for size in [1, 700, 5_000] {
            let (mut blocks, mut rest) = (Vec::new(), &text[..]);
            while !rest.is_empty() {
                let mut end = size.min(rest.len());
                while block_end(&rest[..end]).is_none() && end < rest.len() {
                    end += 1;
                }
                let end = block_end(&rest[..end]).unwrap_or(rest.len());
                let (block, behind) = rest.split_at(end);
                blocks.push(block);
                rest = behind;
            }
            assert_eq!(lines(&log, &blocks), whole, "{name}, {size}");
        }
    }
}

/// Each entry's line, bytes and content.
fn lines(log: &Log, blocks: &[&[u8]]) -> Vec<String> {
    let mut decoder = LogDecoder::new(log);
    let mut lines = Vec::new();
    for block in blocks {
        decoder.decode(block, |entry: Entry<'_>| lines.push(format!("{entry:?}")));
    }
    lines
}

#[test]
fn a_line_that_is_not_utf_8_takes_no_other_with_it() {
    let line = |path: &[u8]| {
        let (before, behind) = (
            &b"192.0.2.1 - - [10/Oct/2000:13:55:36 +0000] \"GET "[..],
            &b" HTTP/1.1\" 200 1\r\n"[..],
        );
        [before, path, behind].concat()
    };
    let text = [line("/é".as_bytes()), line(b"/\xe9?\xff"), line(b"/b")].concat();
    let (requests, refused) = decoded(&Log::Combined, &text);
    let asked: Vec<_> = requests
        .iter()
        .map(|request| (&*request.path, request.query.as_deref()))
        .collect();
    assert_eq!(
        asked,
        [("/é", None), ("/\u{fffd}", Some("\u{fffd}")), ("/b", None)]
    );
    assert_eq!(refused, 0);
}

#[test]
fn the_real_log_has_the_counts_that_its_description_says() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../..");
    let packed = match std::fs::read(format!("{root}/shared/data/access-combined.log.zst")) {
        Ok(packed) => packed,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // Past the test harness, which shows a passed test's output to nobody.
            let notice = "access-combined.log.zst is absent: tested with access-small.log alone";
            return writeln!(io::stderr(), "{notice}").expect("an open standard error");
        }
        Err(error) => panic!("access-combined.log.zst: {error}"),
    };
    let text = zstd::decode_all(packed.as_slice()).expect("a zstd file");
    assert_eq!(Log::recognise(&text[..4096]), Some(Log::Combined));
    let (requests, refused) = decoded(&Log::Combined, &text);
    assert_eq!((requests.len(), refused), (9_999, 1));
    let count = |key: &dyn Fn(&Request<'_>) -> String| {
        let mut counts = BTreeMap::<String, usize>::new();
        for request in &requests {
            *counts.entry(key(request)).or_default() += 1;
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counts.truncate(8);
        counts
    };
    let expected = |counts: &[(&str, usize)]| -> Vec<(String, usize)> {
        counts
            .iter()
            .map(|(key, count)| ((*key).to_owned(), *count))
            .collect()
    };
    let statuses = count(&|request| request.status.map_or(0, |status| status).to_string());
    let known = [
        ("200", 9_125),
        ("304", 445),
        ("404", 213),
        ("301", 164),
        ("206", 45),
        ("500", 3),
        ("403", 2),
        ("416", 2),
    ];
    assert_eq!(statuses, expected(&known));
    let methods = [("GET", 9_951), ("HEAD", 42), ("POST", 5), ("OPTIONS", 1)];
    assert_eq!(
        count(&|request| request.method.to_string()),
        expected(&methods)
    );
    let clients = count(&|request| request.client.to_string());
    let busiest = [
        ("66.249.73.135", 482),
        ("46.105.14.53", 364),
        ("130.237.218.86", 357),
    ];
    assert_eq!(clients[..3], expected(&busiest));
    let bytes: u64 = requests.iter().map(|request| request.bytes).sum();
    assert_eq!(bytes, 2_747_282_505);
    assert_eq!(
        requests
            .iter()
            .filter(|request| request.user_agent.is_none())
            .count(),
        190
    );
    assert_eq!(requests[0].time, 1_431_857_103_000);
    let plain: Vec<_> = requests.into_iter().filter(is_plain).collect();
    assert!(plain.len() > 9_900, "{}", plain.len());
    same_in_each_form(&plain);
}

/// What the lines behind the first `passed` are, with those decoded or passed over.
fn behind(log: &Log, text: &[u8], passed: usize, decodes: bool) -> Vec<(u64, String)> {
    let lines = text.split_inclusive(|b| *b == b'\n');
    let end = lines.take(passed).map(<[u8]>::len).sum();
    let (before, rest) = text.split_at(end);
    let mut decoder = LogDecoder::new(log);
    if decodes {
        decoder.decode(before, |_| {});
    } else {
        decoder.pass_over(before);
    }
    let mut found = Vec::new();
    decoder.decode(rest, |entry| {
        found.push((entry.line, format!("{:?}", entry.content)));
    });
    found
}

#[test]
fn lines_that_are_passed_over_leave_what_they_say_of_those_behind_them() {
    let request = decoded(&Log::Combined, SMALL.as_bytes()).0.remove(0);
    for name in LOGS {
        let log = named(name);
        let text = log.write(&[request.clone(), request.clone()]);
        let text = text.expect("a log of requests");
        let other = b"\xef\xbb\xbf#Version: 1.0\n#Fields: date time cs-uri-stem\n\n#Software: \xff\r\nnonsense\n";
        for text in [
            [&text[..], other, &text].concat(),
            [other, &text[..]].concat(),
        ] {
            let lines = text.split_inclusive(|b| *b == b'\n').count();
            for passed in 0..=lines {
                let expected = behind(&log, &text, passed, true);
                assert_eq!(behind(&log, &text, passed, false), expected, "{name}");
            }
        }
    }
    let flows = "srcaddr start\n192.0.2.1 1\neni-1 nonsense\nstart srcaddr\n2 192.0.2.2\n";
    for passed in 0..=5 {
        let [expected, found] = [true, false]
            .map(|decodes| behind(&named("vpc-flow"), flows.as_bytes(), passed, decodes));
        assert_eq!(found, expected);
    }
}

fn requests() -> impl Strategy<Value = Request<'static>> {
    let text = |pattern: &'static str| pattern.prop_map(std::borrow::Cow::from);
    let maybe =
        |pattern: &'static str| proptest::option::of(pattern.prop_map(std::borrow::Cow::from));
    let numbers = (
        0..4_000_000_000_000_i64,
        proptest::option::of(100..1_000_u16),
        any::<u32>(),
        proptest::option::of(any::<u32>()),
    );
    let asked = (
        text("[0-9a-f.:]{0,2}[0-9a-f]{1,12}"),
        maybe("[a-z0-9.-]{0,9}[a-z]"),
        text("[A-Z]{1,7}"),
        text("/[!#-&(-<@-\\[\\]-~]{0,20}"),
    );
    let more = (
        maybe("[a-z0-9=&%+]{1,20}"),
        maybe("https?://[a-z./%0-9]{0,20}"),
        maybe("[ -~é€\t]{0,20}[a-z]"),
        maybe("[A-Z]{3}[0-9]"),
        maybe("Hit|Miss"),
    );
    (numbers, asked, more).prop_map(
        |(
            (time, status, bytes, duration),
            (client, host, method, path),
            (query, referer, user_agent, edge, cache),
        )| Request {
            time,
            client,
            host,
            method,
            path,
            query,
            status,
            bytes: bytes.into(),
            duration: duration.map(u64::from),
            referer,
            user_agent,
            edge,
            cache,
        },
    )
}

proptest! {
    #[test]
    fn any_request_is_the_same_in_each_form(requests in proptest::collection::vec(requests(), 1..4)) {
        same_in_each_form(&requests);
    }

    #[test]
    fn any_bytes_are_answered(
        lines in proptest::collection::vec(
            prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..60),
                "[ -~\t]{0,60}".prop_map(String::into_bytes),
                "[0-9:/ \\[\\]\"{},\\\\-]{0,60}".prop_map(String::into_bytes),
                "(#Fields: |)([a-z-]{1,8} ){0,6}[a-z]*".prop_map(String::into_bytes),
            ], 0..8),
    ) {
        let text = lines.join(&b'\n');
        let _ = Log::recognise(&text);
        for name in LOGS.iter().chain(&["vpc-flow", "vpc-flow:start,srcaddr"]) {
            let mut last = 0;
            LogDecoder::new(&named(name)).decode(&text, |entry| {
                assert!(entry.line >= last && entry.line <= lines.len() as u64 * 61);
                last = entry.line;
            });
        }
    }
}
