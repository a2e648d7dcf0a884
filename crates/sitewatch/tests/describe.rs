//! `sitewatch describe`, as an operator runs it, and `sitewatch backtest` with what it writes.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use testkit::small_orders;

/// Signs of a terminal's line.
const WIDTH: usize = 100;

/// A folder of one test, gone with it.
struct Folder(PathBuf);

/// What a run left behind.
struct Run {
    code: Option<i32>,
    shown: String,
    error: String,
}

impl Folder {
    fn new(test: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("describe-{test}"));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> &Self {
        fs::write(self.0.join(name), content).expect("a file");
        self
    }

    fn text(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.0.join(name)).ok()
    }

    fn tool(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_sitewatch"))
            .args(arguments)
            .current_dir(&self.0)
            .env_remove("ORDER_FORMAT")
            .output()
            .expect("a tool that starts")
    }

    fn describe(&self, arguments: &[&str]) -> Run {
        let output = self.tool(&[&["describe"], arguments].concat());
        let run = Run {
            code: output.status.code(),
            shown: String::from_utf8(output.stdout).expect("UTF-8"),
            error: String::from_utf8(output.stderr).expect("UTF-8"),
        };
        for line in run.shown.lines() {
            assert!(
                line.chars().count() <= WIDTH,
                "wider than a terminal: {line}"
            );
            assert!(!line.contains(|c: char| c.is_control()), "{line:?}");
        }
        run
    }

    /// What the backtest makes of a file by an order format.
    fn backtest(&self, file: &str, orders: &str) -> Value {
        let output = self.tool(&["backtest", file, "--orders", orders, "--json"]);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{error}");
        serde_json::from_slice(&output.stdout).expect("JSON")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Run {
    /// Everything was found.
    fn all_found(self) -> String {
        assert_eq!(
            (self.code, self.error.as_str()),
            (Some(0), ""),
            "{}",
            self.shown
        );
        self.shown
    }

    /// It failed with one line, which says all this.
    fn failed(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{}{}", self.shown, self.error);
        for words in words {
            assert!(self.error.contains(words), "{words}: {}", self.error);
        }
        assert_eq!(self.error.lines().count(), 1, "{}", self.error);
    }
}

fn has(shown: &str, all: &[&str]) {
    for words in all {
        assert!(shown.contains(words), "{words:?} is missing in\n{shown}");
    }
}

/// The small file as a German shop system would export it.
fn german() -> String {
    let orders = small_orders();
    let mut reader = csv::ReaderBuilder::new().from_reader(orders.text().as_bytes());
    let mut writer = csv::WriterBuilder::new()
        .delimiter(b';')
        .from_writer(Vec::new());
    let header = "Bestellnr;Artikel;Bezeichnung;Menge;Bestelldatum;Einzelpreis;Kundennr;Land";
    writer.write_record(header.split(';')).expect("a header");
    for row in reader.records() {
        let row = row.expect("a row");
        let date = chrono::NaiveDateTime::parse_from_str(&row[4], "%m/%d/%Y %H:%M");
        let date = date.expect("a date").format("%d.%m.%Y %H:%M").to_string();
        let price = row[5].replace('.', ",");
        writer
            .write_record([
                &row[0], &row[1], &row[2], &row[3], &date, &price, &row[6], &row[7],
            ])
            .expect("a row");
    }
    String::from_utf8(writer.into_inner().expect("CSV")).expect("UTF-8")
}

/// Orders with their lines, a line of text each; customers are e-mail addresses.
fn whole_orders() -> String {
    let order = |n: usize| {
        let line = |k: usize| json!({"pos": k, "sku": format!("A-{k}"), "title": "Tasse", "qty": k, "price": "2.50"});
        json!({
            "orderNumber": format!("SO-{n}"), "createdAt": format!("2026-03-{:02}T08:00:00+01:00", n % 28 + 1),
            "status": if n.is_multiple_of(5) { "cancelled" } else { "paid" }, "currency": "EUR",
            "customer": {"email": format!("kunde{n}@example.com")}, "address": {"country": "DE"},
            "items": (1..=n % 3 + 1).map(line).collect::<Vec<_>>(),
        })
    };
    (0..60).map(|n| format!("{}\n", order(n))).collect()
}

#[test]
fn orders_of_known_systems_have_their_own_formats() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for (system, file) in [
        ("Shopify", "shopify"),
        ("WooCommerce", "woocommerce"),
        ("Stripe", "stripe"),
    ] {
        let folder = Folder::new(file);
        let body = data.join(format!("crates/testkit/data/webhooks/{file}.json"));
        folder.file("body.json", fs::read(body).expect("a body"));
        let shown = folder.describe(&["body.json"]).all_found();
        has(
            &shown,
            &[
                &format!("orders of {system}"),
                "3 lines of 1 order",
                "3 lines stored, 0 refused",
            ],
        );
        let shipped = fs::read_to_string(data.join(format!("layers/order-formats/{file}.toml")));
        assert_eq!(folder.text("orders.toml"), shipped.ok(), "{file}");
        assert_eq!(
            folder.backtest("body.json", "orders.toml")["lines"],
            json!(3),
            "{file}"
        );
    }
}

