//! Requests: objects of the bucket and records of the stream become metrics that boto3 reads.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};

use crate::stack::{Up, folder};

/// Waits until the metrics of all hosts are those of `sys.argv[1]`, for a while, and prints
/// what they are. Names are metrics, `pattern/` before them asks for one pattern's.
const METRICS: &str = r#"
import datetime
def total(asked):
    pattern, name = asked.rsplit("/", 1) if "/" in asked else (None, asked)
    cloudwatch, now = client("cloudwatch"), datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)
    found = 0
    pages = cloudwatch.get_paginator("list_metrics").paginate(Namespace="Sitewatch/Traffic", MetricName=name)
    for metric in (metric for page in pages for metric in page["Metrics"]):
        names = {d["Name"]: d["Value"] for d in metric["Dimensions"]}
        if "Host" in names and pattern in (None, names.get("UrlPattern")):
            statistics = cloudwatch.get_metric_statistics(
                Namespace="Sitewatch/Traffic", MetricName=name, Dimensions=metric["Dimensions"],
                StartTime=now - day, EndTime=now + day, Period=3600, Statistics=["Sum"])
            found += sum(point["Sum"] for point in statistics["Datapoints"])
    return int(found)
def totals(expected):
    for _ in range(600):
        found = {name: total(name) for name in expected}
        if found == expected:
            break
        time.sleep(0.1)
    return found
"#;

/// Puts files into the bucket. `sys.argv[2:]`: the files.
const OBJECTS: &str = r#"
for path in sys.argv[2:]:
    client("s3").upload_file(path, "requests", "logs of today/" + os.path.basename(path))
print(json.dumps(totals(json.loads(sys.argv[1]))))
"#;

/// Sends what is no notification, and waits until it is a dead letter.
const DEAD_LETTER: &str = r#"
sqs = client("sqs")
url = lambda name: sqs.get_queue_url(QueueName=name)["QueueUrl"]
sqs.send_message(QueueUrl=url("request-logs"), MessageBody="hello")
dead = []
for _ in range(600):
    dead += sqs.receive_message(QueueUrl=url("request-logs-dead-letters")).get("Messages", [])
    numbers = sqs.get_queue_attributes(QueueUrl=url("request-logs"), AttributeNames=["All"])["Attributes"]
    left = [numbers["ApproximateNumberOfMessages"], numbers["ApproximateNumberOfMessagesNotVisible"]]
    if dead and left == ["0", "0"]:
        break
    time.sleep(0.1)
print(json.dumps({"dead": [m["Body"] for m in dead], "left": left}))
"#;

const PATTERNS: &str = "Id,Regex,Rank\nrest,^/,100\ncart,^/cart/\\d+$,5\nimages,\\.png$,10\n";

impl Up {
    fn metrics(&self, script: &str, expected: &Value, arguments: &[&Path]) -> Value {
        let files = arguments.iter().map(|path| path.display().to_string());
        let arguments: Vec<String> = [expected.to_string()].into_iter().chain(files).collect();
        self.python(&format!("{METRICS}{script}"), &arguments)
    }

