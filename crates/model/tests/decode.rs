//! Records as producers send them, through the public face of the crate.

use model::{Customer, Decimal, Decoded, Field, Found, Reason, Reject, decode};
use proptest::prelude::*;

const CSV: &str =
    "536365,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,12/1/2010 8:26,2.55,17850,United Kingdom";
const AGENT: &str = r#"{"InvoiceNo":"536365","StockCode":"85123A","Description":"WHITE HANGING HEART T-LIGHT HOLDER","Quantity":"6","InvoiceDate":"12/1/2010 8:26","UnitPrice":"2.55","Customer":"17850","Country":"United Kingdom\r"}"#;
const SHOP: &str = r#"{"Country":"United Kingdom","CustomerID":17850.0,"UnitPrice":2.550,"Quantity":6,"InvoiceDate":"2010-12-01T08:26:00","Description":"WHITE HANGING HEART T-LIGHT HOLDER","StockCode":"85123A","InvoiceNo":536365,"Basket":{"items":[1,2]}}"#;

fn decoded(record: &[u8]) -> Vec<Decoded<'_>> {
    decode(record).collect()
}

fn only(record: &[u8]) -> Result<String, Reject> {
    let mut lines = decoded(record);
    assert_eq!(lines.len(), 1, "{}", String::from_utf8_lossy(record));
    lines.remove(0).line.map(|line| line.order_id())
}

#[test]
fn one_order_line_is_the_same_row_in_every_format() {
    let id = only(CSV.as_bytes()).expect("a CSV line");
    for record in [
        format!("{CSV}\r\n"),
        format!("\u{feff}{CSV}"),
        CSV.replace(
            ",WHITE HANGING HEART T-LIGHT HOLDER,",
            ", \"WHITE HANGING HEART T-LIGHT HOLDER\" ,",
        ),
        CSV.replace("17850", "17850.0"),
        CSV.replace("2.55", "2.550"),
        AGENT.to_owned(),
        format!("{AGENT}\n"),
        SHOP.to_owned(),
    ] {
        assert_eq!(only(record.as_bytes()), Ok(id.clone()), "{record}");
    }
}

#[test]
fn a_line_is_read_whole() {
    let lines = decoded(SHOP.as_bytes());
    let line = lines[0].line.as_ref().expect("a good line");
    assert_eq!(line.invoice_no, "536365");
    assert_eq!(line.stock_code, "85123A");
    assert_eq!(line.description, "WHITE HANGING HEART T-LIGHT HOLDER");
    assert_eq!(line.quantity, 6);
    assert_eq!(line.order_date.to_string(), "2010-12-01T08:26:00");
    assert_eq!(line.unit_price, Decimal::new(255, 2));
    assert_eq!(line.customer, Customer::Registered(17850));
    assert_eq!(line.country, "United Kingdom");
    assert_eq!(line.line_no, None);
}

#[test]
fn a_guest_has_no_customer_number_in_any_way_of_saying_so() {
    for guest in [
        CSV.replace("17850", ""),
        AGENT.replace("\"17850\"", "null"),
        AGENT.replace("\"17850\"", "\"\""),
        SHOP.replace("17850.0", "null"),
        SHOP.replace("\"CustomerID\":17850.0,", ""),
    ] {
        let lines = decoded(guest.as_bytes());
        let line = lines[0].line.as_ref().expect("a good line");
        assert_eq!(line.customer, Customer::Guest, "{guest}");
        assert_eq!(line.customer_key(), -536_365);
    }
}

#[test]
fn the_same_line_with_another_number_is_another_line() {
    let numbered = |n: &str| only(format!("{CSV},{n}").as_bytes()).expect("a good line");
    assert_eq!(numbered("1"), "536365-85123A#1");
    assert_eq!(numbered("2"), "536365-85123A#2");
    assert_eq!(numbered(""), only(CSV.as_bytes()).expect("a good line"));
    let json = SHOP.replace("{\"Country\"", "{\"LineNo\":2,\"Country\"");
    assert_eq!(only(json.as_bytes()), Ok(numbered("2")));
}

