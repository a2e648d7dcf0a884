//! `sitewatch requests`, as an operator runs it, over real requests and hostile ones.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::process::{Command, Output, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;
use model::{Log, Request};
use serde_json::{Value, json};
use testkit::Folder;

/// The project's own log.
const SMALL: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../testkit/data/access-small.log"
);
/// What would do harm if it were more than text.
const HOSTILE: &str = "/<img src=x onerror=alert(1)>\u{1b}[2J\u{1b}]0;owned\u{7}@js@";

fn folder(test: &str) -> Folder {
    Folder::new(env!("CARGO_TARGET_TMPDIR"), &format!("requests-{test}"))
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sitewatch"));
    command.arg("requests").args(arguments);
    command
}

fn ran(arguments: &[&str]) -> Output {
    command(arguments).output().expect("a tool that starts")
}

fn shown(arguments: &[&str]) -> String {
    let output = ran(arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    assert!(error.is_empty(), "{error}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn document(arguments: &[&str]) -> Value {
    let json = shown(&[arguments, &["--json"]].concat());
    serde_json::from_str(&json).expect("JSON")
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("a vector");
    encoder.finish().expect("a vector")
}

/// What does not depend on the file's name and form.
fn counts(mut document: Value) -> Value {
    let object = document.as_object_mut().expect("an object");
    object.remove("files");
    object.remove("rejected");
    document
}

/// The lines of a log of plain requests, recounted by cutting it at its blanks.
fn recount(text: &str) -> (u64, BTreeMap<String, u64>, BTreeMap<String, u64>) {
    let (mut bytes, mut statuses, mut pages) = (0, BTreeMap::new(), BTreeMap::new());
    for line in text.lines() {
        let quoted: Vec<&str> = line.split('"').collect();
        let figures: Vec<&str> = quoted[2].split_whitespace().collect();
        bytes += figures[1].parse::<u64>().unwrap_or(0);
        *statuses.entry(figures[0].to_owned()).or_default() += 1;
        let asked = quoted[1].split(' ').nth(1).expect("a request line");
        let path = asked.split('?').next().expect("a path");
        *pages.entry(path.to_owned()).or_default() += 1;
    }
    (bytes, statuses, pages)
}

#[test]
fn the_real_log_has_the_counts_that_its_description_says() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/data/access-combined.log.zst"
    );
    if let Err(error) = fs::metadata(path) {
        assert_eq!(error.kind(), io::ErrorKind::NotFound, "{error}");
        // Past the test harness, which shows a passed test's output to nobody.
        let notice = "access-combined.log.zst is absent: tested with access-small.log alone";
        return writeln!(io::stderr(), "{notice}").expect("an open standard error");
    }
    let report = document(&[path, "--top", "3"]);
    for (field, expected) in [
        ("/lines", json!(10_000)),
        ("/requests", json!(9_999)),
        ("/bytes", json!(2_747_282_505_u64)),
        ("/from", json!("2015-05-17T10:05:00Z")),
        (
            "/statuses",
            json!({"200": 9_125, "206": 45, "301": 164, "304": 445, "403": 2, "404": 213, "416": 2, "500": 3}),
        ),
        ("/responses/5xx", json!(3)),
        ("/clients/distinct", json!(1_753)),
        ("/clients/error", json!(0)),
        ("/clients/rows/0/client", json!("66.249.73.135")),
        ("/clients/rows/0/requests", json!(482)),
        ("/clients/rows/1/client", json!("46.105.14.53")),
        ("/clients/rows/1/requests", json!(364)),
        ("/clients/rows/2/client", json!("130.237.218.86")),
        ("/clients/rows/2/requests", json!(357)),
        ("/rejected/open_quote/lines", json!(1)),
        ("/durations", Value::Null),
    ] {
        assert_eq!(report.pointer(field), Some(&expected), "{field}");
    }
    let steps = report["timeline"]["steps"]
        .as_array()
        .expect("steps")
        .iter();
    let requests: u64 = steps.map(|step| step[1].as_u64().expect("a count")).sum();
    assert_eq!(requests, 9_999);
}

