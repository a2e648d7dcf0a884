//! The handler against a table and a queue in memory that fail on purpose:
//! whatever happens, each line is in the table, in the queue, or comes again.

#[allow(dead_code, reason = "tables are compared in other tests")]
mod stage;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use function::delivery::{CallError, Outcome, Target};
use function::env::TableName;
use function::rejects::Part;
use function::{Deadline, KinesisEvent};
use model::OrderFormat;
use orders::{Handler, Row, batch_write_item_body};
use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use stage::{Item, Memory};
use tokio::time::Instant;

/// What the next calls do, in turn; past the end they succeed.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Next {
    Takes,
    TakesHalf,
    FailsBefore,
    FailsAfter,
    Denies,
    Hangs,
}

/// A service in memory: what it holds, and what it will do.
#[derive(Default)]
struct Service {
    holds: Mutex<BTreeMap<String, String>>,
    /// Items whose key holds this are refused, whenever and with whatever they come.
    refuses: Option<&'static str>,
    script: Mutex<Vec<Next>>,
    forever: Option<Next>,
}

impl Service {
    async fn call(&self, items: &[(String, String)]) -> Result<Vec<Outcome>, CallError> {
        let next = self.script.lock().expect("script").pop();
        let next = next.or(self.forever).unwrap_or(Next::Takes);
        let keys: BTreeSet<_> = items.iter().map(|(key, _)| key).collect();
        assert_eq!(
            keys.len(),
            items.len(),
            "two requests for one key in a call"
        );
        if let Some(refused) = self.refuses
            && matches!(next, Next::Takes | Next::TakesHalf | Next::FailsAfter)
            && items.iter().any(|(key, _)| key.contains(refused))
        {
            return Err(CallError::Refused("bad content".into()));
        }
        let taken = match next {
            Next::Hangs => std::future::pending().await,
            Next::FailsBefore | Next::Denies => 0,
            Next::TakesHalf => items.len() / 2,
            Next::Takes | Next::FailsAfter => items.len(),
        };
        self.holds
            .lock()
            .expect("contents")
            .extend(items[..taken].iter().cloned());
        match next {
            Next::Denies => Err(CallError::Permanent("denied".into())),
            Next::FailsBefore | Next::FailsAfter => Err(CallError::Retryable("down".into())),
            _ => Ok((0..items.len())
                .map(|item| {
                    if item < taken {
                        Outcome::Done
                    } else {
                        Outcome::Again
                    }
                })
                .collect()),
        }
    }
}

impl Target<Row<'_>> for &Service {
    async fn call(&self, rows: &[&Row<'_>]) -> Result<Vec<Outcome>, CallError> {
        let table = TableName::parse("WebsiteOrders").expect("a name");
        let body = batch_write_item_body(&table, rows);
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        let puts = body["RequestItems"]["WebsiteOrders"].as_array();
        let puts = puts.expect("a list");
        assert_eq!(puts.len(), rows.len());
        let item = |(row, put): (&&Row<'_>, &Value)| {
            let arrived_at = &put["PutRequest"]["Item"]["ArrivalTime"]["S"];
            (format!("{:?}", row.key()), arrived_at.to_string())
        };
        let items: Vec<_> = rows.iter().zip(puts).map(item).collect();
        Service::call(self, &items).await
    }
}

impl Target<Part<'_>> for &Service {
    async fn call(&self, parts: &[&Part<'_>]) -> Result<Vec<Outcome>, CallError> {
        let items: Vec<_> = parts
            .iter()
            .map(|part| {
                let body = part.body().expect("JSON");
                let json: serde_json::Value = serde_json::from_str(&body).expect("JSON");
                (
                    format!("{}/{}", json["sequence_number"], json["line"]),
                    body,
                )
            })
            .collect();
        Service::call(self, &items).await
    }
}

