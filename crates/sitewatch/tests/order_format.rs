//! Orders of a shop's own form through the tool, as a user runs it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use model::{OrderFormat, OrderLine, decode};
use serde_json::Value;
use testkit::{embedded_kinesis, small_orders};

const CSV: &str = r#"
format = "csv"
delimiter = ";"
columns = ["Datum", "Nr", "Artikel", "Text", "Menge", "Preis", "Kunde", "Land"]
decimal = ","
[line]
InvoiceNo = "Nr"
StockCode = "Artikel"
Description = "Text"
Quantity = "Menge"
InvoiceDate = { at = "Datum", format = "%d.%m.%Y %H:%M" }
UnitPrice = "Preis"
CustomerID = "Kunde"
Country = "Land"
Cancelled = { prefix = "C" }
"#;

const JSON: &str = r#"
format = "json"
lines = "/lines"
[order]
InvoiceNo = "/number"
InvoiceDate = "/placed_at"
CustomerID = "/customer"
Country = "/country"
Cancelled = { prefix = "C" }
[line]
StockCode = "/sku"
Description = "/name"
Quantity = "/count"
UnitPrice = "/price"
"#;

fn format(text: &str) -> OrderFormat {
    OrderFormat::parse(text).expect("a format")
}

fn file(name: &str, content: impl AsRef<[u8]>) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("order-format-{name}"));
    fs::write(&path, content).expect("a written file");
    path.display().to_string()
}

fn sitewatch(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sitewatch"))
        .args(arguments)
        .envs(environment.iter().copied())
        .env("NO_COLOR", "1")
        .output()
        .expect("a tool that starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// What a backtest tells, without the file's name.
fn backtest(arguments: &[&str]) -> Value {
    let rule = ["--json", "--count", "lines", "--order-threshold", "12"];
    let output = sitewatch(&[&["backtest"], arguments, &rule].concat(), &[]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let mut document: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    document.as_object_mut().expect("an object").remove("file");
    document
}

/// The project's own orders in a form: a record for each run of lines of one invoice and
/// minute.
fn records(format: &OrderFormat) -> Vec<Vec<u8>> {
    let orders = small_orders();
    let lines: Vec<OrderLine<'_>> = orders
        .lines()
        .into_iter()
        .map(|line| {
            let line = decode(line.as_bytes()).next().expect("a line");
            line.line.expect("an order line")
        })
        .collect();
    let together = |a: &OrderLine<'_>, b: &OrderLine<'_>| {
        a.invoice_no == b.invoice_no && a.order_date == b.order_date
    };
    let orders = lines.chunk_by(together);
    let record = |lines| format.write(lines).expect("a described form");
    orders.map(record).collect()
}

/// JSON records as one array, indented as an API's answer is.
fn array(records: &[Vec<u8>]) -> String {
    let orders: Vec<Value> = records
        .iter()
        .map(|record| serde_json::from_slice(record).expect("JSON"))
        .collect();
    format!("{:#}", Value::from(orders))
}

#[test]
fn a_backtest_tells_the_same_of_the_same_orders_in_any_form() {
    let default = file("default.csv", small_orders().text());
    let expected = backtest(&[&default]);
    assert_eq!(expected["lines"], 2_000);
    assert!(
        expected["alarms"]
            .as_array()
            .is_some_and(|alarms| !alarms.is_empty())
    );

    let (csv, json) = (format(CSV), format(JSON));
    let header = "Datum;Nr;Artikel;Text;Menge;Preis;Kunde;Land\r\n";
    let rows = [header.as_bytes(), &records(&csv).concat()].concat();
    let objects = records(&json);
    let (of_csv, of_json) = (file("csv.toml", CSV), file("json.toml", JSON));
    for (name, content, format) in [
        ("export.csv", rows, &of_csv),
        ("lines.json", objects.concat(), &of_json),
        ("array.json", array(&objects).into_bytes(), &of_json),
    ] {
        let path = file(name, content);
        assert_eq!(backtest(&[&path, "--orders", format]), expected, "{name}");
    }
}

#[test]
fn the_variable_of_the_functions_stands_in_for_the_flag() {
    let export = file("variable.json", records(&format(JSON)).concat());
    let described = file("variable.toml", JSON);
    let output = sitewatch(&["backtest", &export], &[("ORDER_FORMAT", &described)]);
    assert!(output.status.success(), "{}", text(&output.stderr));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_sends_each_order_of_an_array_as_a_record() {
    let endpoint = embedded_kinesis().await;
    endpoint.create_stream("orders", 2).await;
    let json = format(JSON);
    let objects = records(&json);
    let path = file("replay.json", array(&objects));
    let described = file("replay.toml", JSON);
    let url = endpoint.url().to_owned();
    let run = move || {
        let environment = [
            ("AWS_ENDPOINT_URL", url.as_str()),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
        ];
        sitewatch(&["replay", &path, "--orders", &described], &environment)
    };
    let output = tokio::task::spawn_blocking(run).await.expect("a thread");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let arrived = endpoint.stream_records("orders").await;
    assert_eq!(arrived.len(), objects.len());
    let mut lines = 0;
    for (key, data) in &arrived {
        for decoded in json.decode(data) {
            let line = decoded.line.expect("an order line");
            assert_eq!(&line.invoice_no, key);
            lines += 1;
        }
    }
    assert_eq!(lines, 2_000);
}

#[test]
fn the_demos_shop_may_have_a_form_of_its_own() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("order-format-demo");
    let stripe = format!("{root}/layers/order-formats/stripe.toml");
    let output = sitewatch(
        &[
            "demo",
            "--speed",
            "10000",
            "--orders",
            &stripe,
            "--out",
            &out.display().to_string(),
        ],
        &[],
    );
    let told = text(&output.stdout);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(told.contains("✓ Every line is a row or a reject"), "{told}");
    assert!(told.contains("alike to the last letter"), "{told}");
    assert!(told.contains("expected complete JSON objects"), "{told}");
}

#[test]
fn a_mistake_in_a_format_is_told_before_anything_else_happens() {
    let export = file("mistake.csv", "a;b\n");
    let mistake = file(
        "mistake.toml",
        CSV.replace("Datum\", format", "Date\", format"),
    );
    let missing = PathBuf::from(&mistake).with_file_name("no-such-orders.toml");
    let missing = missing.display().to_string();
    let expected = format!(
        "error: {mistake}: line 11: InvoiceDate.at is \"Date\": expected one of columns: Datum, Nr, "
    );
    for command in ["backtest", "replay", "demo", "up"] {
        for (format, expected) in [
            (&mistake, expected.clone()),
            (
                &missing,
                format!("error: {missing}: No such file or directory"),
            ),
        ] {
            let files: &[&str] = if matches!(command, "demo" | "up") {
                &[]
            } else {
                &[&export]
            };
            let output = sitewatch(&[&[command, "--orders", format], files].concat(), &[]);
            let error = text(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{command}: {error}");
            assert!(error.starts_with(&expected), "{command}: {error}");
            assert_eq!(error.trim_end().lines().count(), 1, "{command}: {error}");
            assert!(output.stdout.is_empty(), "{command}");
        }
    }
}

#[test]
fn a_file_of_another_form_is_refused_in_the_shops_own_names() {
    let export = file("other.csv", small_orders().text());
    let described = file("other.toml", CSV);
    let output = sitewatch(&["backtest", &export, "--orders", &described], &[]);
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(
        error.contains("expected the 8 columns Datum;Nr;Artikel;Text;Menge;Preis;Kunde;Land"),
        "{error}"
    );
}
