//! Orders of a shop's own form: what an order format makes of records.

use model::{
    Cancellation, Customer, Decoded, Field, OrderFormat, OrderLine, Position, Reason, Reject,
};
use proptest::prelude::*;
use serde_json::{Value, json};

/// A German shop's export.
const GERMAN: &str = r#"
format = "csv"
delimiter = ";"
columns = ["Bestellnr", "Artikel", "Bezeichnung", "Menge", "Datum", "Einzelpreis", "Kundennr", "Land"]
decimal = ","
thousands = "."

[line]
InvoiceNo = "Bestellnr"
StockCode = "Artikel"
Description = "Bezeichnung"
Quantity = "Menge"
InvoiceDate = { at = "Datum", format = "%d.%m.%Y %H:%M", zone = "Europe/Berlin" }
UnitPrice = "Einzelpreis"
CustomerID = "Kundennr"
Country = "Land"
Cancelled = { prefix = "ST" }
"#;

/// A shop that sends whole orders.
const ORDERS: &str = r#"
format = "json"
lines = "/items"

[order]
InvoiceNo = "/id"
InvoiceDate = { at = "/at", format = "seconds" }
CustomerID = { at = ["/customer/id", "/customer/email"], text = true, guest = ["0"] }
Country = { at = ["/ship/country", "/bill/country"], default = "unknown" }
Currency = "/currency"
Cancelled = { at = "/status", is = ["cancelled", "refunded"] }

[line]
StockCode = "/sku"
Description = "/title"
Quantity = "/count"
UnitPrice = { at = "/cents", scale = 2 }
LineNo = "/no"
"#;

fn format(text: &str) -> OrderFormat {
    OrderFormat::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn lines<'a>(format: &'a OrderFormat, record: &'a [u8]) -> Vec<Decoded<'a>> {
    format.decode(record).collect()
}

/// The only line of a record.
fn line<'a>(format: &'a OrderFormat, record: &'a str) -> Result<OrderLine<'a>, Reject> {
    let mut lines = lines(format, record.as_bytes());
    assert_eq!(lines.len(), 1, "{record}");
    lines.remove(0).line
}

fn good<'a>(format: &'a OrderFormat, record: &'a str) -> OrderLine<'a> {
    line(format, record).unwrap_or_else(|reject| panic!("{}: {record}", format.explain(&reject)))
}

fn order(items: &Value) -> Value {
    json!({
        "id": 7001, "at": 1_291_191_960, "customer": {"id": "cus_7"}, "ship": {"country": "FR"},
        "currency": "eur", "status": "paid", "items": items,
    })
}

fn item(no: u64) -> Value {
    json!({"sku": "A-1", "title": "MUG", "count": 2, "cents": 1999, "no": no})
}

#[test]
fn a_line_of_csv_is_read_by_its_columns_names() {
    let format = self::format(GERMAN);
    let record = "\u{feff}Bestellnr;Artikel;Bezeichnung;Menge;Datum;Einzelpreis;Kundennr;Land\r\n\
                  7001;A-1;\"Becher; \"\"blau\"\"\";1.000;1.7.2011 08:26;1.234,50;;Deutschland\r\n\r\n\
                  ST7002;A-2;Teller;1;01.12.2010 8:26;2,55;17850;Österreich";
    let lines = lines(&format, record.as_bytes());
    let first = lines[0].line.as_ref().expect("a line");
    assert_eq!(
        (first.invoice_no.as_ref(), first.stock_code.as_ref()),
        ("7001", "A-1")
    );
    assert_eq!(first.description, "Becher; \"blau\"");
    assert_eq!(first.quantity, 1000);
    assert_eq!(first.unit_price.to_string(), "1234.5");
    assert_eq!(first.order_date.to_string(), "2011-07-01T06:26:00Z");
    assert_eq!(first.customer, Customer::Guest);
    assert_eq!(first.cancellation, Cancellation::No);
    let second = lines[1].line.as_ref().expect("a line");
    assert_eq!(second.order_date.to_string(), "2010-12-01T07:26:00Z");
    assert_eq!(second.customer, Customer::Registered(17850));
    assert_eq!(second.cancellation, Cancellation::Shown);
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[1].position.line, 4);
}

#[test]
fn a_field_with_a_line_break_belongs_to_its_line_good_or_bad() {
    let format = format(GERMAN);
    let row = "7001;A-1;\"Becher\nblau\";1;01.12.2010 08:26;2,55;;Deutschland";
    let bad = row.replace(";1;", ";viele;");
    let open = row.replace("blau\"", "blau");
    let record = [row, &bad, row, &open, row].join("\n");
    let lines = lines(&format, record.as_bytes());
    let places: Vec<_> = lines
        .iter()
        .map(|d| (d.position.line, d.line.is_ok()))
        .collect();
    assert_eq!(
        places,
        [
            (1, true),
            (3, false),
            (5, true),
            (7, false),
            (8, false),
            (9, true)
        ]
    );
    let reject = lines[1].line.as_ref().expect_err("a bad line");
    assert_eq!(reject.field, Some(Field::Quantity));
}