#[test]
fn header_lines_and_blank_lines_hold_no_order() {
    for record in [
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\r\n",
        "\u{feff}InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,Customer,Country",
        "invoiceno,stockcode,description,quantity,invoicedate,unitprice,customerid,country,LineNo",
        r#"{"InvoiceNo":"InvoiceNo","StockCode":"StockCode","Description":"Description","Quantity":"Quantity","InvoiceDate":"InvoiceDate","UnitPrice":"UnitPrice","Customer":"CustomerID","Country":"Country\r"}"#,
        "",
        "\n",
        "\r\n \n\t",
    ] {
        assert!(decoded(record.as_bytes()).is_empty(), "{record}");
    }
}

#[test]
fn each_line_of_a_record_stands_alone() {
    let record = [
        CSV.as_bytes(),
        b"\n\nhello\r\n",
        AGENT.as_bytes(),
        b"\n\xff,\n{\n",
        SHOP.as_bytes(),
    ]
    .concat();
    let lines = decoded(&record);
    let seen: Vec<_> = lines
        .iter()
        .map(|l| {
            (
                l.position.line,
                l.line.as_ref().map(|_| ()).map_err(|r| r.reason),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            (1, Ok(())),
            (3, Err(Reason::NotJsonOrCsv)),
            (4, Ok(())),
            (5, Err(Reason::NotUtf8)),
            (6, Err(Reason::NotJson)),
            (7, Ok(())),
        ]
    );
    assert_eq!(lines[1].bytes, b"hello\r");
}

#[test]
fn a_quoted_field_may_span_lines_and_an_open_quote_takes_no_line_with_it() {
    let split = CSV
        .replace("HANGING HEART", "HANGING\n\"\"HEART\"\"\n")
        .replace("WHITE", "\"WHITE")
        .replace("HOLDER", "HOLDER\"");
    let record = format!("{split}\n{CSV}\n");
    let lines = decoded(record.as_bytes());
    assert_eq!(lines.len(), 2);
    assert_eq!((lines[0].position.line, lines[1].position.line), (1, 4));
    assert_eq!(lines[0].bytes, split.as_bytes());
    let first = lines[0].line.as_ref().expect("a good line");
    assert_eq!(
        first.description,
        "WHITE HANGING\n\"HEART\"\n T-LIGHT HOLDER"
    );

    let open = CSV.replace("WHITE", "\"WHITE");
    let record = format!("{open}\n{CSV}\n{open}\n{CSV}");
    let reasons: Vec<_> = decoded(record.as_bytes())
        .into_iter()
        .map(|l| l.line.err().map(|r| r.reason))
        .collect();
    assert_eq!(
        reasons,
        [Some(Reason::CsvQuote), None, Some(Reason::CsvQuote), None]
    );
}

#[test]
fn a_reject_names_the_field_and_what_stood_there() {
    use Field::*;
    let json = |from: &str, to: &str| SHOP.replace(from, to);
    for (record, reason, field, found) in [
        (
            CSV.replace(",6,", ",six,"),
            Reason::NotANumber,
            Quantity,
            Found::Text,
        ),
        (
            CSV.replace(",6,", ",6.5,"),
            Reason::NotWhole,
            Quantity,
            Found::Text,
        ),
        (
            CSV.replace(",6,", ",,"),
            Reason::Missing,
            Quantity,
            Found::Empty,
        ),
        (
            CSV.replace(",6,", ",99999999999999999999,"),
            Reason::OutOfRange,
            Quantity,
            Found::Text,
        ),
        (
            CSV.replace("12/1/2010", "1.12.2010"),
            Reason::NotADate,
            InvoiceDate,
            Found::Text,
        ),
        (
            CSV.replace("17850", "0"),
            Reason::OutOfRange,
            CustomerID,
            Found::Text,
        ),
        (
            CSV.replace("17850", "-536365"),
            Reason::OutOfRange,
            CustomerID,
            Found::Text,
        ),
        (
            CSV.replace("17850", "Jane"),
            Reason::NotANumber,
            CustomerID,
            Found::Text,
        ),
        (
            CSV.replace("United Kingdom", " "),
            Reason::Missing,
            Country,
            Found::Empty,
        ),
        (
            CSV.replace("536365", ""),
            Reason::Missing,
            InvoiceNo,
            Found::Empty,
        ),
        (format!("{CSV},-1"), Reason::OutOfRange, LineNo, Found::Text),
        (
            json("\"Quantity\":6,", ""),
            Reason::Missing,
            Quantity,
            Found::Nothing,
        ),
        (
            json("\"Quantity\":6", "\"Quantity\":null"),
            Reason::Missing,
            Quantity,
            Found::Null,
        ),
        (
            json("\"Quantity\":6", "\"Quantity\":true"),
            Reason::NotANumber,
            Quantity,
            Found::Boolean,
        ),
        (
            json("\"Quantity\":6", "\"Quantity\":[6]"),
            Reason::NotANumber,
            Quantity,
            Found::Nested,
        ),
        (
            json("2.550", "1e-40"),
            Reason::OutOfRange,
            UnitPrice,
            Found::Number,
        ),
        (
            json("\"85123A\"", "{}"),
            Reason::NotAText,
            StockCode,
            Found::Nested,
        ),
        (
            json("\"2010-12-01T08:26:00\"", "1291191960"),
            Reason::NotADate,
            InvoiceDate,
            Found::Number,
        ),
        (
            json("\"WHITE HANGING HEART T-LIGHT HOLDER\"", "false"),
            Reason::NotAText,
            Description,
            Found::Boolean,
        ),
    ] {
        assert_eq!(
            only(record.as_bytes()),
            Err(Reject::field(reason, field, found)),
            "{record}"
        );
    }
}

#[test]
fn a_megabyte_of_broken_quotes_is_answered_line_by_line() {
    for broken in [
        "\"a\" b",
        "5\" x,\"abc",
        ",\"\"",
        "b\",\"c",
        "\"a\"\"",
        "\"\"\"\",\"x",
    ] {
        let count = 1_000_000 / (broken.len() + 1);
        let record = format!("{}{CSV}\n\"\"\"", format!("{broken}\n").repeat(count));
        let lines = decoded(record.as_bytes());
        assert_eq!(lines.len(), count + 2, "{broken}");
        for (index, line) in lines.iter().enumerate() {
            assert_eq!(line.line.is_ok(), index == count, "{broken}, line {index}");
        }
    }
}

#[test]
fn a_damaged_aggregate_is_refused_as_a_whole() {
    let record = [&[0xF3, 0x89, 0x9A, 0xC2], CSV.as_bytes(), &[0; 16]].concat();
    let lines = decoded(&record);
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].bytes, record);
    assert_eq!(lines[0].line, Err(Reject::line(Reason::DamagedAggregate)));
}

