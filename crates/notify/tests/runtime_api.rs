//! The built function through the Lambda runtime API, against DynamoDB, SNS and SQS
//! endpoints that nobody here wrote, with faults between.

use std::path::Path;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::types::{AttributeValue, ScalarAttributeType};
use serde_json::{Value, json};
use testkit::{Endpoint, Fault, FaultProxy, Function, RuntimeApi};

const TABLE: &str = "Idempotency";

struct Stage {
    endpoint: Endpoint,
    runtime: RuntimeApi,
    topic: String,
    subscriber: String,
    rejects: String,
}

impl Stage {
    async fn set() -> Self {
        let endpoint = Endpoint::start();
        endpoint
            .create_table(TABLE, ("id", ScalarAttributeType::S), None)
            .await;
        let (topic, subscriber) = endpoint.create_topic("alarms").await;
        let rejects = endpoint.create_queue("rejects").await;
        Self {
            endpoint,
            runtime: RuntimeApi::start(),
            topic,
            subscriber,
            rejects,
        }
    }

    fn function(&self, url: &str, variables: &[(&str, &str)]) -> Function {
        self.function_at(&self.runtime, url, variables)
    }

    fn function_at(&self, runtime: &RuntimeApi, url: &str, variables: &[(&str, &str)]) -> Function {
        let mut all = vec![
            ("ALARM_TOPIC_ARN", self.topic.as_str()),
            ("IDEMPOTENCY_TABLE", TABLE),
            ("REJECTS_QUEUE_URL", &self.rejects),
            ("AWS_ENDPOINT_URL", url),
            ("AWS_LAMBDA_LOG_LEVEL", "TRACE"),
        ];
        all.extend(variables);
        runtime.run("notify", Path::new(env!("CARGO_BIN_EXE_notify")), &all)
    }

    /// What a subscriber received since it last looked.
    async fn received(&self) -> Vec<Value> {
        self.endpoint.drain(&self.subscriber).await
    }

    /// The ledger's states, by id.
    async fn ledger(&self) -> Vec<(String, String)> {
        let items = self.endpoint.scan(TABLE).await;
        let text = |value: &AttributeValue| value.as_s().expect("a text").clone();
        let mut states: Vec<_> = items
            .iter()
            .map(|item| (text(&item["id"]), text(&item["status"])))
            .collect();
        states.sort();
        states
    }
}

fn sample(name: &str) -> Vec<u8> {
    testkit::sample("notify", name)
}

fn success() -> Value {
    json!({"batchItemFailures": []})
}

async fn succeeds(function: &Function, name: &str) {
    let (status, answer) = function.invoke(sample(name)).await;
    assert_eq!((status.as_u16(), answer), (200, success()), "{name}");
}

#[tokio::test]
async fn the_samples_are_told_once_however_often_they_come() {
    let stage = Stage::set().await;
    let function = stage.function(stage.endpoint.url(), &[]);
    for _ in 0..2 {
        for name in ["alarm.json", "reminder.json", "ok.json"] {
            succeeds(&function, name).await;
        }
    }
    let received = stage.received().await;
    let subjects: Vec<_> = received.iter().map(|m| m["Subject"].clone()).collect();
    assert_eq!(
        subjects,
        ["ALARM", "REMINDER", "OK"].map(|kind| format!("website order rate {kind}"))
    );
    let attributes = &received[0]["MessageAttributes"];
    let attribute = |kind, value| json!({"Type": kind, "Value": value});
    assert_eq!(attributes["site"], attribute("String", "website"));
    assert_eq!(attributes["kind"], attribute("String", "ALARM"));
    assert_eq!(attributes["order_count"], attribute("Number", "74"));
    let text = received[0]["Message"].as_str().expect("a text");
    for words in ["74 orders in 15 s", "Threshold", "What to do"] {
        assert!(text.contains(words), "{text}");
    }
    let ledger = stage.ledger().await;
    assert_eq!(ledger.len(), 3);
    assert!(
        ledger.iter().all(|(_, status)| status == "COMPLETED"),
        "{ledger:?}"
    );

    let logs = function.logs();
    let done: Vec<_> = logs
        .iter()
        .filter(|l| l["message"] == "batch done")
        .collect();
    assert_eq!(done.len(), 6);
    assert_eq!(
        (&done[0]["alarms_told"], &done[3]["alarms_known"]),
        (&json!(1), &json!(1))
    );
    assert!(done[0]["span"]["request_id"].is_string());
    let metrics: Vec<_> = logs.iter().filter(|l| l.get("_aws").is_some()).collect();
    assert_eq!((metrics.len(), &metrics[0]["AlarmsTold"]), (6, &json!(1)));
}

