//! The built function through the Lambda runtime API, against DynamoDB and Kinesis
//! endpoints that nobody here wrote.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, ScalarAttributeType};
use model::{Alarm, AlarmKind};
use serde_json::{Value, json};
use testkit::{Endpoint, Fault, FaultProxy, Function, RuntimeApi};

const TABLE: &str = "Surge";
const STREAM: &str = "alarms";

struct Stage {
    endpoint: Endpoint,
    runtime: RuntimeApi,
}

impl Stage {
    async fn set() -> Self {
        let endpoint = Endpoint::start();
        let text = || ScalarAttributeType::S;
        endpoint
            .create_table(TABLE, ("pk", text()), ("sk", text()))
            .await;
        endpoint.create_stream(STREAM, 1).await;
        Self {
            endpoint,
            runtime: RuntimeApi::start(),
        }
    }

    fn function(&self, url: &str, variables: &[(&str, &str)]) -> Function {
        let mut all = vec![
            ("SURGE_TABLE", TABLE),
            ("ALARM_STREAM", STREAM),
            ("AWS_ENDPOINT_URL", url),
            ("AWS_LAMBDA_LOG_LEVEL", "TRACE"),
        ];
        all.extend(variables);
        self.runtime
            .run("surge", Path::new(env!("CARGO_BIN_EXE_surge")), &all)
    }

    async fn alarms(&self) -> Vec<Alarm> {
        let records = self.endpoint.stream_records(STREAM).await;
        let alarm = |(key, data): &(String, Vec<u8>)| -> Alarm {
            assert_eq!(key, "website");
            serde_json::from_slice(data).expect("an alarm")
        };
        records.iter().map(alarm).collect()
    }

    /// Makes the site one that has been watched since 2018, when the samples are from.
    async fn age(&self) {
        let client = self.endpoint.dynamodb();
        let items = self.endpoint.scan(TABLE).await;
        let site = items
            .into_iter()
            .find(|item| item["sk"] == AttributeValue::S("site".to_owned()));
        let mut site = site.expect("the site's state");
        let body = site["body"].as_b().expect("bytes").as_ref();
        let mut state: Value = serde_json::from_slice(body).expect("JSON");
        state["created_at"] = json!("2018-12-17T22:00:00Z");
        let body = AttributeValue::B(Blob::new(state.to_string()));
        site.insert("body".to_owned(), body);
        let put = client.put_item().table_name(TABLE).set_item(Some(site));
        put.send().await.expect("a written item");
    }
}

fn sample(name: &str) -> Vec<u8> {
    testkit::sample("surge", name)
}

async fn succeeds(function: &Function, name: &str) {
    let (status, answer) = function.invoke(sample(name)).await;
    let success = json!({"batchItemFailures": []});
    assert_eq!((status.as_u16(), answer), (200, success), "{name}");
}

#[tokio::test]
async fn the_samples_raise_one_alarm_and_tell_when_it_is_over() {
    let stage = Stage::set().await;
    let function = stage.function(stage.endpoint.url(), &[]);
    // Delivered twice, as Kinesis may: the second time changes nothing.
    for _ in 0..2 {
        succeeds(&function, "rising.json").await;
        let alarms = stage.alarms().await;
        assert_eq!(alarms.len(), 1, "{alarms:?}");
        let alarm = &alarms[0];
        assert_eq!((alarm.kind, alarm.trigger_count), (AlarmKind::Alarm, 60));
        assert_eq!(alarm.started_at.to_string(), "2018-12-17T22:11:04Z");
        assert_eq!(alarm.at.to_string(), "2018-12-17T22:12:03Z");
        assert_eq!((alarm.rate, alarm.peak), (74, 74));
    }
    stage.age().await;
    succeeds(&function, "scheduled.json").await;
    assert_eq!(stage.alarms().await.len(), 1, "it is not known to be over");
    succeeds(&function, "quiet.json").await;
    succeeds(&function, "scheduled.json").await;
    let alarms = stage.alarms().await;
    assert_eq!(alarms.len(), 2, "{alarms:?}");
    let over = &alarms[1];
    assert_eq!(
        (over.kind, &over.alarm_id),
        (AlarmKind::Ok, &alarms[0].alarm_id)
    );
    assert_eq!(over.at.to_string(), "2018-12-17T22:13:31Z");
    assert_eq!((over.rate, over.peak), (0, 90));

    let logs = function.logs();
    let done: Vec<_> = logs
        .iter()
        .filter(|l| l["message"] == "batch done")
        .collect();
    assert_eq!(done.len(), 5);
    assert_eq!(
        (&done[0]["records"], &done[0]["lines_counted"]),
        (&json!(90), &json!(315))
    );
    assert_eq!(done[0]["span"]["shard"], "shardId-000000000006");
    assert_eq!(
        (&done[3]["lines_counted"], &done[3]["lines_cancelled"]),
        (&json!(6), &json!(1))
    );
    let metrics: Vec<_> = logs.iter().filter(|l| l.get("_aws").is_some()).collect();
    assert_eq!(metrics.len(), 5);
    assert_eq!(metrics[0]["AlarmsPublished"], 1);
    function.assert_silent_about(&["17850", "14527", "HEART", "NjAw", "600000"]);
}

