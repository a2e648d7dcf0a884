//! `sitewatch patterns` as a user runs it, over a table that nobody here wrote.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use aws_sdk_dynamodb::types::{AttributeValue, ScalarAttributeType};
use testkit::{Endpoint, Fault, FaultProxy, embedded_dynamodb};

const TABLE: &str = "patterns";

async fn stage() -> Endpoint {
    let endpoint = embedded_dynamodb().await;
    endpoint
        .create_table(TABLE, ("Id", ScalarAttributeType::S), None)
        .await;
    endpoint
}

fn tool(url: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sitewatch"));
    command
        .arg("patterns")
        .args(arguments)
        .env("AWS_ENDPOINT_URL", url)
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("NO_COLOR", "1");
    command
}

/// Runs the tool beside this runtime, which serves it.
async fn run(url: &str, arguments: &[&str]) -> Output {
    let mut command = tool(url, arguments);
    let output = tokio::task::spawn_blocking(move || command.output()).await;
    output.expect("a thread").expect("a process")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn file(name: &str, content: &str) -> String {
    let path: PathBuf = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, content).expect("a written file");
    path.display().to_string()
}

/// The table's patterns: rank and expression by id.
async fn kept(endpoint: &Endpoint) -> HashMap<String, (String, String)> {
    let items = endpoint.scan(TABLE).await;
    let pattern = |item: HashMap<String, AttributeValue>| {
        let text = |name: &str| item[name].as_s().expect("a text").clone();
        let rank = item["Rank"].as_n().expect("a number").clone();
        (text("Id"), (rank, text("Regex")))
    };
    items.into_iter().map(pattern).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_pattern_is_written_although_each_call_leaves_some_unprocessed() {
    let endpoint = stage().await;
    let mut calls = 0;
    let proxy = FaultProxy::start(endpoint.url(), move |operation, _| {
        calls += usize::from(operation == "BatchWriteItem");
        match (operation, calls) {
            ("BatchWriteItem", ..=6) => Fault::TakesEach(3),
            _ => Fault::None,
        }
    })
    .await;
    let mut csv = "Id,Regex,Rank\n".to_owned();
    for n in 0..70 {
        writeln!(csv, "page{n},^/{n}$,{n}").expect("a text");
    }
    let path = file("many.csv", &csv);
    let output = run(proxy.url(), &["import", &path, "--table", TABLE]).await;
    assert!(output.status.success(), "{output:?}");
    assert!(text(&output.stdout).contains("70 added, 0 changed, 0 taken out, 0 unchanged."));
    let kept = kept(&endpoint).await;
    assert_eq!(kept.len(), 70);
    for n in 0..70 {
        assert_eq!(
            kept[&format!("page{n}")],
            (n.to_string(), format!("^/{n}$"))
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_tells_what_it_changes_and_takes_out_only_what_it_is_told_to() {
    let endpoint = stage().await;
    let first = file("first.csv", "Id,Regex,Rank\na,^/a,1\nb,^/b,2\nc,^/c,3\n");
    let second = file("second.csv", "Rank,Id,Regex\n1,a,^/a\n9,b,^/b\n4,d,^/d\n");
    assert!(
        run(endpoint.url(), &["import", &first, "--table", TABLE])
            .await
            .status
            .success()
    );
    let output = run(endpoint.url(), &["import", &second, "--table", TABLE]).await;
    let told = text(&output.stdout);
    for line in [
        "~ b  9  ^/b  (was 2  ^/b)",
        "+ d  4  ^/d",
        "1 added, 1 changed, 0 taken out, 1 unchanged.",
        "1 pattern of the table stay",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    assert_eq!(kept(&endpoint).await.len(), 4);
    let output = run(
        endpoint.url(),
        &["import", &second, "--table", TABLE, "--replace"],
    )
    .await;
    let told = text(&output.stdout);
    assert!(
        told.contains("- c\n") && told.contains("1 taken out, 3 unchanged."),
        "{told}"
    );
    assert!(!kept(&endpoint).await.contains_key("c"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_pattern_keeps_all_others_out() {
    let endpoint = stage().await;
    let path = file("wrong.csv", "Id,Regex,Rank\na,^/a,1\nb,[,2\nc,x,first\n");
    let output = run(endpoint.url(), &["import", &path, "--table", TABLE]).await;
    assert_eq!(output.status.code(), Some(1));
    let error = text(&output.stderr);
    assert!(
        error.contains("wrong.csv: line 3: Regex: unclosed character class"),
        "{error}"
    );
    assert!(
        error.contains("wrong.csv: line 4: Rank: expected a number"),
        "{error}"
    );
    assert!(kept(&endpoint).await.is_empty());
    let good = file("good.csv", "Id,Regex,Rank\na,^/a,1\n");
    let output = run(endpoint.url(), &["import", &good, "--table", "missing"]).await;
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(error.contains("the table missing"), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    let output = run(endpoint.url(), &["import", &good]).await;
    assert!(text(&output.stderr).contains("--table"), "{output:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_is_by_rank_and_marks_what_cannot_be_used() {
    let endpoint = stage().await;
    for (id, regex, rank) in [
        ("late", "^/", 100),
        ("early", "^/a", 9),
        ("broken", "(", 50),
    ] {
        let call = endpoint.dynamodb().put_item().table_name(TABLE);
        let call = call
            .item("Id", AttributeValue::S(id.to_owned()))
            .item("Regex", AttributeValue::S(regex.to_owned()))
            .item("Rank", AttributeValue::N(rank.to_string()));
        call.send().await.expect("an item");
    }
    let call = endpoint.dynamodb().put_item().table_name(TABLE);
    let call = call.item("Id", AttributeValue::S("empty".to_owned()));
    call.send().await.expect("an item");
    let output = run(endpoint.url(), &["list", "--table", TABLE]).await;
    let told = text(&output.stdout);
    let place = |word: &str| told.find(word).unwrap_or_else(|| panic!("{word}: {told}"));
    assert!(
        place("early") < place("broken") && place("broken") < place("late"),
        "{told}"
    );
    assert!(told.contains("✗ Regex: unclosed group"), "{told}");
    assert!(told.contains("✗ Regex: expected a text"), "{told}");
    assert!(
        told.contains("4 patterns, 2 of them cannot be used."),
        "{told}"
    );
    let output = run(endpoint.url(), &["test", "/a/b", "--table", TABLE]).await;
    let told = text(&output.stdout);
    assert!(
        told.contains("pattern broken: Regex: unclosed group"),
        "{told}"
    );
    let row = told
        .lines()
        .find(|line| line.contains("/a/b"))
        .expect("a row");
    assert!(row.contains("early"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn urls_are_tried_without_aws() {
    let csv = "Id,Regex,Rank\nshop,^/shop/,2\npicture,\\.png$,1\nrest,^/,3\n";
    let path = file("tried.csv", csv);
    let urls = ["https://www.example.com/shop/1?x=.png", "/shop/a.png", "*"];
    let nowhere = "http://127.0.0.1:1";
    let with = |more: &[&str]| {
        let arguments = ["test", "--patterns", &path]
            .into_iter()
            .chain(urls)
            .chain(more.iter().copied());
        let arguments: Vec<String> = arguments.map(str::to_owned).collect();
        async move {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            text(&run(nowhere, &arguments).await.stdout)
        }
    };
    let told = with(&[]).await;
    for (url, pattern) in urls.iter().zip(["shop", "picture", "other"]) {
        let row = told.lines().find(|line| line.contains(url)).expect("a row");
        let words: Vec<&str> = row.split_whitespace().filter(|word| *word != "│").collect();
        assert_eq!(words[1], pattern, "{told}");
        assert!(words[2].parse::<f64>().is_ok(), "{told}");
    }
    let told = with(&["--max-patterns", "1"]).await;
    assert!(
        told.contains("Only the first 1 of 3 patterns count"),
        "{told}"
    );
}