#[tokio::test]
async fn each_protocol_has_its_own_text() {
    let stage = Stage::set().await;
    let published = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&published);
    let proxy = FaultProxy::start(stage.endpoint.url(), move |operation, content| {
        if operation == "Publish" {
            seen.lock().expect("calls").push(content.clone());
        }
        Fault::None
    })
    .await;
    let function = stage.function(proxy.url(), &[]);
    succeeds(&function, "alarm.json").await;
    let calls = published.lock().expect("calls").clone();
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0]["MessageStructure"], "json");
    let message = calls[0]["Message"].as_str().expect("a text");
    let texts: Value = serde_json::from_str(message).expect("a text for each protocol");
    let sms = texts["sms"].as_str().expect("a text for phones");
    assert!(
        sms.len() <= 140 && sms.starts_with("website ALARM: 74 orders"),
        "{sms}"
    );
    let email = texts["email"].as_str().expect("a text for e-mail");
    assert!(email.contains("What to do"), "{email}");
    let received = stage.received().await;
    assert_eq!(received[0]["Message"], texts["default"]);
}

#[tokio::test]
async fn a_subscriber_learns_who_is_behind_it_and_can_filter_by_it() {
    let stage = Stage::set().await;
    let function = stage.function(stage.endpoint.url(), &[("ORDERS_TABLE", "WebsiteOrders")]);
    succeeds(&function, "script.json").await;
    let received = stage.received().await;
    let attributes = &received[0]["MessageAttributes"];
    let attribute = |kind, value| json!({"Type": kind, "Value": value});
    assert_eq!(
        *attributes,
        json!({
            "site": attribute("String", "website"),
            "kind": attribute("String", "ALARM"),
            "signal": attribute("String", "surge"),
            "measure": attribute("String", "orders"),
            "rate": attribute("Number", "74"),
            "order_count": attribute("Number", "74"),
            "contributor": attribute("String", "customer"),
            "share": attribute("Number", "82"),
        })
    );
    let text = received[0]["Message"].as_str().expect("a text");
    for words in [
        "Customer 17850 sends 82 % of the orders;",
        "\n    17850             61   82 %\n",
        "aws dynamodb query --table-name WebsiteOrders ",
    ] {
        assert!(text.contains(words), "{text}");
    }
}

#[tokio::test]
async fn a_test_by_hand_says_that_it_is_one() {
    let stage = Stage::set().await;
    let function = stage.function(stage.endpoint.url(), &[]);
    let (status, answer) = function.invoke(sample("test.json")).await;
    assert_eq!(status.as_u16(), 200);
    assert_eq!(answer["subject"], "website order rate ALARM (test)");
    let received = stage.received().await;
    assert_eq!(received.len(), 1);
    assert_eq!(received[0]["Subject"], answer["subject"]);
    assert_eq!(
        received[0]["MessageAttributes"]["order_count"]["Value"],
        "42"
    );
    let (status, answer) = function.invoke(b"{\"orders\": 42}".to_vec()).await;
    assert_ne!(status.as_u16(), 200);
    assert!(
        answer.to_string().contains("expected a Kinesis event"),
        "{answer}"
    );
}