#[test]
fn columns_may_go_by_their_numbers_and_constants_stand_in_for_what_a_shop_has_not() {
    let text = "format = \"csv\"\ndelimiter = \"\\t\"\n[line]\nInvoiceNo = 2\nStockCode = 4\nQuantity = { value = 1 }\n\
                InvoiceDate = 1\nUnitPrice = { at = 5, default = 0.5 }\nCountry = { value = \"Italia\" }\n";
    let format = self::format(text);
    let line = good(&format, "2010-12-01\t7001\t\tA-1\t");
    assert_eq!((line.quantity, line.country.as_ref()), (1, "Italia"));
    assert_eq!(line.unit_price.to_string(), "0.5");
    assert_eq!(line.description, "");
    let short = self::line(&format, "2010-12-01\t7001\tA-1").expect_err("too few");
    assert_eq!(
        format.explain(&short).to_string(),
        "expected at least 5 columns with '\\t' between them"
    );
}

#[test]
fn a_whole_order_is_its_lines_which_inherit_what_is_the_orders() {
    let format = self::format(ORDERS);
    let record = order(&json!([item(1), item(2)])).to_string();
    let lines = lines(&format, record.as_bytes());
    assert_eq!(lines.len(), 2);
    for (number, decoded) in (1..).zip(&lines) {
        let line = decoded.line.as_ref().expect("a line");
        let expected = OrderLine {
            invoice_no: "7001".into(),
            stock_code: "A-1".into(),
            description: "MUG".into(),
            quantity: 2,
            order_date: line.order_date,
            unit_price: model::Decimal::new(1999, 2),
            customer: Customer::Text("cus_7".into()),
            country: "FR".into(),
            line_no: Some(number),
            currency: model::Currency::parse("EUR"),
            cancellation: Cancellation::No,
        };
        assert_eq!(line, &expected);
        assert_eq!(line.order_date.to_string(), "2010-12-01T08:26:00Z");
        let item = u32::try_from(number).ok();
        let position = Position {
            user_record: None,
            line: 1,
            object: Some(1),
            item,
        };
        assert_eq!(decoded.position, position);
        assert_eq!(decoded.bytes, record.as_bytes());
    }
}

#[test]
fn objects_may_go_over_lines_stand_in_an_array_or_one_behind_the_other() {
    let format = self::format(ORDERS);
    let one = order(&json!([item(1)]));
    let compact = one.to_string();
    let pretty = format!("{one:#}");
    let array = json!([one, one]);
    for (record, count) in [
        (compact.clone(), 1),
        (pretty.clone(), 1),
        (format!("\u{feff}{compact}\r\n{compact}\r\n\r\n"), 2),
        (format!("{compact}{compact} {compact}"), 3),
        (
            format!("[{pretty}, {pretty},{pretty}]\n  {pretty}\n{pretty}"),
            5,
        ),
        (format!("{pretty}\r\n\u{feff}{pretty}\n\u{feff}\n"), 2),
        (format!("{pretty}\n{compact}\n{pretty}"), 3),
        (array.to_string(), 2),
        (format!("{array:#}"), 2),
        (format!("[\n{compact},\n{compact}\n]\n"), 2),
    ] {
        let lines = lines(&format, record.as_bytes());
        assert_eq!(lines.len(), count, "{record}");
        assert!(lines.iter().all(|decoded| decoded.line.is_ok()), "{record}");
    }
}

#[test]
fn what_is_broken_takes_nothing_else_with_it() {
    let format = self::format(ORDERS);
    let good = order(&json!([item(1)])).to_string();
    let pretty = format!("{:#}", order(&json!([item(1)])));
    let cut = &good[..good.len() - 3];
    let broken = pretty.replace("\"FR\"", "FR");
    let truncated = &pretty[..pretty.len() / 2];
    let twice = good.replace("\"id\":7001", "\"id\":7001,\"id\":7002");
    for (record, refused, stored) in [
        (format!("{good}\n{cut}\n{good}"), 1, 2),
        (format!("{good}\nhello\n{good}"), 1, 2),
        (format!("{good}\n{twice}\n{good}"), 1, 2),
        (format!("{good} hello\n{good}"), 1, 2),
        (format!("{good}\n{{\"a\n{good}"), 1, 2),
        // All of its lines are one reject.
        (format!("{good}\n{broken}\n{good}"), 1, 2),
        (format!("{good}\n{truncated}"), 1, 1),
        (broken.clone(), 1, 0),
        ("\"text\"".to_owned(), 1, 0),
        ("[1, 2]".to_owned(), 1, 0),
    ] {
        let lines = lines(&format, record.as_bytes());
        let bad: Vec<_> = lines
            .iter()
            .filter(|decoded| decoded.line.is_err())
            .collect();
        let reasons: Vec<_> = bad
            .iter()
            .map(|d| d.line.as_ref().map_err(|r| r.reason).err())
            .collect();
        assert_eq!(reasons, vec![Some(Reason::NotJson); refused], "{record}");
        assert_eq!(lines.len() - bad.len(), stored, "{record}");
    }
    let latin = [good.as_bytes(), b"\n{\"id\":\"\xA3\"}\n", good.as_bytes()].concat();
    let lines = lines(&format, &latin);
    assert_eq!(lines[1].line, Err(Reject::line(Reason::NotUtf8)));
    assert!(lines[0].line.is_ok() && lines[2].line.is_ok());
}

