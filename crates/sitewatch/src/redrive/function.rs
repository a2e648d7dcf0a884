//! The functions whose batches failed, behind Lambda's invoke API.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>

use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::config::http::HttpResponse;
use aws_sdk_lambda::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_lambda::operation::invoke::InvokeError;
use aws_sdk_lambda::primitives::Blob;
use function::aws::call_error;
use function::delivery::{CallError, Pauses};
use function::telemetry::chain;
use mapping::Outcome;
use serde_json::Value;

use super::Stop;
use super::failed::FunctionArn;
use super::service;
use crate::show::counted;

/// The longest that Lambda lets a function run, and a moment for the way.
const LONGEST: Duration = Duration::from_secs(15 * 60 + 5);
/// Tries while a function is throttled, over some 20 seconds.
const TRIES: u32 = 8;
const PAUSES: Pauses = Pauses {
    first: Duration::from_millis(500),
    longest: Duration::from_secs(10),
};

/// Lambda.
#[derive(Debug)]
pub(crate) struct Functions {
    client: Client,
    region: String,
    /// Whether this is something else in Lambda's place, which knows no ARNs.
    by_name: bool,
}

impl Functions {
    pub(crate) fn new(config: &SdkConfig) -> Self {
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(LONGEST);
        let timeouts = match config.timeout_config() {
            Some(usual) => timeouts.build().take_defaults_from(usual).clone(),
            None => timeouts.build(),
        };
        let builder = aws_sdk_lambda::config::Builder::from(config)
            .timeout_config(timeouts)
            // A function at work sends nothing for a while.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        let region = config.region().map(ToString::to_string);
        Self {
            client: Client::from_conf(builder.build()),
            region: region.unwrap_or_default(),
            by_name: service::has_endpoint(config, "Lambda"),
        }
    }

    /// Hands a function its event. Throttled, it is asked again after growing pauses.
    ///
    /// # Errors
    /// Why the event is not done with, in words that quote nothing of it.
    pub(crate) async fn invoke(
        &self,
        function: &FunctionArn,
        event: String,
        stop: &Stop,
    ) -> Result<(), String> {
        let FunctionArn { arn, region, name } = function;
        if !self.by_name && *region != self.region {
            return Err(format!(
                "the function {name} is in {region}: set AWS_REGION to it"
            ));
        }
        let id = if self.by_name { name } else { arn };
        let event = Blob::new(event);
        for attempt in 1.. {
            let call = self.client.invoke().function_name(id);
            let error = match call.payload(event.clone()).send().await {
                Ok(answer) => {
                    let payload = answer.payload.map(Blob::into_inner).unwrap_or_default();
                    return judge(answer.function_error.is_some(), payload);
                }
                Err(error) if is_function_error(&error) => return judge(true, Vec::new()),
                Err(error) => error,
            };
            // The service's words may quote the event; its code does not.
            let code = error.code().map(str::to_owned);
            let error = call_error(error);
            if attempt < TRIES && !stop.is_wanted() && matches!(error, CallError::Retryable(_)) {
                tokio::time::sleep(PAUSES.before(attempt - 1, fastrand::f64())).await;
                continue;
            }
            let why = code.unwrap_or_else(|| chain(&error));
            return Err(format!("the function {name} cannot be invoked: {why}"));
        }
        unreachable!("the last try returns")
    }
}

/// `cargo lambda` answers a function's error with an error status, not with the header
/// that Lambda has for it.
fn is_function_error(error: &SdkError<InvokeError, HttpResponse>) -> bool {
    let body = error
        .raw_response()
        .and_then(|response| response.body().bytes());
    body.is_some_and(|body| Outcome::of_payload(body.to_vec()) == Outcome::FunctionError)
}

/// What an answer means: all of the batch is done, or why not. A batch of which a part
/// failed comes again whole: to the function that is the same.
fn judge(is_error: bool, payload: Vec<u8>) -> Result<(), String> {
    let Outcome::Returned(payload) = Outcome::of_payload(payload) else {
        return Err("the function answered with an error, see its log".to_owned());
    };
    if is_error {
        return Err("the function answered with an error, see its log".to_owned());
    }
    if payload.iter().all(u8::is_ascii_whitespace) {
        return Ok(());
    }
    let failures = match serde_json::from_slice(&payload) {
        Ok(Value::Null) => return Ok(()),
        Ok(Value::Object(mut answer)) => answer.remove("batchItemFailures"),
        Ok(_) | Err(_) => return Err("the function's answer is no batch response".to_owned()),
    };
    match failures {
        None | Some(Value::Null) => Ok(()),
        Some(Value::Array(failed)) if failed.is_empty() => Ok(()),
        Some(Value::Array(failed)) => Err(format!(
            "{} failed again, see the function's log",
            counted(failed.len() as u64, "record")
        )),
        Some(_) => Err("the function's answer is no batch response".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(payload: &str) -> Result<(), String> {
        judge(false, payload.as_bytes().to_vec())
    }

    #[test]
    fn a_batch_is_done_if_no_record_of_it_failed() {
        for payload in [
            "",
            "null",
            "{}",
            r#"{"batchItemFailures":null}"#,
            r#"{"batchItemFailures":[]}"#,
        ] {
            assert_eq!(judged(payload), Ok(()), "{payload}");
        }
        for payload in [
            "true",
            "[]",
            "{",
            r#"{"batchItemFailures":{}}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":"7"}]}"#,
            r#"{"errorType":"Unhandled","errorMessage":"17850"}"#,
        ] {
            let why = judged(payload).expect_err(payload);
            assert!(!why.contains("17850"), "{why}");
        }
        assert!(judge(true, b"null".to_vec()).is_err());
    }
}
