//! `sitewatch generate`, as an operator runs it, and what `sitewatch requests` and the model
//! see in what it makes.

use std::fs;
use std::process::{Command, Output};

use model::{OrderFormat, decode};
use serde_json::Value;
use testkit::Folder;

fn folder(test: &str) -> Folder {
    Folder::new(env!("CARGO_TARGET_TMPDIR"), &format!("generate-{test}"))
}

fn ran(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sitewatch"))
        .args(arguments)
        .output()
        .expect("a tool that starts")
}

fn generated(arguments: &[&str]) -> Vec<u8> {
    let output = ran(&[&["generate"], arguments].concat());
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

fn report(file: &str) -> Value {
    let output = ran(&["requests", file, "--json"]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("a count")
}

/// The requests of the minutes, by their number from the beginning.
fn minutes(report: &Value) -> Vec<[u64; 3]> {
    assert_eq!(report["timeline"]["step_seconds"], 60);
    let steps = report["timeline"]["steps"].as_array().expect("steps");
    steps
        .iter()
        .map(|step| [1, 2, 3].map(|n| number(&step[n])))
        .collect()
}

#[test]
fn the_same_arguments_make_the_same_bytes_and_another_seed_others() {
    let arguments = [
        "--for",
        "2m",
        "--rate",
        "20",
        "--flood",
        "3x@30s/10s",
        "--scan",
        "1x@1m/5s",
    ];
    let first = generated(&arguments);
    assert!(!first.is_empty());
    assert_eq!(generated(&arguments), first);
    assert_ne!(
        generated(&[&arguments[..], &["--seed", "2"]].concat()),
        first
    );
}

#[test]
fn every_request_is_read_again_and_the_events_are_seen_where_they_were_placed() {
    let folder = folder("events");
    let file = folder.path("access.log");
    let output = ran(&[
        "generate",
        "--requests",
        &file,
        "--for",
        "10m",
        "--rate",
        "20",
        "--flood",
        "10x@5m/30s",
        "--scan",
        "5x@2m/1m",
        "--errors",
        "50%@8m/1m",
    ]);
    let told = String::from_utf8(output.stderr).expect("UTF-8");
    let lines = fs::read_to_string(&file).expect("a log").lines().count() as u64;
    let report = report(&file);
    assert_eq!(
        (number(&report["requests"]), number(&report["lines"])),
        (lines, lines)
    );
    assert_eq!(report["rejected"], serde_json::json!({}));
    assert_eq!(
        (&report["from"], &report["files"][0]["format"]),
        (&"2025-11-28T09:00:00Z".into(), &"combined".into())
    );

    let minutes = minutes(&report);
    assert_eq!(minutes.len(), 10);
    let usual = minutes[0][0];
    assert!((960..1_440).contains(&usual), "about 1,200: {usual}");
    let flood = minutes[5][0] - usual;
    assert!((4_500..7_500).contains(&flood), "about 6,000: {flood}");
    let scan = minutes[2][1] - minutes[1][1];
    assert!((4_500..7_500).contains(&scan), "about 6,000 of 404: {scan}");
    assert!(
        minutes[8][2] > 400 && minutes[7][2] < 60,
        "half of 1,200: {minutes:?}"
    );

    let clients = report["clients"]["rows"].as_array().expect("rows");
    assert_eq!(clients[0]["client"], "198.51.100.66", "the scanner");
    let flooders = clients.iter().filter(|row| {
        row["client"]
            .as_str()
            .is_some_and(|c| c.starts_with("203.0.113."))
    });
    assert!(flooders.count() > 0, "{clients:?}");
    let parts: Vec<u64> = told
        .split(|c: char| !c.is_ascii_digit() && c != ',')
        .filter_map(|n| n.replace(',', "").parse().ok())
        .collect();
    assert_eq!(parts[0], lines, "{told}");
    assert_eq!(
        parts[parts.len() - 3..].iter().sum::<u64>(),
        lines,
        "{told}"
    );
}

#[test]
fn the_same_requests_come_in_every_format() {
    let folder = folder("formats");
    let mut counts = Vec::new();
    for name in [
        "combined",
        "cloudfront",
        "cloudfront-json",
        "w3c",
        "alb",
        "akamai",
    ] {
        let file = folder.path(name);
        generated(&[
            "--requests",
            &file,
            "--log-format",
            name,
            "--for",
            "1m",
            "--scan",
            "0.5x@10/20",
        ]);
        let report = report(&file);
        assert_eq!(report["files"][0]["format"], name);
        assert_eq!(report["rejected"], serde_json::json!({}), "{name}");
        counts.push((
            report["requests"].clone(),
            report["statuses"].clone(),
            report["bots"].clone(),
        ));
    }
    for other in &counts {
        assert_eq!(other, &counts[0]);
    }
}

#[test]
fn orders_are_order_lines_and_a_sale_is_seen_in_them() {
    let folder = folder("orders");
    let file = folder.path("orders.csv");
    let out = generated(&[
        "--orders-to",
        &file,
        "--for",
        "20m",
        "--order-rate",
        "1",
        "--sale",
        "8x@10m/5m",
    ]);
    assert!(out.is_empty(), "orders alone were asked for");
    let text = fs::read(&file).expect("orders");
    let mut minutes = [0; 20];
    let mut refused = 0;
    for decoded in decode(&text) {
        match decoded.line {
            Ok(line) if line.line_no == Some(1) => {
                minutes[(line.order_date.moment().timestamp() / 60 % 60) as usize] += 1;
            }
            Ok(_) => {}
            Err(_) => refused += 1,
        }
    }
    let (before, sale): (u32, u32) = (minutes[..10].iter().sum(), minutes[10..15].iter().sum());
    assert!((480..720).contains(&before), "about 600: {before}");
    assert!((1_900..2_900).contains(&sale), "about 2,400: {sale}");
    assert!(refused > 0, "some lines are none, as everywhere");

    let shop = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../layers/order-formats/shopify.toml"
    );
    let json = folder.path("orders.json");
    generated(&[
        "--orders-to",
        &json,
        "--for",
        "20m",
        "--order-rate",
        "1",
        "--sale",
        "8x@10m/5m",
        "--orders",
        shop,
    ]);
    let format =
        OrderFormat::parse(&fs::read_to_string(shop).expect("a format")).expect("a format");
    let text = fs::read(&json).expect("orders");
    let placed: std::collections::BTreeSet<String> = format
        .decode(&text)
        .filter_map(|decoded| decoded.line.ok().map(|line| line.invoice_no.into_owned()))
        .collect();
    assert_eq!(placed.len() as u32, minutes.iter().sum::<u32>());
}

#[test]
fn what_cannot_be_made_is_a_usage_error_that_says_what_was_expected() {
    for (arguments, expected) in [
        (&["--flood", "10x@5m"][..], "expected TIMESx@AT/DURATION"),
        (&["--errors", "10x@5m/1m"], "expected SHARE%@AT/DURATION"),
        (
            &["--for", "5 minutes"],
            "expected a whole number with s, m, h or d",
        ),
        (&["--rate", "0"], "expected a number above 0"),
        (&["--log-format", "vpc-flow"], "is not a log of requests"),
        (&["--from", "yesterday"], "expected ISO 8601"),
    ] {
        let output = ran(&[&["generate"], arguments].concat());
        let error = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains(expected), "{error}");
        assert!(output.stdout.is_empty());
    }
    let output = ran(&["generate", "--requests", "/no-such/access.log"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("/no-such/access.log cannot be written: ")
    );
}