#[test]
fn many_broken_objects_take_no_good_ones_with_them() {
    let format = format(ORDERS);
    let one = order(&json!([item(1)]));
    let (compact, pretty) = (one.to_string(), format!("{one:#}"));
    let cut = "{\"id\":1,\"items\":[{\n";
    let unclosed = cut.repeat(50) + &vec![pretty.as_str(); 50].join("\n");
    // One of an indented array's objects, without a brace of its own.
    let array = format!("{:#}", json!(vec![&one; 20]));
    let broken = array.replacen("\"country\": \"FR\"\n    }", "\"country\": \"FR\"\n", 1);
    assert_ne!(array, broken);
    let latin = compact.replace("MUG", "M\u{1}G").into_bytes();
    let latin: Vec<u8> = latin
        .into_iter()
        .map(|b| if b == 1 { 0xDC } else { b })
        .collect();
    let of_one_line = [compact.as_bytes(), &latin, compact.as_bytes()].join(&b","[..]);
    for (record, refused, good) in [
        (unclosed.into_bytes(), 50, 50),
        (broken.into_bytes(), 1, 19),
        ([b"[", &of_one_line[..], b"]"].concat(), 1, 2),
    ] {
        let lines = lines(&format, &record);
        let stored = lines.iter().filter(|decoded| decoded.line.is_ok()).count();
        assert_eq!(
            (lines.len() - stored, stored),
            (refused, good),
            "{}",
            String::from_utf8_lossy(&record)
        );
    }
}

#[test]
fn objects_of_one_text_line_have_places_of_their_own() {
    let format = format(ORDERS);
    let mut bad = item(1);
    bad["count"] = json!("many");
    let bad = order(&json!([bad]));
    let record = json!([bad, bad]).to_string();
    let places: Vec<_> = lines(&format, record.as_bytes())
        .iter()
        .map(|d| (d.position.line, d.position.object, d.position.item))
        .collect();
    assert_eq!(places, [(1, Some(1), Some(1)), (1, Some(2), Some(1))]);
}

#[test]
fn all_numbers_in_texts_are_written_with_the_shops_signs() {
    let numbered = GERMAN.replace("\"Land\"]", "\"Land\", \"Pos\"]") + "LineNo = \"Pos\"\n";
    let format = format(&numbered);
    let record = "7001;A-1;Becher;1;01.12.2010 08:26;2,55;17.850;Deutschland;1.000";
    let line = good(&format, record);
    assert_eq!(line.customer, Customer::Registered(17_850));
    assert_eq!(line.line_no, Some(1_000));
    let seconds = GERMAN.replace(
        "format = \"%d.%m.%Y %H:%M\", zone = \"Europe/Berlin\"",
        "format = \"seconds\"",
    );
    let format = self::format(&seconds);
    let record = "7001;A-1;Becher;1;1291191960,5;2,55;;Deutschland";
    assert_eq!(
        good(&format, record).order_date.to_string(),
        "2010-12-01T08:26:00.500Z"
    );
}

#[test]
fn a_bad_line_of_an_order_leaves_the_others() {
    let format = self::format(ORDERS);
    let mut bad = item(2);
    bad["count"] = json!("many");
    let record = order(&json!([item(1), bad, item(3), 5])).to_string();
    let lines = lines(&format, record.as_bytes());
    assert!(lines[0].line.is_ok() && lines[2].line.is_ok());
    let reject = lines[1].line.as_ref().expect_err("not a number");
    assert_eq!(
        format.explain(reject).to_string(),
        "/items/*/count (Quantity): expected a number, found a text"
    );
    assert_eq!(format.name(Field::Quantity), Some("/items/*/count"));
    assert_eq!(lines[1].position.item, Some(2));
    assert_eq!(lines[3].line, Err(Reject::line(Reason::NotJson)));
}

#[test]
fn an_order_without_lines_is_refused_as_one() {
    let format = self::format(ORDERS);
    let mut without = order(&json!([]));
    without.as_object_mut().expect("an object").remove("items");
    for order in [
        order(&json!([])),
        order(&json!(null)),
        order(&json!({"a": 1})),
        without,
    ] {
        let record = order.to_string();
        let reject = line(&format, &record).expect_err("no lines");
        assert_eq!(reject, Reject::line(Reason::NoLines));
        assert_eq!(
            format.explain(&reject).to_string(),
            "/items: expected an array of at least one line"
        );
    }
}

#[test]
fn an_order_of_ten_thousand_lines_is_ten_thousand_lines() {
    let format = self::format(ORDERS);
    let items: Vec<Value> = (1..=10_000).map(item).collect();
    let record = order(&json!(items)).to_string();
    let lines = lines(&format, record.as_bytes());
    assert_eq!(lines.len(), 10_000);
    for (number, decoded) in (1..).zip(&lines) {
        let line = decoded.line.as_ref().expect("a line");
        assert_eq!(line.line_no, Some(number));
    }
}

#[test]
fn what_all_lines_would_inherit_is_bounded() {
    let format = self::format(ORDERS);
    let mut long = order(&json!([item(1)]));
    long["ship"]["country"] = json!("x".repeat(2_100));
    let record = long.to_string();
    let reject = line(&format, &record).expect_err("too long");
    assert_eq!(reject, Reject::line(Reason::OrderTooLarge));
    // Not too long for one line, and for no more of them than are as long themselves.
    let repeated = |length: usize, lines: u64| {
        let items: Vec<Value> = (1..=lines).map(item).collect();
        let mut order = order(&json!(items));
        order["ship"]["country"] = json!("x".repeat(length));
        let record = order.to_string();
        let decoded = lines_of(&format, &record);
        let is_too_large = decoded == [Err(Reject::line(Reason::OrderTooLarge))];
        assert!(is_too_large || decoded.iter().all(Result::is_ok));
        is_too_large
    };
    assert!(!repeated(1_900, 1) && !repeated(1_900, 8));
    assert!(repeated(1_900, 1_000));
    assert!(!repeated(200, 1_000));
}

