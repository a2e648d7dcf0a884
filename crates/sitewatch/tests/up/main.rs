//! `sitewatch up` as a developer runs it, with boto3 as the producer and the reader.

mod requests;
mod stack;

use std::net::TcpListener;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use testkit::{Function, MariaDb, RuntimeApi, free_port};

use stack::{Up, folder, up};

/// Puts orders on the stream, waits until all rows and a message are there, and prints
/// what it finds. `sys.argv`: first invoice, how many, how many rows there must be.
const CLIENT: &str = r#"
first, count, rows = map(int, sys.argv[1:4])
line = "{},85123A,WHITE HANGING HEART,6,2010-12-01T08:26:00,2.55,17850,United Kingdom"
records = [{"Data": line.format(first + n), "PartitionKey": str(first + n)} for n in range(count)]
put = client("kinesis").put_records(StreamName="orders", Records=records)
assert put["FailedRecordCount"] == 0, put
found, messages = found_in(rows)
print(json.dumps({"rows": len(found), "subjects": [json.loads(m["Body"])["Subject"] for m in messages]}))
"#;

/// Puts so many orders of a webhook's form on the stream, each with a number of its own,
/// waits until all rows and a message are there, and prints what it finds. `sys.argv`: the
/// payload's file, where the order's number is, how many orders.
const WEBHOOKS: &str = r#"
path, *steps = sys.argv[1], *sys.argv[2].split("/")[1:]
count = int(sys.argv[3])
def payload(number):
    order = json.load(open(path))
    inner = order
    for step in steps[:-1]:
        inner = inner[step]
    inner[steps[-1]] = f"N-{number}"
    # As a system sends it, and as its documentation shows it.
    return json.dumps(order, indent=number % 2 * 2 or None)
records = [{"Data": payload(n), "PartitionKey": str(n)} for n in range(count)]
put = client("kinesis").put_records(StreamName="orders", Records=records)
assert put["FailedRecordCount"] == 0, put
found, messages = found_in(3 * count)
first = min((row for row in found if row["InvoiceNo"]["S"] == "N-0"), key=lambda row: row["StockCode"]["S"])
print(json.dumps({"rows": len(found), "first": {name: list(value.values())[0] for name, value in first.items()},
                  "subjects": [json.loads(m["Body"])["Subject"] for m in messages]}))
"#;

/// Sends orders as somebody else's client does, and tells what that finds.
fn client(stack: &Up, first: u32, count: u32, rows: u32) -> Value {
    stack.python(CLIENT, &[first, count, rows].map(|n| n.to_string()))
}

#[test]
fn the_stack_serves_any_client_and_goes_on_where_it_ended() {
    let data = folder("up");
    let arguments = ["--data", &data.display().to_string()];
    let stack = Up::start(&arguments);
    let found = client(&stack, 600_000, 8, 8);
    assert_eq!(
        found,
        json!({"rows": 8, "subjects": ["website order rate ALARM"]})
    );
    let printed = stack.interrupt();
    assert!(printed.contains("lines stored, 0 rejected"), "{printed}");
    assert!(printed.contains("1 message sent"), "{printed}");
    assert!(printed.contains("Stopped. All state is in "), "{printed}");
    let history = rusqlite::Connection::open(data.join("history.sqlite")).expect("the history");
    let kinds: Vec<String> = history
        .prepare("SELECT kind FROM logs_history")
        .and_then(|mut all| all.query_map([], |row| row.get(0))?.collect())
        .expect("rows");
    assert_eq!(kinds, ["ALARM"]);

    let stack = Up::start(&arguments);
    assert_eq!(client(&stack, 700_000, 1, 9)["rows"], 9);
    let printed = stack.interrupt();
    let orders: Vec<_> = printed
        .lines()
        .filter(|line| line.contains(" orders "))
        .collect();
    assert_eq!(orders.len(), 1, "only what is new: {printed}");
    assert!(
        orders[0].contains("1 record ") && orders[0].contains("1 line stored"),
        "{printed}"
    );
}