proptest! {
    #[test]
    fn any_bytes_are_answered_and_no_line_is_lost(
        pieces in prop::collection::vec(
            prop_oneof![
                Just(CSV.as_bytes().to_vec()),
                Just(AGENT.as_bytes().to_vec()),
                Just(b"\"".to_vec()),
                Just(b"{".to_vec()),
                prop::collection::vec(any::<u8>(), 0..30),
            ],
            0..12,
        ),
    ) {
        let record = pieces.join(&b'\n');
        let lines = decoded(&record);
        // Every byte that is no blank is in exactly one line, in order.
        let mut from = 0;
        for line in &lines {
            let start = line.bytes.as_ptr() as usize - record.as_ptr() as usize;
            prop_assert!(start >= from);
            let between = String::from_utf8_lossy(&record[from..start]).replace('\u{feff}', "");
            prop_assert!(between.trim().is_empty());
            from = start + line.bytes.len();
        }
        let rest = String::from_utf8_lossy(&record[from..]).replace('\u{feff}', "");
        prop_assert!(rest.trim().is_empty());
        // Good lines stay good whatever stands around them, but inside quotes.
        if !pieces.iter().any(|p| p.contains(&b'"') && p[0] != b'{') {
            let good = lines.iter().filter(|l| l.line.is_ok()).count();
            let sent = pieces.iter().filter(|p| **p == CSV.as_bytes() || **p == AGENT.as_bytes());
            prop_assert_eq!(good, sent.count());
        }
    }
}