/// What a record's lines are.
fn lines_of<'a>(format: &'a OrderFormat, record: &'a str) -> Vec<Result<OrderLine<'a>, Reject>> {
    let decoded = format.decode(record.as_bytes());
    decoded.map(|decoded| decoded.line).collect()
}

#[test]
fn customers_are_texts_numbers_or_guests() {
    let format = self::format(ORDERS);
    let with = |customer: Value| {
        let mut order = order(&json!([item(1)]));
        order["customer"] = customer;
        order.to_string()
    };
    for (customer, expected) in [
        (
            json!({"id": "cus_7", "email": "a@example.com"}),
            Customer::Text("cus_7".into()),
        ),
        (
            json!({"id": null, "email": "A@example.com"}),
            Customer::Text("A@example.com".into()),
        ),
        (json!({"id": " ", "email": ""}), Customer::Guest),
        (json!({"id": 0}), Customer::Guest),
        (json!({"id": 17850}), Customer::Text("17850".into())),
        (json!(null), Customer::Guest),
    ] {
        let record = with(customer);
        assert_eq!(good(&format, &record).customer, expected, "{record}");
    }
}

#[test]
fn the_key_of_a_text_is_worked_out_again_and_rows_never_meet() {
    let format = self::format(ORDERS);
    let with = |id: &str| {
        let mut order = order(&json!([item(1)]));
        order["customer"]["id"] = json!(id);
        order.to_string()
    };
    let record = with("cus_7");
    let line = good(&format, &record);
    // int.from_bytes(sha256(b"cus_7").digest()[:8], "big") >> 2, from -2 * 10**18 down.
    assert_eq!(line.customer_key(), -2_586_732_341_339_213_608);
    assert_eq!(line.order_id(), "7001-A-1#1~57b6754bf455c1ec");
    let other = with("cus_8");
    let other = good(&format, &other);
    assert_ne!(other.customer_key(), line.customer_key());
    // Even if they shared the key.
    assert_ne!(other.order_id(), line.order_id());
    let upper = with("CUS_7");
    assert_ne!(good(&format, &upper).customer_key(), line.customer_key());
    assert!(line.customer_key() <= -2_000_000_000_000_000_000);
}

#[test]
fn everything_that_only_described_orders_have_tells_lines_apart() {
    let text = ORDERS.replace("LineNo = \"/no\"\n", "");
    let format = self::format(&text);
    let plain = order(&json!([item(1)]));
    let mut ids = std::collections::HashSet::new();
    for (pointer, value) in [
        ("/status", json!("paid")),
        ("/status", json!("cancelled")),
        ("/currency", json!("usd")),
        ("/currency", json!(null)),
        ("/customer/id", json!("cus_8")),
    ] {
        let mut changed = plain.clone();
        *changed.pointer_mut(pointer).expect("a field") = value;
        ids.insert(good(&format, &changed.to_string()).order_id());
    }
    assert_eq!(ids.len(), 5);
}

#[test]
fn cancellations_are_marked_as_the_shop_marks_them() {
    let with = |mark: &str| {
        format(&ORDERS.replace(
            "{ at = \"/status\", is = [\"cancelled\", \"refunded\"] }",
            mark,
        ))
    };
    let listed = format(ORDERS);
    let present = with("\"/cancelled_at\"");
    let prefixed = with("{ prefix = \"70\" }");
    let mut order = order(&json!([item(1)]));
    for (format, field, value, cancellation) in [
        (&listed, "status", json!("refunded"), Cancellation::Marked),
        (&listed, "status", json!("Refunded"), Cancellation::No),
        (&listed, "status", json!(null), Cancellation::No),
        (
            &present,
            "cancelled_at",
            json!("2026-03-14"),
            Cancellation::Marked,
        ),
        (&present, "cancelled_at", json!(null), Cancellation::No),
        (&present, "cancelled_at", json!(""), Cancellation::No),
        (&present, "cancelled_at", json!(false), Cancellation::No),
        (&present, "cancelled_at", json!([]), Cancellation::No),
        (&present, "cancelled_at", json!("False"), Cancellation::No),
        (&present, "cancelled_at", json!(0), Cancellation::No),
        (
            &present,
            "cancelled_at",
            json!({"by": 1}),
            Cancellation::Marked,
        ),
        (&prefixed, "id", json!(7001), Cancellation::Shown),
        (&prefixed, "id", json!(1), Cancellation::No),
        (&prefixed, "id", json!("C1"), Cancellation::No),
    ] {
        order[field] = value;
        let record = order.to_string();
        assert_eq!(good(format, &record).cancellation, cancellation, "{record}");
    }
    order["items"][0]["count"] = json!(-1);
    assert_eq!(
        good(&listed, &order.to_string()).cancellation,
        Cancellation::Shown
    );
}

