//! The built function through the Lambda runtime API, against DynamoDB and SQS
//! endpoints that nobody here wrote.

use std::path::Path;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::types::ScalarAttributeType;
use serde_json::{Value, json};
use testkit::{
    Endpoint, Fault, FaultProxy, Function, Orders, RuntimeApi, embedded_dynamodb, small_orders,
};

const TABLE: &str = "WebsiteOrders";

/// A sample's file, its rows and the reasons of its rejects.
type Sample = (
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static [&'static str],
);

struct Stage {
    endpoint: Endpoint,
    queue: String,
    runtime: RuntimeApi,
}

impl Stage {
    async fn set() -> Self {
        let endpoint = Endpoint::start();
        let number = ("CustomerID", ScalarAttributeType::N);
        endpoint
            .create_table(TABLE, number, ("OrderID", ScalarAttributeType::S))
            .await;
        let queue = endpoint.create_queue("rejects").await;
        Self {
            endpoint,
            queue,
            runtime: RuntimeApi::start(),
        }
    }

    /// The function, which reaches AWS at `url` and logs all that it can.
    fn function(&self, url: &str) -> Function {
        // The queue's URL names its own host, which a proxy must not be passed by.
        let queue = self.queue.replace(self.endpoint.url(), url);
        self.start(&[
            ("ORDERS_TABLE", TABLE),
            ("REJECTS_QUEUE_URL", &queue),
            ("AWS_ENDPOINT_URL", url),
            ("AWS_LAMBDA_LOG_LEVEL", "TRACE"),
        ])
    }

    fn start(&self, variables: &[(&str, &str)]) -> Function {
        self.runtime
            .run("orders", Path::new(env!("CARGO_BIN_EXE_orders")), variables)
    }

    /// Every row's `CustomerID` and the part of its `OrderID` that a reader knows.
    async fn rows(&self) -> Vec<(String, String)> {
        let items = self.endpoint.scan(TABLE).await;
        let mut rows: Vec<_> = items
            .iter()
            .map(|item| {
                let customer = item["CustomerID"].as_n().expect("a number").clone();
                let order = item["OrderID"].as_s().expect("a text");
                (
                    customer,
                    order.split('#').next().unwrap_or_default().to_owned(),
                )
            })
            .collect();
        rows.sort();
        rows
    }

    async fn reject_reasons(&self) -> Vec<String> {
        let rejects = self.endpoint.drain(&self.queue).await;
        let mut reasons: Vec<_> = rejects
            .iter()
            .map(|r| r["reason"].as_str().expect("a text").to_owned())
            .collect();
        reasons.sort();
        reasons
    }
}

fn sample(name: &str) -> Vec<u8> {
    testkit::sample("orders", name)
}

const HEARTS: (&str, &str) = ("17850", "536365-85123A");

fn success() -> Value {
    json!({"batchItemFailures": []})
}

#[tokio::test]
async fn each_sample_event_becomes_the_rows_and_rejects_that_its_name_says() {
    let stage = Stage::set().await;
    let function = stage.function(stage.endpoint.url());
    let samples: [Sample; 9] = [
        ("plain.json", &[("17850", "536365-71053"), HEARTS], &[]),
        ("numbers.json", &[HEARTS, ("17850", "536366-22633")], &[]),
        (
            "agent-csvtojson.json",
            &[("17850", "536365-22727"), HEARTS],
            &[],
        ),
        ("raw-csv.json", &[("15311", "536381-22719"), HEARTS], &[]),
        ("guest.json", &[("-536414", "536414-22139")], &[]),
        ("cancellation.json", &[("14527", "C536379-D")], &[]),
        (
            "several-lines.json",
            &[("17850", "536365-71053"), HEARTS, ("17850", "536367-84879")],
            &[],
        ),
        (
            "kpl-aggregated.json",
            &[("15311", "536381-22719"), HEARTS, ("17850", "536367-84879")],
            &[],
        ),
        (
            "mix-with-rejects.json",
            &[("17850", "536365-71053"), HEARTS],
            &[
                "missing",
                "not_a_date",
                "not_json_or_csv",
                "not_utf8",
                "not_whole",
                "shifted_by_agent",
            ],
        ),
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/orders");
    assert_eq!(
        std::fs::read_dir(folder).expect("samples").count(),
        samples.len()
    );
    for (name, rows, reasons) in samples {
        // Delivered twice, as Kinesis may: the second time changes nothing.
        for _ in 0..2 {
            let (status, answer) = function.invoke(sample(name)).await;
            assert_eq!((status.as_u16(), answer), (200, success()), "{name}");
            let rows: Vec<_> = rows
                .iter()
                .map(|(c, o)| ((*c).to_owned(), (*o).to_owned()))
                .collect();
            assert_eq!(stage.rows().await, rows, "{name}");
            assert_eq!(stage.reject_reasons().await, reasons, "{name}");
        }
        for item in stage.endpoint.scan(TABLE).await {
            let keys = ["CustomerID", "OrderID"].map(|key| (key.to_owned(), item[key].clone()));
            let call = stage.endpoint.dynamodb().delete_item().table_name(TABLE);
            call.set_key(Some(keys.into()))
                .send()
                .await
                .expect("a deleted row");
        }
    }
    assert_logs_tell_counts_and_no_payload(&function);
}

fn assert_logs_tell_counts_and_no_payload(function: &Function) {
    let logs = function.logs();
    let done: Vec<_> = logs
        .iter()
        .filter(|line| line["message"] == "batch done")
        .collect();
    assert_eq!(done.len(), 18);
    let last = done[17];
    assert_eq!(
        (&last["lines_stored"], &last["lines_rejected"]),
        (&json!(2), &json!(6))
    );
    assert_eq!(last["span"]["shard"], "shardId-000000000006");
    assert!(
        last["span"]["request_id"]
            .as_str()
            .is_some_and(|id| !id.is_empty())
    );
    let metrics: Vec<_> = logs
        .iter()
        .filter(|line| line.get("_aws").is_some())
        .collect();
    assert_eq!(metrics.len(), 18);
    assert_eq!(
        (&metrics[17]["LinesStored"], &metrics[17]["LinesRejected"]),
        (&json!(2), &json!(6))
    );
    function.assert_silent_about(&[
        "17850", "15311", "14527", "536365", "HEART", "GUMBALL", "NTM2MzY1", "eyJ",
    ]);
}

#[tokio::test]
async fn throttling_and_unprocessed_items_only_delay() {
    let stage = Stage::set().await;
    let mut calls = 0;
    let proxy = FaultProxy::start(stage.endpoint.url(), move |operation, _| {
        calls += 1;
        match (operation, calls % 5) {
            // Cut off by the client's own timeout and made again.
            _ if calls == 1 => Fault::Hangs,
            ("BatchWriteItem", 0) => Fault::Fails(400, "ProvisionedThroughputExceededException"),
            ("BatchWriteItem", 1) => Fault::TakesEach(3),
            ("BatchWriteItem", 2) => Fault::LosesAnswer,
            ("BatchWriteItem", 3) => Fault::TakesEach(usize::MAX),
            ("SendMessageBatch", 0) => Fault::TakesEach(2),
            ("SendMessageBatch", 1) => Fault::Fails(503, "ServiceUnavailable"),
            ("SendMessageBatch", 2) => Fault::LosesAnswer,
            _ => Fault::None,
        }
    })
    .await;
    let function = stage.function(proxy.url());
    let orders: Orders = small_orders();
    let mut payloads = orders.lines();
    payloads.truncate(500);
    let bad = ["?"; 30];
    payloads.extend(bad);
    let (status, answer) = function.invoke(testkit::event(1, &payloads)).await;
    assert_eq!((status.as_u16(), answer), (200, success()));

    let distinct: std::collections::HashSet<_> = payloads[..500].iter().collect();
    assert_eq!(stage.rows().await.len(), distinct.len());
    // A lost answer sends a reject twice; its place in the stream tells the copies.
    let rejects = stage.endpoint.drain(&stage.queue).await;
    let numbers: std::collections::HashSet<_> = rejects
        .iter()
        .map(|r| r["sequence_number"].to_string())
        .collect();
    assert_eq!(numbers.len(), bad.len());
    let logs = function.logs();
    let done = logs
        .iter()
        .find(|line| line["message"] == "batch done")
        .expect("a summary");
    assert!(
        done["lines_retried"]
            .as_u64()
            .is_some_and(|retried| retried > 500),
        "{done}"
    );
}

#[tokio::test]
async fn one_item_that_the_table_refuses_goes_to_the_queue_alone() {
    let stage = Stage::set().await;
    let proxy = FaultProxy::start(stage.endpoint.url(), |operation, content| {
        if operation == "BatchWriteItem" && content.to_string().contains("C536379-D") {
            return Fault::Fails(400, "ValidationException");
        }
        Fault::None
    })
    .await;
    let function = stage.function(proxy.url());
    let payloads = [
        "536365,85123A,HEART,6,12/1/2010 8:26,2.55,17850,United Kingdom",
        "C536379,D,Discount,-1,12/1/2010 9:41,27.50,14527,United Kingdom",
        "536365,71053,LANTERN,6,12/1/2010 8:26,3.39,17850,United Kingdom",
    ];
    let (status, answer) = function.invoke(testkit::event(1, &payloads)).await;
    assert_eq!((status.as_u16(), answer), (200, success()));
    let rows = stage.rows().await;
    assert_eq!(
        rows.iter().map(|(_, order)| order).collect::<Vec<_>>(),
        ["536365-71053", "536365-85123A"]
    );
    assert_eq!(stage.reject_reasons().await, ["refused_by_table"]);
}

#[tokio::test]
async fn what_cannot_be_stored_or_rejected_now_comes_again_and_is_reported_by_record() {
    let stage = Stage::set().await;
    let denied = Fault::Fails(403, "AccessDeniedException");
    let down = Arc::new(Mutex::new(("SendMessageBatch", denied)));
    let fails = Arc::clone(&down);
    let proxy = FaultProxy::start(stage.endpoint.url(), move |operation, _| {
        let (fails, how) = *fails.lock().expect("an operation");
        if operation == fails { how } else { Fault::None }
    })
    .await;
    let function = stage.function(proxy.url());
    let good = "536365,85123A,HEART,6,12/1/2010 8:26,2.55,17850,United Kingdom";
    let event = testkit::event(41, &[good, "?", good]);
    let failed = |numbers: &[u64]| {
        let failures = numbers
            .iter()
            .map(|n| json!({"itemIdentifier": format!("{n:056}")}));
        json!({"batchItemFailures": failures.collect::<Vec<_>>()})
    };
    // The queue refuses: only the record of the bad line fails, the good ones are stored.
    assert_eq!(function.invoke(event.clone()).await.1, failed(&[42]));
    assert_eq!(stage.rows().await.len(), 1);
    *down.lock().expect("an operation") = ("SendMessageBatch", Fault::Blames);
    assert_eq!(function.invoke(event.clone()).await.1, failed(&[42]));
    // The table refuses: its records fail, the reject is in the queue.
    *down.lock().expect("an operation") = ("BatchWriteItem", denied);
    assert_eq!(function.invoke(event.clone()).await.1, failed(&[41, 43]));
    assert_eq!(stage.reject_reasons().await, ["not_json_or_csv"]);
    // All is well again.
    *down.lock().expect("an operation") = ("", Fault::None);
    assert_eq!(function.invoke(event).await.1, success());
    let logs = function.logs();
    let warning = logs
        .iter()
        .find(|line| line["level"] == "WARN")
        .expect("a warning");
    assert!(
        warning["error"]
            .as_str()
            .is_some_and(|e| e.contains("AccessDenied")),
        "{warning}"
    );
}

#[tokio::test]
async fn a_table_with_another_key_is_no_fault_of_the_lines() {
    let stage = Stage::set().await;
    let other = embedded_dynamodb().await;
    let text = || ScalarAttributeType::S;
    other
        .create_table(TABLE, ("CustomerID", text()), ("OrderID", text()))
        .await;
    let function = stage.start(&[
        ("ORDERS_TABLE", TABLE),
        ("REJECTS_QUEUE_URL", &stage.queue),
        ("AWS_ENDPOINT_URL", other.url()),
        ("AWS_ENDPOINT_URL_SQS", stage.endpoint.url()),
    ]);
    let good = "536365,85123A,HEART,6,12/1/2010 8:26,2.55,17850,United Kingdom";
    let (_, answer) = function.invoke(testkit::event(7, &[good, "?"])).await;
    let failed = json!({"batchItemFailures": [{"itemIdentifier": format!("{:056}", 7)}]});
    assert_eq!(answer, failed);
    assert_eq!(stage.reject_reasons().await, ["not_json_or_csv"]);
}

#[tokio::test]
async fn a_wrong_variable_stops_the_cold_start_with_one_line_that_names_it() {
    let stage = Stage::set().await;
    for (variables, message) in [
        (
            &[("REJECTS_QUEUE_URL", "http://h/q")][..],
            "ORDERS_TABLE is not set: expected a DynamoDB table name",
        ),
        (
            &[("ORDERS_TABLE", "t/t"), ("REJECTS_QUEUE_URL", "http://h/q")],
            "ORDERS_TABLE is \"t/t\": expected",
        ),
        (
            &[("ORDERS_TABLE", TABLE), ("REJECTS_QUEUE_URL", "rejects")],
            "REJECTS_QUEUE_URL is \"rejects\": expected the URL of a standard SQS queue",
        ),
        (
            &[("ORDERS_TABLE", TABLE)],
            "REJECTS_QUEUE_URL is not set: expected the URL of a standard SQS queue",
        ),
        (
            &[
                ("ORDERS_TABLE", TABLE),
                ("REJECTS_QUEUE_URL", "http://h/q"),
                ("AWS_ENDPOINT_URL", "127.0.0.1:4566"),
            ],
            "AWS_ENDPOINT_URL is \"127.0.0.1:4566\": expected an http or https URL",
        ),
        (
            &[("AWS_LAMBDA_LOG_LEVEL", "LOUD")],
            "AWS_LAMBDA_LOG_LEVEL is \"LOUD\": expected",
        ),
    ] {
        let function = stage.start(variables);
        function.stops_with(message);
    }
}
