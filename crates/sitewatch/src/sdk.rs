//! The AWS SDK's usual configuration, for every command that talks to AWS.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Region, credentials and endpoints from the environment and the profile. A call
/// that takes longer than `call_timeout` has failed, and the SDK does not make it
/// again: who calls knows better what may be repeated.
///
/// # Errors
/// If there is no region.
pub(crate) async fn config(call_timeout: Duration) -> anyhow::Result<SdkConfig> {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(call_timeout)
        .build();
    let config = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts)
        .load()
        .await;
    if config.region().is_none() {
        anyhow::bail!("no region: set AWS_REGION, or AWS_PROFILE to a profile with one");
    }
    Ok(config)
}
