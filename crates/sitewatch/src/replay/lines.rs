//! What a replay reads, be it orders or requests: lines, each of which becomes a record.

use chrono::{DateTime, Utc};

use super::backlog::Parcel;

/// A record to be sent, and what is known of it.
#[derive(Debug)]
pub(crate) struct Sourced {
    pub(crate) parcel: Parcel,
    /// When it happened, in seconds; orders of one minute are spread over it.
    pub(crate) date: Option<f64>,
    /// Whether the function will reject it.
    pub(crate) is_rejected: bool,
}

impl Sourced {
    /// The number of its line in the input, from 1.
    pub(crate) fn number(&self) -> u64 {
        self.parcel.line
    }
}

/// Files, one after the other.
pub(crate) trait Lines {
    /// What is said of lines that the function will reject.
    const REJECTED: &'static str;

    /// How long the files are, as they lie on the disk.
    fn bytes(&self) -> u64;

    /// How much of that is read.
    fn read_bytes(&self) -> u64;

    /// The number of the next line, if there may be one.
    fn next_line(&self) -> Option<u64>;

    /// The next record.
    ///
    /// # Errors
    /// For a file that cannot be read, or is of another kind.
    fn next(&mut self) -> anyhow::Result<Option<Sourced>>;

    /// What is sent of a line at the time `now`. Each line is asked for before the one
    /// behind it is read.
    fn parcel(&self, line: Sourced, _now: DateTime<Utc>) -> Parcel {
        line.parcel
    }
}
