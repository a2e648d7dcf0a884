//! One invocation: decode, write and reject at the same time, and answer with the
//! records that have to come again.

use std::time::Duration;

use aws_lambda_events::streams::KinesisEventResponse;
use function::delivery::{Delivery, Fate, Target, deliver};
use function::rejects::{self, Part, Rejected};
use function::telemetry::chain;
use function::{BoxError, Deadline, Invocation, KinesisEvent, Record, failures, first_failed};
use lambda_runtime::LambdaEvent;
use model::OrderFormat;
use tracing::Instrument as _;

use crate::FUNCTION;
use crate::batch::Batch;
use crate::metrics::Counts;
use crate::row::Row;
use crate::store;

/// Left for the rejects of rows that the table refuses, which are known last.
const FOR_LATE_REJECTS: Duration = Duration::from_secs(1);

/// The function with its table and its rejects queue.
#[derive(Debug)]
pub struct Handler<T, Q> {
    table: T,
    queue: Q,
    format: OrderFormat,
}

impl<T, Q> Handler<T, Q>
where
    T: for<'a> Target<Row<'a>>,
    Q: for<'a> Target<Part<'a>>,
{
    /// A handler that writes rows to `table` and rejects to `queue`.
    pub fn new(table: T, queue: Q) -> Self {
        Self {
            table,
            queue,
            format: OrderFormat::default(),
        }
    }

    /// The same handler for orders that look like this.
    #[must_use]
    pub fn with_format(self, format: OrderFormat) -> Self {
        Self { format, ..self }
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
                lines_stored = counts.lines_stored,
                lines_rejected = counts.lines_rejected,
                lines_retried = counts.lines_retried,
                milliseconds,
                "batch done"
            );
        });
        Ok(response)
    }

    /// Processes one batch. When this returns, every line is in the table or in
    /// the queue, or its record is in the answer.
    pub async fn process(
        &self,
        records: &[Record],
        deadline: Deadline,
    ) -> (KinesisEventResponse, Counts) {
        let batch = Batch::decode(&self.format, records);
        let early = deadline.leaving(FOR_LATE_REJECTS);
        let (written, rejected) = tokio::join!(
            deliver(&self.table, &batch.rows, Row::size, store::LIMITS, early),
            self.reject(records, &batch.rejected, early),
        );
        let refused = batch.refused(&written.fates);
        let late = self.reject(records, &refused, deadline).await;

        let mut failed = vec![false; records.len()];
        batch.mark_pending(&written.fates, &mut failed);
        mark_undelivered(&batch.rejected, &rejected, &mut failed);
        mark_undelivered(&refused, &late, &mut failed);
        for (target, delivery) in [
            ("table", &written),
            ("rejects", &rejected),
            ("rejects", &late),
        ] {
            if let Some(error) = &delivery.error {
                tracing::warn!(
                    target_of_call = target,
                    error = chain(error),
                    "a call failed"
                );
            }
        }
        let counts = Counts {
            records: records.len() as u64,
            records_failed: failed.iter().filter(|failed| **failed).count() as u64,
            lines_stored: batch.lines_with(Fate::Delivered, &written.fates) as u64,
            lines_rejected: rejected_lines(&batch.rejected, &rejected)
                + rejected_lines(&refused, &late),
            lines_retried: written.retried + rejected.retried + late.retried,
        };
        (failures(records, &failed), counts)
    }

    async fn reject(
        &self,
        records: &[Record],
        rejected: &[Rejected<'_>],
        deadline: Deadline,
    ) -> Delivery {
        let (queue, format) = (&self.queue, &self.format);
        rejects::send(queue, FUNCTION, format, records, rejected, deadline).await
    }
}

/// A reject that is not in the queue is never dropped: its record comes again.
fn mark_undelivered(rejected: &[Rejected<'_>], delivery: &Delivery, failed: &mut [bool]) {
    for (rejected, fate) in rejected.iter().zip(&delivery.fates) {
        failed[rejected.record] |= *fate != Fate::Delivered;
    }
}

/// How many lines are in the queue.
fn rejected_lines(rejected: &[Rejected<'_>], delivery: &Delivery) -> u64 {
    let fates = rejected.iter().zip(&delivery.fates);
    fates
        .filter(|(_, fate)| **fate == Fate::Delivered)
        .map(|(rejected, _)| rejected.lines)
        .sum()
}
