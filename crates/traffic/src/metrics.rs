//! What one invocation did: its metrics, beside those that every function has. What the
//! requests come to is published elsewhere.

use metrique_writer::Entry;

/// What became of an invocation's messages or records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Entry)]
#[entry(rename_all = "PascalCase")]
pub struct Counts {
    /// Messages of the queue.
    pub messages: u64,
    /// Messages reported as failed, which come again.
    pub messages_failed: u64,
    /// How many seconds ago the oldest of the messages was sent.
    pub oldest_message_seconds: u64,
    /// Records in the batch.
    pub records: u64,
    /// Records reported as failed, which come again.
    pub records_failed: u64,
    /// Objects that are counted to their end and published.
    pub objects_counted: u64,
    /// Objects that were not there any more, or replaced by others.
    pub objects_gone: u64,
    /// Lines whose request or flow is counted for good.
    pub lines_counted: u64,
    /// Lines that are none of their log's format.
    pub lines_rejected: u64,
    /// Rejects that the queue of rejects will never take.
    pub rejects_lost: u64,
    /// Requests and flows that are too old for CloudWatch, and so are not counted.
    pub requests_too_old: u64,
    /// Requests and flows that are too new for CloudWatch, and so are not counted.
    pub requests_too_new: u64,
    /// Events of CloudWatch Logs whose log group has no route.
    pub events_without_route: u64,
    /// Parts that were published.
    pub publications: u64,
    /// Parts that may have been published twice.
    pub publications_uncertain: u64,
    /// Patterns that cannot be used, when they were read.
    pub patterns_bad: u64,
}
