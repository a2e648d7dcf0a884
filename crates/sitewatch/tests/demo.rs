//! The README's first command, as a newcomer runs it: the figures that it shows
//! against the orders that it leaves behind.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn sitewatch(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sitewatch"))
        .args(arguments)
        // What a shell may have left over must not change the rule.
        .env("ORDER_THRESHOLD", "1000")
        .output()
        .expect("a tool that starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

/// The number in the summary's row of that name.
fn shown(output: &str, row: &str) -> u64 {
    let line = output
        .lines()
        .find(|line| line.starts_with(&format!("│ {row}")));
    let line = line.unwrap_or_else(|| panic!("{row}: {output}"));
    let number = line[format!("│ {row}").len()..].split_whitespace().next();
    let number = number.expect("a number").replace(',', "");
    number.parse().expect("digits")
}

#[test]
fn the_demo_shows_figures_that_its_orders_bear_out() {
    let out = folder("demo");
    let output = sitewatch(&[
        "demo",
        "--speed",
        "10000",
        "--out",
        &out.display().to_string(),
    ]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "", "warnings");
    let told = text(&output.stdout);

    let mut orders = csv::Reader::from_path(out.join("orders.csv")).expect("the orders");
    let (mut good, mut bad) = (BTreeSet::new(), 0);
    let mut seconds: Vec<(i64, String)> = Vec::new();
    for line in orders.records() {
        let line = line.expect("a line");
        if line[3].parse::<i64>().is_err() {
            bad += 1;
            continue;
        }
        let at = chrono::DateTime::parse_from_rfc3339(&line[4]).expect("a date");
        seconds.push((at.timestamp(), line[0].to_owned()));
        assert!(
            good.insert((line[0].to_owned(), line[8].to_owned())),
            "{line:?}"
        );
    }
    assert!(good.len() > 1_000 && bad > 5, "{} {bad}", good.len());
    assert_eq!(shown(&told, "Rows stored"), good.len() as u64);
    let twice = told
        .split(" of the lines sent twice")
        .next()
        .expect("a text");
    let twice = twice.rsplit("; ").next().expect("a number");
    let twice: u64 = twice.parse().expect("digits");
    assert!(twice > 10, "{twice}");
    assert_eq!(shown(&told, "Lines sent"), good.len() as u64 + bad + twice);
    assert!((bad..=bad + twice).contains(&shown(&told, "Rejects")));
    for (row, count) in [("Alarms", 1), ("Messages", 2), ("History rows", 2)] {
        assert_eq!(shown(&told, row), count, "{row}");
    }

    // By the rule, in the plainest way: the first second of sixty in a row in breach.
    let rate = |t: i64| {
        let inside = seconds.iter().filter(|(at, _)| (t - 14..=t).contains(at));
        inside
            .map(|(_, invoice)| invoice)
            .collect::<BTreeSet<_>>()
            .len()
    };
    let first = seconds.iter().map(|(at, _)| *at).min().expect("orders");
    let alarm = (first..)
        .find(|t| (t - 59..=*t).all(|u| rate(u) >= 15))
        .expect("an alarm");
    let over = (alarm..)
        .find(|t| (t - 59..=*t).all(|u| rate(u) < 15))
        .expect("an end");
    for (kind, at) in [("ALARM", alarm), ("OK", over)] {
        let at = chrono::DateTime::from_timestamp(at, 0).expect("in range");
        let line = format!(
            "Alarm website-0, {kind} at {} UTC",
            at.format("%Y-%m-%d %H:%M:%S")
        );
        assert!(told.contains(&line), "{line}: {told}");
    }
    assert!(
        told.contains("website order rate ALARM  as SNS delivers it"),
        "{told}"
    );

    let report = std::fs::read_to_string(out.join("report.html")).expect("the report");
    assert!(report.contains("1 alarm") && report.contains("uPlot"));
    assert!(told.contains(&out.join("report.html").display().to_string()));
    assert!(
        !told.contains('\u{1b}'),
        "colours, though no terminal reads"
    );
}

#[test]
fn the_demo_keeps_the_history_in_mysql_if_asked_to() {
    let server = testkit::MariaDb::without_tls();
    let login = server.create_database("p@ss");
    let url = format!("mysql://{login}:p%40ss@127.0.0.1:{}/{login}", server.port());
    let out = folder("demo-mysql").display().to_string();
    let output = sitewatch(&["demo", "--speed", "10000", "--out", &out, "--mysql", &url]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(shown(&text(&output.stdout), "History rows"), 2);
    let rows = server.sql(
        &login,
        "SELECT kind, alarm_id FROM logs_history ORDER BY id",
    );
    assert_eq!(rows, [["ALARM", "website-0"], ["OK", "website-0"]]);
}

#[test]
fn what_cannot_be_is_one_clear_line() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let file = file.display().to_string();
    for (arguments, code, message) in [
        (
            &["demo", "--out", &file][..],
            1,
            format!("error: no folder {file}: "),
        ),
        (
            &["demo", "--speed", "0"],
            2,
            "error: invalid value '0' for '--speed <X>'".to_owned(),
        ),
        (
            &["demo", "--mysql", "host"],
            2,
            "error: --mysql is malformed: expected mysql://".to_owned(),
        ),
        (
            &["dmeo"],
            2,
            "error: unrecognized subcommand 'dmeo'".to_owned(),
        ),
    ] {
        let output = sitewatch(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        let error = text(&output.stderr);
        assert!(error.starts_with(&message), "{error}");
        assert!(
            code == 2 || error.trim_end().lines().count() == 1,
            "{error}"
        );
        assert!(output.stdout.is_empty());
    }
}