#[test]
fn a_reject_speaks_of_the_shops_own_fields() {
    let german = format(GERMAN);
    let row = "7001;A-1;Becher;1;01.12.2010 08:26;2,55;17850;Deutschland";
    for (from, to, message) in [
        (
            ";1;",
            ";viele;",
            "Menge (Quantity): expected a number with ',' before its decimals and '.' between thousands, found a text",
        ),
        (
            "2,55",
            "2.55",
            "Einzelpreis (UnitPrice): expected a number with ',' before its decimals and '.' between thousands, found a text",
        ),
        (
            "01.12.2010 08:26",
            "12/1/2010 8:26",
            "Datum (InvoiceDate): expected a date of the form %d.%m.%Y %H:%M, found a text",
        ),
        (
            "17850",
            "x",
            "Kundennr (CustomerID): expected a number, or text = true in the order format, found a text",
        ),
        (
            ";Deutschland",
            ";",
            "Land (Country): expected a value, found an empty value",
        ),
        (
            ";Deutschland",
            "",
            "expected the 8 columns Bestellnr;Artikel;Bezeichnung;Menge;Datum;Einzelpreis;Kundennr;Land",
        ),
        (
            "Becher",
            "\"Becher",
            "expected a closing quote, then ';' or the line's end",
        ),
    ] {
        let record = row.replace(from, to);
        let reject = line(&german, &record).expect_err("a reject");
        assert_eq!(german.explain(&reject).to_string(), message, "{record}");
    }
    let orders = format(ORDERS);
    let mut order = order(&json!([item(1)]));
    order["currency"] = json!("euro");
    let record = order.to_string();
    let reject = line(&orders, &record).expect_err("a reject");
    assert_eq!(
        orders.explain(&reject).to_string(),
        "/currency (Currency): expected a currency's code of three letters (ISO 4217), found a text"
    );
}

/// What a shipped format makes of its system's payload.
fn shipped(name: &str) -> Vec<String> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let read = |path: String| {
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    };
    let format = self::format(&read(format!("{root}/layers/order-formats/{name}.toml")));
    let payload = read(format!("{root}/crates/testkit/data/webhooks/{name}.json"));
    let compact = serde_json::from_str::<Value>(&payload)
        .expect("JSON")
        .to_string();
    let shown = |decoded: Decoded<'_>| {
        let line = decoded
            .line
            .unwrap_or_else(|reject| panic!("{}", format.explain(&reject)));
        let customer = match &line.customer {
            Customer::Registered(number) => number.to_string(),
            Customer::Text(text) => text.to_string(),
            Customer::Guest => "guest".to_owned(),
        };
        let id = line.order_id();
        let number = line
            .line_no
            .map_or("none".to_owned(), |number| number.to_string());
        assert!(id.starts_with(&format!("{}-{}#", line.invoice_no, line.stock_code)));
        [
            line.invoice_no.as_ref(),
            &line.stock_code,
            &line.description,
            &line.quantity.to_string(),
            &line.unit_price.to_string(),
            &number,
            &line.order_date.to_string(),
            &customer,
            &line.country,
            line.currency
                .as_ref()
                .map_or("", |currency| currency.as_str()),
        ]
        .join(" | ")
    };
    let rows: Vec<String> = format.decode(payload.as_bytes()).map(shown).collect();
    let again: Vec<String> = format.decode(compact.as_bytes()).map(shown).collect();
    assert_eq!(rows, again);
    rows
}

#[test]
fn the_shipped_formats_read_their_systems_payloads() {
    assert_eq!(
        shipped("shopify"),
        [
            "#1042 | BB-MUG-GRN | Stoneware Mug - Moss Green | 2 | 14.5 | 16205437116742 | 2026-03-14T17:22:07Z | 8810263470406 | DE | EUR",
            "#1042 | 47210990207302 | Dust Pan & Brush \"Fegfix\" | 1 | 9.9 | 16205437149510 | 2026-03-14T17:22:07Z | 8810263470406 | DE | EUR",
            "#1042 | custom | Gravur: Für Ilse | 1 | 5 | 16205437182278 | 2026-03-14T17:22:07Z | 8810263470406 | DE | EUR",
        ]
    );
    assert_eq!(
        shipped("woocommerce"),
        [
            "5127 | SEIFE-01 | Almheu-Seife | 3 | 5.408333333333333 | 9301 | 2026-03-14T08:05:41Z | guest | AT | EUR",
            "5127 | SOCKE-GR-39 | Wollsocken - Grün, 39/42 | 1 | 15 | 9302 | 2026-03-14T08:05:41Z | guest | AT | EUR",
            "5127 | 733 | Gutschein &ndash; zum Ausdrucken | 1 | 25 | 9303 | 2026-03-14T08:05:41Z | guest | AT | EUR",
        ]
    );
    assert_eq!(
        shipped("stripe"),
        [
            "7C41F0AD-0003 | prod_TestWorkshop | Onboarding workshop | 1 | 150 | none | 2026-03-14T09:00:00Z | cus_TestExample0Moss | BE | EUR",
            "7C41F0AD-0003 | prod_TestSoilReports | 2480 × Soil reports (at €0.005 / report) | 2480 | 0.005 | none | 2026-03-14T09:00:00Z | cus_TestExample0Moss | BE | EUR",
            "7C41F0AD-0003 | prod_TestTeamSeat | 3 × Garden Planner Team (at €12.00 / month) | 3 | 12 | none | 2026-03-14T09:00:00Z | cus_TestExample0Moss | BE | EUR",
        ]
    );
}

