//! What a database must be able to do to keep alarms.

use std::error::Error;
use std::future::Future;

use function::Deadline;

use crate::batch::Batch;
use crate::metrics::Counts;

/// A database that keeps alarms, each once.
pub trait Database: Sync {
    /// Why a batch could not be kept.
    type Error: Error + Send + Sync + 'static;

    /// Keeps a batch: each alarm that is not there yet as one row, each reject once.
    /// A row that the tables refuse becomes a reject. What was opened for it is added
    /// to `counts`.
    ///
    /// # Errors
    /// Nothing of the batch is there, or all of it if only the answer was lost: it has
    /// to come again.
    fn write(
        &self,
        batch: &Batch<'_>,
        deadline: Deadline,
        counts: &mut Counts,
    ) -> impl Future<Output = Result<Inserted, Self::Error>> + Send;
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Inserted {
    /// Rows that were not there before.
    pub alarms: u64,
    /// Rows that the table refused and that are rejects now.
    pub refused: u64,
}
