//! SDK configuration and the reading of its errors, once for every client.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_sqs::config::http::HttpResponse;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};

use crate::delivery::CallError;
use crate::env::{ConfigError, Env};

/// A service in the same region is connected to in milliseconds.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// A call that takes longer is made again on another connection.
const CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// The configuration for every client: region, credentials and endpoint from the
/// SDK's own variables. The SDK would find out only at its first call that the
/// region or the endpoint is missing or malformed, so those are looked at here.
///
/// The SDK's retries are off: [`deliver`](crate::delivery::deliver) retries, per
/// item and until the deadline, and two layers would multiply.
///
/// # Errors
/// [`ConfigError`] for the region or the endpoint.
pub async fn config(env: &Env<'_>) -> Result<SdkConfig, ConfigError> {
    env.required("AWS_REGION", "an AWS region such as us-east-1", region)?;
    env.optional("AWS_ENDPOINT_URL", "an http or https URL", endpoint)?;
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(CALL_TIMEOUT)
        .build();
    let config = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts)
        .load()
        .await;
    Ok(config)
}

fn region(name: &str) -> Option<()> {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    name.bytes().all(legal).then_some(())
}

fn endpoint(url: &str) -> Option<()> {
    let uri: http::Uri = url.parse().ok()?;
    let scheme = uri.scheme_str()?;
    let host = uri.host()?;
    (matches!(scheme, "http" | "https") && !host.is_empty()).then_some(())
}

/// Error codes that mean "not now",
/// whatever the status that comes with them: those that every SDK retries, and
/// DynamoDB's and SQS's own.
/// Source: <https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html>
const LATER: [&str; 21] = [
    "BandwidthLimitExceeded",
    "InternalServerError",
    "KMS.ThrottlingException",
    "KMSThrottling",
    "KmsThrottled",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "ReplicatedWriteConflictException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestTimeout",
    "RequestTimeoutException",
    "ServiceUnavailable",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
];

/// Error codes that mean "not with this content".
const REFUSED: [&str; 6] = [
    "ValidationException",
    "ItemCollectionSizeLimitExceededException",
    "AWS.SimpleQueueService.BatchRequestTooLong",
    "BatchRequestTooLong",
    "InvalidMessageContents",
    "InvalidParameterValue",
];

/// What a failed SDK call means for its items.
pub fn call_error<E>(error: SdkError<E, HttpResponse>) -> CallError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let code = error.code().unwrap_or_default();
    if REFUSED.contains(&code) && !wrong_table(error.message().unwrap_or_default()) {
        // The service's words may quote the content; its code does not.
        return CallError::Refused(Box::new(Refusal(code.to_owned())));
    }
    let status = error
        .raw_response()
        .map(|response| response.status().as_u16());
    let later = match error {
        SdkError::ConstructionFailure(_) => false,
        SdkError::ServiceError(_) => {
            LATER.contains(&code) || status.is_some_and(|s| s >= 500 || s == 429)
        }
        // Timed out, not connected, or an answer that cannot be read.
        _ => true,
    };
    if later {
        CallError::Retryable(Box::new(error))
    } else {
        CallError::Permanent(Box::new(error))
    }
}

/// Whether a `ValidationException` speaks of the table rather than of the item:
/// every item would be refused, and none is to blame. DynamoDB has one code for
/// both, so its words are all that tells them apart.
fn wrong_table(message: &str) -> bool {
    [
        "does not match the schema",
        "Type mismatch for key",
        "Type mismatch for Index Key",
        "Missing the key",
    ]
    .iter()
    .any(|words| message.contains(words))
}

/// A service's refusal, by its error code alone.
#[derive(Debug)]
struct Refusal(String);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Refusal {}

#[cfg(test)]
mod tests {
    use aws_sdk_sqs::error::ErrorMetadata;

    use super::*;

    #[derive(Debug)]
    struct Answer(ErrorMetadata);

    impl fmt::Display for Answer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("answer")
        }
    }

    impl Error for Answer {}

    impl ProvideErrorMetadata for Answer {
        fn meta(&self) -> &ErrorMetadata {
            &self.0
        }
    }

    fn answered(status: u16, code: &str, message: &str) -> CallError {
        let metadata = ErrorMetadata::builder().code(code).message(message).build();
        let status = status.try_into().expect("a status");
        let response = HttpResponse::new(status, "".into());
        call_error(SdkError::service_error(Answer(metadata), response))
    }

    #[test]
    fn an_error_is_for_later_for_the_content_or_for_good() {
        for (status, code) in [
            (400, "ProvisionedThroughputExceededException"),
            (400, "ThrottlingException"),
            (400, "KmsThrottled"),
            (400, "RequestTimeout"),
            (500, "Whatever"),
            (503, ""),
            (429, ""),
        ] {
            let error = answered(status, code, "");
            assert!(matches!(error, CallError::Retryable(_)), "{code} {error:?}");
        }
        for code in ["ValidationException", "InvalidMessageContents"] {
            let error = answered(400, code, "One or more parameter values were invalid");
            assert!(matches!(error, CallError::Refused(_)), "{code} {error:?}");
        }
        for code in ["AccessDeniedException", "ResourceNotFoundException", ""] {
            let error = answered(400, code, "");
            assert!(matches!(error, CallError::Permanent(_)), "{code} {error:?}");
        }
        let timeout = SdkError::<Answer, HttpResponse>::timeout_error("5 s");
        assert!(matches!(call_error(timeout), CallError::Retryable(_)));
    }

    #[test]
    fn a_table_of_another_shape_is_no_fault_of_its_items() {
        for message in [
            "The provided key element does not match the schema",
            "One or more parameter values were invalid: Type mismatch for key CustomerID expected: S actual: N",
            "One or more parameter values were invalid: Type mismatch for Index Key OrderDate Expected: N Actual: S IndexName: ByDate",
            "One or more parameter values were invalid: Missing the key id in the item",
        ] {
            let error = answered(400, "ValidationException", message);
            assert!(matches!(error, CallError::Permanent(_)), "{error:?}");
        }
    }

    #[test]
    fn a_refusal_does_not_quote_the_content() {
        let error = answered(400, "ValidationException", "17850 is no key");
        let CallError::Refused(source) = error else {
            panic!("{error:?}")
        };
        assert_eq!(source.to_string(), "ValidationException");
    }

    #[tokio::test]
    async fn region_and_endpoint_are_checked_at_start() {
        let at = |region: &'static str, endpoint: &'static str| async move {
            let lookup = |name: &str| match name {
                "AWS_REGION" => Some(region.to_owned()),
                "AWS_ENDPOINT_URL" => Some(endpoint.to_owned()),
                _ => None,
            };
            config(&Env::new(&lookup))
                .await
                .err()
                .map(|e| e.to_string())
        };
        assert_eq!(at("us-east-1", "").await, None);
        assert_eq!(at("us-east-1", "http://127.0.0.1:4566").await, None);
        for (region, endpoint, message) in [
            ("", "", "AWS_REGION is not set"),
            ("us east", "", "AWS_REGION is \"us east\""),
            (
                "us-east-1",
                "127.0.0.1:4566",
                "AWS_ENDPOINT_URL is \"127.0.0.1:4566\"",
            ),
            ("us-east-1", "ftp://h", "AWS_ENDPOINT_URL is \"ftp://h\""),
            ("us-east-1", "http://", "AWS_ENDPOINT_URL is \"http://\""),
        ] {
            let error = at(region, endpoint).await.unwrap_or_default();
            assert!(error.starts_with(message), "{error}");
        }
    }
}