#[test]
fn a_file_with_a_mistake_is_refused_with_its_line_and_what_was_expected() {
    let csv = "format = \"csv\"\ncolumns = [\"a\", \"b\", \"b\"]\n[line]\n";
    let json = "format = \"json\"\n[line]\n";
    let orders = "format = \"json\"\nlines = \"/items\"\n[order]\n";
    let rest = "InvoiceNo = \"/a\"\nStockCode = \"/a\"\nInvoiceDate = \"/a\"\nQuantity = \"/a\"\nUnitPrice = \"/a\"\n";
    let country = "Country = \"/a\"\n";
    let in_json = |line: &str| format!("{json}{rest}{country}{line}\n");
    let csv_rest =
        "InvoiceNo = 1\nStockCode = 1\nInvoiceDate = 1\nQuantity = 1\nUnitPrice = 1\nCountry = 1\n";
    for (text, message) in [
        (
            String::new(),
            "line 1: format is not said: expected \"json\" or \"csv\"",
        ),
        ("a = [".to_owned(), "line 1: no TOML: "),
        (
            "format = \"xml\"".to_owned(),
            "line 1: format is \"xml\": expected \"json\" or \"csv\"",
        ),
        (
            "format = \"csv\"\n\ncolour = 1".to_owned(),
            "line 3: an order format has no \"colour\": expected format, lines, delimiter, columns, decimal, thousands, order or line",
        ),
        (
            "format = \"csv\"".to_owned(),
            "line 1: there is no [line], which says where a line's fields are",
        ),
        (
            "format = \"csv\"\nline = 3".to_owned(),
            "line 2: line is 3: expected a table of fields",
        ),
        (
            "format = \"csv\"\nlines = \"/a\"".to_owned(),
            "line 2: lines is for format = \"json\": a line of CSV is a line of an order",
        ),
        (
            "format = \"json\"\nlines = \"items\"".to_owned(),
            "line 2: lines is \"items\": expected a JSON Pointer (RFC 6901) to the array of an order's lines, such as /line_items",
        ),
        (
            "format = \"json\"\ndelimiter = \";\"".to_owned(),
            "line 2: delimiter is for format = \"csv\"",
        ),
        (
            "format = \"csv\"\ndelimiter = \"::\"".to_owned(),
            "line 2: delimiter is \"::\": expected one sign that stands in no number, such as \";\" or \"\\t\"",
        ),
        (
            "format = \"csv\"\ndelimiter = \".\"".to_owned(),
            "line 2: delimiter is \".\": expected one sign",
        ),
        (
            "format = \"csv\"\ncolumns = \"a\"".to_owned(),
            "line 2: columns is \"a\": expected an array of the columns' names, in their order",
        ),
        (
            "format = \"csv\"\ncolumns = [1]".to_owned(),
            "line 2: columns is 1: expected a column's name",
        ),
        (
            "format = \"csv\"\ndecimal = \";\"\n[line]".to_owned(),
            "line 2: decimal is \";\": expected \".\" or \",\"",
        ),
        (
            "format = \"csv\"\nthousands = \".\"\n[line]".to_owned(),
            "line 2: thousands is \".\": expected another sign than that before the decimals",
        ),
        (
            format!("{json}Sku = \"/a\""),
            "line 3: [line] has no \"Sku\": expected InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, Country, LineNo, Currency or Cancelled",
        ),
        (
            format!("{json}StockCode = \"/a\""),
            "line 2: InvoiceNo is not said: expected where it is, in [line]",
        ),
        (
            format!("{json}{rest}"),
            "line 2: Country is not said: expected where it is, in [line], or a constant: Country = { value = … }",
        ),
        (
            format!("{json}{rest}{country}[order]\nInvoiceNo = \"/a\""),
            "line 9: [order] is for whole orders: expected lines = \"/…\", where a JSON order's lines are",
        ),
        (
            format!("{orders}InvoiceNo = \"/a\"\n[line]\n{rest}{country}"),
            "line 4: InvoiceNo stands in [order] and in [line]: expected it in one of them",
        ),
        (
            format!("{orders}Nr = \"/a\"\n[line]\n{rest}{country}"),
            "line 4: [order] has no \"Nr\": expected ",
        ),
        (
            in_json("LineNo = 3"),
            "line 9: LineNo is 3: expected a JSON Pointer (RFC 6901), such as /customer/id",
        ),
        (
            in_json("LineNo = \"no\""),
            "line 9: LineNo is \"no\": expected a JSON Pointer (RFC 6901) of up to 16 steps, such as /customer/id",
        ),
        (
            in_json("LineNo = []"),
            "line 9: LineNo is an array: expected where the field is",
        ),
        (
            in_json("LineNo = {}"),
            "line 9: LineNo: expected at, where it is, or value, a constant",
        ),
        (
            in_json("LineNo = { at = \"/a\", zone = \"UTC\" }"),
            "line 9: LineNo has no \"zone\": expected at, value or default",
        ),
        (
            in_json("LineNo = { value = \"x\" }"),
            "line 9: LineNo is no constant: expected where it is",
        ),
        (
            in_json("Currency = { at = \"/a\", default = \"Euro\" }"),
            "line 9: Currency's constant: expected a currency's code",
        ),
        (
            in_json("Currency = { at = \"/a\", value = \"EUR\" }"),
            "line 9: value stands alone: expected default",
        ),
        (
            in_json("Currency = { default = \"EUR\" }"),
            "line 9: default goes with at: expected value",
        ),
        (
            in_json("CustomerID = { at = \"/a\", text = \"yes\" }"),
            "line 9: CustomerID.text is \"yes\": expected true or false",
        ),
        (
            in_json("CustomerID = { at = \"/a\", guest = [] }"),
            "line 9: CustomerID.guest is an array: expected one value at least",
        ),
        (
            in_json("CustomerID = { at = \"/a\", guest = [[1]] }"),
            "line 9: CustomerID.guest is an array: expected texts or numbers",
        ),
        (
            in_json("Cancelled = { is = [\"x\"] }"),
            "line 9: Cancelled: expected { at = … }, { at = …, is = [ … ] } or { prefix = \"…\" }",
        ),
        (
            in_json("Cancelled = { at = \"/a\", prefix = \"C\" }"),
            "line 9: Cancelled: expected ",
        ),
        (
            in_json("Cancelled = { prefix = \"\" }"),
            "line 9: Cancelled.prefix is \"\": expected what the invoice numbers of cancellations begin with",
        ),
        (
            in_json("Cancelled = { value = true }"),
            "line 9: Cancelled has no \"value\": expected at, is or prefix",
        ),
        (
            in_json("Country = \"/b\""),
            "line 9: no TOML: duplicate key",
        ),
        (
            in_json("").replace(
                "InvoiceDate = \"/a\"",
                "InvoiceDate = { at = \"/a\", format = \"DD.MM.YYYY\" }",
            ),
            "line 5: InvoiceDate.format is \"DD.MM.YYYY\": expected \"iso\", \"seconds\", \"milliseconds\", or a pattern with year, month and day",
        ),
        (
            in_json("").replace(
                "InvoiceDate = \"/a\"",
                "InvoiceDate = { at = \"/a\", zone = \"Europe/Berlinn\" }",
            ),
            "line 5: InvoiceDate.zone is \"Europe/Berlinn\": expected a time zone of the IANA database, such as \"Europe/Berlin\"",
        ),
        (
            in_json("").replace(
                "InvoiceDate = \"/a\"",
                "InvoiceDate = { at = \"/a\", format = \"seconds\", zone = \"UTC\" }",
            ),
            "line 5: zone is for local dates: seconds since 1970 have none",
        ),
        (
            in_json("").replace(
                "InvoiceDate = \"/a\"",
                "InvoiceDate = { value = \"2010-12-01\" }",
            ),
            "line 5: InvoiceDate is no constant: expected where it is",
        ),
        (
            in_json("").replace(
                "UnitPrice = \"/a\"",
                "UnitPrice = { at = \"/a\", scale = 10 }",
            ),
            "line 7: UnitPrice.scale is 10: expected how many of a price's last digits are decimals, 0 to 9",
        ),
        (
            in_json("").replace("Quantity = \"/a\"", "Quantity = { value = 1.5 }"),
            "line 6: Quantity's constant: expected a whole number, found a number",
        ),
        (
            format!("{csv}{csv_rest}LineNo = 4"),
            "line 10: LineNo is 4: expected a column from 1 to 3",
        ),
        (
            format!("{csv}{csv_rest}LineNo = 0"),
            "line 10: LineNo is 0: expected a column from 1 to 3",
        ),
        (
            format!("{csv}{csv_rest}LineNo = \"c\""),
            "line 10: LineNo is \"c\": expected one of columns: a, b or b",
        ),
        (
            format!("{csv}{csv_rest}LineNo = \"c\"").replacen("\"a\"", "\"a\\na\"", 1),
            "line 10: LineNo is \"c\": expected one of columns: a\\na, b or b",
        ),
        (
            format!("{csv}{csv_rest}LineNo = \"b\""),
            "line 10: LineNo is \"b\": expected a column's number, since two columns have that name",
        ),
        (
            format!("format = \"csv\"\n[line]\n{csv_rest}LineNo = \"c\""),
            "line 9: LineNo is \"c\": expected a column's number, or columns = [ … ] with their names",
        ),
        (
            in_json("LineNo = { at = \"/a\", default = 1 }"),
            "line 9: LineNo is no constant: expected where it is",
        ),
        (
            format!("{orders}LineNo = \"/a\"\n[line]\n{rest}{country}"),
            "line 4: LineNo stands in [order]: expected it in [line]",
        ),
        (
            "format = \"json\"\nlines = \"/a\"\n[line]\nStockCode = \"/a\"".to_owned(),
            "line 3: InvoiceNo is not said: expected where it is, in [order] or [line]",
        ),
        (
            in_json("Currency = { at = \"/a\", default = true }"),
            "line 9: Currency.default is true: expected a number, or a text of at most 200 bytes",
        ),
        (
            in_json("Currency = { at = \"/a\", default = 0x10 }"),
            "line 9: Currency.default is 10: expected a number, or a text",
        ),
        (
            in_json("Cancelled = { at = \"/a\", is = [\"\"] }"),
            "line 9: Cancelled.is is \"\": expected texts or numbers",
        ),
        (
            in_json(&format!("LineNo = \"/{}\"", "a".repeat(500))),
            "line 9: LineNo: expected places of at most 500 bytes",
        ),
        (
            in_json("").replace(
                "InvoiceDate = \"/a\"",
                "InvoiceDate = { at = \"/a\", format = \"%Y-%m-%d %z\", zone = \"UTC\" }",
            ),
            "line 5: zone is for dates without an offset: the pattern has one",
        ),
        (
            in_json("").replace(
                "InvoiceDate = \"/a\"",
                "InvoiceDate = { at = \"/a\", format = \"%Y-%m-%d %I:%M\" }",
            ),
            "line 5: InvoiceDate.format is \"%Y-%m-%d %I:%M\": expected ",
        ),
        (
            in_json("").replace(
                "InvoiceDate = \"/a\"",
                "InvoiceDate = { at = \"/a\", format = \"%Y-%m-%d %H:%M %Q\" }",
            ),
            "line 5: InvoiceDate.format is ",
        ),
    ] {
        let error = OrderFormat::parse(&text).expect_err(&text).to_string();
        assert!(error.starts_with(message), "{text}\n{error}\n{message}");
        assert!(!error.contains('\n'), "{error}");
    }
}

