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

/// What became of a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Entry)]
#[entry(rename_all = "PascalCase")]
pub struct Counts {
    /// Records in the batch.
    pub records: u64,
    /// Records reported as failed, which come again.
    pub records_failed: u64,
    /// Lines whose row is in the table.
    pub lines_stored: u64,
    /// Lines in the rejects queue.
    pub lines_rejected: u64,
    /// How many times a row or reject was offered again.
    pub lines_retried: u64,
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
