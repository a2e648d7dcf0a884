//! What a source is read from: an object of S3, or a batch of a shard's records.

mod object;
mod records;

use std::future::Future;

use function::delivery::CallError;
use function::{Deadline, SequenceNumber};

use crate::objects::OpenError;
use crate::reading::{Reading, Refused};

pub(crate) use object::ObjectInput;
pub(crate) use records::{RecordsInput, is_behind};

/// Something that can be read again from its beginning, as often as needed, and is the same
/// each time.
pub(crate) trait Input: Sync {
    /// Counts into `reading` what is behind `done`, until all is read, the time is over or
    /// `reading` is full.
    ///
    /// # Errors
    /// If it cannot be read at all.
    fn read<'a>(
        &'a self,
        done: Option<&SequenceNumber>,
        reading: &mut Reading<'_>,
        until: Deadline,
    ) -> impl Future<Output = Result<Read<'a>, OpenError>> + Send;

    /// Whether nothing is behind `done`; an object knows only once it is read.
    fn is_done(&self, done: Option<&SequenceNumber>) -> bool;
}

/// How far a reading came.
#[derive(Debug, Default)]
pub(crate) struct Read<'a> {
    /// The last line or record that is counted; none without any.
    pub(crate) done: Option<SequenceNumber>,
    /// Whether there is nothing behind it.
    pub(crate) whole: bool,
    /// The first of what was refused, for each kind of thing.
    pub(crate) refused: Vec<Refused<'a>>,
    /// Events of log groups that no route leads from.
    pub(crate) unrouted: u64,
    /// Why it was broken off.
    pub(crate) failure: Option<CallError>,
}