#[test]
fn orders_of_three_shop_systems_become_rows_and_an_alarm() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    for (system, number, expected) in [
        (
            "shopify",
            "/name",
            json!({
                "CustomerID": "8810263470406", "OrderID": "N-0-47210990207302#16205437149510.3", "Quantity": "1",
                "UnitPrice": "9.9", "Country": "DE", "Currency": "EUR", "OrderDate": "2026-03-14T17:22:07Z",
            }),
        ),
        (
            "woocommerce",
            "/number",
            json!({
                "CustomerID": "-1000000002209747867", "OrderID": "N-0-733#9303.3", "Quantity": "1",
                "UnitPrice": "25", "Country": "AT", "Currency": "EUR", "OrderDate": "2026-03-14T08:05:41Z",
            }),
        ),
        (
            "stripe",
            "/data/object/number",
            json!({
                "CustomerRef": "cus_TestExample0Moss", "CustomerID": "-5869304534256454470", "Quantity": "2480", "UnitPrice": "0.005",
                "Country": "BE", "Currency": "EUR", "OrderDate": "2026-03-14T09:00:00Z",
            }),
        ),
    ] {
        let stack = Up::start(&[
            "--orders",
            &format!("{root}/layers/order-formats/{system}.toml"),
        ]);
        let payload = format!("{root}/crates/testkit/data/webhooks/{system}.json");
        let found = stack.python(WEBHOOKS, &[payload, number.to_owned(), "8".to_owned()]);
        assert_eq!(found["rows"], 24, "{system}: {found}");
        assert_eq!(
            found["subjects"],
            json!(["website order rate ALARM"]),
            "{system}"
        );
        for (name, value) in expected.as_object().expect("attributes") {
            assert_eq!(&found["first"][name], value, "{system}: {name}: {found}");
        }
        let printed = stack.interrupt();
        let rejected = printed.matches(" rejected").count();
        assert!(rejected > 0, "{system}: {printed}");
        assert_eq!(
            rejected,
            printed.matches(", 0 rejected").count(),
            "{system}: {printed}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_functions_of_cargo_lambda_are_fed_as_on_aws() {
    let server = MariaDb::without_tls();
    let login = server.create_database("secret");
    let mysql = format!("mysql://{login}:secret@127.0.0.1:{}/{login}", server.port());
    let runtime = RuntimeApi::start();
    let url = runtime.url();
    let stack = Up::start(&["--functions", &url, "--mysql", &mysql]);
    let given = stack
        .environment
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let rule = [("ORDER_THRESHOLD", "5"), ("EVALUATION_SECONDS", "1")];
    let variables: Vec<_> = given.chain(rule).collect();
    let run = |name: &str| -> Function {
        let binary = Path::new(env!("CARGO_BIN_EXE_sitewatch")).with_file_name(name);
        assert!(
            binary.exists(),
            "{name} is not built: run cargo build --workspace first"
        );
        runtime.run(name, &binary, &variables)
    };
    let functions = ["orders", "surge", "notify", "history", "traffic"].map(run);
    let found = client(&stack, 600_000, 8, 8);
    assert_eq!(
        found,
        json!({"rows": 8, "subjects": ["website order rate ALARM"]})
    );
    requests::an_object_becomes_metrics(&stack, "lambda.log");
    // The history is a mapping of its own, and may be a moment behind the message.
    let tables =
        "SELECT table_name FROM information_schema.tables WHERE table_name = 'logs_history'";
    let mut kinds = Vec::new();
    for _ in 0..300 {
        if !server.sql(&login, tables).is_empty() {
            kinds = server.sql(&login, "SELECT kind FROM logs_history");
        }
        if !kinds.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(kinds, [["ALARM"]]);
    for function in &functions {
        let done = function
            .logs()
            .iter()
            .any(|line| line["message"] == "batch done");
        assert!(done, "each was invoked");
    }
    let printed = stack.interrupt();
    assert!(printed.contains("Stopped."), "{printed}");
}

fn fails(arguments: &[&str]) -> Output {
    up().args(arguments)
        .stderr(Stdio::piped())
        .output()
        .expect("a tool that starts")
}

#[test]
fn what_keeps_it_from_starting_is_one_clear_line() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let free = free_port().to_string();
    for (arguments, message) in [
        (
            &["--port", &port][..],
            format!("error: port {port} is in use: "),
        ),
        (
            &["--port", &free, "--data", file],
            "error: the local stack cannot use ".to_owned(),
        ),
    ] {
        let output = fails(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.starts_with(&message), "{error}");
        assert_eq!(error.trim_end().lines().count(), 1, "{error}");
    }
}

#[test]
fn a_wrong_word_is_a_usage_error_that_quotes_no_password() {
    for (arguments, threshold, message) in [
        (
            &["--functions", "ftp://h"][..],
            "5",
            "error: invalid value 'ftp://h' for '--functions <http://HOST:PORT>': expected http://HOST:PORT",
        ),
        (
            &["--mysql", "mysql://me:secret@host"],
            "5",
            "error: --mysql is malformed: expected mysql://",
        ),
        (&[], "many", "error: ORDER_THRESHOLD is \"many\": expected "),
    ] {
        let port = free_port().to_string();
        let mut command = up();
        let command = command.args(["--port", &port]).args(arguments);
        let output = command.env("ORDER_THRESHOLD", threshold).output();
        let output = output.expect("a tool that starts");
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.starts_with(message), "{error}");
        assert!(!error.contains("secret"), "{error}");
    }
}

#[test]
fn a_database_that_does_not_answer_and_a_folder_in_use_are_found_at_once() {
    let port = free_port();
    let url = format!("mysql://me:secret@127.0.0.1:{port}/logs");
    let output = fails(&["--port", &free_port().to_string(), "--mysql", &url]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(
        error.starts_with("error: the MySQL server given cannot be used: "),
        "{error}"
    );
    assert_eq!(error.trim_end().lines().count(), 1, "{error}");
    assert!(!error.contains("secret"), "{error}");

    let data = folder("up-taken").display().to_string();
    let stack = Up::start(&["--data", &data]);
    let output = fails(&["--port", &free_port().to_string(), "--data", &data]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("another one uses it"), "{error}");
    stack.interrupt();
}