proptest! {
    #[test]
    fn any_file_and_any_record_are_answered(text in ".{0,200}", record in ".{0,200}") {
        let _ = OrderFormat::parse(&text);
        for known in [GERMAN, ORDERS] {
            let _ = format(known).decode(record.as_bytes()).count();
        }
    }

    #[test]
    fn any_number_of_cents_is_the_exact_price(cents in -1_000_000_000_i64..1_000_000_000, pretty: bool) {
        let format = self::format(ORDERS);
        let mut item = item(1);
        item["cents"] = json!(cents);
        let order = order(&json!([item]));
        let record = if pretty { format!("{order:#}") } else { order.to_string() };
        let line = good(&format, &record);
        prop_assert_eq!(line.unit_price, model::Decimal::new(cents, 2).normalize());
    }

    #[test]
    fn a_german_price_is_what_it_says(units in 0_i64..100_000_000_000, grouped: bool) {
        let format = self::format(GERMAN);
        let whole = (units / 100).to_string();
        let mut groups: Vec<&str> = Vec::new();
        let mut rest = whole.as_str();
        while rest.len() > 3 && grouped {
            let (before, group) = rest.split_at(rest.len() - 3);
            groups.insert(0, group);
            rest = before;
        }
        groups.insert(0, rest);
        let price = format!("{},{:02}", groups.join("."), units % 100);
        let record = format!("7001;A-1;Becher;1;01.12.2010 08:26;{price};17850;Deutschland");
        let line = good(&format, &record);
        prop_assert_eq!(line.unit_price, model::Decimal::new(units, 2).normalize());
    }
}

