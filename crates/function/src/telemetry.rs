//! What is seen from outside: JSON logs on standard output, and CloudWatch
//! metrics embedded in them. Never a payload or a customer.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::ExitCode;

use metrique_writer::Entry;
use metrique_writer::format::Format as _;
use metrique_writer_format_emf::Emf;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};

use crate::BoxError;
use crate::env::{ConfigError, Env};

/// The namespace of every metric.
pub const NAMESPACE: &str = "Sitewatch";
/// The metrics' dimension: the name of a text field that each entry must have.
pub const DIMENSION: &str = "Function";

/// The log level of our own code, from Lambda's own variable for it.
///
/// # Errors
/// [`ConfigError`] if it is set to anything but a level.
pub fn log_level(env: &Env<'_>) -> Result<LevelFilter, ConfigError> {
    let expected = "one of TRACE, DEBUG, INFO, WARN, ERROR, FATAL";
    let level = env.optional("AWS_LAMBDA_LOG_LEVEL", expected, |level| {
        Some(match level.to_ascii_uppercase().as_str() {
            "TRACE" => LevelFilter::TRACE,
            "DEBUG" => LevelFilter::DEBUG,
            "INFO" => LevelFilter::INFO,
            "WARN" => LevelFilter::WARN,
            "ERROR" | "FATAL" => LevelFilter::ERROR,
            _ => return None,
        })
    })?;
    Ok(level.unwrap_or(LevelFilter::INFO))
}

/// Begins logging, once per process. `crates` are the names of our own crates;
/// everything else may only warn, since at other levels the SDK logs requests
/// with their content.
///
/// # Errors
/// If logging has begun already.
pub fn init(level: LevelFilter, crates: &[&str]) -> Result<(), TryInitError> {
    let mut targets = Targets::new().with_default(level.min(LevelFilter::WARN));
    for name in crates {
        targets = targets.with_target(*name, level);
    }
    let json = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_span_list(false);
    tracing_subscriber::registry()
        .with(targets)
        .with(json)
        .try_init()
}

/// Ends a process: an error becomes one line of log and a failing exit code.
#[must_use]
pub fn exit_code(result: Result<(), BoxError>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let line = serde_json::json!({"level": "ERROR", "message": chain(error.as_ref())});
            // Logging may be what failed; standard error is left, and if that is
            // closed there is nobody to tell.
            let _ = writeln!(io::stderr(), "{line}");
            ExitCode::FAILURE
        }
    }
}

/// An error with all its causes, on one line.
#[must_use]
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // Writing to a String cannot fail.
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}

/// Writes one entry's metrics to standard output in CloudWatch's embedded metric
/// format, which costs no call. The entry must hold a text `Function`.
///
/// # Errors
/// If the entry breaks the format's rules or standard output is closed.
pub fn emit(entry: &impl Entry) -> io::Result<()> {
    let line = embedded(entry)?;
    io::stdout().lock().write_all(&line)
}

/// The entry as one line of JSON.
fn embedded(entry: &impl Entry) -> io::Result<Vec<u8>> {
    let dimensions = vec![vec![DIMENSION.to_owned()]];
    let mut format = Emf::builder(NAMESPACE.to_owned(), dimensions).build();
    let mut line = Vec::with_capacity(512);
    format
        .format(entry, &mut line)
        .map_err(|error| io::Error::other(error.to_string()))?;
    Ok(line)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    #[derive(Entry)]
    #[entry(rename_all = "PascalCase")]
    struct Sample {
        #[entry(timestamp)]
        at: SystemTime,
        function: &'static str,
        duration: Duration,
        lines_stored: u64,
    }

    #[test]
    fn metrics_are_one_line_in_embedded_metric_format() {
        let sample = Sample {
            at: SystemTime::UNIX_EPOCH + Duration::from_secs(1),
            function: "orders",
            duration: Duration::from_millis(12),
            lines_stored: 3,
        };
        let line = embedded(&sample).expect("a valid entry");
        assert_eq!(line.iter().filter(|b| **b == b'\n').count(), 1);
        let json: serde_json::Value = serde_json::from_slice(&line).expect("JSON");
        let directive = &json["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(directive["Namespace"], NAMESPACE);
        assert_eq!(directive["Dimensions"], serde_json::json!([["Function"]]));
        assert_eq!(json["_aws"]["Timestamp"], 1000);
        assert_eq!(json["LinesStored"], 3);
        assert_eq!(json["Function"], "orders");
    }

    #[test]
    fn a_wrong_log_level_is_named() {
        let lookup = |_: &str| Some("LOUD".to_owned());
        let error = log_level(&Env::new(&lookup)).expect_err("must be refused");
        assert!(
            error
                .to_string()
                .starts_with("AWS_LAMBDA_LOG_LEVEL is \"LOUD\"")
        );
    }
}
