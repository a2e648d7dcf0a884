//! What one invocation did: its metrics, beside those that every function has.

use metrique_writer::Entry;

/// What became of a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Entry)]
#[entry(rename_all = "PascalCase")]
pub struct Counts {
    /// Records in the batch.
    pub records: u64,
    /// Records reported as failed, which come again.
    pub records_failed: u64,
    /// Alarm records that this invocation has told.
    pub alarms_told: u64,
    /// Alarm records that were told before.
    pub alarms_known: u64,
    /// Records in the rejects queue.
    pub alarms_rejected: u64,
}
