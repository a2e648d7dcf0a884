//! One invocation: read the batch, bring it into the database, and answer with the
//! records that have to come again: none or all.

use aws_lambda_events::streams::KinesisEventResponse;
use function::telemetry::chain;
use function::{BoxError, Deadline, Invocation, KinesisEvent, Record, failures, first_failed};
use lambda_runtime::LambdaEvent;
use tracing::Instrument as _;

use crate::FUNCTION;
use crate::batch::Batch;
use crate::database::Database;
use crate::metrics::Counts;

/// The function with its database.
#[derive(Debug)]
pub struct Handler<D> {
    database: D,
}

impl<D: Database> Handler<D> {
    /// A handler that keeps alarms in `database`.
    pub fn new(database: D) -> Self {
        Self { database }
    }

    /// Handles one invocation and tells of it in log and metrics.
    ///
    /// # Errors
    /// None: what fails, fails per record.
    pub async fn handle(
        &self,
        event: LambdaEvent<KinesisEvent>,
    ) -> Result<KinesisEventResponse, BoxError> {
        let LambdaEvent { payload, context } = event;
        let invocation = Invocation::begin(&context, &payload.records);
        let (response, counts) = self
            .process(&payload.records, invocation.deadline)
            .instrument(invocation.span.clone())
            .await;
        invocation.end(FUNCTION, counts, |milliseconds| {
            tracing::info!(
                records = counts.records,
                records_failed = counts.records_failed,
                first_failed = first_failed(&response),
                alarms_stored = counts.alarms_stored,
                alarms_known = counts.alarms_known,
                alarms_rejected = counts.alarms_rejected,
                connections_opened = counts.connections_opened,
                milliseconds,
                "batch done"
            );
        });
        Ok(response)
    }

    /// Processes one batch. When this returns, every record is in one of the tables
    /// for good, or all of them are in the answer.
    pub async fn process(
        &self,
        records: &[Record],
        deadline: Deadline,
    ) -> (KinesisEventResponse, Counts) {
        let mut counts = Counts {
            records: records.len() as u64,
            ..Counts::default()
        };
        let kept = self.keep(records, deadline, &mut counts).await;
        if let Err(error) = &kept {
            counts.records_failed = counts.records;
            tracing::warn!(error = chain(error), "the batch could not be stored");
        }
        let failed = vec![kept.is_err(); records.len()];
        (failures(records, &failed), counts)
    }

    /// Keeps a batch in the database and counts what became of it.
    ///
    /// # Errors
    /// The database's: the batch has to come again.
    pub async fn keep(
        &self,
        records: &[Record],
        deadline: Deadline,
        counts: &mut Counts,
    ) -> Result<(), D::Error> {
        if records.is_empty() {
            return Ok(());
        }
        let batch = Batch::decode(records);
        let inserted = self.database.write(&batch, deadline, counts).await?;
        let [rows, rejected] = [batch.rows.len(), batch.rejected.len()].map(|n| n as u64);
        counts.alarms_stored = inserted.alarms;
        counts.alarms_known = rows.saturating_sub(inserted.refused + inserted.alarms);
        counts.alarms_rejected = rejected + inserted.refused;
        Ok(())
    }
}
