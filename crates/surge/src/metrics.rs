//! The metrics of one invocation, in namespace `Sitewatch`, dimension `Function`.

use std::time::{Duration, SystemTime};

use metrique_writer::Entry;

use crate::FUNCTION;

/// One invocation.
#[derive(Debug, Entry)]
#[entry(rename_all = "PascalCase")]
pub(crate) struct Metrics {
    #[entry(timestamp)]
    pub(crate) at: SystemTime,
    pub(crate) function: &'static str,
    #[entry(flatten)]
    pub(crate) counts: Counts,
    /// From event to answer.
    pub(crate) batch_duration: Duration,
}

/// What an invocation did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Entry)]
#[entry(rename_all = "PascalCase")]
pub struct Counts {
    /// Records in the batch.
    pub records: u64,
    /// Records reported as failed, which come again.
    pub records_failed: u64,
    /// Lines of orders in the batch.
    pub lines_counted: u64,
    /// Cancelled lines in the batch.
    pub lines_cancelled: u64,
    /// Lines that the `orders` function rejects: they are not counted.
    pub lines_refused: u64,
    /// The highest rate of the site that was seen, where all shards were looked at.
    pub order_rate: Option<u64>,
    /// Cancelled lines in the window of that rate.
    pub cancellation_rate: Option<u64>,
    /// Alarm records published.
    pub alarms_published: u64,
    /// Alarm records that could not be published yet.
    pub alarms_waiting: u64,
}

impl Metrics {
    /// The metrics of an invocation that began at `at` and took `batch_duration`.
    pub(crate) fn new(at: SystemTime, batch_duration: Duration, counts: Counts) -> Self {
        Self {
            at,
            function: FUNCTION,
            counts,
            batch_duration,
        }
    }
}
