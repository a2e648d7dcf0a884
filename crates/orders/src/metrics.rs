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
    /// Lines whose row is in the table.
    pub lines_stored: u64,
    /// Lines in the rejects queue.
    pub lines_rejected: u64,
    /// How many times a row or reject was offered again.
    pub lines_retried: u64,
}