#[test]
fn the_online_retail_file_needs_no_format() {
    let folder = Folder::new("retail");
    folder.file("orders.csv", small_orders().text());
    let shown = folder.describe(&["orders.csv"]).all_found();
    has(
        &shown,
        &[
            "no order format is needed",
            "2,000 lines stored, 0 refused",
            "Next: sitewatch backtest orders.csv\n",
        ],
    );
    assert_eq!(folder.text("orders.toml"), None);
}

#[test]
fn a_german_export_is_read_as_the_original() {
    let folder = Folder::new("german");
    let bom = format!("\u{feff}{}", german());
    folder
        .file("export.csv", bom)
        .file("original.csv", small_orders().text());
    let shown = folder
        .describe(&["export.csv", "-o", "german.toml"])
        .all_found();
    has(
        &shown,
        &[
            "CSV with ';' between 8 columns",
            "Bestelldatum",
            "%d.%m.%Y %H:%M",
            "2,000 lines stored, 0 refused",
        ],
    );
    has(
        &shown,
        &[
            "87 cancelled, 790 of guests",
            "Next: sitewatch backtest export.csv --orders german.toml",
        ],
    );
    let text = folder.text("german.toml").expect("an order format");
    has(&text, &["decimal = \",\"", "# zone = \"Europe/Berlin\""]);

    let mut described = folder.backtest("export.csv", "german.toml");
    let output = folder.tool(&["backtest", "original.csv", "--json"]);
    let mut original: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    described["file"] = Value::Null;
    original["file"] = Value::Null;
    assert_eq!(described, original);
}

#[test]
fn whole_orders_are_found_in_json_lines_packed_or_not() {
    let folder = Folder::new("whole");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(whole_orders().as_bytes()).expect("a text");
    folder.file("orders.jsonl.gz", packed.finish().expect("a packed text"));
    let shown = folder.describe(&["orders.jsonl.gz"]).all_found();
    has(
        &shown,
        &[
            "an order with lines in /items",
            "120 lines of 60 orders",
            "kunde0@exam",
            "CustomerRef",
            "2.5 EUR",
        ],
    );
    let text = folder.text("orders.toml").expect("an order format");
    has(
        &text,
        &[
            "lines = \"/items\"",
            "CustomerID = { at = \"/customer/email\", text = true }",
        ],
    );
    has(
        &text,
        &[
            "Cancelled = { at = \"/status\", is = [\"cancelled\"] }",
            "LineNo = \"/pos\"",
        ],
    );
    let document = folder.backtest("orders.jsonl.gz", "orders.toml");
    assert_eq!(
        (&document["lines"], &document["orders"]),
        (&json!(120), &json!(48))
    );
}

#[test]
fn a_given_format_is_checked_and_nothing_is_written() {
    let folder = Folder::new("given");
    folder.file("export.csv", german());
    folder
        .describe(&["export.csv", "--out", "shop.toml"])
        .all_found();
    let before = folder.text("shop.toml");
    let german =
        folder.text("export.csv").expect("the export") + "X1;A;B;zwei;01.12.2010 08:26;2,55;;DE\n";
    folder.file("export.csv", german);
    let shown = folder
        .describe(&["export.csv", "--orders", "shop.toml"])
        .all_found();
    has(
        &shown,
        &[
            "Format: shop.toml",
            "2,000 lines stored, 1 refused",
            "Menge (Quantity): expected a number",
        ],
    );
    assert_eq!(
        (folder.text("shop.toml"), folder.text("orders.toml")),
        (before, None)
    );

    folder.file("broken.toml", "format = \"xml\"");
    let run = folder.describe(&["export.csv", "--orders", "broken.toml"]);
    run.failed(2, &["broken.toml", "line 1", "\"json\" or \"csv\""]);
    folder.file("other.json", "{\"a\":1}");
    folder
        .describe(&["other.json", "--orders", "shop.toml"])
        .failed(1, &["no order line by shop.toml", "line 1"]);
}