#[tokio::test]
async fn what_is_no_alarm_goes_to_the_queue_and_the_alarms_beside_it_are_told() {
    let stage = Stage::set().await;
    let function = stage.function(stage.endpoint.url(), &[]);
    succeeds(&function, "mix-with-rejects.json").await;
    let received = stage.received().await;
    let subjects: Vec<_> = received.iter().map(|m| m["Subject"].clone()).collect();
    assert_eq!(
        subjects,
        ["website order rate ALARM", "website order rate OK"]
    );
    let rejects = stage.endpoint.drain(&stage.rejects).await;
    assert_eq!(rejects.len(), 5);
    assert!(
        rejects.iter().all(|r| r["reason"] == "not_an_alarm"),
        "{rejects:?}"
    );
}

#[tokio::test]
async fn a_topic_that_throttles_or_loses_its_answer_is_asked_again() {
    let stage = Stage::set().await;
    let mut faults = vec![
        Fault::LosesAnswer,
        Fault::Fails(500, "InternalError"),
        Fault::Fails(429, "Throttled"),
    ];
    let proxy = FaultProxy::start(stage.endpoint.url(), move |operation, _| match operation {
        "Publish" => faults.pop().unwrap_or(Fault::None),
        _ => Fault::None,
    })
    .await;
    let function = stage.function(proxy.url(), &[]);
    succeeds(&function, "alarm.json").await;
    // Once for the answer that was lost: rather twice than never.
    assert_eq!(stage.received().await.len(), 2);
    succeeds(&function, "alarm.json").await;
    assert!(stage.received().await.is_empty());
}

#[tokio::test]
async fn a_topic_that_refuses_gives_the_claim_back() {
    let stage = Stage::set().await;
    let mut faults = vec![Fault::Fails(403, "AuthorizationError")];
    let proxy = FaultProxy::start(stage.endpoint.url(), move |operation, _| match operation {
        "Publish" => faults.pop().unwrap_or(Fault::None),
        _ => Fault::None,
    })
    .await;
    let function = stage.function(proxy.url(), &[]);
    let (status, answer) = function.invoke(sample("alarm.json")).await;
    assert_eq!(status.as_u16(), 200);
    let failures = answer["batchItemFailures"].as_array().expect("failures");
    assert_eq!(failures.len(), 1);
    assert!(stage.ledger().await.is_empty());
    succeeds(&function, "alarm.json").await;
    assert_eq!(stage.received().await.len(), 1);
}

#[tokio::test]
async fn two_copies_of_the_function_at_once_tell_once() {
    let stage = Stage::set().await;
    let one = stage.function(stage.endpoint.url(), &[]);
    let another = RuntimeApi::start();
    let two = stage.function_at(&another, stage.endpoint.url(), &[]);
    let (a, b) = tokio::join!(
        one.invoke(sample("alarm.json")),
        two.invoke(sample("alarm.json"))
    );
    assert_eq!((a.1, b.1), (success(), success()));
    assert_eq!(stage.received().await.len(), 1);
}

#[tokio::test]
async fn after_a_crash_between_publishing_and_noting_it_the_alarm_is_told_again() {
    let stage = Stage::set().await;
    let proxy = FaultProxy::start(stage.endpoint.url(), |operation, content| {
        let completes = content["Item"]["status"]["S"] == "COMPLETED";
        if operation == "PutItem" && completes {
            return Fault::Hangs;
        }
        Fault::None
    })
    .await;
    let dying = stage.function(proxy.url(), &[]);
    let invocation = dying.invoke(sample("alarm.json"));
    let told = async {
        loop {
            let received = stage.received().await;
            if !received.is_empty() {
                return received.len();
            }
        }
    };
    tokio::select! {
        answer = invocation => panic!("it answered: {answer:?}"),
        told = told => assert_eq!(told, 1),
    }
    drop(dying);
    let [(id, status)] = stage.ledger().await.try_into().expect("one entry");
    assert_eq!(status, "INPROGRESS");
    // The claim of the dead expires.
    let client = stage.endpoint.dynamodb();
    let update = client.update_item().table_name(TABLE);
    let update = update.key("id", AttributeValue::S(id));
    let update = update.update_expression("SET in_progress_until = :then");
    let then = AttributeValue::N("1".to_owned());
    let update = update.expression_attribute_values(":then", then);
    update.send().await.expect("a written item");
    let another = RuntimeApi::start();
    let function = stage.function_at(&another, stage.endpoint.url(), &[]);
    succeeds(&function, "alarm.json").await;
    assert_eq!(stage.received().await.len(), 1);
    assert_eq!(stage.ledger().await[0].1, "COMPLETED");
}

