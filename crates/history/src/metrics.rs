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
    /// Alarms that are in the table since this invocation.
    pub alarms_stored: u64,
    /// Alarms that were in the table already, or came twice in this batch.
    pub alarms_known: u64,
    /// Records that are in the table of rejects, since now or earlier.
    pub alarms_rejected: u64,
    /// Connections to the database that were opened.
    pub connections_opened: u64,
}
