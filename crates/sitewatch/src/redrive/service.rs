//! Where a service is, and what it says when a call fails.

use std::error::Error;

use aws_config::SdkConfig;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_types::service_config::ServiceConfigKey;
use function::telemetry::chain;

/// Whether a service, by its id (`S3`), is at an endpoint of the user's own instead of
/// AWS's: by `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL` or the profile.
pub(crate) fn has_endpoint(config: &SdkConfig, service: &str) -> bool {
    let key = ServiceConfigKey::builder()
        .service_id(service)
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url")
        .build();
    let of_service = || {
        let services = config.service_config()?;
        services.load_config(key.ok()?)
    };
    config.endpoint_url().is_some() || of_service().is_some()
}

/// A failed call in the service's own words, or why there are none. Not for a call
/// whose content the service might quote.
pub(crate) fn words<E, R>(error: &SdkError<E, R>) -> String
where
    E: ProvideErrorMetadata + Error + 'static,
    R: std::fmt::Debug + 'static,
{
    match (error.code(), error.message()) {
        (Some(code), Some(message)) => format!("{} ({code})", message.trim_end_matches('.')),
        (Some(code), None) => code.to_owned(),
        // The list of where credentials were looked for has several lines.
        (None, _) => chain(error)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" "),
    }
}
