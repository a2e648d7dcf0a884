//! The running stack, as its users reach it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;
use testkit::{free_port, python};

/// What both clients need: the services, and what is there once there are so many rows and
/// a message.
const SERVICES: &str = r#"
import boto3, json, os, sys, time
client = lambda service: boto3.client(service)
def found_in(rows):
    for _ in range(300):
        found = client("dynamodb").scan(TableName=os.environ["ORDERS_TABLE"])["Items"]
        queue = client("sqs").get_queue_url(QueueName="messages")["QueueUrl"]
        messages = client("sqs").receive_message(QueueUrl=queue, VisibilityTimeout=0).get("Messages", [])
        if len(found) >= rows and messages:
            break
        time.sleep(0.1)
    return found, messages
"#;

/// The running stack, and the environment that it has printed.
pub(crate) struct Up {
    process: Child,
    output: BufReader<ChildStdout>,
    pub(crate) environment: Vec<(String, String)>,
}

pub(crate) fn up() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sitewatch"));
    command
        .arg("up")
        // An alarm at the first crossing, so that nobody has to wait for a minute.
        .envs([("ORDER_THRESHOLD", "5"), ("EVALUATION_SECONDS", "1")])
        .stdout(Stdio::piped());
    command
}

impl Up {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut process = up()
            .args(["--port", &free_port().to_string()])
            .args(arguments)
            .spawn()
            .expect("a tool that starts");
        let mut output = BufReader::new(process.stdout.take().expect("its output"));
        let mut environment = Vec::new();
        let mut line = String::new();
        while !line.starts_with("What happens:") {
            line.clear();
            let read = output.read_line(&mut line).expect("a line");
            assert!(read > 0, "it has ended");
            if let Some((name, value)) = line
                .trim()
                .strip_prefix("export ")
                .and_then(|l| l.split_once('='))
            {
                environment.push((name.to_owned(), value.to_owned()));
            }
        }
        Self {
            process,
            output,
            environment,
        }
    }

    pub(crate) fn python(&self, script: &str, arguments: &[String]) -> Value {
        let output = python()
            .args(["-c", &format!("{SERVICES}{script}")])
            .args(arguments)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .output()
            .expect("python of the test tools");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    /// Ctrl-C; what it has printed since its start.
    pub(crate) fn interrupt(mut self) -> String {
        let kill = Command::new("kill")
            .args(["-INT", &self.process.id().to_string()])
            .status();
        assert!(kill.expect("kill").success());
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).expect("text");
        assert!(self.process.wait().expect("an end").success(), "{rest}");
        rest
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    folder
}