#[tokio::test]
async fn a_claim_that_has_not_expired_is_waited_for() {
    let stage = Stage::set().await;
    let claim = |until: i64| {
        let put = stage.endpoint.dynamodb().put_item().table_name(TABLE);
        let text = |text: &str| AttributeValue::S(text.to_owned());
        put.item("id", text("website-0#ALARM#2018-12-17T22:12:03Z"))
            .item("status", text("INPROGRESS"))
            .item("owner", text("another"))
            .item("in_progress_until", AttributeValue::N(until.to_string()))
    };
    claim(i64::MAX).send().await.expect("a written item");
    let expired = claim(0);
    let calls = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&calls);
    let proxy = FaultProxy::start(stage.endpoint.url(), move |operation, _| {
        let mut seen = seen.lock().expect("calls");
        seen.push(operation.to_owned());
        if seen.len() == 2 {
            // It has asked twice; now the claim expires.
            tokio::spawn(expired.clone().send());
        }
        Fault::None
    })
    .await;
    let function = stage.function(proxy.url(), &[]);
    succeeds(&function, "alarm.json").await;
    assert_eq!(stage.received().await.len(), 1);
    let calls = calls.lock().expect("calls").clone();
    let claims = calls.iter().take_while(|call| *call == "PutItem").count();
    assert!(claims >= 2, "{calls:?}");
    assert_eq!(calls[claims..], ["Publish", "PutItem"]);
}

#[tokio::test]
async fn a_test_that_fails_says_why() {
    let stage = Stage::set().await;
    let proxy = FaultProxy::start(stage.endpoint.url(), |operation, _| match operation {
        "Publish" => Fault::Fails(403, "AuthorizationError"),
        _ => Fault::None,
    })
    .await;
    let function = stage.function(proxy.url(), &[]);
    let (status, answer) = function.invoke(sample("test.json")).await;
    assert_ne!(status.as_u16(), 200);
    assert!(
        answer.to_string().contains("AuthorizationError"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_wrong_variable_stops_the_cold_start_with_one_line_that_names_it() {
    let stage = Stage::set().await;
    for (variables, message) in [
        (
            ("ALARM_TOPIC_ARN", ""),
            "ALARM_TOPIC_ARN is not set: expected the ARN",
        ),
        (
            ("ALARM_TOPIC_ARN", "arn:aws:sns:us-east-1:1:a.fifo"),
            "ALARM_TOPIC_ARN is \"arn:aws:sns:us-east-1:1:a.fifo\": expected the ARN",
        ),
        (
            ("IDEMPOTENCY_TABLE", "?"),
            "IDEMPOTENCY_TABLE is \"?\": expected a DynamoDB table name",
        ),
        (
            ("REJECTS_QUEUE_URL", "rejects"),
            "REJECTS_QUEUE_URL is \"rejects\": expected",
        ),
        (
            ("ORDERS_TABLE", "?"),
            "ORDERS_TABLE is \"?\": expected a DynamoDB table name",
        ),
    ] {
        let function = stage.function(stage.endpoint.url(), &[variables]);
        function.stops_with(message);
    }
}