#[test]
fn a_log_plain_packed_and_from_standard_input_gives_the_counts_of_a_recount() {
    let folder = folder("forms");
    let text = fs::read_to_string(SMALL).expect("the log");
    let good: String = text
        .lines()
        .filter(|line| {
            line.split('"').count() == 7 && !line.contains('\\') && line.contains(" HTTP/1.")
        })
        .map(|line| format!("{line}\n"))
        .collect();
    let plain = document(&[&folder.file("plain.log", &good)]);
    let (bytes, statuses, pages) = recount(&good);
    assert_eq!(plain["bytes"], bytes);
    assert_eq!(plain["requests"], good.lines().count());
    assert_eq!(plain["statuses"], json!(statuses));
    assert_eq!(plain["pages"]["distinct"], pages.len());
    for row in plain["pages"]["rows"].as_array().expect("rows") {
        assert_eq!(
            row["requests"],
            pages[row["path"].as_str().expect("a path")]
        );
    }
    let half = good.len() / 2;
    let members = [
        gzip(&good.as_bytes()[..half]),
        gzip(&good.as_bytes()[half..]),
    ]
    .concat();
    let packed = zstd::encode_all(good.as_bytes(), 1).expect("a packed text");
    for (name, content) in [("two-members.gz", members), ("one.zst", packed)] {
        let file = folder.file(name, content);
        assert_eq!(counts(document(&[&file])), counts(plain.clone()), "{name}");
    }
    let mut child = command(&["-", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a tool that starts");
    let mut input = child.stdin.take().expect("an input");
    input.write_all(good.as_bytes()).expect("a reader");
    drop(input);
    let output = child.wait_with_output().expect("an end");
    let piped: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(piped["files"][0]["file"], "standard input");
    assert_eq!(counts(piped), counts(plain));
}

#[test]
fn the_same_requests_in_each_format_give_the_same_report() {
    let folder = folder("formats");
    let requests: Vec<Request<'_>> = (0..500_u16)
        .map(|n| Request {
            time: 1_700_000_000_000 + i64::from(n) * 2_000,
            client: format!("192.0.2.{}", n % 7).into(),
            host: Some("www.example.com".into()),
            method: "GET".into(),
            path: format!("/page/{}", n % 11).into(),
            status: Some([200, 200, 304, 404, 503][usize::from(n % 5)]),
            bytes: u64::from(n),
            duration: Some(u64::from(n) * 1_000),
            user_agent: Some(
                ["curl/8.5.0", "Mozilla/5.0 (X11) Firefox/127.0"][usize::from(n % 2)].into(),
            ),
            edge: Some("FRA56-P4".into()),
            ..Request::default()
        })
        .collect();
    let mut reports: Vec<Value> = Vec::new();
    for name in [
        "cloudfront",
        "cloudfront-json",
        "w3c",
        "alb",
        "akamai",
        "cloudfront-real-time",
        "combined",
    ] {
        let log = Log::named(name)
            .expect("a log")
            .write(&requests)
            .expect("a log of requests");
        let file = folder.file(name, log);
        let arguments: &[&str] = match name {
            "cloudfront-real-time" => &[&file, "--log-format", name],
            _ => &[&file],
        };
        let report = document(arguments);
        assert_eq!(report["files"][0]["format"], name);
        assert_eq!(report["requests"], 500, "{name}");
        assert_eq!(report["bots"]["requests"], 250, "{name}");
        assert_eq!(report["errors"]["rows"][0]["5xx"], 10, "{name}");
        let mut counts = counts(report);
        counts.as_object_mut().expect("an object").remove("lines");
        if name == "combined" {
            // It alone tells no durations.
            assert_eq!(counts["durations"], Value::Null);
            assert_eq!(counts["pages"]["distinct"], reports[0]["pages"]["distinct"]);
        } else {
            reports.push(counts);
        }
    }
    assert_eq!(reports[0]["durations"]["requests"], 500);
    let p50 = reports[0]["durations"]["p50_ms"]
        .as_f64()
        .expect("a duration");
    assert!((p50 - 249.0).abs() < 2.5, "{p50}");
    for report in &reports {
        assert_eq!(report, &reports[0]);
    }
}

#[test]
fn what_visitors_send_is_text_in_the_terminal_and_on_the_page() {
    let folder = folder("hostile");
    let request = |n: i64| Request {
        time: 1_700_000_000_000 + n * 1_000,
        client: HOSTILE.replace(' ', "").into(),
        method: "GET".into(),
        path: HOSTILE.into(),
        status: Some(500),
        user_agent: Some(format!("bot {HOSTILE}\u{202e}").into()),
        ..Request::default()
    };
    let requests: Vec<_> = (0..3).map(request).collect();
    let log = Log::Combined.write(&requests).expect("a log");
    // Raw bytes too, as a careless server writes them.
    let raw = format!(
        "{}[31m - - [14/Nov/2023:22:13:20 +0000] \"GET {HOSTILE} HTTP/1.1\" 404 1 \"-\" \"\u{9b}2J bot/1.0\"\n",
        '\u{1b}'
    );
    let file = folder.file("<b>&\u{1b}[31m.log", [log, raw.into_bytes()].concat());
    let page = folder.path("page.html");
    let text = shown(&[&file, "--html", &page]);
    for harmful in ['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}'] {
        assert!(!text.contains(harmful), "{harmful:?} reaches the terminal");
    }
    assert!(
        text.contains("onerror=alert(1)") && text.contains("\\u{1b}[2J"),
        "{text}"
    );
    let page = fs::read_to_string(page).expect("a page");
    assert!(!page.contains("<img"), "a path that is not escaped");
    assert!(page.contains("&lt;img src=x onerror=alert(1)&gt;\\u{1b}[2J"));
    assert!(
        page.contains("@js@"),
        "a mark of the log's is no mark of the page"
    );
    assert!(!page.contains("<b>&"), "a file's name that is not escaped");
    assert!(page.contains("default-src 'none'"));
    assert!(!page.contains(['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}']));
    for load in [
        "src=\"",
        "href=\"h",
        "@import",
        "url(",
        "fetch(",
        "XMLHttpRequest",
        "import(",
    ] {
        assert!(!page.contains(load), "{load}");
    }
    // As JSON it is what was sent.
    let report = document(&[&file]);
    assert_eq!(report["pages"]["rows"][0]["path"], HOSTILE);
}

#[test]
fn the_page_draws_what_the_document_says() {
    let folder = folder("page");
    let page = folder.file("page.html", "an older one");
    let report = document(&[SMALL, "--html", &page]);
    let text = fs::read_to_string(&page).expect("a page");
    let (_, data) = text.split_once("id=\"data\">").expect("data");
    let data = data.split_once("</script>").expect("an end").0;
    let data: Value = serde_json::from_str(data).expect("JSON");
    assert_eq!(data["step"], report["timeline"]["step_seconds"]);
    let labels: Vec<_> = data["series"]
        .as_array()
        .expect("series")
        .iter()
        .map(|s| s["label"].clone())
        .collect();
    assert_eq!(labels, ["Requests", "4xx", "5xx"]);
    let sum = |place: usize| -> u64 {
        let runs = data["runs"].as_array().expect("runs").iter();
        let counts = runs.flat_map(|run| run[place].as_array().expect("counts").clone());
        counts.map(|count| count.as_u64().expect("a count")).sum()
    };
    assert_eq!(sum(1), report["requests"].as_u64().expect("a count"));
    assert_eq!(
        sum(2),
        report["responses"]["4xx"].as_u64().expect("a count")
    );
    assert_eq!(
        sum(3),
        report["responses"]["5xx"].as_u64().expect("a count")
    );
    assert!(
        text.contains("data-from="),
        "the busiest minutes can be shown"
    );
}

#[test]
fn flows_are_shown_by_protocol_and_port() {
    let folder = folder("flows");
    let line = |source: &str, port: u16, protocol: u8, packets: u64, action: &str| {
        format!(
            "2 123456789012 eni-1 {source} 10.0.0.5 40000 {port} {protocol} {packets} {} 1700000000 1700000060 {action} OK\n",
            packets * 40
        )
    };
    let log = [
        line("192.0.2.1", 443, 6, 10, "ACCEPT"),
        line("192.0.2.1", 443, 6, 5, "ACCEPT"),
        line("198.51.100.9", 22, 6, 7, "REJECT"),
        line("198.51.100.9", 53, 17, 2, "REJECT"),
        "2 123456789012 eni-1 - - - - - - - 1700000000 1700000060 - NODATA\n".to_owned(),
    ];
    let file = folder.file("flows.log", log.concat());
    let report = document(&[&file]);
    assert_eq!(
        (&report["flows"], &report["requests"], &report["lines"]),
        (&json!(4), &json!(0), &json!(5))
    );
    let ports = json!([
        {"protocol": 6, "port": 22, "accepted_packets": 0, "rejected_packets": 7, "bytes": 280},
        {"protocol": 17, "port": 53, "accepted_packets": 0, "rejected_packets": 2, "bytes": 80},
        {"protocol": 6, "port": 443, "accepted_packets": 15, "rejected_packets": 0, "bytes": 600},
    ]);
    assert_eq!(report["ports"]["rows"], ports);
    let sources = json!([{"source": "198.51.100.9", "accepted_packets": 0, "rejected_packets": 9, "bytes": 360}]);
    assert_eq!(report["sources"]["rows"], sources);
    let text = shown(&[&file]);
    assert!(text.contains("tcp 22") && text.contains("udp 53"), "{text}");
}

#[test]
fn rejects_are_counted_by_reason_with_the_first_ones_place() {
    let folder = folder("rejects");
    let good = "192.0.2.1 - - [20/May/2015:10:00:00 +0000] \"GET / HTTP/1.1\" 200 1 \"-\" \"-\"\n";
    let long = format!("{}\n", "x".repeat(3 << 20));
    let late = "192.0.2.1 - - [30/Feb/2015:10:00:00 +0000] \"GET / HTTP/1.1\" 200 1 \"-\" \"-\"\n";
    let first = folder.file("first.log", good);
    let second = folder.file("second.log", [good, &long, late, good, late].concat());
    let report = document(&[&first, &second]);
    assert_eq!(
        (&report["lines"], &report["requests"]),
        (&json!(6), &json!(3))
    );
    let rejected = &report["rejected"];
    let of = |reason: &str| {
        (
            rejected[reason]["lines"].clone(),
            rejected[reason]["first_line"].clone(),
        )
    };
    assert_eq!(of("line_too_long"), (json!(1), json!(2)));
    assert_eq!(of("not_a_time"), (json!(2), json!(3)));
    assert_eq!(rejected["not_a_time"]["first_file"], second);
    let text = shown(&[&first, &second]);
    assert!(
        text.contains("3 rejected") && text.contains("line 3: time: expected"),
        "{text}"
    );
}

#[test]
fn many_different_pages_are_counted_within_the_error_that_is_told() {
    let folder = folder("many");
    let mut log = String::new();
    for n in 0..120_000 {
        let path = if n % 10 == 0 {
            "/often".to_owned()
        } else {
            format!("/{n}")
        };
        log += &format!(
            "192.0.2.1 - - [20/May/2015:10:00:00 +0000] \"GET {path} HTTP/1.1\" 200 1 \"-\" \"-\"\n"
        );
    }
    let file = folder.file("many.log", log);
    let report = document(&[&file]);
    let (pages, requests) = (&report["pages"], 12_000);
    let error = pages["error"].as_u64().expect("an error");
    let often = pages["rows"][0]["requests"].as_u64().expect("a count");
    assert_eq!(pages["rows"][0]["path"], "/often");
    assert!(
        error > 0 && often <= requests && often + error >= requests,
        "{often} {error}"
    );
    let distinct = pages["distinct"].as_u64().expect("an estimate");
    assert!(distinct.abs_diff(108_001) < 108_001 / 20, "{distinct}");
    assert_eq!(report["requests"], 120_000);
    let text = shown(&[&file]);
    assert!(
        text.contains("pages are more than are remembered"),
        "{text}"
    );
}

#[test]
fn colours_are_for_terminals_alone_and_rows_as_many_as_asked_for() {
    let text = shown(&[SMALL, "--top", "2"]);
    assert!(!text.contains('\u{1b}'), "{text}");
    let pages = text.split("Pages: ").nth(1).expect("a table");
    let pages = pages.split("\n\n").next().expect("its end");
    // Heading, frame, columns and a rule around the two.
    assert_eq!(pages.lines().count(), 7, "{pages}");
}

#[test]
fn what_cannot_be_read_is_one_clear_line() {
    let folder = folder("errors");
    let unknown = folder.file("unknown.log", "a,b,c\n1,2,3\n");
    let empty = folder.file("empty.log", "");
    let bad = folder.file("mapping.toml", "[request]\ntime = \"/t\"\n");
    for (arguments, code, message) in [
        (vec!["no-such.log"], 1, "no-such.log cannot be read: "),
        (
            vec![unknown.as_str()],
            1,
            "say it with --log-format or --mapping",
        ),
        (vec![empty.as_str()], 1, "there is nothing in "),
        (
            vec![SMALL, "--mapping", "no-such.toml"],
            2,
            "no-such.toml: ",
        ),
        (
            vec![SMALL, "--mapping", bad.as_str()],
            2,
            "mapping.toml: line 1: ",
        ),
        (
            vec![SMALL, "--html", "/no-such/page.html"],
            1,
            "/no-such/page.html cannot be written: ",
        ),
    ] {
        let output = ran(&arguments);
        let error = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!(output.status.code(), Some(code), "{error}");
        assert!(
            error.starts_with("error: ") && error.contains(message),
            "{error}"
        );
        assert_eq!(error.trim_end().lines().count(), 1, "{error}");
        assert!(output.stdout.is_empty());
    }
    for arguments in [
        &[][..],
        &[SMALL, "--top", "0"],
        &[SMALL, "--log-format", "apache"],
    ] {
        assert_eq!(ran(arguments).status.code(), Some(2), "{arguments:?}");
    }
}
