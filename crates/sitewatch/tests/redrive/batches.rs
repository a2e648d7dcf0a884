//! Batches that were given up.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_sdk_dynamodb::types::ScalarAttributeType;
use serde_json::Value;
use testkit::{Endpoint, Function, RuntimeApi};

use crate::lambda::{Answer, Lambda};
use crate::stage::{BUCKET, Bucket, ended, given_up, redrive, run};

const ALL: [&str; 2] = ["--bucket", BUCKET];

/// An empty partial batch response.
fn fine() -> Answer {
    Answer::Payload(r#"{"batchItemFailures":[]}"#.to_owned())
}

/// The first invoice of an event, which is its first sequence number.
fn first(event: &str) -> u64 {
    let event: Value = serde_json::from_str(event).expect("JSON");
    let number = event["Records"][0]["kinesis"]["sequenceNumber"].as_str();
    number.and_then(|n| n.parse().ok()).expect("a number")
}

fn orders(runtime: &RuntimeApi, endpoint: &Endpoint, queue: &str, table: &str) -> Function {
    let binary = Path::new(env!("CARGO_BIN_EXE_sitewatch")).with_file_name("orders");
    assert!(
        binary.exists(),
        "orders is not built: run cargo build --workspace first"
    );
    let variables = [
        ("ORDERS_TABLE", table),
        ("REJECTS_QUEUE_URL", queue),
        ("AWS_ENDPOINT_URL", endpoint.url()),
    ];
    runtime.run("orders", &binary, &variables)
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_go_through_the_built_function_once_it_can_store_them() {
    let endpoint = Endpoint::start();
    let bucket = Bucket::create(&endpoint).await;
    let queue = endpoint.create_queue("rejects").await;
    for (shard, invoices) in [
        ("shardId-000000000000", [1, 2]),
        ("shardId-000000000000", [3, 4]),
        ("shardId-000000000001", [5, 6]),
    ] {
        bucket.keep(&given_up("orders", shard, &invoices)).await;
    }
    let before = bucket.keys().await;
    let runtime = RuntimeApi::start();
    let redrive = |arguments: &[&str]| {
        let mut command = redrive(endpoint.url(), &ALL);
        command
            .args(arguments)
            .env("AWS_ENDPOINT_URL_LAMBDA", runtime.url());
        run(command)
    };
    // Without its table, the function reports each record as failed.
    let function = orders(&runtime, &endpoint, &queue, "missing");
    let (code, out, error) = redrive(&[]).await;
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("2 records failed again"), "{out}");
    assert!(
        error.contains("2 objects failed again; 3 in all stay"),
        "{error}"
    );
    assert_eq!(bucket.keys().await, before);
    drop(function);

    let (customer, order) = ("CustomerID", "OrderID");
    endpoint
        .create_table(
            "WebsiteOrders",
            (customer, ScalarAttributeType::N),
            (order, ScalarAttributeType::S),
        )
        .await;
    let _function = orders(&runtime, &endpoint, &queue, "WebsiteOrders");
    let (code, out, _) = redrive(&["--keep"]).await;
    assert_eq!(code, 0, "{out}");
    assert!(out.starts_with("3 objects sent again and kept"), "{out}");
    assert_eq!(bucket.keys().await, before);
    let rows = endpoint.scan("WebsiteOrders").await;
    assert_eq!(rows.len(), 6);

    let (code, out, _) = redrive(&[]).await;
    assert_eq!(code, 0, "{out}");
    assert!(out.starts_with("3 objects sent again and deleted"), "{out}");
    assert!(bucket.keys().await.is_empty());
    assert_eq!(endpoint.scan("WebsiteOrders").await, rows, "the same rows");
    let (code, out, _) = redrive(&[]).await;
    assert_eq!(
        (code, out.starts_with("Nothing to send again")),
        (0, true),
        "{out}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shard_goes_on_in_its_order_up_to_the_first_batch_that_fails() {
    let endpoint = Endpoint::start();
    let bucket = Bucket::create(&endpoint).await;
    let mut kept = Vec::new();
    for (function, shard, invoices) in [
        ("orders", "shardId-000000000000", [30, 31]),
        ("orders", "shardId-000000000000", [9, 10]),
        ("orders", "shardId-000000000000", [20, 21]),
        ("orders", "shardId-000000000000", [40, 41]),
        ("orders", "shardId-000000000001", [50, 51]),
        ("orders", "shardId-000000000001", [60, 61]),
        ("history", "shardId-000000000000", [70, 71]),
        ("history", "shardId-000000000000", [80, 81]),
    ] {
        kept.push(bucket.keep(&given_up(function, shard, &invoices)).await);
    }
    let throttled = AtomicU32::new(2);
    let lambda = Lambda::start(move |(_, event)| match first(event) {
        20 => Answer::Payload(r#"{"batchItemFailures":[{"itemIdentifier":"21"}]}"#.to_owned()),
        50 if throttled
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1))
            .is_ok() =>
        {
            Answer::Error(429, "TooManyRequestsException")
        }
        60 => Answer::Error(404, "ResourceNotFoundException"),
        70 => Answer::FunctionError,
        _ => fine(),
    })
    .await;
    let mut command = redrive(endpoint.url(), &ALL);
    command.env("AWS_ENDPOINT_URL_LAMBDA", &lambda.url);
    let (code, out, error) = run(command).await;
    assert_eq!(code, 1);
    assert!(
        error.contains("3 objects failed again; 6 in all stay in the bucket"),
        "{error}"
    );
    for words in [
        "2 objects sent again and deleted",
        ", 3 failed, 3 behind them not tried.",
        "(orders): 1 record failed again, see the function's log; 2 objects behind it not tried",
        "(orders): the function orders cannot be invoked: ResourceNotFoundException",
        "(history): the function answered with an error, see its log; 1 object behind it",
    ] {
        assert!(out.contains(words), "{words}: {out}");
    }
    let lane = |function: &str, invoices: &[u64]| -> Vec<u64> {
        let calls = lambda.calls();
        let firsts = calls.iter().filter(|(name, _)| name == function);
        let firsts = firsts.map(|(_, event)| first(event));
        firsts.filter(|first| invoices.contains(first)).collect()
    };
    assert_eq!(lane("orders", &[9, 20, 30, 40]), [9, 20]);
    assert_eq!(lane("orders", &[50, 60]), [50, 50, 50, 60]);
    assert_eq!(lane("history", &[70, 80]), [70]);
    for (_, event) in lambda.calls() {
        assert!(
            kept.iter().any(|(_, kept)| *kept == event),
            "the very event"
        );
    }
    let mut stay: Vec<_> = [0, 2, 3, 5, 6, 7].map(|n: usize| kept[n].0.clone()).into();
    stay.sort();
    assert_eq!(bucket.keys().await, stay);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_pages_are_looked_at_and_a_dry_run_or_another_function_changes_nothing() {
    let endpoint = Endpoint::start();
    let bucket = Bucket::create(&endpoint).await;
    // A page has 1,000 keys, and these come first.
    for n in 0..1_001 {
        bucket.put(&format!("aws/lambda/a0/{n}"), "{}").await;
    }
    let (key, _) = bucket
        .keep(&given_up("orders", "shardId-000000000007", &[1, 2, 3]))
        .await;
    bucket
        .keep(&given_up("surge", "shardId-000000000007", &[1]))
        .await;
    bucket.put("elsewhere", "no JSON").await;
    let lambda = Lambda::start(|_| fine()).await;
    let before = bucket.keys().await;
    let redrive = |arguments: &[&str]| {
        let mut command = redrive(endpoint.url(), &ALL);
        command
            .args(arguments)
            .env("AWS_ENDPOINT_URL_LAMBDA", &lambda.url);
        run(command)
    };
    let (code, out, _) = redrive(&["--dry-run"]).await;
    assert_eq!(code, 0);
    let row = |name: &str| {
        let line = out.lines().find(|line| line.contains(name)).expect(&out);
        line.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let orders = row("orders ");
    let expected = [
        "│",
        "orders",
        "shardId-000000000007",
        "RetryAttemptsExhausted",
        "1",
        "3",
    ];
    assert_eq!(orders[..6], expected);
    assert_eq!(row("surge ")[4..6], ["1", "1"]);
    assert!(
        out.contains("2 objects with 4 records. A dry run: nothing was sent"),
        "{out}"
    );
    assert!(out.contains("1,001 objects left alone"), "{out}");
    assert!(lambda.calls().is_empty());
    assert_eq!(bucket.keys().await, before);

    let (code, out, _) = redrive(&["--function", "nobody"]).await;
    assert_eq!((code, lambda.calls().len()), (0, 0), "{out}");
    let (code, out, _) = redrive(&["--function", "orders", "--prefix", "aws/lambda/or"]).await;
    assert_eq!(code, 0, "{out}");
    assert_eq!(lambda.calls().len(), 1);
    let rest: Vec<_> = before.into_iter().filter(|k| *k != key).collect();
    assert_eq!(bucket.keys().await, rest);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_without_its_event_stays_with_those_behind_it() {
    let endpoint = Endpoint::start();
    let bucket = Bucket::create(&endpoint).await;
    let without = given_up("orders", "shardId-000000000000", &[1]);
    let mut object: Value = serde_json::from_str(&without.s3_json()).expect("JSON");
    object.as_object_mut().expect("an object").remove("payload");
    bucket
        .put(&without.s3_key("a1b2c3"), &object.to_string())
        .await;
    bucket
        .keep(&given_up("orders", "shardId-000000000000", &[2]))
        .await;
    let lambda = Lambda::start(|_| fine()).await;
    let mut command = redrive(endpoint.url(), &ALL);
    command.env("AWS_ENDPOINT_URL_LAMBDA", &lambda.url);
    let (code, out, _) = run(command).await;
    assert_eq!(code, 1);
    assert!(out.contains("holds no event"), "{out}");
    assert!(lambda.calls().is_empty());
    assert_eq!(bucket.keys().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_run_ends_with_its_batch() {
    let endpoint = Endpoint::start();
    let bucket = Bucket::create(&endpoint).await;
    for invoice in 1..=100 {
        bucket
            .keep(&given_up("orders", "shardId-000000000000", &[invoice]))
            .await;
    }
    let process = Arc::new(AtomicU32::new(0));
    let of_tool = Arc::clone(&process);
    let lambda = Lambda::start(move |(_, event)| {
        if first(event) == 3 {
            let id = of_tool.load(Ordering::SeqCst).to_string();
            let kill = std::process::Command::new("kill")
                .args(["-INT", &id])
                .status();
            assert!(kill.expect("kill").success());
        }
        fine()
    })
    .await;
    let mut command = redrive(endpoint.url(), &ALL);
    command.env("AWS_ENDPOINT_URL_LAMBDA", &lambda.url);
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().expect("a process");
    process.store(child.id(), Ordering::SeqCst);
    let output = tokio::task::spawn_blocking(move || child.wait_with_output()).await;
    let (code, out, _) = ended(&output.expect("a thread").expect("a process"));
    let left = bucket.keys().await.len();
    assert_eq!((code, left), (0, 100 - lambda.calls().len()), "{out}");
    assert!((50..98).contains(&left), "{left} left");
    assert!(
        out.contains(&format!("Stopped: {left} objects left.")),
        "{out}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_it_from_starting_is_one_clear_line() {
    let endpoint = Endpoint::start();
    let bucket = Bucket::create(&endpoint).await;
    bucket
        .keep(&given_up("orders", "shardId-000000000000", &[1]))
        .await;
    let (code, _, error) = run(redrive(endpoint.url(), &["--bucket", "nowhere"])).await;
    assert_eq!(code, 1);
    assert!(
        error.starts_with("error: listing the bucket nowhere: "),
        "{error}"
    );
    let mut command = redrive(endpoint.url(), &ALL);
    command
        .env_remove("AWS_REGION")
        .env("AWS_CONFIG_FILE", "/dev/null");
    command.env("AWS_EC2_METADATA_DISABLED", "true");
    let (code, _, error) = run(command).await;
    assert_eq!(code, 1);
    assert!(
        error.starts_with("error: no region: set AWS_REGION"),
        "{error}"
    );
    let mut command = redrive(endpoint.url(), &ALL);
    command
        .env_remove("AWS_ACCESS_KEY_ID")
        .envs([
            ("AWS_CONFIG_FILE", "/dev/null"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ])
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    let (code, _, error) = run(command).await;
    assert_eq!(code, 1);
    assert!(error.contains("no credentials found"), "{error}");
    for (arguments, words) in [
        (&[][..], "--bucket"),
        (
            &["--bucket", "a", "--queue", "http://h/1/q"],
            "cannot be used with",
        ),
        (&["--bucket", "a", "--reason", "columns"], "--reason"),
        (&["--queue", "http://h/1/q", "--keep"], "--keep"),
        (
            &["--queue", "rejects"],
            "expected the URL of a standard SQS queue",
        ),
    ] {
        let (code, _, error) = run(redrive(endpoint.url(), arguments)).await;
        assert_eq!(code, 2, "{error}");
        assert!(error.contains(words), "{error}");
    }
    assert_eq!(bucket.keys().await.len(), 1);
}