/// Processes a batch with a minute to go; returns the failed sequence numbers.
async fn invoke(table: &Service, queue: &Service, first: u64, payloads: &[Vec<u8>]) -> Vec<u64> {
    let event = testkit::event(first, payloads);
    let payload: KinesisEvent = serde_json::from_slice(&event).expect("an event");
    let deadline = Deadline::after(Duration::from_secs(60));
    let handler = Handler::new(table, queue);
    let (answer, _) = handler.process(&payload.records, deadline).await;
    let number = |id: Option<String>| id.expect("an identifier").parse().expect("a number");
    answer
        .batch_item_failures
        .into_iter()
        .map(|f| number(f.item_identifier))
        .collect()
}

fn order(n: u32) -> String {
    format!("53{n},85123A,HEART,6,12/1/2010 8:26,2.55,17850,United Kingdom\n")
}

#[tokio::test(start_paused = true)]
async fn a_throttled_table_is_given_up_before_the_deadline_and_named_by_record() {
    let table = Service {
        forever: Some(Next::TakesHalf),
        ..Service::default()
    };
    let queue = Service::default();
    let start = Instant::now();
    let throttled = Service {
        forever: Some(Next::FailsBefore),
        ..Service::default()
    };
    let payloads = [order(1).into_bytes(), b"?".to_vec(), order(2).into_bytes()];
    assert_eq!(invoke(&throttled, &queue, 7, &payloads).await, [7, 9]);
    assert!(
        start.elapsed() < Duration::from_secs(58),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(
        queue.holds.lock().expect("contents").len(),
        1,
        "the reject is not held up"
    );
    // Half is taken of two, then none of one: the first is there, the second comes again.
    let start = Instant::now();
    assert_eq!(invoke(&table, &queue, 7, &payloads).await, [9]);
    assert!(
        start.elapsed() < Duration::from_secs(58),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_that_hangs_is_cut_off_before_the_deadline() {
    let hangs = Service {
        forever: Some(Next::Hangs),
        ..Service::default()
    };
    let start = Instant::now();
    assert_eq!(
        invoke(&hangs, &hangs, 7, &[order(1).into_bytes(), b"?".to_vec()]).await,
        [7, 8]
    );
    assert!(
        start.elapsed() <= Duration::from_secs(58),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn of_copies_in_a_batch_the_last_one_is_written() {
    let (table, queue) = (Service::default(), Service::default());
    let payloads = [
        order(1).into_bytes(),
        order(2).into_bytes(),
        order(1).into_bytes(),
    ];
    assert!(invoke(&table, &queue, 0, &payloads).await.is_empty());
    let rows = table.holds.into_inner().expect("contents");
    let arrivals: Vec<_> = rows.values().map(String::as_str).collect();
    assert_eq!(
        arrivals,
        [
            r#""2010-12-01T08:26:00.002Z""#,
            r#""2010-12-01T08:26:00.001Z""#
        ]
    );
}

/// A record with `refused` bad lines between two good ones: what is in the queue.
async fn rejects_of(refused: usize) -> Vec<serde_json::Value> {
    let (table, queue) = (Service::default(), Service::default());
    let record = format!("{}{}{}", order(1), "?\n".repeat(refused), order(2));
    let event = testkit::event(0, &[record]);
    let event: KinesisEvent = serde_json::from_slice(&event).expect("an event");
    let deadline = Deadline::after(Duration::from_secs(60));
    let (answer, counts) = Handler::new(&table, &queue)
        .process(&event.records, deadline)
        .await;
    assert!(answer.batch_item_failures.is_empty());
    assert_eq!(
        (counts.lines_stored, counts.lines_rejected),
        (2, refused as u64)
    );
    assert_eq!(table.holds.into_inner().expect("contents").len(), 2);
    let queue = queue.holds.into_inner().expect("contents");
    let json = |body: &String| serde_json::from_str(body).expect("JSON");
    queue.values().map(json).collect()
}

#[tokio::test(start_paused = true)]
async fn a_record_with_too_many_refused_lines_is_kept_whole_and_its_good_lines_are_stored() {
    let singly = rejects_of(100).await;
    assert_eq!(singly.len(), 100);
    assert!(
        singly
            .iter()
            .all(|r| r["lines"] == 1 && r["data"] == "Pw==")
    );
    let whole = rejects_of(100_000).await;
    assert_eq!(whole.len(), 1);
    let (line, lines, reason) = (&whole[0]["line"], &whole[0]["lines"], &whole[0]["reason"]);
    assert_eq!((line.as_u64(), lines.as_u64()), (Some(2), Some(100_000)));
    assert_eq!(reason, "not_json_or_csv");
}

#[tokio::test(start_paused = true)]
async fn a_line_that_the_table_and_the_queue_refuse_comes_again() {
    let table = Service {
        refuses: Some("531-"),
        ..Service::default()
    };
    let down = Service {
        forever: Some(Next::FailsBefore),
        ..Service::default()
    };
    let payloads = [order(1).into_bytes(), order(2).into_bytes()];
    let start = Instant::now();
    assert_eq!(invoke(&table, &down, 7, &payloads).await, [7]);
    assert!(start.elapsed() < Duration::from_secs(58));
    assert_eq!(table.holds.lock().expect("contents").len(), 1);
    let queue = Service::default();
    assert!(invoke(&table, &queue, 7, &payloads).await.is_empty());
    let rejects = queue.holds.into_inner().expect("contents");
    assert!(
        rejects
            .values()
            .all(|body| body.contains("refused_by_table"))
    );
    assert_eq!(rejects.len(), 1);
}

fn payload() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        4 => (0u32..40).prop_map(order),
        1 => (0u32..40).prop_map(|n| format!("?{n}\n")),
    ];
    prop::collection::vec(line, 1..4).prop_map(|lines| lines.concat().into_bytes())
}

fn script() -> impl Strategy<Value = Vec<Next>> {
    let next = prop::sample::select(vec![
        Next::Takes,
        Next::TakesHalf,
        Next::FailsBefore,
        Next::FailsAfter,
        Next::Denies,
        Next::Hangs,
    ]);
    prop::collection::vec(next, 0..6)
}

proptest! {
    #[test]
    fn every_line_is_stored_rejected_or_comes_again(
        payloads in prop::collection::vec(payload(), 1..60),
        table_script in script(),
        queue_script in script(),
        cuts in prop::collection::vec(1usize..20, 1..6),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        let table = Service {
            script: Mutex::new(table_script),
            refuses: Some("5339-"),
            ..Service::default()
        };
        let queue = Service { script: Mutex::new(queue_script), ..Service::default() };
        // As the event source mapping does: batches of any size, and after a
        // failure again from the lowest failed record on.
        let mut from = 0;
        let mut sizes = cuts.iter().cycle();
        for _ in 0..1000 {
            let to = (from + sizes.next().expect("a size")).min(payloads.len());
            let failed = runtime.block_on(invoke(&table, &queue, from as u64, &payloads[from..to]));
            prop_assert!(failed.iter().all(|n| (from..to).contains(&(*n as usize))));
            from = failed.iter().min().map_or(to, |lowest| *lowest as usize);
            if from == payloads.len() {
                break;
            }
        }
        prop_assert_eq!(from, payloads.len());
        let text = String::from_utf8(payloads.concat()).expect("UTF-8");
        let (bad, good): (Vec<_>, Vec<_>) = text
            .lines()
            .partition(|l| l.starts_with('?') || l.starts_with("5339,"));
        let (bad, good) = (bad.len(), BTreeSet::from_iter(good));
        prop_assert_eq!(table.holds.lock().expect("contents").len(), good.len());
        prop_assert_eq!(queue.holds.lock().expect("contents").len(), bad);
    }
}

/// A shop that sends whole orders and knows its customers by a text.
const SHOP: &str = r#"
format = "json"
lines = "/basket/lines"

[order]
InvoiceNo = "/id"
InvoiceDate = { at = "/at", format = "seconds" }
CustomerID = { at = "/customer", text = true }
Country = { at = "/country", default = "Unspecified" }
Currency = "/currency"
Cancelled = "/cancelled_at"

[line]
StockCode = "/sku"
Quantity = "/count"
UnitPrice = { at = "/cents", scale = 2 }
LineNo = "/n"
"#;

fn line(n: u64, sku: &str, count: &str) -> Value {
    json!({"sku": sku, "count": count, "cents": 255, "n": n})
}

fn whole_order(id: u64, customer: &str, lines: &[Value]) -> Value {
    json!({
        "id": id, "at": 1_291_191_960, "customer": customer, "currency": "eur",
        "basket": {"lines": lines},
    })
}

/// Sends orders, one record each, to a table and queue; how many lines are stored and
/// rejected.
async fn send(memory: &Memory, orders: &[Value]) -> (u64, u64) {
    let format = OrderFormat::parse(SHOP).expect("an order format");
    let records: Vec<String> = orders.iter().map(Value::to_string).collect();
    memory.send(&format, &records, 100).await
}

fn order_ids(memory: &Memory) -> BTreeSet<String> {
    let id = |item: &Item| item["OrderID"]["S"].as_str().expect("a text").to_owned();
    memory.items().iter().map(id).collect()
}

fn rejects(memory: &Memory) -> Vec<Value> {
    memory.rejects.lock().expect("rejects").clone()
}

/// The bytes that a reject has of what was sent.
fn original(reject: &Value) -> Vec<u8> {
    let data = reject["data"].as_str().expect("a text");
    STANDARD.decode(data).expect("base64")
}

#[tokio::test(start_paused = true)]
async fn an_order_of_ten_thousand_lines_is_as_many_rows() {
    let memory = Memory::default();
    let lines: Vec<Value> = (0..10_000).map(|n| line(n, "mug", "1")).collect();
    assert_eq!(
        send(&memory, &[whole_order(7, "cus_7", &lines)]).await,
        (10_000, 0)
    );
    assert_eq!(order_ids(&memory).len(), 10_000);
}

#[tokio::test(start_paused = true)]
async fn an_order_without_lines_is_one_reject() {
    let memory = Memory::default();
    let order = whole_order(7, "cus_7", &[]);
    assert_eq!(send(&memory, std::slice::from_ref(&order)).await, (0, 1));
    let rejects = rejects(&memory);
    let [reject] = &rejects[..] else {
        panic!("{rejects:?}")
    };
    assert_eq!(reject["reason"], "no_lines");
    assert_eq!(
        reject["message"],
        "/basket/lines: expected an array of at least one line"
    );
    assert_eq!((&reject["lines"], reject.get("item")), (&json!(1), None));
    assert_eq!(original(reject), order.to_string().into_bytes());
    assert!(memory.items().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_orders_bad_lines_are_one_reject_and_its_good_ones_are_rows_however_often_it_comes() {
    let memory = Memory::default();
    let lines = [
        line(1, "mug", "6"),
        line(2, "mug", "six"),
        line(3, "", "6"),
        line(4, "mug", "6"),
        line(5, "mug", "0.5"),
    ];
    let order = whole_order(7, "cus_7", &lines);
    assert_eq!(send(&memory, std::slice::from_ref(&order)).await, (2, 3));
    let (first_rows, first_rejects) = (memory.items(), rejects(&memory));
    let [reject] = &first_rejects[..] else {
        panic!("{first_rejects:?}")
    };
    assert_eq!(
        (&reject["lines"], &reject["item"]),
        (&json!(3), &json!(2)),
        "{reject}"
    );
    assert_eq!(reject["reason"], "not_a_number");
    assert_eq!(reject["field"], "Quantity");
    assert_eq!(reject["shop_field"], "/basket/lines/*/count");
    assert_eq!(original(reject), order.to_string().into_bytes());
    let numbers: Vec<_> = order_ids(&memory).into_iter().collect();
    assert!(
        numbers[0].starts_with("7-mug#1~") && numbers[1].starts_with("7-mug#4~"),
        "{numbers:?}"
    );
    assert_eq!(numbers.len(), 2);

    assert_eq!(send(&memory, &[order]).await, (2, 3));
    assert_eq!(memory.items(), first_rows);
    assert_eq!(
        rejects(&memory),
        [first_rejects.clone(), first_rejects].concat()
    );
}

#[tokio::test(start_paused = true)]
async fn an_orders_lines_that_the_table_refuses_are_one_reject() {
    let memory = Memory {
        refuses: Some("cursed"),
        ..Memory::default()
    };
    let lines = [
        line(1, "mug", "6"),
        line(2, "cursed", "6"),
        line(3, "mug", "6"),
        line(4, "cursed", "6"),
    ];
    let orders = [
        whole_order(7, "cus_7", &lines),
        whole_order(8, "cus_7", &lines[..1]),
    ];
    assert_eq!(send(&memory, &orders).await, (3, 2));
    let rejects = rejects(&memory);
    let [reject] = &rejects[..] else {
        panic!("{rejects:?}")
    };
    assert_eq!(reject["reason"], "refused_by_table");
    assert_eq!((&reject["lines"], &reject["item"]), (&json!(2), &json!(2)));
    assert_eq!(original(reject), orders[0].to_string().into_bytes());
}

#[tokio::test(start_paused = true)]
async fn text_customers_keep_their_rows_apart() {
    let memory = Memory::default();
    let unnumbered = json!({"sku": "pot", "count": 1, "cents": 1});
    let lines = [line(1, "mug", "6"), unnumbered];
    let orders = ["cus_7", "cus_8", "CUS_7"].map(|customer| whole_order(7, customer, &lines));
    assert_eq!(send(&memory, &orders).await, (6, 0));
    // By the sort key alone: two customers might share the partition key.
    assert_eq!(order_ids(&memory).len(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_row_has_the_customers_text_the_currency_and_that_it_is_cancelled() {
    let memory = Memory::default();
    let mut order = whole_order(7, "cus_7", &[line(3, "mug", "6")]);
    order["cancelled_at"] = json!("2010-12-02");
    assert_eq!(send(&memory, &[order]).await, (1, 0));
    let hash = Sha256::digest("cus_7");
    let word = |at: usize| u64::from_be_bytes(std::array::from_fn(|index| hash[at + index]));
    let customer = -2_000_000_000_000_000_000_i64 - i64::try_from(word(0) >> 2).expect("62 bits");
    let expected = json!({
        "CustomerID": {"N": customer.to_string()},
        "OrderID": {"S": format!("7-mug#3~{:016x}", word(8))},
        "OrderDate": {"S": "2010-12-01T08:26:00Z"},
        "Quantity": {"N": "6"},
        "UnitPrice": {"N": "2.55"},
        "Description": {"S": ""},
        "Country": {"S": "Unspecified"},
        "InvoiceNo": {"S": "7"},
        "StockCode": {"S": "mug"},
        "ArrivalTime": {"S": "2010-12-01T08:26:00.000Z"},
        "CustomerRef": {"S": "cus_7"},
        "Currency": {"S": "EUR"},
        "Cancelled": {"BOOL": true},
    });
    assert_eq!(json!(memory.items()), json!([expected]));
    // Of what a guest sends in no currency and does not cancel, a row says nothing.
    let mut order = whole_order(8, "", &[line(3, "mug", "6")]);
    order["currency"] = Value::Null;
    let plain = Memory::default();
    assert_eq!(send(&plain, &[order]).await, (1, 0));
    for name in ["CustomerRef", "Currency", "Cancelled"] {
        assert!(!plain.items()[0].contains_key(name), "{name}");
    }
}
