//! Orders of a shop's own form: the same lines, written otherwise, become the same rows.
//!
//! The small file goes through the built function into a real endpoint. The whole year
//! would take minutes of each form that way, nearly all of them the endpoint's and the
//! SDK's, whose share in a row is the same whatever its form; so the year goes through the
//! handler into a table in memory, which keeps the items of each call's body.

#[allow(dead_code, reason = "the default form's rows are another test's")]
mod stage;

use std::collections::HashSet;
use std::path::Path;

use aws_sdk_dynamodb::types::ScalarAttributeType;
use chrono::{Datelike as _, Duration, NaiveDate, NaiveDateTime};
use model::OrderFormat;
use serde_json::{Value, json};
use stage::{Item, Memory, SMALL, TABLE, YEAR, digest, from_sdk, without_arrival};
use testkit::{
    Endpoint, Orders, RuntimeApi, SEMICOLON_CSV, WHOLE_ORDERS, aggregate, embedded_dynamodb,
    semicolon_csv, small_orders, whole_orders,
};

/// The built function with this order format: what is in the table and the queue behind it.
async fn built(name: &str, format: &str, payloads: &[Vec<u8>]) -> (Vec<Item>, Vec<Value>) {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&file, format).expect("a file in the folder for tests");
    let (table, queues) = (embedded_dynamodb().await, Endpoint::start());
    let number = ("CustomerID", ScalarAttributeType::N);
    table
        .create_table(TABLE, number, ("OrderID", ScalarAttributeType::S))
        .await;
    let queue = queues.create_queue("rejects").await;
    let runtime = RuntimeApi::start();
    let function = runtime.run(
        "orders",
        Path::new(env!("CARGO_BIN_EXE_orders")),
        &[
            ("ORDERS_TABLE", TABLE),
            ("REJECTS_QUEUE_URL", &queue),
            ("AWS_ENDPOINT_URL", table.url()),
            ("AWS_ENDPOINT_URL_SQS", queues.url()),
            ("ORDER_FORMAT", file.to_str().expect("a path")),
        ],
    );
    // Twice, as Kinesis may deliver them.
    for size in [200, 170] {
        for (index, batch) in payloads.chunks(size).enumerate() {
            let event = testkit::event((index * size) as u64, batch);
            let (status, answer) = function.invoke(event).await;
            let success = json!({"batchItemFailures": []});
            assert_eq!((status.as_u16(), answer), (200, success));
        }
    }
    let items = table.scan(TABLE).await;
    let rejects = queues.drain(&queue).await;
    (items.iter().map(from_sdk).collect(), rejects)
}

/// The handler with this order format: what is in the table behind it.
async fn handled(format: &str, payloads: &[Vec<u8>], lines: usize) -> Vec<Item> {
    let format = OrderFormat::parse(format).expect("an order format");
    let memory = Memory::default();
    let counts = memory.send(&format, payloads, 1_000).await;
    assert_eq!(counts, (lines as u64, 0));
    memory.items()
}

/// Rows' texts, sorted.
fn texts(items: &[Item]) -> Vec<String> {
    let mut texts: Vec<String> = items.iter().map(without_arrival).collect();
    texts.sort();
    texts
}

/// Records of some lines each.
fn records(lines: &[String], size: usize) -> Vec<Vec<u8>> {
    let record = |lines: &[String]| lines.concat().into_bytes();
    lines.chunks(size).map(record).collect()
}

/// The rows that the file's distinct lines must be, but for what stands behind their
/// OrderID's `#`; by a CSV reader that shares nothing with the function.
fn expected(orders: &Orders) -> Vec<String> {
    let distinct: HashSet<&str> = orders.lines().into_iter().collect();
    let text = distinct.into_iter().collect::<Vec<_>>().join("\n");
    let reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_bytes());
    let row = |fields: csv::Result<csv::StringRecord>| {
        let fields = fields.expect("a CSV line");
        let (invoice, stock) = (&fields[0], &fields[1]);
        let guest = || {
            let digits: String = invoice.chars().filter(char::is_ascii_digit).collect();
            format!("-{}", digits.trim_start_matches('0'))
        };
        let price = match fields[5].split_once('.') {
            Some(_) => fields[5].trim_end_matches('0').trim_end_matches('.'),
            None => &fields[5],
        };
        let customer = Some(fields[6].to_owned()).filter(|number| !number.is_empty());
        let item = json!({
            "CustomerID": {"N": customer.unwrap_or_else(guest)},
            "OrderID": {"S": format!("{invoice}-{stock}")},
            "OrderDate": {"S": london(&fields[4])},
            "Quantity": {"N": fields[3]},
            "UnitPrice": {"N": price},
            "Description": {"S": fields[2].trim()},
            "Country": {"S": fields[7].trim()},
            "InvoiceNo": {"S": invoice},
            "StockCode": {"S": stock},
            "ArrivalTime": {"S": ""},
        });
        without_arrival(&serde_json::from_value(item).expect("an item"))
    };
    let mut rows: Vec<String> = reader.into_records().map(row).collect();
    rows.sort();
    rows
}