#[tokio::test]
async fn a_quiet_batch_takes_one_conditional_write() {
    let stage = Stage::set().await;
    let writes = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&writes);
    let proxy = FaultProxy::start(stage.endpoint.url(), move |operation, content| {
        if operation != "Query" {
            let condition = content.get("ConditionExpression").cloned();
            let mut seen = seen.lock().expect("calls");
            seen.push((operation.to_owned(), condition.is_some()));
        }
        Fault::None
    })
    .await;
    let function = stage.function(proxy.url(), &[]);
    // The first one looks at the site, which it does not know yet.
    let order = |n: u32| format!("{n},85123A,HEART,6,12/1/2010 8:26,2.55,17850,United Kingdom\n");
    let success = json!({"batchItemFailures": []});
    function.invoke(testkit::event(1, &[order(1)])).await;
    writes.lock().expect("calls").clear();
    for n in 2..5 {
        let (_, answer) = function
            .invoke(testkit::event(n, &[order(1), order(2)]))
            .await;
        assert_eq!(answer, success);
        let mut writes = writes.lock().expect("calls");
        assert_eq!(*writes, [("PutItem".to_owned(), true)]);
        writes.clear();
    }
}

#[tokio::test]
async fn an_alarm_that_cannot_be_published_now_is_published_by_the_next_invocation() {
    let stage = Stage::set().await;
    let mut denied = 1;
    let proxy = FaultProxy::start(stage.endpoint.url(), move |operation, _| {
        if operation == "PutRecord" && denied > 0 {
            denied -= 1;
            return Fault::Fails(400, "AccessDeniedException");
        }
        Fault::None
    })
    .await;
    let function = stage.function(proxy.url(), &[]);
    succeeds(&function, "rising.json").await;
    assert!(stage.alarms().await.is_empty());
    succeeds(&function, "quiet.json").await;
    assert_eq!(stage.alarms().await.len(), 1);
    succeeds(&function, "quiet.json").await;
    assert_eq!(stage.alarms().await.len(), 1);
}

#[tokio::test]
async fn records_that_cannot_be_counted_come_again() {
    let stage = Stage::set().await;
    let denied = Arc::new(AtomicBool::new(true));
    let down = Arc::clone(&denied);
    let proxy = FaultProxy::start(stage.endpoint.url(), move |operation, content| {
        let key = &content["Item"]["sk"]["S"];
        if operation == "PutItem" && key == "001545084660" && down.load(Ordering::Relaxed) {
            return Fault::Fails(400, "AccessDeniedException");
        }
        Fault::None
    })
    .await;
    let function = stage.function(proxy.url(), &[]);
    let (status, answer) = function.invoke(sample("rising.json")).await;
    assert_eq!(status.as_u16(), 200);
    let failed = answer["batchItemFailures"].as_array().expect("failures");
    // The first granule, of the seconds 0 to 9, is counted.
    assert_eq!(failed.len(), 80, "{answer}");
    let first = "49545115243490985018280067714973144582180062593244200971";
    assert_eq!(failed[0]["itemIdentifier"], first);
    // All is well again.
    denied.store(false, Ordering::Relaxed);
    succeeds(&function, "rising.json").await;
    let alarms = stage.alarms().await;
    assert_eq!((alarms.len(), alarms[0].rate), (1, 74));
}

#[tokio::test]
async fn a_wrong_variable_stops_the_cold_start_with_one_line_that_names_it() {
    let stage = Stage::set().await;
    for (variables, message) in [
        (
            ("SURGE_TABLE", ""),
            "SURGE_TABLE is not set: expected a DynamoDB table name",
        ),
        (
            ("ALARM_STREAM", "a/b"),
            "ALARM_STREAM is \"a/b\": expected a Kinesis stream name",
        ),
        (
            ("ORDER_THRESHOLD", "0"),
            "ORDER_THRESHOLD is \"0\": expected",
        ),
        (
            ("DATAPOINTS_TO_ALARM", "61"),
            "DATAPOINTS_TO_ALARM is \"61\": expected",
        ),
    ] {
        let function = stage.function(stage.endpoint.url(), &[variables]);
        function.stops_with(message);
    }
}
