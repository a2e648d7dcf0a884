//! `sitewatch replay` as a user runs it, into a Kinesis stream that nobody here
//! wrote.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use model::decode;
use testkit::{Endpoint, Fault, FaultProxy, Orders, embedded_kinesis, small_orders};

const STREAM: &str = "orders";

async fn stage() -> Endpoint {
    let endpoint = embedded_kinesis().await;
    endpoint.create_stream(STREAM, 4).await;
    endpoint
}

fn replay(url: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sitewatch"));
    command
        .arg("replay")
        .env("AWS_ENDPOINT_URL", url)
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("NO_COLOR", "1");
    command
}

/// Runs a command beside this runtime, which serves it.
async fn run(mut command: Command) -> Output {
    let output = tokio::task::spawn_blocking(move || command.output()).await;
    output.expect("a thread").expect("a process")
}

fn file(name: &str, content: &[u8]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, content).expect("a written file");
    path
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

/// A failure of one line, which names what is wrong.
fn fails(output: &Output, code: i32, words: &[&str]) {
    let error = String::from_utf8(output.stderr.clone()).expect("UTF-8");
    assert_eq!(output.status.code(), Some(code), "{error}");
    for word in words {
        assert!(error.contains(word), "{word}: {error}");
    }
    if code == 1 {
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

/// The lines that arrived, by invoice, in their order: number and content.
fn by_invoice(records: &[(String, Vec<u8>)]) -> HashMap<String, Vec<(Option<u64>, String)>> {
    let mut invoices: HashMap<String, Vec<_>> = HashMap::new();
    for (key, data) in records {
        for decoded in decode(data) {
            let line = decoded.line.expect("an order");
            assert_eq!(*key, line.invoice_no);
            let content = format!(
                "{:?}",
                model::OrderLine {
                    line_no: None,
                    ..line.clone()
                }
            );
            let lines = invoices.entry(key.clone()).or_default();
            lines.push((line.line_no, content));
        }
    }
    invoices
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_line_arrives_once_and_in_order_although_a_fifth_of_each_call_fails() {
    let endpoint = stage().await;
    let proxy = FaultProxy::start(endpoint.url(), |operation, _| match operation {
        "PutRecords" => Fault::ThrottlesEach(5),
        _ => Fault::None,
    })
    .await;
    let orders = Orders::load();
    let path = file("all.csv", orders.text().as_bytes());
    let mut command = replay(proxy.url());
    command.arg(path);
    let output = run(command).await;
    assert!(output.status.success(), "{output:?}");
    let lines = orders.lines();
    // Thousands are set apart.
    let text = stdout(&output).replace(',', "");
    let sent = format!("{} lines sent in ", lines.len());
    assert!(text.starts_with(&sent), "{text}");
    assert!(
        stdout(&output).contains(", 0 failed."),
        "{}",
        stdout(&output)
    );

    let records = endpoint.stream_records(STREAM).await;
    assert_eq!(records.len(), lines.len());
    let arrived = by_invoice(&records);
    let mut expected: HashMap<String, Vec<(Option<u64>, String)>> = HashMap::new();
    for line in lines {
        let line = decode(line.as_bytes()).next().expect("a line");
        let line = line.line.expect("an order");
        let of_invoice = expected.entry(line.invoice_no.to_string()).or_default();
        of_invoice.push((Some(of_invoice.len() as u64 + 1), format!("{line:?}")));
    }
    assert!(
        arrived == expected,
        "lines are lost, doubled or out of order"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_kind_of_file_is_read() {
    let endpoint = stage().await;
    let csv = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\r\n\
               1,A,\"HEART, \nWHITE\",6,12/1/2010 8:26,2.55,17850,UK\r\n\
               1,B,HEART,6,12/1/2010 8:26,2.55,17850,UK\r\n";
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(csv.replace("\n1,", "\n2,").as_bytes())
        .expect("packed");
    let json = "{\"InvoiceNo\":\"3\",\"StockCode\":\"A\",\"Description\":\"\",\"Quantity\":1,\
                \"InvoiceDate\":\"2010-12-01\",\"UnitPrice\":1,\"Country\":\"UK\"}\n\n";
    let zst = zstd::encode_all(json.as_bytes(), 0).expect("packed");
    let event = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/orders/plain.json");
    let mut command = replay(endpoint.url());
    command
        .arg(file("plain.csv", csv.as_bytes()))
        .arg(file("packed.csv.gz", &gz.finish().expect("packed")))
        .arg(file("lines.jsonl.zst", &zst))
        .arg(event);
    let output = run(command).await;
    assert!(output.status.success(), "{output:?}");
    assert!(
        stdout(&output).starts_with("7 lines sent"),
        "{}",
        stdout(&output)
    );
    let arrived = by_invoice(&endpoint.stream_records(STREAM).await);
    let numbers = |invoice: &str| -> Vec<Option<u64>> {
        arrived[invoice].iter().map(|(number, _)| *number).collect()
    };
    assert_eq!(numbers("1"), [Some(1), Some(2)]);
    assert_eq!(numbers("2"), [Some(1), Some(2)]);
    assert_eq!(numbers("3"), [Some(1)]);
    assert_eq!(
        numbers("536365"),
        [None, None],
        "an event's records go as they are"
    );
    assert!(arrived["1"][0].1.contains("HEART, \\nWHITE"), "{arrived:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_of_the_lines_goes_without_numbers_where_that_is_asked_for() {
    let endpoint = stage().await;
    let orders = small_orders();
    let path = file("small.csv", orders.text().as_bytes());
    let mut command = replay(endpoint.url());
    // The header is the first line.
    command
        .arg(&path)
        .args(["--from", "12", "--burst", "30", "--no-line-numbers"]);
    let output = run(command).await;
    assert!(output.status.success(), "{output:?}");
    let records = endpoint.stream_records(STREAM).await;
    let mut arrived: Vec<String> = records
        .iter()
        .map(|(_, data)| {
            String::from_utf8(data.clone())
                .expect("UTF-8")
                .trim_end()
                .to_owned()
        })
        .collect();
    let mut expected: Vec<String> = orders.lines()[10..40]
        .iter()
        .map(|l| l.trim_end().to_owned())
        .collect();
    arrived.sort();
    expected.sort();
    assert_eq!(arrived, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_replay_says_where_to_go_on_and_each_line_arrives_once() {
    let endpoint = stage().await;
    let orders = small_orders();
    let path = file("interrupted.csv", orders.text().as_bytes());
    let mut command = replay(endpoint.url());
    command.arg(&path).args(["--rate", "50"]);
    let child = command.stdout(Stdio::piped()).spawn().expect("a process");
    while endpoint.stream_records(STREAM).await.len() < 10 {}
    let interrupt = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(interrupt.expect("kill").success());
    let output = tokio::task::spawn_blocking(move || child.wait_with_output()).await;
    let output = output.expect("a thread").expect("a process");
    let text = stdout(&output);
    assert!(output.status.success(), "{text}");
    let (_, from) = text.rsplit_once("go on with --from ").expect(&text);
    let mut command = replay(endpoint.url());
    command.arg(&path).args(["--from", from.trim()]);
    assert!(run(command).await.status.success());
    let arrived = by_invoice(&endpoint.stream_records(STREAM).await);
    let lines: usize = arrived.values().map(Vec::len).sum();
    assert_eq!(lines, orders.lines().len());
    for (invoice, lines) in &arrived {
        let numbers: Vec<_> = lines.iter().map(|(number, _)| *number).collect();
        let expected: Vec<_> = (1..=lines.len() as u64).map(Some).collect();
        assert_eq!(numbers, expected, "{invoice}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_sent_is_one_clear_line() {
    let endpoint = stage().await;
    let line = "1,A,HEART,6,12/1/2010 8:26,2.55,17850,UK\n";
    let good = file("good.csv", line.as_bytes());
    let with = |url: &str, arguments: &[&str]| {
        let mut command = replay(url);
        command.args(arguments);
        run(command)
    };
    let path = |name: &str, content: &[u8]| file(name, content).display().to_string();
    let good = good.display().to_string();
    fails(
        &with(endpoint.url(), &["nowhere.csv"]).await,
        1,
        &["nowhere.csv", "No such file"],
    );
    fails(
        &with(endpoint.url(), &["/"]).await,
        1,
        &["/: expected a file, found a folder"],
    );
    let binary = path("binary.csv", b"PK\x03\x04\0\0\0");
    fails(
        &with(endpoint.url(), &[&binary]).await,
        1,
        &["binary.csv", "expected text"],
    );
    let other = path("other.csv", b"a,b\n1,2\n");
    fails(
        &with(endpoint.url(), &[&other]).await,
        1,
        &["other.csv", "no orders; line 1", "8 columns"],
    );
    let empty = path("empty.csv", b"");
    fails(
        &with(endpoint.url(), &[&empty]).await,
        1,
        &["empty.csv", "found nothing"],
    );
    let broken = path("broken.csv.gz", b"\x1f\x8b\x08garbage");
    fails(
        &with(endpoint.url(), &[&broken]).await,
        1,
        &["broken.csv.gz"],
    );
    let missing = with(endpoint.url(), &[&good, "--stream", "missing"]).await;
    fails(&missing, 1, &["missing", "not found"]);
    fails(
        &with(endpoint.url(), &[&good, "--rate", "0"]).await,
        2,
        &["--rate", "above 0"],
    );
    fails(&with(endpoint.url(), &[]).await, 2, &["PATH"]);
    assert!(endpoint.stream_records(STREAM).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_that_refuses_is_given_up() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let line = "1,A,HEART,6,12/1/2010 8:26,2.55,17850,UK\n";
    let mut command = replay(&url);
    command.arg(file("refused.csv", line.as_bytes()));
    fails(
        &run(command).await,
        1,
        &["took no record for 10 s", "--from 1"],
    );
}

/// Requests of a combined log, told apart by their paths.
fn access_log(requests: usize) -> String {
    let line = |n: usize| {
        format!(
            "192.0.2.{} - - [20/May/2015:10:00:{:02} +0000] \"GET /{n} HTTP/1.1\" 200 1\n",
            n % 200,
            n % 60
        )
    };
    (0..requests).map(line).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_request_arrives_once_although_a_fifth_of_each_call_is_throttled() {
    let endpoint = embedded_kinesis().await;
    endpoint.create_stream("requests", 2).await;
    let proxy = FaultProxy::start(endpoint.url(), |operation, _| match operation {
        "PutRecords" => Fault::ThrottlesEach(5),
        _ => Fault::None,
    })
    .await;
    let log = access_log(3_000);
    let zst = zstd::encode_all(log.as_bytes(), 0).expect("packed");
    let mut command = replay(proxy.url());
    command.arg("--requests").arg(file("access.log.zst", &zst));
    let output = run(command).await;
    assert!(output.status.success(), "{output:?}");
    let told = stdout(&output);
    assert!(told.starts_with("3,000 lines sent in "), "{told}");
    assert!(told.contains(" sent again, 0 failed."), "{told}");
    let records = endpoint.stream_records("requests").await;
    let mut arrived: Vec<_> = records.into_iter().map(|(_, data)| data).collect();
    let mut expected: Vec<_> = log
        .split_inclusive('\n')
        .map(|l| l.as_bytes().to_vec())
        .collect();
    arrived.sort();
    expected.sort();
    assert!(arrived == expected, "lines are lost, doubled or changed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_go_at_the_pace_of_their_own_time() {
    let endpoint = embedded_kinesis().await;
    endpoint.create_stream("requests", 1).await;
    let path = file("paced.log", access_log(21).as_bytes());
    let mut command = replay(endpoint.url());
    command
        .arg("--requests")
        .arg(&path)
        .args(["--speedup", "10"]);
    let start = std::time::Instant::now();
    let output = run(command).await;
    assert!(output.status.success(), "{output:?}");
    assert!(
        start.elapsed() >= std::time::Duration::from_secs(2),
        "twenty seconds, ten times as fast"
    );
    let records = endpoint.stream_records("requests").await;
    let arrived: Vec<u8> = records.into_iter().flat_map(|(_, data)| data).collect();
    assert_eq!(
        String::from_utf8(arrived).expect("text"),
        access_log(21),
        "in their order"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_log_is_one_clear_line() {
    let endpoint = embedded_kinesis().await;
    let prose = file("prose.log", b"Dear reader,\nhello.\n")
        .display()
        .to_string();
    let with = |arguments: &[&str]| {
        let mut command = replay(endpoint.url());
        command.args(arguments);
        run(command)
    };
    let words = ["prose.log", "--log-format or --mapping say what it is"];
    fails(&with(&["--requests", &prose]).await, 1, &words);
    let words = ["prose.log: no such log; line 1: "];
    fails(
        &with(&["--requests", &prose, "--log-format", "alb"]).await,
        1,
        &words,
    );
    fails(
        &with(&["--requests", &prose, "--log-format", "apache"]).await,
        2,
        &["--log-format"],
    );
    fails(&with(&[&prose, "--now"]).await, 2, &["--requests"]);
    fails(
        &with(&[&prose, "--log-format", "alb"]).await,
        2,
        &["--requests"],
    );
}
