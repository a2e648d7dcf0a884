//! What one invocation did: its metrics, beside those that every function has.

use metrique_writer::Entry;

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
