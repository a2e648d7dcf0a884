//! Functions that run elsewhere, behind Lambda's invoke API: `cargo lambda watch`.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>

use std::error::Error as _;

use chrono::{DateTime, SecondsFormat, Utc};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use mapping::Outcome;
use serde_json::json;

use super::functions::{Answer, Function};

type Body = Full<hyper::body::Bytes>;

/// An endpoint of Lambda's invoke API.
#[derive(Debug)]
pub(crate) struct Remote {
    url: String,
    /// Whether `history` is there too.
    has_history: bool,
    client: Client<HttpConnector, Body>,
}

impl Remote {
    /// A URL that functions can be at: `http://host:port`.
    pub(crate) fn parse_url(url: &str) -> Result<String, &'static str> {
        let uri: Option<hyper::Uri> = url.parse().ok();
        let fits = |uri: &hyper::Uri| {
            uri.scheme_str() == Some("http") && uri.host().is_some() && uri.path() == "/"
        };
        let uri = uri.filter(fits).ok_or("expected http://HOST:PORT")?;
        Ok(uri.to_string().trim_end_matches('/').to_owned())
    }

    /// The functions at `url`, as [`Remote::parse_url`] gives it.
    pub(crate) fn new(url: &str, has_history: bool) -> Self {
        Self {
            url: url.to_owned(),
            has_history,
            client: Client::builder(TokioExecutor::new()).build_http(),
        }
    }

    /// Whether that function is there.
    pub(crate) fn has(&self, function: Function) -> bool {
        function != Function::History || self.has_history
    }

    pub(crate) async fn invoke(&self, function: Function, event: String) -> Answer {
        match self.call(function, event).await {
            Ok(answer) => answer,
            // It was not reached, which uses up no retry.
            Err(error) => Answer {
                outcome: Outcome::NotInvoked,
                done: 0,
                is_clean: false,
                is_news: false,
                note: format!("{} cannot be invoked: {error}", function.name()),
            },
        }
    }

    /// Invokes `surge` as EventBridge does.
    pub(crate) async fn tick(&self, now: DateTime<Utc>) -> Answer {
        let event = json!({
            "source": "aws.events",
            "detail-type": "Scheduled Event",
            "time": now.to_rfc3339_opts(SecondsFormat::Secs, true),
            "detail": {},
        });
        self.invoke(Function::Surge, event.to_string()).await
    }

    async fn call(&self, function: Function, event: String) -> Result<Answer, String> {
        let name = function.name();
        let request = hyper::Request::post(format!(
            "{}/2015-03-31/functions/{name}/invocations",
            self.url
        ))
        .header("content-type", "application/json")
        .body(Body::from(event))
        .map_err(|error| error.to_string())?;
        let response = self.client.request(request).await.map_err(|error| {
            let cause = error
                .source()
                .map_or(String::new(), |cause| format!(": {cause}"));
            format!("{error}{cause}")
        })?;
        let status = response.status();
        let failed = response.headers().contains_key("x-amz-function-error");
        let body = response.into_body().collect().await;
        let body = body.map_err(|error| error.to_string())?.to_bytes().to_vec();
        let outcome = Outcome::of_payload(body);
        if !status.is_success() && outcome != Outcome::FunctionError {
            return Err(format!("{} answers {status}", self.url));
        }
        Ok(match outcome {
            Outcome::Returned(payload) if !failed => told(payload),
            _ => Answer::error(format!("{name} failed")),
        })
    }
}

/// What a partial batch response says.
fn told(payload: Vec<u8>) -> Answer {
    let response: serde_json::Value = serde_json::from_slice(&payload).unwrap_or_default();
    let failed = response["batchItemFailures"].as_array().map_or(0, Vec::len) as u64;
    Answer {
        note: match failed {
            0 => "done".to_owned(),
            n => format!("{} to come again", crate::show::counted(n, "record")),
        },
        is_clean: failed == 0,
        is_news: false,
        done: 0,
        outcome: Outcome::Returned(payload),
    }
}