    /// The tool, run with the environment that `up` has printed.
    fn tool(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sitewatch"));
        command.args(arguments).env("NO_COLOR", "1");
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.output().expect("the tool")
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn file(name: &str, content: &[u8]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("requests");
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join(name);
    std::fs::write(&path, content).expect("a file");
    path
}

/// Requests of the last half hour: one of each path in a minute, every fifth one a bot's.
fn log(paths: &[&str], status: u16) -> String {
    let mut log = String::new();
    for minute in 0..30 {
        let at = Utc::now() - TimeDelta::minutes(30 - minute);
        let agent = if minute % 5 == 0 {
            "Googlebot/2.1"
        } else {
            "Mozilla/5.0 (X11; Linux x86_64)"
        };
        for path in paths {
            let at = at.format("%d/%b/%Y:%H:%M:%S +0000");
            writeln!(
                log,
                "192.0.2.1 - - [{at}] \"GET {path} HTTP/1.1\" {status} 100 \"-\" \"{agent}\""
            )
            .expect("a text");
        }
    }
    log
}

/// Requests in the bucket, through whatever functions the stack has.
pub(crate) fn an_object_becomes_metrics(stack: &Up, name: &str) {
    let plain = file(name, log(&["/a"], 500).as_bytes());
    let expected = json!({"Requests": 30, "Response_5XX": 30, "Bytes": 3_000});
    assert_eq!(stack.metrics(OBJECTS, &expected, &[&plain]), expected);
}

#[test]
fn objects_plain_and_packed_become_metrics_by_the_patterns_that_were_imported() {
    let stack = Up::start(&[]);
    let bad = file("bad.csv", b"Id,Regex,Rank\ngood,^/,1\nopen,(,2\n");
    let refused = stack.tool(&["patterns", "import", &bad.display().to_string()]);
    assert_eq!(refused.status.code(), Some(1));
    let error = text(&refused.stderr);
    assert!(
        error.contains("bad.csv: line 3: Regex: unclosed group"),
        "{error}"
    );
    let listed = text(&stack.tool(&["patterns", "list"]).stdout);
    assert!(
        listed.contains("0 patterns."),
        "nothing of it is written: {listed}"
    );

    let good = file("good.csv", PATTERNS.as_bytes());
    let imported = stack.tool(&["patterns", "import", &good.display().to_string()]);
    let told = text(&imported.stdout);
    assert!(
        told.contains("3 added, 0 changed, 0 taken out, 0 unchanged."),
        "{told} {}",
        text(&imported.stderr)
    );
    let again = stack.tool(&["patterns", "import", &good.display().to_string()]);
    assert!(text(&again.stdout).contains("0 added, 0 changed, 0 taken out, 3 unchanged."));

    let plain = file(
        "plain.log",
        log(&["/cart/1", "/cart/x.png", "/"], 200).as_bytes(),
    );
    let packed = log(&["/cart/2?a=/cart/x", "/no.png"], 404);
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(packed.as_bytes()).expect("packed");
    let packed = file("packed+1.gz", &gz.finish().expect("packed"));
    // Of the 30 minutes' requests 6 are bots', which have no pattern.
    let expected = json!({
        "Requests": 150, "cart/Requests": 48, "images/Requests": 48, "rest/Requests": 24,
        "cart/Response_404": 24, "Response_2XX": 90, "Response_4XX": 60, "Bytes": 15_000,
    });
    assert_eq!(
        stack.metrics(OBJECTS, &expected, &[&plain, &packed]),
        expected
    );

    let dead = stack.python(DEAD_LETTER, &[]);
    assert_eq!(dead, json!({"dead": ["hello"], "left": ["0", "0"]}));
    let printed = stack.interrupt();
    let counted = |line: &&str| line.contains(" traffic ") && line.contains("s3://requests");
    assert!(
        printed
            .lines()
            .any(|line| counted(&line) && line.contains(" requests, 0 5XX")),
        "{printed}"
    );
    assert!(
        printed.contains("a message has failed 5 times"),
        "{printed}"
    );
}

/// The real requests if they lie beside the workspace, else made up ones; and their sums.
fn requests() -> (PathBuf, Value) {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let path = workspace.join("../shared/data/access-combined.log.zst");
    if path.exists() {
        // Its description says so.
        let expected = json!({
            "Requests": 9_999, "Response_2XX": 9_125 + 45, "Response_3XX": 445 + 164,
            "Response_4XX": 213 + 2 + 2, "Response_5XX": 3, "Response_404": 213, "Bytes": 2_747_282_505_u64,
        });
        return (path, expected);
    }
    // Past the test harness, which shows a passed test's output to nobody.
    let notice = "access-combined.log.zst is absent: tested with requests that are made up";
    writeln!(io::stderr(), "{notice}").expect("an open standard error");
    let line = |n: usize| {
        let status = [200, 301, 404, 500][n % 4];
        format!(
            "192.0.2.{} - - [20/May/2015:10:00:{:02} +0000] \"GET /{n} HTTP/1.1\" {status} 10\n",
            n % 200,
            n % 60
        )
    };
    let log: String = (0..2_000).map(line).collect();
    let expected = json!({
        "Requests": 2_000, "Response_2XX": 500, "Response_3XX": 500, "Response_4XX": 500, "Response_5XX": 500,
        "Response_404": 500, "Bytes": 20_000,
    });
    let log = log + "192.0.2.1 - - [cut off\n";
    (file("made-up.log", log.as_bytes()), expected)
}

#[test]
fn past_requests_are_counted_as_those_of_the_moment_at_which_they_are_sent() {
    let stack = Up::start(&[]);
    let (log, expected) = requests();
    let sent = stack.tool(&["replay", "--requests", &log.display().to_string(), "--now"]);
    let told = text(&sent.stdout).replace(',', "");
    assert!(sent.status.success(), "{told} {}", text(&sent.stderr));
    let lines = expected["Requests"].as_u64().expect("a number") + 1;
    assert!(
        told.starts_with(&format!("{lines} lines sent in ")),
        "{told}"
    );
    assert!(
        told.contains("1 line that the traffic function will reject"),
        "{told}"
    );
    let found = stack.metrics(
        "print(json.dumps(totals(json.loads(sys.argv[1]))))",
        &expected,
        &[],
    );
    assert_eq!(found, expected);
    let printed = stack.interrupt();
    assert!(printed.contains("1 line rejected"), "{printed}");
}

#[test]
fn what_is_counted_is_kept_across_runs_and_counts_once() {
    let data = folder("up-requests").display().to_string();
    let stack = Up::start(&["--data", &data]);
    an_object_becomes_metrics(&stack, "kept.log");
    stack.interrupt();
    let stack = Up::start(&["--data", &data]);
    // The same object under another name is another object.
    let other = file("other.log", log(&["/a"], 200).as_bytes());
    let expected = json!({"Requests": 60, "Response_5XX": 30, "Response_2XX": 30});
    assert_eq!(stack.metrics(OBJECTS, &expected, &[&other]), expected);
    let printed = stack.interrupt();
    assert_eq!(
        printed.matches("s3://requests").count(),
        1,
        "only what is new: {printed}"
    );
}
