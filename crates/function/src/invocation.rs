//! One invocation, as every function begins and ends it.

use std::time::{Duration, Instant, SystemTime};

use chrono::{DateTime, Utc};
use lambda_runtime::Context;
use metrique_writer::Entry;
use tracing::Span;

use crate::telemetry::{chain, emit};
use crate::{Deadline, Record};

/// When an invocation began, by when it must have its answer, and the span in which
/// its log lines are written.
#[derive(Debug)]
pub struct Invocation {
    at: SystemTime,
    start: Instant,
    /// When work must stop.
    pub deadline: Deadline,
    /// Names the request and, for a batch, its stream and shard.
    pub span: Span,
}

impl Invocation {
    /// Begins an invocation with the records that it was given, if any.
    #[must_use]
    pub fn begin(context: &Context, records: &[Record]) -> Self {
        let at = SystemTime::now();
        let first = records.first();
        Self {
            at,
            start: Instant::now(),
            deadline: Deadline::of(context, at),
            // An error's span, so that no log level hides whose records these are.
            span: tracing::error_span!(
                "batch",
                request_id = context.request_id,
                stream = first.map(|r| r.stream.as_str()),
                shard = first.map(|r| r.shard.as_str()),
            ),
        }
    }

    /// When it began.
    #[must_use]
    pub fn at(&self) -> DateTime<Utc> {
        self.at.into()
    }

    /// Ends it: `log`, given the milliseconds it took, writes its line of log, and
    /// `counts` become one line of metrics.
    pub fn end<C: Entry>(&self, function: &'static str, counts: C, log: impl FnOnce(u64)) {
        let duration = self.start.elapsed();
        self.span.in_scope(|| {
            log(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX));
            let metrics = Metrics {
                at: self.at,
                function,
                counts,
                batch_duration: duration,
            };
            if let Err(error) = emit(&metrics) {
                tracing::error!(error = chain(&error), "metrics could not be written");
            }
        });
    }
}

/// One invocation's metrics.
#[derive(Debug, Entry)]
#[entry(rename_all = "PascalCase")]
struct Metrics<C: Entry> {
    #[entry(timestamp)]
    at: SystemTime,
    function: &'static str,
    #[entry(flatten)]
    counts: C,
    /// From event to answer.
    batch_duration: Duration,
}
