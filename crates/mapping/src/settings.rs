//! What an event source mapping is told, in the names and ranges of AWS.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html>
//! and <https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html>

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

/// Who reads what, as events and invocation records name them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The stream, `arn:aws:kinesis:us-east-1:123456789012:stream/orders`.
    pub stream_arn: String,
    /// The function, `arn:aws:lambda:us-east-1:123456789012:function:orders`.
    pub function_arn: String,
    /// The function's execution role, `arn:aws:iam::123456789012:role/orders`.
    pub role_arn: String,
}

impl Source {
    /// The stream's region.
    pub(crate) fn region(&self) -> &str {
        self.stream_arn.split(':').nth(3).unwrap_or_default()
    }
}

/// `StartingPosition`: where reading begins in a stream never read before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// With the oldest record that the stream still holds.
    TrimHorizon,
    /// With what arrives from the moment on in which the shards are first listed.
    Latest,
    /// With what arrived at this moment or later.
    AtTimestamp(DateTime<Utc>),
}

/// The mapping's settings, with AWS's numbers: -1 means without a limit.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `EventSourceArn`, `FunctionName` and the function's role.
    pub source: Source,
    /// `StartingPosition`.
    pub start: Start,
    /// `BatchSize`: records in a batch, 1 to 10,000.
    pub batch_size: i64,
    /// `MaximumBatchingWindowInSeconds`: how long records are gathered, 0 to 300.
    pub batching_window_seconds: i64,
    /// `FunctionResponseTypes` holds `ReportBatchItemFailures`.
    pub report_batch_item_failures: bool,
    /// `BisectBatchOnFunctionError`.
    pub bisect_batch_on_function_error: bool,
    /// `MaximumRetryAttempts`: -1 to 10,000.
    pub maximum_retry_attempts: i64,
    /// `MaximumRecordAgeInSeconds`: -1, or 60 to 604,800.
    pub maximum_record_age_seconds: i64,
    /// The function's own `Timeout`, 1 to 900: an invocation without an answer has
    /// failed by then.
    pub function_timeout_seconds: i64,
}

impl Settings {
    /// AWS's defaults: batches of 100, no batching window, whole batches only, and
    /// retries without end. Lambda's default timeout is 3 seconds.
    #[must_use]
    pub fn new(source: Source, start: Start) -> Self {
        Self {
            source,
            start,
            batch_size: 100,
            batching_window_seconds: 0,
            report_batch_item_failures: false,
            bisect_batch_on_function_error: false,
            maximum_retry_attempts: -1,
            maximum_record_age_seconds: -1,
            function_timeout_seconds: 3,
        }
    }
}

/// A setting that AWS would refuse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{setting} is `{value}`, but must be {expected}")]
pub struct SettingError {
    /// The setting, as AWS names it.
    pub setting: &'static str,
    /// What it was set to.
    pub value: String,
    /// What it may be set to.
    pub expected: &'static str,
}

/// Settings within their ranges.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    pub(crate) source: Arc<Source>,
    pub(crate) start: Start,
    pub(crate) batch_size: usize,
    pub(crate) window: TimeDelta,
    pub(crate) report: bool,
    pub(crate) bisect: bool,
    /// `None`: without end.
    pub(crate) retries: Option<u32>,
    /// `None`: without end.
    pub(crate) age: Option<TimeDelta>,
    pub(crate) timeout: TimeDelta,
}

impl TryFrom<Settings> for Rules {
    type Error = SettingError;

    fn try_from(settings: Settings) -> Result<Self, SettingError> {
        let source = &settings.source;
        let stream = "arn:<partition>:kinesis:<region>:<account>:stream/<name>";
        arn("EventSourceArn", &source.stream_arn, "kinesis", stream)?;
        let function = "arn:<partition>:lambda:<region>:<account>:function:<name>";
        arn("FunctionName", &source.function_arn, "lambda", function)?;
        let role = "arn:<partition>:iam::<account>:role/<name>";
        arn("Role", &source.role_arn, "iam", role)?;

        let size = settings.batch_size;
        let size = within("BatchSize", size, 1..=10_000, "1 to 10,000")?;
        let window = settings.batching_window_seconds;
        let window = within(
            "MaximumBatchingWindowInSeconds",
            window,
            0..=300,
            "0 to 300",
        )?;
        let retries = settings.maximum_retry_attempts;
        let expected = "-1 (without end) to 10,000";
        let retries = within("MaximumRetryAttempts", retries, -1..=10_000, expected)?;
        let age = settings.maximum_record_age_seconds;
        let expected = "-1 (without end), or 60 to 604,800";
        if age != -1 {
            within("MaximumRecordAgeInSeconds", age, 60..=604_800, expected)?;
        }
        let timeout = settings.function_timeout_seconds;
        let timeout = within("Timeout", timeout, 1..=900, "1 to 900")?;
        Ok(Self {
            start: settings.start,
            batch_size: usize::try_from(size).expect("in range"),
            window: TimeDelta::seconds(window),
            report: settings.report_batch_item_failures,
            bisect: settings.bisect_batch_on_function_error,
            retries: u32::try_from(retries).ok(),
            age: (age != -1).then(|| TimeDelta::seconds(age)),
            timeout: TimeDelta::seconds(timeout),
            source: Arc::new(settings.source),
        })
    }
}

fn within(
    setting: &'static str,
    value: i64,
    range: RangeInclusive<i64>,
    expected: &'static str,
) -> Result<i64, SettingError> {
    let fits = range.contains(&value).then_some(value);
    fits.ok_or_else(|| refused(setting, value, expected))
}

fn arn(
    setting: &'static str,
    value: &str,
    service: &str,
    expected: &'static str,
) -> Result<(), SettingError> {
    let parts: Vec<&str> = value.splitn(6, ':').collect();
    let fits = matches!(parts[..], ["arn", _, s, _, _, name] if s == service && !name.is_empty());
    fits.then_some(())
        .ok_or_else(|| refused(setting, value, expected))
}

fn refused(setting: &'static str, value: impl Display, expected: &'static str) -> SettingError {
    SettingError {
        setting,
        value: value.to_string(),
        expected,
    }
}
