//! `sitewatch backtest`, as an operator runs it, against a direct run of the rule and
//! against the `surge` function's own handler.

#[allow(dead_code, reason = "the faults and costs are other tests'")]
#[path = "../../surge/tests/memory/mod.rs"]
mod memory;

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::Duration;

use chrono::{DateTime, NaiveDateTime};
use function::env::Env;
use function::{Deadline, KinesisEvent};
use memory::{Memory, Stream};
use model::{Alarm, AlarmKind, Measure, OrderFormat, Second};
use serde_json::{Value, json};
use surge::{Arrivals, Bucket, Handler, Rule, Site, lines};
use testkit::{Folder, Orders, agent_json, small_orders};

const DAY: i64 = 86_400;
const HEADER: &str =
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country";

fn folder(test: &str) -> Folder {
    Folder::new(env!("CARGO_TARGET_TMPDIR"), &format!("backtest-{test}"))
}

fn backtest(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sitewatch"))
        .arg("backtest")
        .args(arguments)
        .envs(environment.iter().copied())
        .output()
        .expect("a tool that starts")
}

fn shown(arguments: &[&str]) -> String {
    let output = backtest(arguments, &[]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    assert!(error.is_empty(), "{error}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn document(arguments: &[&str]) -> Value {
    let json = shown(&[arguments, &["--json"]].concat());
    serde_json::from_str(&json).expect("JSON")
}

fn records(document: &Value) -> Vec<Alarm> {
    serde_json::from_value(document["records"].clone()).expect("alarm records")
}

fn rule(variables: &[(&str, &str)]) -> Rule {
    let lookup = |name: &str| {
        let found = variables.iter().find(|(n, _)| *n == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    Rule::from_env(&Env::new(&lookup)).expect("a rule")
}

/// The flags that say the same as variables.
fn flags(variables: &[(&str, &str)]) -> Vec<String> {
    let flag = |(name, value): &(&str, &str)| {
        [
            format!("--{}", name.to_lowercase().replace('_', "-")),
            (*value).to_owned(),
        ]
    };
    variables.iter().flat_map(flag).collect()
}

/// Each line with its second: line i of the n lines of a minute at 60·i/n seconds. By
/// another CSV reader and in other steps than the tool.
fn spread(orders: &Orders) -> Vec<(i64, String)> {
    let mut reader = csv::ReaderBuilder::new().from_reader(orders.text().as_bytes());
    let minutes: Vec<i64> = reader
        .records()
        .map(|fields| {
            let date = fields.expect("a CSV line")[4].to_owned();
            let date = NaiveDateTime::parse_from_str(&date, "%m/%d/%Y %H:%M");
            date.expect("a date").and_utc().timestamp()
        })
        .collect();
    let mut sizes = HashMap::<i64, i64>::new();
    for minute in &minutes {
        *sizes.entry(*minute).or_default() += 1;
    }
    let mut places = HashMap::<i64, i64>::new();
    let lines = orders.lines().into_iter().zip(&minutes);
    lines
        .map(|(line, minute)| {
            let place = places.entry(*minute).or_default();
            *place += 1;
            (minute + 60 * (*place - 1) / sizes[minute], line.to_owned())
        })
        .collect()
}

/// Every alarm record, by settling every single second of the days with orders and of
/// the days behind them, by when all is over.
fn directly(arrived: &[(i64, String)], rule: &Rule) -> Vec<Alarm> {
    let format = OrderFormat::default();
    let mut arrivals = Arrivals::default();
    let mut days = BTreeSet::new();
    for (second, line) in arrived {
        let mut bucket = Bucket::new(rule.gauge());
        bucket.add(
            lines(&format, line.as_bytes(), rule.gauge()).0,
            rule.gauge(),
        );
        arrivals.add(Second::new(*second), &bucket);
        let day = second.div_euclid(DAY);
        days.extend([day, day + 1]);
    }
    let mut site = Site::default();
    for day in days {
        let (start, end) = (Second::new(day * DAY), Second::new(day * DAY + DAY - 1));
        let rates = arrivals.rates(start, end, rule.window());
        site.settle(rule, &rates, &arrivals);
    }
    site.outbox().to_vec()
}

fn assert_as_directly(orders: &Orders, file: &str, variables: &[&[(&str, &str)]]) {
    let arrived = spread(orders);
    for variables in variables {
        let flags = flags(variables);
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        let document = document(&[&[file][..], &flags].concat());
        assert_eq!(document["lines"], arrived.len());
        let expected = directly(&arrived, &rule(variables));
        assert!(!expected.is_empty(), "{variables:?}: nothing to compare");
        assert_eq!(records(&document), expected, "{variables:?}");
    }
}

#[test]
fn the_alarms_are_those_of_settling_every_second() {
    let folder = folder("direct");
    let orders = small_orders();
    let file = folder.file("orders.csv", orders.text());
    assert_as_directly(
        &orders,
        &file,
        &[
            &[("ORDER_THRESHOLD", "1"), ("REPEAT_SECONDS", "90")],
            &[
                ("ORDER_THRESHOLD", "1"),
                ("RECOVERY_SECONDS", "3600"),
                ("WINDOW_SECONDS", "300"),
            ],
            &[
                ("COUNT", "lines"),
                ("ORDER_THRESHOLD", "10"),
                ("DATAPOINTS_TO_ALARM", "5"),
            ],
            &[
                ("COUNT", "units"),
                ("ORDER_THRESHOLD", "40"),
                ("WINDOW_SECONDS", "60"),
                ("SITE", "shop"),
            ],
            &[
                ("COUNT", "lines"),
                ("WINDOW_SECONDS", "1"),
                ("ORDER_THRESHOLD", "1"),
                ("EVALUATION_SECONDS", "1"),
            ],
        ],
    );
}

#[test]
fn a_year_of_orders_gives_the_alarms_of_settling_every_second() {
    let folder = folder("year");
    let orders = Orders::load();
    let file = folder.file("orders.csv", orders.text());
    let threshold = if orders.whole { "30" } else { "5" };
    let variables = [("COUNT", "lines"), ("ORDER_THRESHOLD", threshold)];
    assert_as_directly(&orders, &file, &[&variables]);
    if orders.whole {
        let flags = flags(&variables);
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        let document = document(&[&[file.as_str()][..], &flags].concat());
        let count = |name: &str| document[name].as_u64().expect("a count");
        assert_eq!(
            ["lines", "orders", "cancellations"].map(count),
            [541_909, 20_728, 10_624]
        );
        assert_eq!(document["alarms"].as_array().map(Vec::len), Some(199));
        assert_eq!(
            document["peak"],
            json!({"at": "2011-10-31T14:41:14Z", "count": 279})
        );
    }
}

/// Ever more orders for a minute and a half, then one in a minute.
fn flood() -> Vec<(i64, String)> {
    const START: i64 = 1_545_084_650;
    let mut arrived = Vec::new();
    let mut order = |second: i64| {
        let number = 600_000 + arrived.len();
        let date = DateTime::from_timestamp(second, 0).expect("in the calendar");
        let date = date.format("%Y-%m-%dT%H:%M:%SZ");
        let line = format!("{number},85123A,HEART,1,{date},2.55,17850,United Kingdom");
        arrived.push((second, line));
    };
    for second in 0..90 {
        (0..=second / 10).for_each(|_| order(START + second));
    }
    (0..5).for_each(|minute| order(START + 120 + 60 * minute));
    arrived
}

/// What the function tells of arrivals, a batch for each second, when nothing lags.
async fn by_the_function(arrived: &[(i64, String)], rule: Rule) -> Vec<Alarm> {
    let (table, stream) = (Memory::default(), Stream::default());
    let handler = Handler::new(rule, &table, &stream);
    let deadline = || Deadline::after(Duration::from_secs(20));
    let moment = |second| DateTime::from_timestamp(second, 0).expect("in the calendar");
    let mut first = 0;
    for batch in arrived.chunk_by(|a, b| a.0 == b.0) {
        let payloads: Vec<&str> = batch.iter().map(|(_, line)| line.as_str()).collect();
        let event = testkit::event(first, &payloads);
        first += batch.len() as u64;
        let mut event: KinesisEvent = serde_json::from_slice(&event).expect("an event");
        let now = moment(batch[0].0);
        event.records.iter_mut().for_each(|r| r.arrived_at = now);
        let (response, _) = handler.batch(&event.records, now, deadline()).await;
        assert!(response.batch_item_failures.is_empty());
    }
    let last = arrived.last().expect("an order").0;
    for minute in 1..10 {
        let (settled, _) = handler
            .scheduled(moment(last + 60 * minute), deadline())
            .await;
        settled.expect("a settled minute");
    }
    stream.alarms.into_inner().expect("alarms")
}

#[tokio::test]
async fn the_alarm_records_are_those_of_the_function() {
    let folder = folder("function");
    let arrived = flood();
    let text: String = arrived
        .iter()
        .map(|(_, line)| format!("{line}\n"))
        .collect();
    let file = folder.file("flood.csv", text);
    for variables in [
        &[("REPEAT_SECONDS", "20")][..],
        &[
            ("ORDER_THRESHOLD", "40"),
            ("EVALUATION_SECONDS", "20"),
            ("DATAPOINTS_TO_ALARM", "5"),
        ],
        &[
            ("COUNT", "units"),
            ("WINDOW_SECONDS", "5"),
            ("SITE", "shop"),
        ],
    ] {
        let flags = flags(variables);
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        let document = document(&[&[file.as_str()][..], &flags].concat());
        assert_eq!(document["spread"], false);
        let ours = records(&document);
        let theirs = by_the_function(&arrived, rule(variables)).await;
        assert_eq!(ours, theirs, "{variables:?}");
        let kinds: Vec<AlarmKind> = ours.iter().map(|a| a.kind).collect();
        assert!(kinds.starts_with(&[AlarmKind::Alarm]), "{kinds:?}");
        assert!(kinds.ends_with(&[AlarmKind::Ok]), "{kinds:?}");
    }
}

#[test]
fn flags_go_before_the_functions_variables() {
    let folder = folder("environment");
    let file = folder.file("orders.csv", small_orders().text());
    let environment = [("COUNT", "lines"), ("ORDER_THRESHOLD", "9"), ("SITE", "")];
    let output = backtest(&[&file, "--order-threshold", "7", "--json"], &environment);
    let document: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(
        document["rule"],
        json!({"site": "website", "count": "lines", "window_seconds": 15, "order_threshold": 7,
            "evaluation_seconds": 60, "datapoints_to_alarm": 60, "recovery_seconds": 60, "repeat_seconds": 3600})
    );
}

#[test]
fn thresholds_are_compared_as_if_each_were_the_given_one() {
    let folder = folder("thresholds");
    let orders = small_orders();
    let file = folder.file("orders.csv", orders.text());
    let arrived = spread(&orders);
    let given = document(&[&file, "--count", "lines", "--order-threshold", "12"]);
    let thresholds = given["thresholds"].as_array().expect("thresholds");
    assert!(thresholds.len() > 3, "{thresholds:?}");
    let seconds = arrived.iter().map(|(second, _)| *second);
    let span = seconds.clone().max().expect("a line") - seconds.min().expect("a line") + 1;
    let mut given = 0;
    for row in thresholds {
        let threshold = row["threshold"].as_u64().expect("a threshold").to_string();
        given += u64::from(row["given"] == true);
        assert_eq!(row["given"], threshold == "12");
        let rule = rule(&[("COUNT", "lines"), ("ORDER_THRESHOLD", &threshold)]);
        assert_eq!(rule.count(), Measure::Lines);
        let records = directly(&arrived, &rule);
        let over = records.iter().filter(|a| a.kind == AlarmKind::Ok);
        assert_eq!(row["alarms"], over.clone().count(), "{threshold}");
        let lasted: i64 = over.clone().map(|a| a.at - a.started_at).sum();
        assert_eq!(row["alarm_seconds"], lasted, "{threshold}");
        let a_week = over.count() as f64 * 604_800.0 / span as f64;
        let shown = row["alarms_per_week"].as_f64().expect("a number");
        assert!((shown - a_week).abs() < 1e-9, "{shown}, not {a_week}");
    }
    assert_eq!(given, 1);
}

#[test]
fn a_surge_tells_what_arrived_in_it() {
    let folder = folder("amount");
    let arrived = flood();
    let text: String = arrived
        .iter()
        .map(|(_, line)| format!("{line}\n"))
        .collect();
    let file = folder.file("flood.csv", text);
    let document = document(&[&file]);
    let time = |name: &str| -> i64 {
        let time = document["alarms"][0][name].as_str().expect("a time");
        DateTime::parse_from_rfc3339(time)
            .expect("ISO 8601")
            .timestamp()
    };
    let span = time("started_at") - 14..=time("ended_at");
    let inside = arrived.iter().filter(|(second, _)| span.contains(second));
    assert_eq!(document["alarms"][0]["total_count"], inside.count());
    let lasted = time("ended_at") - time("started_at");
    assert_eq!(document["alarms"][0]["duration_seconds"], lasted);
    assert!(time("raised_at") > time("started_at") && time("raised_at") < time("ended_at"));
}

#[test]
fn how_a_file_is_packed_and_written_makes_no_difference() {
    let folder = folder("forms");
    let orders = small_orders();
    let text = orders.text();
    let body = text.split_once('\n').expect("a header").1;
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(text.as_bytes()).expect("a written text");
    let numbered = |(number, line): (usize, &str)| format!("{},{number}\r\n", line.trim_end());
    let json = |line: &str| {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(line.as_bytes());
        let fields = reader
            .records()
            .next()
            .expect("a line")
            .expect("a CSV line");
        let quantity: i64 = fields[3].parse().expect("a whole number");
        let object = json!({"InvoiceNo": fields[0], "StockCode": fields[1], "Description": fields[2],
            "Quantity": quantity, "InvoiceDate": fields[4], "UnitPrice": fields[5].parse::<f64>().expect("a price"),
            "CustomerID": fields[6].parse::<u64>().ok(), "Country": fields[7]});
        format!("{object}\n")
    };
    let json_lines: String = orders.lines().into_iter().map(json).collect();
    let zst = |text: &str| zstd::encode_all(text.as_bytes(), 1).expect("a packed text");
    let numbered: String = orders
        .lines()
        .into_iter()
        .enumerate()
        .map(numbered)
        .collect();
    let flags = ["--count", "units", "--order-threshold", "40"];
    let expected = document(&[&[folder.file("orders.csv", text).as_str()][..], &flags].concat());
    for file in [
        folder.file("no-header.csv", body),
        folder.file("bom.csv", format!("\u{feff}{text}")),
        folder.file("orders.csv.gz", gz.finish().expect("a packed text")),
        folder.file("orders.csv.zst", zst(text)),
        folder.file("without-a-name-for-it", zst(text)),
        folder.file("orders.jsonl", &json_lines),
        folder.file("orders.jsonl.zst", zst(&json_lines)),
        folder.file("numbered.csv", format!("{HEADER},LineNo\n{numbered}")),
    ] {
        let mut found = document(&[&[file.as_str()][..], &flags].concat());
        found["file"] = expected["file"].clone();
        assert_eq!(found, expected, "{file}");
    }
    assert_eq!(expected["lines"], 2_000);
    assert!(!records(&expected).is_empty());
    // The agent cuts texts at their commas; what it leaves whole is the same.
    let agent: String = orders.lines().into_iter().map(agent_json).collect();
    let agent = document(&[&folder.file("agent.jsonl", agent)]);
    let shifted = agent["rejected"]["shifted_by_agent"]["lines"]
        .as_u64()
        .expect("some");
    assert_eq!(agent["lines"].as_u64(), Some(2_000 - shifted));
}

#[test]
fn dates_with_seconds_or_no_spread_leave_lines_where_they_are() {
    let folder = folder("spread");
    let line = |time: &str, n: u32| format!("{n},A,B,1,2011-01-01 {time},1.5,,UK\n");
    let minute: String = (0..4).map(|n| line("10:00", n)).collect();
    let file = folder.file("minutes.csv", &minute);
    let peak = |document: &Value| document["peak"]["count"].clone();
    let spread = document(&[&file]);
    assert_eq!((&spread["spread"], peak(&spread)), (&json!(true), json!(1)));
    let text = shown(&[&file]);
    assert!(
        text.contains("Dates are whole minutes: the lines of a minute are spread evenly"),
        "{text}"
    );
    let left = document(&[&file, "--no-spread"]);
    assert_eq!((&left["spread"], peak(&left)), (&json!(false), json!(4)));
    let file = folder.file("seconds.csv", minute + &line("10:01:01", 9));
    let seconds = document(&[&file]);
    assert_eq!(
        (&seconds["spread"], peak(&seconds)),
        (&json!(false), json!(4))
    );
    let days = line("10:00", 1).replace(" 10:00", "") + &line("00:00", 2);
    let text = shown(&[&folder.file("days.csv", days)]);
    assert!(text.contains("! No date tells a time of day"), "{text}");
    let offset = line("10:00", 1).replace("10:00", "10:00+02:00");
    assert_eq!(
        document(&[&folder.file("offset.csv", offset)])["from"],
        "2011-01-01T08:00:00Z"
    );
}

#[test]
fn rejected_lines_are_counted_by_reason_and_shown() {
    let folder = folder("rejects");
    let text = format!(
        "{HEADER}\n1,A,B,1,12/1/2010 8:26,1.5,,UK\n1,A,B,x,12/1/2010 8:26,1.5,,UK\n?\n\n\
         1,\"A\nB\",C,1,12/1/2010 8:26,1.5,,UK\n1,A,B,y,12/1/2010 8:26,1.5,,UK\n"
    );
    let file = folder.file("orders.csv", text);
    let document = document(&[&file]);
    assert_eq!(document["lines"], 2);
    assert_eq!(
        document["rejected"],
        json!({
            "not_a_number": {"lines": 2, "first_line": 3, "example": "Quantity: expected a number, found a text"},
            "not_json_or_csv": {"lines": 1, "first_line": 4, "example": "expected a JSON object or a CSV line"},
        })
    );
    let text = shown(&[&file]);
    for line in [
        "2 lines, 1 order, 0 cancelled lines, 2010-12-01 08:26:00 to 2010-12-01 08:26:30 UTC, 3 rejected",
        "  ! 2 lines as line 3: Quantity: expected a number, found a text",
        "  ! 1 line as line 4: expected a JSON object or a CSV line",
    ] {
        assert!(text.contains(line), "{text}");
    }
}

#[test]
fn the_tables_say_what_the_document_says() {
    let folder = folder("tables");
    let file = folder.file("orders.csv", small_orders().text());
    let arguments = [file.as_str(), "--order-threshold", "1"];
    let document = document(&arguments);
    let alarms = document["alarms"].as_array().expect("alarms");
    assert!(alarms.len() > 20, "too few to leave any out");
    let some = shown(&arguments);
    let all = shown(&[&arguments[..], &["--all"]].concat());
    assert!(
        !some.contains('\u{1b}'),
        "colours, though no terminal reads"
    );
    assert!(some.contains("(--all shows every one)"), "{some}");
    let rows = |text: &str| {
        text.lines()
            .filter(|line| line.starts_with("│ 201"))
            .count()
    };
    assert_eq!((rows(&some), rows(&all)), (20, alarms.len()));
    for alarm in alarms {
        let start = alarm["started_at"]
            .as_str()
            .expect("a time")
            .replace('T', " ");
        assert!(all.contains(start.trim_end_matches('Z')), "{start}");
    }
    let given = some
        .lines()
        .find(|line| line.starts_with("│ ▶"))
        .expect("a marked threshold");
    let cells: Vec<&str> = given.split_whitespace().collect();
    assert_eq!(cells[2..4], ["1", &alarms.len().to_string()], "{given}");
}

#[test]
fn the_page_holds_the_data_and_asks_no_network() {
    let folder = folder("page");
    let file = folder.file("orders <b>&.csv", small_orders().text());
    let path = PathBuf::from(folder.path("report.html"));
    let html = path.to_str().expect("a UTF-8 path");
    fs::write(&path, "an older report").expect("a file");
    let arguments = [file.as_str(), "--order-threshold", "1", "--html", html];
    let document = document(&arguments);
    let page = fs::read_to_string(&path).expect("a page");
    assert!(!page.contains("orders <b>"), "a name that is not escaped");
    assert!(page.contains("orders &lt;b&gt;&amp;.csv"));
    let (before, data) = page.split_once("id=\"data\">").expect("data");
    assert!(before.contains("default-src 'none'"));
    let data: Value =
        serde_json::from_str(data.split_once("</script>").expect("an end").0).expect("JSON");
    assert_eq!(data["threshold"], 1);
    let alarms = data["alarms"].as_array().expect("alarms");
    assert_eq!(
        Some(alarms.len()),
        document["alarms"].as_array().map(Vec::len)
    );
    let rates = data["runs"].as_array().expect("runs").iter();
    let rates = rates.flat_map(|run| run[1].as_array().expect("rates").clone());
    let highest = rates.map(|rate| rate.as_u64().expect("a rate")).max();
    assert_eq!(highest, document["peak"]["count"].as_u64());
    for load in [
        "src=",
        "href=\"h",
        "@import",
        "url(",
        "fetch(",
        "XMLHttpRequest",
        "import(",
    ] {
        assert!(!page.contains(load), "{load}");
    }
    let left: Vec<_> = fs::read_dir(folder.path("")).expect("a folder").collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn what_cannot_be_read_or_written_is_one_clear_line() {
    let folder = folder("errors");
    let orders = folder.file("orders.csv", small_orders().text());
    let nowhere = folder.path("no-such/report.html");
    let directory = folder.path("");
    let cut = zstd::encode_all(small_orders().text().as_bytes(), 1).expect("a packed text");
    let missing = folder.path("missing.csv");
    for (arguments, message) in [
        (vec![missing], "missing.csv cannot be read: "),
        (vec![directory.clone()], "cannot be read: "),
        (
            vec![folder.file("a.bin", [0, 159, 146, 150, 10, 0, 255])],
            "holds no order line: 2 lines refused, line 1 for one: expected UTF-8 text",
        ),
        (
            vec![folder.file("other.csv", "a,b\n1,2\n3,4\n")],
            "expected the 8 columns InvoiceNo,StockCode,",
        ),
        (
            vec![folder.file("empty.csv", "")],
            "holds no order line: there is nothing in it",
        ),
        (
            vec![folder.file("header.csv", HEADER)],
            "holds no order line: there is nothing in it",
        ),
        (
            vec![folder.file("cut.zst", &cut[..cut.len() / 2])],
            "cut.zst cannot be read: ",
        ),
        (
            vec![folder.file("cut.gz", [0x1f, 0x8b, 8, 0])],
            "cut.gz cannot be read: ",
        ),
        (
            vec![orders.clone(), "--html".to_owned(), nowhere],
            "report.html cannot be written: ",
        ),
        (
            vec![orders.clone(), "--html".to_owned(), directory],
            "cannot be written: it is there and no file",
        ),
    ] {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = backtest(&arguments, &[]);
        let error = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(
            error.starts_with("error: ") && error.contains(message),
            "{error}"
        );
        assert_eq!(error.trim_end().lines().count(), 1, "{error}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_value_that_the_function_would_refuse_is_a_usage_error_that_names_it() {
    for (flag, value, expected) in [
        (
            "--site",
            "a b",
            "--site, or the variable SITE, is \"a b\": expected 1 to 64 letters",
        ),
        (
            "--count",
            "rows",
            "--count, or the variable COUNT, is \"rows\": expected one of orders, lines, units",
        ),
        (
            "--window-seconds",
            "301",
            "--window-seconds, or the variable WINDOW_SECONDS, is \"301\": expected",
        ),
        (
            "--order-threshold",
            "-1",
            "--order-threshold, or the variable ORDER_THRESHOLD, is \"-1\": expected",
        ),
        (
            "--evaluation-seconds",
            "1.5",
            "--evaluation-seconds, or the variable",
        ),
        (
            "--datapoints-to-alarm",
            "61",
            "--datapoints-to-alarm, or the variable",
        ),
        (
            "--recovery-seconds",
            "0",
            "--recovery-seconds, or the variable",
        ),
        ("--repeat-seconds", "x", "--repeat-seconds, or the variable"),
    ] {
        let output = backtest(&["no-such.csv", flag, value], &[]);
        let error = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.starts_with(&format!("error: {expected}")), "{error}");
        assert_eq!(error.trim_end().lines().count(), 1, "{error}");
    }
    let output = backtest(&["no-such.csv"], &[("WINDOW_SECONDS", "never")]);
    let error = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(
        error.contains("the variable WINDOW_SECONDS, is \"never\""),
        "{error}"
    );
    assert_eq!(output.status.code(), Some(2));
    for arguments in [
        &[][..],
        &["a.csv", "--count", ""],
        &["a.csv", "b.csv"],
        &["a.csv", "--no-such"],
    ] {
        assert_eq!(
            backtest(arguments, &[]).status.code(),
            Some(2),
            "{arguments:?}"
        );
    }
}