#[test]
fn what_is_there_is_never_overwritten() {
    let folder = Folder::new("there");
    folder
        .file("export.csv", german())
        .file("orders.toml", "mine");
    let run = folder.describe(&["export.csv"]);
    run.failed(2, &["orders.toml exists", "--orders orders.toml", "--out"]);
    assert_eq!(
        (run.shown.as_str(), folder.text("orders.toml").as_deref()),
        ("", Some("mine"))
    );
}

#[test]
fn a_field_that_is_missing_is_told_where_it_belongs() {
    let folder = Folder::new("missing");
    folder.file(
        "export.csv",
        "Bestellnr;Artikel;Menge;Preis\nB-1;TASSE;2;2,55 EUR\nB-2;KANNE;1;9,99 EUR\n",
    );
    let run = folder.describe(&["export.csv"]);
    run.failed(
        1,
        &[
            "orders.toml",
            "not found: InvoiceDate, UnitPrice",
            "--orders orders.toml",
        ],
    );
    has(
        &run.shown,
        &[
            "✗ UnitPrice: Preis has \"2,55 EUR\", no number",
            "✗ InvoiceDate: nothing",
        ],
    );
    let text = folder.text("orders.toml").expect("an order format");
    has(
        &text,
        &[
            "# InvoiceDate = \"…\"   # not found",
            "Country = { value = \"unknown\" }",
            "# UnitPrice = ",
        ],
    );
    // The next error leads on.
    let next = folder.describe(&["export.csv", "--orders", "orders.toml"]);
    next.failed(2, &["InvoiceDate is not said: expected where it is"]);
}

#[test]
fn what_holds_no_orders_is_told_and_nothing_is_written() {
    let folder = Folder::new("other");
    let letter = "This is a letter.\nIt has some lines, and a comma.\n\nYours, truly,\nme\n";
    let wrapped = json!({"orders": [{"id": 1, "items": [{"sku": "A", "qty": 1, "price": 2.5}]}]});
    for (content, words) in [
        (&b""[..], "found nothing"),
        (b" \n\n", "found nothing"),
        (&[7, 0, 255, 1], "found zero bytes"),
        (b"\xff\xfea\0;\0b\0", "UTF-16"),
        (letter.as_bytes(), "expected CSV or JSON"),
        (b"name;street\nAnna;Hauptstrasse\n", "no orders"),
        (b"Bestellnr;W\xe4hrung\n1;EUR\n", "iconv"),
        (b"[1, 2]", "found none"),
        (b"{\"a\":", "found none"),
        (wrapped.to_string().as_bytes(), "all orders lie in /orders"),
    ] {
        let run = folder.file("data", content).describe(&["data"]);
        run.failed(1, &["data", words]);
        assert_eq!((run.shown.as_str(), folder.text("orders.toml")), ("", None));
    }
    folder.describe(&["absent.csv"]).failed(1, &["absent.csv"]);
    folder
        .describe(&["."])
        .failed(1, &["expected a file, found a folder"]);
}

#[test]
fn hostile_values_are_shown_escaped_and_cut() {
    let folder = Folder::new("hostile");
    let long = "y".repeat(5_000);
    let rows = format!(
        "order_id\u{1b}[2J,sku,name,qty,created_at,price,country,email\n\
         O1,\"A\u{1b}[31m\",\"two\nlines\",2,03/04/2026 10:00,2.50,\"D\u{202e}E\",\"a\u{7}@example.com\"\n\
         O2,B,{long},1,05/06/2026 11:00,1.00,FR,{long}\n\
         O3,C,C,1,05/06/2026 11:00,1.00,FR,c@example.com\n"
    );
    let shown = folder
        .file("data.csv", rows)
        .describe(&["data.csv"])
        .all_found();
    has(&shown, &["\\u{1b}[31m", "D\\u{202e}E", "a\\u{7}@", "…"]);
    assert!(!shown.contains('\u{202e}'));
    let text = folder.text("orders.toml").expect("an order format");
    assert!(
        !text.contains('\u{1b}') && text.lines().all(|line| line.chars().count() < 200),
        "{text}"
    );
    // Day or month first: nobody can tell, so it is said.
    has(
        &shown,
        &[
            "InvoiceDate: No date in the sample tells",
            "\"%d/%m/%Y %H:%M\"",
        ],
    );
    has(&text, &["# format = \"%d/%m/%Y %H:%M\""]);
}

#[test]
fn of_a_long_file_the_beginning_is_read() {
    let folder = Folder::new("long");
    let german = german();
    let (header, rows) = german.split_once('\n').expect("a header");
    folder.file("export.csv", format!("{header}\n{}", rows.repeat(20)));
    let shown = folder.describe(&["export.csv"]).all_found();
    has(&shown, &["Read: the first 1"]);
}