/// A local date of London in UTC, by the European Union's rule: summer time from the last
/// Sunday of March to that of October, 01:00 UTC each.
fn london(date: &str) -> String {
    let local = NaiveDateTime::parse_from_str(date, "%m/%d/%Y %H:%M").expect("a date");
    let last_sunday = |month| {
        let last = NaiveDate::from_ymd_opt(local.year(), month, 31).expect("a month of 31 days");
        let sunday = last - Duration::days(last.weekday().num_days_from_sunday().into());
        sunday.and_hms_opt(1, 0, 0).expect("a time")
    };
    let in_summer = local - Duration::hours(1);
    let is_summer = (last_sunday(3)..last_sunday(10)).contains(&in_summer);
    let at = if is_summer { in_summer } else { local };
    format!("{}Z", at.format("%Y-%m-%dT%H:%M:%S"))
}

/// Rows without what stands behind their OrderID's `#`, which must be a hash.
fn without_hash(items: &[Item]) -> Vec<String> {
    let cut = |item: &Item| {
        let mut item = item.clone();
        let id = item["OrderID"]["S"].as_str().expect("a text").to_owned();
        let (known, hash) = id.rsplit_once('#').expect("an OrderID");
        assert!(hash.len() == 24 && hash.bytes().all(|b| b.is_ascii_hexdigit()));
        item.insert("OrderID".to_owned(), json!({"S": known}));
        item
    };
    texts(&items.iter().map(cut).collect::<Vec<_>>())
}

/// Two tables are the same; of the first that differ, both are told.
fn assert_same(rows: &[String], expected: &[String]) {
    for (row, expected) in rows.iter().zip(expected) {
        assert_eq!(row, expected);
    }
    assert_eq!(rows.len(), expected.len());
}

/// Whole orders as records: on a line each, pretty-printed, several in an array, and in
/// aggregates of all of these.
fn order_records(orders: &Orders) -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    for (n, orders) in whole_orders(orders).chunks(8).enumerate() {
        let lines = |orders: &[Value]| -> Vec<u8> {
            let line = |order: &Value| order.to_string() + "\n";
            orders.iter().map(line).collect::<String>().into_bytes()
        };
        let pretty = |orders: &[Value]| -> Vec<u8> {
            let text = |order: &Value| format!("{order:#}\n");
            orders.iter().map(text).collect::<String>().into_bytes()
        };
        let array = |orders: &[Value]| json!(orders).to_string().into_bytes();
        let pretty_array = |orders: &[Value]| format!("{:#}\r\n", json!(orders)).into_bytes();
        match n % 5 {
            0 => records.push(lines(orders)),
            1 => records.push(pretty(orders)),
            2 => records.push(array(orders)),
            3 => records.push(pretty_array(orders)),
            _ => {
                let (a, b) = orders.split_at(orders.len() / 2);
                let (first, second) = a.split_at(a.len() / 2);
                let (third, last) = b.split_at(b.len() / 2);
                records.push(aggregate(&[lines(first), pretty(second)]));
                records.push(aggregate(&[array(third), pretty_array(last)]));
            }
        }
    }
    records
}

#[tokio::test]
async fn a_year_with_other_columns_signs_and_dates_is_the_same_rows_in_utc() {
    let orders = Orders::load();
    let lines = semicolon_csv(&orders);
    let items = handled(SEMICOLON_CSV, &records(&lines, 25), lines.len() - 1).await;
    assert_same(&without_hash(&items), &expected(&orders));
    if orders.whole {
        assert_eq!(items.len(), 536_641);
    }
}

#[tokio::test]
async fn a_year_of_whole_orders_is_the_very_rows_that_its_lines_are() {
    let orders = Orders::load();
    let items = handled(WHOLE_ORDERS, &order_records(&orders), orders.lines().len()).await;
    let (rows, year) = (texts(&items), if orders.whole { YEAR } else { SMALL });
    assert_eq!(digest(&rows), year);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_built_function_stores_csv_of_a_shops_own_form() {
    let orders = small_orders();
    let payloads = records(&semicolon_csv(&orders), 3);
    let (items, rejects) = built("semicolon.toml", SEMICOLON_CSV, &payloads).await;
    assert_same(&without_hash(&items), &expected(&orders));
    assert!(rejects.is_empty(), "{rejects:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_built_function_stores_whole_orders() {
    let payloads = order_records(&small_orders());
    let (items, rejects) = built("orders.toml", WHOLE_ORDERS, &payloads).await;
    assert_eq!(digest(&texts(&items)), SMALL);
    assert!(rejects.is_empty(), "{rejects:?}");
}