/// A line as any shop may have it.
fn any_line() -> impl Strategy<Value = (String, String, i64, i64, i64, u64)> {
    (
        "[A-Z0-9]{1,8}(-[0-9]{1,3})?",
        "[ -~ä€]{0,20}",
        -5_i64..1_000,
        -1_000_000_i64..1_000_000,
        0_i64..4_000_000_000,
        1_u64..50,
    )
}

proptest! {
    #[test]
    fn what_a_shop_writes_is_read_as_it_was(
        lines in proptest::collection::vec(any_line(), 1..5), customer in "[a-z]{1,4}_[0-9]{1,4}",
        guest: bool, marked: bool,
    ) {
        let german = GERMAN.replace("%H:%M\", zone = \"Europe/Berlin\"", "%H:%M:%S %z\"").replace(
            "Country = \"Land\"",
            "Country = { value = \"DE\" }",
        );
        for (text, is_whole) in [(german.as_str(), false), (ORDERS, true)] {
            let format = format(text);
            let line = |(code, name, quantity, cents, seconds, no): &(String, String, i64, i64, i64, u64)| {
                let moment = if is_whole { lines[0].4 } else { *seconds };
                let date = chrono::DateTime::from_timestamp(moment, 0).expect("in range");
                OrderLine {
                    invoice_no: "7001".into(),
                    stock_code: code.clone().into(),
                    description: name.trim().to_owned().into(),
                    quantity: *quantity,
                    order_date: model::OrderDate::parse(&date.to_rfc3339()).expect("a date"),
                    unit_price: model::Decimal::new(*cents, 2).normalize(),
                    customer: match (guest, is_whole) {
                        (true, _) => Customer::Guest,
                        (false, true) => Customer::Text(customer.clone().into()),
                        (false, false) => Customer::Registered(17850),
                    },
                    country: if is_whole { "FR" } else { "DE" }.into(),
                    line_no: is_whole.then_some(*no),
                    currency: model::Currency::parse("EUR").filter(|_| is_whole),
                    cancellation: match (is_whole && marked, *quantity < 0) {
                        (true, _) => Cancellation::Marked,
                        (false, true) => Cancellation::Shown,
                        (false, false) => Cancellation::No,
                    },
                }
            };
            let written: Vec<OrderLine<'_>> = lines.iter().map(line).collect();
            let record = format.write(&written).expect("a described form");
            let read: Vec<_> = format.decode(&record).map(|decoded| decoded.line).collect();
            let written: Vec<_> = written.into_iter().map(Ok).collect();
            prop_assert_eq!(read, written, "{}", String::from_utf8_lossy(&record));
        }
    }
}
