//! The Lambda runtime API, as `cargo lambda watch --only-lambda-apis` serves it,
//! and built functions that run against it.

use std::path::{Path, PathBuf};
use std::process::Command;

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::{Method, Request, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use crate::process::{Running, free_port, log_file, tool, workspace};

/// A Lambda runtime API of its own for one test.
#[derive(Debug)]
pub struct RuntimeApi {
    port: u16,
    _process: Running,
}

/// A built function that polls a runtime API.
#[derive(Debug)]
pub struct Function {
    name: String,
    port: u16,
    log: PathBuf,
    process: Running,
}

impl RuntimeApi {
    /// Starts the runtime API.
    #[must_use]
    pub fn start() -> Self {
        let port = free_port();
        let log = log_file("runtime-api", port);
        let mut command = Command::new(tool("cargo-lambda"));
        command
            .args([
                "lambda",
                "watch",
                "--only-lambda-apis",
                "-A",
                "127.0.0.1",
                "-P",
            ])
            .arg(port.to_string())
            .current_dir(workspace());
        Self {
            port,
            _process: Running::start(command, &log).listening_on(port, &log),
        }
    }

    /// Where functions are invoked.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Starts the function built at `binary` with exactly these variables beside
    /// those that Lambda sets.
    #[must_use]
    pub fn run(&self, name: &str, binary: &Path, variables: &[(&str, &str)]) -> Function {
        let log = log_file(name, self.port);
        let mut command = Command::new(binary);
        command
            .env_clear()
            .env(
                "AWS_LAMBDA_RUNTIME_API",
                format!("http://127.0.0.1:{}/.rt/{name}", self.port),
            )
            .env("AWS_LAMBDA_FUNCTION_NAME", name)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .envs(variables.iter().copied());
        let process = Running::start(command, &log);
        Function {
            name: name.to_owned(),
            port: self.port,
            log,
            process,
        }
    }
}

/// A function's sample event.
#[must_use]
pub fn sample(function: &str, name: &str) -> Vec<u8> {
    let path = workspace().join("events").join(function).join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

impl Function {
    /// Invokes the function: the status and the answer.
    pub async fn invoke(&self, event: Vec<u8>) -> (StatusCode, Value) {
        let path = format!("/2015-03-31/functions/{}/invocations", self.name);
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("http://127.0.0.1:{}{path}", self.port))
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(event)))
            .expect("a whole request");
        let client = Client::builder(TokioExecutor::new()).build_http();
        let response = client
            .request(request)
            .await
            .expect("an answer from the runtime API");
        let status = response.status();
        let body = response
            .into_body()
            .collect()
            .await
            .expect("a whole answer")
            .to_bytes();
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    /// What the function has logged, a JSON object a line.
    #[must_use]
    pub fn logs(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(&self.log).expect("a log file");
        text.lines()
            .map(|line| serde_json::from_str(line).expect(line))
            .collect()
    }

    /// None of these stands in what the function has logged, at whatever level.
    pub fn assert_silent_about(&self, secrets: &[&str]) {
        let text = format!("{:?}", self.logs());
        for secret in secrets {
            assert!(!quotes(&text, secret), "a log holds {secret}");
        }
    }

    /// Waits for the function to end by itself: it must fail, with one line of log
    /// whose message begins like this.
    pub fn stops_with(mut self, message: &str) {
        assert!(!self.process.wait().success(), "{message}");
        let logs = self.logs();
        assert_eq!(logs.len(), 1, "{logs:?}");
        let line = logs[0]["message"].as_str().expect("a text");
        assert!(line.starts_with(message), "{line}");
    }
}

/// Whether `text` holds `secret`. Digits must stand alone: those of a time of day or
/// a request's id may be anything by chance.
fn quotes(text: &str, secret: &str) -> bool {
    let number = secret.bytes().all(|b| b.is_ascii_digit());
    let stands_alone = |(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + secret.len()..].chars().next();
        let part = |c: char| c.is_ascii_alphanumeric() || c == '.';
        !before.is_some_and(part) && !after.is_some_and(part)
    };
    text.match_indices(secret)
        .any(|found| !number || stands_alone(found))
}

#[cfg(test)]
mod tests {
    use super::quotes;

    #[test]
    fn a_number_is_quoted_where_it_stands_alone() {
        for text in ["\"600000\"", "[600000,", "invoice 600000", "600000-85123A"] {
            assert!(quotes(text, "600000"), "{text}");
        }
        for text in ["T11:06:45.600000Z", "4f600000-", "1600000", "", "60000"] {
            assert!(!quotes(text, "600000"), "{text}");
        }
        assert!(quotes("xHEARTy", "HEART"));
    }
}
